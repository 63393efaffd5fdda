"""What a container is, sees and may do, beside what Docker's containers do: equal, or more closed.

sandbox_probe.py runs in our containers with the options of Docker's recordings; sandbox_docker.json has Docker's answers (made by
sandbox_recordings.py). Every difference that is neither "ours refuses more" nor in `EXPECTED` fails.
"""
import json
import platform
from functools import cache
from pathlib import Path

import pytest

from conftest import ROOT, Cli, clean
from sandbox_recordings import applied, table

HERE = Path(__file__).resolve().parent
DOCKER = json.loads((HERE / "sandbox_docker.json").read_text())
RECORDINGS = ROOT.parent / "shared" / "reference" / "recordings" / "sandbox"
REFUSALS = {"EPERM", "EACCES", "EROFS", "ENOSYS", "ENOENT", "EAFNOSUPPORT", "ENODATA"}
ALL_CAPABILITIES = ("cap-add-all", "privileged")

# (mode or "*", part, key) : why ours is not as recorded.
EXPECTED = {
    ("*", "paths", "/proc/interrupts"): "masked here, as by Docker since 28",
    ("*", "mounts", "/proc/interrupts"): "masked here, as by Docker since 28",
    ("*", "actions", "socket alg"): "refused by the filter here, by the kernel of the recording",
    ("network-host", "values", "net/ipv4/ip_unprivileged_port_start"): "the host's",
    ("network-host", "values", "net/ipv4/ping_group_range"): "the host's",
    ("network-host", "values", "net/ipv6/conf/eth0/disable_ipv6"): "the host's",
    ("network-host", "actions", "port 80"): "as the host's ip_unprivileged_port_start",
    ("network-host", "actions", "socket ping"): "as the host's ping_group_range",
    ("ipc-host", "mounts", "/dev/shm"): "of the host, whatever it has there",
}


def docker(mode):
    return applied(DOCKER["default"], DOCKER["differences"].get(mode, {}))


def refused_by_docker(mode):
    change = DOCKER["calls"].get(mode, {"less": [], "more": []})
    base = set(DOCKER["calls"]["default"])
    return base if mode == "default" else base - set(change["less"]) | set(change["more"])


@cache
def probe(daemon, mode):
    """Ours, with the options of `mode`; once for each."""
    gantry = Cli("gantry", daemon)
    name = [] if mode == "network-host" else ["-h", "boxhost"]
    words = ["calls"] if mode in DOCKER["calls"] else []
    text = gantry.ok(
        "run", "--rm", *DOCKER["options"][mode].split(), "-v", f"{HERE}:/p:ro", *name, "python:3.11-slim", "python3",
        "/p/sandbox_probe.py", *words)
    return json.loads(text.strip().splitlines()[-1])


def modes(*without):
    return pytest.mark.parametrize("mode", [mode for mode in sorted(DOCKER["options"]) if mode not in without])


def unexplained(mode, part, differences):
    return {key: both for key, both in differences.items() if not any((m, part, key) in EXPECTED for m in ("*", mode))}


def looser(docker, ours):
    """Keys where ours allows what Docker's refuses, or refuses with an error what Docker's allows; (Docker's, ours) for each."""
    result = {}
    for key, theirs in docker.items():
        mine = ours.get(key)
        if mine is None or mine == theirs or theirs in REFUSALS and mine in REFUSALS:
            continue
        result[key] = (theirs, mine)
    return result


def test_the_table_is_what_was_recorded():
    if not RECORDINGS.is_dir():
        pytest.skip(f"no recordings beside this checkout ({RECORDINGS}): the table is taken as it is")
    assert json.loads(json.dumps(table(RECORDINGS))) == DOCKER


@pytest.fixture(autouse=True)
def offered(request, daemon):
    """Leaves a mode out only where this engine refuses its option in a sentence."""
    mode = getattr(request.node, "callspec", None) and request.node.callspec.params.get("mode")
    if mode == "init":
        result = Cli("gantry", daemon)("run", "--rm", "--init", "busybox", "true")
        if "--init is not supported" in result.stderr:
            pytest.skip(result.stderr.strip().splitlines()[0])


@modes()
def test_privileges(daemon, mode):
    ours, theirs = probe(daemon, mode)["status"], docker(mode)["status"]
    if mode in ALL_CAPABILITIES:
        own = {line.split(":")[0]: line.split()[1] for line in open("/proc/self/status") if line.startswith("Cap")}
        theirs = {**theirs, "CapPrm": own["CapPrm"], "CapEff": own["CapPrm"], "CapBnd": own["CapPrm"]}
    assert {key: ours[key] for key in theirs} == theirs
    # Python itself ignores SIGPIPE and SIGXFSZ; nothing else is inherited.
    assert (int(ours["SigIgn"], 16), int(ours["SigBlk"], 16)) == (1 << 12 | 1 << 24, 0)


@modes()
def test_identity_and_descriptors(daemon, mode):
    ours = probe(daemon, mode)
    user = 1000 if mode == "user-1000" else 0
    assert ours["identity"] == {
        "uid": [user] * 3, "gid": [0] * 3, "umask": 0o022, "cwd": "/", "nice": 0, "session": mode != "init"}
    assert ours["descriptors"] == [0, 1, 2]


