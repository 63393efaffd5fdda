"""What happens when the host has no more to give: disks that turn read-only, no more processes, descriptors or watches. Whatever is
asked is refused in a sentence, the daemon lives, and when there is enough again all goes on."""
import os
import resource
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from conftest import IMAGES, Cli, Daemon, wait_for
from test_survival import kernel_things


@pytest.fixture
def own_cli(own):
    cli = Cli("gantry", own)
    # The first container makes what stays, such as the bridge.
    cli.ok("run", "--rm", "busybox", "true")
    return cli


def open_descriptors(daemon):
    return len(os.listdir(f"/proc/{daemon.process.pid}/fd"))


def settled(daemon):
    """What the daemon holds in the kernel, once what runs in the background has come to rest."""
    def same():
        before = kernel_things(daemon)
        time.sleep(0.3)
        return before if before == kernel_things(daemon) else None
    return wait_for(same, "a state that stays")


# MARK: A disk that turns read-only


@pytest.fixture
def failing_disk(tmp_path):
    """A daemon whose data root is a file system of its own that turns read-only at its first error, as ext4 does by default."""
    if not Path("/dev/loop-control").exists() or not shutil.which("mkfs.ext4"):
        pytest.skip("a disk of our own needs loop devices and mkfs.ext4")
    image = tmp_path / "disk"
    with open(image, "wb") as file:
        file.truncate(256 << 20)
    subprocess.run(["mkfs.ext4", "-q", "-F", "-e", "remount-ro", image], check=True)
    one = Daemon(tmp_path / "daemon", "gtest5", "--bip", "172.31.241.1/24")
    one.data.mkdir(parents=True)
    subprocess.run(["mount", "-o", "loop,errors=remount-ro", image, one.data], check=True)
    one.data.chmod(0o710)
    try:
        one.start()
        one.image = image
        Cli("gantry", one).ok("load", "-i", IMAGES / "busybox.tar")
        yield one
    finally:
        one.destroy()
        subprocess.run(["umount", "-l", one.data], check=True)


def device(path):
    return next(line.split()[0] for line in open("/proc/mounts") if line.split()[1] == str(path)).removeprefix("/dev/")


def test_read_only_disk(failing_disk):
    own, cli = failing_disk, Cli("gantry", failing_disk)
    cli.ok("run", "-d", "--name", "before", "busybox", "sh", "-c", "while true; do echo tick; sleep 0.1; done")
    cli.ok("create", "--name", "made", "busybox", "true")
    pid = int(cli.ok("inspect", "-f", "{{.State.Pid}}", "before"))
    trigger = Path(f"/sys/fs/ext4/{device(own.data)}/trigger_fs_error")
    if not trigger.exists():
        pytest.skip("this kernel cannot be told to find an error in a file system")
    # What is not on the disk yet is lost, as in a power cut.
    subprocess.run(["sync", "-f", own.data], check=True)
    trigger.write_text("a test's\n")
    with pytest.raises(OSError):
        (own.data / "probe").write_text("")
    # Everything that would change something is refused in a sentence; what only reads works; the container runs on.
    for arguments in (("run", "--rm", "busybox", "true"), ("start", "made"), ("volume", "create", "more"), ("network", "create", "more"),
                      ("rename", "made", "other"), ("rm", "made"), ("tag", "busybox", "more"), ("rmi", "-f", "busybox"),
                      ("load", "-i", IMAGES / "busybox.tar"), ("stop", "-t", "1", "before"), ("commit", "made", "more")):
        result = cli(*arguments, timeout=60)
        if arguments[0] != "load":
            assert result.returncode != 0, (arguments, result)
            assert "read" in result.stderr.lower() or "disk" in result.stderr.lower(), (arguments, result.stderr)
        assert own.process.poll() is None, own.tail()
    assert "made" in cli.ok("ps", "-a") and "busybox" in cli.ok("images")
    assert "tick" in cli.ok("logs", "before")
    os.kill(pid, 0)
    # As an administrator does: the daemon goes, the container that keeps the disk busy too, the disk is repaired.
    own.stop(signal.SIGKILL)
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not Path(f"/proc/{pid}").exists(), "the container's end")
    wait_for(lambda: subprocess.run(["umount", own.data], capture_output=True).returncode == 0, "a disk that nobody uses")
    assert subprocess.run(["fsck.ext4", "-fy", own.image], capture_output=True).returncode in (0, 1)
    subprocess.run(["mount", "-o", "loop,errors=remount-ro", own.image, own.data], check=True)
    own.start()
    assert cli.ok("inspect", "-f", "{{.State.Status}} {{.State.ExitCode}}", "before") == "exited 137\n"
    assert cli.ok("start", "-a", "made") == ""
    assert cli.ok("run", "--rm", "busybox", "echo", "again") == "again\n"
    cli.ok("start", "before")
    cli.ok("rm", "-f", "before", "made")


# MARK: No more processes


