"""Known ways out of container engines, played against ours. docs/security.md says which row is which test.

Each has something outside that the attack would read, change or fill: it must stay as it was. What the engine answers, an error or a
container that is none the better for it, is asserted too.
"""
import ctypes
import hashlib
import json
import os
import stat
import subprocess
import tarfile
import threading
import time

import pytest

import hostile
from conftest import BIN, Cli, wait_for
from test_bad_input import request

DIR, REG, SYM, CHR, FIFO = tarfile.DIRTYPE, tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE
PASSWD = b"root:x:0:0:root:/root:/bin/sh\n"


@pytest.fixture
def image(gantry, tmp_path):
    """Loads a hostile image and takes it away again."""
    names = []

    def make(members, configuration=None, whole=None):
        name = f"hostile:{len(names)}"
        path = tmp_path / f"image-{len(names)}.tar"
        path.write_bytes(hostile.archive(name, members, configuration, whole))
        gantry.ok("load", "-i", path)
        names.append(name)
        return name

    yield make
    for container in gantry("ps", "-aq").stdout.split():
        gantry("rm", "-f", "-v", container)
    for name in names:
        gantry("rmi", "-f", name)


@pytest.fixture
def outside(tmp_path):
    """A directory of the host that no container is given, with a file in it."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "canary").write_text("whole")
    before = (folder.stat().st_mode, folder.stat().st_uid)
    yield folder
    assert sorted(os.listdir(folder)) == ["canary"], "something was made on the host"
    assert (folder / "canary").read_text() == "whole"
    assert (folder.stat().st_mode, folder.stat().st_uid) == before
    assert str(folder) not in open("/proc/self/mountinfo").read(), "something is mounted on the host"


class Exchange:
    """Swaps two names all the time while it is entered: renameat2(RENAME_EXCHANGE) leaves no moment without either."""

    def __init__(self, one, other):
        self.names, self.ended, self.count = (str(one).encode(), str(other).encode()), threading.Event(), 0
        self.libc = ctypes.CDLL(None, use_errno=True)

    def run(self):
        while not self.ended.is_set():
            if self.libc.renameat2(-100, self.names[0], -100, self.names[1], 2) == 0:
                self.count += 1
            # Thousands of times a second, and the processor is left to the others in between.
            time.sleep(0.0002)

    def __enter__(self):
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()
        assert self.count > 10, "the names were never swapped"


def volume(gantry, name):
    """A volume's directory on the host."""
    gantry.ok("volume", "create", name)
    from pathlib import Path
    return Path(gantry.ok("volume", "inspect", "-f", "{{.Mountpoint}}", name).strip())


# MARK: Links where the kernel's file systems go

@pytest.mark.parametrize("place", ["proc", "sys", "dev"])
def test_kernel_file_systems_behind_links(gantry, image, outside, place):
    """CVE-2019-19921, 2023-27561, 2023-28642, 2026-41579."""
    name = image([(place, SYM, str(outside))])
    result = gantry("run", "--rm", name, "/bin/busybox", "true")
    assert result.returncode == 125 and "too many levels of symbolic links" in result.stderr, result.stderr
    inside = image([(place, SYM, "etc/elsewhere"), ("etc/elsewhere", DIR, None)])
    assert gantry("run", "--rm", inside, "/bin/busybox", "true").returncode == 125


@pytest.mark.parametrize("path", ["/proc", "/../proc/self/attr", "/proc/sys/kernel/"])
def test_volumes_over_proc(gantry, image, outside, path):
    """CVE-2019-16884, 2015-3631, 2025-52881: a false /proc would take the engine's own writes."""
    name = image([], {"Volumes": {path: {}}})
    for options in ([name], ["-v", f"{outside}:{path}", "busybox"], ["--tmpfs", path, "busybox"]):
        result = gantry("run", "--rm", *options, "true")
        assert result.returncode == 125 and "inside /proc" in result.stderr, (options, result.stderr)


