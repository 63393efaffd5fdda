"""Makes sandbox_docker.json, the table that test_sandbox_probe.py compares with, from recordings of a Docker daemon.

    python3 sandbox_recordings.py FOLDER > sandbox_docker.json

The folder has for each set of options what a process saw (`NAME.probe.txt`, sections headed `=== title`) and `syscalls.tsv`, the
answer to every system call. Only facts that the probe asks for too are taken. The default's are whole, the others' the difference.
"""
import json
import re
import sys
from pathlib import Path

FLAGS = ("ro", "nosuid", "nodev", "noexec")
PATH_SECTION = "masked and special proc/sys paths: stat, read, write-open"
# Label in the recording: key of the probe.
ACTIONS = {
    "fsopen(tmpfs)": "fsopen", "open_tree": "open_tree", "chroot(/tmp)": "chroot", "keyctl(GET_KEYRING_ID,SESSION,0)": "keyring",
    "add_key(user)": "add key", "ptrace(TRACEME)": "trace oneself", "ptrace(ATTACH own child)": "trace a child",
    "userfaultfd(UFFD_USER_MODE_ONLY)": "userfaultfd", "io_uring_setup(1)": "io_uring", "personality(PER_LINUX32)": "personality 32",
    "personality(ADDR_NO_RANDOMIZE)": "personality fixed addresses", "sethostname": "host name", "syslog(SIZE_BUFFER)": "kernel log",
    "setns(own net)": "own network again", "sched_setscheduler(FIFO)": "real time scheduling", "setpriority(-5)": "higher priority",
    "mount(tmpfs,/tmp/m,tmpfs)": "mount tmpfs", "mount(/etc,/tmp/m,)": "mount bind", "mount(proc,/tmp/m,proc)": "mount proc",
    "mount(none,/proc/sys,)": "remount /proc/sys", "umount2(/proc/keys, MNT_DETACH)": "uncover /proc/keys",
    "umount2(/etc/hosts)": "unmount /etc/hosts", "socket AF_INET RAW ICMP": "socket raw icmp", "socket AF_PACKET": "socket packet",
    "socket AF_VSOCK": "socket vsock", "socket AF_ALG": "socket alg", "socket AF_NETLINK ROUTE": "socket netlink route",
    "socket AF_NETLINK AUDIT": "socket netlink audit", "socket AF_KEY": "socket key", "socket AF_INET ping DGRAM": "socket ping",
    "socket AF_BLUETOOTH": "socket bluetooth", "socket AF_UNIX": "socket unix", "bind port 80": "port 80", "mknod c 1 3": "mknod null",
    "mknod b 254 0 and open": "open a disk", "open existing /dev/fuse": "open /dev/fuse", "open /dev/kmsg": "open /dev/kmsg",
    "chown /tmp/x 1:1": "chown", "setuid(1000)": "setuid", "write /tmp": "write /tmp", "write /": "write /",
    "write /dev/shm": "write /dev/shm", "write /dev/x": "write /dev", "openpty": "terminal", "write core_pattern": "core pattern",
}
for kind in ("mount", "user", "net", "pid", "ipc", "uts", "cgroup", "time"):
    constant = "NS" if kind == "mount" else kind.upper()
    ACTIONS[f"unshare(CLONE_NEW{constant})"] = f"unshare {kind}"
    ACTIONS[f"clone(CLONE_NEW{constant}|SIGCHLD)"] = f"clone {kind}"


def sections(text):
    result, title = {}, ""
    for line in text.replace("\r", "").splitlines():
        if line.startswith("=== "):
            title = line[4:]
            result[title] = []
        elif title:
            result[title].append(line)
    return result


def status(lines):
    wanted = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp")
    return {key: value.strip() for key, value in (line.split(":", 1) for line in lines if ":" in line) if key in wanted}


def mounts(lines):
    result = {}
    for line in lines:
        left, right = line.split(" - ")
        fields = left.split()
        result[fields[4]] = [right.split()[0], [flag for flag in fields[5].split(",") if flag in FLAGS]]
    return result


def devices(lines):
    result = {}
    for line in lines:
        match = re.match(r"([lcb])\S+ \d+:\d+ (\S+) (.*)", line)
        if match:
            kind, path, rest = match.groups()
            result[path] = rest if kind == "l" else f"{kind} {rest}"
    return result