@pytest.fixture
def pids_group(own):
    """The daemon in a control group of its own whose number of processes can be limited."""
    parents = [path for path in (Path("/sys/fs/cgroup/pids"), Path("/sys/fs/cgroup")) if (path / "cgroup.procs").exists()]
    if not parents or "pids" not in Path("/proc/cgroups").read_text():
        pytest.skip("the host has no controller `pids`")
    group = parents[0] / "gantry-test-starved"
    group.mkdir(exist_ok=True)
    (group / "cgroup.procs").write_text(str(own.process.pid))
    yield group
    (group / "pids.max").write_text("max")
    def emptied():
        """The shims of its containers are there, too, and may start something meanwhile."""
        for process in (group / "cgroup.procs").read_text().split():
            try:
                (parents[0] / "cgroup.procs").write_text(process)
            except ProcessLookupError:
                continue
        try:
            group.rmdir()
        except OSError:
            return False
        return True

    wait_for(emptied, "an empty group")


def test_out_of_processes(own, own_cli, pids_group):
    own_cli.ok("run", "-d", "--name", "runs", "busybox", "sh", "-c", 'trap "exit 3" TERM; while true; do sleep 0.1; done')
    before = settled(own)
    current = int((pids_group / "pids.current").read_text())
    failures = 0
    for more in range(0, 7):
        (pids_group / "pids.max").write_text(str(current + more))
        result = own_cli("run", "--rm", "busybox", "true", timeout=60)
        if result.returncode != 0:
            failures += 1
            assert result.returncode == 125 and "resource temporarily unavailable" in result.stderr.lower(), (more, result.stderr)
        assert own.process.poll() is None, own.tail()
        assert own_cli.ok("ps", "-q").count("\n") == 1
    assert failures > 0, "some of these limits were too low"
    (pids_group / "pids.max").write_text(str(current))
    result = own_cli("exec", "runs", "true")
    assert result.returncode != 0 and "resource temporarily unavailable" in result.stdout + result.stderr, result
    (pids_group / "pids.max").write_text("max")
    assert own_cli.ok("run", "--rm", "busybox", "echo", "again") == "again\n"
    assert settled(own) == before, "nothing is left of what failed"
    own_cli.ok("stop", "runs")
    assert own_cli.ok("inspect", "-f", "{{.State.ExitCode}}", "runs") == "3\n"
    own_cli.ok("rm", "runs")


# MARK: No more descriptors


def test_out_of_descriptors(own, own_cli):
    own_cli.ok("run", "-d", "--name", "runs", "busybox", "sleep", "1000")
    before = settled(own)
    limits = resource.prlimit(own.process.pid, resource.RLIMIT_NOFILE)
    used = wait_for(lambda: open_descriptors(own), "its descriptors")
    highest = max(int(name) for name in os.listdir(f"/proc/{own.process.pid}/fd")) + 1
    try:
        failures = 0
        for more in range(1, 40, 2):
            resource.prlimit(own.process.pid, resource.RLIMIT_NOFILE, (highest + more, limits[1]))
            try:
                result = own_cli("run", "--rm", "busybox", "true", timeout=20)
            except subprocess.TimeoutExpired:
                # The connection itself could not be taken; it waits for one that can.
                continue
            if result.returncode != 0:
                failures += 1
                assert "too many open files" in result.stderr.lower() or "connect" in result.stderr.lower(), (more, result.stderr)
            assert own.process.poll() is None, own.tail()
        assert failures > 0, "some of these limits were too low"
    finally:
        resource.prlimit(own.process.pid, resource.RLIMIT_NOFILE, limits)
    assert own_cli.ok("run", "--rm", "busybox", "echo", "again") == "again\n"
    assert own_cli.ok("exec", "runs", "echo", "still") == "still\n"
    assert settled(own) == before, "nothing is left of what failed"
    wait_for(lambda: open_descriptors(own) <= used + 8, "no more descriptors than before")
    own_cli.ok("rm", "-f", "runs")


# MARK: No more watches


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
def test_out_of_watches(own, own_cli):
    """Following a log needs an inotify instance, of which each user has few."""
    own_cli.ok("run", "-d", "--name", "talks", "busybox", "sh", "-c", "while true; do echo tick; sleep 0.1; done")
    tracer = subprocess.Popen(
        ["strace", "-f", "-q", "-p", str(own.process.pid), "-e", "trace=inotify_init1", "-e", "inject=inotify_init1:error=EMFILE"],
        stderr=subprocess.DEVNULL)
    wait_for(lambda: f"TracerPid:\t{tracer.pid}" in Path(f"/proc/{own.process.pid}/status").read_text(), "the tracer")
    try:
        result = own_cli("logs", "-f", "talks", timeout=20)
        assert result.returncode == 1 and "fs.inotify.max_user_instances" in result.stderr, result
        assert "tick" in own_cli.ok("logs", "talks"), "what is there can be read"
    finally:
        tracer.send_signal(signal.SIGINT)
        tracer.wait(20)
    follower = subprocess.Popen([own_cli.path, "logs", "-f", "talks"], env=own_cli.environment, stdout=subprocess.PIPE, text=True)
    for _ in range(5):
        assert follower.stdout.readline() == "tick\n"
    own_cli.ok("rm", "-f", "talks")
    assert follower.wait(20) == 0
