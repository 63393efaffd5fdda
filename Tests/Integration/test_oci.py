"""The OCI runtime by its own command line: bundles made from busybox, no daemon."""
import array
import copy
import json
import os
import shutil
import signal
import socket
import subprocess
import tarfile
import tempfile
import threading
from pathlib import Path

import pytest

from conftest import BIN, IMAGES, wait_for

RUNTIME = BIN / "gantry-oci"


class Bundle:
    """A bundle and a runtime root of its own; every container made with it is deleted at the end."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.root = self.folder / "root"
        self.rootfs = self.folder / "rootfs"
        self.rootfs.mkdir(parents=True)
        self.folder.chmod(0o755)
        with tarfile.open(IMAGES / "busybox.layer") as layer:
            layer.extractall(self.rootfs, filter="fully_trusted") if hasattr(tarfile, "data_filter") else layer.extractall(self.rootfs)
        self("spec", "--bundle", self.folder, check=True)
        self.plain = json.loads((self.folder / "config.json").read_text())
        self.plain["process"].update(terminal=False, rlimits=None)
        self.plain["root"]["readonly"] = False

    def __call__(self, *arguments, check=False, **options):
        options.setdefault("stdin", subprocess.DEVNULL)
        result = subprocess.run(
            [RUNTIME, "--root", self.root, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            timeout=20, **options)
        assert not check or result.returncode == 0, result.stderr
        return result

    def config(self, *arguments, **changes):
        """A copy of the plain configuration with another command, for changing."""
        config = copy.deepcopy(self.plain)
        config["process"]["args"] = list(arguments) or ["true"]
        for key, value in changes.items():
            config["process"][key] = value
        return config

    def write(self, config):
        (self.folder / "config.json").write_text(config if isinstance(config, str) else json.dumps(config))

    def give(self, user):
        """Makes the root file system that of another user's: of a container's root in a user namespace."""
        for path, directories, files in os.walk(self.rootfs):
            for name in [path] + [os.path.join(path, file) for file in files + directories]:
                os.lchown(name, user, user)

    def run(self, config, *flags, **options):
        self.write(config)
        return self("run", "--bundle", self.folder, *flags, "box", **options)

    def output(self, config, *flags, **options):
        result = self.run(config, *flags, **options)
        assert result.returncode == 0, result.stderr
        return result.stdout.strip()

    def refused(self, config, *words):
        """Asserts that `config` is refused with a message that has all of `words`, and that nothing is left."""
        result = self.run(config)
        assert result.returncode != 0, result.stdout
        for word in words:
            assert word in result.stderr, result.stderr
        assert self("list", "-q", check=True).stdout == ""
        assert not [name for name in os.listdir(self.root / "shims")], "state is left behind"

    def create(self, config, *flags, output=None, id="box"):
        """Creates a container whose streams go to `output`: a file, since whoever reads a pipe would wait for the container."""
        self.write(config)
        with open(self.folder / "created.log", "w+") as log:
            output = output or log
            result = subprocess.run(
                [RUNTIME, "--root", self.root, "create", "--bundle", self.folder, *map(str, flags), id], stdin=subprocess.DEVNULL,
                stdout=output, stderr=output, timeout=20)
            output.seek(0)
            assert result.returncode == 0, output.read()

    def state(self, id="box"):
        return json.loads(self("state", id, check=True).stdout)

    def destroy(self):
        for name in self("list", "-q").stdout.split():
            self("delete", "--force", name)
        shutil.rmtree(self.folder)


@pytest.fixture
def bundle():
    folder = Path(tempfile.mkdtemp(prefix="gantry-oci-", dir="/var/tmp"))
    folder.chmod(0o755)
    made = Bundle(folder / "b")
    yield made
    made.destroy()
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def shared():
    """One bundle for tests that leave nothing in it."""
    folder = Path(tempfile.mkdtemp(prefix="gantry-oci-", dir="/var/tmp"))
    folder.chmod(0o755)
    made = Bundle(folder / "b")
    yield made
    made.destroy()
    shutil.rmtree(folder)


def namespaces(config, *kinds, **paths):
    """Replaces entries of `config`; kinds are new namespaces, paths are joined."""
    entries = [entry for entry in config["linux"]["namespaces"] if entry["type"] not in kinds and entry["type"] not in paths]
    entries += [{"type": kind} for kind in kinds] + [{"type": kind, "path": str(path)} for kind, path in paths.items()]
    config["linux"]["namespaces"] = entries
    return config


def with_users(config, start=100000, size=65536):
    namespaces(config, "user")
    maps = [{"containerID": 0, "hostID": start, "size": size}]
    config["linux"].update(uidMappings=maps, gidMappings=maps)
    # Its groups are not all mapped.
    config["linux"].pop("sysctl", None)
    return config


def mount(config, destination, **fields):
    config["mounts"].append({"destination": destination, **fields})
    return config


# Life

def test_life_of_a_container(bundle, tmp_path):
    log = open(tmp_path / "log", "w+")
    bundle.create(bundle.config("sh", "-c", "echo out; exit 7"), "--pid-file", tmp_path / "pid", output=log)
    state = bundle.state()
    assert state["status"] == "created" and state["pid"] == int((tmp_path / "pid").read_text())
    assert state["bundle"] == str(bundle.folder) and state["ociVersion"].startswith("1.")
    assert "already exists" in bundle("create", "--bundle", bundle.folder, "box").stderr
    assert "not stopped" in bundle("delete", "box").stderr
    assert bundle("exec", "box", "true").returncode != 0
    bundle("start", "box", check=True)
    wait_for(lambda: bundle.state()["status"] == "stopped", "the end")
    assert (tmp_path / "log").read_text() == "out\n"
    assert bundle("start", "box").returncode != 0 and bundle("kill", "box").returncode != 0
    bundle("delete", "box", check=True)
    assert "does not exist" in bundle("state", "box").stderr
    assert bundle("delete", "box").returncode != 0 and bundle("delete", "--force", "box").returncode == 0


def test_the_adopter_learns_every_exit(bundle):
    """A program that ends at once is still there for its adopter to wait for, however the two race."""
    script = (
        "import ctypes, os, subprocess, sys\n"
        "assert ctypes.CDLL(None).prctl(36, 1, 0, 0, 0) == 0\n"  # PR_SET_CHILD_SUBREAPER
        "runtime, bundle = sys.argv[1:]\n"
        "for number in range(12):\n"
        "    name = f'box{number}'\n"
        "    flags = ['--detach', '--pid-file', bundle + '/pid', '--bundle', bundle]\n"
        "    subprocess.run([runtime, '--root', bundle + '/root', 'run', *flags, name], check=True)\n"
        "    pid = int(open(bundle + '/pid').read())\n"
        "    status = None\n"
        "    while status is None:\n"
        "        done, code = os.waitpid(-1, 0)\n"
        "        status = code if done == pid else None\n"
        "    assert os.waitstatus_to_exitcode(status) == 7, status\n"
        "    subprocess.run([runtime, '--root', bundle + '/root', 'delete', name], check=True)\n")
    bundle.write(bundle.config("sh", "-c", "exit 7"))
    result = subprocess.run(["python3", "-c", script, RUNTIME, bundle.folder], capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr


def test_run_relays_code_and_input(bundle):
    assert bundle.run(bundle.config("sh", "-c", "exit 42")).returncode == 42
    bundle.write(bundle.config("cat"))
    result = subprocess.run(
        [RUNTIME, "--root", bundle.root, "run", "--bundle", bundle.folder, "box"], input="through", capture_output=True, text=True,
        timeout=20)
    assert result.stdout == "through"
    assert bundle("list", "-q", check=True).stdout == ""


def test_pause_resume_kill(bundle):
    bundle.create(bundle.config("sleep", "100"))
    bundle("start", "box", check=True)
    bundle("pause", "box", check=True)
    assert bundle.state()["status"] == "paused"
    assert "paused" in bundle("exec", "box", "true").stderr and bundle("pause", "box").returncode != 0
    bundle("resume", "box", check=True)
    assert bundle.state()["status"] == "running" and bundle("resume", "box").returncode != 0
    bundle("pause", "box", check=True)
    bundle("kill", "box", "KILL", check=True)
    wait_for(lambda: bundle.state()["status"] == "stopped", "the end of a paused container")
    assert "unknown signal" in bundle("kill", "box", "NOPE").stderr


def test_delete_force_ends_everything(bundle):
    bundle.create(bundle.config("sh", "-c", "sleep 1000 & sleep 1000"))
    bundle("start", "box", check=True)
    pids = wait_for(lambda: (lambda p: p if len(p) >= 2 else None)(json.loads(bundle("ps", "-f", "json", "box").stdout)), "two processes")
    bundle("delete", "--force", "box", check=True)
    assert not [pid for pid in pids if Path(f"/proc/{pid}/root/bin/busybox").exists()]
    assert bundle("list", "-q").stdout == ""


def test_list_and_ps(bundle):
    bundle.create(bundle.config("sleep", "77"))
    bundle("start", "box", check=True)
    rows = json.loads(bundle("list", "--format", "json", check=True).stdout)
    assert [(row["id"], row["status"]) for row in rows] == [("box", "running")]
    assert "box" in bundle("list").stdout and bundle("list", "-q").stdout == "box\n"
    table = bundle("ps", "box", check=True).stdout.splitlines()
    assert "PID" in table[0] and len(table) == 2 and "sleep 77" in table[1]
    assert str(bundle.state()["pid"]) in bundle("ps", "box", "-o", "pid,comm", check=True).stdout


def test_update_and_events(bundle, tmp_path):
    config = bundle.config("sleep", "100")
    bundle.create(config)
    bundle("start", "box", check=True)
    bundle("update", "--memory", 64 << 20, "--pids-limit", 50, "box", check=True)
    (tmp_path / "r.json").write_text('{"cpu": {"shares": 512}}')
    bundle("update", "-r", tmp_path / "r.json", "box", check=True)
    usage = json.loads(bundle("events", "--stats", "box", check=True).stdout)
    assert usage["type"] == "stats" and usage["data"]["memory"]["usage"]["limit"] == 64 << 20
    assert usage["data"]["pids"]["limit"] == 50 and usage["data"]["pids"]["current"] == 1
    with open(tmp_path / "r.json") as limits:
        bundle("update", "-r", "-", "box", stdin=limits, check=True)
    assert "nothing to update" in bundle("update", "box").stderr
    (tmp_path / "r.json").write_text('{"memory": {"limit": "much"}}')
    assert "`memory.limit` must be a whole number" in bundle("update", "-r", tmp_path / "r.json", "box").stderr


def test_events_end_with_the_container(bundle):
    bundle.create(bundle.config("sleep", "100"))
    bundle("start", "box", check=True)
    watcher = subprocess.Popen(
        [RUNTIME, "--root", bundle.root, "events", "--interval", "100ms", "box"], stdout=subprocess.PIPE, text=True)
    assert json.loads(watcher.stdout.readline())["id"] == "box"
    bundle("kill", "box", "KILL", check=True)
    watcher.communicate(timeout=30)
    assert watcher.returncode == 0


def test_exec(bundle, tmp_path):
    bundle.create(bundle.config("sleep", "100"))
    bundle("start", "box", check=True)
    assert bundle("exec", "box", "sh", "-c", "exit 9").returncode == 9
    out = bundle("exec", "-u", "12:34", "-g", "56", "--cwd", "/tmp", "-e", "A=b c", "box", "sh", "-c", "id; pwd; echo $A").stdout
    assert out.splitlines() == ["uid=12 gid=34 groups=56", "/tmp", "b c"]
    assert "CapEff:\t0000000000200000" in bundle("exec", "--cap", "CAP_SYS_ADMIN", "box", "grep", "CapEff", "/proc/self/status").stdout or \
        int(bundle("exec", "--cap", "CAP_SYS_ADMIN", "box", "awk", "/CapEff/{print $2}", "/proc/self/status").stdout, 16) & 1 << 21
    process = bundle.config("sh", "-c", "cat /proc/self/oom_score_adj; ulimit -n", oomScoreAdj=500)["process"]
    process["rlimits"] = [{"type": "RLIMIT_NOFILE", "soft": 100, "hard": 100}]
    (tmp_path / "p.json").write_text(json.dumps(process))
    assert bundle("exec", "--process", tmp_path / "p.json", "box").stdout.split() == ["500", "100"]
    with open(tmp_path / "log", "w") as log:
        subprocess.run(
            [RUNTIME, "--root", bundle.root, "exec", "-d", "--pid-file", tmp_path / "pid", "box", "sleep", "55"], check=True,
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, timeout=20)
    assert "sleep\x0055" in Path(f"/proc/{(tmp_path / 'pid').read_text()}/cmdline").read_text()
    missing = bundle("exec", "box", "nosuch")
    assert missing.returncode == 127 and "executable file not found in $PATH" in missing.stderr


def test_exec_affinity(bundle):
    cpus = sorted(os.sched_getaffinity(0))
    config = bundle.config("sleep", "100", execCPUAffinity={"initial": f"{cpus[0]}", "final": f"{cpus[-1]}"})
    bundle.create(config)
    bundle("start", "box", check=True)
    assert f"Cpus_allowed_list:\t{cpus[-1]}" in bundle("exec", "box", "grep", "Cpus_allowed_list", "/proc/self/status").stdout
    with pytest.raises(AssertionError):
        assert f"Cpus_allowed_list:\t{cpus[-1]}\n" == bundle("exec", "box", "grep", "Cpus_allowed_list", "/proc/1/status").stdout


def test_preserved_descriptors(bundle, tmp_path):
    reader, writer = os.pipe()
    other = os.open("/dev/null", os.O_RDONLY)
    script = f"exec 3<&{reader} 4<&{other}; exec {RUNTIME} --root {bundle.root} run --preserve-fds 2 -b {bundle.folder} box"
    bundle.write(bundle.config("sh", "-c", "cat <&3; ls -l /proc/self/fd/4 | grep -c null; ls /proc/self/fd"))
    os.write(writer, b"given\n")
    os.close(writer)
    result = subprocess.run(["bash", "-c", script], pass_fds=[reader, other], capture_output=True, text=True, timeout=20)
    os.close(reader)
    lines = result.stdout.split()
    assert lines[:2] == ["given", "1"], result
    # 5 is the directory that ls reads.
    assert lines[2:] == ["0", "1", "2", "3", "4", "5"]
    assert "is not open" in bundle.run(bundle.config(), "--preserve-fds", "9").stderr


def test_console_socket(bundle, tmp_path):
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(tmp_path / "console"))
    server.listen()
    config = bundle.config("sh", "-c", "tty; stty size", terminal=True, consoleSize={"height": 33, "width": 99})
    bundle.create(config, "--console-socket", tmp_path / "console")
    client, _ = server.accept()
    _, ancillary, _, _ = client.recvmsg(256, socket.CMSG_SPACE(4))
    master = array.array("i", ancillary[0][2][:4])[0]
    bundle("start", "box", check=True)
    text = b""
    while b"33 99" not in text:
        text += os.read(master, 100)
    assert b"/dev/pts/0" in text
    os.close(master)


def test_terminal_in_the_foreground(bundle):
    import pexpect
    bundle.write(bundle.config("sh", terminal=True))
    child = pexpect.spawn(
        str(RUNTIME), ["--root", str(bundle.root), "run", "--bundle", str(bundle.folder), "box"], timeout=20, encoding="utf-8",
        dimensions=(41, 87))
    child.expect("# ")
    child.sendline("tty; stty size")
    child.expect("/dev/pts/0\r\n41 87")
    child.setwinsize(22, 66)
    child.sendline('while [ "$(stty size)" != "22 66" ]; do sleep 0.1; done; echo re""sized; exit 4')
    child.expect("resized")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 4


def test_signals_reach_the_container(bundle):
    bundle.write(bundle.config("sh", "-c", "trap 'echo caught; exit 8' TERM; echo ready; while true; do sleep 0.1; done"))
    runtime = subprocess.Popen(
        [RUNTIME, "--root", bundle.root, "run", "--bundle", bundle.folder, "box"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        text=True)
    assert runtime.stdout.readline() == "ready\n"
    runtime.send_signal(signal.SIGTERM)
    assert runtime.communicate(timeout=20)[0] == "caught\n" and runtime.returncode == 8


def test_keyrings(bundle):
    config = bundle.config("cat", "/proc/keys")
    config["linux"]["maskedPaths"] = []
    bundle.write(config)
    for name, flags in [("first", []), ("second", ["--no-new-keyring"])]:
        keys = bundle("run", *flags, "--bundle", bundle.folder, name, check=True).stdout
        assert (f"_ses.{name}" in keys) == (not flags)


# Namespaces

def test_user_namespace(bundle):
    bundle.give(100000)
    config = with_users(bundle.config("sh", "-c", "cat /proc/self/uid_map; id -u; touch /tmp/made; stat -c %u:%g /tmp/made /dev/null /proc/1"))
    config["mounts"] = [entry for entry in config["mounts"] if entry["destination"] != "/sys/fs/cgroup"]
    os.chmod(bundle.rootfs / "tmp", 0o1777)
    lines = bundle.output(config).splitlines()
    assert lines[0].split() == ["0", "100000", "65536"] and lines[1] == "0"
    assert lines[2] == "0:0" and lines[4] == "0:0"
    made = os.stat(bundle.rootfs / "tmp/made")
    assert (made.st_uid, made.st_gid) == (100000, 100000)


def test_user_namespace_as_another_user_and_exec(bundle):
    bundle.give(100000)
    config = with_users(bundle.config("sleep", "100", user={"uid": 7, "gid": 8, "additionalGids": [9]}))
    config["process"]["rlimits"] = [{"type": "RLIMIT_NOFILE", "soft": 200, "hard": 200}]
    config["process"]["oomScoreAdj"] = 300
    bundle.create(config)
    bundle("start", "box", check=True)
    pid = bundle.state()["pid"]
    status = Path(f"/proc/{pid}/status").read_text()
    assert "Uid:\t100007\t100007" in status and "Gid:\t100008" in status and "Groups:\t100009" in status
    assert "200                  200" in Path(f"/proc/{pid}/limits").read_text()
    assert Path(f"/proc/{pid}/oom_score_adj").read_text() == "300\n"
    groups = Path(f"/proc/{pid}/cgroup").read_text()
    assert "/gantry/box" in groups
    out = bundle("exec", "-u", "0", "box", "sh", "-c", "id -u; hostname inside && hostname; cat /proc/self/uid_map").stdout.split()
    assert out == ["0", "inside", "0", "100000", "65536"] or out[0] == "0" and out[-3:] == ["0", "100000", "65536"]


def test_root_that_only_the_host_may_reach(bundle):
    bundle.give(100000)
    os.chmod(bundle.folder.parent, 0o700)
    secret = bundle.folder.parent / "secret"
    secret.mkdir(mode=0o700)
    (secret / "file").write_text("seen")
    os.chown(secret / "file", 100000, 100000)
    os.chown(secret, 100000, 100000)
    config = mount(with_users(bundle.config("cat", "/s/file")), "/s", type="bind", source=str(secret), options=["rbind", "ro"])
    assert bundle.output(config) == "seen"
    os.chmod(bundle.folder.parent, 0o755)


def test_join_every_namespace(bundle):
    bundle.give(100000)
    first = with_users(bundle.config("sleep", "100"))
    namespaces(first, "time", "cgroup")
    bundle.create(first, id="first")
    bundle("start", "first", check=True)
    pid = bundle.state("first")["pid"]
    kinds = {"network": "net", "pid": "pid", "ipc": "ipc", "uts": "uts", "cgroup": "cgroup", "time": "time", "user": "user"}
    second = bundle.config("sh", "-c", "for n in net pid ipc uts cgroup time user mnt; do readlink /proc/self/ns/$n; done; hostname; id -u")
    second.pop("hostname")
    second["linux"].pop("sysctl")
    namespaces(second, **{kind: f"/proc/{pid}/ns/{name}" for kind, name in kinds.items()})
    lines = bundle.output(second).splitlines()
    expected = [os.readlink(f"/proc/{pid}/ns/{name}") for name in kinds.values()]
    assert lines[:7] == expected and lines[7] != os.readlink(f"/proc/{pid}/ns/mnt")
    assert lines[8:] == ["gantry", "0"]


def test_join_without_a_user_namespace(bundle):
    bundle.create(bundle.config("sleep", "100"), id="first")
    bundle("start", "first", check=True)
    pid = bundle.state("first")["pid"]
    second = bundle.config("sh", "-c", "for n in net pid ipc uts mnt; do readlink /proc/self/ns/$n; done")
    second.pop("hostname")
    kinds = {"network": "net", "pid": "pid", "ipc": "ipc", "uts": "uts"}
    namespaces(second, **{kind: f"/proc/{pid}/ns/{name}" for kind, name in kinds.items()})
    lines = bundle.output(second).splitlines()
    assert lines[:4] == [os.readlink(f"/proc/{pid}/ns/{name}") for name in kinds.values()]


def test_join_a_mount_namespace(bundle):
    holder = subprocess.Popen(["unshare", "-m", "sh", "-c", "echo ready; exec sleep 100"], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout.readline() == "ready\n"
        config = namespaces(bundle.config("readlink", "/proc/self/ns/mnt"), mount=f"/proc/{holder.pid}/ns/mnt")
        assert bundle.output(config) == os.readlink(f"/proc/{holder.pid}/ns/mnt")
    finally:
        holder.kill()
        holder.wait()


def test_time_namespace(bundle):
    config = namespaces(bundle.config("cat", "/proc/uptime"), "time")
    config["linux"]["timeOffsets"] = {"boottime": {"secs": 1000000}, "monotonic": {"secs": 5, "nanosecs": 7}}
    up = float(bundle.output(config).split()[0])
    host = float(Path("/proc/uptime").read_text().split()[0])
    assert 999_900 < up - host < 1_000_100
    config["process"]["args"] = ["sleep", "100"]
    bundle.create(config)
    bundle("start", "box", check=True)
    assert float(bundle("exec", "box", "cat", "/proc/uptime").stdout.split()[0]) > 999_900
    bundle("delete", "--force", "box", check=True)
    config["process"]["args"] = ["cat", "/proc/uptime"]
    bundle.give(100000)
    users = with_users(config)
    assert float(bundle.output(users).split()[0]) > 999_900


def test_id_mapped_mounts(bundle, tmp_path):
    data = bundle.folder.parent / "data"
    data.mkdir()
    (data / "file").write_text("x")
    os.chown(data / "file", 5000, 6000)
    maps = {"uidMappings": [{"containerID": 5000, "hostID": 77, "size": 1}], "gidMappings": [{"containerID": 6000, "hostID": 78, "size": 1}]}
    config = mount(bundle.config("stat", "-c", "%u:%g", "/data/file"), "/data", type="bind", source=str(data), options=["rbind"], **maps)
    assert bundle.output(config) == "77:78"
    os.chown(data / "file", 0, 0)
    bundle.give(100000)
    users = mount(with_users(bundle.config("stat", "-c", "%u:%g", "/data/file")), "/data", type="bind", source=str(data), options=["rbind", "ridmap"])
    assert bundle.output(users) == "0:0"
    users["mounts"][-1]["options"] = ["rbind"]
    assert bundle.output(users) == "65534:65534"
    config["mounts"][-1].update(type="tmpfs", source="tmpfs", options=[])
    bundle.refused(config, "cannot map ids")


def test_rootless(bundle):
    """As a user without any rights: one id alone, and with the ranges of /etc/subuid through newuidmap."""
    user = 54321
    shared = bundle.folder.parent / "shared"
    shutil.copytree(bundle.folder, shared, symlinks=True)
    for path, directories, files in os.walk(shared):
        for name in [path] + [os.path.join(path, file) for file in files + directories]:
            os.lchown(name, user, user)
    root = shared / "state"

    def rootless(*arguments):
        with open(shared / "out", "w+") as out, open(shared / "err", "w+") as err:
            result = subprocess.run(
                ["setpriv", "--reuid", str(user), "--regid", str(user), "--clear-groups", RUNTIME, "--root", root, *map(str, arguments)],
                stdin=subprocess.DEVNULL, stdout=out, stderr=err, timeout=20, cwd=shared)
            out.seek(0)
            err.seek(0)
            return subprocess.CompletedProcess(result.args, result.returncode, out.read(), err.read())

    (shared / "config.json").unlink()
    made = rootless("--rootless=true", "spec", "--bundle", shared)
    assert made.returncode == 0, made.stderr
    config = json.loads((shared / "config.json").read_text())
    config["process"].update(terminal=False, args=["sh", "-c", "id -u; cat /proc/self/uid_map; touch /made; hostname; ls /proc | grep -c '^[0-9]'"])
    config["root"]["readonly"] = False
    (shared / "config.json").write_text(json.dumps(config))
    result = rootless("run", "--bundle", shared, "box")
    assert result.returncode == 0, result.stderr
    lines = result.stdout.split()
    assert lines[:4] == ["0", "0", str(user), "1"] and lines[4] == "gantry"
    assert os.stat(shared / "rootfs/made").st_uid == user

    limited = copy.deepcopy(config)
    limited["linux"]["resources"] = {"memory": {"limit": 1 << 26}}
    (shared / "config.json").write_text(json.dumps(limited))
    refused = rootless("run", "--bundle", shared, "box")
    assert refused.returncode != 0 and "`linux.resources` cannot be set" in refused.stderr

    if not shutil.which("newuidmap"):
        pytest.skip("the second half needs newuidmap (package uidmap)")
    name = f"gantrytest{os.getpid()}"
    saved = {path: Path(path).read_text() if Path(path).exists() else None for path in ("/etc/subuid", "/etc/subgid", "/etc/passwd")}
    try:
        with open("/etc/passwd", "a") as passwd:
            passwd.write(f"{name}:x:{user}:{user}::/nonexistent:/bin/sh\n")
        for path in ("/etc/subuid", "/etc/subgid"):
            with open(path, "a") as ranges:
                ranges.write(f"{name}:700000:65536\n")
        maps = [{"containerID": 0, "hostID": user, "size": 1}, {"containerID": 1, "hostID": 700000, "size": 65536}]
        config["linux"].update(uidMappings=maps, gidMappings=maps)
        config["process"].update(user={"uid": 33, "gid": 44, "additionalGids": [55]}, args=["sh", "-c", "id; sleep 100"])
        (shared / "config.json").write_text(json.dumps(config))
        started = rootless("run", "--detach", "--bundle", shared, "box")
        assert started.returncode == 0, started.stderr
        inside = rootless("exec", "-u", "0", "box", "sh", "-c", "id -u; grep -E '^(Uid|Groups)' /proc/1/status; readlink /proc/self/ns/user")
        assert inside.returncode == 0, inside.stderr
        pid = json.loads(rootless("state", "box").stdout)["pid"]
        assert inside.stdout.split()[0] == "0" and os.readlink(f"/proc/{pid}/ns/user") in inside.stdout
        assert "Uid:\t700032" in Path(f"/proc/{pid}/status").read_text()
        assert rootless("delete", "--force", "box").returncode == 0
        assert not Path(f"/proc/{pid}/root/bin").exists()
    finally:
        rootless("delete", "--force", "box")
        for path, text in saved.items():
            if text is None:
                os.unlink(path)
            else:
                Path(path).write_text(text)


# Hooks

HOOK = """#!/bin/sh
state=$(cat)
echo "$1 $EXTRA $(readlink /proc/self/ns/uts) $state" >>{log}
exit ${{CODE:-0}}
"""


def hook(path, name, **fields):
    return {"path": str(path), "args": ["hook", name], "env": [f"EXTRA=e-{name}", "PATH=/bin:/usr/bin:/sbin"], **fields}


def test_hooks(bundle):
    log = bundle.folder.parent / "hooks.log"
    script = bundle.folder.parent / "hook"
    script.write_text(HOOK.format(log=log))
    script.chmod(0o755)
    inside = bundle.rootfs / "hook"
    inside.write_text(HOOK.format(log="/inside.log"))
    inside.chmod(0o755)
    config = bundle.config("sh", "-c", "readlink /proc/self/ns/uts; cat /inside.log")
    config["annotations"] = {"a": "b \"c\""}
    outside = ["prestart", "createRuntime", "createContainer", "poststart", "poststop"]
    config["hooks"] = {name: [hook(script, name)] for name in outside}
    config["hooks"]["startContainer"] = [hook("/hook", "startContainer")]
    lines = bundle.output(config).splitlines()
    own = lines[0]
    told = [line.split(" ", 3) for line in log.read_text().splitlines()]
    assert [line[0] for line in told] == outside
    assert [line[1] for line in told] == [f"e-{name}" for name in outside]
    host = os.readlink("/proc/self/ns/uts")
    assert [line[2] for line in told] == [host, host, own, host, host]
    start = lines[1].split(" ", 3)
    assert start[:3] == ["startContainer", "e-startContainer", own]
    states = {line[0]: json.loads(line[3]) for line in told + [start]}
    assert {name: state["status"] for name, state in states.items()} == {
        "prestart": "creating", "createRuntime": "creating", "createContainer": "creating", "startContainer": "created",
        "poststart": "running", "poststop": "stopped"}
    pids = {state["pid"] for name, state in states.items() if name != "poststop"}
    assert len(pids) == 1 and pids != {0}
    for state in states.values():
        assert state["id"] == "box" and state["bundle"] == str(bundle.folder) and state["annotations"] == {"a": "b \"c\""}


@pytest.mark.parametrize("point", ["prestart", "createRuntime", "createContainer", "startContainer", "poststart"])
def test_a_failing_hook_ends_the_container(bundle, point):
    config = bundle.config("sleep", "100")
    config["hooks"] = {point: [{"path": "/bin/false"}]}
    bundle.refused(config, "hook `/bin/false` ended with 1")
    config["hooks"] = {point: [{"path": "/bin/sleep", "args": ["sleep", "100"], "timeout": 1}]}
    bundle.refused(config, "hook `/bin/sleep`", "did not end in time")


def test_a_failing_poststop_hook_is_told_only(bundle):
    config = bundle.config("true")
    config["hooks"] = {"poststop": [{"path": "/bin/false"}]}
    result = bundle.run(config)
    assert result.returncode == 0 and "poststop hook `/bin/false` ended with 1" in result.stderr
    assert bundle("list", "-q").stdout == ""


def test_the_runtime_dies_while_the_container_waits(bundle):
    """Nothing runs on when gantry-oci is killed in the middle of a create; the next create of the same name works."""
    script = bundle.folder.parent / "slow"
    told = bundle.folder.parent / "told"
    script.write_text(f"#!/bin/sh\nsed 's/.*\"pid\":\\([0-9]*\\).*/\\1 end/' >{told}\nexec sleep 300\n")
    script.chmod(0o755)
    bundle.give(100000)
    for users in (False, True):
        config = with_users(bundle.config("true")) if users else bundle.config("true")
        config["hooks"] = {"createRuntime": [{"path": str(script), "env": ["PATH=/usr/bin:/bin"]}]}
        bundle.write(config)
        runtime = subprocess.Popen(
            [RUNTIME, "--root", bundle.root, "run", "--bundle", bundle.folder, "box"], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            text = wait_for(lambda: told.exists() and "end" in told.read_text() and told.read_text(), "the hook")
            pid = int(text.split()[0])
            hooks = [
                int(number) for task in Path(f"/proc/{runtime.pid}/task").iterdir()
                for number in (task / "children").read_text().split()]
        finally:
            runtime.kill()
            runtime.wait()

        def is_gone():
            try:
                return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] in "ZX"
            except FileNotFoundError:
                return True

        wait_for(is_gone, "the end of the waiting process")
        ended = 0
        for number in hooks:
            if Path(f"/proc/{number}/cmdline").exists() and b"sleep" in Path(f"/proc/{number}/cmdline").read_bytes():
                os.kill(number, signal.SIGKILL)
                ended += 1
        assert ended == 1
        told.unlink()
        assert bundle("list", "-q", check=True).stdout == ""
        assert bundle.output(bundle.config("echo", "again")) == "again"


def test_two_creates_of_one_name(bundle):
    """The second is refused while the first is at it, and does not disturb it."""
    started, go_on = bundle.folder.parent / "started", bundle.folder.parent / "go"
    os.mkfifo(go_on)
    script = bundle.folder.parent / "waits"
    script.write_text(f"#!/bin/sh\n: >{started}\nread line <{go_on}\n")
    script.chmod(0o755)
    config = bundle.config("echo", "first")
    config["hooks"] = {"createRuntime": [{"path": str(script), "env": ["PATH=/usr/bin:/bin"]}]}
    bundle.write(config)
    first = subprocess.Popen(
        [RUNTIME, "--root", bundle.root, "run", "--bundle", bundle.folder, "box"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        text=True)
    wait_for(started.exists, "the hook")
    assert "is being created" in bundle("run", "--bundle", bundle.folder, "box").stderr
    go_on.write_text("go\n")
    assert first.communicate(timeout=20)[0] == "first\n" and first.returncode == 0
    assert os.listdir(bundle.root / "containers") == []


def test_a_hook_can_mount_into_the_root(bundle):
    """What a createRuntime hook mounts on the root in the container's mount namespace is there."""
    script = bundle.folder.parent / "mounts"
    script.write_text(
        "#!/bin/sh\npid=$(sed 's/.*\"pid\":\\([0-9]*\\).*/\\1/')\n"
        f"exec nsenter -t $pid -m mount -t tmpfs hooked {bundle.rootfs}/home\n")
    script.chmod(0o755)
    config = bundle.config("grep", " /home ", "/proc/mounts")
    config["hooks"] = {"createRuntime": [{"path": str(script), "env": ["PATH=/usr/bin:/bin"]}]}
    assert bundle.output(config).startswith("hooked /home tmpfs")
    assert "hooked" not in Path("/proc/mounts").read_text()


