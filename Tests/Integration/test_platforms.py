"""Lists of images for several platforms: saved, loaded, pushed and pulled whole or in part."""
import json
import shutil
import tarfile
import urllib.request

import pytest

from conftest import Cli

DOCKERFILE = "FROM scratch\nARG TARGETARCH\nCOPY $TARGETARCH /which\n"
ARCHITECTURES = ["amd64", "arm64"]


@pytest.fixture
def listed(daemon, tmp_path):
    """The command line, and a name that stands for two images; it and what others name are gone afterwards."""
    gantry = Cli("gantry", daemon)
    gantry.name = f"{daemon.registry}/listed/{tmp_path.name.lower().replace('_', '-')[-40:].strip('-')}:1"
    for architecture in ARCHITECTURES:
        (tmp_path / architecture).write_text(f"for {architecture}\n")
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    gantry.ok("build", "--platform", "linux/amd64,linux/arm64", "-t", gantry.name, str(tmp_path))
    yield gantry
    gantry("rmi", "-f", gantry.name)


def platforms(gantry, tmp_path):
    """What the name holds here, by architecture, as builds that start from it find it; nothing is asked of a registry."""
    found = {}
    (tmp_path / "From").write_text(f"FROM {gantry.name}\n")
    for architecture in ARCHITECTURES:
        out = tmp_path / f"out-{architecture}"
        shutil.rmtree(out, ignore_errors=True)
        result = gantry("build", "-q", "-f", str(tmp_path / "From"), "--platform", f"linux/{architecture}", "-o", f"type=local,dest={out}", str(tmp_path))
        if result.returncode == 0:
            found[architecture] = (out / "which").read_text()
    return found


BOTH = {architecture: f"for {architecture}\n" for architecture in ARCHITECTURES}


def registry_manifest(name):
    host, rest = name.split("/", 1)
    repository, tag = rest.rsplit(":", 1)
    accept = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"
    with urllib.request.urlopen(urllib.request.Request(f"http://{host}/v2/{repository}/manifests/{tag}", headers={"Accept": accept})) as answer:
        return json.load(answer)


def members(archive):
    """The platforms of an archive's first name, and how its docker-archive calls the image."""
    with tarfile.open(archive) as tar:
        root = json.load(tar.extractfile("index.json"))["manifests"][0]
        document = json.load(tar.extractfile(f"blobs/sha256/{root['digest'][7:]}"))
        return [m["platform"]["architecture"] for m in document.get("manifests", [])], json.load(tar.extractfile("manifest.json"))


@pytest.mark.parametrize("client", ["gantry", "docker"])
def test_saved_and_loaded_whole(listed, daemon, tmp_path, client):
    if client == "docker" and not shutil.which("docker"):
        pytest.skip("the docker command is not installed")
    cli = Cli(client, daemon)
    archive = tmp_path / "all.tar"
    cli.ok("save", "-o", archive, listed.name)
    found, docker = members(archive)
    assert found == ARCHITECTURES and [entry["RepoTags"] for entry in docker] == [[listed.name]]
    before = json.loads(listed.ok("image", "inspect", listed.name))[0]["Id"]
    listed.ok("rmi", listed.name)
    assert f"Loaded image: {listed.name}" in cli.ok("load", "-i", archive)
    assert json.loads(listed.ok("image", "inspect", listed.name))[0]["Id"] == before
    assert platforms(listed, tmp_path) == BOTH
    # What was loaded is pushed whole, and saved again with the same bytes.
    listed.ok("push", listed.name)
    assert [m["platform"]["architecture"] for m in registry_manifest(listed.name)["manifests"]] == ARCHITECTURES
    listed.ok("save", "-o", tmp_path / "again.tar", listed.name)
    assert (tmp_path / "again.tar").read_bytes() == archive.read_bytes()


