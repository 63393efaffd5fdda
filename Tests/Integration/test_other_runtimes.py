"""Containers that crun or runc makes: our shim still minds them, so all that people do with containers works as with our own."""
import json
import os
import shutil
import signal
import subprocess
import uuid
from pathlib import Path

import pytest

from conftest import BIN, Cli, Daemon, other_runtimes, wait_for
from engine import Engine

NAMES = [name for name in ("crun", "runc") if shutil.which(name)]
pytestmark = pytest.mark.skipif(len(NAMES) < 2, reason="crun and runc are not installed")


class Other:
    """A daemon that knows both runtimes, with their names in the clients' hands."""

    def __init__(self, folder):
        folder.mkdir(parents=True)
        self.paths = other_runtimes(folder)
        self.file = folder / "daemon.json"
        self.file.write_text(json.dumps({"runtimes": {
            "crun": {"path": self.paths["crun"], "runtimeArgs": ["--debug"]}, "runc": {"path": "runc"},
            "gone": {"path": "/nonexistent/runtime"}, "false": {"path": "/bin/false"}}}))
        self.daemon = Daemon(folder, "gtother0", "--bip", "172.30.242.1/24", "--config-file", self.file).start()
        self.engine = Engine(self.daemon)
        self.engine.load("busybox")
        self.gantry = Cli("gantry", self.daemon)
        self.docker = Cli("docker", self.daemon) if shutil.which("docker") else self.gantry

    def directory(self, identifier):
        return self.daemon.exec_root / "containers" / identifier


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    made = Other(tmp_path_factory.mktemp("other") / "daemon")
    yield made
    made.daemon.destroy()


@pytest.fixture(params=NAMES)
def runtime(request):
    return request.param


def test_offer(other):
    info = json.loads(other.gantry.ok("info", "--format", "{{json .}}"))
    assert info["Runtimes"]["crun"] == {"path": other.paths["crun"], "runtimeArgs": ["--debug"]}
    assert set(info["Runtimes"]) == {"gantry", "crun", "runc", "gone", "false"} and info["DefaultRuntime"] == "gantry"
    assert "Runtimes: crun false gantry gone runc" in other.gantry.ok("info")
    for client in (other.gantry, other.docker):
        refused = client("run", "--rm", "--runtime", "nosuch", "busybox", "true")
        assert refused.returncode == 125 and "unknown or invalid runtime name: nosuch" in refused.stderr
    assert other.engine.create("true", Runtime="nosuch") == (400, {"message": "unknown or invalid runtime name: nosuch"})
    missing = other.gantry("run", "--runtime", "gone", "busybox", "true")
    assert missing.returncode == 125 and "`/nonexistent/runtime` of the runtime `gone` is not there" in missing.stderr
    failing = other.gantry("run", "--runtime", "false", "busybox", "true")
    assert failing.returncode == 125 and "`/bin/false` ended with 1" in failing.stderr, failing.stderr
    other.engine.remove_all()


def test_run(other, runtime):
    for client in (other.gantry, other.docker):
        assert client.ok("run", "--rm", "--runtime", runtime, "busybox", "echo", "hello") == "hello\n"
        assert client("run", "--rm", "--runtime", runtime, "busybox", "sh", "-c", "exit 41").returncode == 41
        absent = client("run", "--rm", "--runtime", runtime, "busybox", "nosuch")
        # Clients look for runc's very words; crun has capitals in its own.
        assert absent.returncode == (127 if runtime == "runc" else 125) and "not found" in absent.stderr, absent.stderr
        assert client("run", "--rm", "--runtime", runtime, "busybox", "/etc").returncode == (126 if runtime == "runc" else 125)
        both = client("run", "--rm", "-i", "--runtime", runtime, "busybox", "sh", "-c", "cat; echo err >&2", input="from here\n")
        assert (both.stdout, both.stderr) == ("from here\n", "err\n")
    for program, code in (("nosuch", 127), ("/etc", 126))[:1 if runtime == "crun" else 2]:
        other.gantry("run", "--name", "failed", "--runtime", runtime, "busybox", program)
        assert other.engine.inspect("failed")["State"]["ExitCode"] == code
        other.gantry.ok("rm", "failed")
    identifier = other.engine.start("sleep", "100", Runtime=runtime)
    assert other.engine.inspect(identifier)["HostConfig"]["Runtime"] == runtime
    # It is the runtime's own container.
    listed = json.loads(subprocess.run(
        [other.paths[runtime], "--root", other.directory(identifier) / "oci", "state", identifier], capture_output=True, check=True).stdout)
    assert listed["status"] == "running" and listed["pid"] == other.engine.inspect(identifier)["State"]["Pid"]
    other.engine.remove_all()
    assert not other.directory(identifier).exists()


