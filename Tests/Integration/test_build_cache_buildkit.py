"""Our build cache and BuildKit's: either reads what the other has written. BuildKit comes with a Docker daemon (dockerd.py)."""
import pytest

import dockerd

DOCKERFILE = "FROM busybox\nENV A=1\nRUN echo hi > /hi\nCOPY f /f\nRUN cat /f /hi > /both\n"


@pytest.fixture(scope="module")
def buildkit(tmp_path_factory):
    if not dockerd.IS_INSTALLED:
        pytest.skip("Debian's docker.io is not installed")
    with dockerd.serve_dockerd(tmp_path_factory.mktemp("buildkit")) as docker:
        yield docker


@pytest.fixture
def context(tmp_path):
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    (tmp_path / "f").write_text("data\n")
    return tmp_path


def test_we_read_theirs(buildkit, gantry, registry, context):
    """Its keys are not ours; an image gives the steps that its history tells."""
    tag = f"{registry}/buildkit/inline:1"
    code, text = buildkit("build", "--network", "host", "--build-arg", "BUILDKIT_INLINE_CACHE=1", "-t", tag, context)
    assert code == 0, text
    assert buildkit("push", tag)[0] == 0
    for source, hits in ((f"type=registry,ref={tag}", 0), (tag, 1)):
        gantry.ok("builder", "prune", "-af")
        result = gantry("build", "--progress=plain", "--cache-from", source, "-t", "buildkit:1", context)
        assert result.returncode == 0 and "no cache from" not in result.stderr
        assert result.stderr.count("CACHED") == hits, result.stderr
    assert gantry.ok("run", "--rm", "--network", "none", "buildkit:1", "cat", "/both") == "data\nhi\n"


@pytest.mark.parametrize("form", ["mode=max,image-manifest=false", "mode=max,oci-mediatypes=false", "mode=max", "inline"])
def test_they_read_ours(buildkit, gantry, registry, context, form):
    ref = f"{registry}/ours/cache:{form.replace('=', '-').replace(',', '-')}"
    if form == "inline":
        gantry.ok("build", "--cache-to", "type=inline", "--push", "-t", ref, context)
    else:
        gantry.ok("build", "--cache-to", f"type=registry,ref={ref},{form}", "-t", "buildkit:1", context)
    buildkit("builder", "prune", "-af")
    code, text = buildkit("build", "--progress=plain", "--network", "host", "--cache-from", ref, "-t", "theirs:1", context)
    step = next(line.split()[0] for line in text.splitlines() if "importing cache manifest from" in line)
    assert code == 0 and any(line.startswith(f"{step} DONE") for line in text.splitlines()) and "ERROR" not in text, text