# Fields

def test_mount_options(bundle, tmp_path):
    source = bundle.folder.parent / "source"
    (source / "below").mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "below", source / "below"], check=True)
    try:
        script = "grep -E ' /(m|m/below) ' /proc/self/mountinfo | sed 's/ - .*//' | cut -d' ' -f5-"

        def seen(*options):
            config = mount(bundle.config("sh", "-c", script), "/m", type="bind", source=str(source), options=list(options))
            return [line.split() for line in bundle.output(config).splitlines()]

        assert len(seen("bind")) == 1 and len(seen("rbind")) == 2
        top, below = seen("rbind", "ro", "nosuid")
        assert top[1].startswith("ro,nosuid") and below[1].startswith("rw") and "nosuid" not in below[1]
        top, below = seen("rbind", "rro", "rnoexec", "rnodev", "rnosuid")
        assert top[1].startswith("ro,nosuid,nodev,noexec") and below[1].startswith("ro,nosuid,nodev,noexec")
        top, below = seen("rbind", "ro", "rnosymfollow")
        assert "ro" in top[1].split(",") and "nosymfollow" in top[1] and "rw" in below[1].split(",") and "nosymfollow" in below[1]
        assert "noatime" in seen("bind", "noatime")[0][1] and "nodiratime" in seen("bind", "nodiratime")[0][1]
        assert all("relatime" not in line[1] and "noatime" not in line[1] for line in seen("rbind", "rstrictatime"))
        assert "shared:" in " ".join(seen("bind", "shared")[0]) and "unbindable" in seen("bind", "unbindable")[0]
        assert len(seen("bind", "private")[0]) == 2
        subprocess.run(["mount", "-o", "remount,bind,noexec,nodev", source / "below"], check=True)
        top, below = seen("rbind", "rexec", "rdev")
        assert "noexec" not in below[1] and "nodev" not in below[1]
    finally:
        subprocess.run(["umount", source / "below"], check=True)