def test_sandbox(other, runtime):
    def run(*arguments):
        return other.gantry.ok("run", "--rm", "--runtime", runtime, *arguments).strip()

    ours = other.gantry.ok("run", "--rm", "busybox", "grep", "-E", "Cap|Seccomp:", "/proc/self/status").strip()
    assert run("busybox", "grep", "-E", "Cap|Seccomp:", "/proc/self/status") == ours
    assert run("--user", "1000:1001", "busybox", "id").startswith("uid=1000 gid=1001")
    assert run("--hostname", "named", "busybox", "hostname") == "named"
    assert run("--memory", "64m", "busybox", "cat", "/sys/fs/cgroup/memory/memory.limit_in_bytes") == str(64 << 20)
    assert run("--read-only", "busybox", "sh", "-c", "touch /x || echo refused") == "refused"
    assert run("--tmpfs", "/t:size=1m", "busybox", "sh", "-c", "touch /t/x && ls /t") == "x"
    assert run("-v", "othervolume:/data", "busybox", "sh", "-c", "echo kept >/data/f; cat /data/f") == "kept"
    assert run("-v", "othervolume:/data:ro", "busybox", "sh", "-c", "cat /data/f; touch /data/x || echo refused").split() == ["kept", "refused"]
    assert run("--init", "busybox", "sh", "-c", "cat /proc/1/comm") == "docker-init"
    assert "172.30.242." in run("busybox", "ip", "addr")
    assert run("--network", "none", "busybox", "ls", "/sys/class/net") == "lo"
    assert int(run("--privileged", "busybox", "sh", "-c", "ls /dev | wc -l")) > 15
    donor = other.engine.start("sleep", "100", IpcMode="shareable")
    assert run("--ipc", f"container:{donor}", "--pid", f"container:{donor}", "busybox", "sh", "-c", "touch /dev/shm/shared; ps") != ""
    assert other.engine.execute(donor, "ls", "/dev/shm").stdout == "shared\n"
    other.gantry.ok("volume", "create", "deep")
    run("-v", "deep:/d", "busybox", "sh", "-c", "mkdir /d/sub; echo in >/d/sub/f")
    assert run("--mount", "type=volume,src=deep,dst=/s,volume-subpath=sub", "busybox", "cat", "/s/f") == "in"
    # What a run has mounted is gone with it, and was never the host's.
    assert "gtother0" not in Path("/proc/self/mountinfo").read_text()
    other.engine.remove_all()
    other.gantry.ok("volume", "rm", "othervolume", "deep")


