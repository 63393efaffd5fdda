"""Transcripts of real Docker, played against our daemon with the docker command: what it prints and how it exits must agree.

The recordings are not part of the project; where they are not beside it, this is skipped.
"""
import difflib
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from conftest import ROOT, clean

RECORDINGS = ROOT.parent / "shared" / "reference" / "recordings" / "cli"

# Those whose answers do not depend on the recorded host's images, clock and kernel.
PLAYED = [
    "007-run-echo", "008-run-exit-codes", "009-run-127-126", "014-run-detach", "030-run-oom", "041-run-health", "043-run-signals",
    "047-rm", "073-update", "100-events-live", "102-logs-follow-interrupt", "013-run-name-conflict", "015-run-cidfile", "016-run-stdin", "018-run-attach-flags", "022-run-entrypoint",
    "029-run-labels", "034-run-readonly", "035-run-caps", "037-run-links", "044-create-start", "045-stop-restart",
    "048-ps-filters", "049-ps-formats", "060-cp-stopped-readonly", "061-diff", "074-rename", "075-wait", "097-aliases", "098-run-rm-detached",
    "103-container-auto-names",
]

SECTION = re.compile(r"(?m)^=== (command|setup|file|exit|stdout|stderr)\b ?(.*)\n")


def steps(path):
    """The steps of a transcript: (kind, command or content, name, what was recorded)."""
    parts = SECTION.split(path.read_text())
    sections = [(parts[i], parts[i + 1], re.sub(r"(?m)^# note: .*\n?", "", parts[i + 2])) for i in range(1, len(parts), 3)]
    for index, (kind, name, text) in enumerate(sections):
        if kind in ("setup", "file"):
            yield kind, text.rstrip("\n"), name, None
        elif kind == "command":
            recorded = dict((k, t) for k, _, t in sections[index + 1:index + 4])
            yield kind, text.rstrip("\n"), name, recorded


def recorded_text(text):
    return "" if text.rstrip("\n") == "(empty)" else text.removesuffix("\n(no newline at end)\n")


def masked(text):
    """Without what differs from one run to the next."""
    for pattern, word in [
        (r"\b[0-9a-f]{64}\b", "ID"), (r"\b(?=[0-9a-f]*[0-9])[0-9a-f]{12}\b", "ID"),
        (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?( ?[+-]\d{4}( UTC)?|Z)?", "TIME"),
        (r"(About a minute|Less than a second|\d+ (second|minute|hour|day)s?)", "SPAN"),
        (r"172\.\d+\.\d+\.\d+", "ADDRESS"), (r"virtual [0-9.]+MB", "virtual SIZE"), (r"/[a-z]+_[a-z]+\d*/w", "/NAME/w"),
        (r"cannot remove container \"/", "cannot remove container \""), (r" +", " "),
    ]:
        text = re.sub(pattern, word, text)
    return text.rstrip("\n")


@pytest.fixture
def play(daemon, tmp_path):
    folder = tmp_path / "dev"
    folder.mkdir()
    environment = {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(tmp_path), "TERM": "xterm", "LANG": "C.UTF-8",
        "DOCKER_HOST": daemon.host, "DOCKER_CONFIG": str(tmp_path / "config")}

    def run(command):
        done = subprocess.run(
            ["bash", "-c", command.replace("/home/dev", str(folder))], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
            capture_output=True, timeout=60)
        text = lambda b: b.decode("utf-8", "backslashreplace").replace("\r", "\\r").replace(str(folder), "/home/dev").replace(daemon.host, "unix:///run/docker.sock")
        return str(done.returncode), text(done.stdout), text(done.stderr)

    yield run, folder
    clean(daemon)


@pytest.mark.parametrize("name", PLAYED)
def test_as_docker_answered(play, name):
    path = RECORDINGS / f"{name}.txt"
    if not path.exists():
        pytest.skip(f"the recordings of real Docker are not at {RECORDINGS}")
    if not shutil.which("docker"):
        pytest.skip("the docker command is not installed")
    run, folder = play
    differences = []
    for kind, text, file, recorded in steps(path):
        if kind == "file":
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_text(text + "\n")
            continue
        code, out, err = run(text)
        if kind == "setup":
            assert code == "0", f"{text}: {err}"
            continue
        for what, now, then in [("exit", code, recorded["exit"].strip()), ("stdout", out, recorded_text(recorded["stdout"])),
                                ("stderr", err, recorded_text(recorded["stderr"]))]:
            if masked(now) != masked(then):
                lines = difflib.unified_diff(masked(then).split("\n"), masked(now).split("\n"), "docker", "gantry", lineterm="", n=0)
                differences.append(f"$ {text}\n[{what}]\n" + "\n".join(lines))
    assert not differences, "\n".join(differences)
