"""The options that open or close a container's sandbox, from the command line to what the process finds."""
import json
import os
import re
import subprocess

import pytest

from conftest import Cli
from engine import Engine

DEFAULT = 0xA80425FB
NET_ADMIN, SYS_TIME, CHOWN, MKNOD = 1 << 12, 1 << 25, 1 << 0, 1 << 27


def own_capabilities():
    return next(int(line.split()[1], 16) for line in open("/proc/self/status") if line.startswith("CapPrm"))


def capabilities(text):
    return {key: int(value, 16) for key, value in re.findall(r"Cap(\w+):\s*(\w+)", text)}


def refused(result, *words):
    """Docker derives 126 and 127 from words in the message, and so do we."""
    assert result.returncode in (125, 126, 127), (result.returncode, result.stdout, result.stderr)
    for word in words:
        assert word in result.stderr, result.stderr


@pytest.fixture
def running(gantry):
    """Starts a sleeping container with options; the fixture that made `gantry` removes it."""
    def start(*options, image="busybox", command=("sleep", "1000")):
        return gantry.ok("run", "-d", *options, image, *command).strip()
    return start


# MARK: Capabilities and privileges

@pytest.mark.parametrize("options, expected", [
    (["--cap-add", "NET_ADMIN", "--cap-drop", "CHOWN"], DEFAULT | NET_ADMIN & ~CHOWN),
    (["--cap-add", "cap_net_admin", "--cap-drop", "CAP_CHOWN"], DEFAULT & ~CHOWN | NET_ADMIN),
    (["--cap-drop", "ALL"], 0),
    (["--cap-drop", "all", "--cap-add", "CAP_CHOWN"], CHOWN),
    (["--cap-add", "ALL"], "all"),
    (["--cap-add", "ALL", "--cap-drop", "MKNOD"], "all but mknod"),
    (["--privileged"], "all"),
])
def test_capabilities(gantry, options, expected):
    if expected == DEFAULT | NET_ADMIN & ~CHOWN:
        expected = (DEFAULT | NET_ADMIN) & ~CHOWN
    expected = {"all": own_capabilities(), "all but mknod": own_capabilities() & ~MKNOD}.get(expected, expected)
    found = capabilities(gantry.ok("run", "--rm", *options, "busybox", "grep", "Cap", "/proc/self/status"))
    assert found == {"Inh": 0, "Prm": expected, "Eff": expected, "Bnd": expected, "Amb": 0}
    found = capabilities(gantry.ok("run", "--rm", "-u", "1000", *options, "busybox", "grep", "Cap", "/proc/self/status"))
    assert found == {"Inh": 0, "Prm": 0, "Eff": 0, "Bnd": expected, "Amb": 0}


def test_capabilities_of_execs(gantry, running):
    plain, mighty = running("--cap-drop", "CHOWN"), running("--privileged")
    status = ("grep", "Cap", "/proc/self/status")
    some, everything = DEFAULT & ~CHOWN, own_capabilities()
    for container, options, effective, bounding in [
            (plain, [], some, some), (plain, ["-u", "1000"], 0, some), (plain, ["--privileged"], everything, everything),
            (plain, ["--privileged", "-u", "1000"], 0, everything), (mighty, [], everything, everything),
            (mighty, ["-u", "1000"], 0, everything)]:
        found = capabilities(gantry.ok("exec", *options, container, *status))
        assert found == {"Inh": 0, "Prm": effective, "Eff": effective, "Bnd": bounding, "Amb": 0}, options


def test_capability_names(gantry):
    refused(gantry("run", "--rm", "--cap-add", "NOPE", "busybox", "true"), 'invalid CapAdd: unknown capability: "CAP_NOPE"')
    refused(gantry("run", "--rm", "--cap-drop", "nope", "busybox", "true"), 'invalid CapDrop: unknown capability: "CAP_NOPE"')
    name = gantry.ok("create", "--cap-add", "net_admin", "--cap-add", "CAP_SYS_TIME", "--cap-drop", "all", "busybox", "true").strip()
    shown = gantry.ok("inspect", "-f", "{{json .HostConfig.CapAdd}} {{json .HostConfig.CapDrop}}", name)
    assert shown.strip() == '["CAP_NET_ADMIN","CAP_SYS_TIME"] ["ALL"]'
    missing = ~own_capabilities() & (1 << 24)
    if missing:
        refused(gantry("run", "--rm", "--cap-add", "SYS_RESOURCE", "busybox", "true"), "this host cannot give CAP_SYS_RESOURCE")


