"""The build cache taken elsewhere: `--cache-to` and `--cache-from` between daemons that share nothing but a registry or a folder."""
import base64
import hashlib
import http.server
import json
import os
import signal
import subprocess
import threading
import urllib.request

import pytest

from conftest import IMAGES, Cli, Daemon, serve_registry, wait_for

CONFIG = "application/vnd.buildkit.cacheconfig.v0"
STAGES = """FROM busybox AS tools
COPY tool.sh /tool.sh
RUN echo made > /made && head -c 300000 /dev/urandom > /large
FROM busybox
WORKDIR /app
COPY --from=tools /made /app/made
RUN cat /app/made > /app/copy
CMD ["cat", "/app/copy"]
"""


class Machine:
    """A daemon that begins with busybox and nothing else."""

    def __init__(self, folder, number):
        self.daemon = Daemon(folder, f"gcache{number}", "--bip", f"172.31.{242 + number}.1/24").start()
        self.gantry = Cli("gantry", self.daemon)
        self.gantry.ok("load", "-i", IMAGES / "busybox.tar")

    def build(self, context, *arguments, tag="cached:1", ok=True):
        result = self.gantry("build", "--progress=plain", "-t", tag, *map(str, arguments), str(context))
        assert not ok or result.returncode == 0, result.stderr
        return result

    def image(self, tag="cached:1"):
        return json.loads(self.gantry.ok("image", "inspect", tag))[0]["Id"]

    def forget(self):
        """As a machine that has never built: no images but busybox, no cache."""
        for tag in self.gantry.ok("images", "-q", "--filter", "reference=cached").split():
            self.gantry.ok("rmi", "-f", tag)
        self.gantry.ok("builder", "prune", "-af")


@pytest.fixture(scope="module")
def machines(tmp_path_factory):
    made = [Machine(tmp_path_factory.mktemp(f"machine{number}"), number) for number in (0, 1)]
    yield made
    for machine in made:
        machine.daemon.destroy()


@pytest.fixture
def pair(machines):
    yield machines
    for machine in machines:
        machine.forget()


@pytest.fixture
def context(tmp_path):
    folder = tmp_path / "context"
    folder.mkdir()
    # With a layer that no earlier build has made: equal files of one second make equal layers.
    (folder / "Dockerfile").write_text(STAGES.replace("> /app/copy\n", f"> /app/copy && echo {tmp_path.name} > /app/unique\n"))
    (folder / "tool.sh").write_text("#!/bin/sh\n")
    return folder


def blobs(registry, name, accept="*/*"):
    request = urllib.request.Request(f"http://{registry}/v2/{name}", headers={"Accept": accept})
    with urllib.request.urlopen(request) as answer:
        return answer.read(), answer.headers.get("Content-Type")


def manifest(registry, repository, tag):
    accept = ", ".join(f"application/vnd.{kind}+json" for kind in (
        "oci.image.manifest.v1", "oci.image.index.v1", "docker.distribution.manifest.list.v2", "docker.distribution.manifest.v2"))
    body, kind = blobs(registry, f"{repository}/manifests/{tag}", accept)
    return json.loads(body), kind


def executed(result):
    """Steps with a layer that were done and not taken from a cache."""
    lines = result.stderr.splitlines()
    steps = [line.split()[0] for line in lines if "] RUN" in line or "] COPY" in line or "] WORKDIR" in line]
    return [number for number in steps if f"{number} CACHED" not in lines]


# -- a fresh machine

@pytest.mark.parametrize("form", ["", ",image-manifest=false", ",oci-mediatypes=false", ",compression=zstd,compression-level=5",
                                  ",compression=uncompressed"])