def test_files_of_the_engine_behind_links(gantry, image, outside):
    """CVE-2024-5154 and the like: /etc, /etc/hosts, /etc/mtab of the image lead out; what is made there is made inside."""
    for members in (
            [("etc", SYM, str(outside))], [("etc", SYM, "../../../../../.." + str(outside))],
            [("etc/hosts", SYM, f"{outside}/canary"), ("etc/mtab", SYM, f"{outside}/canary"), ("etc/hostname", SYM, f"{outside}/new"),
             ("etc/resolv.conf", SYM, "../run/systemd/resolve/stub-resolv.conf"), (".dockerenv", SYM, f"{outside}/new")]):
        name = image([("etc/passwd", REG, PASSWD)] + members)
        text = gantry.ok("run", "--rm", "-h", "inside", name, "/bin/busybox", "sh", "-c", "cat /etc/hosts /etc/hostname /etc/resolv.conf")
        assert "inside" in text and "nameserver" in text


# MARK: The working directory

def test_working_directory_through_a_descriptor(gantry, image):
    """CVE-2024-21626: no descriptor of the host is a way into it, at start, exec or build."""
    container = gantry.ok("run", "-d", "busybox", "sleep", "1000").strip()
    for number in range(3, 12):
        result = gantry("exec", "-w", f"/proc/self/fd/{number}", container, "sh", "-c", "pwd; ls -a ../../../..")
        assert result.returncode != 0 and "gantry" not in result.stdout, result.stdout
    for number in (3, 6, 7, 8):
        result = gantry("run", "--rm", "-w", f"/proc/self/fd/{number}/../..", "busybox", "ls", "-a")
        assert result.returncode != 0 and result.stdout == ""
    name = image([("here", SYM, "/proc/self/fd/8")], {"WorkingDir": "/here"})
    result = gantry("run", "--rm", name, "/bin/busybox", "pwd")
    assert result.returncode != 0 and result.stdout == ""
    for number in (6, 8):
        build = gantry("build", "-", input=f"FROM busybox\nWORKDIR /proc/self/fd/{number}\nRUN pwd; ls -a ../../..\n")
        assert build.returncode != 0, build.stdout


def test_working_directory_that_is_a_file(gantry):
    result = gantry("run", "--rm", "-w", "/etc/passwd", "busybox", "true")
    assert result.returncode != 0 and "not a directory" in result.stderr


# MARK: Races on mount targets

def test_mount_targets_that_turn_into_links(gantry, outside):
    """CVE-2021-30465, 2015-3629, 2024-45310: a shared volume's directory is swapped with a link while others mount below it."""
    folder = volume(gantry, "v-race")
    (folder / "place").mkdir()
    (folder / "link").symlink_to(outside)
    started = 0
    with Exchange(folder / "place", folder / "link"):
        # Most starts meet a link somewhere and are refused: as many as it takes for one to come through.
        for number in range(200):
            result = gantry(
                "run", "--rm", "-v", "v-race:/data", "--tmpfs", f"/data/place/t{number}", "-v", f"/etc/hostname:/data/place/f{number}",
                "-v", f"/etc:/data/place/d{number}:ro", "busybox", "true")
            assert result.returncode in (0, 125, 126, 127), result.stderr
            started += result.returncode == 0
            if started and number >= 7:
                break
    assert started, "no container started at all"


def test_places_in_volumes_that_turn_into_links(gantry, outside):
    """CVE-2026-42306: what was looked at is what is mounted, not what has its name later."""
    folder = volume(gantry, "v-sub")
    (folder / "sub").mkdir()
    (folder / "sub" / "mine").write_text("mine")
    (folder / "link").symlink_to(outside)
    mount = "type=volume,src=v-sub,dst=/m,volume-subpath={}"
    assert gantry.ok("run", "--rm", "--mount", mount.format("sub"), "busybox", "cat", "/m/mine") == "mine"
    for path in ("link", "../..", "/etc", "sub/../../.."):
        assert gantry("run", "--rm", "--mount", mount.format(path), "busybox", "ls", "/m").returncode == 125, path
    with Exchange(folder / "sub", folder / "link"):
        for _ in range(8):
            result = gantry("run", "--rm", "--mount", mount.format("sub"), "busybox", "ls", "/m")
            assert "canary" not in result.stdout and result.returncode in (0, 125), result.stderr