def test_no_new_privileges(gantry, running):
    def state(*options):
        return gantry.ok("run", "--rm", *options, "busybox", "grep", "NoNewPrivs", "/proc/self/status").split()[1]
    assert state() == "0"
    for word in ("no-new-privileges", "no-new-privileges=true", "no-new-privileges:true"):
        assert state("--security-opt", word) == "1"
    assert state("--security-opt", "no-new-privileges=false") == "0"
    refused(gantry("run", "--rm", "--security-opt", "no-new-privileges=perhaps", "busybox", "true"), "invalid --security-opt 2")
    container = running("--security-opt", "no-new-privileges")
    assert gantry.ok("exec", container, "grep", "NoNewPrivs", "/proc/self/status").split()[1] == "1"


def test_setuid_programs(gantry):
    """A setuid program gives its owner's rights, unless no-new-privileges forbids it."""
    script = "cp /usr/bin/id /tmp/id && chmod 4755 /tmp/id && setpriv --reuid=1000 --regid=1000 --clear-groups /tmp/id -u"
    assert gantry.ok("run", "--rm", "debian:bookworm-slim", "sh", "-c", script).strip() == "0"
    assert gantry.ok(
        "run", "--rm", "--security-opt", "no-new-privileges", "debian:bookworm-slim", "sh", "-c", script).strip() == "1000"


# MARK: --security-opt

