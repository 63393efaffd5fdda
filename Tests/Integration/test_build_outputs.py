"""What leaves a build: forms of `--output`, annotations, digests, several platforms, attestations; read back by other programs."""
import gzip
import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
import urllib.request

import pytest

from conftest import Cli

ACCEPT = ", ".join(f"application/vnd.{kind}+json" for kind in (
    "oci.image.index.v1", "oci.image.manifest.v1", "docker.distribution.manifest.v2", "docker.distribution.manifest.list.v2"))


@pytest.fixture
def build(daemon, tmp_path):
    """Builds a Dockerfile in a fresh context; all images without a name of the session's are removed afterwards."""
    gantry = Cli("gantry", daemon)
    tags = set()

    def run(dockerfile, files=None, *arguments, tag="outcase:1", ok=True, **options):
        context = tmp_path / "ctx"
        context.mkdir(exist_ok=True)
        for name, content in (files or {}).items():
            path = context / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        (context / "Dockerfile").write_text(dockerfile)
        tags.add(tag)
        names = ["-t", tag] if tag else []
        result = gantry("build", "--progress=plain", *names, *arguments, str(context), cwd=tmp_path, **options)
        if ok:
            assert result.returncode == 0, result.stderr
        return result
    run.gantry, run.folder, run.tags = gantry, tmp_path, tags
    yield run
    gantry("rmi", "-f", *{tag for tag in tags if tag})


class Layout:
    """An OCI layout as `type=oci` writes it."""

    def __init__(self, path):
        with tarfile.open(path) as archive:
            self.files = {m.name: archive.extractfile(m).read() for m in archive.getmembers() if m.isfile()}
        for name, content in self.files.items():
            if name.startswith("blobs/"):
                assert hashlib.sha256(content).hexdigest() == name.split("/")[-1]
        self.index = json.loads(self.files["index.json"])
        self.root = self.index["manifests"][0]
        self.manifest = self.json(self.root)

    def blob(self, descriptor):
        content = self.files["blobs/sha256/" + descriptor["digest"].split(":")[1]]
        assert len(content) == descriptor["size"]
        return content

    def json(self, descriptor):
        return json.loads(self.blob(descriptor))


def fetch(registry, repository, name):
    request = urllib.request.Request(f"http://{registry}/v2/{repository}/manifests/{name}", headers={"Accept": ACCEPT})
    with urllib.request.urlopen(request) as answer:
        content = answer.read()
        return json.loads(content), answer.headers["Content-Type"], "sha256:" + hashlib.sha256(content).hexdigest()


def fetch_blob(registry, repository, digest):
    with urllib.request.urlopen(f"http://{registry}/v2/{repository}/blobs/{digest}") as answer:
        return answer.read()


SMALL = "FROM scratch\nCOPY f /f\nLABEL a=b\n"
BOTH = ("--platform", "linux/amd64,linux/arm64")
ACROSS = """FROM --platform=$BUILDPLATFORM busybox AS build
RUN head -c 8 /dev/urandom | od -An -tx1 > /shared
FROM --platform=$BUILDPLATFORM build AS made
ARG TARGETPLATFORM TARGETVARIANT
RUN echo "$TARGETPLATFORM [$TARGETVARIANT] from $(uname -m)" > /which
FROM scratch
COPY --from=made /which /which
COPY --from=build /shared /shared
"""
MAGIC = {"uncompressed": b"f\0\0\0", "gzip": b"\x1f\x8b\x08", "zstd": b"\x28\xb5\x2f\xfd"}


# -- forms

@pytest.mark.parametrize("compression,suffix", [("uncompressed", "tar"), ("gzip", "tar+gzip"), ("zstd", "tar+zstd")])
def test_compression(build, compression, suffix):
    build(SMALL, {"f": "hello\n" * 1000}, "-o", f"type=oci,dest=out.tar,compression={compression}")
    layout = Layout(build.folder / "out.tar")
    assert layout.root["mediaType"] == "application/vnd.oci.image.manifest.v1+json"
    layer = layout.manifest["layers"][0]
    assert layer["mediaType"] == "application/vnd.oci.image.layer.v1." + suffix
    assert layout.blob(layer).startswith(MAGIC[compression])
    assert layout.root["annotations"] == {
        "io.containerd.image.name": "docker.io/library/outcase:1", "org.opencontainers.image.ref.name": "1"}
    build.gantry.ok("rmi", "outcase:1")
    assert "outcase:1" in build.gantry.ok("load", "-i", build.folder / "out.tar")
    assert json.loads(build.gantry.ok("image", "inspect", "outcase:1"))[0]["Config"]["Labels"] == {"a": "b"}