def test_tmpfs_copies_up(bundle):
    home = bundle.rootfs / "home"
    (home / "deep/er").mkdir(parents=True)
    (home / "deep/er/file").write_text("content")
    os.chown(home / "deep/er/file", 11, 22)
    os.chmod(home / "deep/er/file", 0o4751)
    os.symlink("/etc/passwd", home / "deep/link")
    os.mkfifo(home / "fifo", 0o640)
    os.chmod(home, 0o711)
    command = "stat -c '%n %a %u:%g %F' /home /home/fifo /home/deep/er/file; readlink /home/deep/link; cat /home/deep/er/file; touch /home/new"
    config = mount(bundle.config("sh", "-c", command), "/home", type="tmpfs", source="tmpfs", options=["tmpcopyup", "nosuid"])
    assert bundle.output(config).splitlines() == [
        "/home 711 0:0 directory", "/home/fifo 640 0:0 fifo", "/home/deep/er/file 4751 11:22 regular file", "/etc/passwd", "content"]
    assert not (home / "new").exists()
    config["mounts"][-1]["options"] = ["tmpcopyup", "mode=700", "size=4k"]
    result = bundle.run(config)
    assert result.returncode != 0 or "/home 700" in result.stdout


def test_propagation_of_the_root(bundle):
    for name, word in [("shared", "shared:"), ("rshared", "shared:"), ("unbindable", "unbindable"), ("private", None), ("slave", None)]:
        config = bundle.config("sh", "-c", "grep ' / / ' /proc/self/mountinfo || grep ' / ' /proc/self/mountinfo | head -1")
        config["linux"]["rootfsPropagation"] = name
        fields = bundle.output(config).split(" - ")[0]
        assert (word in fields) if word else ("shared:" not in fields and "unbindable" not in fields), (name, fields)