def test_seccomp(gantry, tmp_path, running):
    def filters(*options):
        return gantry.ok("run", "--rm", *options, "busybox", "grep", "Seccomp:", "/proc/self/status").split()[1]
    assert filters() == "2" and filters("--security-opt", "seccomp=builtin") == "2"
    assert filters("--security-opt", "seccomp=unconfined") == "0" and filters("--privileged") == "0"
    profile = tmp_path / "profile.json"
    profile.write_text(json.dumps({
        "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28}]}))
    own = ("--security-opt", f"seccomp={profile}")
    assert "No space left" in gantry("run", "--rm", *own, "busybox", "mkdir", "/x").stderr
    container = running(*own)
    assert "No space left" in gantry("exec", container, "mkdir", "/x").stderr
    assert "No space left" in gantry("exec", "--privileged", container, "mkdir", "/x").stderr
    assert "No space left" in gantry("run", "--rm", "--privileged", *own, "busybox", "mkdir", "/x").stderr
    profile.write_text('{"defaultAction": "SCMP_ACT_PERHAPS"}')
    for what in (f"seccomp={profile}", f"seccomp={tmp_path}/none", "seccomp=/etc/passwd"):
        assert gantry("create", "--security-opt", what, "busybox").returncode != 0


def test_security_words(gantry):
    for words in (["apparmor=unconfined"], ["label=disable"], ["apparmor=unconfined", "label=disable", "seccomp=builtin"]):
        gantry.ok("run", "--rm", *(part for word in words for part in ("--security-opt", word)), "busybox", "true")
    if not os.path.isdir("/sys/kernel/security/apparmor"):
        refused(gantry("run", "--rm", "--security-opt", "apparmor=docker-default", "busybox"), "this host has no AppArmor")
    if not os.path.isdir("/sys/fs/selinux"):
        refused(gantry("run", "--rm", "--security-opt", "label=type:x_t", "busybox"), "this host has no SELinux")
    refused(gantry("run", "--rm", "--security-opt", "bogus=1", "busybox"), 'invalid --security-opt 2: "bogus=1"')
    assert gantry("create", "--security-opt", "bogus=1", "busybox").returncode == 1
    assert gantry.ok("ps", "-aq") == ""


def test_system_paths(gantry):
    look = "head -c 5 /proc/timer_list | wc -c; grep -c ' /proc/' /proc/mounts; touch /proc/sys/kernel/shmmax 2>&1 | grep -c Read-only; true"
    assert gantry.ok("run", "--rm", "--security-opt", "systempaths=unconfined", "busybox", "sh", "-c", look).split() == ["5", "0", "0"]
    closed = gantry.ok("run", "--rm", "busybox", "sh", "-c", look).split()
    assert closed[0] == "0" and int(closed[1]) > 3 and closed[2] == "1"


def test_writable_groups(gantry):
    make = "d=/sys/fs/cgroup/memory; [ -d $d ] || d=/sys/fs/cgroup; mkdir $d/own && rmdir $d/own && echo made"
    assert gantry.ok("run", "--rm", "--security-opt", "writable-cgroups=true", "busybox", "sh", "-c", make).strip() == "made"
    assert gantry("run", "--rm", "busybox", "sh", "-c", make).stdout.strip() == ""


# MARK: Devices

def test_inspect_shows_what_is_hidden(gantry):
    """Clients that compare what is with what they asked for read these; null would say that nothing is."""
    engine = Engine(gantry.daemon)

    def shown(**host):
        status, made = engine.create("true", **host)
        assert status == 201
        return engine.inspect(made["Id"])["HostConfig"]
    plain = shown()
    assert {"/proc/kcore", "/proc/keys", "/sys/firmware"} <= set(plain["MaskedPaths"])
    assert plain["ReadonlyPaths"] == ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]
    own = shown(MaskedPaths=["/proc/uptime"], ReadonlyPaths=[])
    assert own["MaskedPaths"] == ["/proc/uptime"] and own["ReadonlyPaths"] == []
    for host in ({"SecurityOpt": ["systempaths=unconfined"]}, {"MaskedPaths": [], "ReadonlyPaths": []}):
        assert shown(**host)["MaskedPaths"] == [] == shown(**host)["ReadonlyPaths"]
    privileged = shown(Privileged=True)
    assert privileged["MaskedPaths"] is None and privileged["ReadonlyPaths"] is None
    unset = shown(MemorySwappiness=-1, PidsLimit=0)
    assert unset["MemorySwappiness"] is None and unset["PidsLimit"] is None


def test_the_network_namespace_can_be_entered(gantry):
    engine = Engine(gantry.daemon)
    box = engine.start("sleep", "1000")
    settings = engine.inspect(box)["NetworkSettings"]
    shown = subprocess.run(["nsenter", f"--net={settings['SandboxKey']}", "ip", "-4", "addr"], capture_output=True, text=True, check=True)
    assert f"inet {settings['IPAddress']}/" in shown.stdout


def test_devices(gantry):
    assert gantry.ok("run", "--rm", "--device", "/dev/fuse", "busybox", "stat", "-c", "%t:%T", "/dev/fuse").strip() == "a:e5"
    text = gantry("run", "--rm", "--device", "/dev/loop-control:/opt/x:r", "busybox", "sh", "-c", "stat -c %t:%T /opt/x; : </opt/x && echo read; : >/opt/x")
    assert text.stdout.split() == ["a:ed", "read"] and "not permitted" in text.stderr
    assert gantry.ok("run", "--rm", "--device", "/dev/net:/dev/other", "busybox", "ls", "/dev/other").split() == ["tun"]
    for what, words in [("/dev/nosuch", "no such file or directory"), ("/etc", "not a device node"), ("/etc/passwd", "not a device node")]:
        refused(gantry("run", "--rm", "--device", what, "busybox", "true"), "error gathering device information", words)
    assert "bad mode specified: q" in gantry("run", "--rm", "--device", "/dev/null:/dev/n:q", "busybox").stderr


def test_a_device_outside_dev_is_there_at_every_start(gantry):
    gantry.ok("run", "--name", "again", "--device", "/dev/zero:/opt/zero", "busybox", "stat", "-c", "%t:%T", "/opt/zero")
    assert gantry.ok("start", "-a", "again").strip() == "1:5"


def test_device_rules(gantry):
    make = "mknod /tmp/d c 10 229 && : </tmp/d && echo opened"
    assert "not permitted" in gantry("run", "--rm", "busybox", "sh", "-c", make).stderr
    assert gantry.ok("run", "--rm", "--device-cgroup-rule", "c 10:229 r", "busybox", "sh", "-c", make).strip() == "opened"
    assert gantry("run", "--rm", "--device-cgroup-rule", "bogus", "busybox", "true").returncode == 125


# MARK: Files

def test_read_only(gantry, tmp_path):
    script = "for p in /x /etc/hosts /dev/shm/x /dev/x /tmp/x /v/x; do touch $p 2>/dev/null && echo $p; done; true"
    options = ("--read-only", "-v", f"{tmp_path}:/v")
    assert gantry.ok("run", "--rm", *options, "busybox", "sh", "-c", script).split() == ["/dev/shm/x", "/dev/x", "/v/x"]
    assert "/tmp/x" in gantry.ok("run", "--rm", *options, "--tmpfs", "/tmp", "busybox", "sh", "-c", script).split()


@pytest.mark.parametrize("option, mode, flags, data", [
    ("/t", "41777 0:0", {"rw", "nosuid", "nodev", "noexec"}, {}),
    ("/root", "40700 0:0", {"rw", "nosuid", "nodev", "noexec"}, {}),
    ("/t:size=1m,mode=750,uid=5,gid=6,exec,suid,dev", "40750 5:6", {"rw"}, {"size": "1024k"}),
    ("/t:ro,nr_inodes=100", "41777 0:0", {"ro", "nosuid", "nodev", "noexec"}, {"nr_inodes": "100"}),
])
def test_tmpfs(gantry, option, mode, flags, data):
    """A tmpfs over a directory has its mode, so that /root stays closed."""
    path = option.split(":")[0]
    found, mount = gantry.ok("run", "--rm", "--tmpfs", option, "busybox", "sh", "-c", f"stat -c '%f %u:%g' {path}; grep ' {path} ' /proc/mounts").splitlines()
    bits, owner = found.split()
    assert f"{int(bits, 16):o} {owner}" == mode
    words = mount.split()[3].split(",")
    assert {word for word in words if word in ("rw", "ro", "nosuid", "nodev", "noexec")} == flags
    assert data.items() <= dict(word.split("=") for word in words if "=" in word).items()


def test_tmpfs_words_are_checked(gantry):
    for word in ("bogus", "size=", "lowerdir=/etc", "context=x"):
        refused(gantry("run", "--rm", "--tmpfs", f"/t:{word}", "busybox", "true"), f'invalid tmpfs option "{word}"')
    refused(gantry("run", "--rm", "--tmpfs", "/proc/x", "busybox", "true"), "inside /proc")


def test_shared_memory_size(gantry):
    assert "1024" in gantry.ok("run", "--rm", "--shm-size", "1m", "busybox", "df", "-k", "/dev/shm").splitlines()[1].split()
    assert "65536" in gantry.ok("run", "--rm", "busybox", "df", "-k", "/dev/shm").splitlines()[1].split()


# MARK: Values and limits

def test_sysctls(gantry):
    text = gantry.ok(
        "run", "--rm", "--sysctl", "net.core.somaxconn=1234", "--sysctl", "kernel.msgmax=9000", "--sysctl", "fs.mqueue.msg_max=20", "busybox",
        "cat", "/proc/sys/net/core/somaxconn", "/proc/sys/kernel/msgmax", "/proc/sys/fs/mqueue/msg_max")
    assert text.split() == ["1234", "9000", "20"]
    before = open("/proc/sys/net/core/somaxconn").read()
    for option, words in [
            (["--network", "host", "--sysctl", "net.core.somaxconn=1"], "not allowed in host network namespace"),
            (["--ipc", "host", "--sysctl", "kernel.msgmax=9000"], "not allowed in host ipc namespace"),
            (["--ipc", "host", "--sysctl", "fs.mqueue.msg_max=20"], "not allowed in host ipc namespace"),
            (["--sysctl", "kernel.pid_max=5"], "sysctl 'kernel.pid_max=5' is not allowed"),
            (["--sysctl", "net.nosuch=5"], "net/nosuch")]:
        refused(gantry("run", "--rm", *option, "busybox", "true"), words)
    assert open("/proc/sys/net/core/somaxconn").read() == before


def test_limits(gantry):
    text = gantry.ok("run", "--rm", "--ulimit", "nofile=100:200", "--ulimit", "core=0", "busybox", "sh", "-c", "ulimit -n; ulimit -Hn; ulimit -c")
    assert text.split() == ["100", "200", "0"]
    # Fewer than it takes to make a container; the exec gets the same.
    few = gantry.ok("run", "-d", "--ulimit", "nofile=4:8", "--oom-score-adj", "300", "busybox", "sleep", "1000").strip()
    assert gantry.ok("exec", few, "sh", "-c", "ulimit -n; ulimit -Hn; cat /proc/self/oom_score_adj").split() == ["4", "8", "300"]
    assert "invalid ulimit type" in gantry("run", "--rm", "--ulimit", "bogus=1", "busybox").stderr
    if not own_capabilities() & 1 << 24:
        refused(gantry("run", "--rm", "--ulimit", "nofile=4000000:4000000", "busybox", "true"), "this host cannot raise the limit nofile to 4000000")
        refused(gantry("run", "--rm", "--oom-score-adj", "-500", "busybox", "true"), "this host cannot lower the OOM score to -500")
    refused(gantry("run", "--rm", "--oom-score-adj", "5000", "busybox", "true"), "Invalid value 5000, range for oom score adj is [-1000, 1000]")
    assert gantry.ok("run", "--rm", "--oom-score-adj", "500", "busybox", "cat", "/proc/self/oom_score_adj").strip() == "500"


def test_annotations_are_kept(gantry):
    container = gantry.ok("create", "--annotation", "a=b", "busybox", "true").strip()
    assert json.loads(gantry.ok("inspect", "-f", "{{json .HostConfig.Annotations}}", container)) == {"a": "b"}


# MARK: Namespaces

def spaces(text):
    return dict(re.findall(r"(\w+):\[(\d+)\]", text))


LOOK = ("sh", "-c", "cd /proc/self/ns; for kind in ipc net pid uts mnt cgroup user; do readlink $kind; done")


def test_namespaces(gantry, running):
    own = {kind: os.readlink(f"/proc/self/ns/{kind}").split("[")[1][:-1] for kind in ("ipc", "net", "pid", "uts", "mnt", "cgroup", "user")}
    donor = running("--ipc", "shareable")
    theirs = spaces(gantry.ok("exec", donor, *LOOK))
    assert {kind for kind in theirs if theirs[kind] == own[kind]} <= {"cgroup", "user"}
    for option, kind in [("--pid", "pid"), ("--ipc", "ipc"), ("--uts", "uts"), ("--network", "net"), ("--cgroupns", "cgroup")]:
        found = spaces(gantry.ok("run", "--rm", option, "host", "busybox", *LOOK))
        assert found[kind] == own[kind] and found["mnt"] != own["mnt"], option
        if kind in ("pid", "ipc", "net"):
            assert spaces(gantry.ok("run", "--rm", option, f"container:{donor}", "busybox", *LOOK))[kind] == theirs[kind]
    found = spaces(gantry.ok("run", "--rm", "--cgroupns", "private", "--userns", "host", "busybox", *LOOK))
    assert found["cgroup"] != own["cgroup"] and found["user"] == own["user"]
    refused(gantry("run", "--rm", "--uts", "host", "-h", "x", "busybox", "true"), "conflicting options: hostname and the UTS mode")
    for option in ("--pid", "--ipc", "--uts", "--userns", "--cgroupns"):
        assert gantry("create", option, "nonsense", "busybox").returncode != 0, option


def test_shared_namespaces_survive_a_rename(gantry, running):
    donor = running("--name", "giver", "--ipc", "shareable")
    for option in ("network", "pid", "ipc"):
        gantry.ok("create", "--name", f"taker-{option}", f"--{option}", "container:giver", "busybox", *LOOK)
    gantry.ok("rename", "giver", "renamed")
    theirs = spaces(gantry.ok("exec", donor, *LOOK))
    for option, field, kind in (("network", "NetworkMode", "net"), ("pid", "PidMode", "pid"), ("ipc", "IpcMode", "ipc")):
        assert gantry.ok("inspect", "-f", "{{.HostConfig.%s}}" % field, f"taker-{option}") == f"container:{donor}\n"
        assert spaces(gantry.ok("start", "-a", f"taker-{option}"))[kind] == theirs[kind]


def test_shared_memory_goes_with_the_ipc_namespace(gantry, running):
    def shared(donor, command):
        return gantry("run", "--rm", "--ipc", f"container:{donor}", "busybox", "sh", "-c", command)
    donor = running("--ipc", "shareable")
    gantry.ok("exec", donor, "sh", "-c", "echo here > /dev/shm/file")
    assert shared(donor, "cat /dev/shm/file && echo back > /dev/shm/file; grep ' /dev/shm ' /proc/mounts").stdout.split()[0] == "here"
    assert gantry.ok("exec", donor, "cat", "/dev/shm/file").strip() == "back"
    for mode in ([], ["--ipc", "private"], ["--ipc", "none"]):
        refused(shared(running(*mode), "true"), "non-shareable IPC (hint: use IpcMode:shareable for the donor container)")
    assert gantry("run", "--rm", "--ipc", "none", "busybox", "ls", "/dev/shm").returncode == 1
    assert gantry.ok("run", "--rm", "--ipc", "host", "busybox", "ls", "-d", "/dev/shm", "/dev/mqueue")


def test_shared_memory_is_not_found_through_a_link_of_the_donors(gantry, running, tmp_path):
    """The donor may do with its mounts what it likes: its /dev/shm is looked up without following anything, inside its root."""
    (tmp_path / "canary").write_text("whole")
    donor = running("--ipc", "shareable", "--cap-add", "SYS_ADMIN")
    gantry.ok("exec", donor, "sh", "-c", f"umount /dev/shm && rmdir /dev/shm && ln -s {tmp_path} /dev/shm")
    result = gantry("run", "--rm", "--ipc", f"container:{donor}", "busybox", "ls", "/dev/shm")
    assert result.returncode == 125 and "canary" not in result.stdout


# MARK: Users

@pytest.mark.parametrize("user, expected", [
    ("5", "uid=5 gid=0(root) groups=0(root)"), ("5:6", "uid=5 gid=6 groups=6"), (":6", "uid=0(root) gid=6 groups=6"),
    ("daemon", "uid=1(daemon) gid=1(daemon) groups=1(daemon)"), ("daemon:0", "uid=1(daemon) gid=0(root) groups=0(root)"),
    ("2147483647:2147483647", "uid=2147483647 gid=2147483647 groups=2147483647"),
])
def test_users(gantry, running, user, expected):
    known = gantry.ok("run", "--rm", "busybox", "cat", "/etc/passwd", "/etc/group")
    def plain(text):
        return re.sub(r"\((\w+)\)", lambda match: match[0] if f"{match[1]}:" in known else "", text)
    def numbers(text):
        return re.findall(r"(\w+)=((?:\d+(?:\(\w+\))?,?)+)", re.sub(r"\(\w+\)", "", text))
    assert numbers(gantry.ok("run", "--rm", "-u", user, "busybox", "id")) == numbers(plain(expected))
    container = running()
    assert numbers(gantry.ok("exec", "-u", user, container, "id")) == numbers(plain(expected))


@pytest.mark.parametrize("user", ["4294967296", "2147483648", "18446744073709551616", "99999999999999999999999", "0:4294967296", "1:-1"])
def test_numbers_that_no_user_has(gantry, running, user):
    """Never cut off to 32 bits, never looked up as a name (CVE-2024-40635, CVE-2026-46680)."""
    result = gantry("run", "--rm", "-u", user, "busybox", "id")
    refused(result, "uids and gids must be in range 0-2147483647")
    assert "uid=" not in gantry("exec", "-u", user, running(), "id").stdout


def test_group_add(gantry):
    text = gantry.ok("run", "--rm", "--group-add", "12345", "--group-add", "daemon", "-u", "1000:1000", "busybox", "id", "-G")
    assert sorted(map(int, text.split())) == [1, 1000, 12345]
    refused(gantry("run", "--rm", "--group-add", "nosuch", "busybox"), "unable to find group nosuch")
