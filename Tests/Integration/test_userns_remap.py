"""Containers whose ids are mapped (`userns-remap`): inside all is as ever, outside nobody in them is root."""
import io
import json
import os
import shutil
import subprocess
import tarfile
import urllib.request
from pathlib import Path

import pytest

from conftest import BIN, Cli, Daemon, other_runtimes, wait_for
from engine import Engine

pytestmark = pytest.mark.skipif(not shutil.which("useradd"), reason="useradd is not installed")

START, COUNT = 310000, 65536
USER = "gantry-remap"


def edit(path, line, present):
    """A line of /etc/subuid and the like, which this test puts there and takes away again."""
    file = Path(path)
    lines = [one for one in file.read_text().splitlines() if one != line] if file.exists() else []
    file.write_text("".join(one + "\n" for one in lines + ([line] if present else [])))


@pytest.fixture(scope="module")
def subordinate():
    subprocess.run(["useradd", "--system", "--shell", "/bin/false", USER], check=True)
    for path in ("/etc/subuid", "/etc/subgid"):
        edit(path, f"{USER}:{START}:{COUNT}", True)
    yield
    for path in ("/etc/subuid", "/etc/subgid"):
        edit(path, f"{USER}:{START}:{COUNT}", False)
    subprocess.run(["userdel", USER], check=True)


class Remapped:
    def __init__(self, folder):
        folder.mkdir()
        self.runtimes = other_runtimes(folder)
        flags = [word for name, path in self.runtimes.items() for word in ("--add-runtime", f"{name}={path}")]
        self.daemon = Daemon(folder, "gtremap0", "--bip", "172.30.243.1/24", "--userns-remap", USER, *flags).start()
        self.engine = Engine(self.daemon)
        self.engine.load("busybox")
        self.gantry = Cli("gantry", self.daemon)

    def run(self, *arguments, **options):
        return self.gantry.ok("run", "--rm", *arguments, **options)

    def status(self, container, field):
        pid = self.engine.inspect(container)["State"]["Pid"]
        return next(line.split()[1] for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith(field + ":"))


@pytest.fixture(scope="module")
def remapped(subordinate, tmp_path_factory):
    made = Remapped(tmp_path_factory.mktemp("remapped") / "daemon")
    yield made
    made.daemon.destroy()


def test_map(remapped):
    shown = remapped.run("busybox", "sh", "-c", "cat /proc/1/uid_map /proc/1/gid_map; id -u; touch /made; stat -c %u:%g /made /bin /etc/hosts")
    lines = shown.splitlines()
    assert [line.split() for line in lines[:2]] == [["0", str(START), str(COUNT)]] * 2
    assert lines[2:] == ["0", "0:0", "0:0", "0:0"]
    identifier = remapped.engine.start("sleep", "100")
    assert remapped.status(identifier, "Uid") == str(START)
    plain = remapped.engine.start("sleep", "100", UsernsMode="host")
    assert remapped.status(plain, "Uid") == "0"
    assert remapped.engine.inspect(plain)["HostConfig"]["UsernsMode"] == "host"
    assert remapped.run("--user", "1000:1001", "--group-add", "7", "busybox", "id").split()[:2] == ["uid=1000", "gid=1001"]
    assert "name=userns" in json.loads(remapped.gantry.ok("info", "--format", "{{json .SecurityOptions}}"))
    remapped.engine.remove_all()


