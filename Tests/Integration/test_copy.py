"""`cp`, `commit`, `diff` and `export`: a container's files from outside, whether it runs or not."""
import io
import os
import subprocess
import tarfile

import pytest

from conftest import wait_for


@pytest.fixture
def source(tmp_path):
    (tmp_path / "f").write_text("content\n")
    (tmp_path / "d" / "sub").mkdir(parents=True)
    (tmp_path / "d" / "sub" / "g").write_text("deep\n")
    return tmp_path


def test_into_a_container_that_was_never_started(cli, source):
    bound = source / "bound"
    bound.mkdir()
    (source / "file").write_text("old\n")
    cli.ok("create", "--name", "box", "-v", "vol:/var/lib/v", "-v", f"{bound}:/b", "-v", f"{source}/file:/etc/one", "busybox", "cat", "/etc/one")
    cli.ok("cp", source / "f", "box:/var/lib/v/f")
    cli.ok("cp", source / "d", "box:/b")
    cli.ok("cp", source / "f", "box:/plain")
    assert (bound / "d" / "sub" / "g").read_text() == "deep\n"
    assert cli.ok("run", "--rm", "-v", "vol:/v", "busybox", "cat", "/v/f") == "content\n"
    names = tarfile.open(fileobj=io.BytesIO(archive(cli, "box:/b/d/."))).getnames()
    assert set(names) == {".", "./sub", "./sub/g"}
    assert tarfile.open(fileobj=io.BytesIO(archive(cli, "box:/etc/one"))).extractfile("one").read() == b"old\n"
    assert cli.ok("diff", "box").split("\n") == ["A /plain", ""], "mounts are no change"
    image = cli.ok("commit", "box", "made").strip()
    assert cli.ok("run", "--rm", image, "ls", "/plain") == "/plain\n"
    assert "No such file" in cli("run", "--rm", image, "ls", "/var/lib/v").stderr, "a place to mount on is no content"
    cli.ok("rm", "box")
    cli.ok("rmi", "made")


def archive(cli, path):
    return subprocess.run([cli.path, "cp", path, "-"], env=cli.environment, capture_output=True, check=True).stdout


def test_read_only(cli, source):
    cli.ok("create", "--name", "root", "--read-only", "-v", "rw:/rw", "busybox", "true")
    cli.ok("create", "--name", "volume", "-v", "ro:/run/ro:ro", "busybox", "true")
    assert "container rootfs is marked read-only" in cli("cp", source / "f", "root:/x").stderr
    cli.ok("cp", source / "f", "root:/rw/x")
    assert "mounted volume is marked read-only" in cli("cp", source / "f", "volume:/run/ro/x").stderr
    # The same volume under a name that leads there through a link.
    cli.ok("run", "--name", "linked", "-v", "ro:/run/ro:ro", "busybox", "ln", "-s", "/run/ro", "/short")
    assert "mounted volume is marked read-only" in cli("cp", source / "f", "linked:/short/x").stderr


def test_links_stay_inside(cli, source):
    """/var/run leads to /run by an absolute link: inside the container, not on the host."""
    canary = source / "canary"
    canary.mkdir()
    cli.ok("run", "-d", "--name", "box", "-v", "vol:/run/vol", "busybox", "sh", "-c",
           f"mkdir -p /var /tmp {source}; ln -s /run /var/run; ln -s {canary} /out; ln -s / /tmp/root; touch /ready; sleep 1000")
    wait_for(lambda: cli("exec", "box", "test", "-e", "/ready").returncode == 0, "the links")
    cli.ok("cp", source / "f", "box:/var/run/vol/f")
    assert cli.ok("exec", "box", "cat", "/run/vol/f") == "content\n"
    assert cli("cp", source / "f", "box:/out/f").returncode == 1
    cli.ok("cp", source / "f", "box:/tmp/root/etc/f")
    assert cli.ok("exec", "box", "cat", "/etc/f") == "content\n"
    assert list(canary.iterdir()) == []
    cli.ok("cp", "box:/tmp/root/etc/f", source / "back")
    assert (source / "back").read_text() == "content\n"


def test_what_only_a_run_has_is_not_seen(cli, source):
    cli.ok("run", "-d", "--name", "box", "--tmpfs", "/t", "busybox", "sleep", "1000")
    assert cli("cp", "box:/proc/version", source / "x").returncode == 1
    assert cli("cp", source / "f", "box:/proc/self/attr/current").returncode == 1
    assert not (source / "x").exists()
    # Docker writes beneath, where nobody sees it.
    for place in ("/proc/x", "/dev/x", "/sys/x"):
        refused = cli("cp", source / "f", f"box:{place}")
        assert refused.returncode == 1 and "made at its start" in refused.stderr, refused.stderr
    assert cli.ok("diff", "box") == ""
    assert b"localhost" in archive(cli, "box:/etc/hosts")