def test_life(other, runtime):
    script = 'trap "echo bye; exit 3" TERM; echo up; while true; do sleep 0.1; done'
    identifier = other.engine.start("sh", "-c", script, Runtime=runtime, name="life")
    wait_for(lambda: "up" in other.gantry.ok("logs", "life"), "output in the log")
    inside = other.gantry.ok("exec", "-u", "1000", "-w", "/tmp", "-e", "A=b", "life", "sh", "-c", "id -u; pwd; echo $A")
    assert inside.split() == ["1000", "/tmp", "b"]
    assert other.docker("exec", "life", "sh", "-c", "echo out; echo err >&2; exit 5").returncode == 5
    absent = other.gantry("exec", "life", "nosuch")
    assert absent.returncode == 127 and "not found" in absent.stdout + absent.stderr, absent
    assert other.gantry("exec", "-i", "life", "cat", input="typed\n").stdout == "typed\n"
    other.gantry.ok("exec", "-d", "life", "touch", "/tmp/made")
    wait_for(lambda: "made" in other.gantry.ok("exec", "life", "ls", "/tmp"), "what the detached exec makes")
    other.gantry.ok("pause", "life")
    assert other.engine.inspect(identifier)["State"]["Status"] == "paused"
    other.gantry.ok("unpause", "life")
    assert "sleep" in other.gantry.ok("top", "life")
    assert other.gantry.ok("stats", "--no-stream", "--format", "{{.PIDs}}", "life").strip() in "1234"
    (other.daemon.folder / "file").write_text("copied")
    other.gantry.ok("cp", other.daemon.folder / "file", "life:/tmp/file")
    assert other.gantry.ok("exec", "life", "cat", "/tmp/file") == "copied"
    other.gantry.ok("update", "--memory", "100m", "--memory-swap", "-1", "life")
    other.gantry.ok("stop", "life")
    assert other.engine.inspect(identifier)["State"]["ExitCode"] == 3
    assert other.gantry.ok("logs", "life") == "up\nbye\n"
    other.docker.ok("start", "life")
    other.docker.ok("kill", "-s", "KILL", "life")
    assert other.engine.inspect(identifier)["State"]["ExitCode"] == 137
    assert "signal" in other.gantry.ok("why", "life").lower()
    gone = other.gantry("kill", "life")
    assert gone.returncode == 1 and "is not running" in gone.stderr
    other.gantry.ok("start", "life")
    other.gantry.ok("restart", "-t", "5", "life")
    other.gantry.ok("pause", "life")
    other.gantry.ok("rm", "-f", "life")
    assert not other.directory(identifier).exists()


def test_health_and_restarts(other, runtime):
    other.gantry.ok("run", "-d", "--name", "well", "--runtime", runtime, "--health-cmd", "test -e /ok", "--health-interval", "100ms",
                    "--health-retries", "1", "busybox", "sleep", "100")
    wait_for(lambda: other.engine.inspect("well")["State"]["Health"]["Status"] == "unhealthy", "a failed probe")
    other.gantry.ok("exec", "well", "touch", "/ok")
    wait_for(lambda: other.engine.inspect("well")["State"]["Health"]["Status"] == "healthy", "a good probe")
    other.gantry.ok("run", "-d", "--name", "again", "--runtime", runtime, "--restart", "on-failure:2", "busybox", "sh", "-c", "exit 9")
    wait_for(lambda: other.engine.inspect("again")["State"]["Status"] == "exited", "the last try")
    assert other.engine.inspect("again")["RestartCount"] == 2
    memory = other.engine.run("sh", "-c", "dd if=/dev/zero of=/dev/null bs=200M count=1", Runtime=runtime, Memory=20 << 20)
    assert other.engine.inspect(memory.id)["State"]["OOMKilled"] and memory.code == 137
    other.engine.remove_all()


def test_terminal(other, runtime):
    import pexpect
    child = pexpect.spawn(
        other.gantry.path, ["run", "--rm", "-it", "--name", "tty", "--runtime", runtime, "busybox", "sh"], env=other.gantry.environment,
        timeout=30, encoding="utf-8", dimensions=(31, 97))
    child.expect("# ")
    child.sendline("stty size; tty")
    child.expect("31 97\r\n/dev/pts/0")
    child.setwinsize(20, 60)
    child.kill(signal.SIGWINCH)
    child.expect("# ")
    child.sendline('until [ "$(stty size)" = "20 60" ]; do sleep 0.1; done; echo res""ized')
    child.expect("resized")
    inner = pexpect.spawn(
        other.gantry.path, ["exec", "-it", "tty", "sh", "-c", "stty size; read line; echo got $line; exit 7"],
        env=other.gantry.environment, timeout=30, encoding="utf-8", dimensions=(17, 71))
    inner.expect("17 71")
    inner.sendline("words")
    inner.expect("got words")
    inner.expect(pexpect.EOF)
    inner.close()
    assert inner.exitstatus == 7
    child.sendline("exit 6")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 6