# MARK: What covers and what is written at the start

def test_masks_do_not_come_from_the_containers_dev(gantry, outside):
    """CVE-2025-31133: a /dev/null of the container's that is a link would be mounted over what should be hidden, and be writable."""
    fake = outside.parent / "dev"
    fake.mkdir()
    (fake / "null").symlink_to("/proc/sysrq-trigger")
    script = "stat -c %t:%T /proc/keys; cat /proc/keys | wc -c; echo x > /proc/keys; cat; echo $?"
    text = gantry.ok("run", "--rm", "-v", f"{fake}:/dev", "busybox", "sh", "-c", script)
    assert text.split() == ["1:3", "0", "0"]
    mode = stat.S_IMODE(os.stat("/dev/null").st_mode)
    for target in ("/proc/keys", "/proc/self/fd/0"):
        gantry("run", "--rm", "-v", f"{fake}:/dev", "busybox", "chmod", f"{mode:o}", target)
    refused = gantry("run", "--rm", "busybox", "chmod", f"{mode:o}", "/proc/keys")
    assert refused.returncode == 1 and "Read-only" in refused.stderr
    assert stat.S_IMODE(os.stat("/dev/null").st_mode) == mode


def test_standard_input_is_not_the_hosts_null_device(gantry):
    host = os.stat("/dev/null")
    container = gantry.ok("run", "-d", "busybox", "sleep", "1000").strip()
    for command in (["run", "--rm", "busybox"], ["exec", container]):
        device, inode = gantry.ok(*command, "stat", "-L", "-c", "%d %i", "/proc/self/fd/0").split()
        assert (int(device), int(inode)) != (host.st_dev, host.st_ino)


def test_console_behind_a_link(gantry, image, outside):
    """CVE-2025-52565: the console is mounted by descriptor, whatever the image has at its place."""
    name = image([("dev/console", SYM, f"{outside}/canary"), ("dev/pts/0", SYM, f"{outside}/canary")])
    assert "136:0" in gantry.ok("run", "--rm", "-t", name, "/bin/busybox", "sh", "-c", "ls -l /dev/console; stat -c '%t' /dev/pts/0; echo 136:0 > /dev/console")


# MARK: Entering a running container

WATCH = r"""
import ctypes, os, sys
libc, seen, known = ctypes.CDLL(None, use_errno=True), set(), {os.getpid(), 1}
print("ready", flush=True)
while not os.path.exists("/stop"):
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) in known: continue
        for link in ("exe", "cwd", "root"):
            try: seen.add(link + " " + os.readlink(f"/proc/{name}/{link}"))
            except OSError: pass
        try:
            for number in os.listdir(f"/proc/{name}/fd"):
                try: seen.add("fd " + os.readlink(f"/proc/{name}/fd/{number}"))
                except OSError: pass
        except OSError: pass
        try:
            file = os.open(f"/proc/{name}/exe", os.O_RDONLY)
            found = os.readlink(f"/proc/self/fd/{file}")
            os.close(file)
            if "python" not in found and "busybox" not in found:
                try:
                    file = os.open(f"/proc/{name}/exe", os.O_WRONLY)
                    os.write(file, b"owned")
                    seen.add("written " + found)
                except OSError: pass
        except OSError: pass
for line in sorted(seen): print(line)
"""


def test_whoever_enters_shows_nothing_of_the_host(gantry):
    """CVE-2016-9962, 2015-3627: a process of the container watches what comes in for execs and looks into it at once."""
    container = gantry.ok("run", "-d", "python:3.11-slim", "python3", "-c", WATCH).strip()
    wait_for(lambda: "ready" in gantry.ok("logs", container), "the watcher")
    for _ in range(20):
        gantry.ok("exec", container, "true")
    gantry.ok("exec", container, "touch", "/stop")
    assert gantry.ok("wait", container).strip() == "0"
    seen = gantry.ok("logs", container).splitlines()[1:]
    assert any(line.startswith("exe ") for line in seen), "the watcher saw nobody"
    for line in seen:
        kind, path = line.split(" ", 1)
        assert kind != "written", line
        if kind == "exe":
            assert path.startswith(("/usr/bin/", "/bin/")), line
        if kind in ("cwd", "root"):
            assert path == "/", line
        if kind == "fd":
            assert path.startswith(("pipe:[", "/dev/null", "/lib", "/usr/lib", "/etc/ld.so.cache", "/stop", "/proc")), line