def test_sandbox(remapped):
    # All the capabilities there are, and yet none over the host.
    script = "mount -t tmpfs none /mnt; echo $?; echo 1 >/proc/sys/kernel/panic; mknod /tmp/d b 8 0; ip addr add 10.9.8.7/32 dev lo && ip addr show lo"
    outcome = remapped.gantry("run", "--rm", "--cap-add", "ALL", "--security-opt", "seccomp=unconfined", "busybox", "sh", "-c", script)
    assert "Operation not permitted" in outcome.stderr or "Read-only" in outcome.stderr or "Permission denied" in outcome.stderr, outcome
    assert "10.9.8.7" in outcome.stdout, "the network namespace is the container's own"
    assert remapped.run("busybox", "sh", "-c", "echo x >/etc/hosts; cat /etc/hosts") == "x\n"
    assert remapped.run("--sysctl", "net.ipv4.ip_forward=1", "busybox", "cat", "/proc/sys/net/ipv4/ip_forward") == "1\n"
    assert remapped.run("--tmpfs", "/t:mode=700", "busybox", "stat", "-c", "%u:%a", "/t") == "0:700\n"
    assert remapped.run("--read-only", "busybox", "sh", "-c", "touch /x || echo refused") == "refused\n"
    assert remapped.run("--init", "busybox", "cat", "/proc/1/comm") == "docker-init\n"
    for flags, sentence in (
            (["--privileged"], "privileged mode is incompatible with user namespaces"),
            (["--network", "host"], "cannot share the host's network namespace when user namespaces are enabled"),
            (["--pid", "host"], "cannot share the host's PID namespace when user namespaces are enabled"),
            (["--ipc", "host"], "cannot share the host's IPC namespace when user namespaces are enabled")):
        refused = remapped.gantry("run", "--rm", *flags, "busybox", "true")
        assert refused.returncode == 125 and sentence in refused.stderr, refused.stderr
        assert remapped.gantry("run", "--rm", "--userns", "host", *flags, "busybox", "true").returncode == 0


def test_network(remapped):
    remapped.gantry.ok("network", "create", "remapnet")
    remapped.gantry.ok("run", "-d", "--name", "server", "--network", "remapnet", "-p", "127.0.0.1:0:80", "busybox", "sh", "-c",
                       "mkdir /w; echo page >/w/index.html; httpd -f -p 80 -h /w")
    assert wait_for(
        lambda: remapped.gantry("run", "--rm", "--network", "remapnet", "busybox", "wget", "-qO-", "http://server/").stdout, "a page") == "page\n"
    port = remapped.gantry.ok("port", "server", "80").strip().rsplit(":", 1)[1]
    assert urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10).read() == b"page\n"
    remapped.gantry.ok("rm", "-f", "server")
    remapped.gantry.ok("network", "rm", "remapnet")


def test_volumes(remapped, tmp_path):
    # On disk a volume has the container's ids: with and without the map it is the same.
    remapped.run("-v", "shifted:/v", "busybox", "sh", "-c", "touch /v/root; touch /v/user; chown 1000:1001 /v/user")
    show = ("busybox", "stat", "-c", "%u:%g", "/v/root", "/v/user")
    assert remapped.run("-v", "shifted:/v", *show) == "0:0\n1000:1001\n"
    assert remapped.run("--userns", "host", "-v", "shifted:/v", *show) == "0:0\n1000:1001\n"
    # What the image has is copied with its owners.
    assert remapped.run("-v", "/etc", "busybox", "stat", "-c", "%u:%g", "/etc/passwd") == "0:0\n"
    # A file of the host's is not: its root is nobody inside.
    tmp_path.chmod(0o755)
    (tmp_path / "file").write_text("host's")
    shown = remapped.gantry("run", "--rm", "-v", f"{tmp_path}:/b", "busybox", "sh", "-c", "stat -c %u /b/file; cat /b/file; touch /b/new")
    assert shown.stdout == "65534\nhost's" and "Permission denied" in shown.stderr
    (tmp_path / "theirs").mkdir()
    os.chown(tmp_path / "theirs", START + 1000, START + 1000)
    assert remapped.run("-v", f"{tmp_path}/theirs:/b", "--user", "1000", "busybox", "sh", "-c", "touch /b/new; stat -c %u /b/new") == "1000\n"
    assert (tmp_path / "theirs/new").stat().st_uid == START + 1000
    assert remapped.run("--mount", "type=image,src=busybox,dst=/i", "busybox", "stat", "-c", "%u:%g", "/i/bin/busybox") == "0:0\n"
    assert remapped.run("--mount", "type=image,src=busybox,dst=/i,image-subpath=etc/passwd", "busybox", "stat", "-c", "%u", "/i") == "0\n"
    remapped.gantry.ok("volume", "rm", "shifted")