def test_compression_level_and_force(build):
    text = "".join(f"{n} line {n * n}\n" for n in range(20000))
    sizes = {}
    for level in (1, 9):
        build(SMALL, {"f": text}, "-o", f"type=oci,dest=out.tar,compression=gzip,compression-level={level}")
        layout = Layout(build.folder / "out.tar")
        sizes[level] = layout.manifest["layers"][0]["size"]
        assert len(gzip.decompress(layout.blob(layout.manifest["layers"][0]))) > len(text)
    assert sizes[9] < sizes[1]
    dockerfile = "FROM busybox\nCOPY f /f\n"
    build(dockerfile, None, "-o", "type=oci,dest=out.tar,compression=zstd")
    kinds = [layer["mediaType"].split("+")[-1] for layer in Layout(build.folder / "out.tar").manifest["layers"]]
    assert kinds == ["gzip", "zstd"]
    build(dockerfile, None, "-o", "type=oci,dest=out.tar,compression=zstd,force-compression=true")
    kinds = [layer["mediaType"].split("+")[-1] for layer in Layout(build.folder / "out.tar").manifest["layers"]]
    assert kinds == ["zstd", "zstd"]


@pytest.mark.parametrize("options,complaint", [
    ("type=oci,dest=x,compression=estargz", "no library for it"), ("type=oci,dest=x,compression=rar", "unsupported compression type"),
    ("type=oci,dest=x,compression=gzip,compression-level=10", "gzip has 0 to 9"),
    ("type=oci,dest=x,compression-level=fast", "non-integer value"), ("type=image,unpack=maybe", "non-bool value"),
    ("type=oci,dest=x,annotation-floor.a=b", "unknown annotation type"), ("type=image,tar=true", "is not offered"),
    ("type=oci,dest=x,annotation-index.a=b", "index annotations not supported for single platform export"),
    ("type=image,push=true,push-by-digest=true", "name is required"),
    ("type=oci,dest=x,compression=zstd,oci-mediatypes=false", "Docker's media types have no place"),
    ("type=oci,dest=x,compression=uncompressed,compression-level=1", "has no meaning without compression")])
def test_options_refused(build, options, complaint):
    result = build(SMALL, {"f": "x"}, "-o", options, ok=False)
    assert result.returncode != 0 and complaint in result.stderr
    assert not (build.folder / "x").exists()


def test_repeatable_bytes(build):
    dockerfile = "FROM busybox\nRUN echo x > /y\nCOPY f /f\n"
    digests = set()
    for _ in range(2):
        build(dockerfile, {"f": "f\n"}, "--no-cache", "--build-arg", "SOURCE_DATE_EPOCH=1000000000",
              "-o", "type=oci,dest=out.tar,rewrite-timestamp=true")
        layout = Layout(build.folder / "out.tar")
        digests.add(layout.root["digest"])
    assert len(digests) == 1
    with tarfile.open(fileobj=io.BytesIO(layout.blob(layout.manifest["layers"][-1]))) as layer:
        assert [member.mtime for member in layer] == [1000000000]
    result = build(dockerfile, None, "-o", "type=oci,dest=out.tar,rewrite-timestamp=true")
    assert "no source-date-epoch was found" in result.stderr


def test_annotations(build):
    build(SMALL, {"f": "x"}, "--annotation", "key=value", "--annotation", "manifest-descriptor:on=descriptor",
          "-o", 'type=oci,dest=out.tar,annotation.own=1,"annotation-manifest[linux/amd64].here=a,b",annotation[linux/arm64].elsewhere=x',
          "--annotation", "index-descriptor:root=yes")
    layout = Layout(build.folder / "out.tar")
    assert layout.manifest["annotations"] == {"key": "value", "own": "1", "here": "a,b"}
    assert layout.root["annotations"]["root"] == "yes" and layout.root["annotations"]["on"] == "descriptor"