def test_registry_max(pair, registry, context, form):
    """A machine that has never built takes everything, and gets the same image."""
    first, second = pair
    ref = f"{registry}/cache/max{abs(hash(form)) % 1000}:1"
    first.build(context, "--cache-to", f"type=registry,ref={ref},mode=max{form}")
    result = second.build(context, "--cache-from", f"type=registry,ref={ref}", "--explain")
    assert executed(result) == []
    assert f"from the cache, imported from registry {ref}" in result.stdout
    assert second.image() == first.image()
    assert second.gantry.ok("run", "--rm", "--network", "none", "cached:1") == "made\n"
    # What was fetched is remembered: without the registry only the stage whose layers never came is done again.
    assert len(executed(second.build(context))) == 2


def test_layers_come_only_when_needed(pair, registry, context):
    """The stage that is only copied from is never fetched: neither its layers nor the 300 kB of its file."""
    first, second = pair
    ref = f"{registry}/cache/lazy:1"
    first.build(context, "--cache-to", f"type=registry,ref={ref},mode=max")
    result = second.build(context, "--cache-from", f"type=registry,ref={ref}")
    assert executed(result) == []
    assert result.stderr.count("fetching ") == 1 and "fetching 3 layers from registry" in result.stderr
    # A changed last stage needs what is below it, and still not the first stage.
    second.forget()
    (context / "Dockerfile").write_text(STAGES.replace("/app/copy\n", "/app/copy && echo more\n"))
    result = second.build(context, "--cache-from", f"type=registry,ref={ref}")
    assert len(executed(result)) == 1 and "fetching 2 layers from registry" in result.stderr
    # Another file of the first stage is wanted: now its layers come.
    second.forget()
    (context / "Dockerfile").write_text(STAGES.replace("COPY --from=tools /made /app/made", "COPY --from=tools /large /made /app/"))
    result = second.build(context, "--cache-from", f"type=registry,ref={ref}")
    assert len(executed(result)) == 2, result.stderr


def test_binds_from_stages_are_not_read(pair, registry, context):
    """A RUN that mounts another stage is found without that stage's layers; another content of it is not."""
    first, second = pair
    text = STAGES.replace("RUN cat /app/made", "RUN --mount=type=bind,from=tools,source=/made,target=/m cat /m")
    (context / "Dockerfile").write_text(text)
    ref = f"{registry}/cache/bind:1"
    first.build(context, "--cache-to", f"type=registry,ref={ref},mode=max")
    result = second.build(context, "--cache-from", f"type=registry,ref={ref}")
    assert executed(result) == [] and result.stderr.count("fetching ") == 1
    second.forget()
    (context / "Dockerfile").write_text(text.replace("echo made", "echo other"))
    result = second.build(context, "--cache-from", f"type=registry,ref={ref}")
    assert len(executed(result)) == 3 and second.gantry.ok("run", "--rm", "--network", "none", "cached:1") == "other\n"


