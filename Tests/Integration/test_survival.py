"""The daemon may be killed at any time: containers run on, and nothing is left behind."""
import json
import os
import signal
import subprocess
from pathlib import Path

from conftest import Cli, wait_for


def kernel_things(daemon):
    """What a container has in the kernel and on disk, counted: after its removal it must be what it was before."""
    links = json.loads(subprocess.run(["ip", "-j", "link"], capture_output=True, text=True, check=True).stdout)
    parents = [*Path("/sys/fs/cgroup").glob("gantry*"), *Path("/sys/fs/cgroup").glob("*/gantry*")]
    cgroups = [entry.path for parent in parents if parent.is_dir() for entry in os.scandir(parent) if entry.is_dir()]
    rules = "".join(
        subprocess.run(["nft", "list", "table", *table.split()], capture_output=True, text=True).stdout for table in daemon.tables())
    return {
        "links": sum(link["ifname"].startswith("veth") for link in links),
        "cgroups": len(cgroups),
        "mounts": sum(str(daemon.data) in line or str(daemon.exec_root) in line for line in open("/proc/self/mountinfo")),
        "shims": len(list((daemon.exec_root / "containers").iterdir())),
        "directories": len(list((daemon.data / "containers").iterdir())),
        "elements": rules.count("dnat") + rules.count(" : "),
    }


def test_kill_leaves_containers_and_logs_alone(own):
    cli = Cli("gantry", own)
    cli.ok("run", "-d", "--name", "survivor", "busybox", "sh", "-c", "i=0; while true; do echo $((i=i+1)); sleep 0.05; done")
    wait_for(lambda: len(cli.ok("logs", "survivor").splitlines()) > 5, "some output")
    pid = int(cli.ok("inspect", "-f", "{{.State.Pid}}", "survivor"))
    own.stop(signal.SIGKILL)
    os.kill(pid, 0)
    own.start()
    assert int(cli.ok("inspect", "-f", "{{.State.Pid}}", "survivor")) == pid
    before = len(cli.ok("logs", "survivor").splitlines())
    wait_for(lambda: len(cli.ok("logs", "survivor").splitlines()) > before + 5, "more output")
    numbers = [int(line) for line in cli.ok("logs", "survivor").splitlines()]
    assert numbers == list(range(1, len(numbers) + 1)), "no line may be missing"
    assert cli.ok("exec", "survivor", "echo", "alive") == "alive\n"
    cli.ok("stop", "-t", "0", "survivor")
    assert cli.ok("inspect", "-f", "{{.State.ExitCode}}", "survivor") == "137\n"


def test_exit_while_the_daemon_is_away(own):
    cli = Cli("gantry", own)
    cli.ok("run", "-d", "--name", "brief", "busybox", "sh", "-c", "read line < /dev/null; sleep 1; echo last words; exit 7")
    own.stop(signal.SIGKILL)
    state = own.exec_root / "containers"
    wait_for(lambda: list(state.glob("*/exit")), "the exit record")
    own.start()
    assert cli.ok("inspect", "-f", "{{.State.Status}} {{.State.ExitCode}}", "brief") == "exited 7\n"
    assert cli.ok("logs", "brief") == "last words\n"


def test_terminate_is_clean_and_leaves_containers(own):
    cli = Cli("gantry", own)
    cli.ok("run", "-d", "--name", "stays", "-p", "127.0.0.1::80", "busybox", "sleep", "1000")
    own.stop(signal.SIGTERM)
    assert own.process.returncode == 0
    own.start()
    assert "stays" in cli.ok("ps")


def test_nothing_is_left_behind(own):
    cli = Cli("gantry", own)
    cli.ok("run", "--rm", "busybox", "true")
    before = kernel_things(own)
    for _ in range(3):
        cli.ok("run", "--rm", "-p", "127.0.0.1::80", "-m", "64m", "-v", "/anonymous", "busybox", "true")
    cli("run", "--rm", "busybox", "no-such-program")
    cli("run", "--rm", "-p", "127.0.0.1:99999:80", "busybox", "true")
    cli.ok("run", "-d", "--name", "gone", "busybox", "sleep", "1000")
    own.stop(signal.SIGKILL)
    own.start()
    cli.ok("rm", "-f", "gone")
    after = wait_for(lambda: kernel_things(own) if kernel_things(own) == before else None, f"the state before, {before}; now {kernel_things(own)}")
    assert after == before
    assert cli.ok("volume", "ls", "-q") == ""


def test_second_daemon_is_refused(own):
    second = subprocess.run(
        [own.process.args[0], "-H", f"unix://{own.exec_root}/second.sock", "--data-root", str(own.data), "--exec-root",
         str(own.exec_root), "--pidfile", str(own.folder / "second.pid")], capture_output=True, text=True, timeout=30)
    assert second.returncode == 1
    assert "another daemon uses the data root" in second.stderr
    assert own.answers()