def test_lists_after_a_restart(own, tmp_path):
    """What a name stands for, and what compressed layers are called, outlives the daemon."""
    gantry = Cli("gantry", own)
    (tmp_path / "Dockerfile").write_text(ACROSS)
    gantry.ok("build", "-q", "-t", "list:1", *BOTH, "-o", "type=image,compression=zstd,annotation-index.a=b", "--sbom=true",
              "--metadata-file", "one", tmp_path, cwd=tmp_path)
    own.stop()
    own.start()
    gantry.ok("image", "prune", "-f")
    gantry.ok("tag", "list:1", "other:1")
    gantry.ok("rmi", "list:1")
    dockerfile = "FROM other:1\nCOPY Dockerfile /d\n"
    (tmp_path / "Dockerfile").write_text(dockerfile)
    gantry.ok("build", "-q", "-t", "child:1", *BOTH, "-o", "type=oci,dest=out.tar", tmp_path, cwd=tmp_path)
    layout = Layout(tmp_path / "out.tar")
    for entry in layout.manifest["manifests"]:
        layers = layout.json(entry)["layers"]
        assert len(layers) == 3 and all(layout.blob(layer) for layer in layers)
    gantry.ok("rmi", "child:1", "other:1")
    assert gantry.ok("images", "-aq").split() == gantry.ok("images", "-q", "busybox").split()


def test_nothing_compressed_is_left(build, daemon):
    before = {path.name for path in (daemon.data / "blobs" / "sha256").iterdir()}
    build(SMALL, {"f": os.urandom(5000)}, "-o", "type=oci,dest=out.tar,compression=zstd", "-o", "type=docker,dest=again.tar")
    assert {path.name for path in (daemon.data / "blobs" / "sha256").iterdir()} <= before


def test_docker_archive(build):
    build(SMALL, {"f": "x"}, "-o", "type=docker,dest=out.tar,name=second:2")
    build.tags.add("second:2")
    with tarfile.open(build.folder / "out.tar") as archive:
        manifest = json.load(archive.extractfile("manifest.json"))
    assert manifest[0]["RepoTags"] == ["outcase:1", "second:2"]
    build.gantry.ok("rmi", "outcase:1", "second:2")
    build.gantry.ok("load", "-i", build.folder / "out.tar")
    build.gantry.ok("image", "inspect", "second:2")


# -- pushes and what is told of them

def test_push_and_metadata(build, daemon):
    name = f"{daemon.registry}/outputs/one:1"
    build(SMALL, {"f": "x"}, "--push", "--metadata-file", "meta.json", "--iidfile", "iid", tag=name)
    metadata = json.loads((build.folder / "meta.json").read_text())
    manifest, kind, digest = fetch(daemon.registry, "outputs/one", "1")
    assert metadata["containerimage.digest"] == digest and metadata["image.name"] == name
    assert metadata["containerimage.descriptor"]["digest"] == digest and metadata["containerimage.descriptor"]["mediaType"] == kind
    assert metadata["containerimage.config.digest"] == manifest["config"]["digest"] == (build.folder / "iid").read_text()
    record = metadata["buildx.build.ref"].split("/")
    assert record[:2] == ["default", "default"]
    assert json.loads(build.gantry.ok("builds", "inspect", "--json", record[2]))["image"] == manifest["config"]["digest"]
    assert digest in json.loads(build.gantry.ok("image", "inspect", name))[0]["RepoDigests"][0]


def test_push_again_in_the_same_form(build, daemon):
    name = f"{daemon.registry}/outputs/form:1"
    build(SMALL, {"f": "x" * 4096}, "-o", "type=image,compression=zstd,annotation.a=b", "--metadata-file", "meta.json", tag=name)
    digest = json.loads((build.folder / "meta.json").read_text())["containerimage.digest"]
    build.gantry.ok("push", name)
    manifest, kind, pushed = fetch(daemon.registry, "outputs/form", "1")
    assert pushed == digest and kind == "application/vnd.oci.image.manifest.v1+json"
    assert manifest["annotations"] == {"a": "b"} and manifest["layers"][0]["mediaType"].endswith("zstd")
    build.gantry.ok("rmi", name)
    build.gantry.ok("pull", name)
    build.gantry.ok("tag", "busybox", name)
    build.gantry.ok("push", name)
    assert "annotations" not in fetch(daemon.registry, "outputs/form", "1")[0]


