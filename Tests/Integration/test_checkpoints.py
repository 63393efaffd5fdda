"""Checkpoints: the state of a container's processes is written by criu, and a start goes on from it. criu works with the kernel that
scripts/test-guest boots; on hosts where `criu check` fails only the refusal is tried.
"""
import json
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from conftest import BIN, Cli, mortal, wait_for
from engine import Engine

CRIU = shutil.which("criu", path="/usr/local/sbin:/usr/sbin:/usr/bin:/sbin")
CHECK = CRIU and subprocess.run([CRIU, "check"], capture_output=True, text=True)
WORKS = bool(CHECK) and CHECK.returncode == 0
works = pytest.mark.skipif(not WORKS, reason="criu is not installed, or `criu check` fails with this kernel")

pytestmark = pytest.mark.guest
COUNTER = ("sh", "-c", "trap \"exit 7\" TERM; i=0; while true; do i=$((i+1)); echo $i; sleep 0.1; done")


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    with mortal(tmp_path_factory.mktemp("checkpoints"), "gtest8", "--bip", "172.31.248.1/24", "--experimental") as one:
        yield Engine(one)


@pytest.fixture
def gantry(engine):
    yield Cli("gantry", engine.daemon)
    engine.remove_all()


def numbers(gantry, container):
    return [int(line) for line in gantry.ok("logs", container).splitlines()]


def counting(gantry, container, beyond=0):
    """The numbers so far, once the counter has come beyond one."""
    return wait_for(lambda: (lambda found: found if found and found[-1] > beyond else None)(numbers(gantry, container)), f"a number beyond {beyond}")


def refused(result, *words):
    assert result.returncode == 1, (result.returncode, result.stdout, result.stderr)
    for word in words:
        assert word in result.stderr, result.stderr


# MARK: Where criu cannot work

def test_without_a_criu_that_works(gantry, engine):
    """Refused with criu's own reason; the container runs on, and no half of a checkpoint is left."""
    if WORKS:
        pytest.skip("criu works here")
    container = gantry.ok("run", "-d", "busybox", *COUNTER).strip()
    result = gantry("checkpoint", "create", container, "one")
    if CRIU:
        reason = next(line for line in (CHECK.stdout + CHECK.stderr).splitlines() if "Error (" in line).split("): ", 1)[1]
        refused(result, "Cannot checkpoint container", "checkpoints are not possible on this host: `criu check` says:", reason)
    else:
        reason = "checkpoints need the program `criu`, which is not installed"
        refused(result, reason)
    if shutil.which("docker"):
        refused(Cli("docker", engine.daemon)("checkpoint", "create", container, "one"), reason)
    counting(gantry, container, numbers(gantry, container)[-1])
    assert gantry.ok("checkpoint", "ls", container).split("\n")[1:] == [""]
    gantry.ok("stop", "-t", "0", container)


# MARK: There and back

