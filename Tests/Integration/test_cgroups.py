"""Control groups: limits, device rules, statistics, pausing and the end by lack of memory, on version 1 and version 2 alike.

These tests also run in the virtual machine of scripts/test-guest, which has version 2 alone (or 1, when asked). They speak with the
engine directly: under emulation a command line of the debug build takes seconds to read its arguments.
"""
import json
import os
import shutil
import stat
import subprocess
import time
from pathlib import Path

import pytest

from conftest import BIN, Daemon, wait_for
from engine import Engine

pytestmark = pytest.mark.guest

ROOT = Path("/sys/fs/cgroup")
MIB = 1 << 20


def is_unified():
    return (ROOT / "cgroup.controllers").exists()


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    one = Daemon(tmp_path_factory.mktemp("cgroups"), "gtest2", "--bip", "172.31.242.1/24").start()
    try:
        Engine(one).load("busybox")
        yield one
    finally:
        one.destroy()


@pytest.fixture
def engine(daemon):
    one = Engine(daemon)
    yield one
    one.remove_all()


def group(engine, container, controller):
    """The directory of a running container's group on the host."""
    for line in Path(f"/proc/{engine.inspect(container)['State']['Pid']}/cgroup").read_text().splitlines():
        number, controllers, path = line.split(":", 2)
        if is_unified() and number == "0":
            return Path(str(ROOT) + path)
        if controller in controllers.split(","):
            mount = next(fields.split()[4] for fields in open("/proc/self/mountinfo")
                         if " - cgroup " in fields and controller in fields.split()[-1].split(","))
            return Path(mount + path)
    raise AssertionError(f"the container is in no group of {controller}")


def value(engine, container, controller, legacy, unified):
    """What a control file holds, by its name on version 1 and on version 2."""
    return (group(engine, container, controller) / (unified if is_unified() else legacy)).read_text().strip()


def load_module(name):
    """Where the kernel has it built in, or has it not at all, the test finds out by itself."""
    if shutil.which("modprobe"):
        subprocess.run(["modprobe", "-q", name], check=False)


def sleeper(engine, **options):
    return engine.start("sleep", "1000", NetworkMode="none", **options)


# Limits


def test_limits_reach_the_kernel(engine):
    box = sleeper(engine, Memory=100 * MIB, MemoryReservation=50 * MIB, NanoCpus=500000000, CpuShares=512, PidsLimit=20,
                  CpusetCpus="0", CpusetMems="0")
    assert value(engine, box, "memory", "memory.limit_in_bytes", "memory.max") == "104857600"
    assert value(engine, box, "memory", "memory.soft_limit_in_bytes", "memory.low") == "52428800"
    assert value(engine, box, "pids", "pids.max", "pids.max") == "20"
    assert value(engine, box, "cpuset", "cpuset.cpus", "cpuset.cpus") == "0"
    assert value(engine, box, "cpuset", "cpuset.mems", "cpuset.mems") == "0"
    swap = engine.call("GET", "/info", expect=200)[1]["SwapLimit"]
    if is_unified():
        assert not swap or value(engine, box, "memory", None, "memory.swap.max") == "104857600"
        assert value(engine, box, "cpu", None, "cpu.max") == "50000 100000"
        assert value(engine, box, "cpu", None, "cpu.weight") == "20"
    else:
        assert not swap or value(engine, box, "memory", "memory.memsw.limit_in_bytes", None) == "209715200"
        assert value(engine, box, "cpu", "cpu.cfs_quota_us", None) == "50000"
        assert value(engine, box, "cpu", "cpu.shares", None) == "512"
    host = engine.inspect(box)["HostConfig"]
    assert (host["Memory"], host["NanoCpus"], host["PidsLimit"]) == (104857600, 500000000, 20)
    assert host["MemorySwap"] == (209715200 if swap else -1)
    assert engine.execute(box, "nproc").stdout == "1\n"