def test_the_runtimes_program_cannot_be_overwritten(gantry, image):
    """CVE-2019-5736: a program whose interpreter is /proc/self/exe makes the kernel run what enters the container once more."""
    shim = BIN / "gantry-shim"
    before = hashlib.sha256(shim.read_bytes()).hexdigest()
    name = image([("evil", REG, b"#!/proc/self/exe\n"), ("write", REG, b"#!/bin/sh\nfor p in /proc/[0-9]*; do echo owned > $p/exe && echo wrote $p; done\n")])
    gantry("run", "--rm", name, "/evil", timeout=30)
    container = gantry.ok("run", "-d", name, "/bin/busybox", "sleep", "1000").strip()
    for _ in range(5):
        gantry("exec", "-d", container, "/evil", timeout=30)
        result = gantry("exec", container, "/write", timeout=30)
        assert "wrote" not in result.stdout
    assert hashlib.sha256(shim.read_bytes()).hexdigest() == before
    assert gantry.ok("exec", container, "echo", "fine").strip() == "fine"


# MARK: Descriptors

LIST = "for n in /proc/self/fd/*; do readlink $n >/dev/null && echo ${n##*/}; done; true"


def test_only_three_descriptors_everywhere(gantry):
    """Start and exec, with and without a terminal or input, a health check, a step of a build."""
    def numbers(text):
        # The shell has the list open while it expands it, and no longer when it looks.
        return [int(word) for word in text.split() if word.isdigit()]
    container = gantry.ok("run", "-d", "busybox", "sleep", "1000").strip()
    for command in (["run", "--rm", "busybox"], ["run", "--rm", "-t", "busybox"], ["run", "--rm", "-i", "busybox"], ["run", "--rm", "-u", "1000", "busybox"],
                    ["run", "--rm", "--privileged", "busybox"], ["exec", container], ["exec", "-t", container], ["exec", "-i", container]):
        assert numbers(gantry.ok(*command, "sh", "-c", LIST, input="" if "-i" in command else None)) == [0, 1, 2], command
    steps = f"FROM busybox\nRUN ({LIST}) > /list; echo found $(cat /list) end\n"
    build = gantry("build", "--no-cache", "-", input=steps)
    assert build.returncode == 0 and "found 0 1 2 end" in build.stdout + build.stderr, build.stdout + build.stderr
    checked = gantry.ok(
        "run", "-d", "--health-cmd", f"({LIST}) > /list", "--health-interval", "200ms", "busybox", "sleep", "1000").strip()
    listed = wait_for(lambda: gantry("exec", checked, "cat", "/list").stdout, "the health check")
    assert numbers(listed) == [0, 1, 2]


# MARK: Users of the image

def test_a_number_is_never_a_name(gantry, image):
    """CVE-2016-3697, 2026-46680: users named like numbers do not exist."""
    names = b"1000:x:0:0::/root:/bin/sh\n99999999999:x:0:0::/root:/bin/sh\n4294967296:x:0:0::/:/bin/sh\n"
    name = image([("etc/passwd", REG, PASSWD + names)])
    assert gantry.ok("run", "--rm", "-u", "1000", name, "/bin/busybox", "id", "-u").strip() == "1000"
    for user in ("99999999999", "4294967296"):
        assert "uids and gids must be in range" in gantry("run", "--rm", "-u", user, name, "/bin/busybox", "id", "-u").stderr
        own = image([("etc/passwd", REG, PASSWD + names)], {"User": user})
        assert "uids and gids must be in range" in gantry("run", "--rm", own, "/bin/busybox", "id", "-u").stderr


