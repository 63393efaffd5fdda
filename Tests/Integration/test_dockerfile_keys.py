"""What makes a step be done again and what does not: the rows of the Dockerfile reference on cache keys, as data.

Each row is a Dockerfile with `{mark}` where a text of the row's own keeps its steps apart from all others, what is changed after a first
build, and the steps that are done again then.
"""
import os
import shutil
import uuid

import pytest

from conftest import Cli

START = "FROM busybox\nWORKDIR /{mark}\n"


def write(name, text):
    return lambda folder: (folder / name).write_text(text)


def touch(name):
    return lambda folder: os.utime(folder / name, (1, 1))


def own(name):
    return lambda folder: os.chown(folder / name, 12, 34)


def mode(name, bits):
    return lambda folder: (folder / name).chmod(bits)


def attribute(name):
    return lambda folder: os.setxattr(folder / name, "user.note", b"1")


def link(folder):
    (folder / "l").unlink()
    os.symlink("other", folder / "l")


def again(folder):
    """The same content as another file."""
    shutil.copy2(folder / "d" / "f", folder / "d" / "g")
    os.rename(folder / "d" / "g", folder / "d" / "f")


def arguments(*words):
    return lambda folder: list(words)


COPY = START + "COPY d /d\nRUN true\n"
ROWS = {
    # The files of a COPY
    "content": (COPY, write("d/f", "new\n"), ["COPY d /d", "RUN true"]),
    "mode": (COPY, mode("d/f", 0o600), ["COPY d /d", "RUN true"]),
    "attribute": (COPY, attribute("d/f"), ["COPY d /d", "RUN true"]),
    "another file": (COPY, write("d/new", "x\n"), ["COPY d /d", "RUN true"]),
    "link target": (START + "COPY l d/f /x/\n", link, ["COPY l d/f /x/"]),
    "not the time": (COPY, touch("d/f"), []),
    "not the owner in a context": (COPY, own("d/f"), []),
    "not which file it is": (COPY, again, []),
    "not what is not copied": (COPY, write("other", "new\n"), []),
    "not what is excluded": (START + "COPY --exclude=f d /d\n", write("d/f", "new\n"), []),
    "not what a pattern leaves": (START + "COPY d/*.txt /d/\n", write("d/f", "new\n"), []),
    # Files of a stage
    "not a stage that gives the same files": (
        "FROM busybox AS a\nWORKDIR /{mark}\nCOPY d/f /in\nRUN echo same > /out\nFROM busybox\nCOPY --from=a /out /{mark}\n",
        write("d/f", "new\n"), ["COPY d/f /in", "RUN echo same > /out"]),
    "a stage that gives others": (
        "FROM busybox AS a\nWORKDIR /{mark}\nCOPY d/f /in\nFROM busybox\nCOPY --from=a /in /{mark}\n", write("d/f", "new\n"),
        ["COPY d/f /in", "COPY --from=a /in /{mark}"]),
    "not what lies below a --link": (START + "COPY d/f /f\nCOPY --link other /{mark}\n", write("d/f", "new\n"), ["COPY d/f /f"]),
    # RUN
    "an argument after its ARG": (START + "RUN true 1\nARG A\nRUN true 2\n", arguments("--build-arg", "A=1"), ["RUN true 2"]),
    "not an argument that no ARG names": (START + "RUN true\n", arguments("--build-arg", "NONE=1"), []),
    "not a proxy": (START + "RUN true\n", arguments("--build-arg", "HTTP_PROXY=http://p:1"), []),
    "a proxy that ARG names": (START + "ARG HTTP_PROXY\nRUN true\n", arguments("--build-arg", "HTTP_PROXY=http://p:1"), ["RUN true"]),
    "the network": (START + "RUN true\n", arguments("--network", "none"), ["RUN true"]),
    "the name of a host": (START + "RUN true\n", arguments("--add-host", "a:1.2.3.4"), ["RUN true"]),
    "a limit": (START + "RUN true\n", arguments("--ulimit", "nofile=99"), ["RUN true"]),
    "the host's own name": (START + "RUN true\n", arguments("--build-arg", "BUILDKIT_SANDBOX_HOSTNAME=x"), ["RUN true"]),
    "not a secret": (START + "RUN --mount=type=secret,id=s true\n", arguments("--secret", "id=s,src=other"), []),
    "a file that is bound": (START + "RUN --mount=source=d,target=/m true\n", write("d/f", "new\n"), ["RUN --mount=source=d,target=/m true"]),
    "not a file beside what is bound": (START + "RUN --mount=source=d,target=/m true\n", write("other", "new\n"), []),
    # Metadata
    "not labels of the build": (START + "RUN true\n", arguments("--label", "a=b"), []),
    "all without the cache": (START + "RUN true\n", arguments("--no-cache"), ["WORKDIR /{mark}", "RUN true"]),
}
# Dockerfiles that are changed: before, after, steps done again.
TEXTS = {
    "ENV changes the RUNs after it": ("ENV A=1\nCOPY d /d\nRUN true\n", "ENV A=2\nCOPY d /d\nRUN true\n", ["RUN true"]),
    "LABEL and CMD change nothing": ("LABEL a=1\nCMD a\nRUN true\n", "LABEL a=2\nCMD b\nRUN true\n", []),
    "USER changes RUN": ("USER 1\nRUN true\n", "USER 2\nRUN true\n", ["RUN true"]),
    "SHELL changes RUN": ("RUN true\n", "SHELL [\"/bin/ash\", \"-c\"]\nRUN true\n", ["RUN true"]),
    "--chown and the destination change COPY": ("COPY d /d\nCOPY other /o\n", "COPY --chown=1 d /d\nCOPY other /p\n",
                                                ["COPY --chown=1 d /d", "COPY other /p"]),
    "a document's text": ("COPY <<E /x\n1\nE\n", "COPY <<E /x\n2\nE\n", ["COPY <<E /x"]),
    "a document with equal text after expansion": ("ARG A=1\nCOPY <<E /x\n$A\nE\n", "COPY <<E /x\n1\nE\n", []),
    "the id of a secret": ("RUN --mount=type=secret,id=a true\n", "RUN --mount=type=secret,id=b true\n",
                           ["RUN --mount=type=secret,id=b true"]),
}