@works
def test_a_counter_counts_on(gantry, engine, tmp_path):
    (tmp_path / "shown").mkdir()
    (tmp_path / "shown/file").write_text("shown")
    container = gantry.ok(
        "run", "-d", "--name", "counter", "-v", "data:/data", "-v", f"{tmp_path}/shown:/shown:ro", "--tmpfs", "/scratch", "-m", "64m",
        "--pids-limit", "20", "--read-only", "busybox", "sh", "-c", f"echo kept >/scratch/kept; echo kept >/dev/shm/kept; exec {COUNTER[0]} -c '{COUNTER[2]}'").strip()

    def look():
        """What the container's processes see and are, without what the kernel gives anew."""
        process = engine.inspect(container)["State"]["Pid"]
        mounts = sorted(
            (fields[4], re.sub(r"^/.*/(?=[^/]*/[^/]*$)", "", fields[3]), fields[5])
            for fields in (line.split() for line in open(f"/proc/{process}/mountinfo")))
        status = open(f"/proc/{process}/status").read()
        return {
            "mounts": mounts, "status": re.findall(r"^(Cap\w+|Seccomp|NoNewPrivs|Uid|Groups):\s*(.*)$", status, re.M),
            "label": open(f"/proc/{process}/attr/current").read(), "cgroup": open(f"/proc/{process}/cgroup").read(),
            "namespaces": sorted(name for name in ("cgroup", "ipc", "mnt", "net", "pid", "uts")
                                 if os.readlink(f"/proc/{process}/ns/{name}") != os.readlink(f"/proc/self/ns/{name}")),
            "streams": [os.readlink(f"/proc/{process}/fd/{number}").split(":")[0] for number in range(3)],
            "limits": [Path(path).read_text() for path in (f"/sys/fs/cgroup/{place}gantry/{container}/{name}" for place, name in [
                           ("", "memory.max"), ("", "pids.max"), ("memory/", "memory.limit_in_bytes"), ("pids/", "pids.max")])
                       if os.path.exists(path)],
            "descriptors": sorted(os.listdir(f"/proc/{process}/fd"))}

    counting(gantry, container, 5)
    before = look()
    assert gantry.ok("checkpoint", "create", "counter", "first") == "first\n"
    state = engine.inspect(container)["State"]
    assert (state["Status"], state["ExitCode"]) == ("exited", 137)
    assert "asked for `checkpoint`" in gantry.ok("why", container)
    last = numbers(gantry, container)[-1]
    time.sleep(0.3)
    assert numbers(gantry, container)[-1] == last
    assert gantry.ok("checkpoint", "ls", "counter").split() == ["CHECKPOINT", "NAME", "first"]

    assert gantry.ok("start", "--checkpoint", "first", "counter") == "counter\n"
    found = counting(gantry, container, last + 5)
    assert found == list(range(1, found[-1] + 1)), "each number once, none left out"
    after = look()
    for key, value in before.items():
        assert after[key] == value, key
    # It is a container as any other.
    assert gantry.ok("exec", container, "cat", "/scratch/kept", "/dev/shm/kept", "/shown/file") == "kept\nkept\nshown"
    assert "Read-only" in gantry("exec", container, "touch", "/shown/x").stderr
    assert "Read-only" in gantry("exec", container, "chmod", "600", "/proc/kcore").stderr
    gantry.ok("exec", container, "touch", "/data/x")
    address = engine.inspect(container)["NetworkSettings"]["Networks"]["bridge"]["IPAddress"]
    assert address in gantry.ok("exec", container, "ip", "addr")
    # Two only in the moment when it starts the next sleep.
    wait_for(lambda: gantry.ok("top", container, "-eo", "pid,comm").split().count("sh") == 1, "one shell")
    gantry.ok("pause", container)
    gantry.ok("unpause", container)
    # It goes on over the death of the daemon, and its end is known.
    process = engine.inspect(container)["State"]["Pid"]
    engine.daemon.stop(signal.SIGKILL)
    engine.daemon.start()
    assert engine.inspect(container)["State"]["Pid"] == process
    counting(gantry, container, numbers(gantry, container)[-1])
    waiting = subprocess.Popen([BIN / "gantry", "wait", container], env=gantry.environment, stdout=subprocess.PIPE, text=True)
    gantry.ok("stop", "-t", "60", container)
    assert engine.inspect(container)["State"]["ExitCode"] == 7 and waiting.communicate(timeout=30)[0] == "7\n"

    # From the same state a second time, and from the beginning.
    gantry.ok("start", "--checkpoint", "first", container)
    shim = int(open(f"/proc/{engine.inspect(container)['State']['Pid']}/stat").read().rpartition(")")[2].split()[1])
    os.kill(shim, signal.SIGKILL)
    wait_for(lambda: engine.inspect(container)["State"]["Status"] == "exited", "the end with the shim")
    gantry.ok("start", container)
    wait_for(lambda: numbers(gantry, container)[-1] < last, "the first number")
    gantry.ok("rm", "-f", container)
    assert not (engine.daemon.data / "containers" / container).exists()


