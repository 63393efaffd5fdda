"""podman drives gantry-oci: what people do with containers, through conmon and the OCI command line."""
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from conftest import BIN, IMAGES, wait_for

pytestmark = pytest.mark.skipif(not shutil.which("podman"), reason="podman is not installed")

# Its own defaults are more than every host allows.
LIMITS = ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024", "--network", "none"]


def hide_second_hierarchy():
    """podman refuses to work where the v2 tree stands beside v1; it is hidden from podman alone, in a mount namespace of its own.

    All calls share that namespace: storage keeps count of mounts that others could not see.
    """
    script = "mountpoint -q /sys/fs/cgroup/unified && umount /sys/fs/cgroup/unified; echo ready; read end"
    holder = subprocess.Popen(
        ["unshare", "-m", "--propagation", "private", "sh", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == "ready\n"
    return holder


class Podman:
    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="gantry-podman-", dir="/var/tmp"))
        self.folder.chmod(0o755)
        self.holder = hide_second_hierarchy()
        self.base = [
            "nsenter", "-t", str(self.holder.pid), "-m", "podman", "--root", str(self.folder / "root"), "--runroot",
            str(self.folder / "run"), "--storage-driver", "overlay", "--cgroup-manager", "cgroupfs", "--runtime", str(BIN / "gantry-oci")]
        # The configuration of podman's own user must not matter.
        self.environment = {**os.environ, "HOME": str(self.folder), "TMPDIR": str(self.folder)}
        self("load", "-q", "-i", IMAGES / "busybox.tar")

    def command(self, *arguments):
        return self.base + [str(argument) for argument in arguments]

    def __call__(self, *arguments, code=0, **options):
        """Runs podman with its streams in files: a container left running would keep a pipe open."""
        with open(self.folder / "out", "w+") as out, open(self.folder / "err", "w+") as err:
            result = subprocess.run(
                self.command(*arguments), stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=self.environment, timeout=40,
                cwd=self.folder, **options)
            out.seek(0)
            err.seek(0)
            self.error = err.read()
            assert result.returncode == code, (arguments, result.returncode, self.error)
            return out.read().strip()

    def run(self, *arguments, **options):
        """`run --rm` of arguments that begin with options and go on with the command."""
        options_end = arguments.index("busybox")
        return self("run", "--rm", *LIMITS, *arguments[:options_end], *arguments[options_end:], **options)

    def terminal(self, *arguments):
        """Runs podman on a terminal of its own and answers what it showed."""
        import pexpect
        child = pexpect.spawn(self.command()[0], self.command(*arguments)[1:], env=self.environment, timeout=30, encoding="utf-8", dimensions=(31, 97))
        return child

    def destroy(self):
        try:
            self("rm", "-f", "-a", "-t", "0")
            self("system", "prune", "-f")
        finally:
            subprocess.run(
                ["nsenter", "-t", str(self.holder.pid), "-m", "umount", "-R", str(self.folder / "root/overlay")], stderr=subprocess.DEVNULL)
            self.holder.communicate("end\n", timeout=20)
            shutil.rmtree(self.folder)


@pytest.fixture(scope="module")
def podman():
    made = Podman()
    yield made
    made.destroy()


def test_run(podman):
    assert podman.run("busybox", "echo", "hello") == "hello"
    podman.run("busybox", "sh", "-c", "exit 41", code=41)
    podman.run("busybox", "nosuch", code=127)
    assert "not found" in podman.error
    podman.run("busybox", "/etc", code=126)


def test_detached_logs_exec_stop(podman):
    script = 'trap "echo bye; exit 3" TERM; while true; do echo tick; sleep 0.1; done'
    podman("run", "-d", "--name", "web", *LIMITS, "busybox", "sh", "-c", script)
    assert podman("inspect", "-f", "{{.State.Status}}", "web") == "running"
    wait_for(lambda: "tick" in podman("logs", "web"), "output in the log")
    assert podman("exec", "-u", "1000", "-w", "/tmp", "-e", "A=b", "web", "sh", "-c", "id -u; pwd; echo $A").split() == ["1000", "/tmp", "b"]
    podman("exec", "web", "sh", "-c", "exit 5", code=5)
    podman("exec", "web", "nosuch", code=127)
    podman("exec", "-d", "web", "touch", "/tmp/made")
    wait_for(lambda: "made" in podman("exec", "web", "ls", "/tmp"), "what the detached exec makes")
    assert "sleep" in podman("top", "web")
    podman("stop", "-t", "10", "web")
    assert podman("inspect", "-f", "{{.State.Status}} {{.State.ExitCode}}", "web") == "exited 3"
    assert podman("logs", "web").endswith("bye")
    podman("start", "web")
    podman("kill", "-s", "KILL", "web")
    wait_for(lambda: podman("inspect", "-f", "{{.State.ExitCode}}", "web") == "137", "the end by a signal")
    podman("rm", "web")
    assert podman("ps", "-aq") == ""