@pytest.mark.parametrize("client", ["gantry", "docker"])
def test_one_platform_of_a_list(listed, daemon, tmp_path, client):
    if client == "docker" and not shutil.which("docker"):
        pytest.skip("the docker command is not installed")
    cli = Cli(client, daemon)
    whole, part = tmp_path / "whole.tar", tmp_path / "part.tar"
    cli.ok("save", "-o", whole, listed.name)
    cli.ok("save", "-o", part, "--platform", "linux/arm64", listed.name)
    assert members(part)[0] == []
    refused = cli("save", "-o", tmp_path / "none.tar", "--platform", "linux/s390x", listed.name)
    assert refused.returncode == 1 and "does not provide the specified platform (linux/s390x)" in refused.stderr
    for archive, arguments in ((part, []), (whole, ["--platform", "linux/arm64"])):
        listed.ok("rmi", "-f", listed.name)
        cli.ok("load", "-i", archive, *arguments)
        assert json.loads(listed.ok("image", "inspect", listed.name))[0]["Architecture"] == "arm64"
    refused = cli("load", "-i", whole, "--platform", "linux/s390x")
    assert refused.returncode == 1 and "no image for linux/s390x in archive" in refused.stderr
    refused = cli("load", "-i", part, "--platform", "linux/amd64")
    assert refused.returncode == 1 and "no image for linux/amd64 in archive" in refused.stderr


def test_pulled_whole(listed, tmp_path):
    listed.ok("push", listed.name)
    listed.ok("rmi", listed.name)
    listed.ok("pull", "-q", "--all-platforms", listed.name)
    assert json.loads(listed.ok("image", "inspect", listed.name))[0]["Architecture"] == "amd64"
    listed.ok("save", "-o", tmp_path / "all.tar", listed.name)
    assert members(tmp_path / "all.tar")[0] == ARCHITECTURES
    # All go with the name.
    before = set(listed.ok("images", "-aq", "--no-trunc").split())
    listed.ok("rmi", listed.name)
    assert len(before - set(listed.ok("images", "-aq", "--no-trunc").split())) == 2
    # A name with one image is pulled as ever.
    single = listed.name.replace(":1", ":single")
    try:
        listed.ok("tag", "busybox", single)
        listed.ok("push", single)
        listed.ok("pull", "-q", "--all-platforms", single)
    finally:
        listed("rmi", "-f", single)
    refused = listed("pull", "--all-platforms", "--platform", "linux/arm64", listed.name)
    assert refused.returncode == 1 and "--all-platforms can't be used with --platform" in refused.stderr


@pytest.mark.parametrize("client", ["gantry", "docker"])
def test_one_platform_pushed(listed, daemon, client):
    if client == "docker" and not shutil.which("docker"):
        pytest.skip("the docker command is not installed")
    cli = Cli(client, daemon)
    cli.ok("push", "--platform", "linux/arm64", listed.name)
    manifest = registry_manifest(listed.name)
    host, rest = listed.name.split("/", 1)
    with urllib.request.urlopen(f"http://{host}/v2/{rest.rsplit(':', 1)[0]}/blobs/{manifest['config']['digest']}") as answer:
        assert json.load(answer)["architecture"] == "arm64"
    refused = cli("push", "--platform", "linux/s390x", listed.name)
    assert refused.returncode == 1 and "does not provide the specified platform (linux/s390x)" in refused.stderr
    cli.ok("push", listed.name)
    assert len(registry_manifest(listed.name)["manifests"]) == 2


def test_images_copied_from_are_of_the_stages_platform(listed, tmp_path):
    (tmp_path / "Copy").write_text(
        f"FROM --platform=$BUILDPLATFORM busybox AS tools\nCOPY --from={listed.name} /which /own\nRUN --mount=from={listed.name},target=/m cp /m/which /bound\n"
        f"FROM scratch\nCOPY --from=tools /own /bound /\nCOPY --from={listed.name} /which /target\n")
    out = tmp_path / "out"
    listed.ok("build", "-q", "-f", tmp_path / "Copy", "--platform", "linux/arm64", "-o", f"type=local,dest={out}", str(tmp_path))
    found = {path.name: path.read_text() for path in out.iterdir() if path.is_file()}
    assert found == {"own": "for amd64\n", "bound": "for amd64\n", "target": "for arm64\n"}