def test_without_pivot(bundle):
    config = bundle.config("sh", "-c", "ls -d /etc /var/tmp/* 2>/dev/null; cat /proc/1/root/etc/passwd | head -1; touch /here")
    assert bundle.output(config, "--no-pivot").splitlines() == ["/etc", "root:x:0:0:root:/root:/bin/sh"]
    assert (bundle.rootfs / "here").exists()


def test_capabilities_that_cannot_be_had_are_left_out(bundle):
    """The specification wants a warning, not a failure; runc's own `spec` asks for ambient ones that are not inheritable."""
    sets = {name: ["CAP_KILL", "CAP_NOT_YET"] for name in ("bounding", "effective", "permitted", "ambient")}
    result = bundle.run(bundle.config("grep", "Cap", "/proc/self/status", capabilities=sets))
    assert result.returncode == 0, result.stderr
    shown = dict(line.split(":\t") for line in result.stdout.splitlines())
    assert shown == {"CapInh": f"{0:016x}", "CapPrm": f"{1 << 5:016x}", "CapEff": f"{1 << 5:016x}", "CapBnd": f"{1 << 5:016x}", "CapAmb": f"{0:016x}"}
    assert "not known here: CAP_NOT_YET" in result.stderr and "as well: CAP_KILL" in result.stderr
    sets["inheritable"] = ["CAP_KILL"]
    assert f"CapAmb:\t{1 << 5:016x}" in bundle.output(bundle.config("cat", "/proc/self/status", capabilities=sets))