def test_kinds_are_not_exchanged(cli, source):
    cli.ok("run", "-d", "--name", "box", "busybox", "sh", "-c", "mkdir -p /dir/f; touch /file; sleep 1000")
    wait_for(lambda: cli("exec", "box", "test", "-e", "/file").returncode == 0, "the file")
    assert cli("cp", source / "d", "box:/file").returncode == 1
    assert cli("cp", source / "f", "box:/dir").returncode == 1, "/dir/f is a directory"
    assert cli.ok("exec", "box", "sh", "-c", "test -d /dir/f && test -f /file && echo whole") == "whole\n"


def test_owners(cli, source):
    os.chown(source / "f", 1234, 1234)
    cli.ok("run", "-d", "--name", "box", "-u", "65534:65534", "busybox", "sleep", "1000")
    cli.ok("cp", source / "f", "box:/tmp/plain")
    assert cli.ok("exec", "box", "stat", "-c", "%u:%g", "/tmp/plain") == "1234:1234\n"
    cli.ok("cp", "-a", source / "f", "box:/tmp/archived")
    assert cli.ok("exec", "box", "stat", "-c", "%u:%g", "/tmp/archived") == "65534:65534\n"


def test_a_race_with_links_leads_nowhere(gantry, source):
    """The container swaps a directory for a link to a place of the host's, over and over, while files are copied into it."""
    canary = source / "canary"
    canary.mkdir()
    (canary / "kept").write_text("kept\n")
    swap = ("import ctypes, os\n"
            "libc = ctypes.CDLL(None)\n"
            "os.makedirs('/race/real', exist_ok=True)\n"
            f"os.symlink('{canary}', '/race/link')\n"
            "open('/race/ready', 'w').close()\n"
            "while True: libc.renameat2(-100, b'/race/real', -100, b'/race/link', 2)\n")
    gantry.ok("run", "-d", "--name", "racer", "-v", "vol:/race/real/vol", "python:3.11-slim", "python3", "-c", "import time; time.sleep(1000)")
    gantry.ok("run", "-d", "--name", "swapper", "python:3.11-slim", "python3", "-c", swap)
    wait_for(lambda: gantry("exec", "swapper", "test", "-e", "/race/ready").returncode == 0, "the swapping")
    results = [gantry("cp", source / "f", f"swapper:/race/real/f{number}").returncode for number in range(60)]
    outs = [gantry("cp", "swapper:/race/real/.", source / f"out{number}").returncode for number in range(30)]
    assert 0 in results and 0 in outs, "some hit the directory"
    assert sorted(path.name for path in canary.iterdir()) == ["kept"]
    assert not any("kept" in {p.name for p in folder.iterdir()} for folder in source.glob("out*") if folder.is_dir())


def test_export_and_commit(cli, source):
    cli.ok("run", "--name", "box", "-e", "A=1", "-l", "k=v", "-v", "vol:/data", "busybox", "sh", "-c", "echo new > /new; echo hidden > /data/x; rm /etc/group")
    assert sorted(line for line in cli.ok("diff", "box").splitlines()) == ["A /new", "C /etc", "D /etc/group"]
    exported = subprocess.run([cli.path, "export", "box"], env=cli.environment, capture_output=True, check=True).stdout
    names = tarfile.open(fileobj=io.BytesIO(exported)).getnames()
    assert "new" in names and "data/x" not in names and "etc/group" not in names
    image = cli.ok("commit", "-a", "me", "-m", "said", "-c", "CMD [\"cat\", \"/new\"]", "-c", "ENV B=2", "box", "made:1").strip()
    assert cli.ok("run", "--rm", "made:1") == "new\n"
    assert cli.ok("inspect", "-f", "{{.Author}} {{.Comment}} {{json .Config.Env}} {{json .Config.Labels}}", image).startswith("me said [\"A=1\"")
    assert cli.ok("history", "--format", "{{.Comment}}", "made:1").splitlines()[0] == "said"
    assert "RUN is not a valid change command" in cli("commit", "-c", "RUN true", "box").stderr
    cli.ok("rmi", "made:1")
    loaded = subprocess.run([cli.path, "import", "-c", "CMD cat /new", "-", "imported:1"], input=exported, env=cli.environment, capture_output=True)
    assert loaded.returncode == 0, loaded.stderr
    assert cli.ok("run", "--rm", "imported:1") == "new\n"
    cli.ok("rmi", "imported:1")
