"""The systemd cgroup driver: runs in the machine of scripts/test-guest --systemd, or wherever systemd is the init."""
import json
import subprocess
from pathlib import Path

import pytest

from conftest import BIN, Daemon, wait_for
from engine import Engine

pytestmark = [
    pytest.mark.systemd,
    pytest.mark.skipif(not Path("/run/systemd/system").exists(), reason="systemd is not the init here; see scripts/test-guest --systemd"),
]


def unit(name, *properties):
    """Properties of a unit as systemd shows them; `LoadState` tells whether it knows the unit."""
    text = subprocess.run(["systemctl", "show", name, "-p", ",".join(("LoadState",) + properties)], capture_output=True, text=True,
                          check=True).stdout
    return dict(line.split("=", 1) for line in text.splitlines())


def is_there(name):
    return subprocess.run(["systemctl", "is-active", "-q", name]).returncode == 0


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    one = Daemon(tmp_path_factory.mktemp("systemd"), "gtest4", "--bip", "172.31.244.1/24", "--exec-opt",
                 "native.cgroupdriver=systemd").start()
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


def test_a_container_is_a_scope(engine):
    assert engine.call("GET", "/info", expect=200)[1]["CgroupDriver"] == "systemd"
    box = engine.start("sleep", "1000", NetworkMode="none", Memory=64 << 20, PidsLimit=20, NanoCpus=500000000)
    scope = f"gantry-{box}.scope"
    pid = engine.inspect(box)["State"]["Pid"]
    path = Path(f"/proc/{pid}/cgroup").read_text().strip().split("::")[1]
    assert path == f"/system.slice/{scope}"
    directory = Path("/sys/fs/cgroup" + path)
    assert (directory / "memory.max").read_text() == f"{64 << 20}\n"
    assert (directory / "cgroup.procs").read_text().split() == [str(pid)], "nothing but the container's process holds the scope"
    shown = unit(scope, "Slice", "Delegate", "MemoryMax", "TasksMax", "CPUQuotaPerSecUSec", "ActiveState")
    assert shown == {"LoadState": "loaded", "Slice": "system.slice", "Delegate": "yes", "MemoryMax": str(64 << 20), "TasksMax": "20",
                     "CPUQuotaPerSecUSec": "500ms", "ActiveState": "active"}
    # A reload writes systemd's own idea of the limits; it must be ours.
    subprocess.run(["systemctl", "daemon-reload"], check=True)
    assert (directory / "memory.max").read_text() == f"{64 << 20}\n"
    assert (directory / "cpu.max").read_text() == "50000 100000\n"
    denied = engine.execute(box, "sh", "-c", "mknod /tmp/mem c 1 1; (exec 3</tmp/mem) 2>&1")
    assert "Operation not permitted" in denied.stdout
    status, _ = engine.update(box, Memory=32 << 20, MemorySwap=64 << 20)
    assert status == 200
    assert unit(scope, "MemoryMax")["MemoryMax"] == str(32 << 20)
    engine.remove_all()
    wait_for(lambda: not directory.exists() and not is_there(scope), "the end of the scope")


def test_a_parent_must_be_a_slice(engine):
    status, answer = engine.create("true", CgroupParent="/x")
    assert status == 400 and answer["message"] == 'cgroup-parent for systemd cgroup should be a valid slice named as "xxx.slice"'
    box = engine.start("sleep", "1000", NetworkMode="none", CgroupParent="machine-tests.slice")
    path = Path(f"/proc/{engine.inspect(box)['State']['Pid']}/cgroup").read_text().strip().split("::")[1]
    assert path == f"/machine.slice/machine-tests.slice/gantry-{box}.scope"


def scopes():
    """The units of containers that systemd knows, whatever their state."""
    text = subprocess.run(["systemctl", "list-units", "--all", "--plain", "--no-legend", "gantry-*.scope"], capture_output=True, text=True,
                          check=True).stdout
    return [line.split()[0] for line in text.splitlines()]


def test_a_failed_start_leaves_no_scope(engine):
    wait_for(lambda: not scopes(), "the end of other tests' scopes")
    # Whether systemd hears of the empty group before it goes was a matter of luck: once would say little.
    for _ in range(10):
        status, made = engine.create("/nosuch", NetworkMode="none")
        assert status == 201
        assert engine.call("POST", f"/containers/{made['Id']}/start")[0] >= 400
        assert scopes() == []


def test_a_container_that_ends_leaves_no_scope(engine):
    for _ in range(5):
        assert engine.run("true", NetworkMode="none").code == 0
    box = engine.start("sleep", "1000", NetworkMode="none")
    assert scopes() == [f"gantry-{box}.scope"]
    engine.call("DELETE", f"/containers/{box}?force=1", expect=204)
    assert scopes() == []


def test_the_oci_runtime(tmp_path):
    subprocess.run([BIN / "gantry-oci", "spec", "--bundle", tmp_path], check=True, timeout=120)
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "rootfs" / "bin").mkdir(parents=True)
    for folder in ("proc", "sys", "dev", "tmp"):
        (tmp_path / "rootfs" / folder).mkdir()
    (tmp_path / "rootfs" / "bin" / "busybox").write_bytes(Path("/bin/busybox").read_bytes())
    (tmp_path / "rootfs" / "bin" / "busybox").chmod(0o755)
    config["process"]["args"] = ["/bin/busybox", "cat", "/proc/self/cgroup"]
    config["process"]["terminal"] = False
    config["root"] = {"path": "rootfs", "readonly": False}
    config["linux"]["cgroupsPath"] = "system.slice:gantry-test:one"
    config["linux"]["namespaces"] = [n for n in config["linux"]["namespaces"] if n["type"] not in ("cgroup", "network")]
    config["linux"].pop("sysctl", None)
    (tmp_path / "config.json").write_text(json.dumps(config))
    result = subprocess.run([BIN / "gantry-oci", "--root", tmp_path / "state", "--systemd-cgroup", "run", "--bundle", tmp_path, "one"],
                            capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip().endswith("::/system.slice/gantry-test-one.scope")
    wait_for(lambda: not is_there("gantry-test-one.scope"), "the end of the scope")
    config["linux"]["cgroupsPath"] = "/not/systemd"
    (tmp_path / "config.json").write_text(json.dumps(config))
    result = subprocess.run([BIN / "gantry-oci", "--root", tmp_path / "state", "--systemd-cgroup", "run", "--bundle", tmp_path, "two"],
                            capture_output=True, text=True, timeout=120)
    assert result.returncode != 0 and "slice:prefix:name" in result.stderr