def test_push_by_digest(build, daemon):
    name = f"{daemon.registry}/outputs/bydigest"
    result = build(SMALL, {"f": "1"}, "-o", f"type=image,name={name},push=true,push-by-digest=true", "--metadata-file", "m", tag=None)
    digest = json.loads((build.folder / "m").read_text())["containerimage.digest"]
    assert fetch(daemon.registry, "outputs/bydigest", digest)[2] == digest
    with pytest.raises(urllib.error.HTTPError):
        fetch(daemon.registry, "outputs/bydigest", "latest")
    result = build(SMALL, None, "-o", f"type=image,name={name}:tag,push=true,push-by-digest=true", tag=None, ok=False)
    assert result.returncode == 1 and "can't push tagged ref" in result.stderr


def test_dangling_name(build):
    build(SMALL, {"f": "dangling"}, "-o", "type=image,dangling-name-prefix=loose/name", "--metadata-file", "m", tag=None)
    metadata = json.loads((build.folder / "m").read_text())
    assert json.loads(build.gantry.ok("image", "inspect", f"loose/name@{metadata['containerimage.digest']}"))[0]["Id"] == (
        metadata["containerimage.config.digest"])
    build.tags.add(f"loose/name@{metadata['containerimage.digest']}")


# -- several platforms

def test_platforms_into_the_store(build, daemon):
    name = f"{daemon.registry}/platforms/one:1"
    build.gantry.ok("image", "prune", "-f")
    build(ACROSS, None, *BOTH, "--metadata-file", "m", "--iidfile", "iid", tag=name)
    metadata = json.loads((build.folder / "m").read_text())
    assert metadata["containerimage.descriptor"]["mediaType"] == "application/vnd.oci.image.index.v1+json"
    assert (build.folder / "iid").read_text() == metadata["containerimage.digest"]
    inspected = json.loads(build.gantry.ok("image", "inspect", name))[0]
    assert inspected["Architecture"] == "amd64"
    rows = build.gantry.ok("images", "--format", "{{.Repository}}:{{.Tag}}").splitlines()
    assert rows.count(name) == 1 and "<none>:<none>" not in rows
    build.gantry.ok("image", "prune", "-f")
    build.gantry.ok("push", name)
    index, kind, digest = fetch(daemon.registry, "platforms/one", "1")
    assert digest == metadata["containerimage.digest"]
    assert [m["platform"] for m in index["manifests"]] == [
        {"architecture": "amd64", "os": "linux"}, {"architecture": "arm64", "os": "linux"}]
    # The other platform goes with the name.
    before = set(build.gantry.ok("images", "-aq", "--no-trunc").split())
    build.gantry.ok("rmi", name)
    gone = before - set(build.gantry.ok("images", "-aq", "--no-trunc").split())
    assert len(gone) == 2


def test_platforms_share_what_is_the_builders(build):
    result = build(ACROSS, None, *BOTH, "--no-cache", "-o", "type=local,dest=out", tag=None)
    read = {arch: (build.folder / "out" / f"linux_{arch}" / "which").read_text() for arch in ("amd64", "arm64")}
    assert read == {"amd64": "linux/amd64 [] from x86_64\n", "arm64": "linux/arm64 [] from x86_64\n"}
    shared = {(build.folder / "out" / f"linux_{arch}" / "shared").read_text() for arch in ("amd64", "arm64")}
    assert len(shared) == 1
    assert "[linux/arm64 made " in result.stderr