def test_period_quota_and_unlimited_swap(engine):
    box = sleeper(engine, Memory=64 * MIB, MemorySwap=-1, CpuPeriod=50000, CpuQuota=20000, PidsLimit=-1)
    assert value(engine, box, "pids", "pids.max", "pids.max") == "max"
    if is_unified():
        assert value(engine, box, "cpu", None, "cpu.max") == "20000 50000"
    else:
        assert value(engine, box, "cpu", "cpu.cfs_quota_us", None) == "20000"
        assert value(engine, box, "cpu", "cpu.cfs_period_us", None) == "50000"


def test_pids_limit_holds(engine):
    result = engine.run("sh", "-c", "for i in 1 2 3 4 5 6 7 8; do sleep 1 & done; wait", PidsLimit=5, NetworkMode="none")
    assert result.code == 2 and "can't fork: Resource temporarily unavailable" in result.stderr


@pytest.fixture
def disk(tmp_path):
    """A block device of our own: a loop device on a file."""
    load_module("loop")
    image = tmp_path / "disk"
    with open(image, "wb") as file:
        file.truncate(16 << 20)
    made = subprocess.run(["losetup", "--find", "--show", image], capture_output=True, text=True)
    if made.returncode:
        pytest.skip(f"no loop device can be made here: {made.stderr.strip()}")
    path = made.stdout.strip()
    number = os.stat(path).st_rdev
    yield path, f"{os.major(number)}:{os.minor(number)}"
    subprocess.run(["losetup", "--detach", path], check=True)


def test_block_io_throttles(engine, disk):
    path, number = disk
    def at(rate):
        return [{"Path": path, "Rate": rate}]
    box = sleeper(engine, BlkioDeviceReadBps=at(1 << 20), BlkioDeviceWriteBps=at(2 << 20), BlkioDeviceReadIOps=at(100),
                  BlkioDeviceWriteIOps=at(200))
    if is_unified():
        assert value(engine, box, "io", None, "io.max") == f"{number} rbps=1048576 wbps=2097152 riops=100 wiops=200"
    else:
        for name, wanted in [("read_bps", "1048576"), ("write_bps", "2097152"), ("read_iops", "100"), ("write_iops", "200")]:
            assert value(engine, box, "blkio", f"blkio.throttle.{name}_device", None) == f"{number} {wanted}"


def test_block_io_weight_is_set_or_discarded_with_a_warning(engine):
    status, answer = engine.create("sleep", "1000", name="weighed", BlkioWeight=300)
    assert status == 201
    weight = engine.inspect("weighed")["HostConfig"]["BlkioWeight"]
    if answer["Warnings"]:
        assert answer["Warnings"] == ["Your kernel does not support Block I/O weight or the cgroup is not mounted. Weight discarded."]
        assert weight == 0
        return
    engine.call("POST", "/containers/weighed/start", expect=204)
    directory = group(engine, "weighed", "io" if is_unified() else "blkio")
    text = "".join(path.read_text() for path in directory.glob("*io.bfq.weight")) or (directory / "io.weight").read_text()
    assert "300" in text.split() or "2930" in text.split(), text
    assert weight == 300


def test_missing_block_device_is_named(engine):
    status, answer = engine.create("true", name="c1", BlkioDeviceReadBps=[{"Path": "/dev/nosuch", "Rate": 1}])
    assert status == 201
    status, answer = engine.call("POST", "/containers/c1/start")
    assert status >= 400 and "stat /dev/nosuch: no such file or directory" in answer["message"]


@pytest.mark.parametrize("host, text", [
    ({"Memory": MIB}, "Minimum memory limit allowed is 6MB"),
    ({"Memory": 64 * MIB, "MemorySwap": 32 * MIB}, "Minimum memoryswap limit should be larger than memory limit, see usage"),
    ({"MemorySwap": 64 * MIB}, "You should always set the Memory limit when using Memoryswap limit, see usage"),
    ({"Memory": 64 * MIB, "MemoryReservation": 65 * MIB},
     "Minimum memory limit can not be less than memory reservation limit, see usage"),
    ({"CpusetCpus": "4095"}, "Requested CPUs are not available - requested 4095, available: "),
    ({"CpusetMems": "63"}, "Requested memory nodes are not available - requested 63, available: 0"),
    ({"CpusetCpus": "0-"}, "Invalid value 0- for cpuset cpus"),
    ({"NanoCpus": 10**9, "CpuQuota": 5000}, "Conflicting options: Nano CPUs and CPU Quota cannot both be set"),
    ({"CpuPeriod": 10}, "CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)"),
    ({"CpuRealtimePeriod": 10, "CpuRealtimeRuntime": 20}, "cpu real-time runtime cannot be higher than cpu real-time period"),
    ({"CgroupParent": "/a/../../b"}, "invalid cgroup parent"),
])
def test_bad_limits(engine, host, text):
    status, answer = engine.create("true", **host)
    assert status == 400 and text in answer["message"], answer


