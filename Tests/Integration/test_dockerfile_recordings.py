"""Builds that were recorded with a real builder, done again by our daemon and compared.

The recordings lie beside the repository (`../shared/reference`, or where GANTRY_REFERENCE says); without them the tests are
skipped. What is compared: exit status, error, configuration, history, and every path that the build added to or changed in its
base: kind, mode, owner, size, content, link target, and whether its time is the source's or that of the build.
"""
import hashlib
import http.server
import io
import json
import os
import re
import subprocess
import tarfile
import threading
from pathlib import Path

import pytest

from conftest import ROOT, clean, Cli

REFERENCE = Path(os.environ.get("GANTRY_REFERENCE") or ROOT.parent / "shared" / "reference") / "recordings" / "dockerfile"
CASES = sorted(path.name for path in REFERENCE.iterdir()) if REFERENCE.is_dir() else []
pytestmark = pytest.mark.skipif(not CASES, reason="the recordings of real builds are not at hand")

KINDS = {tarfile.DIRTYPE: "dir", tarfile.REGTYPE: "file", tarfile.SYMTYPE: "symlink", tarfile.LNKTYPE: "hardlink",
         tarfile.FIFOTYPE: "fifo", tarfile.CHRTYPE: "char"}
OF_THE_ENGINE = {"/.dockerenv", "/dev", "/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/etc/mtab", "/dev/console",
                 "/dev/pts", "/dev/shm", "/proc", "/sys"}

# What we refuse or do although the recorded builder (BuildKit 0.13) did otherwise: newer ones do as we do.
# case: (exit status, part of the error; None for success)
DIFFERENT_OUTCOME = {
    "004-copy-multi-no-slash": (1, "the destination must be a directory and end with a /"),
    "006-copy-wildcard-multi-no-slash": (1, "the destination must be a directory and end with a /"),
    "007-copy-wildcard-nomatch": (1, "not found"),
    "017-copy-chown-nosuch-user": (1, "no such user: nosuch"),
    "026-copy-parents": (0, None),
    "027-copy-exclude": (0, None),
    "074-run-security-insecure": (1, "security.insecure is not allowed"),
}

# Paths whose listing differs, with the reason.
DIFFERENT_PATHS = {
    "016-copy-chown": {"/mix": "the group `daemon` is another in the base at hand", "/names": "as above"},
    "021-copy-chmod-symbolic": {"/a": "symbolic modes were ignored silently"},
    "022-copy-from-stage": {"/r": "a program of the base, which is another build of it"},
    "025-copy-link": {"/link": "newer builders do not follow the link: the layer knows nothing of what is below it",
                      "/link/f": "as above", "/real/f": "as above"},
    "057-dockerignore": {"/ctx/a/b/c": "a directory that is left out but for a file in it: its own time is not taken over"},
    "070-delete-lower-files": {"/etc/passwd": "the base at hand has more accounts"},
    "073-run-network-none": {"/r": "name servers of the machine"},
    "076-run-env-sandbox": {"/s": "what the kernel, cgroups and limits of the machine look like"},
}
# Recorded on a base made by the classic builder, which does not set this field; ours is made by our own builder.
WITHOUT_ARGS_ESCAPED = {"044-cmd-entrypoint-reset"}

# Messages that say the same in other words, as parts of ours.
DIFFERENT_MESSAGES = {
    "024-copy-from-missing-path": '"/nosuch": not found',
    "040-env-bad-substitution": "missing '}'",
    "043-shell-and-forms": "did not complete successfully: exit code",
    "028-copy-names-with-spaces": "unexpected end of statement while looking for matching double-quote",
}


def load(name, file):
    return json.loads((REFERENCE / name / file).read_text())


def listing(gantry, image):
    """Every path of an image as the recordings have it."""
    container = gantry.ok("create", image, "x").strip()
    try:
        data = subprocess.run([gantry.path, "export", container], capture_output=True, env=gantry.environment, check=True).stdout
    finally:
        gantry.ok("rm", "-v", container)
    result = {}
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for member in archive:
            path = "/" + member.name.strip("/")
            if path in OF_THE_ENGINE or path == "/.":
                continue
            entry = {"path": path, "type": KINDS.get(member.type, "?"), "mode": "%04o" % member.mode, "uid": member.uid,
                     "gid": member.gid}
            if entry["type"] == "file":
                entry["size"] = member.size
                if member.size < 200:
                    content = archive.extractfile(member).read()
                    try:
                        entry["content"] = content.decode()
                    except UnicodeDecodeError:
                        entry["sha256"] = hashlib.sha256(content).hexdigest()
            if member.linkname:
                entry["target"] = member.linkname
            entry["mtime"] = int(member.mtime) if member.mtime in (1700000000, 1600000000, 0) else "other"
            result[path] = entry
    return result


@pytest.fixture(scope="module")
def base(daemon):
    return listing(Cli("gantry", daemon), "busybox")


