"""Runs inside a container and prints as JSON what a process there is, sees and may do.

Read by test_sandbox_probe.py. Every attempt is made in a child of its own, with arguments that a permitted call refuses by itself
(bad pointers, descriptors and numbers), so that nothing happens when the sandbox is open.
"""
import ctypes
import errno
import json
import os
import platform
import resource
import signal
import socket
import stat
import sys

libc = ctypes.CDLL(None, use_errno=True)


def name(code):
    return errno.errorcode.get(code, str(code))


def attempt(action):
    """"ok" or the error's name of `action`, performed in a child."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(1)
        try:
            action()
            text = "ok"
        except OSError as error:
            text = name(error.errno)
        except ValueError:
            # The resource module's own words for EPERM.
            text = "EPERM"
        os.write(writer, text.encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as answer:
        text = answer.read()
    _, status = os.waitpid(child, 0)
    return text or f"signal {os.WTERMSIG(status)}"


def call(number, *arguments):
    """A system call by number; raises OSError."""
    ctypes.set_errno(0)
    result = libc.syscall(ctypes.c_long(number), *(ctypes.c_long(a) if isinstance(a, int) else a for a in arguments))
    if result == -1 and ctypes.get_errno():
        raise OSError(ctypes.get_errno(), "")
    return result


# MARK: What the process is

def status():
    wanted = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp", "SigIgn", "SigBlk", "Groups", "TracerPid")
    lines = (line.split(":", 1) for line in open("/proc/self/status"))
    return {key: value.strip() for key, value in lines if key in wanted}


def identity():
    mask = os.umask(0)
    os.umask(mask)
    return {"uid": os.getresuid(), "gid": os.getresgid(), "umask": mask, "cwd": os.getcwd(), "nice": os.nice(0),
            "session": os.getsid(0) == os.getpid()}


def descriptors():
    """Numbers of what is open; the listing's own is closed again when it is looked at."""
    return sorted(number for number in map(int, os.listdir("/proc/self/fd")) if os.path.lexists(f"/proc/self/fd/{number}"))


# MARK: What it sees

def mounts():
    result = {}
    for line in open("/proc/self/mountinfo"):
        left, right = line.split(" - ")
        fields = left.split()
        flags = [flag for flag in fields[5].split(",") if flag in ("ro", "nosuid", "nodev", "noexec")]
        result[fields[4]] = [right.split()[0], flags]
    return result


def devices():
    result = {}
    for folder, directories, files in os.walk("/dev"):
        if folder.startswith(("/dev/pts", "/dev/shm", "/dev/mqueue")):
            continue
        for entry in directories + files:
            path = os.path.join(folder, entry)
            mode = os.lstat(path)
            if stat.S_ISLNK(mode.st_mode):
                result[path] = "-> " + os.readlink(path)
            elif not stat.S_ISDIR(mode.st_mode):
                kind = stat.filemode(mode.st_mode)[0]
                result[path] = f"{kind} {os.major(mode.st_rdev)}:{os.minor(mode.st_rdev)}"
    return result


PATHS = (
    "/proc/acpi /proc/asound /proc/bus /proc/config.gz /proc/fs /proc/interrupts /proc/irq /proc/kcore /proc/keys /proc/kmsg "
    "/proc/kpagecount /proc/latency_stats /proc/mtrr /proc/sched_debug /proc/scsi /proc/slabinfo /proc/sys /proc/sysrq-trigger "
    "/proc/timer_list /proc/timer_stats /proc/vmallocinfo /proc/sys/kernel/core_pattern /proc/sys/kernel/hostname "
    "/proc/sys/kernel/ns_last_pid /proc/sys/kernel/shmmax /proc/sys/vm/overcommit_memory /proc/sys/net/ipv4/ip_forward "
    "/proc/sys/net/core/somaxconn /proc/sys/fs/mqueue/msg_max /sys/firmware /sys/devices/virtual/powercap /sys/kernel/debug "
    "/sys/kernel/security /sys/kernel/tracing /sys/fs/bpf /sys/kernel/uevent_helper /sys/module/kernel/parameters "
    "/sys/devices/system/cpu/cpu0/thermal_throttle /sys/class/net").split()


def look(path):
    """What can be had of a path: `missing`, or for files how opening for reading and writing goes, for directories listing and mkdir."""
    try:
        mode = os.lstat(path).st_mode
    except OSError as error:
        return {"stat": name(error.errno)}

    def read():
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        if path not in ("/proc/kmsg", "/proc/kcore") and not os.read(file, 1):
            raise OSError(errno.ENODATA, "")

    def entries():
        if not os.listdir(path):
            raise OSError(errno.ENODATA, "")

    if stat.S_ISDIR(mode):
        return {"read": attempt(entries), "write": attempt(lambda: os.mkdir(path + "/gantry-probe"))}
    return {"read": attempt(read), "write": attempt(lambda: os.open(path, os.O_WRONLY | os.O_NONBLOCK)),
            "chmod": attempt(lambda: os.chmod(path, stat.S_IMODE(mode)))}