@modes("init")
def test_mounts(daemon, mode):
    """The same file systems with at least the same restrictions; no others."""
    ours, theirs = probe(daemon, mode)["mounts"], docker(mode)["mounts"]
    files = ("/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/p")
    masks = [path for path, (kind, _) in ours.items() if path.startswith(("/proc/", "/sys/")) and kind in ("tmpfs", "devtmpfs")]
    masks = [path for path in masks if path != "/sys/fs/cgroup"]
    for path in masks:
        assert "ro" in ours[path][1], f"{path} is covered by something that can be changed"
    wrong = {}
    for path in set(ours) | set(theirs):
        # Which controllers there are, and at which of these the kernel has something to cover, is the host's affair.
        if path.startswith("/sys/fs/cgroup/") or path in masks and path not in theirs:
            continue
        kind, flags = ours.get(path, (None, []))
        docker_kind, docker_flags = theirs.get(path, (None, []))
        if path not in files and path not in masks and kind != docker_kind or not set(docker_flags) <= set(flags):
            wrong[path] = (theirs.get(path), ours.get(path))
    assert not unexplained(mode, "mounts", wrong)
    for path, (_, flags) in ours.items():
        if path.startswith("/sys/fs/cgroup/") and mode != "privileged":
            assert set(flags) == {"ro", "nosuid", "nodev", "noexec"}, path


@modes("privileged")
def test_devices(daemon, mode):
    assert probe(daemon, mode)["devices"] == docker(mode)["devices"]


def test_privileged_has_the_hosts_devices(daemon):
    ours = probe(daemon, "privileged")["devices"]
    assert set(docker("default")["devices"].items()) <= set(ours.items())
    assert ours["/dev/kmsg"] == "c 1:11"


@modes()
def test_paths_of_the_kernel(daemon, mode):
    ours, theirs = probe(daemon, mode)["paths"], docker(mode)["paths"]
    wrong = {}
    for path in set(ours) & set(theirs):
        if "stat" in theirs[path] or "stat" in ours[path]:
            # This kernel has it and the recorded one had not, or the other way round: masked or absent, but never readable.
            if "stat" in theirs[path] and ours[path].get("read") == "ok" and path in MASKED and mode not in ("privileged",):
                wrong[path] = (theirs[path], ours[path])
            continue
        found = looser(theirs[path], ours[path])
        if found:
            wrong[path] = found
    assert not unexplained(mode, "paths", wrong)


MASKED = {
    "/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/sched_debug",
    "/proc/scsi", "/proc/timer_list", "/proc/timer_stats", "/sys/devices/virtual/powercap", "/sys/firmware"}


@modes("privileged")
def test_masked_paths_show_nothing_and_keep_their_mode(daemon, mode):
    """A masked file is the host's null device: whoever could change its mode would change the host's."""
    for path, answers in probe(daemon, mode)["paths"].items():
        if path in MASKED and "stat" not in answers:
            assert answers["read"] == "ENODATA", path
            assert answers.get("chmod", answers["write"]) in REFUSALS, path


@modes()
def test_values_of_the_kernel(daemon, mode):
    ours, theirs = probe(daemon, mode), docker(mode)
    if not theirs["writable values"]:
        assert ours["writable values"] == 0
    wrong = {key: (value, ours["values"][key]) for key, value in theirs["values"].items() if ours["values"][key] != value}
    assert not unexplained(mode, "values", wrong)


@modes()
def test_control_groups_cannot_be_changed(daemon, mode):
    answers = set(probe(daemon, mode)["control groups"].values())
    assert answers <= ({"ok", "ENOSPC"} if mode == "privileged" else {"EROFS", "EACCES"})


@modes()
def test_what_may_be_done(daemon, mode):
    ours, theirs = probe(daemon, mode)["actions"], docker(mode)["actions"]
    assert not unexplained(mode, "actions", looser(theirs, ours))
    assert len(set(theirs) - set(ours)) == 0
    if mode not in ("privileged", "read-only", "cap-add-all"):
        assert ours["lower the OOM score"] in REFUSALS and ours["raise nofile"] in REFUSALS and ours["make a directory in /sys"] in REFUSALS


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the recorded numbers are those of x86-64")
@pytest.mark.parametrize("mode", sorted(DOCKER["calls"]))
def test_system_calls(daemon, mode):
    """What Docker's filter refuses is refused; what it lets through is refused by ours only where this kernel refuses it by itself."""
    ours = probe(daemon, mode)["calls"]
    kernel = probe(daemon, "seccomp-unconfined")["calls"]
    refused = {int(number) for number, answer in ours.items() if answer in ("EPERM", "ENOSYS")}
    by_kernel = {int(number) for number, answer in kernel.items() if answer in ("EPERM", "ENOSYS")}
    asked = set(map(int, ours))
    theirs = refused_by_docker(mode) & asked
    # With all capabilities only the kernel refuses, and this one may have been asked with more of them.
    must = theirs - refused_by_docker("privileged") if mode in ALL_CAPABILITIES else theirs
    assert sorted(must - refused) == [], "let through here and refused by Docker"
    assert sorted(refused - theirs - by_kernel) == [], "refused here and let through by Docker"
    assert ours["435"] == ("ENOSYS" if mode not in ("privileged", "cap-add-sys-admin", "seccomp-unconfined", "cap-add-all") else "EINVAL")


def test_nothing_is_left(daemon):
    clean(daemon)
    assert Cli("gantry", daemon).ok("ps", "-aq") == ""