def test_real_time(engine):
    status, answer = engine.create("true", name="c1", CpuRealtimeRuntime=1000)
    if is_unified() or status != 201:
        assert status >= 400 and "Your kernel does not support CPU real-time scheduler" in answer["message"]
        return
    # The group above has no real-time budget to give.
    status, answer = engine.call("POST", "/containers/c1/start")
    assert status >= 400 and "the real-time run time cannot be set to `1000`" in answer["message"], answer


def test_swappiness_and_oom_kill_disable(engine):
    status, answer = engine.create("sleep", "1000", name="c1", Memory=32 * MIB, MemorySwappiness=10, OomKillDisable=True)
    assert status == 201
    engine.call("POST", "/containers/c1/start", expect=204)
    warnings = "\n".join(answer["Warnings"])
    if is_unified():
        assert "Memory swappiness discarded." in warnings and "OomKillDisable discarded." in warnings
    else:
        assert "Memory swappiness" not in warnings and "OomKillDisable" not in warnings
        assert value(engine, "c1", "memory", "memory.swappiness", None) == "10"
        assert "oom_kill_disable 1" in value(engine, "c1", "memory", "memory.oom_control", None)


def test_cgroup_parent(engine):
    box = sleeper(engine, CgroupParent="/gantry-test-parent/inner", Memory=32 * MIB)
    directory = group(engine, box, "memory")
    assert str(directory).endswith(f"/gantry-test-parent/inner/{box}")
    assert value(engine, box, "memory", "memory.limit_in_bytes", "memory.max") == str(32 * MIB)
    engine.remove_all()
    assert not directory.exists()
    tops = [ROOT] if is_unified() else [path for path in ROOT.iterdir() if path.is_dir() and not path.is_symlink()]
    for top in tops:
        for path in ("gantry-test-parent/inner", "gantry-test-parent"):
            if (top / path).exists():
                (top / path).rmdir()


def test_cgroup_namespace(engine):
    def paths(mode):
        text = engine.run("cat", "/proc/self/cgroup", NetworkMode="none", CgroupnsMode=mode).stdout
        return {line.split(":", 2)[2] for line in text.splitlines() if is_unified() or not line.startswith("0:")}
    assert paths("private") == {"/"}
    assert all(path.startswith("/gantry/") for path in paths("host"))
    assert (paths("") == {"/"}) == is_unified()


# Update


def test_update(engine):
    box = sleeper(engine, Memory=64 * MIB, NanoCpus=10**9)
    # More memory than the swap limit allows: both must move together, in the order that the kernel accepts.
    status, _ = engine.update(box, Memory=256 * MIB, MemorySwap=512 * MIB, NanoCpus=250000000, PidsLimit=10, CpuShares=2048)
    assert status == 200
    assert value(engine, box, "memory", "memory.limit_in_bytes", "memory.max") == str(256 * MIB)
    assert value(engine, box, "cpu", "cpu.cfs_quota_us", "cpu.max").split()[0] == "25000"
    assert value(engine, box, "pids", "pids.max", "pids.max") == "10"
    assert engine.update(box, Memory=32 * MIB, MemorySwap=64 * MIB)[0] == 200
    assert value(engine, box, "memory", "memory.limit_in_bytes", "memory.max") == str(32 * MIB)
    assert engine.update(box, PidsLimit=-1, CpusetCpus="0")[0] == 200
    assert value(engine, box, "pids", "pids.max", "pids.max") == "max"
    assert value(engine, box, "cpuset", "cpuset.cpus", "cpuset.cpus") == "0"
    host = engine.inspect(box)["HostConfig"]
    assert (host["Memory"], host["PidsLimit"], host["CpusetCpus"]) == (32 * MIB, -1, "0")


