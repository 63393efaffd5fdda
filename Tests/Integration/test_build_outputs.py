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
    ("type=image,push=true,push-by-digest=true", "name is required")])
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