def test_pause_and_update(podman):
    podman("run", "-d", "--name", "still", *LIMITS, "--memory", "64m", "busybox", "sleep", "100")
    assert podman("exec", "still", "cat", "/sys/fs/cgroup/memory/memory.limit_in_bytes") == str(64 << 20)
    podman("pause", "still")
    assert podman("ps", "-a", "--format", "{{.Status}}") == "Paused"
    podman("exec", "still", "true", code=255)
    podman("unpause", "still")
    podman("update", "--memory", "128m", "still")
    assert podman("exec", "still", "cat", "/sys/fs/cgroup/memory/memory.limit_in_bytes") == str(128 << 20)
    podman("restart", "-t", "0", "still")
    assert podman("exec", "still", "echo", "again") == "again"
    assert json.loads(podman("stats", "--no-stream", "--format", "json", "still"))[0]["pids"] == "1"
    podman("rm", "-f", "-t", "0", "still")


def test_terminal(podman):
    child = podman.terminal("run", "--rm", "-it", *LIMITS, "busybox", "sh")
    child.expect("# ")
    child.sendline("tty; stty size")
    child.expect("/dev/pts/0\r\n31 97")
    child.sendline("exit 6")
    child.expect(child_end())
    child.close()
    assert child.exitstatus == 6
    podman("run", "-d", "--name", "tty", *LIMITS, "busybox", "sleep", "100")
    child = podman.terminal("exec", "-it", "tty", "sh", "-c", "tty; read line; echo got $line")
    child.expect("/dev/pts/0")
    child.sendline("words")
    child.expect("got words")
    child.expect(child_end())
    podman("rm", "-f", "-t", "0", "tty")


def child_end():
    import pexpect
    return pexpect.EOF


def test_sandbox(podman):
    shown = podman.run("--user", "1000:1001", "--group-add", "7", "--cap-drop", "all", "busybox", "sh", "-c", "id; grep -E 'Cap(Bnd|Eff)' /proc/self/status")
    assert "uid=1000(1000) gid=1001(1001)" in shown.replace("uid=1000 ", "uid=1000(1000) ").replace("gid=1001 ", "gid=1001(1001) ")
    assert shown.count("0000000000000000") == 2
    assert int(podman.run("--cap-add", "SYS_PTRACE", "busybox", "awk", "/CapBnd/{print $2}", "/proc/self/status"), 16) & 1 << 19
    podman.run("--read-only", "busybox", "touch", "/x", code=1)
    assert podman.run("--read-only", "busybox", "sh", "-c", "touch /tmp/x && echo written") == "written"
    assert podman.run("--security-opt", "no-new-privileges", "busybox", "awk", "/NoNewPrivs/{print $2}", "/proc/self/status") == "1"
    assert podman.run("busybox", "awk", "/^Seccomp:/{print $2}", "/proc/self/status") == "2"
    assert podman.run("--security-opt", "seccomp=unconfined", "busybox", "awk", "/^Seccomp:/{print $2}", "/proc/self/status") == "0"
    profile = podman.folder / "seccomp.json"
    rule = {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1}
    profile.write_text(json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [rule]}))
    podman.run("--security-opt", f"seccomp={profile}", "busybox", "mkdir", "/x", code=1)
    assert "Operation not permitted" in podman.error
    assert int(podman.run("--privileged", "busybox", "sh", "-c", "ls /dev | wc -l")) > 20
    assert podman.run("--sysctl", "net.ipv4.ip_forward=1", "busybox", "cat", "/proc/sys/net/ipv4/ip_forward") == "1"
    assert podman.run("--device", "/dev/fuse", "busybox", "stat", "-c", "%t:%T", "/dev/fuse") == "a:e5"
    assert podman.run("--hostname", "named", "busybox", "hostname") == "named"
    assert int(podman.run("--pid", "host", "busybox", "sh", "-c", "ls /proc | grep -c '^[0-9]'")) > 5
    assert podman.run("--umask", "0077", "busybox", "sh", "-c", "umask") == "0077"
    assert podman.run("--oom-score-adj", "321", "busybox", "cat", "/proc/self/oom_score_adj") == "321"
    assert podman.run("--personality", "LINUX32", "busybox", "uname", "-m") == "i686"


