"""containerd drives gantry-oci through its own shim: what `ctr` does with containers."""
import json
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from conftest import BIN, IMAGES, wait_for

pytestmark = pytest.mark.skipif(not shutil.which("containerd") or not shutil.which("ctr"), reason="containerd is not installed")

IMAGE = "docker.io/library/busybox:latest"
UNUSED = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"] + [
    f"io.containerd.snapshotter.v1.{name}" for name in ("aufs", "btrfs", "devmapper", "zfs")]


class Containerd:
    """One of the tests' own: root, state and socket are in its folder."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="gantry-containerd-", dir="/var/tmp"))
        self.folder.chmod(0o755)
        self.socket = self.folder / "s"
        (self.folder / "config.toml").write_text(f"""
version = 2
root = "{self.folder}/root"
state = "{self.folder}/state"
disabled_plugins = {json.dumps(UNUSED)}
[grpc]
address = "{self.socket}"
[ttrpc]
address = "{self.socket}.ttrpc"
""")
        self.log = open(self.folder / "log", "w+")
        self.process = subprocess.Popen(
            ["containerd", "-c", self.folder / "config.toml"], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        wait_for(lambda: self.call("version").returncode == 0, "containerd's answer")
        self("images", "import", IMAGES / "busybox.tar")

    def call(self, *arguments, **options):
        return subprocess.run(
            ["ctr", "-a", self.socket, *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=40, **options)

    def __call__(self, *arguments):
        result = self.call(*arguments)
        assert result.returncode == 0, (arguments, result.stdout, result.stderr, (self.folder / "log").read_text()[-2000:])
        return result.stdout

    def run_arguments(self, *options):
        return ["run", *options, "--runtime", "io.containerd.runc.v2", "--runc-binary", BIN / "gantry-oci", "--runc-root",
                self.folder / "runtime"]

    def run(self, name, *command, options=()):
        return self.call(*self.run_arguments("--rm", *options), IMAGE, name, *command)

    def status(self, name):
        rows = [line.split() for line in self("task", "ls").splitlines()]
        return next((row[2] for row in rows if row[0] == name), None)

    def destroy(self):
        try:
            for name in self("task", "ls", "-q").split():
                self("task", "rm", "-f", name)
            for name in self("containers", "ls", "-q").split():
                self("containers", "rm", name)
        finally:
            self.process.terminate()
            self.process.wait(20)
            self.log.close()
            shutil.rmtree(self.folder)


@pytest.fixture(scope="module")
def containerd():
    made = Containerd()
    yield made
    made.destroy()


def test_run(containerd):
    assert containerd.run("one", "echo", "hello").stdout == "hello\n"
    assert containerd.run("two", "sh", "-c", "echo out; echo err >&2; exit 41").returncode == 41
    failed = containerd.run("three", "nosuch")
    assert failed.returncode == 1 and "executable file not found in $PATH" in failed.stderr, failed
    assert containerd.run("env", "sh", "-c", "echo $A; pwd", options=["--env", "A=b", "--cwd", "/tmp"]).stdout == "b\n/tmp\n"
    assert containerd.run("closed", "touch", "/x", options=["--read-only"]).returncode == 1
    (containerd.folder / "source").write_text("bound")
    assert containerd.run("bound", "cat", "/b", options=[
        "--mount", f"type=bind,src={containerd.folder}/source,dst=/b,options=rbind:ro"]).stdout == "bound"
    assert containerd.run("filtered", "awk", "/^Seccomp:/{print $2}", "/proc/self/status", options=["--seccomp"]).stdout == "2\n"
    left = [str(path) for path in (containerd.folder / "runtime").glob("default/*/*")]
    assert not left, "the runtime's state goes with its containers"


def test_life(containerd):
    containerd(*containerd.run_arguments("-d", "--memory-limit", 64 << 20), IMAGE, "life", "sleep", "100")
    limits = [Path("/sys/fs/cgroup/default/life/memory.max"), Path("/sys/fs/cgroup/memory/default/life/memory.limit_in_bytes")]
    assert [path.read_text() for path in limits if path.exists()] == [f"{64 << 20}\n"]
    assert containerd.status("life") == "RUNNING"
    assert containerd("task", "exec", "--exec-id", "e1", "life", "sh", "-c", "echo inside; id -u") == "inside\n0\n"
    assert containerd.call("task", "exec", "--exec-id", "e2", "life", "sh", "-c", "exit 5").returncode == 5
    containerd("task", "pause", "life")
    assert containerd.status("life") == "PAUSED"
    containerd("task", "resume", "life")
    assert containerd.status("life") == "RUNNING"
    assert "memory" in containerd("task", "metrics", "life")
    pid = next(line.split()[1] for line in containerd("task", "ls").splitlines() if line.startswith("life"))
    assert pid in containerd("task", "ps", "life")
    containerd("task", "kill", "-s", "KILL", "life")
    wait_for(lambda: containerd.status("life") == "STOPPED", "the end")
    # ctr tells the task's exit status as its own.
    assert containerd.call("task", "rm", "life").returncode in (0, 137)
    containerd("containers", "rm", "life")
    assert not Path(f"/proc/{pid}").exists()


def test_terminal(containerd):
    import pexpect
    child = pexpect.spawn(
        "ctr", ["-a", str(containerd.socket), *map(str, containerd.run_arguments("--rm", "-t")), IMAGE, "tty", "sh"], timeout=30,
        encoding="utf-8", dimensions=(31, 97))
    child.expect("# ")
    child.sendline("tty; stty size")
    child.expect(r"/dev/pts/0\r+\n31 97")
    child.sendline("exit 6")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 6


def test_survives_containerd(containerd):
    """The container is the shim's; a containerd that comes back finds it."""
    containerd(*containerd.run_arguments("-d"), IMAGE, "stays", "sleep", "100")
    containerd.process.kill()
    containerd.process.wait(20)
    containerd.process = subprocess.Popen(
        ["containerd", "-c", containerd.folder / "config.toml"], stdin=subprocess.DEVNULL, stdout=containerd.log, stderr=containerd.log)
    wait_for(lambda: containerd.call("version").returncode == 0, "containerd's answer")
    assert containerd.status("stays") == "RUNNING"
    assert containerd("task", "exec", "--exec-id", "e1", "stays", "echo", "still") == "still\n"
    containerd("task", "rm", "-f", "stays")
    containerd("containers", "rm", "stays")