@pytest.mark.parametrize("soft, hard", [(3, 3), (5, 4096)])
def test_fewer_descriptors_than_a_start_takes(bundle, soft, hard):
    config = bundle.config("sh", "-c", "ulimit -n; ulimit -Hn", rlimits=[{"type": "RLIMIT_NOFILE", "soft": soft, "hard": hard}])
    assert bundle.output(config).split() == [str(soft), str(hard)]


def test_mounts_inside_a_read_only_one(bundle):
    config = bundle.config("sh", "-c", "touch /new/inside/x && touch /new/x")
    config["mounts"] += [{"destination": "/new", "type": "tmpfs", "source": "tmpfs", "options": ["ro"]},
                         {"destination": "/new/inside", "type": "tmpfs", "source": "tmpfs"}]
    result = bundle.run(config)
    assert result.returncode == 1 and "/new/x: Read-only file system" in result.stderr


def test_process_attributes(bundle):
    config = bundle.config(
        "sh", "-c", "cut -d' ' -f19,41 /proc/self/stat; ionice; umask; uname -m; ulimit -n; cat /proc/self/oom_score_adj",
        scheduler={"policy": "SCHED_BATCH", "nice": 5}, ioPriority={"class": "IOPRIO_CLASS_BE", "priority": 6}, oomScoreAdj=444)
    config["process"]["user"]["umask"] = 0o27
    config["process"]["rlimits"] = [{"type": "RLIMIT_NOFILE", "soft": 64, "hard": 65}]
    config["linux"]["personality"] = {"domain": "LINUX32"}
    assert bundle.output(config).splitlines() == ["5 3", "best-effort: prio 6", "0027", "i686", "64", "444"]
    config["process"]["rlimits"][0].update(hard=1 << 40)
    if not os.sched_getaffinity or not int(Path("/proc/self/status").read_text().split("CapEff:\t")[1].split()[0], 16) & 1 << 24:
        bundle.refused(config, "this host cannot raise the limit nofile to 1099511627776", "lacks CAP_SYS_RESOURCE")


