"""A COPY that is done again shares the files that stayed the same with the layer it made before."""
import time

import pytest

from conftest import wait_for


@pytest.fixture
def context(tmp_path):
    folder = tmp_path / "context"
    for number in range(60):
        path = folder / "tree" / f"d{number % 6}" / "deep" / f"f{number}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"content of {number}\n" * (number + 1))
    (folder / "tree" / "link").symlink_to("d1/deep")
    (folder / "Dockerfile").write_text("FROM busybox\nARG SOURCE_DATE_EPOCH\nCOPY tree /a/tree\n")
    return folder


def settle(folder):
    """Files that changed this very moment may change again unseen: they are not remembered."""
    newest = max(path.stat(follow_symlinks=False).st_ctime for path in folder.rglob("*"))
    wait_for(lambda: time.time() > newest + 0.2, "the files' change to be past")


def build(gantry, context, tag, *flags):
    settle(context)
    gantry.ok("build", "-q", "-t", tag, *flags, context)
    return gantry.ok("inspect", "-f", "{{json .RootFS.Layers}}", tag)


def copies(daemon, path):
    """What layers hold of a file, by inode."""
    found = [one.stat() for one in daemon.data.glob(f"layers/*/diff/a/tree/{path}")]
    return sorted(found, key=lambda status: status.st_ino)


def test_files_that_stay_are_shared(daemon, gantry, context):
    first = build(gantry, context, "one")
    (context / "tree/d3/deep/f9").write_text("new\n")
    (context / "tree/d4/deep/f10").chmod(0o755)
    second = build(gantry, context, "two")
    assert first != second
    [stayed, again] = copies(daemon, "d1/deep/f7")
    assert stayed.st_ino == again.st_ino
    for changed in ("d3/deep/f9", "d4/deep/f10"):
        [one, other] = copies(daemon, changed)
        assert one.st_ino != other.st_ino
    show = "cd /a/tree; cat d3/deep/f9; stat -c %a d4/deep/f10; cat d1/deep/f7 link/f7 | md5sum; find . | wc -l"
    old, new = (gantry.ok("run", "--rm", tag, "sh", "-c", show).splitlines() for tag in ("one", "two"))
    assert (old[0], new[0]) == ("content of 9", "new") and (old[10], new[1]) == ("644", "755")
    assert old[-2:] == new[-2:]

    # Writing to a file in a container changes the layers of neither.
    assert gantry.ok("run", "--rm", "two", "sh", "-c", "echo more >> /a/tree/d1/deep/f7; tail -n 1 /a/tree/d1/deep/f7") == "more\n"
    assert "more" not in gantry.ok("run", "--rm", "one", "cat", "/a/tree/d1/deep/f7")
    # The digest of each layer is checked while it is written.
    for tag in ("one", "two"):
        gantry.ok("save", "-o", context.parent / f"{tag}.tar", tag)


def test_other_looks_are_not_shared(daemon, gantry, context):
    build(gantry, context, "plain")
    owned = context / "owned"
    owned.write_text("FROM busybox\nARG SOURCE_DATE_EPOCH\nCOPY --chown=7:8 tree /a/tree\n")
    build(gantry, context, "owned", "-f", owned)
    assert gantry.ok("run", "--rm", "owned", "stat", "-c", "%u:%g", "/a/tree/d1/deep/f7") == "7:8\n"
    assert gantry.ok("run", "--rm", "plain", "stat", "-c", "%u:%g", "/a/tree/d1/deep/f7") == "0:0\n"
    # Times that are set to a limit are those of new files.
    before = gantry.ok("run", "--rm", "plain", "stat", "-c", "%Y", "/a/tree/d1/deep/f7")
    build(gantry, context, "early", "--build-arg", "SOURCE_DATE_EPOCH=1000000000")
    assert gantry.ok("run", "--rm", "early", "stat", "-c", "%Y", "/a/tree/d1/deep/f7") == "1000000000\n"
    assert gantry.ok("run", "--rm", "plain", "stat", "-c", "%Y", "/a/tree/d1/deep/f7") == before != "1000000000\n"
    gantry.ok("save", "-o", context.parent / "plain.tar", "plain")
