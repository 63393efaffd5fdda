"""`gantry image verify-rebuild`: builds again what is recorded and names each file that differs."""
import json

import pytest

from conftest import Cli


@pytest.fixture
def build(daemon, tmp_path):
    gantry = Cli("gantry", daemon)
    context = tmp_path / "ctx"
    context.mkdir()

    def run(dockerfile, files=None, *arguments, **options):
        for name, text in (files or {}).items():
            (context / name).write_text(text)
        (context / "Dockerfile").write_text(dockerfile)
        return gantry.ok("build", "-q", "-t", "again:1", *arguments, str(context), cwd=tmp_path, **options)
    run.gantry, run.context, run.folder = gantry, context, tmp_path
    yield run
    gantry("rmi", "-f", "again:1", "again-base:1")


def verify(build, *arguments):
    result = build.gantry("image", "verify-rebuild", "--progress=none", "--json", *arguments, cwd=build.folder)
    assert result.returncode in (0, 1) and result.stdout, result.stderr
    report = json.loads(result.stdout)
    return result.returncode, {row["path"]: row["what"] for row in report["files"]}, report["configuration"]


def test_same(build):
    build("FROM busybox\nARG A=1\nCOPY f /f\nRUN echo $A > /made && mkdir -p /d/e\nENV X=$A\n", {"f": "f\n"}, "--build-arg", "A=2",
          "--label", "l=1", "--target", "0")
    images = build.gantry.ok("images", "-aq", "--no-trunc")
    assert verify(build, "again:1") == (0, {}, [])
    # The Dockerfile of the record counts, not the one in the folder.
    (build.context / "Dockerfile").write_text("FROM scratch\n")
    text = build.gantry("image", "verify-rebuild", "again:1")
    assert text.returncode == 0 and "the image is the same when it is built again" in text.stdout
    assert build.gantry.ok("images", "-aq", "--no-trunc") == images


def test_differences_are_named(build):
    build("FROM busybox\nRUN head -c 8 /dev/urandom > /random; echo same > /same; head -c 2 /dev/urandom | od -An -tu1 | tr -d ' \\n' > /n; "
          "touch /only-$(cat /n); chmod 6$(($(cat /n | tail -c 1) % 8))0 /same\n")
    images = build.gantry.ok("images", "-aq", "--no-trunc")
    status, files, configuration = verify(build, "again:1")
    assert status == 1 and files["/random"] == ["content"] and "time" not in str(files)
    only = [what for path, what in files.items() if path.startswith("/only-")]
    assert sorted(only) in ([], [["added"], ["missing"]])
    assert build.gantry.ok("images", "-aq", "--no-trunc") == images
    text = build.gantry("image", "verify-rebuild", "--progress=none", "again:1")
    assert text.returncode == 1 and "/random: content" in text.stdout and "differ" in text.stdout


def test_a_changed_context(build):
    build("FROM busybox\nCOPY . /ctx/\n", {"a": "one\n", "b": "b\n"})
    (build.context / "a").write_text("two\n")
    (build.context / "b").chmod(0o600)
    (build.context / "c").write_text("new\n")
    status, files, _ = verify(build, "again:1")
    assert status == 1 and files["/ctx/a"][0] == "content" and files["/ctx/b"] == ["mode"] and files["/ctx/c"] == ["added"]
    elsewhere = build.folder / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "a").write_text("one\n")
    status, files, _ = verify(build, "again:1", elsewhere)
    assert status == 1 and files["/ctx/b"] == ["missing"]


def test_the_base_as_it_was(build):
    build.gantry.ok("build", "-q", "-t", "again-base:1", "-", input="FROM busybox\nRUN echo old > /base\n")
    build("FROM again-base:1\nRUN cat /base > /copy\n")
    build.gantry.ok("build", "-q", "-t", "again-base:1", "-", input="FROM busybox\nRUN echo new > /base\n")
    assert verify(build, "again:1")[0] == 0


def test_epoch_secrets_and_contexts(build):
    (build.folder / "s").write_text("secret")
    other = build.folder / "other"
    other.mkdir()
    (other / "o").write_text("o\n")
    build("FROM busybox\nCOPY --from=other o /o\nRUN --mount=type=secret,id=tok,required=true wc -c < /run/secrets/tok > /size\n", None,
          "--build-arg", "SOURCE_DATE_EPOCH=1000000000", "--secret", "id=tok,src=s", "--build-context", f"other={other}")
    missing = build.gantry("image", "verify-rebuild", "again:1", cwd=build.folder)
    assert missing.returncode == 1 and "the build had the secret `tok`, which is not recorded" in missing.stderr
    missing = build.gantry("image", "verify-rebuild", "--secret", "id=tok,src=s", "again:1", cwd=build.folder)
    assert missing.returncode == 1 and "the build context `other`" in missing.stderr
    given = ("--secret", "id=tok,src=s", "--build-context", f"other={other}")
    assert verify(build, *given, "again:1") == (0, {}, [])
    record = next(json.loads(line) for line in [build.gantry.ok("builds", "inspect", "--json", "latest")])
    assert record["recipe"]["arguments"] == {"SOURCE_DATE_EPOCH": "1000000000"} and record["recipe"]["secrets"] == ["tok"]


def test_refusals(build):
    result = build.gantry("image", "verify-rebuild", "busybox")
    assert result.returncode == 1 and "no build of `busybox` is recorded here" in result.stderr
    build.gantry.ok("build", "-q", "-t", "again:1", "-", input="FROM busybox\nRUN echo 1 > /stdin-only\n")
    result = build.gantry("image", "verify-rebuild", "again:1")
    assert result.returncode == 1 and "the build's context was no folder" in result.stderr
    assert verify(build, "again:1", build.context) == (0, {}, [])


def test_of_several_platforms_with_attestations(build):
    build("FROM --platform=$BUILDPLATFORM busybox AS b\nARG TARGETARCH\nRUN echo $TARGETARCH > /a\nFROM scratch\nCOPY --from=b /a /a\n", None,
          "--platform", "linux/arm64,linux/amd64", "--provenance=true", "--sbom=true")
    assert verify(build, "again:1") == (0, {}, [])


def test_a_dockerfile_outside(build):
    """Its ignore file is part of the record."""
    outside = build.folder / "outside"
    outside.mkdir()
    (outside / "Own").write_text("FROM busybox\nCOPY . /ctx/\n")
    (outside / "Own.dockerignore").write_text("left\n")
    build("FROM scratch\n", {"left": "left", "taken": "taken"}, "-f", outside / "Own")
    assert "left" not in build.gantry.ok("run", "--rm", "--network", "none", "again:1", "ls", "/ctx")
    (outside / "Own.dockerignore").write_text("taken\n")
    assert verify(build, "again:1") == (0, {}, [])