def test_supplementary_groups(gantry, image):
    """CVE-2022-36109, 2022-2989, 2023-25173: all groups of the user, the primary one among them, so that a group's denial holds."""
    name = image([
        ("etc/passwd", REG, PASSWD + b"user:x:1000:1001::/:/bin/sh\n"), ("etc/group", REG, b"root:x:0:\nprimary:x:1001:\ndenied:x:2000:user\nother:x:2001:root\n"),
        ("secret", REG, b"x", 0o604)])
    def groups(*options):
        return sorted(map(int, gantry.ok("run", "--rm", *options, name, "/bin/busybox", "id", "-G").split()))
    assert groups("-u", "user") == [1001, 2000] and groups("-u", "1000") == [1001, 2000]
    assert groups("-u", "user:denied") == [2000] and groups("-u", "1000:7") == [7]
    assert groups("-u", "user", "--group-add", "other") == [1001, 2000, 2001]
    container = gantry.ok("run", "-d", name, "/bin/busybox", "sleep", "1000").strip()
    assert sorted(map(int, gantry.ok("exec", "-u", "user", container, "/bin/busybox", "id", "-G").split())) == [1001, 2000]


@pytest.mark.parametrize("members, words", [
    ([("etc/passwd", FIFO, None), ("etc/group", FIFO, None)], None),
    ([("etc/passwd", CHR, (1, 5)), ("etc/group", CHR, (1, 8))], None),
    ([("etc/passwd", SYM, "/proc/self/fd/0"), ("etc/group", SYM, "/proc/1/root/etc/group")], None),
    ([("etc/passwd", SYM, "passwd")], None),
    ([("etc/passwd", REG, b"x" * (3 << 20))], "larger than"),
    ([("etc/group", REG, PASSWD + b"g:x:5:" + b"a," * (2 << 20))], "larger than"),
])
def test_user_files_that_are_none(gantry, image, members, words):
    """CVE-2024-9676, 2026-47262: no waiting, no endless reading, nothing of the host's."""
    result = gantry("run", "--rm", image(members), "/bin/busybox", "grep", "Uid", "/proc/self/status", timeout=30)
    if words:
        assert result.returncode == 125 and words in result.stderr
    else:
        assert result.stdout.split() == ["Uid:", "0", "0", "0", "0"]
        named = gantry("run", "--rm", "-u", "somebody", "hostile:0", "/bin/busybox", "true", timeout=30)
        assert "unable to find user somebody" in named.stderr


# MARK: Volumes and what fills them

def test_volumes_are_not_filled_from_the_host(gantry, image, outside):
    """CVE-2014-9356, 2022-23648: the image's volume paths lead out by links and dots."""
    up = "../" * 12
    for members, path in [([("data", SYM, str(outside))], "/data"), ([("data", SYM, up + str(outside)[1:])], "/data"), ([], f"/{up}{str(outside)[1:]}"),
                          ([("a", DIR, None), ("a/b", SYM, "/")], f"/a/b{outside}")]:
        name = image(members, {"Volumes": {path: {}}})
        text = gantry("run", "--name", "filled", name, "/bin/busybox", "sh", "-c", f"ls -a /data {outside} 2>/dev/null; true")
        assert "canary" not in text.stdout
        for mount in json.loads(gantry.ok("inspect", "-f", "{{json .Mounts}}", "filled")):
            assert os.listdir(mount["Source"]) == [], path
        gantry.ok("rm", "-fv", "filled")


def test_links_in_a_volume_stay_links(gantry, image, outside):
    """What is copied into a volume is copied as it is: a link is a link, a device is not opened."""
    name = image([("data", DIR, None), ("data/link", SYM, f"{outside}/canary"), ("data/null", CHR, (1, 3)), ("data/fifo", FIFO, None), ("data/file", REG, b"content")],
                 {"Volumes": {"/data": {}}})
    gantry.ok("run", "--name", "copied", name, "/bin/busybox", "true", timeout=30)
    folder = json.loads(gantry.ok("inspect", "-f", "{{json .Mounts}}", "copied"))[0]["Source"]
    kinds = {entry: stat.S_IFMT(os.lstat(f"{folder}/{entry}").st_mode) for entry in os.listdir(folder)}
    assert kinds == {"link": stat.S_IFLNK, "null": stat.S_IFCHR, "fifo": stat.S_IFIFO, "file": stat.S_IFREG}
    assert os.readlink(f"{folder}/link") == f"{outside}/canary"