def test_survives_the_daemon(other, runtime):
    script = 'trap "exit 4" TERM; while true; do echo tick; sleep 0.1; done'
    identifier = other.engine.start("sh", "-c", script, Runtime=runtime, name="survivor")
    pid = other.engine.inspect(identifier)["State"]["Pid"]
    other.daemon.stop(signal.SIGKILL)
    assert Path(f"/proc/{pid}").exists()
    other.daemon.start()
    assert other.engine.inspect(identifier)["State"]["Pid"] == pid
    lines = other.gantry.ok("logs", "survivor").count("tick")
    wait_for(lambda: other.gantry.ok("logs", "survivor").count("tick") > lines, "more output")
    assert other.gantry.ok("exec", "survivor", "echo", "still") == "still\n"
    other.gantry.ok("stop", "survivor")
    assert other.engine.inspect(identifier)["State"]["ExitCode"] == 4
    # One that ends while nobody looks.
    other.gantry.ok("start", "survivor")
    pid = other.engine.inspect(identifier)["State"]["Pid"]
    other.daemon.stop(signal.SIGKILL)
    os.kill(pid, signal.SIGTERM)
    wait_for(lambda: not Path(f"/proc/{pid}").exists(), "the end")
    other.daemon.start()
    assert other.engine.inspect(identifier)["State"]["ExitCode"] == 4
    # A shim that is killed leaves a container that nobody minds: it is ended.
    other.gantry.ok("start", "survivor")
    pid = other.engine.inspect(identifier)["State"]["Pid"]
    shim = int(next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("PPid")).split()[1])
    os.kill(shim, signal.SIGKILL)
    wait_for(lambda: not Path(f"/proc/{pid}").exists(), "the end of a container without a shim")
    wait_for(lambda: other.engine.inspect(identifier)["State"]["Status"] == "exited", "its record")
    other.engine.remove_all()
    assert not other.directory(identifier).exists()


def test_default_and_bad_configuration(other, tmp_path):
    configuration = json.loads(other.file.read_text())
    file = tmp_path / "daemon.json"

    def validate(**changes):
        file.write_text(json.dumps({**configuration, **changes}))
        return subprocess.run([BIN / "gantryd", "--validate", "--config-file", file], capture_output=True, text=True)

    assert validate(**{"default-runtime": "crun"}).returncode == 0
    for changes, sentence in (
            ({"default-runtime": "other"}, "specified default runtime 'other' does not exist"),
            ({"runtimes": {"gantry": {"path": "/bin/true"}}}, "runtime name 'gantry' is reserved"),
            ({"runtimes": {"x": {}}}, "runtime 'x' has no path"),
            ({"runtimes": {"x": {"runtimeType": "io.containerd.kata.v2"}}}, "the runtimeType `io.containerd.kata.v2`")):
        refused = validate(**changes)
        assert refused.returncode == 1 and sentence in refused.stderr, refused.stderr
    other.daemon.stop()
    flags, other.daemon.flags = other.daemon.flags, [*other.daemon.flags, "--default-runtime", "crun"]
    other.daemon.start()
    identifier = other.engine.start("sleep", "100")
    assert other.engine.inspect(identifier)["HostConfig"]["Runtime"] == "crun"
    assert (other.directory(identifier) / "oci").exists()
    assert "Default Runtime: crun" in other.gantry.ok("info")
    # A container keeps the runtime that it was made with, also one that the configuration has no more.
    other.daemon.stop()
    other.file.write_text(json.dumps({"runtimes": {"runc": {"path": "runc"}}}))
    other.daemon.flags = flags
    other.daemon.start()
    assert other.engine.execute(identifier, "echo", "on").stdout == "on\n"
    other.gantry.ok("stop", "-t", "0", identifier)
    refused = other.gantry("start", identifier)
    assert refused.returncode == 1 and "unknown or invalid runtime name: crun" in refused.stderr
    other.engine.remove_all()
    other.daemon.stop()
    other.file.write_text(json.dumps(configuration))
    other.daemon.start()