def test_memory_policy(bundle):
    config = bundle.config("sh", "-c", "grep -c bind:0 /proc/self/numa_maps")
    config["linux"]["memoryPolicy"] = {"mode": "MPOL_BIND", "nodes": "0"}
    config["linux"].pop("seccomp", None)
    if not Path("/proc/self/numa_maps").exists():
        pytest.skip("this kernel has no NUMA")
    assert int(bundle.output(config)) > 0


def test_devices(bundle):
    """Devices of the specification are made wherever they are asked for; what the image has already may stay."""
    fuse = {"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229, "fileMode": 0o640, "uid": 3, "gid": 4}
    pipe = {"path": "/run/pipe", "type": "p", "fileMode": 0o600}
    config = bundle.config("stat", "-c", "%n %t:%T %a %u:%g %F", "/dev/fuse", "/dev/null", "/run/pipe")
    config["linux"]["devices"] = [fuse, pipe]
    expected = ["/dev/fuse a:e5 640 3:4 character special file", "/dev/null 1:3 666 0:0 character special file", "/run/pipe 0:0 600 0:0 fifo"]
    assert bundle.output(config).splitlines() == expected
    config["mounts"] = [entry for entry in config["mounts"] if not entry["destination"].startswith("/dev")]
    config["process"]["args"].remove("/dev/null")
    for _ in range(2):
        assert bundle.output(config).splitlines() == [expected[0], expected[2]]
    (bundle.rootfs / "dev/fuse").unlink()
    (bundle.rootfs / "dev/fuse").write_text("no device")
    bundle.refused(config, "make the device `/dev/fuse`: file exists")


def test_network_devices(bundle):
    name = f"gd{os.getpid() % 100000}"
    subprocess.run(["ip", "link", "add", name, "type", "veth", "peer", f"{name}p"], check=True)
    subprocess.run(["ip", "link", "set", f"{name}p", "up"], check=True)
    try:
        subprocess.run(["ip", "addr", "add", "10.201.7.1/24", "dev", name], check=True)
        config = bundle.config("sh", "-c", "ip -o -4 addr show dev inner; ip -o link show dev inner")
        config["linux"]["netDevices"] = {name: {"name": "inner"}}
        text = bundle.output(config)
        assert "10.201.7.1/24" in text and "UP" in text
        bundle.refused(config, f"`linux.netDevices` names `{name}`")
    finally:
        subprocess.run(["ip", "link", "del", f"{name}p"], stderr=subprocess.DEVNULL)


def test_labels_need_their_modules(bundle):
    modules = Path("/sys/kernel/security/lsm").read_text() if Path("/sys/kernel/security/lsm").exists() else ""
    if "apparmor" not in modules:
        bundle.refused(bundle.config(apparmorProfile="docker-default"), "`docker-default` cannot be applied: this host has no AppArmor")
    if "selinux" not in modules:
        bundle.refused(bundle.config(selinuxLabel="a:b:c:d"), "this host has no SELinux")


# Seccomp

def filtered(config, *rules, **fields):
    config["linux"]["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": list(rules), **fields}
    return config


def test_seccomp_actions(bundle):
    def run(action, **fields):
        rule = {"names": ["mkdir", "mkdirat"], "action": action, **fields}
        return bundle.run(filtered(bundle.config("sh", "-c", "mkdir /tmp/x; echo code $?"), rule))

    assert "code 0" in run("SCMP_ACT_LOG").stdout
    assert "Permission denied" in run("SCMP_ACT_ERRNO", errnoRet=13).stderr
    assert "code 159" in run("SCMP_ACT_KILL_PROCESS").stdout and "code 159" in run("SCMP_ACT_TRAP").stdout
    assert "code 159" in run("SCMP_ACT_KILL").stdout
    assert "Function not implemented" in run("SCMP_ACT_TRACE").stderr
    os.rmdir(bundle.rootfs / "tmp/x")
    flags = ["SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW"]
    rule = {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}
    config = filtered(bundle.config("mkdir", "/tmp/x"), rule, flags=flags, architectures=["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"])
    assert "Operation not permitted" in bundle.run(config).stderr
    bundle.refused(filtered(bundle.config(), {"names": ["mkdir"], "action": "SCMP_ACT_NOPE"}), "unknown seccomp action `SCMP_ACT_NOPE`")
    bundle.refused(filtered(bundle.config(), flags=["SECCOMP_FILTER_FLAG_X"]), "`linux.seccomp.flags`")
    bundle.refused(filtered(bundle.config(), architectures=["SCMP_ARCH_Z80"]), "unknown seccomp architecture `SCMP_ARCH_Z80`")


def test_seccomp_notify(bundle, tmp_path):
    """The listener gets the state and the descriptor, and its answer is the call's result."""
    import ctypes
    import fcntl
    import struct
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(tmp_path / "listener"))
    server.listen()
    told = {}

    def listen():
        client, _ = server.accept()
        text, ancillary, _, _ = client.recvmsg(65536, socket.CMSG_SPACE(4))
        told.update(json.loads(text))
        descriptor = array.array("i", ancillary[0][2][:4])[0]
        notification = bytearray(80)
        fcntl.ioctl(descriptor, 0xC0502100, notification)
        number = struct.unpack_from("Q", notification)[0]
        fcntl.ioctl(descriptor, 0xC0182101, struct.pack("QqiI", number, 0, -113, 0))
        os.close(descriptor)

    thread = threading.Thread(target=listen)
    thread.start()
    rule = {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_NOTIFY"}
    config = filtered(bundle.config("mkdir", "/tmp/x"), rule, listenerPath=str(tmp_path / "listener"), listenerMetadata="some data")
    result = bundle.run(config)
    thread.join(30)
    assert "No route to host" in result.stderr, result.stderr
    assert told["fds"] == ["seccompFd"] and told["metadata"] == "some data" and told["ociVersion"].startswith("1.")
    assert told["state"]["id"] == "box" and told["state"]["pid"] == told["pid"] > 0
    bundle.refused(filtered(bundle.config(), {"names": ["sendmsg"], "action": "SCMP_ACT_NOTIFY"}, listenerPath="/x"), "`sendmsg`")
    bundle.refused(filtered(bundle.config(), rule), "`linux.seccomp.listenerPath`")
    bundle.refused(filtered(bundle.config(), rule, listenerPath="/nonexistent"), "/nonexistent")


# Bad input

def change(config, path, value):
    *parents, last = path.split(".")
    for name in parents:
        config = config[int(name)] if isinstance(config, list) else config.setdefault(name, {})
    if isinstance(config, list):
        config[int(last)] = value
    elif value is None:
        config.pop(last)
    else:
        config[last] = value


@pytest.mark.parametrize("path, value, message", [
    ("ociVersion", None, "`ociVersion` is missing"), ("ociVersion", "2.0.0", "`ociVersion` must be 1.x.y"),
    ("process", None, "no `process`"), ("process.cwd", None, "`process.cwd` is missing"), ("process.cwd", "tmp", "not absolute"),
    ("process.args", "true", "`process.args` must be a list"), ("process.args", [], "no command specified"),
    ("process.args", ["a\0b"], "`process.args` cannot contain a zero byte"), ("process.env", [7], "`process.env[0]` must be a string"),
    ("process.user.uid", -1, "`process.user.uid`"), ("process.user.uid", "root", "`process.user.uid` must be a whole number"),
    ("process.user.umask", 0o7777, "`process.user.umask`"), ("process.oomScoreAdj", 1001, "`process.oomScoreAdj`"),
    ("process.rlimits", [{"type": "RLIMIT_X", "soft": 1, "hard": 1}], "unknown type `RLIMIT_X`"),
    ("process.rlimits", [{"type": "RLIMIT_CPU", "soft": 2, "hard": 1}], "`process.rlimits`: the soft RLIMIT_CPU 2"),
    ("process.rlimits", [{"type": "RLIMIT_CPU", "soft": 1, "hard": 1}] * 2, "`RLIMIT_CPU` twice"),
    ("process.scheduler", {"policy": "SCHED_X"}, "`process.scheduler.policy`"),
    ("process.scheduler", {"policy": "SCHED_FIFO"}, "`process.scheduler.priority`"),
    ("process.scheduler", {"policy": "SCHED_OTHER", "nice": 20}, "`process.scheduler.nice`"),
    ("process.ioPriority", {"class": "IOPRIO_CLASS_BE", "priority": 8}, "`process.ioPriority.priority`"),
    ("process.ioPriority", {"class": "X", "priority": 1}, "`process.ioPriority.class`"),
    ("process.execCPUAffinity", {"initial": "a"}, "`process.execCPUAffinity.initial`"),
    ("process.terminal", "yes", "`process.terminal` must be true or false"),
    ("root", None, "has no root"), ("root.path", "", "`root.path` is empty"), ("root.path", "nowhere", "bind the root"),
    ("hostname", "x" * 65, "`hostname`"), ("annotations", {"": "x"}, "`annotations`"),
    ("mounts.0.destination", "/", "invalid mount destination"), ("mounts.0", {"type": "tmpfs"}, "`mounts[0].destination` is missing"),
    ("mounts.0", {"destination": "/x", "type": "nosuchfs"}, "mount nosuchfs on `/x`"),
    ("mounts.0", {"destination": "/x", "type": "bind"}, "has no source"),
    ("mounts.0", {"destination": "/x", "type": "bind", "source": "/tmp", "options": ["bind", "size=1"]}, "`size=1`"),
    ("mounts.0", {"destination": "/x", "type": "bind", "source": "/nonexistent/x"}, "bind `/nonexistent/x` on `/x`"),
    ("mounts.0", {"destination": "/proc/sys", "type": "tmpfs"}, "inside /proc"),
    ("mounts.0", {"destination": "/bin/busybox", "type": "tmpfs"}, "`/bin/busybox`: not a directory"),
    ("mounts.0", {"destination": "/x", "type": "tmpfs", "options": ["nosuchoption"]}, "mount tmpfs on `/x`"),
    ("linux.namespaces", [{"type": "galaxy"}], "`linux.namespaces[0].type`"),
    ("linux.namespaces", [{"type": "pid"}, {"type": "pid"}], "`pid` twice"),
    ("linux.namespaces", [{"type": "pid", "path": "/nonexistent"}], "/nonexistent"),
    ("linux.namespaces", [{"type": "pid", "path": "relative"}], "not absolute"),
    ("linux.namespaces", [{"type": "pid", "path": "/etc/passwd"}], "setns"),
    ("linux.uidMappings", [{"containerID": 0, "hostID": 0, "size": 1}], "need a user namespace"),
    ("linux.devices", [{"path": "x", "type": "c", "major": 1, "minor": 1}], "not absolute"),
    ("linux.devices", [{"path": "/dev/x", "type": "z"}], "unknown type `z`"), ("linux.devices", [{"path": "/dev/x", "type": "c"}], "`major`"),
    ("linux.devices", [{"path": "/dev/x", "type": "c", "major": -1, "minor": 1}], "invalid number"),
    ("linux.maskedPaths", ["x"], "`linux.maskedPaths`"), ("linux.readonlyPaths", ["x"], "`linux.readonlyPaths`"),
    ("linux.rootfsPropagation", "sideways", "`linux.rootfsPropagation`"),
    ("linux.sysctl", {"kernel.panic": "1"}, "`kernel.panic`"), ("linux.sysctl", {"vm.swappiness": "1"}, "`vm.swappiness`"),
    ("linux.sysctl", {"net/../kernel/ngroups_max": "1"}, "invalid sysctl"), ("linux.sysctl", {"kernel.hostname": "x"}, "use `hostname`"),
    ("linux.timeOffsets", {"boottime": {"secs": 1}}, "needs a new time namespace"),
    ("linux.netDevices", {"eth/0": {}}, "`linux.netDevices`"), ("linux.intelRdt", {"closID": "x"}, "`linux.intelRdt`"),
    ("linux.memoryPolicy", {"mode": "MPOL_X"}, "`linux.memoryPolicy.mode`"), ("linux.personality", {"domain": "WINDOWS"}, "`linux.personality.domain`"),
    ("linux.resources", {"memory": {"limit": "1"}}, "`linux.resources.memory.limit`"),
    ("hooks", {"prestart": [{"path": "x"}]}, "`hooks.prestart`"), ("hooks", {"poststop": [{"path": "/x", "timeout": 0}]}, "`hooks.poststop`"),
    ("hooks", {"createRuntime": [{"path": "/nonexistent"}]}, "createRuntime hook `/nonexistent`"),
])
def test_bad_fields(shared, path, value, message):
    config = shared.config("true")
    if path == "linux.namespaces":
        config["linux"].pop("sysctl")
        config.pop("hostname")
    change(config, path, value)
    shared.refused(config, message)


def test_bad_maps(bundle):
    for maps, words in [
        ([{"containerID": 1, "hostID": 100000, "size": 10}], "has no entry for 0"), ([], "`linux.uidMappings` is empty"),
        ([{"containerID": 0, "hostID": 100000, "size": 0}], "invalid size"),
        ([{"containerID": 0, "hostID": 4294967295, "size": 2}], "invalid size"),
        ([{"containerID": 0, "hostID": 1000, "size": 10}, {"containerID": 5, "hostID": 5000, "size": 10}], "overlaps"),
    ]:
        config = namespaces(bundle.config(), "user")
        config["linux"].update(uidMappings=maps, gidMappings=maps)
        bundle.refused(config, words)


def test_bad_documents(bundle):
    for text in ["", "{", "[]", "null", "7", '{"ociVersion": "1.0.0"', "{}"]:
        bundle.write(text)
        result = bundle("run", "--bundle", bundle.folder, "box")
        assert result.returncode == 1 and "config.json` is not valid" in result.stderr, (text, result.stderr)
    (bundle.folder / "config.json").unlink()
    assert "does not exist" in bundle("run", "--bundle", bundle.folder, "box").stderr
    assert bundle("create", "--bundle", bundle.folder, "../x").returncode != 0


def test_large_input(bundle):
    config = bundle.config("sh", "-c", "env | wc -l; echo $#", "sh", *["x" * 100] * 10000)
    config["process"]["env"] = [f"V{index}=x" for index in range(10000)] + ["PATH=/bin"]
    assert int(bundle.output(config).split()[1]) == 10000
    config["process"]["args"] = ["true", "x" * (2 << 20)]
    result = bundle.run(config)
    assert result.returncode != 0 and "argument list too long" in result.stderr


def test_log_and_version(bundle, tmp_path):
    assert "spec: 1.2.0" in subprocess.run([RUNTIME, "--version"], capture_output=True, text=True).stdout
    bundle("--log", tmp_path / "log", "--log-format", "json", "--debug", "state", "none")
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert [line["level"] for line in lines] == ["debug", "error"] and 'container "none" does not exist' in lines[1]["msg"]
    assert bundle("--log-format", "xml", "list").returncode != 0
    assert 'container "x" does not exist' in bundle("checkpoint", "x").stderr
    assert "must be soft, full or strict" in bundle("checkpoint", "--manage-cgroups-mode", "best", "x").stderr
    features = json.loads(bundle("features", check=True).stdout)
    assert "user" in features["linux"]["namespaces"] and "poststop" in features["hooks"] and "rro" in features["mountOptions"]
    assert "SCMP_ACT_NOTIFY" in features["linux"]["seccomp"]["actions"]