def test_a_volume_with_content_is_left_alone(gantry, image):
    """CVE-2020-1726."""
    name = image([("data", DIR, None), ("data/file", REG, b"the image's")])
    folder = volume(gantry, "v-full")
    (folder / "file").write_text("mine")
    assert gantry.ok("run", "--rm", "-v", "v-full:/data", name, "/bin/busybox", "cat", "/data/file") == "mine"


# MARK: Words that would be something else further down

@pytest.mark.parametrize("sysctls", [
    {"net.ipv4.ip_forward+kernel.core_pattern": "x"}, {"net.ipv4.ip_forward": "1\nkernel.core_pattern=x"}, {"net.ipv4.ip_forward\nx": "1"},
    {"net/ipv4/../../kernel/core_pattern": "x"}, {"net.ipv4.../kernel.core_pattern": "x"}, {"net./../kernel/core_pattern": "x"}, {"kernel.core_pattern": "x"},
    {"net.": "1"}, {"": "1"},
])
def test_sysctls_are_names(daemon, gantry, sysctls):
    """CVE-2022-0811."""
    before = open("/proc/sys/kernel/core_pattern").read()
    body = json.dumps({"Image": "busybox", "Cmd": ["true"], "HostConfig": {"Sysctls": sysctls}}).encode()
    answer = request(daemon, "POST", "/containers/create", body, "Content-Type: application/json\r\n")
    if answer.startswith("HTTP/1.1 201"):
        assert gantry("start", json.loads(answer.split("\r\n\r\n", 1)[1])["Id"]).returncode == 1
    else:
        assert answer.startswith("HTTP/1.1 400"), answer
    assert open("/proc/sys/kernel/core_pattern").read() == before


def test_home_is_only_a_variable(gantry):
    """CVE-2022-4318: a line break in HOME makes no user."""
    text = gantry.ok("run", "--rm", "-e", "HOME=/root\nevil:x:0:0::/:/bin/sh", "-u", "1234", "busybox", "cat", "/etc/passwd")
    assert "evil" not in text


def test_the_image_decides_nothing_about_the_sandbox(gantry, image):
    """CVE-2014-6408, 2026-53488: neither keys nor labels of an image open anything."""
    labels = {"com.docker.volume.anonymous": "", "containerd.io/restart.loguri": "binary:///bin/false", "io.podman.annotations.privileged": "TRUE",
              "org.opencontainers.image.base.name": "x"}
    open_ = {"Privileged": True, "CapAdd": ["ALL"], "SecurityOpt": ["seccomp=unconfined"], "Binds": ["/:/host"], "PidMode": "host"}
    name = image([], {"Labels": labels, "HostConfig": open_, "Runtime": "/bin/false"}, {"HostConfig": open_, "host_config": open_})
    text = gantry.ok("run", "--rm", name, "/bin/busybox", "sh", "-c", "grep -E 'CapEff|Seccomp:' /proc/self/status; ls /; echo $$")
    assert "00000000a80425fb" in text and "Seccomp:\t2" in text and "host\n" not in text and text.strip().endswith("1")


def test_environments_are_not_shared(gantry):
    """CVE-2021-21334, 2020-14370."""
    gantry.ok("run", "--rm", "-e", "SECRET=1", "busybox", "true")
    assert "SECRET" not in gantry.ok("run", "--rm", "busybox", "env")


