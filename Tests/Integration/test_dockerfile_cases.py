"""Rows of the Dockerfile reference, each built for real: see Tests/Fixtures/dockerfile/README.md."""
import json
import os
import re
import shlex
from pathlib import Path

import pytest

from conftest import ROOT, Cli
from test_dockerfile_recordings import listing

FOLDER = ROOT / "Tests" / "Fixtures" / "dockerfile"
CASES = sorted(path.stem for path in FOLDER.glob("*.case"))


def parse(name):
    """The sections of a case as (words of the head, text)."""
    text = (FOLDER / f"{name}.case").read_text()
    return [(section.split("\n", 1)[0].split(), section.split("\n", 1)[1]) for section in re.split(r"(?m)^=== ", text)[1:]]


def make_context(name, folder):
    arguments, expect, bases = [], {}, {}
    for head, text in parse(name):
        if head[0] == "args":
            arguments = shlex.split(" ".join(head[1:]))
        elif head[0] == "file":
            words = [word for word in head[1:] if not word.startswith("mode=")]
            path = folder / " ".join(words)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            for word in head[1:]:
                if word.startswith("mode="):
                    path.chmod(int(word[5:], 8))
        elif head[0] == "link":
            os.symlink(head[2], folder / head[1])
        elif head[0] == "base":
            bases[head[1]] = text
        elif head[0] == "Dockerfile":
            (folder / "Dockerfile").write_text(text)
        elif head[0] == "expect":
            expect = json.loads(text)
    return arguments, expect, bases


def test_there_are_cases():
    assert len(CASES) > 50


@pytest.mark.parametrize("name", CASES)
def test_case(name, daemon, tmp_path):
    gantry = Cli("gantry", daemon)
    arguments, expect, bases = make_context(name, tmp_path)
    image = f"case-{name}:1"
    try:
        for base, text in bases.items():
            gantry.ok("build", "-q", "-t", base, "-", input=text)
        result = gantry("build", "--progress=plain", "-t", image, *arguments, ".", cwd=tmp_path)
        assert result.returncode == expect.get("exit", 0), result.stderr
        if "error" in expect:
            assert expect["error"] in result.stderr
        for part in expect.get("output", []):
            assert part in result.stdout + result.stderr
        if result.returncode == 0:
            compare(gantry, image, expect)
    finally:
        gantry("rmi", "-f", image, *bases)


def compare(gantry, image, expect):
    if "config" in expect:
        config = json.loads(gantry.ok("image", "inspect", image))[0]["Config"]
        assert {key: config.get(key) for key in expect["config"]} == expect["config"]
    if "history" in expect:
        lines = gantry.ok("history", "--no-trunc", "--format", "{{.CreatedBy}}", image).splitlines()
        assert lines[:len(expect["history"])] == expect["history"]
    if "files" in expect or "absent" in expect:
        tree = listing(gantry, image)
        found = {path: {key: tree[path].get(key) for key in fields} if path in tree else None
                 for path, fields in expect.get("files", {}).items()}
        assert found == expect.get("files", {})
        assert [path for path in expect.get("absent", []) if path in tree] == []