def test_platforms_as_archives(build):
    build(ACROSS, None, *BOTH, "-o", "type=tar,dest=files.tar", "-o", "type=oci,dest=layout.tar,annotation-index.top=1,compression=zstd")
    with tarfile.open(build.folder / "files.tar") as archive:
        assert {"linux_amd64/which", "linux_arm64/which"} <= set(archive.getnames())
    layout = Layout(build.folder / "layout.tar")
    assert layout.manifest["annotations"] == {"top": "1"} and len(layout.manifest["manifests"]) == 2
    refused = build(ACROSS, None, *BOTH, "-o", "type=docker,dest=x.tar", ok=False)
    assert refused.returncode == 1 and "does not currently support exporting manifest lists" in refused.stderr
    refused = build(ACROSS, None, *BOTH, "-o", "type=local,dest=flat,platform-split=false", ok=False)
    assert refused.returncode == 1 and "cannot overwrite shared from linux/amd64" in refused.stderr
    build("FROM scratch\nARG TARGETARCH\nCOPY $TARGETARCH /\n", {"amd64/a": "a", "arm64/b": "b"}, *BOTH,
          "-o", "type=local,dest=flat,platform-split=false", tag=None)
    assert sorted(path.name for path in (build.folder / "flat").iterdir()) == ["a", "b"]
    build(SMALL, {"f": "x"}, "-o", "type=local,dest=split,platform-split=true", tag=None)
    assert (build.folder / "split" / "linux_amd64" / "f").exists()


def test_other_tools_read_the_index(build, daemon):
    if not shutil.which("skopeo"):
        pytest.skip("skopeo is not installed")
    name = f"{daemon.registry}/platforms/skopeo:1"
    build(ACROSS, None, *BOTH, "--push", "--provenance=true", tag=name)
    for arch in ("amd64", "arm64"):
        answer = subprocess.run(["skopeo", "inspect", "--tls-verify=false", f"--override-arch={arch}", f"docker://{name}"],
                                capture_output=True, text=True)
        assert answer.returncode == 0, answer.stderr
        assert json.loads(answer.stdout)["Architecture"] == arch
    target = build.folder / "copied"
    copied = subprocess.run(["skopeo", "copy", "--all", "--src-tls-verify=false", f"docker://{name}", f"oci:{target}:1"],
                            capture_output=True, text=True)
    assert copied.returncode == 0, copied.stderr


def test_base_of_another_platform(build, daemon):
    base = f"{daemon.registry}/platforms/base:1"
    build("FROM scratch\nARG TARGETARCH\nCOPY $TARGETARCH /which\nENV ARCH=$TARGETARCH\n", {"amd64": "for amd64", "arm64": "for arm64"},
          *BOTH, "--push", tag=base)
    dockerfile = f"FROM {base}\nCOPY own /own\n"
    # From the list in the store, then from the registry.
    for _ in range(2):
        build(dockerfile, {"own": "own"}, *BOTH, "-o", "type=local,dest=out", tag=None)
        for arch in ("amd64", "arm64"):
            assert (build.folder / "out" / f"linux_{arch}" / "which").read_text() == f"for {arch}"
        build.gantry.ok("rmi", "-f", base)
    # The name stands for the host's platform, whatever a build has pulled.
    build(dockerfile, None, "--platform", "linux/arm64", "-o", "type=local,dest=out", tag=None)
    assert build.gantry("image", "inspect", base).returncode == 1


def test_base_for_one_platform_only(build, daemon):
    result = build("FROM busybox\nCOPY f /f\n", {"f": "f"}, "--platform", "linux/arm64", ok=False)
    assert result.returncode == 1
    assert ("image with reference busybox:latest was found but does not match the specified platform: wanted linux/arm64, "
            "actual: linux/amd64") in result.stderr
    one = f"{daemon.registry}/platforms/only:1"
    build(SMALL, {"f": "f"}, "--push", "--provenance=true", tag=one)
    build.gantry.ok("rmi", one)
    result = build(f"FROM {one}\nCOPY f /g\n", None, "--platform", "linux/arm64", ok=False)
    assert result.returncode == 1 and "no matching manifest for linux/arm64 in the manifest list entries" in result.stderr