def test_archive_names_are_no_paths(gantry, tmp_path, outside):
    """CVE-2014-5282, 2014-9358: ids and file names of an archive choose no place on the host."""
    import io
    layer = hostile.layer([("file", REG, b"x")])
    config = json.dumps({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]}}).encode()
    up = "../" * 12 + str(outside)[1:]
    for names in ((f"{up}/config.json", f"{up}/layer.tar"), (f"{outside}/config.json", f"{outside}/layer.tar"), ("config.json", f"{up}/canary")):
        path = tmp_path / "names.tar"
        with tarfile.open(path, "w") as tar:
            for name, content in ((names[0], config), (names[1], layer), ("manifest.json", json.dumps([{"Config": names[0], "RepoTags": ["names:1"], "Layers": [names[1]]}]).encode())):
                info = tarfile.TarInfo(name)
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
        gantry("load", "-i", path)
        gantry("rmi", "-f", "names:1")


# MARK: The daemon's own places

def test_modes_of_the_engines_places(daemon, gantry):
    """CVE-2021-41091, 2021-41103, 2014-3499, 2024-25621: the host's other users reach neither layers nor records nor the socket."""
    container = gantry.ok("run", "-d", "busybox", "sleep", "1000").strip()
    assert stat.S_IMODE(daemon.data.stat().st_mode) == 0o710
    for path in daemon.data.iterdir():
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode & 0o066 == 0 and mode & 0o002 == 0, f"{path} {mode:o}"
    assert stat.S_IMODE((daemon.data / "gantry.db").stat().st_mode) == 0o600
    assert stat.S_IMODE(daemon.socket.stat().st_mode) == 0o660
    state = daemon.exec_root / "containers"
    assert stat.S_IMODE((state / container).stat().st_mode) & 0o077 == 0
    nobody = subprocess.run(
        ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "sh", "-c",
         f"ls {daemon.data}; ls {daemon.data}/layers; ls {state}/{container}; cat {daemon.data}/gantry.db"], capture_output=True, text=True)
    assert nobody.stdout == "" and nobody.stderr.count("Permission denied") == 4, nobody


def test_no_abstract_sockets(daemon, gantry):
    """CVE-2020-15257: with the host's network a container would reach them."""
    container = gantry.ok("run", "-d", "--network", "host", "busybox", "sleep", "1000").strip()
    process = gantry.ok("inspect", "-f", "{{.State.Pid}}", container).strip()
    shim = next(line.split()[1] for line in open(f"/proc/{process}/status") if line.startswith("PPid"))
    abstract = {line.split()[6] for line in open("/proc/net/unix") if len(line.split()) > 7 and line.split()[7].startswith("@")}
    for pid in (shim, str(daemon.process.pid)):
        held = {os.readlink(f"/proc/{pid}/fd/{number}") for number in os.listdir(f"/proc/{pid}/fd") if os.path.lexists(f"/proc/{pid}/fd/{number}")}
        assert not {f"socket:[{inode}]" for inode in abstract} & held, pid


def test_bridges_take_no_router(daemon):
    """CVE-2020-13401."""
    path = f"/proc/sys/net/ipv6/conf/{daemon.bridge}/accept_ra"
    if not os.path.exists(path):
        pytest.skip("this kernel has no IPv6")
    assert open(path).read().strip() == "0"


def test_top_runs_nothing_of_the_container(gantry, image):
    """CVE-2022-1227: the list of processes is read on the host."""
    name = image([("bin/ps", REG, b"#!/bin/sh\ntouch /ran\n"), ("usr/bin/nsenter", REG, b"#!/bin/sh\ntouch /ran\n")])
    container = gantry.ok("run", "-d", name, "/bin/busybox", "sleep", "1000").strip()
    assert "sleep 1000" in gantry.ok("top", container)
    assert gantry("exec", container, "/bin/busybox", "ls", "/ran").returncode == 1