def test_two_builds_at_once(pair, registry, context):
    """They share what one of them fetches."""
    first, second = pair
    ref = f"{registry}/cache/twice:1"
    first.build(context, "--cache-to", f"type=registry,ref={ref},mode=max")
    results = [None, None]

    def build(number):
        results[number] = second.build(context, "--cache-from", f"type=registry,ref={ref}", tag=f"cached:{number}", ok=False)
    threads = [threading.Thread(target=build, args=(number,)) for number in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for result in results:
        assert result.returncode == 0 and executed(result) == [], result.stderr
    assert second.image("cached:0") == second.image("cached:1") == first.image()


def test_min_holds_the_result_only(pair, registry, context):
    first, second = pair
    first.build(context, "--cache-to", f"type=registry,ref={registry}/cache/min:1")
    document, kind = manifest(registry, "cache/min", "1")
    config = json.loads(blobs(registry, f"cache/min/blobs/{document['config']['digest']}")[0])
    # The base's layer and three of our own; three steps, one of them under a second key.
    assert len(document["layers"]) == 4 and len(config["layers"]) == 4 and len(config["records"]) == 4
    result = second.build(context, "--cache-from", f"{registry}/cache/min:1")
    # The first stage is made again, with the same content of what is copied: the last stage is there.
    assert [line for line in result.stderr.splitlines() if "rebuilt because" in line and "RUN cat" in line] == []
    assert len(executed(result)) == 2


def test_the_form_is_buildkits(pair, registry, context):
    """Media types, descriptors, and records that name layers and inputs by their places."""
    first, _ = pair
    first.build(context, "--cache-to", f"type=registry,ref={registry}/cache/form:1,mode=max",
                "--cache-to", f"type=registry,ref={registry}/cache/form:2,mode=max,image-manifest=false")
    document, kind = manifest(registry, "cache/form", "1")
    assert kind == document["mediaType"] == "application/vnd.oci.image.manifest.v1+json"
    assert document["config"]["mediaType"] == CONFIG
    assert all(layer["annotations"]["containerd.io/uncompressed"].startswith("sha256:") for layer in document["layers"])
    config = json.loads(blobs(registry, f"cache/form/blobs/{document['config']['digest']}")[0])
    digests = {layer["digest"] for layer in document["layers"]}
    assert {layer["blob"] for layer in config["layers"]} == digests
    assert all(-1 <= layer["parent"] < place for place, layer in enumerate(config["layers"]))
    for place, record in enumerate(config["records"]):
        assert record["digest"].startswith("sha256:")
        assert all(0 <= link["link"] < place for group in record.get("inputs", []) for link in group)
        assert all(0 <= result["layer"] < len(config["layers"]) and result["createdAt"] for result in record["layers"])
    index, kind = manifest(registry, "cache/form", "2")
    assert kind == "application/vnd.oci.image.index.v1+json"
    assert index["manifests"][-1]["mediaType"] == CONFIG and {m["digest"] for m in index["manifests"][:-1]} == digests


def test_folder(pair, context, tmp_path):
    first, second = pair
    folder = tmp_path / "cache"
    first.build(context, "--cache-to", f"type=local,dest={folder},mode=max")
    assert json.loads((folder / "oci-layout").read_text()) == {"imageLayoutVersion": "1.0.0"}
    result = second.build(context, "--cache-from", f"type=local,src={folder}", "--explain")
    assert executed(result) == [] and second.image() == first.image()
    assert f"imported from folder {folder}" in result.stdout
    # A second tag stands beside the first; with reset the blobs of a manifest that lost its tag go.
    first.build(context, "--cache-to", f"type=local,dest={folder},tag=two")
    assert len(json.loads((folder / "index.json").read_text())["manifests"]) == 2
    (context / "tool.sh").write_text("#!/bin/sh\necho new\n")
    before = {path.name for path in (folder / "blobs/sha256").iterdir()}
    first.build(context, "--cache-to", f"type=local,dest={folder},mode=max,reset=true")
    assert before - {path.name for path in (folder / "blobs/sha256").iterdir()}
    digest = next(m["digest"] for m in json.loads((folder / "index.json").read_text())["manifests"]
                  if m["annotations"]["org.opencontainers.image.ref.name"] == "two")
    for option in ("tag=two", f"digest={digest}"):
        second.forget()
        # Of the result only: its own steps are there once the first stage is made.
        assert len(executed(second.build(context, "--cache-from", f"type=local,src={folder},{option}"))) == 2


def test_inline(pair, registry, context):
    """The records travel in the image."""
    first, second = pair
    (context / "Dockerfile").write_text("FROM busybox\nCOPY tool.sh /\nRUN echo one > /one\nCOPY --link tool.sh /linked\nCMD true\n")
    tag = f"{registry}/cache/inline:1"
    first.build(context, "--cache-to", "type=inline", "--push", tag=tag)
    document, _ = manifest(registry, "cache/inline", "1")
    config = json.loads(blobs(registry, f"cache/inline/blobs/{document['config']['digest']}")[0])
    records = json.loads(base64.b64decode(config["moby.buildkit.cache.v0"]))
    assert sorted(json.dumps(r.get("layers") and r["layers"][0]["layer"] or r["chains"][0]["layers"]) for r in records) == ["1", "2", "[3]"]
    for source in (f"type=registry,ref={tag}", tag):
        second.forget()
        result = second.build(context, "--cache-from", source, "--cache-to", "type=inline")
        assert executed(result) == []
        assert second.image() == config_digest(document)
    # Docker's classic client asks for it with a build argument.
    first.gantry.ok("rmi", "-f", tag)
    docker = Cli("docker", first.daemon)
    docker.ok("build", "--build-arg", "BUILDKIT_INLINE_CACHE=1", "-t", "cached:classic", str(context))
    assert first.image("cached:classic") == config_digest(document)


def config_digest(document):
    return document["config"]["digest"]


def test_chain_of_caches(pair, registry, context):
    """What was only found and never fetched is handed on: the second machine's cache is as good as the first's."""
    first, second = pair
    one, two = f"{registry}/cache/chain:1", f"{registry}/other/chain:2"
    first.build(context, "--cache-to", f"type=registry,ref={one},mode=max")
    second.build(context, "--cache-from", f"type=registry,ref={one}", "--cache-to", f"type=registry,ref={two},mode=max")
    first.forget()
    result = first.build(context, "--cache-from", f"type=registry,ref={two}")
    assert executed(result) == [] and first.image() == second.image()


def test_history_of_an_image(pair, registry, context):
    """`--cache-from IMAGE` of the classic client: an image without records is compared by its history, RUN and WORKDIR only."""
    first, second = pair
    (context / "Dockerfile").write_text("FROM busybox\nENV A=1\nWORKDIR /w\nRUN echo $A > a\nCOPY tool.sh .\nRUN echo b\n")
    first.build(context)
    archive = context.parent / "image.tar"
    first.gantry.ok("save", "-o", archive, "cached:1")
    second.gantry.ok("load", "-i", archive)
    second.gantry.ok("tag", "cached:1", "kept:1")
    docker = Cli("docker", second.daemon)
    try:
        text = docker.ok("build", "--cache-from", "kept:1", "--cache-from", "missing:1", "-t", "cached:1", str(context))
        # COPY is done again and gives the same layer, so that the RUN after it is found, too.
        assert text.count("Using cache") == 3, text
        layers = [json.loads(machine.gantry.ok("image", "inspect", "cached:1"))[0]["RootFS"]["Layers"] for machine in pair]
        assert layers[0] == layers[1]
        second.gantry.ok("builder", "prune", "-af")
        (context / "Dockerfile").write_text("FROM busybox\nENV A=2\nWORKDIR /w\nRUN echo $A > a\n")
        assert docker.ok("build", "--cache-from", "kept:1", "-t", "cached:2", str(context)).count("Using cache") == 0
    finally:
        second.gantry("rmi", "-f", "kept:1")


def test_bases_are_pulled_when_needed(pair, registry, context):
    """Of an image that only a copied stage stands on nothing but its configuration is read."""
    first, second = pair
    bases = [f"{registry}/base/{name}:1" for name in ("large", "small")]
    for base in bases:
        (context / "Dockerfile").write_text(f"FROM busybox\nLABEL base={base}\nRUN echo {base} > /base\n")
        first.build(context, "--push", tag=base)
    text = STAGES.replace("FROM busybox AS", f"FROM {bases[0]} AS").replace("FROM busybox\n", f"FROM {bases[1]}\n")
    (context / "Dockerfile").write_text(text)
    ref = f"{registry}/cache/bases:1"
    try:
        first.build(context, "--cache-to", f"type=registry,ref={ref},mode=max")
        result = second.build(context, "--cache-from", f"type=registry,ref={ref}", "--cache-to", f"type=registry,ref={ref}2,mode=max")
        assert executed(result) == [] and second.image() == first.image()
        assert f"pulling {bases[1]}" in result.stderr and f"pulling {bases[0]}" not in result.stderr
        assert second.gantry("image", "inspect", bases[0]).returncode == 1
        # The second machine's cache is complete all the same.
        second.forget()
        second.gantry("rmi", "-f", *bases)
        assert executed(second.build(context, "--cache-from", f"type=registry,ref={ref}2")) == []
    finally:
        for machine in pair:
            machine.gantry("rmi", "-f", *bases)


def test_nothing_is_fetched_for_nobody(pair, registry, context):
    """A build that only fills caches hands on what it found: in one registry the blobs do not travel at all."""
    first, second = pair
    one, two = f"{registry}/cache/one:1", f"{registry}/mounted/two:1"
    first.build(context, "--cache-to", f"type=registry,ref={one},mode=max")
    result = second.gantry("build", "--progress=plain", "-o", "type=cacheonly", "--cache-from", f"type=registry,ref={one}",
                           "--cache-to", f"type=registry,ref={two},mode=max", str(context))
    assert result.returncode == 0 and executed(result) == [] and "fetching" not in result.stderr, result.stderr
    second.forget()
    assert executed(second.build(context, "--cache-from", f"type=registry,ref={two}")) == []


@pytest.fixture
def private(tmp_path):
    """A registry that asks for a name and a password."""
    folder = tmp_path / "private"
    folder.mkdir()
    # `secret`, as htpasswd -B writes it.
    (folder / "users").write_text("ann:$2b$04$tjUZbzYtUhavOdQMdpukDuJ6h.mvnNH.nYtHoOmqFCTHaV7fAaRlW\n")
    with serve_registry(folder, rest=f"auth: {{htpasswd: {{realm: private, path: {folder}/users}}}}\n") as address:
        yield address


def test_logins(pair, private, context):
    """The client's logins are used for caches and cache mounts."""
    first, second = pair
    ref = f"{private}/team/cache:1"
    (context / "Dockerfile").write_text(STAGES.replace("RUN cat", "RUN --mount=type=cache,id=kept,target=/kept touch /kept/x && cat"))
    result = first.build(context, "--cache-to", f"type=registry,ref={ref}", ok=False)
    assert result.returncode == 1 and "error writing the build cache" in result.stderr and "authentication required" in result.stderr
    assert first.gantry("builder", "cache", "export", "kept", f"{private}/team/kept").returncode == 1
    try:
        for machine in pair:
            machine.gantry.ok("login", "-u", "ann", "--password-stdin", private, input="secret")
        first.build(context, "--cache-to", f"type=registry,ref={ref},mode=max")
        assert executed(second.build(context, "--cache-from", f"type=registry,ref={ref}")) == []
        first.gantry.ok("builder", "cache", "export", "kept", f"{private}/team/kept")
        second.gantry.ok("builder", "cache", "import", "other", f"{private}/team/kept")
        assert "cache mount other" in second.gantry.ok("builder", "du", "--verbose")
    finally:
        for machine in pair:
            machine.gantry("logout", private)
    second.forget()
    result = second.build(context, "--cache-from", f"type=registry,ref={ref}")
    assert f"no cache from registry {ref}" in result.stderr and len(executed(result)) == 5


def test_links_in_a_folder(pair, context, tmp_path):
    """A folder whose `blobs` leads elsewhere is refused: nothing is written there."""
    outside = tmp_path / "outside"
    (outside / "sha256").mkdir(parents=True)
    folder = tmp_path / "cache"
    folder.mkdir()
    (folder / "blobs").symlink_to(outside)
    result = pair[0].build(context, "--cache-to", f"type=local,dest={folder}", ok=False)
    assert result.returncode == 1 and "error writing the build cache" in result.stderr
    assert list((outside / "sha256").iterdir()) == []


# -- what goes wrong

def test_missing_sources_are_warnings(pair, registry, context, tmp_path):
    first, _ = pair
    (tmp_path / "empty").mkdir()
    result = first.build(
        context, "--cache-from", f"type=registry,ref={registry}/cache/nothing:1", "--cache-from", f"type=local,src={tmp_path}/none",
        "--cache-from", f"type=local,src={tmp_path}/empty", "--cache-from", "type=registry,ref=127.0.0.1:1/cache:1")
    assert f"no cache from registry {registry}/cache/nothing:1: manifest for {registry}/cache/nothing:1 not found" in result.stderr
    assert f"WARNING: local cache import at {tmp_path}/none not found" in result.stderr
    assert f"no cache from folder {tmp_path}/empty: could not read `index.json`" in result.stderr
    assert "no cache from registry 127.0.0.1:1/cache:1" in result.stderr


@pytest.mark.parametrize("flag,value,message", [
    ("--cache-to", "type=registry", "registry cache exporter requires ref"),
    ("--cache-from", "type=registry", "registry cache importer requires ref"),
    ("--cache-to", "type=local", "local cache exporter requires dest"),
    ("--cache-from", "type=local", "local cache importer requires src"),
    ("--cache-to", "type=tape", 'unknown cache exporter: "tape"'),
    ("--cache-from", "type=inline", 'unknown cache importer: "inline"'),
    ("--cache-to", "ref=x,mode=max", "type required form"),
    ("--cache-to", "type=gha", "of type `gha` are not offered"),
    ("--cache-to", "type=inline,mode=max", "mode=max is not offered"),
    ("--cache-to", "type=registry,ref=a/b,mode=most", "unknown cache export mode `most`"),
    ("--cache-to", "type=registry,ref=a/b,oci-mediatypes=false,image-manifest=true", "OCI mediatypes are required"),
    ("--cache-to", "type=registry,ref=a/b,compression=estargz", "estargz is not offered"),
    ("--cache-to", "type=registry,ref=a/b,compression=rar", "unsupported compression type rar"),
    ("--cache-to", "type=registry,ref=a/b,colour=red", "the option `colour` of `--cache-to type=registry` is not offered"),
    ("--cache-to", "type=registry,ref=a/b,ignore-error=perhaps", "failed to parse ignore-error"),
    ("--cache-to", "type=registry,ref=A/B", "must be lowercase"),
    ("--cache-to", "type=registry,ref=a/b,registry.insecure=true", "`registry.insecure=true` is not offered"),
])
def test_refused_options(pair, context, flag, value, message):
    result = pair[0].build(context, flag, value, ok=False)
    assert result.returncode == 1 and message in result.stderr, result.stderr


@pytest.mark.parametrize("kind", ["index", "manifest", "configuration", "layer", "link", "pipe", "tag", "digest"])
def test_broken_folders(pair, context, tmp_path, kind):
    """Whatever a folder holds: it is not used, nothing outside of it is read, and the build ends well."""
    first, second = pair
    folder = tmp_path / "cache"
    first.build(context, "--cache-to", f"type=local,dest={folder},mode=max")
    blobs, option = folder / "blobs/sha256", ""
    name = json.loads((folder / "index.json").read_text())["manifests"][0]["digest"].partition(":")[2]
    document = json.loads((blobs / name).read_text())
    # All of them: those of stages that are only copied from are not needed.
    layers = [blobs / layer["digest"].partition(":")[2] for layer in document["layers"]]
    if kind == "index":
        (folder / "index.json").write_text("[]")
    elif kind == "manifest":
        (blobs / name).write_text("{}")
    elif kind == "configuration":
        (blobs / document["config"]["digest"].partition(":")[2]).write_text("{}")
    elif kind == "layer":
        for layer in layers:
            layer.write_bytes(bytes(layer.stat().st_size))
    elif kind == "link":
        for layer in layers:
            layer.unlink()
            layer.symlink_to("/etc/passwd")
    elif kind == "pipe":
        for layer in layers:
            layer.unlink()
            os.mkfifo(layer)
    else:
        option = ",tag=other" if kind == "tag" else ",digest=sha256:" + "0" * 64
    result = second.build(context, "--cache-from", f"type=local,src={folder}{option}")
    text = "is not used further" if kind in ("layer", "link", "pipe") else f"no cache from folder {folder}: "
    assert text in result.stderr and len(executed(result)) == 5, result.stderr
    assert second.gantry.ok("run", "--rm", "--network", "none", "cached:1") == "made\n"


def test_failed_export(pair, context):
    """The image is there; the build fails unless errors are to be ignored."""
    first, _ = pair
    result = first.build(context, "--cache-to", "type=registry,ref=127.0.0.1:1/cache:1", ok=False)
    assert result.returncode == 1 and "error writing the build cache: " in result.stderr
    result = first.build(context, "--cache-to", "type=registry,ref=127.0.0.1:1/cache:1,ignore-error=true")
    assert "the build cache was not written: " in result.stderr


# -- sources that lie

class Liar:
    """A registry with one cache whose blobs are what a test says."""

    def __init__(self, registry, repository, tag):
        self.documents = {}
        body, kind = manifest(registry, repository, tag)
        raw, kind = blobs(registry, f"{repository}/manifests/{tag}", "application/vnd.oci.image.manifest.v1+json")
        self.manifest, self.kind = raw, kind
        self.config = body["config"]["digest"]
        self.layers = [layer["digest"] for layer in body["layers"]]
        for digest in [self.config, *self.layers]:
            self.documents[digest] = blobs(registry, f"{repository}/blobs/{digest}")[0]
        self.cut = set()
        # Blobs that are asked for and never sent.
        self.stalled, self.asked, self.released = set(), threading.Event(), threading.Event()
        liar = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                if self.path == "/v2/":
                    return self.answer(b"{}", "application/json")
                if "/manifests/" in self.path:
                    return self.answer(liar.manifest, liar.kind)
                digest = self.path.rpartition("/")[2]
                if digest in liar.stalled and self.command == "GET":
                    liar.asked.set()
                    liar.released.wait(60)
                if digest not in liar.documents:
                    self.send_response(404)
                    self.send_header("Content-Length", "0")
                    return self.end_headers()
                self.answer(liar.documents[digest], "application/octet-stream", digest in liar.cut)

            do_HEAD = do_GET

            def answer(self, body, kind, is_cut=False):
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(body[: len(body) // 2] if is_cut else body)
                    if is_cut:
                        self.close_connection = True

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        # Clients that leave in the middle are what is tested.
        self.server.handle_error = lambda *_: None
        self.ref = f"127.0.0.1:{self.server.server_address[1]}/liar/cache:1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.released.set()
        self.server.shutdown()
        self.server.server_close()

    def describe(self, change):
        """Another configuration of the cache, with digests that fit."""
        config = json.loads(self.documents[self.config])
        body = change(config)
        body = json.dumps(config).encode() if body is None else body
        digest = "sha256:" + hashlib.sha256(body).hexdigest()
        document = json.loads(self.manifest)
        document["config"].update(digest=digest, size=len(body))
        self.documents[digest] = body
        self.manifest = json.dumps(document).encode()


@pytest.fixture
def liar(pair, registry, context):
    pair[0].build(context, "--cache-to", f"type=registry,ref={registry}/cache/liar:1,mode=max")
    one = Liar(registry, "cache/liar", "1")
    yield one
    one.close()


def loop(config):
    config["layers"][0]["parent"] = 0


def nowhere(config):
    config["records"][0]["layers"][0]["layer"] = 99


@pytest.mark.parametrize("change,message", [
    (lambda config: b"{", "cannot read the cache configuration"),
    (lambda config: b'{"layers": 3}', "cannot read the cache configuration"),
    (loop, "of the build cache stands on itself"),
    (nowhere, "the build cache names layer 99 of"),
])
def test_hostile_records(pair, liar, context, change, message):
    liar.describe(change)
    result = pair[1].build(context, "--cache-from", f"type=registry,ref={liar.ref}")
    assert f"no cache from registry {liar.ref}: " in result.stderr and message in result.stderr, result.stderr
    assert len(executed(result)) == 5


def test_wrong_configuration(pair, liar, context):
    liar.documents[liar.config] = liar.documents[liar.config].replace(b"1", b"2")
    result = pair[1].build(context, "--cache-from", f"type=registry,ref={liar.ref}")
    assert "blob has digest" in result.stderr and len(executed(result)) == 5
    liar.manifest = b"not JSON"
    assert "is not JSON" in pair[1].build(context, "--cache-from", f"type=registry,ref={liar.ref}").stderr


@pytest.mark.parametrize("kind", ["changed", "gone", "cut", "another layer"])
def test_broken_layers(pair, liar, context, kind):
    """Found out in the middle of the build: it begins anew without that source, and ends well."""
    digest = liar.layers[-1]
    if kind == "changed":
        liar.documents[digest] = bytes(len(liar.documents[digest]))
    elif kind == "gone":
        del liar.documents[digest]
    elif kind == "cut":
        liar.cut.add(digest)
    else:
        # The blob is what its descriptor says, and another layer than the records say.
        document = json.loads(liar.manifest)
        document["layers"][-1]["annotations"]["containerd.io/uncompressed"] = "sha256:" + "0" * 64
        liar.manifest = json.dumps(document).encode()
    result = pair[1].build(context, "--cache-from", f"type=registry,ref={liar.ref}")
    assert f"the cache from registry {liar.ref} is not used further: " in result.stderr, result.stderr
    assert pair[1].gantry.ok("run", "--rm", "--network", "none", "cached:1") == "made\n"
    # Nothing half-made stays: what is kept belongs to images or to steps that were done here.
    assert len(executed(pair[1].build(context))) == 0


def test_killed_while_layers_come(pair, liar, context):
    """The next daemon has nothing of it, and the next build everything."""
    machine = pair[1]
    liar.stalled.add(liar.layers[-1])
    before = {path.name for path in (machine.daemon.data / "layers").iterdir()}
    client = subprocess.Popen(
        [machine.gantry.path, "build", "-t", "cached:1", "--cache-from", f"type=registry,ref={liar.ref}", str(context)],
        env=machine.gantry.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert liar.asked.wait(30)
    machine.daemon.stop(signal.SIGKILL)
    client.wait(30)
    liar.released.set()
    machine.daemon.start()
    assert {path.name for path in (machine.daemon.data / "layers").iterdir()} <= before
    assert list((machine.daemon.data / "tmp/images").iterdir()) == []
    liar.stalled.clear()
    assert executed(machine.build(context, "--cache-from", f"type=registry,ref={liar.ref}")) == []


def test_cancelled_while_layers_come(pair, liar, context):
    """The client leaves: nothing keeps running and nothing is left."""
    machine = pair[1]
    liar.stalled.add(liar.layers[-1])
    client = subprocess.Popen(
        [machine.gantry.path, "build", "-t", "cached:1", "--cache-from", f"type=registry,ref={liar.ref}", str(context)],
        env=machine.gantry.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert liar.asked.wait(30)
    client.send_signal(signal.SIGINT)
    client.wait(30)
    wait_for(lambda: "Status:   running" not in machine.gantry.ok("builds", "inspect", "latest"), "the build's end")
    wait_for(lambda: list((machine.daemon.data / "tmp/images").iterdir()) == [], "the end of the download")
    liar.released.set()


def test_foreign_records(pair, liar, context):
    """Keys that are not ours, as BuildKit's own: read, and never matched."""
    def change(config):
        for number, record in enumerate(config["records"]):
            record["digest"] = "sha256:" + hashlib.sha256(str(number).encode()).hexdigest()
    liar.describe(change)
    result = pair[1].build(context, "--cache-from", f"type=registry,ref={liar.ref}")
    assert "no cache from" not in result.stderr and len(executed(result)) == 5