def paths(lines):
    result = {}
    for line in lines:
        path, rest = line.split(" ", 1)
        if rest.startswith("stat "):
            result[path] = {"stat": rest[5:]}
        elif rest.startswith("d"):
            found = dict(part.split(" ", 1) for part in rest.split(" ", 1)[1].split(", "))
            entries = found.get("entries")
            result[path] = {"read": found["list"] if entries is None else "ok" if entries != "0" else "ENODATA", "write": found["mkdir"]}
        else:
            answers = {"read": "ok", "write": "ok"}
            for part in rest.split(" ", 1)[1].split(", "):
                if part == "first read 0 bytes":
                    answers["read"] = "ENODATA"
                match = re.fullmatch(r"(r|w|read) (E\w+)", part)
                if match:
                    answers["write" if match[1] == "w" else "read"] = match[2]
            result[path] = answers
    return result


def actions(lines):
    result = {}
    for line in lines:
        label, answer = (line[:40].strip(), line[40:].strip()) if len(line) > 40 else line.rsplit(" ", 1)
        if label in ACTIONS:
            word = answer.split()[0]
            result[ACTIONS[label]] = word if word.startswith("E") else "ok"
    return result


def facts(text):
    part = sections(text)
    writable = part["/proc/sys: files that can be opened for writing"][0]
    values = dict(line.split(" ", 1) for line in part["sysctls"])
    wanted = ("net/ipv4/ip_unprivileged_port_start", "net/ipv4/ping_group_range", "net/ipv6/conf/eth0/disable_ipv6")
    return {
        "status": status(part["/proc/self/status"]), "mounts": mounts(part["/proc/self/mountinfo"]),
        "devices": devices(part["listing /dev"]), "paths": paths(part[PATH_SECTION]),
        "writable values": int(re.search(r"(\d+) open for writing", writable)[1]) > 0,
        "values": {key: values[key] if values[key].startswith("E") else values[key].split() for key in wanted},
        "control groups": {line.split()[0]: "ok" if line.endswith(" ok") else line.split()[1] for line in part["cgroup write test"]},
        "actions": actions(part["privileged actions"]),
    }


def refused_calls(path):
    """For each set of options the numbers of the calls that are answered with EPERM or ENOSYS."""
    head, *rows = [line.split("\t") for line in path.read_text().splitlines()]
    return {mode: [int(row[0]) for row in rows if row[column] in ("EPERM", "ENOSYS")] for column, mode in enumerate(head) if column > 1}


def difference(base, other):
    """What `other` has differently; a key that only `base` has is null."""
    if not isinstance(base, dict) or not isinstance(other, dict):
        return other
    result = {key: difference(base.get(key), value) for key, value in other.items() if base.get(key) != value}
    result.update({key: None for key in base if key not in other})
    return result


def applied(base, change):
    """The inverse of `difference`."""
    if not isinstance(base, dict) or not isinstance(change, dict):
        return change
    result = {key: value for key, value in base.items() if key not in change}
    result.update({key: applied(base.get(key), value) for key, value in change.items() if value is not None})
    return result


def table(folder):
    folder = Path(folder)
    texts = {path.name.removesuffix(".probe.txt"): path.read_text() for path in sorted(folder.glob("*.probe.txt"))}
    options = {mode: re.match(r"# docker run --rm (.*?) ?-v ", text)[1].strip() for mode, text in texts.items()}
    found = {mode: facts(text) for mode, text in texts.items()}
    calls = refused_calls(folder / "syscalls.tsv")
    result = {"options": options, "default": found["default"], "calls": {"default": calls["default"]}}
    result["differences"] = {mode: difference(found["default"], facts) for mode, facts in found.items() if mode != "default"}
    for mode, numbers in calls.items():
        if mode != "default":
            result["calls"][mode] = {"less": sorted(set(calls["default"]) - set(numbers)), "more": sorted(set(numbers) - set(calls["default"]))}
    return result


if __name__ == "__main__":
    def row(value):
        return json.dumps(value, separators=(",", ":"), sort_keys=True)

    whole = table(sys.argv[1])
    # One line for each fact that can be looked at alone.
    lines = [f'"options":{row(whole["options"])}']
    lines += ['"default":{\n' + ",\n".join(f' "{key}":{row(value)}' for key, value in whole["default"].items()) + "}"]
    lines += ['"differences":{\n' + ",\n".join(f' "{key}":{row(value)}' for key, value in whole["differences"].items()) + "}"]
    lines += ['"calls":{\n' + ",\n".join(f' "{key}":{row(value)}' for key, value in whole["calls"].items()) + "}"]
    print("{" + ",\n".join(lines) + "}")