def arm64_program():
    """A static program for arm64 that makes the directory /made: mkdirat(AT_FDCWD, "/made", 0755), exit(0)."""
    words = [0x92800000 | 99 << 5, 0, 0xD2800000 | 0o755 << 5 | 2, 0xD2800000 | 34 << 5 | 8, 0xD4000001,
             0xD2800000, 0xD2800000 | 93 << 5 | 8, 0xD4000001]
    distance = 4 * (len(words) - 1)
    words[1] = 0x10000000 | (distance >> 2) << 5 | 1
    code = b"".join(word.to_bytes(4, "little") for word in words) + b"/made\0"
    start, load = 64 + 56, 0x400000

    def number(value, size):
        return value.to_bytes(size, "little")
    head = (b"\x7fELF\x02\x01\x01" + bytes(9) + number(2, 2) + number(0xB7, 2) + number(1, 4) + number(load + start, 8) + number(64, 8)
            + number(0, 8) + number(0, 4) + number(64, 2) + number(56, 2) + number(1, 2) + number(64, 2) + number(0, 2) + number(0, 2))
    size = start + len(code)
    program = (number(1, 4) + number(5, 4) + number(0, 8) + number(load, 8) + number(load, 8) + number(size, 8) + number(size, 8)
               + number(0x1000, 8))
    return head + program + code


@pytest.fixture
def binfmt(tmp_path):
    """The kernel's table of other processors' programs, mounted in a place of its own."""
    folder = tmp_path / "binfmt"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "binfmt_misc", "binfmt_misc", folder], capture_output=True).returncode != 0:
        pytest.skip("the kernel has no binfmt_misc")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_run_for_another_processor(build, binfmt):
    if any("aarch64" in entry.name for entry in binfmt.iterdir()):
        pytest.skip("an emulator for arm64 is registered on this host: what happens without one cannot be seen")
    dockerfile = "FROM scratch\nCOPY --chmod=755 program /program\nRUN [\"/program\"]\n"
    files = {"program": arm64_program()}
    result = build(dockerfile, files, "--platform", "linux/arm64", ok=False)
    assert result.returncode == 1 and "no emulator for it is registered with the kernel" in result.stderr
    assert "qemu-user-static" in result.stderr
    emulator = shutil.which("qemu-aarch64-static")
    if not emulator:
        pytest.skip("qemu-user-static is not installed")
    magic = r"\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00"
    mask = r"\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff"
    for flags, works in (("", False), ("F", True)):
        (binfmt / "register").write_text(f":qemu-aarch64:M::{magic}:{mask}:{emulator}:{flags}")
        try:
            result = build(dockerfile, None, "--platform", "linux/arm64", "-o", "type=local,dest=out", tag=None, ok=False)
        finally:
            (binfmt / "qemu-aarch64").write_text("-1")
        assert (result.returncode == 0) == works, result.stderr
        if works:
            assert (build.folder / "out" / "made").is_dir()
            (binfmt / "register").write_text(f":qemu-aarch64:M::{magic}:{mask}:{emulator}:{flags}")
            try:
                build("FROM scratch AS amd64\nCOPY none /none\nFROM scratch AS arm64\nCOPY --chmod=755 program /program\n"
                      "FROM $TARGETARCH\nCMD [\"/program\"]\n", {"none": ""}, *BOTH)
                build.gantry.ok("run", "--rm", "--network", "none", "--platform", "linux/arm64", "outcase:1")
                assert build.gantry("run", "--rm", "--network", "none", "outcase:1").returncode == 127
            finally:
                (binfmt / "qemu-aarch64").write_text("-1")
        else:
            assert "without the flag F" in result.stderr


# -- attestations

def statements(layout):
    """Predicates by type, of the only attestation manifest; what ties them to the image is checked."""
    image, attestation = layout.manifest["manifests"]
    assert attestation["platform"] == {"architecture": "unknown", "os": "unknown"}
    assert attestation["annotations"] == {
        "vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": image["digest"]}
    manifest = layout.json(attestation)
    config = layout.json(manifest["config"])
    assert config["rootfs"]["diff_ids"] == [layer["digest"] for layer in manifest["layers"]]
    result = {}
    for layer in manifest["layers"]:
        statement = layout.json(layer)
        assert layer["mediaType"] == "application/vnd.in-toto+json"
        assert layer["annotations"] == {"in-toto.io/predicate-type": statement["predicateType"]}
        assert statement["_type"] == "https://in-toto.io/Statement/v0.1"
        assert statement["subject"][0] == {
            "name": "pkg:docker/outcase@1?platform=linux%2Famd64", "digest": {"sha256": image["digest"].split(":")[1]}}
        result[statement["predicateType"]] = statement["predicate"]
    return result