def test_copy_commit_export(remapped, tmp_path):
    (tmp_path / "in").write_text("copied")
    os.chown(tmp_path / "in", 1000, 1001)
    remapped.gantry.ok("run", "-d", "--name", "copy", "-v", "copied:/v", "busybox", "sleep", "100")
    for _ in ("running", "stopped"):
        for place in ("/tmp", "/v"):
            remapped.gantry.ok("cp", "-a", tmp_path / "in", f"copy:{place}/kept")
            _, data = remapped.engine.call("GET", f"/containers/copy/archive?path={place}/kept", expect=200)
            member = tarfile.open(fileobj=io.BytesIO(data)).getmembers()[0]
            assert (member.uid, member.gid) == (1000, 1001), place
        remapped.gantry("stop", "-t", "0", "copy")
    remapped.gantry.ok("start", "copy")
    assert remapped.gantry.ok("exec", "copy", "stat", "-c", "%u:%g", "/tmp/kept", "/v/kept") == "1000:1001\n1000:1001\n"
    assert "A /tmp/kept" in remapped.gantry.ok("diff", "copy")
    # An id that the map does not have.
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        member = tarfile.TarInfo("far")
        member.uid = COUNT + 5
        tar.addfile(member)
    status, answer = remapped.engine.call("PUT", "/containers/copy/archive?path=/tmp", archive.getvalue(), kind="application/x-tar")
    assert status >= 400 and f"has no user {COUNT + 5}" in answer["message"]
    # An image that is made of it knows nothing of the map.
    remapped.gantry.ok("commit", "copy", "remapimage")
    assert remapped.run("--userns", "host", "remapimage", "stat", "-c", "%u:%g", "/tmp/kept") == "1000:1001\n"
    exported = tarfile.open(fileobj=io.BytesIO(remapped.engine.call("GET", "/containers/copy/export", expect=200)[1]))
    assert (exported.getmember("tmp/kept").uid, exported.getmember("bin/busybox").uid) == (1000, 0)
    remapped.gantry.ok("rm", "-f", "-v", "copy")
    remapped.gantry.ok("rmi", "remapimage")
    remapped.gantry.ok("volume", "rm", "copied")


def test_exec_logs_terminal(remapped):
    import pexpect
    remapped.gantry.ok("run", "-d", "--name", "life", "busybox", "sh", "-c", 'trap "exit 3" TERM; echo up; while true; do sleep 0.1; done')
    wait_for(lambda: remapped.gantry.ok("logs", "life") == "up\n", "output")
    assert remapped.gantry.ok("exec", "life", "sh", "-c", "id -u; cat /proc/self/uid_map").split() == ["0", "0", str(START), str(COUNT)]
    assert remapped.gantry.ok("exec", "-u", "1000", "life", "id", "-u") == "1000\n"
    assert remapped.gantry("exec", "-i", "life", "cat", input="typed\n").stdout == "typed\n"
    child = pexpect.spawn(remapped.gantry.path, ["exec", "-it", "life", "sh", "-c", "tty; stat -c %u $(tty)"], env=remapped.gantry.environment,
                          timeout=30, encoding="utf-8")
    child.expect("/dev/pts/\\d+\r\n0\r\n")
    child.expect(pexpect.EOF)
    remapped.gantry.ok("pause", "life")
    remapped.gantry.ok("unpause", "life")
    assert "sleep" in remapped.gantry.ok("top", "life")
    # Another container may share what it has, and is then in the same user namespace.
    shared = remapped.run("--network", "container:life", "--pid", "container:life", "busybox", "sh", "-c", "readlink /proc/self/ns/user; ps")
    pid = remapped.engine.inspect("life")["State"]["Pid"]
    assert shared.splitlines()[0] == os.readlink(f"/proc/{pid}/ns/user") and "trap" in shared
    plain = remapped.engine.start("sleep", "100", UsernsMode="host")
    refused = remapped.gantry("run", "--rm", "--network", f"container:{plain}", "busybox", "true")
    assert refused.returncode == 125 and "which is not in a user namespace" in refused.stderr
    remapped.gantry.ok("stop", "life")
    assert remapped.engine.inspect("life")["State"]["ExitCode"] == 3
    remapped.engine.remove_all()


def test_build(remapped, tmp_path):
    (tmp_path / "in").write_text("context")
    (tmp_path / "Dockerfile").write_text("""FROM busybox AS first
RUN cat /proc/self/uid_map >/map && touch /made && chown 1000:1001 /made
RUN --mount=type=bind,target=/c --mount=type=cache,target=/k sh -c 'cat /c/in >/copied; touch /k/x; stat -c %u /k/x /k >/cache'
USER 1000
RUN touch /tmp/mine
FROM busybox
COPY --from=first /made /map /copied /cache /tmp/mine /
""")
    remapped.gantry.ok("build", "-t", "remapbuilt", tmp_path)
    shown = remapped.run("remapbuilt", "sh", "-c", "stat -c %u:%g /made /mine; cat /map /cache; cat /copied").split()
    assert shown == ["1000:1001", "1000:0", "0", str(START), str(COUNT), "0", "0", "context"] or shown[2:] == [
        "0", str(START), str(COUNT), "0", "0", "context"], shown
    # The same image without a map.
    assert remapped.run("--userns", "host", "remapbuilt", "stat", "-c", "%u:%g", "/made") == "1000:1001\n"
    refused = remapped.gantry("build", "--network", "host", "--no-cache", tmp_path)
    assert refused.returncode == 1 and "cannot share the host's network namespace when user namespaces are enabled" in refused.stderr
    remapped.gantry.ok("rmi", "remapbuilt")