def test_update_refusals(engine):
    box = sleeper(engine)
    for resources, text in [
        ({"Memory": 50 * MIB}, f"Cannot update container {box}: Memory limit should be smaller than already set memoryswap limit, "
                               "update the memoryswap at the same time"),
        ({"Memory": MIB}, "Minimum memory limit allowed is 6MB"),
        ({"CpusetCpus": "4095"}, "Requested CPUs are not available"),
    ]:
        status, answer = engine.update(box, **resources)
        assert status >= 400 and text in answer["message"], answer
    assert engine.update(box, NanoCpus=500000000)[0] == 200
    status, answer = engine.update(box, CpuQuota=5000)
    assert status >= 400 and "CPU Quota cannot be updated as NanoCPUs has already been set" in answer["message"]


def test_failed_update_changes_nothing(engine):
    if is_unified():
        pytest.skip("on version 2 the kernel ends processes instead of refusing a limit")
    box = sleeper(engine, Memory=64 * MIB, MemorySwap=64 * MIB, PidsLimit=30)
    # The kernel refuses a limit under what is in use and cannot be reclaimed.
    assert engine.execute(box, "dd", "if=/dev/zero", "of=/dev/shm/x", "bs=1M", "count=40").code == 0
    status, answer = engine.update(box, Memory=8 * MIB, MemorySwap=8 * MIB, PidsLimit=10)
    assert status >= 400 and "the memory limit cannot be set" in answer["message"] or "the swap limit cannot be set" in answer["message"], answer
    assert value(engine, box, "pids", "pids.max", None) == "30"
    assert value(engine, box, "memory", "memory.limit_in_bytes", None) == str(64 * MIB)
    assert engine.inspect(box)["HostConfig"]["PidsLimit"] == 30


# Devices


@pytest.fixture(scope="module")
def fuse():
    """A device that root may open without further rights when the rules let it, and that they do not by default."""
    load_module("fuse")
    if "229 fuse" not in Path("/proc/misc").read_text():
        pytest.skip("the kernel has no /dev/fuse to try")
    return "mknod /tmp/fuse c 10 229 && ({ exec 3<>/tmp/fuse && echo opened; } 2>&1); true"


def test_device_rules(engine, fuse):
    probe = (fuse + "; mknod /tmp/null c 1 3 && cat /tmp/null && echo null; mknod /tmp/disk b 7 0; (exec 3</tmp/disk) 2>&1; "
             "mknod /tmp/mem c 1 1; (exec 3</tmp/mem) 2>&1; echo x >/dev/null && echo written")
    output = engine.run("sh", "-c", probe, NetworkMode="none").stdout
    assert output.count("Operation not permitted") == 3, output
    assert "opened" not in output and "null" in output and "written" in output


def test_device_rules_hold_for_exec(engine, fuse):
    result = engine.execute(sleeper(engine), "sh", "-c", fuse)
    assert "Operation not permitted" in result.stdout and "opened" not in result.stdout


def test_device_can_be_allowed(engine, fuse, tmp_path):
    node = tmp_path / "node"
    os.mknod(node, 0o600 | stat.S_IFCHR, os.makedev(10, 229))
    device = {"PathOnHost": str(node), "PathInContainer": "/dev/own", "CgroupPermissions": "r"}
    script = "(exec 3</dev/own && echo read); (exec 3>/dev/own && echo written) 2>&1"
    output = engine.run("sh", "-c", script, Devices=[device], NetworkMode="none").stdout
    assert output.startswith("read\n") and "Operation not permitted" in output and "written" not in output, output
    assert "opened" in engine.run("sh", "-c", fuse, DeviceCgroupRules=["c 10:229 rwm"], NetworkMode="none").stdout


def test_rule_for_all_types_is_no_licence(engine, fuse):
    output = engine.run("sh", "-c", fuse, DeviceCgroupRules=["a *:* m"], NetworkMode="none").stdout
    assert "Operation not permitted" in output and "opened" not in output, output