@works
def test_leave_running(gantry, engine):
    container = gantry.ok("run", "-d", "--rm", "busybox", *COUNTER).strip()
    process = engine.inspect(container)["State"]["Pid"]
    last = counting(gantry, container, 3)[-1]
    gantry.ok("checkpoint", "create", "--leave-running", container, "a")
    assert engine.inspect(container)["State"]["Pid"] == process
    counting(gantry, container, last)
    refused(gantry("checkpoint", "create", container, "b"), "is removed at its end", "--leave-running")
    assert gantry.ok("checkpoint", "ls", container).split()[2:] == ["a"]


@works
def test_folders_names_and_removal(gantry, engine, tmp_path):
    container = gantry.ok("run", "-d", "--name", "named", "--network", "none", "busybox", *COUNTER).strip()
    for name in ("", "../x", "a/b", ".a", "-a"):
        refused(gantry("checkpoint", "create", "--", container, name), f"Invalid checkpoint ID ({name})")
    refused(gantry("checkpoint", "create", "--checkpoint-dir", "relative", container, "a"), "it must be an absolute path")
    gantry.ok("checkpoint", "create", "--checkpoint-dir", tmp_path / "kept", "--leave-running", container, "x")
    assert (tmp_path / "kept/x").stat().st_mode & 0o777 == 0o700
    refused(gantry("checkpoint", "create", "--checkpoint-dir", tmp_path / "kept", container, "x"), f"checkpoint with name x already exists for container {container}")
    assert gantry.ok("checkpoint", "ls", container).split() == ["CHECKPOINT", "NAME"]
    assert gantry.ok("checkpoint", "ls", "--checkpoint-dir", tmp_path / "kept", container).split()[2:] == ["x"]
    last = counting(gantry, container, 3)[-1]
    gantry.ok("stop", "-s", "KILL", container)
    refused(gantry("start", "--checkpoint", "y", container), f"checkpoint y does not exist for container {container}")
    assert engine.inspect(container)["State"]["ExitCode"] == 137 and engine.inspect(container)["State"]["Error"] == ""
    refused(gantry("start", "--checkpoint", "x", container), f"checkpoint x does not exist for container {container}")
    # Attached before the first byte.
    other = subprocess.Popen([BIN / "gantry", "start", "-a", "--checkpoint", "x", "--checkpoint-dir", tmp_path / "kept", container],
                             env=gantry.environment, stdout=subprocess.PIPE, text=True)
    assert int(other.stdout.readline()) > 1
    counting(gantry, container, last)
    gantry.ok("kill", container)
    assert other.wait(30) == 137
    other.stdout.close()
    refused(gantry("checkpoint", "create", container, "z"), "not running")
    refused(gantry("checkpoint", "rm", container, "x"), "checkpoint x does not exist")
    gantry.ok("checkpoint", "rm", "--checkpoint-dir", tmp_path / "kept", container, "x")
    assert list((tmp_path / "kept").iterdir()) == []
    (tmp_path / "kept/empty").mkdir()
    refused(gantry("start", "--checkpoint", "empty", "--checkpoint-dir", tmp_path / "kept", container), "holds no checkpoint that can be restored")
    assert engine.inspect(container)["State"]["Status"] == "exited"