def writable_values():
    """Files below /proc/sys that can be opened for writing."""
    result = []
    for folder, _, files in os.walk("/proc/sys"):
        for entry in files:
            path = os.path.join(folder, entry)
            try:
                os.close(os.open(path, os.O_WRONLY))
                result.append(path)
            except OSError:
                pass
    return len(result)


def values():
    result = {}
    for path in ("net/ipv4/ip_unprivileged_port_start", "net/ipv4/ping_group_range", "net/ipv6/conf/eth0/disable_ipv6"):
        try:
            result[path] = open("/proc/sys/" + path).read().split()
        except OSError as error:
            result[path] = name(error.errno)
    return result


def control_groups():
    top = "/sys/fs/cgroup"
    groups = sorted(os.listdir(top)) if os.path.isdir(top) else []
    return {group: attempt(lambda: os.mkdir(f"{top}/{group}/gantry-probe") or os.rmdir(f"{top}/{group}/gantry-probe"))
            for group in groups if os.path.isdir(f"{top}/{group}") and not os.path.islink(f"{top}/{group}")}


# MARK: What it may do

NAMESPACES = {"mount": 0x20000, "user": 0x10000000, "net": 0x40000000, "pid": 0x20000000, "ipc": 0x08000000, "uts": 0x04000000,
              "cgroup": 0x02000000, "time": 0x80}
SOCKETS = {"raw icmp": (2, 3, 1), "packet": (17, 3, 0x300), "vsock": (40, 1, 0), "alg": (38, 5, 0), "netlink route": (16, 3, 0),
           "netlink audit": (16, 3, 9), "key": (15, 3, 2), "ping": (2, 2, 1), "bluetooth": (31, 3, 1), "unix": (1, 1, 0)}


def cloned(flag):
    ctypes.set_errno(0)
    child = libc.syscall(ctypes.c_long(56), ctypes.c_long(flag | 17), ctypes.c_long(0), ctypes.c_long(0), ctypes.c_long(0), ctypes.c_long(0))
    if child == 0:
        os._exit(0)
    if child < 0:
        raise OSError(ctypes.get_errno(), "")


def block_device():
    os.mknod("/tmp/probe-block", 0o60600, os.makedev(254, 0))
    os.open("/tmp/probe-block", os.O_RDONLY)


def traced_child():
    child = os.fork()
    if child == 0:
        signal.pause()
    try:
        call(101, 16, child, 0, 0)
    finally:
        os.kill(child, 9)


def low_port():
    server = socket.socket()
    server.bind(("0.0.0.0", 80))


def written(path, text):
    with open(path, "w") as file:
        file.write(text)