@pytest.fixture
def build(daemon, tmp_path):
    """Builds a Dockerfile and gives the steps that were done, in order; FROM and metadata are no steps."""
    gantry = Cli("gantry", daemon)
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "f").write_text("old\n")
    (tmp_path / "d" / "a.txt").write_text("a\n")
    (tmp_path / "other").write_text("other\n")
    os.symlink("d", tmp_path / "l")
    mark = "key-" + uuid.uuid4().hex[:12]

    def run(dockerfile, *words):
        (tmp_path / "Dockerfile").write_text(dockerfile.replace("{mark}", mark))
        result = gantry("build", "--progress=plain", "-o", "type=cacheonly", *words, ".", cwd=tmp_path)
        assert result.returncode == 0, result.stderr
        names, done = {}, set()
        for line in result.stderr.splitlines():
            number, _, rest = line.partition(" ")
            if rest.startswith("[") and number not in names:
                names[number] = rest.split("] ", 1)[1].replace(mark, "{mark}")
            elif rest.startswith("rebuilt because"):
                done.add(number)
        return sorted(names[number] for number in done)
    run.folder = tmp_path
    return run


@pytest.mark.parametrize("name", ROWS)
def test_what_changes(build, name):
    dockerfile, change, wanted = ROWS[name]
    build(dockerfile)
    assert build(dockerfile) == []
    words = change(build.folder)
    assert build(dockerfile, *(words if isinstance(words, list) else [])) == sorted(wanted)


@pytest.mark.parametrize("name", TEXTS)
def test_what_is_written(build, name):
    before, after, wanted = TEXTS[name]
    build(START + before)
    assert build(START + after) == sorted(wanted)
