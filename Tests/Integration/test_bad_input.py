"""Hostile and broken input: a clear error, nothing half-made, and the daemon answers afterwards."""
import io
import json
import socket
import tarfile
from pathlib import Path

import pytest

from conftest import Cli


def raw(daemon, text, limit=65536, half_close=False):
    """One request as bytes on the socket; the whole answer until the daemon closes or `limit`."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        client.connect(str(daemon.socket))
        client.sendall(text if isinstance(text, bytes) else text.encode())
        if half_close:
            client.shutdown(socket.SHUT_WR)
        answer = b""
        try:
            while len(answer) < limit:
                chunk = client.recv(limit)
                if not chunk:
                    break
                answer += chunk
        except TimeoutError:
            pass
    return answer.decode(errors="replace")


def request(daemon, method, path, body=b"", headers=""):
    return raw(daemon, f"{method} {path} HTTP/1.1\r\nHost: d\r\nConnection: close\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body)


@pytest.mark.parametrize("dockerfile, expected", [
    ("FROM busybox\nRUNN true\n", ["line 2", "unknown instruction: RUNN", "did you mean RUN"]),
    ("FROM busybox\nCOPY missing /x\n", ["missing", "not found"]),
    ("FROM busybox\nENV a=\"open\n", ["Dockerfile:2", "unexpected end of statement"]),
    ("RUN true\n", ["no build stage in current context"]),
    ("", ["file with no instructions"]),
    ("FROM busybox\nRUN exit 3\n", ["exit code: 3"]),
    ("FROM busybox AS a\nFROM a AS b\nCOPY --from=nothing /x /y\n", ["nothing"]),
])
def test_dockerfiles(gantry, tmp_path, dockerfile, expected):
    (tmp_path / "Dockerfile").write_text(dockerfile)
    images = gantry.ok("images", "-aq")
    result = gantry("build", "-t", "bad", tmp_path)
    assert result.returncode == 1
    for text in expected:
        assert text in result.stderr, result.stderr
    assert gantry("image", "inspect", "bad").returncode == 1
    assert gantry.ok("images", "-aq") == images


def archive(members):
    """A docker archive with one layer of these (name, type, link or content) members."""
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as tar:
        for name, kind, content in members:
            info = tarfile.TarInfo(name)
            info.type = kind
            if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
                info.linkname = content
                tar.addfile(info)
            else:
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
    import hashlib
    bytes_ = layer.getvalue()
    config = json.dumps({
        "architecture": "amd64", "os": "linux", "config": {"Cmd": ["/bin/true"]},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(bytes_).hexdigest()]}}).encode()
    manifest = json.dumps([{"Config": "config.json", "RepoTags": ["hostile:1"], "Layers": ["layer.tar"]}]).encode()
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, content in (("layer.tar", bytes_), ("config.json", config), ("manifest.json", manifest)):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return out.getvalue()


@pytest.mark.parametrize("members", [
    [("../../../../{canary}", tarfile.REGTYPE, b"x")],
    [("/{canary}", tarfile.REGTYPE, b"x")],
    [("out", tarfile.SYMTYPE, "{folder}"), ("out/canary", tarfile.REGTYPE, b"x")],
    [("link", tarfile.LNKTYPE, "{canary}"), ("link", tarfile.REGTYPE, b"x")],
    [("up", tarfile.SYMTYPE, "../../../../../.."), ("up{canary}", tarfile.REGTYPE, b"x")],
])
def test_layers_cannot_write_outside(gantry, tmp_path, members):
    canary = tmp_path / "canary"
    canary.write_text("whole")
    fill = lambda text: text.format(canary=canary, folder=tmp_path) if isinstance(text, str) else text
    path = tmp_path / "hostile.tar"
    path.write_bytes(archive([(fill(name), kind, fill(content)) for name, kind, content in members]))
    gantry("load", "-i", path)
    assert canary.read_text() == "whole"
    gantry("rmi", "-f", "hostile:1")
    assert gantry.ok("version")


@pytest.mark.parametrize("content", [b"", b"not a tar at all" * 100, b"\x1f\x8b\x08\x00garbage", archive([])[:1500]])
def test_broken_archives(gantry, tmp_path, content):
    path = tmp_path / "broken.tar"
    path.write_bytes(content)
    images = gantry.ok("images", "-aq")
    result = gantry("load", "-i", path)
    assert result.returncode == 1 and result.stderr.strip()
    assert gantry.ok("images", "-aq") == images


def test_wrong_diff_id(gantry, tmp_path):
    good = archive([("file", tarfile.REGTYPE, b"x")])
    path = tmp_path / "wrong.tar"
    at = good.index(b"sha256:") + 7
    path.write_bytes(good[:at] + b"0" * 64 + good[at + 64:])
    result = gantry("load", "-i", path)
    assert result.returncode == 1
    assert gantry("image", "inspect", "hostile:1").returncode == 1


@pytest.mark.parametrize("body, status", [
    (b"{", 400), (b"[]", 400), (b'{"Image": 5}', 400), (b'{"Image": ""}', 400), (b'{"Image": "Bad//Name"}', 400),
    (b'{"Image": "busybox", "HostConfig": {"Memory": "lots"}}', 400), (b'{"Image": "busybox", "HostConfig": {"Memory": 1}}', 400),
    (b'{"Image": "busybox", "HostConfig": {"ShmSize": -1}}', 400), (b'{"Image": "busybox", "HostConfig": {"CpuShares": -1}}', 400),
    (b'{"Image": "busybox", "MacAddress": "x"}', 400),
    (b'{"Image": "busybox", "NetworkingConfig": {"EndpointsConfig": {"bridge": {"MacAddress": "02:42"}}}}', 400),
    (b'{"Image": "no-such-image-here"}', 404), (b'{"Image": "busybox"} trailing', 400),
])
def test_create_bodies(daemon, body, status):
    answer = request(daemon, "POST", "/containers/create", body, "Content-Type: application/json\r\n")
    assert answer.startswith(f"HTTP/1.1 {status}"), answer[:400]
    assert json.loads(answer.split("\r\n\r\n", 1)[1])["message"]


MALFORMED = {
    "binary": b"\x00\x01\x02\x03\r\n\r\n",
    "no target": b"GET\r\n\r\n",
    "future version": b"GET / HTTP/9.9\r\n\r\n",
    "negative length": b"POST /containers/create HTTP/1.1\r\nHost: d\r\nContent-Length: -5\r\n\r\n",
    "long path": b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n",
    "long head": b"GET /_ping HTTP/1.1\r\nHost: d\r\n" + b"X: y\r\n" * 400_000 + b"\r\n",
    # Its end comes with that of the connection.
    "absurd length":
        b"POST /containers/create HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\nContent-Length: 99999999999999\r\n\r\n{",
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_requests_leave_the_daemon_alive(daemon, name):
    try:
        answer = raw(daemon, MALFORMED[name], half_close=name == "absurd length")
        assert answer == "" or answer.startswith(("HTTP/1.1 4", "HTTP/1.1 505")), answer[:200]
    except (BrokenPipeError, ConnectionResetError):
        pass
    assert daemon.answers()


@pytest.mark.parametrize("arguments, code, text", [
    (["run"], 1, "requires at least 1 argument"),
    (["run", "--nonsense", "busybox"], 125, "unknown flag: --nonsense"),
    (["run", "--rm", "busybox", "nosuchcommand"], 127, 'exec: "nosuchcommand": executable file not found in $PATH'),
    (["run", "--rm", "busybox", "/etc/passwd"], 126, "permission denied"),
    (["run", "--rm", "--pull", "never", "no-such-image"], 125, "No such image: no-such-image:latest"),
    (["run", "--rm", "-v", "relative/path:/x", "busybox"], 125, "includes invalid characters for a local volume name"),
    (["run", "--rm", "-m", "1k", "busybox"], 125, "Minimum memory limit allowed is 6MB"),
    (["run", "--rm", "-u", "nobodyhere", "busybox"], 125, "unable to find user nobodyhere"),
    (["run", "--rm", "-u", "-1", "busybox"], 125, "uids and gids must be in range 0-2147483647"),
    (["run", "--rm", "--group-add", "-7", "busybox"], 125, "uids and gids must be in range 0-2147483647"),
    (["run", "--rm", "--network", "nosuchnet", "busybox"], 125, "network nosuchnet not found"),
    (["create", "--pid", "container:nosuch", "busybox"], 1, "No such container: nosuch"),
    (["create", "--ipc", "container:nosuch", "busybox"], 1, "No such container: nosuch"),
    (["run", "--rm", "--cpu-shares", "-1", "busybox"], 125, "invalid CPU shares (-1)"),
    (["run", "--rm", "--storage-opt", "foo=bar", "busybox"], 125, "unknown storage option `foo`"),
    (["run", "--rm", "-v", "/etc/hosts:/etc", "busybox"], 125, "Are you trying to mount a directory onto a file (or vice-versa)?"),
    (["run", "--rm", "-v", "/etc:/etc/passwd", "busybox"], 125, "Are you trying to mount a directory onto a file (or vice-versa)?"),
    (["run", "--rm", "busybox", "sh", "-c", "exit 42"], 42, ""),
    (["run", "--rm", "busybox", "sh", "-c", "sleep 9 & kill -9 $!; wait $!"], 137, ""),
    (["stop", "nosuch"], 1, "No such container: nosuch"),
    (["rmi", "nosuch"], 1, "No such image: nosuch"),
])
def test_messages_and_exit_codes(cli, arguments, code, text):
    result = cli(*arguments)
    assert result.returncode == code, result.stderr
    assert text in result.stderr, result.stderr