def test_nothing_on_disk_is_the_containers(remapped):
    """Whoever gets a mapped id on the host owns nothing there that the daemon trusts (CVE-2021-21284)."""
    remapped.gantry.ok("run", "-d", "--name", "writes", "-v", "written:/v", "busybox", "sh", "-c",
                       "touch /v/a /b; chown 1000:1000 /v/a; chmod 4755 /b; touch /ready; sleep 1000")
    wait_for(lambda: remapped.gantry("exec", "writes", "test", "-e", "/ready").returncode == 0, "the files")
    seen = 0
    for root in (remapped.daemon.data, remapped.daemon.exec_root):
        status = root.stat()
        assert (status.st_uid, status.st_gid, status.st_mode & 0o7007) == (0, 0, 0 if root == remapped.daemon.data else 1)
        for folder, folders, files in os.walk(root):
            for name in folders + files:
                status = os.lstat(os.path.join(folder, name))
                assert not START <= status.st_uid < START + COUNT and not START <= status.st_gid < START + COUNT, (folder, name)
                seen += 1
    assert seen > 100, "the walk saw layers and volumes"
    remapped.engine.remove_all()
    remapped.gantry.ok("volume", "rm", "written")


@pytest.mark.parametrize("runtime", ["crun", "runc"])
def test_other_runtimes(remapped, runtime, tmp_path):
    if runtime not in remapped.runtimes:
        pytest.skip(f"{runtime} is not installed")
    import pexpect
    own = ("--runtime", runtime)
    shown = remapped.run(*own, "-v", "theirs:/v", "busybox", "sh", "-c",
                         "cat /proc/self/uid_map /proc/self/gid_map; touch /v/a; chown 5:6 /v/a; stat -c %u:%g /v/a /bin /etc/hosts; touch /made /etc/hosts")
    assert shown.split() == ["0", str(START), str(COUNT)] * 2 + ["5:6", "0:0", "0:0"]
    assert remapped.run("-v", "theirs:/v", "busybox", "stat", "-c", "%u:%g", "/v/a") == "5:6\n", "our own runtime sees the same"
    assert remapped.run(*own, "--user", "1000:1001", "busybox", "id", "-u") == "1000\n"
    assert remapped.run(*own, "--init", "busybox", "cat", "/proc/1/comm") == "docker-init\n"
    assert remapped.run(*own, "--userns", "host", "busybox", "cat", "/proc/self/uid_map").split() == ["0", "0", "4294967295"]
    # Places that are not in the image are made in a root that the host's own root could not write to.
    read_only = remapped.gantry("run", "--rm", *own, "--read-only", "--tmpfs", "/new/t", "busybox", "sh", "-c", "touch /new/t/x && touch /x")
    assert read_only.returncode == 1 and "Read-only file system" in read_only.stderr, read_only
    refused = remapped.gantry("run", "--rm", *own, "--cap-add", "ALL", "--security-opt", "seccomp=unconfined", "busybox", "mknod", "/d", "b", "8", "0")
    assert refused.returncode == 1 and "Operation not permitted" in refused.stderr
    remapped.gantry.ok("run", "-d", "--name", "life", *own, "busybox", "sh", "-c", 'trap "exit 3" TERM; while true; do sleep 0.1; done')
    assert remapped.status("life", "Uid") == str(START)
    assert remapped.gantry.ok("exec", "life", "sh", "-c", "id -u; cat /proc/self/uid_map").split() == ["0", "0", str(START), str(COUNT)]
    child = pexpect.spawn(remapped.gantry.path, ["exec", "-it", "life", "sh", "-c", "tty; stat -c %u $(tty)"], env=remapped.gantry.environment,
                          timeout=30, encoding="utf-8")
    child.expect("/dev/pts/\\d+\r\n0\r\n")
    child.expect(pexpect.EOF)
    (tmp_path / "in").write_text("copied")
    remapped.gantry.ok("cp", tmp_path / "in", "life:/tmp/in")
    assert remapped.gantry.ok("exec", "life", "stat", "-c", "%u", "/tmp/in") == "0\n"
    user = remapped.gantry.ok("exec", "life", "readlink", "/proc/self/ns/user")
    for flags in (own, ()):
        assert remapped.run(*flags, "--network", "container:life", "--pid", "container:life", "busybox", "readlink", "/proc/self/ns/user") == user
    identifier = remapped.engine.inspect("life")["Id"]
    remapped.gantry.ok("stop", "life")
    assert remapped.engine.inspect("life")["State"]["ExitCode"] == 3
    remapped.engine.remove_all()
    assert not (remapped.daemon.exec_root / "containers" / identifier).exists()
    remapped.gantry.ok("volume", "rm", "theirs")