@works
def test_what_cannot_be_checkpointed(gantry, engine):
    terminal = gantry.ok("run", "-dt", "busybox", "sleep", "1000").strip()
    refused(gantry("checkpoint", "create", terminal, "a"), "checkpoint not support on containers with tty")
    owner = gantry.ok("run", "-d", "busybox", "sleep", "1000").strip()
    guest = gantry.ok("run", "-d", "--network", f"container:{owner}", "busybox", "sleep", "1000").strip()
    refused(gantry("checkpoint", "create", guest, "a"), "shares it with another")
    refused(gantry("checkpoint", "create", owner, "a"), "uses the network of this one")
    gantry.ok("pause", guest)
    refused(gantry("checkpoint", "create", guest, "a"), "is paused, unpause the container")
    gantry.ok("unpause", guest)
    # An open connection: criu says so, and the container runs on.
    talking = gantry.ok("run", "-d", "busybox", "sh", "-c", "sleep 1000 | nc -l -p 7").strip()
    process = engine.inspect(talking)["State"]["Pid"]

    def sockets(state):
        return sum(line.split()[3] == state for name in ("tcp", "tcp6") for line in open(f"/proc/{process}/net/{name}"))
    wait_for(lambda: sockets("0A") == 1, "listening")
    gantry.ok("exec", "-d", talking, "sh", "-c", "sleep 1000 | nc 127.0.0.1 7")
    wait_for(lambda: sockets("01") == 2, "the connection")
    result = gantry("checkpoint", "create", talking, "a")
    refused(result, "Cannot checkpoint container", "criu:", "tcp-established")
    assert engine.inspect(talking)["State"]["Pid"] == process and engine.inspect(talking)["State"]["Running"]
    assert gantry.ok("checkpoint", "ls", talking).split()[2:] == []
    assert gantry.ok("exec", talking, "echo", "alive") == "alive\n"
    # A restore that fails says why, and leaves a container that can be started.
    broken = gantry.ok("run", "-d", "busybox", *COUNTER).strip()
    gantry.ok("checkpoint", "create", broken, "a")
    for image in (engine.daemon.data / "containers" / broken / "checkpoints/a").glob("pages-*.img"):
        image.unlink()
    result = gantry("start", "--checkpoint", "a", broken)
    # Which error criu comes to first depends on the moment.
    refused(result, "the checkpoint cannot be restored: criu: ")
    assert "no reason is given" not in result.stderr
    assert engine.inspect(broken)["State"]["Status"] == "exited"
    gantry.ok("start", broken)


@works
def test_a_restart_policy_does_not_undo_a_checkpoint(gantry, engine):
    container = gantry.ok("run", "-d", "--restart", "always", "busybox", *COUNTER).strip()
    counting(gantry, container, 2)
    gantry.ok("checkpoint", "create", container, "a")
    assert engine.inspect(container)["State"]["Status"] == "exited"
    gantry.ok("start", "--checkpoint", "a", container)
    os.kill(engine.inspect(container)["State"]["Pid"], signal.SIGKILL)
    wait_for(lambda: engine.inspect(container)["RestartCount"] == 1 and engine.inspect(container)["State"]["Running"], "the restart")


@works
def test_the_api(gantry, engine):
    assert engine.call("GET", "/version")[1]["Experimental"] is True and engine.call("GET", "/info")[1]["ExperimentalBuild"] is True
    container = engine.start(*COUNTER)
    place = f"/containers/{container}/checkpoints"
    assert engine.call("POST", place, {"CheckpointID": "a", "Exit": False})[0] == 201
    assert engine.call("GET", place)[1] == [{"Name": "a"}]
    assert engine.call("POST", place, {"CheckpointID": "a"})[0] == 409
    assert engine.call("POST", place, {"CheckpointID": "?"})[0] == 400
    assert engine.call("DELETE", f"{place}/b")[0] == 404
    assert engine.call("DELETE", f"{place}/a")[0] == 204
    assert engine.call("GET", place)[1] == []
    assert engine.call("POST", f"/containers/none/checkpoints", {"CheckpointID": "a"})[0] == 404


# MARK: The runtime alone