def test_output_that_nobody_takes_is_not_kept(gantry):
    """CVE-2022-31030, CVE-2022-1708: health checks and execs write more than there is memory."""
    def resident():
        return next(int(line.split()[1]) for line in open(f"/proc/{gantry.daemon.process.pid}/status") if line.startswith("VmRSS"))
    flood = "head -c 400000000 /dev/zero; touch /done"
    container = gantry.ok("run", "-d", "--health-cmd", flood, "--health-interval", "1s", "--health-timeout", "60s", "busybox", "sleep", "1000").strip()
    before = resident()
    gantry.ok("exec", "-d", container, "sh", "-c", flood.replace("/done", "/done2"))
    wait_for(lambda: gantry("exec", container, "ls", "/done", "/done2").returncode == 0, "the end of both", 90)
    wait_for(lambda: "healthy" in gantry.ok("inspect", "-f", "{{.State.Health.Status}}", container), "the health", 60)
    assert resident() - before < 64 << 10, "in KiB"
    logged = json.loads(gantry.ok("inspect", "-f", "{{json .State.Health.Log}}", container))
    assert logged and all(len(entry["Output"]) <= 4096 for entry in logged)


# MARK: docker cp

@pytest.mark.parametrize("running", [True, False])
def test_copies_never_follow_a_link_out(gantry, outside, running):
    """CVE-2018-15664, 2019-10152, 2021-41089, 2026-41568: a directory is swapped with a link out while files go in and come out."""
    folder = volume(gantry, "v-copy")
    (folder / "place").mkdir()
    (folder / "place" / "canary").write_text("the container's")
    (folder / "link").symlink_to(outside)
    gantry.ok("create", "--name", "copies", "-v", "v-copy:/data", "busybox", "sleep", "1000")
    if running:
        gantry.ok("start", "copies")
    mine = outside.parent / "mine"
    mine.mkdir()
    (mine / "canary").write_text("overwritten")
    with Exchange(folder / "place", folder / "link"):
        for _ in range(6):
            out = gantry("cp", "copies:/data/place/canary", "-")
            assert "whole" not in out.stdout
            gantry("cp", mine / "canary", "copies:/data/place/canary")
            gantry("cp", f"{mine}/.", "copies:/data/place")
            gantry("cp", mine, "copies:/data/place/new")


@pytest.mark.parametrize("running", [True, False])
def test_copies_stay_in_places_of_volumes(gantry, outside, running):
    """CVE-2026-42306: as above, where only a place in the volume is mounted and the place itself is swapped."""
    folder = volume(gantry, "v-place")
    (folder / "sub").mkdir()
    (folder / "sub" / "canary").write_text("the container's")
    gantry.ok("create", "--name", "places", "--mount", "type=volume,src=v-place,dst=/m,volume-subpath=sub", "busybox", "sleep", "1000")
    if running:
        gantry.ok("start", "places")
    (folder / "link").symlink_to(outside)
    mine = outside.parent / "mine"
    mine.mkdir()
    (mine / "canary").write_text("overwritten")
    with Exchange(folder / "sub", folder / "link"):
        for _ in range(6):
            assert "whole" not in gantry("cp", "places:/m/canary", "-").stdout
            gantry("cp", mine / "canary", "places:/m/canary")
            gantry("cp", f"{mine}/.", "places:/m")


def test_archives_are_unpacked_by_the_daemon(gantry, image, tmp_path):
    """CVE-2026-41567, 2019-14271: no program or library of the container's takes part in a copy."""
    script = b"#!/bin/sh\ntouch /ran\ncat\n"
    name = image([(f"{folder}/{tool}", REG, script) for folder in ("bin", "usr/bin") for tool in ("tar", "gzip", "unpigz", "xz", "zstd")])
    container = gantry.ok("run", "-d", name, "/bin/busybox", "sleep", "1000").strip()
    (tmp_path / "file").write_text("content")
    gantry.ok("cp", tmp_path / "file", f"{container}:/file")
    packed = subprocess.run(["tar", "-C", tmp_path, "-czf", "-", "file"], capture_output=True, check=True).stdout
    with open(tmp_path / "packed.tgz", "wb") as file:
        file.write(packed)
    environment = Cli("gantry", gantry.daemon).environment
    with open(tmp_path / "packed.tgz", "rb") as file:
        subprocess.run([gantry.path, "cp", "-", f"{container}:/tmp"], stdin=file, env=environment, check=True, timeout=60)
    assert gantry.ok("exec", container, "/bin/busybox", "cat", "/file", "/tmp/file") == "contentcontent"
    assert gantry("exec", container, "/bin/busybox", "ls", "/ran").returncode == 1