def test_privileged_may_open_devices(engine, fuse):
    assert "opened" in engine.run("sh", "-c", fuse, Privileged=True, NetworkMode="none").stdout


# Memory runs out


def test_out_of_memory(engine):
    result = engine.run("sh", "-c", "x=$(head -c 200000000 /dev/zero | tr '\\0' x); echo $?", Memory=16 * MIB, MemorySwap=16 * MIB,
                        NetworkMode="none")
    assert result.code == 137, result
    state = engine.inspect(result.id)["State"]
    assert (state["OOMKilled"], state["ExitCode"], state["Status"]) == (True, 137, "exited")
    filters = json.dumps({"container": [result.id]}).replace(" ", "").replace('"', "%22")
    _, data = engine.call("GET", f"/events?since=0&until={time.time() + 0.1:.3f}&filters={filters}", expect=200)
    actions = [json.loads(line)["Action"] for line in data.splitlines()]
    assert "oom" in actions and actions.index("oom") < actions.index("die"), actions


def test_a_kill_is_no_lack_of_memory(engine):
    box = sleeper(engine, Memory=64 * MIB)
    engine.call("POST", f"/containers/{box}/kill", expect=204)
    state = engine.inspect(box)["State"]
    assert (state["ExitCode"], state["OOMKilled"]) == (137, False)


# Looking, pausing, ending


def test_statistics(engine):
    box = engine.start("sleep", "1000", name="c1", Memory=100 * MIB, NanoCpus=500000000, PidsLimit=50)
    engine.execute(box, "sh", "-c", "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done")
    _, sample = engine.call("GET", f"/containers/{box}/stats?stream=0", expect=200)
    assert sample["name"] == "/c1" and sample["id"] == box
    memory = sample["memory_stats"]
    assert memory["limit"] == 100 * MIB and 0 < memory["usage"] < 100 * MIB
    assert memory["stats"]["inactive_file" if is_unified() else "total_inactive_file"] <= memory["usage"]
    cpu, before = sample["cpu_stats"], sample["precpu_stats"]
    assert cpu["online_cpus"] == os.cpu_count()
    assert cpu["system_cpu_usage"] > before["system_cpu_usage"] > 0
    assert cpu["cpu_usage"]["total_usage"] >= before["cpu_usage"]["total_usage"] > 0
    assert cpu["cpu_usage"]["usage_in_usermode"] > 0
    assert set(cpu["throttling_data"]) == {"periods", "throttled_periods", "throttled_time"}
    assert cpu["throttling_data"]["periods"] > 0, "half a processor is enforced in periods"
    assert sample["pids_stats"] == {"current": 1, "limit": 50}
    assert ("percpu_usage" in cpu["cpu_usage"]) == (not is_unified())
    assert set(sample["networks"]) == {"eth0"}
    _, shot = engine.call("GET", f"/containers/{box}/stats?stream=0&one-shot=1", expect=200)
    assert shot["precpu_stats"]["cpu_usage"]["total_usage"] == 0 and shot["cpu_stats"]["online_cpus"] == os.cpu_count()


def test_statistics_of_block_io(engine, tmp_path):
    if subprocess.run(["stat", "-f", "-c", "%T", tmp_path], capture_output=True, text=True).stdout.strip() in ("tmpfs", "overlayfs"):
        pytest.skip("the tests' folder is not on a disk that could be counted")
    # Without a throttle newer kernels count nothing on version 1.
    node, number = tmp_path / "device", os.stat(tmp_path).st_dev
    os.mknod(node, 0o600 | stat.S_IFBLK, number)
    box = sleeper(engine, Binds=[f"{tmp_path}:/data"], BlkioDeviceWriteBps=[{"Path": str(node), "Rate": 1 << 30}])
    assert engine.execute(box, "dd", "if=/dev/zero", "of=/data/x", "bs=64k", "count=16", "oflag=direct", "conv=fsync").code == 0
    _, sample = engine.call("GET", f"/containers/{box}/stats?stream=0&one-shot=1", expect=200)
    entries = sample["blkio_stats"]["io_service_bytes_recursive"]
    assert sum(entry["value"] for entry in entries if entry["op"].lower().startswith("w")) >= MIB, entries
    assert (sample["blkio_stats"]["io_time_recursive"] is None) == is_unified()


