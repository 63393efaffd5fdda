"""The build cache taken elsewhere: `--cache-to` and `--cache-from` between daemons that share nothing but a registry or a folder."""
import base64
import json
import urllib.request

import pytest

from conftest import IMAGES, Cli, Daemon

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
    (folder / "Dockerfile").write_text(STAGES)
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
    # What was fetched is remembered: the next build asks nobody.
    assert executed(second.build(context, "--target", "")) == []


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
        assert second.image() == first.image()
        second.gantry.ok("builder", "prune", "-af")
        (context / "Dockerfile").write_text("FROM busybox\nENV A=2\nWORKDIR /w\nRUN echo $A > a\n")
        assert docker.ok("build", "--cache-from", "kept:1", "-t", "cached:2", str(context)).count("Using cache") == 0
    finally:
        second.gantry("rmi", "-f", "kept:1")


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


def test_failed_export(pair, context):
    """The image is there; the build fails unless errors are to be ignored."""
    first, _ = pair
    result = first.build(context, "--cache-to", "type=registry,ref=127.0.0.1:1/cache:1", ok=False)
    assert result.returncode == 1 and "error writing the build cache: " in result.stderr
    result = first.build(context, "--cache-to", "type=registry,ref=127.0.0.1:1/cache:1,ignore-error=true")
    assert "the build cache was not written: " in result.stderr