@pytest.fixture
def served(tmp_path):
    """The context over HTTP on a port of loopback."""
    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, directory=str(tmp_path / "context"), **options)

        def log_message(self, *_):
            pass
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def shape(config):
    """The fields that a Dockerfile decides; empty values count as missing."""
    keys = ("Env", "Cmd", "Entrypoint", "WorkingDir", "User", "Labels", "ExposedPorts", "Volumes", "Healthcheck", "OnBuild",
            "StopSignal", "Shell", "ArgsEscaped")
    return {key: config[key] for key in keys if config.get(key)}


def sentence(error):
    """A message without what differs from machine to machine."""
    error = re.sub(r"^ERROR: failed to solve: ", "", error)
    error = re.sub(r"rpc error: code = Unknown desc = ", "", error)
    error = re.sub(r"checksum of ref [^ ]*:", "checksum of ref", error)
    error = re.sub(r"/var/lib/docker/[^ ]*?/merged", "", error)
    return error.replace("dial tcp 127.0.0.1:1: ", "")


def comparable(entries):
    result = {}
    for entry in entries:
        # Which of several names of a file is the link depends on the order of the archive.
        if entry["type"] != "hardlink":
            result[entry["path"]] = {**entry, "mode": "%04o" % int(entry["mode"], 8)}
    return result


@pytest.mark.parametrize("name", CASES)
def test_recorded_build(name, gantry, base, served, tmp_path):
    case, recorded = load(name, "case.json"), load(name, "buildx.json")
    context = tmp_path / "context"
    context.mkdir()
    subprocess.run(["bash", REFERENCE / name / "context.sh"], cwd=context, check=True, capture_output=True)
    for file in context.iterdir():
        if file.is_file() and file.name in ("Dockerfile", "D") and b"127.0.0.1:8000" in file.read_bytes():
            file.write_bytes(file.read_bytes().replace(b"127.0.0.1:8000", b"127.0.0.1:%d" % served))
    bases = re.findall(r"printf '(.*)' \| DOCKER_BUILDKIT=0 docker build -q -t dfbase -", case.get("pre", ""))
    for text in bases:
        gantry.ok("build", "-q", "-t", "dfbase", "-", input=text.encode().decode("unicode_escape"))
    image = f"dfcase:{name[:3]}"
    try:
        result = gantry("build", "--progress=plain", "--no-cache", "-t", image, *case["args"].split(), cwd=context)
        compare(name, gantry, image, base, recorded, result, served)
    finally:
        gantry("rmi", "-f", image, *(["dfbase"] if bases else []))


def compare(name, gantry, image, base, recorded, result, port):
    wanted = recorded["exit"]
    if name in DIFFERENT_OUTCOME:
        wanted, part = DIFFERENT_OUTCOME[name]
        assert result.returncode == wanted, result.stderr
        assert part is None or part in result.stderr, result.stderr
        return
    assert result.returncode == wanted, result.stderr
    if wanted:
        last = [line for line in result.stderr.splitlines() if line.startswith("ERROR: ")][-1]
        if name in DIFFERENT_MESSAGES:
            assert DIFFERENT_MESSAGES[name] in last
        else:
            assert sentence(last) == sentence(recorded["error"])
        return
    inspected = json.loads(gantry.ok("image", "inspect", image))[0]
    config = shape(inspected["Config"])
    if name in WITHOUT_ARGS_ESCAPED:
        config.pop("ArgsEscaped", None)
    assert config == shape(recorded["config"])
    assert inspected.get("Author", "") == (recorded.get("author") or "")
    own = [line["created_by"] for line in recorded["history"] if line["comment"] == "buildkit.dockerfile.v0"]
    lines = [json.loads(line) for line in
             gantry.ok("history", "--no-trunc", "--human=false", "--format", "json", image).splitlines()]
    assert [line["CreatedBy"].replace(f"127.0.0.1:{port}", "127.0.0.1:8000") for line in lines[:len(own)]] == own
    assert {line["Comment"] for line in lines[:len(own)]} <= {"buildkit.dockerfile.v0"}
    compare_trees(name, listing(gantry, image), base, recorded)


def compare_trees(name, tree, base, recorded):
    excused = DIFFERENT_PATHS.get(name, {})
    if isinstance(recorded["tree_removed"], list):
        ours = comparable(entry for path, entry in tree.items() if base.get(path) != entry)
        assert sorted(path for path in base if path not in tree) == recorded["tree_removed"]
    else:
        ours = comparable(tree.values())
    theirs = comparable(recorded["tree_added_or_changed"])
    for path in excused:
        ours.pop(path, None)
        theirs.pop(path, None)
    for path, entry in ours.items():
        # The time of the build is never later than the newest input here, which is what the contexts' files have.
        if path in theirs and theirs[path]["mtime"] == "other" and entry["mtime"] == 1700000000:
            entry["mtime"] = "other"
    assert ours == theirs