def test_pause_stops_and_unpause_goes_on(engine):
    box = engine.start("sh", "-c", "while true; do echo x >> /count; done", NetworkMode="none")
    file = Path(f"/proc/{engine.inspect(box)['State']['Pid']}/root/count")
    wait_for(file.exists, "the first line")
    engine.call("POST", f"/containers/{box}/pause", expect=204)
    state = engine.inspect(box)["State"]
    assert (state["Status"], state["Paused"], state["Running"]) == ("paused", True, True)
    still = file.stat().st_size
    end = time.monotonic() + 0.5
    # A running loop would write all the while.
    wait_for(lambda: time.monotonic() > end, "half a second")
    assert file.stat().st_size == still
    assert engine.call("POST", f"/containers/{box}/pause")[0] == 409
    engine.call("POST", f"/containers/{box}/unpause", expect=204)
    wait_for(lambda: file.stat().st_size > still, "the container's going on")
    assert engine.inspect(box)["State"]["Status"] == "running"


def test_removing_ends_every_process(engine):
    box = engine.start("sh", "-c", "for i in 1 2 3 4 5; do (setsid sleep 1000 &) ; done; sleep 1000", NetworkMode="none")
    directory = group(engine, box, "pids")
    def sleepers():
        found = (directory / "cgroup.procs").read_text().split()
        # The shell itself may have become the last of them.
        return found if [Path(f"/proc/{pid}/comm").read_text() for pid in found].count("sleep\n") == 6 else None
    pids = wait_for(sleepers, "six sleeping processes")
    engine.call("POST", f"/containers/{box}/pause", expect=204)
    engine.remove_all()
    assert not directory.exists()
    def state(pid):
        try:
            return Path(f"/proc/{pid}/stat").read_text().split(") ")[1][0]
        except (FileNotFoundError, ProcessLookupError):
            return "gone"
    assert {state(pid) for pid in pids} <= {"gone", "Z", "X"}


def test_top(engine):
    box = sleeper(engine)
    _, table = engine.call("GET", f"/containers/{box}/top?ps_args=-o%20pid,args", expect=200)
    assert table["Titles"] == ["PID", "COMMAND"]
    assert [row[1] for row in table["Processes"]] == ["sleep 1000"]


def test_info_tells_the_truth(engine):
    info = engine.call("GET", "/info", expect=200)[1]
    assert info["CgroupVersion"] == ("2" if is_unified() else "1")
    assert info["CgroupDriver"] == "cgroupfs"
    for field in ("MemoryLimit", "CpuCfsQuota", "CpuCfsPeriod", "CPUShares", "CPUSet", "PidsLimit"):
        assert info[field] is True, field
    assert info["OomKillDisable"] == (not is_unified())
    assert ("name=cgroupns" in info["SecurityOptions"]) == is_unified()
    warns = "WARNING: No swap limit support" in (info["Warnings"] or [])
    assert warns == (not info["SwapLimit"])


@pytest.mark.skipif(Path("/run/systemd/system").exists(), reason="systemd runs here: its driver is not refused")
def test_systemd_driver_is_refused_without_systemd(tmp_path):
    result = subprocess.run(
        [BIN / "gantryd", "-H", f"unix://{tmp_path}/s", "--data-root", tmp_path / "d", "--exec-root", tmp_path / "e", "--bridge-name",
         "gtest3", "--exec-opt", "native.cgroupdriver=systemd"], capture_output=True, text=True, timeout=120)
    assert result.returncode == 1 and "the systemd cgroup driver needs systemd as the host's init" in result.stderr, result.stderr


def test_unknown_driver(tmp_path):
    result = subprocess.run([BIN / "gantryd", "--exec-opt", "native.cgroupdriver=x"], capture_output=True, text=True, timeout=120)
    assert result.returncode == 1 and "invalid native.cgroupdriver `x`" in result.stderr