def test_none_unless_asked_for(build):
    build(SMALL, {"f": "x"}, "-o", "type=oci,dest=out.tar", "--provenance=false", "--sbom=false")
    assert Layout(build.folder / "out.tar").root["mediaType"] == "application/vnd.oci.image.manifest.v1+json"


def test_provenance(build):
    dockerfile = ("FROM busybox\nARG SECRETIVE\nRUN --mount=type=secret,id=tok test \"$(cat /run/secrets/tok)\" = hidden-value\n"
                  "COPY f /f\n")
    arguments = ("--build-arg", "SECRETIVE=argument", "--label", "l=1", "--secret", "id=tok,src=tok", "-o", "type=oci,dest=out.tar")
    (build.folder / "tok").write_text("hidden-value")
    build(dockerfile, {"f": "x"}, *arguments, "--provenance=true")
    short = statements(Layout(build.folder / "out.tar"))["https://slsa.dev/provenance/v0.2"]
    base = json.loads(build.gantry.ok("image", "inspect", "busybox"))[0]["Id"].split(":")[1]
    assert short["materials"] == [{"uri": "pkg:docker/busybox@latest?platform=linux%2Famd64", "digest": {"sha256": base}}]
    assert short["invocation"]["configSource"] == {"entryPoint": "Dockerfile"}
    assert short["invocation"]["environment"] == {"platform": "linux/amd64"}
    assert short["metadata"]["completeness"]["parameters"] is False and "argument" not in json.dumps(short)
    build(dockerfile, None, *arguments, "--provenance=mode=max")
    full = statements(Layout(build.folder / "out.tar"))["https://slsa.dev/provenance/v0.2"]
    parameters = full["invocation"]["parameters"]
    assert parameters["args"] == {"build-arg:SECRETIVE": "argument", "label:l": "1"}
    assert parameters["secrets"] == [{"id": "tok", "optional": True}]
    assert "hidden-value" not in json.dumps(full) and full["metadata"]["completeness"]["parameters"] is True
    build(dockerfile, None, *arguments, "--attest", "type=provenance,version=v1")
    newer = statements(Layout(build.folder / "out.tar"))["https://slsa.dev/provenance/v1"]
    assert newer["buildDefinition"]["resolvedDependencies"] == short["materials"]
    assert newer["buildDefinition"]["externalParameters"]["configSource"] == {"path": "Dockerfile"}


RECORDS = {
    "etc/os-release": 'ID=debian\nVERSION_ID="12"\n',
    "var/lib/dpkg/status": "Package: bash\nStatus: install ok installed\nArchitecture: amd64\nVersion: 5.2.15-2+b2\n\n"
                           "Package: gone\nStatus: deinstall ok config-files\nVersion: 1\n",
    "var/lib/dpkg/status.d/tzdata": "Package: tzdata\nArchitecture: all\nVersion: 2024a\n",
    "lib/apk/db/installed": "C:Q1x=\nP:musl\nV:1.2.4-r2\nA:x86_64\nL:MIT\nF:lib\nR:libc.so\n\nP:zlib\nV:1.3-r0\n",
    "usr/lib/python3/dist-packages/Foo_Bar-1.2.dist-info/METADATA":
        "Metadata-Version: 2.1\nName: Foo_Bar\nVersion: 1.2\nLicense: BSD\n\nName: not this\n",
    "app/node_modules/left-pad/package.json": '{"name": "left-pad", "version": "1.3.0", "license": "WTFPL"}',
    "app/node_modules/@scope/x/package.json": '{"name": "@scope/x", "version": "2.0.0", "license": {"type": "old"}}',
    "app/node_modules/broken/package.json": "{",
    "app/package.json": '{"name": "the-application", "version": "9"}'}


def rpm_header(fields):
    entries, data = b"", b""
    for tag, value in fields:
        entries += b"".join(n.to_bytes(4, "big") for n in (tag, 6, len(data), 1))
        data += value.encode() + b"\0"
    return len(fields).to_bytes(4, "big") + len(data).to_bytes(4, "big") + entries + data