def test_user_namespaces(podman):
    maps = ["--uidmap", "0:200000:5000", "--gidmap", "0:200000:5000"]
    lines = podman.run(*maps, "busybox", "sh", "-c", "cat /proc/self/uid_map; touch /made; stat -c %u:%g /made /bin").splitlines()
    assert lines[0].split() == ["0", "200000", "5000"] and lines[1:] == ["0:0", "0:0"]
    podman("run", "-d", "--name", "mapped", *LIMITS, *maps, "--user", "33", "busybox", "sleep", "100")
    pid = podman("inspect", "-f", "{{.State.Pid}}", "mapped")
    assert "Uid:\t200033" in Path(f"/proc/{pid}/status").read_text()
    assert podman("exec", "-u", "0", "mapped", "id", "-u") == "0"
    assert podman.run("--userns", "container:mapped", "busybox", "readlink", "/proc/self/ns/user") == os.readlink(f"/proc/{pid}/ns/user")
    podman("rm", "-f", "-t", "0", "mapped")


def test_shared_namespaces(podman):
    podman("run", "-d", "--name", "first", *LIMITS, "--ipc", "shareable", "busybox", "sleep", "100")
    pid = podman("inspect", "-f", "{{.State.Pid}}", "first")
    shown = podman("run", "--rm", *LIMITS[:4], "--network", "container:first", "--pid", "container:first", "--ipc", "container:first",
                   "busybox", "sh", "-c", "for n in net pid ipc; do readlink /proc/self/ns/$n; done").split()
    assert shown == [os.readlink(f"/proc/{pid}/ns/{name}") for name in ("net", "pid", "ipc")]
    podman("rm", "-f", "-t", "0", "first")


def test_mounts(podman):
    source = podman.folder / "source"
    (source / "inner").mkdir(parents=True)
    (source / "file").write_text("kept")
    assert podman.run("-v", f"{source}:/v:ro", "busybox", "sh", "-c", "cat /v/file; echo; touch /v/x || echo refused").split() == ["kept", "refused"]
    podman.run("-v", f"{source}:/v", "busybox", "touch", "/v/written")
    assert (source / "written").exists()
    assert "named" in podman.run("-v", "named:/data", "busybox", "sh", "-c", "touch /data/named; ls /data")
    assert podman.run("-v", "named:/data", "busybox", "ls", "/data") == "named"
    podman("volume", "rm", "named")
    assert podman.run("--tmpfs", "/etc:rw,size=1m", "busybox", "cat", "/etc/passwd") != ""
    assert podman.run("--mount", f"type=bind,src={source},dst=/v,bind-propagation=rslave", "busybox", "cat", "/v/file") == "kept"
    assert "shared:" in podman.run("-v", f"{source}:/v:rshared", "busybox", "grep", " /v ", "/proc/self/mountinfo")
    assert "65536k" in podman.run("--shm-size", "64m", "busybox", "grep", " /dev/shm ", "/proc/mounts")


def test_health(podman):
    podman("run", "-d", "--name", "well", *LIMITS, "--health-cmd", "test -e /ok", "--health-retries", "1", "busybox", "sleep", "100")
    podman("healthcheck", "run", "well", code=1)
    assert podman("inspect", "-f", "{{.State.Health.Status}}", "well") == "unhealthy"
    podman("exec", "well", "touch", "/ok")
    podman("healthcheck", "run", "well")
    assert podman("inspect", "-f", "{{.State.Health.Status}}", "well") == "healthy"
    podman("rm", "-f", "-t", "0", "well")


def test_hooks(podman):
    hooks = podman.folder / "hooks"
    hooks.mkdir()
    script = podman.folder / "hook"
    script.write_text(f"#!/bin/sh\ncat >>{podman.folder}/state\n")
    script.chmod(0o755)
    (hooks / "one.json").write_text(json.dumps({
        "version": "1.0.0", "hook": {"path": str(script)}, "when": {"always": True}, "stages": ["createRuntime", "poststop"]}))
    result = subprocess.run(
        podman.command("--hooks-dir", hooks, "run", "--rm", *LIMITS, "busybox", "true"), env=podman.environment, capture_output=True,
        text=True, timeout=40)
    assert result.returncode == 0, result.stderr
    states = wait_for(lambda: (lambda t: t if t.count("}{") == 1 else None)((podman.folder / "state").read_text()), "both hooks")
    first, second = (json.loads(text) for text in states.replace("}{", "}\n{").splitlines())
    assert first["status"] == "creating" and second["status"] == "stopped" and first["id"] == second["id"]