def actions():
    result = {f"unshare {kind}": attempt(lambda: call(272, flag)) for kind, flag in NAMESPACES.items()}
    result.update({f"clone {kind}": attempt(lambda: cloned(flag)) for kind, flag in NAMESPACES.items() if kind != "time"})
    result.update({f"socket {kind}": attempt(lambda: socket.socket(*how)) for kind, how in SOCKETS.items()})
    tmp = b"/tmp/probe-mount"
    try:
        os.makedirs(tmp, exist_ok=True)
    except OSError:
        tmp = b"/tmp"
    result.update({key: attempt(what) for key, what in {
        "mount tmpfs": lambda: call(165, b"tmpfs", tmp, b"tmpfs", 0, None),
        "mount bind": lambda: call(165, b"/etc", tmp, None, 4096, None),
        "mount proc": lambda: call(165, b"proc", tmp, b"proc", 0, None),
        "remount /proc/sys": lambda: call(165, b"none", b"/proc/sys", None, 32 | 4096, None),
        "uncover /proc/keys": lambda: call(166, b"/proc/keys", 2),
        "unmount /etc/hosts": lambda: call(166, b"/etc/hosts", 0),
        "fsopen": lambda: call(430, b"tmpfs", 0),
        "open_tree": lambda: call(428, -100, b"/", 1),
        "chroot": lambda: call(161, b"/tmp"),
        "keyring": lambda: call(250, 0, -3, 0),
        "add key": lambda: call(248, b"user", b"x", b"y", 1, -3),
        "request key": lambda: call(249, b"user", b"x", None, 0),
        "trace oneself": lambda: call(101, 0, 0, 0, 0),
        "trace a child": traced_child,
        "userfaultfd": lambda: call(323, 1),
        "io_uring": lambda: call(425, 1, ctypes.create_string_buffer(120)),
        "personality 32": lambda: call(135, 8),
        "personality fixed addresses": lambda: call(135, 0x40000),
        "host name": lambda: call(170, b"x", 1),
        "kernel log": lambda: call(103, 10, 0, 0),
        "own network again": lambda: call(308, os.open("/proc/self/ns/net", 0), 0),
        "real time scheduling": lambda: call(144, 0, 1, (ctypes.c_int * 1)(1)),
        "higher priority": lambda: os.setpriority(0, 0, -5),
        "mknod null": lambda: os.mknod("/tmp/probe-null", 0o20666, os.makedev(1, 3)),
        "open a disk": block_device,
        "open /dev/kmsg": lambda: os.open("/dev/kmsg", 0),
        "open /dev/fuse": lambda: os.open("/dev/fuse", 2),
        "chown": lambda: (written("/tmp/probe-owned", ""), os.chown("/tmp/probe-owned", 1, 1)),
        "setuid": lambda: os.setuid(1000),
        "raise nofile": lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (4_000_000, 4_000_000)),
        "lower the OOM score": lambda: written("/proc/self/oom_score_adj", "-500"),
        "core pattern": lambda: os.open("/proc/sys/kernel/core_pattern", os.O_WRONLY),
        "write /": lambda: written("/probe", ""),
        "write /tmp": lambda: written("/tmp/probe", ""),
        "write /dev": lambda: written("/dev/probe", ""),
        "write /dev/shm": lambda: written("/dev/shm/probe", ""),
        "write /etc/hosts": lambda: os.open("/etc/hosts", os.O_WRONLY),
        "make a directory in /sys": lambda: os.mkdir("/sys/probe"),
        "terminal": os.openpty,
        "port 80": low_port,
        "mode of standard input": lambda: os.fchmod(0, stat.S_IMODE(os.fstat(0).st_mode)),
    }.items()})
    return result


# Calls that do something, or never come back, with arguments that are all -1: number to arguments, or None to leave it out.
SPECIAL = {15: None, 34: None, 57: None, 58: None, 60: None, 231: None, 62: (0x7ffffff0, 0), 200: (0x7ffffff0, 0), 234: (0x7ffffff0, 0x7ffffff0, 0),
           129: (0x7ffffff0,), 297: (0x7ffffff0,), 56: (0x10000800,), 272: (0x42000000,), 135: (0xffffffff,), 170: (0, 100000), 171: (0, 100000),
           246: (-1, 17), 435: (0, 0), 101: (0x7777, 0), 250: (0, -3, 0), 248: (0, 0), 249: (0, 0), 256: (0x7ffffff0,), 279: (0x7ffffff0,),
           310: (0x7ffffff0, 0, 1, 0, 1, 0), 311: (0x7ffffff0, 0, 1, 0, 1, 0), 312: (0x7ffffff0, 0x7ffffff0), 7: (0, 0, 0), 23: (0, 0, 0, 0, 1),
           41: (2, 1, 0), 53: (1, 1, 0, 0), 12: (0,), 37: (1,), 436: (5, 1, 0), 154: (99,), 317: (99, 0, 0), 444: (0, 0, 0), 321: (9999, 0, 0),
           159: (-1, 0), 305: (-1, 0), 165: (0, 0, 0, 0, 0), 166: (0,), 155: (0, 0), 161: (0,), 298: (0,), 308: (-1, 0), 59: (0, 0, 0),
           322: (0, 0, 0), 230: (0, 0, 0), 35: (0,), 434: (0x7ffffff0, 0), 304: (-1, 0), 175: (0, 0, 0), 176: (0,), 172: (100,),
           173: (0xfffff, 0xfffff, 1), 103: (100,), 95: (0o22,), 141: (99,), 140: (99,), 227: (-1, 0), 313: (-1, 0, 0), 425: (0, 0)}


def system_calls():
    """Number to result for every call that this kernel's tables may have; x86-64 only, whose numbers these are."""
    if platform.machine() != "x86_64":
        return {}
    result = {}
    for number in range(471):
        arguments = SPECIAL.get(number, (-1,) * 6)
        if arguments is not None:
            padded = tuple(arguments) + (-1,) * (6 - len(arguments))
            result[str(number)] = attempt(lambda: call(number, *padded))
    return result


print(json.dumps({
    "status": status(), "identity": identity(), "descriptors": descriptors(), "mounts": mounts(), "devices": devices(),
    "paths": {path: look(path) for path in PATHS}, "writable values": writable_values(), "values": values(),
    "control groups": control_groups(), "actions": actions(), "calls": system_calls() if "calls" in sys.argv else {}}))