def test_sbom(build):
    import sqlite3
    database = build.folder / "rpm"
    connection = sqlite3.connect(database)
    connection.execute("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)")
    header = rpm_header([(1000, "grep"), (1001, "3.6"), (1002, "5.el9"), (1014, "GPLv3+"), (1022, "x86_64")])
    connection.execute("INSERT INTO Packages (blob) VALUES (?)", (header,))
    connection.commit()
    connection.close()
    files = {"root/" + name: text for name, text in RECORDS.items()}
    files["root/var/lib/rpm/rpmdb.sqlite"] = database.read_bytes()
    build("FROM scratch\nCOPY root /\n", files, "--sbom=true", "-o", "type=oci,dest=out.tar", "-o", "type=local,dest=out")
    document = statements(Layout(build.folder / "out.tar"))["https://spdx.dev/Document"]
    assert document["spdxVersion"] == "SPDX-2.3" and document["SPDXID"] == "SPDXRef-DOCUMENT"
    found = {item["externalRefs"][0]["referenceLocator"]: item for item in document["packages"] if "externalRefs" in item}
    assert set(found) == {
        "pkg:deb/debian/bash@5.2.15-2%2Bb2?arch=amd64&distro=debian-12", "pkg:deb/debian/tzdata@2024a?arch=all&distro=debian-12",
        "pkg:apk/debian/musl@1.2.4-r2?arch=x86_64&distro=debian-12", "pkg:apk/debian/zlib@1.3-r0?distro=debian-12",
        "pkg:rpm/debian/grep@3.6-5.el9?arch=x86_64&distro=debian-12", "pkg:pypi/foo-bar@1.2", "pkg:npm/left-pad@1.3.0",
        "pkg:npm/%40scope/x@2.0.0"}
    musl = found["pkg:apk/debian/musl@1.2.4-r2?arch=x86_64&distro=debian-12"]
    assert musl["name"] == "musl" and musl["versionInfo"] == "1.2.4-r2" and "MIT" in musl["licenseComments"]
    assert musl["sourceInfo"] == "found in /lib/apk/db/installed"
    identifiers = {item["SPDXID"] for item in document["packages"]}
    assert len(identifiers) == len(document["packages"])
    contained = {row["relatedSpdxElement"] for row in document["relationships"]}
    assert contained == identifiers
    beside = json.loads((build.folder / "out" / "sbom.spdx.json").read_text())
    assert beside["predicate"]["packages"] == document["packages"]


def test_sbom_of_a_real_image(build):
    build("FROM python:3.11-slim\n", None, "--attest", "type=sbom", "--attest", "type=provenance,mode=min", "-o", "type=oci,dest=out.tar")
    said = statements(Layout(build.folder / "out.tar"))
    names = {item["name"] for item in said["https://spdx.dev/Document"]["packages"]}
    assert {"libc6", "dpkg"} <= names and "https://slsa.dev/provenance/v0.2" in said


def test_attestations_in_the_registry(build, daemon):
    name = f"{daemon.registry}/attested/one:1"
    build(SMALL, {"f": "attested"}, "--sbom=true", "--provenance=mode=max", tag=name)
    build.gantry.ok("push", name)
    index, kind, _ = fetch(daemon.registry, "attested/one", "1")
    image, attestation = index["manifests"]
    manifest, _, _ = fetch(daemon.registry, "attested/one", attestation["digest"])
    predicates = [layer["annotations"]["in-toto.io/predicate-type"] for layer in manifest["layers"]]
    assert predicates == ["https://spdx.dev/Document", "https://slsa.dev/provenance/v0.2"]
    statement = json.loads(fetch_blob(daemon.registry, "attested/one", manifest["layers"][0]["digest"]))
    assert statement["subject"][0]["digest"] == {"sha256": image["digest"].split(":")[1]}
    build.gantry.ok("rmi", name)
    build.gantry.ok("pull", name)
    assert json.loads(build.gantry.ok("image", "inspect", name))[0]["Architecture"] == "amd64"


@pytest.mark.parametrize("flags,complaint", [
    (["--attest", "type=vow"], "unsupported attestation type vow"), (["--sbom", "generator=x"], "no scanner is run"),
    (["--provenance", "mode=most"], "expected min or max"), (["--attest", "type=provenance,version=v9"], "expected v0.2 or v1"),
    (["--attest", "mode=max"], "attestation type not specified")])
def test_attestations_refused(build, flags, complaint):
    result = build(SMALL, {"f": "x"}, *flags, ok=False)
    assert result.returncode != 0 and complaint in result.stderr