def test_without_the_map_again(remapped):
    """The daemon may begin and cease to map: images and volumes stay, and what runs keeps its ids."""
    identifier = remapped.engine.start("sleep", "100", name="kept")
    remapped.daemon.stop()
    flags, remapped.daemon.flags = remapped.daemon.flags, remapped.daemon.flags[:2] + remapped.daemon.flags[4:]
    remapped.daemon.start()
    assert remapped.gantry.ok("exec", "kept", "cat", "/proc/self/uid_map").split()[1] == str(START)
    assert "name=userns" not in remapped.gantry.ok("info", "--format", "{{.SecurityOptions}}")
    assert remapped.run("busybox", "cat", "/proc/self/uid_map").split() == ["0", "0", "4294967295"]
    remapped.gantry.ok("restart", "-t", "0", "kept")
    assert remapped.status(identifier, "Uid") == "0"
    remapped.engine.remove_all()
    remapped.daemon.stop()
    remapped.daemon.flags = flags
    remapped.daemon.start()


def test_the_account_of_default_is_made(tmp_path):
    """In a copy of the host's /etc, which only this daemon sees."""
    etc = tmp_path / "etc"
    shutil.copytree("/etc", etc, symlinks=True, ignore_dangling_symlinks=True)
    for name in ("subuid", "subgid"):
        (etc / name).write_text("anna:100000:65536\nberta:200000:1000\n")
    assert "dockremap:" not in (etc / "passwd").read_text()
    place = ["unshare", "-m", "sh", "-c", f'mount --bind {etc} /etc && exec "$@"', "sh"]
    # Asking whether the configuration is right changes nothing.
    subprocess.run([*place, BIN / "gantryd", "--validate", "--userns-remap", "default"], check=True, capture_output=True)
    assert "dockremap:" not in (etc / "passwd").read_text()
    for _ in ("made", "found"):
        daemon = Daemon(tmp_path / "daemon", "gtremap1", "--bip", "172.30.244.1/24", "--userns-remap", "default")
        daemon.wrapper = place
        daemon.start()
        try:
            engine = Engine(daemon)
            engine.load("busybox")
            assert engine.run("cat", "/proc/self/uid_map", "/proc/self/gid_map").stdout.split() == ["0", "201000", "65536"] * 2
        finally:
            daemon.destroy()
    account = [line for line in (etc / "passwd").read_text().splitlines() if line.startswith("dockremap:")]
    assert len(account) == 1 and account[0].endswith(":/bin/false")
    for name in ("subuid", "subgid"):
        assert (etc / name).read_text().splitlines()[2:] == ["dockremap:201000:65536"]
    # pytest keeps folders of tests for some runs; this one has the host's passwords.
    shutil.rmtree(etc)


@pytest.mark.parametrize("value, sentence", [
    ("nobody-of-this-name", 'error during uid lookup for "nobody-of-this-name": no such user'), ("root", "root cannot be remapped with itself"),
    ("daemon", 'no subuid ranges found for user "daemon" in /etc/subuid'), ("a:b:c", "invalid user namespace remapping `a:b:c`"),
])
def test_refused(value, sentence):
    refused = subprocess.run([BIN / "gantryd", "--validate", "--userns-remap", value], capture_output=True, text=True)
    assert refused.returncode == 1 and sentence in refused.stderr, refused.stderr