@pytest.fixture
def bundle(tmp_path):
    """A bundle with busybox, and `gantry-oci` over a root of its own."""
    folder = tmp_path / "bundle"
    (folder / "rootfs/bin").mkdir(parents=True)
    shutil.copy("/bin/busybox", folder / "rootfs/bin/busybox")
    (folder / "rootfs/tmp").mkdir()
    for name in ("sh", "sleep", "cat"):
        os.symlink("busybox", folder / "rootfs/bin" / name)

    def oci(*words, check=True, **options):
        result = subprocess.run([BIN / "gantry-oci", "--root", tmp_path / "state", *map(str, words)], cwd=folder, text=True, timeout=60,
                                stdin=subprocess.DEVNULL, **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options})
        assert not check or result.returncode == 0, result.stderr
        return result

    oci("spec")
    config = json.loads((folder / "config.json").read_text())
    config["process"].update(args=list(COUNTER), terminal=False)
    config["mounts"].append({"destination": "/shown", "source": str(tmp_path), "type": "bind", "options": ["bind", "ro"]})
    config["linux"]["cgroupsPath"] = "/gantry-test/checkpoints"
    oci.folder = folder
    oci.program = [BIN / "gantry-oci", "--root", tmp_path / "state"]
    oci.write = lambda: (folder / "config.json").write_text(json.dumps(config))
    oci.write()
    yield oci
    for name in oci("list", "--quiet").stdout.split():
        oci("delete", "--force", name)


@works
def test_the_runtime_left_alone(bundle, tmp_path):
    output = tmp_path / "output"
    with open(output, "w") as file:
        bundle("run", "--detach", "left", stdout=file, stderr=file)
        wait_for(lambda: len(output.read_text().splitlines()) > 3, "numbers")
        bundle("checkpoint", "--image-path", tmp_path / "images", "--work-path", tmp_path / "work", "left")
        assert bundle("list", "--quiet").stdout == "" and (tmp_path / "work/dump.log").exists()
        last = int(output.read_text().split()[-1])
        bundle("restore", "--image-path", tmp_path / "images", "--detach", "--pid-file", tmp_path / "pid", "left", stdout=file, stderr=file)
    wait_for(lambda: int(output.read_text().split()[-1]) > last + 3, "further numbers")
    found = [int(line) for line in output.read_text().split()]
    assert found == list(range(1, found[-1] + 1))
    state = json.loads(bundle("state", "left").stdout)
    assert (state["status"], state["pid"]) == ("running", int((tmp_path / "pid").read_text()))
    for path in ("/shown/x", "/x"):
        assert "Read-only" in bundle("exec", "left", "sh", "-c", f": >{path}", check=False).stderr
    (bundle.folder / "rootfs/tmp").rmdir()
    assert "has no directory `/tmp`" in bundle("checkpoint", "--image-path", tmp_path / "more", "left", check=False).stderr
    bundle("kill", "left", "KILL")
    wait_for(lambda: json.loads(bundle("state", "left").stdout)["status"] == "stopped", "the end")


@works
def test_the_runtime_waited_for(bundle, tmp_path):
    images = ("--image-path", tmp_path / "images")
    run = subprocess.Popen([*bundle.program, "run", "waited"], cwd=bundle.folder, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
    assert [int(run.stdout.readline()) for _ in range(3)] == [1, 2, 3]
    bundle("checkpoint", *images, "--leave-running", "waited")
    assert json.loads(bundle("state", "waited").stdout)["status"] == "running"
    bundle("kill", "waited", "KILL")
    assert run.wait(30) == 137
    run.stdout.close()
    alone = bundle("restore", *images, "--detach", "waited", check=False, stdout=subprocess.DEVNULL)
    assert alone.returncode == 1 and "cannot be left alone" in alone.stderr, alone.stderr
    restored = subprocess.Popen([*bundle.program, "restore", *images, "waited"], cwd=bundle.folder, stdout=subprocess.PIPE,
                                stdin=subprocess.DEVNULL, text=True)
    assert int(restored.stdout.readline()) > 3
    assert json.loads(bundle("state", "waited").stdout)["status"] == "running"
    bundle("kill", "waited", "TERM")
    restored.stdout.read()
    assert restored.wait(30) == 7 and bundle("list", "--quiet").stdout == ""
