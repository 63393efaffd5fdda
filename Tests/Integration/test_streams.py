"""Standard streams of containers and execs, whoever is attached to them, and the init."""
import fcntl
import hashlib
import http.client
import json
import os
import pty
import re
import select
import signal
import socket
import struct
import subprocess
import termios
import time

import pytest

from conftest import Cli, wait_for
from test_logs import own  # noqa: F401: a daemon that a test may kill


class Api:
    """Raw requests to the daemon."""

    def __init__(self, daemon):
        self.path = str(daemon.socket)

    def call(self, method, path, body=None):
        connection = http.client.HTTPConnection("d")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(self.path)
        connection.request(method, f"/v1.45{path}", json.dumps(body) if body is not None else None,
                           {"Content-Type": "application/json"} if body is not None else {})
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        assert answer.status < 400, (answer.status, content)
        return json.loads(content) if content else None

    def connect(self):
        one = socket.socket(socket.AF_UNIX)
        one.settimeout(20)
        one.connect(self.path)
        return one

    def hijack(self, path, headers="Connection: Upgrade\r\nUpgrade: tcp\r\n", method="POST", body=""):
        """The connection, what came after the head, and the head."""
        one = self.connect()
        extra = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if method == "POST" else ""
        one.sendall(f"{method} /v1.45{path} HTTP/1.1\r\nHost: d\r\n{headers}{extra}\r\n{body}".encode())
        content = b""
        while b"\r\n\r\n" not in content:
            piece = one.recv(4096)
            assert piece, content
            content += piece
        head, rest = content.split(b"\r\n\r\n", 1)
        return one, rest, head.decode()


@pytest.fixture
def api(daemon):
    return Api(daemon)


def read_all(connection, rest=b""):
    while piece := connection.recv(65536):
        rest += piece
    return rest


def frames(content):
    """stdout and stderr of a multiplexed stream."""
    streams = {1: b"", 2: b""}
    while content:
        kind, size = content[0], int.from_bytes(content[4:8], "big")
        streams[kind] += content[8:8 + size]
        content = content[8 + size:]
    return streams[1], streams[2]


class Terminal:
    """A program in a terminal of our own."""

    def __init__(self, cli, *arguments, size=(24, 80), config=None):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
        environment = {**cli.environment, "TERM": "xterm"}
        if config:
            environment["DOCKER_CONFIG"] = str(config)
        self.process = subprocess.Popen([cli.path, *arguments], stdin=slave, stdout=slave, stderr=slave, env=environment,
                                        start_new_session=True)
        os.close(slave)
        self.seen = b""

    def read(self, wanted, seconds=20):
        end = time.monotonic() + seconds
        while wanted not in self.seen:
            assert select.select([self.master], [], [], max(0, end - time.monotonic()))[0], f"{wanted} is not in {self.seen}"
            try:
                piece = os.read(self.master, 65536)
            except OSError:
                piece = b""
            assert piece or wanted in self.seen, f"{wanted} is not in {self.seen}"
            self.seen += piece

    def type(self, text):
        os.write(self.master, text)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(30)
        os.close(self.master)


@pytest.fixture
def terminal():
    made = []

    def make(*arguments, **options):
        made.append(Terminal(*arguments, **options))
        return made[-1]

    yield make
    for one in made:
        one.close()


def state(cli, name):
    return cli.ok("inspect", "-f", "{{.State.Status}}", name).strip()


# Several clients


def test_all_clients_get_all_output(gantry, api):
    api.call("POST", "/containers/create?name=talk", {"Image": "busybox", "Cmd": ["sh", "-c", "cat; echo end >&2"], "OpenStdin": True})
    early = [api.hijack("/containers/talk/attach?stream=1&stdout=1&stderr=1")[:2] for _ in range(3)]
    gantry.ok("start", "talk")
    late, rest, head = api.hijack("/containers/talk/attach?stream=1&stdin=1&stdout=1&stderr=1")
    assert "101 UPGRADED" in head
    late.sendall(b"hello\n")
    while len(rest) < 14:
        rest += late.recv(100)
    assert frames(rest) == (b"hello\n", b"")
    # Without StdinOnce the end of one client's input ends nothing.
    late.shutdown(socket.SHUT_WR)
    other, _, _ = api.hijack("/containers/talk/attach?stream=1&stdin=1")
    other.sendall(b"again\n")
    seen = b""
    while b"again\n" not in frames(seen)[0]:
        seen += late.recv(100)
    gantry.ok("stop", "-t", "0", "talk")
    for connection, rest in early:
        assert frames(read_all(connection, rest)) == (b"hello\nagain\n", b"")


def test_half_closed_input(cli):
    """The end of the client's input is the end of the container's; its output still comes."""
    assert cli.ok("run", "--rm", "-i", "busybox", "sh", "-c", "wc -c; echo done", input="x" * 100_000) == "100000\ndone\n"


def test_input_of_a_container_that_reads_none(cli):
    assert cli.ok("run", "--rm", "-i", "busybox", "echo", "hi", input="x" * 300_000) == "hi\n"


def test_input_that_comes_before_the_program(cli):
    """More than the pipe takes, sent before the start is through: the start does not wait behind it."""
    content = "x" * 3_000_000
    for _ in range(8):
        assert cli.ok("run", "--rm", "-i", "busybox", "cat", input=content, timeout=60) == content


def test_large_streams_with_a_slow_reader(daemon, gantry):
    """200 MB through `cat`: more than every buffer on the way, and nothing is lost or changed."""
    size, block = 200 << 20, os.urandom(1 << 20)
    wanted = hashlib.sha256(block * (size >> 20)).hexdigest()
    docker = Cli("docker" if Cli("docker", daemon).path else "gantry", daemon)
    process = subprocess.Popen([docker.path, "run", "--rm", "-i", "busybox", "cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               env=docker.environment)
    writer = os.fork()
    if writer == 0:
        process.stdout.close()
        for _ in range(size >> 20):
            process.stdin.write(block)
        process.stdin.close()
        os._exit(0)
    process.stdin.close()
    found, length = hashlib.sha256(), 0
    while piece := os.read(process.stdout.fileno(), 8192):
        found.update(piece)
        length += len(piece)
    os.waitpid(writer, 0)
    assert process.wait(60) == 0
    assert (length, found.hexdigest()) == (size, wanted)


def test_reader_of_a_run_may_rest(gantry):
    """A client that started the container is part of a pipeline: the container waits for it, however long it takes."""
    process = subprocess.Popen([gantry.path, "run", "--name", "patient", "busybox", "seq", "2000000"], stdout=subprocess.PIPE,
                               env=gantry.environment)
    wait_for(lambda: process.stdout.peek(1), "the first line")
    # Longer than an onlooker is waited for; the length of this rest is what is tested.
    time.sleep(6)
    content = process.stdout.read()
    assert process.wait(60) == 0
    assert content == b"".join(b"%d\n" % number for number in range(1, 2000001))


def test_stuck_onlooker_is_dropped(daemon, gantry, api):
    """A client that attached later and takes nothing holds up neither the container nor others for long."""
    gantry.ok("run", "-d", "-i", "--name", "busy", "busybox", "sh", "-c", "read go; seq 2000000")
    stuck, _, _ = api.hijack("/containers/busy/attach?stream=1&stdout=1")
    well, rest, _ = api.hijack("/containers/busy/attach?stream=1&stdin=1&stdout=1")
    well.sendall(b"go\n")
    content = read_all(well, rest)
    assert frames(content)[0] == b"".join(b"%d\n" % number for number in range(1, 2000001))
    assert gantry.ok("wait", "busy") == "0\n"
    assert "was dropped" in daemon.log.read_text()
    stuck.close()
    assert gantry.ok("logs", "--tail", "1", "busy") == "2000000\n"


def test_attach_with_logs_first(gantry, api):
    gantry.ok("run", "-d", "--name", "past", "busybox", "sh", "-c", "seq 50000; echo bad >&2; sleep 1000")
    wait_for(lambda: gantry("logs", "--tail", "1", "past").stderr == "bad\n", "the last line")
    connection, rest, _ = api.hijack("/containers/past/attach?logs=1&stdout=1&stderr=1")
    assert frames(read_all(connection, rest)) == (b"".join(b"%d\n" % number for number in range(1, 50001)), b"bad\n")


# Detaching


@pytest.mark.parametrize("keys, typed", [(None, b"\x10\x11"), ("ctrl-a,x", b"\x01x")])
def test_detach_keys(cli, terminal, keys, typed):
    flags = ["--detach-keys", keys] if keys else []
    one = terminal(cli, "run", "-it", "--name", "keyed", *flags, "busybox", "sh")
    one.read(b"# ")
    one.type(b"echo $((6*7))\n")
    one.read(b"42\r\n")
    one.type(typed)
    assert one.process.wait(30) == 0
    assert state(cli, "keyed") == "running"
    two = terminal(cli, "attach", *flags, "keyed")
    two.type(b"echo $((5*5))\n")
    two.read(b"25\r\n")
    two.type(typed)
    assert two.process.wait(30) == 1
    two.read(b"read escape sequence")
    assert state(cli, "keyed") == "running"


def test_detach_keys_of_an_exec(cli, terminal):
    cli.ok("run", "-d", "--name", "inner", "busybox", "sleep", "1000")
    one = terminal(cli, "exec", "-it", "--detach-keys", "ctrl-a", "inner", "sh")
    one.read(b"# ")
    one.type(b"\x01")
    one.read(b"read escape sequence")
    assert one.process.wait(30) == 1
    assert "sh" in cli.ok("exec", "inner", "ps", "-o", "args").splitlines()


def test_daemon_looks_for_detach_keys_too(gantry, api):
    """Of clients that do not look themselves."""
    gantry.ok("run", "-d", "-it", "--name", "outer", "busybox", "cat")
    connection, rest, _ = api.hijack("/containers/outer/attach?stream=1&stdin=1&stdout=1&detachKeys=ctrl-a,b")
    connection.sendall(b"x\x01y\n")
    # What only begins like the keys is passed on.
    while not rest.endswith(b"x^Ay\r\nx\x01y\r\n"):
        piece = connection.recv(100)
        assert piece, rest
        rest += piece
    connection.sendall(b"\x01b")
    read_all(connection)
    made = api.call("POST", "/containers/outer/exec", {"Cmd": ["cat"], "AttachStdin": True, "AttachStdout": True, "Tty": True})
    connection, rest, _ = api.hijack(f"/exec/{made['Id']}/start", body='{"Tty": true}')
    connection.sendall(b"\x10\x11")
    read_all(connection, rest)
    assert api.call("GET", f"/exec/{made['Id']}/json")["Running"]
    actions = gantry.ok("events", "--since", "5m", "--until", "0s", "--filter", "container=outer", "--format", "{{.Action}}").split()
    assert "detach" in actions and "exec_detach" in actions


def test_detach_keys_of_the_configuration(gantry, terminal, tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"detachKeys": "ctrl-e,e"}))
    one = terminal(gantry, "run", "-it", "--name", "set", "busybox", "sh", config=tmp_path)
    one.read(b"# ")
    one.type(b"\x05e")
    assert one.process.wait(30) == 0
    assert state(gantry, "set") == "running"


def test_console_size(cli, terminal):
    one = terminal(cli, "run", "--rm", "-it", "busybox", "sh", "-c", "stty size; read x; stty size", size=(37, 101))
    one.read(b"37 101\r\n")
    fcntl.ioctl(one.master, termios.TIOCSWINSZ, struct.pack("HHHH", 20, 60, 0, 0))
    container = cli.ok("ps", "-q").strip()

    def told():
        # Again, should the client not have listened yet; the size is told by a request of its own.
        one.process.send_signal(signal.SIGWINCH)
        return "20 60" in cli.ok("exec", container, "sh", "-c", "stty size < /proc/1/fd/0")

    wait_for(told, "the new size")
    one.type(b"\n")
    one.read(b"20 60\r\n")


def test_console_size_of_the_request(api, gantry):
    made = api.call("POST", "/containers/create", {"Image": "busybox", "Cmd": ["stty", "size"], "Tty": True,
                                                   "HostConfig": {"ConsoleSize": [33, 99]}})
    api.call("POST", f"/containers/{made['Id']}/start")
    api.call("POST", f"/containers/{made['Id']}/wait")
    assert gantry.ok("logs", made["Id"]).strip() == "33 99"


# Web sockets


def mask(payload, key=b"\1\2\3\4"):
    return bytes(byte ^ key[at % 4] for at, byte in enumerate(payload))


def frame(operation, payload, final=True):
    size = len(payload)
    length = bytes([0x80 | size]) if size < 126 else b"\xfe" + size.to_bytes(2, "big") if size < 65536 else b"\xff" + size.to_bytes(8, "big")
    return bytes([(0x80 if final else 0) | operation]) + length + b"\1\2\3\4" + mask(payload)


SOCKET_HEADERS = ("Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: http://d\r\n")


class WebSocket:
    def __init__(self, api, path):
        self.connection, self.rest, self.head = api.hijack(path, SOCKET_HEADERS, "GET")

    def take(self, count):
        while len(self.rest) < count:
            piece = self.connection.recv(65536)
            assert piece, self.rest
            self.rest += piece
        result, self.rest = self.rest[:count], self.rest[count:]
        return result

    def frame(self):
        """The first byte and the payload."""
        first, size = self.take(2)
        if size >= 126:
            size = int.from_bytes(self.take(2 if size == 126 else 8), "big")
        return first, self.take(size)

    def binary(self, count):
        """So many bytes, in however many messages."""
        content = b""
        while len(content) < count:
            first, payload = self.frame()
            assert first == 0x82
            content += payload
        return content


def test_web_socket(gantry, api):
    gantry.ok("run", "-d", "-i", "--name", "web", "busybox", "cat")
    one = WebSocket(api, "/containers/web/attach/ws?stream=1&stdin=1&stdout=1")
    lines = one.head.split("\r\n")
    assert lines[0] == "HTTP/1.1 101 Switching Protocols"
    assert "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in lines
    one.connection.sendall(frame(2, b"ab\n"))
    assert one.take(5) == b"\x82\x03ab\n"
    one.connection.sendall(frame(9, b"?"))
    assert one.frame() == (0x8A, b"?")
    # Text, in two pieces.
    one.connection.sendall(frame(1, b"c", final=False) + frame(0, b"d\n"))
    assert one.binary(3) == b"cd\n"
    one.connection.sendall(frame(8, b"\x03\xe8"))
    assert one.frame() == (0x88, b"\x03\xe8")
    assert read_all(one.connection) == b""
    assert state(gantry, "web") == "running"


def test_web_socket_takes_and_gives_much(gantry, api):
    gantry.ok("run", "-d", "-i", "--name", "wide", "busybox", "cat")
    one = WebSocket(api, "/containers/wide/attach/ws?stream=1&stdin=1&stdout=1")
    payload = os.urandom(100_000)
    one.connection.sendall(frame(2, payload))
    assert one.binary(len(payload)) == payload


def test_web_socket_refusals(gantry, api):
    gantry.ok("run", "-d", "-i", "--name", "no", "busybox", "cat")
    for headers in ["", SOCKET_HEADERS.replace("13", "8"), SOCKET_HEADERS.replace("dGhl", "")]:
        assert "400 Bad Request" in api.hijack("/containers/no/attach/ws?stream=1&stdout=1", headers, "GET")[2]
    # A frame that is not masked.
    connection, rest, _ = api.hijack("/containers/no/attach/ws?stream=1&stdin=1&stdout=1", SOCKET_HEADERS, "GET")
    connection.sendall(b"\x82\x01x")
    assert read_all(connection, rest) == b"\x88\x02\x03\xea"


# Execs


def test_exec_streams(cli):
    cli.ok("run", "-d", "--name", "host", "busybox", "sleep", "1000")
    assert cli.ok("exec", "-i", "host", "cat", input="y" * 3_000_000) == "y" * 3_000_000
    result = cli("exec", "host", "sh", "-c", "echo out; echo err >&2; exit 9")
    assert (result.returncode, result.stdout, result.stderr) == (9, "out\n", "err\n")
    cli.ok("exec", "-d", "host", "sh", "-c", "echo came > /tmp/mark")
    wait_for(lambda: cli("exec", "host", "cat", "/tmp/mark").stdout == "came\n", "the detached exec")


# Init


def test_init_is_the_first_process(cli):
    assert [line.split() for line in cli.ok("run", "--rm", "--init", "busybox", "ps", "-o", "pid,args").splitlines()[1:]] == [
        ["1", "/sbin/docker-init", "--", "ps", "-o", "pid,args"], ["2", "ps", "-o", "pid,args"]]
    cli.ok("create", "--name", "init", "--init", "busybox", "true")
    assert cli.ok("inspect", "-f", "{{.HostConfig.Init}} {{.Path}} {{.Args}}", "init") == "true true []\n"


@pytest.mark.parametrize("command, status", [("exit 5", 5), ("kill -9 $$", 137), ("kill -TERM $$", 143), ("true", 0)])
def test_init_ends_as_its_child(gantry, command, status):
    assert gantry("run", "--rm", "--init", "busybox", "sh", "-c", command).returncode == status


def test_init_tells_what_it_cannot_run(cli):
    result = cli("run", "--rm", "--init", "busybox", "nosuch")
    assert result.returncode == 127
    assert re.fullmatch(r"\[FATAL tini \(\d+\)\] exec nosuch failed: No such file or directory\n", result.stderr)
    assert cli("run", "--rm", "--init", "busybox", "/etc/passwd").returncode == 126


def test_init_passes_signals_on_and_collects(gantry):
    gantry.ok("run", "-d", "--init", "--name", "parent", "--user", "1000", "busybox", "sh", "-c",
              "trap 'echo got usr1' USR1; trap 'echo bye; exit 3' TERM; (sleep 0.1 & exec true); echo ready; while :; do sleep 0.05; done")
    wait_for(lambda: gantry.ok("logs", "parent") == "ready\n", "the start")
    gantry.ok("kill", "-s", "USR1", "parent")
    wait_for(lambda: "got usr1" in gantry.ok("logs", "parent"), "the signal")
    wait_for(lambda: " Z " not in gantry.ok("top", "parent", "-eo", "pid,stat,args"), "the collection of the orphan")
    gantry.ok("stop", "parent")
    assert gantry.ok("inspect", "-f", "{{.State.ExitCode}}", "parent") == "3\n"
    assert gantry.ok("logs", "parent").endswith("bye\n")


def test_init_with_a_terminal(gantry, terminal):
    one = terminal(gantry, "run", "--rm", "-it", "--init", "busybox", "sh")
    one.read(b"# ")
    # The program has the terminal in the foreground: ^C interrupts what it runs.
    one.type(b"sleep 1000\n")
    wait_for(lambda: "sleep 1000" in gantry.ok("top", gantry.ok("ps", "-q").strip()), "the start of sleep")
    one.type(b"\x03")
    one.type(b"echo $((6*7))\nexit 4\n")
    one.read(b"42\r\n")
    assert one.process.wait(30) == 4


def test_init_cannot_be_overwritten(gantry):
    result = gantry("run", "--rm", "--init", "busybox", "sh", "-c", "echo x > /sbin/docker-init")
    assert result.returncode == 1 and "Read-only file system" in result.stderr
    # Even one that may mount cannot give others another program.
    result = gantry("run", "--rm", "--privileged", "--pid", "host", "busybox", "true")
    assert result.returncode == 0
    gantry("run", "--rm", "--init", "--privileged", "busybox", "sh", "-c",
           "mount -o remount,rw,bind /sbin/docker-init; echo x > /sbin/docker-init; cp /bin/true /sbin/docker-init")
    assert gantry.ok("run", "--rm", "--init", "busybox", "echo", "fine") == "fine\n"


def test_init_leaves_no_trace_in_the_image(gantry):
    gantry.ok("run", "--name", "trace", "--init", "busybox", "true")
    assert gantry.ok("diff", "trace") == ""


# Killed


def test_killed_shim_ends_its_container_only(daemon, gantry):
    gantry.ok("run", "-d", "--name", "victim", "busybox", "sh", "-c", "echo alive; sleep 1000")
    gantry.ok("run", "-d", "--name", "neighbour", "busybox", "sleep", "1000")
    wait_for(lambda: gantry.ok("logs", "victim") == "alive\n", "the first line")
    identifier = gantry.ok("inspect", "-f", "{{.Id}}", "victim").strip()
    pid = int(gantry.ok("inspect", "-f", "{{.State.Pid}}", "victim"))
    shim = int(open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[1])
    assert identifier in open(f"/proc/{shim}/cmdline").read()
    os.kill(shim, signal.SIGKILL)
    assert gantry.ok("wait", "victim") == "137\n"
    assert gantry.ok("inspect", "-f", "{{.State.Status}} {{.State.Error}}", "victim") == (
        "exited killed together with its gantry-shim process, which somebody outside Gantry ended\n")
    wait_for(lambda: not os.path.exists(f"/proc/{pid}"), "the end of the process")
    assert state(gantry, "neighbour") == "running"
    assert gantry.ok("logs", "victim") == "alive\n"
    gantry.ok("start", "victim")
    assert gantry.ok("inspect", "-f", "{{.State.Status}}[{{.State.Error}}]", "victim") == "running[]\n"


def test_attach_again_after_the_daemon_was_killed(own):  # noqa: F811
    cli, api = Cli("gantry", own), Api(own)
    cli.ok("run", "-d", "-i", "--name", "stays", "busybox", "cat")
    first, rest, _ = api.hijack("/containers/stays/attach?stream=1&stdin=1&stdout=1")
    first.sendall(b"one\n")
    while len(rest) < 12:
        rest += first.recv(100)
    own.stop(signal.SIGKILL)
    own.start()
    second, rest, _ = api.hijack("/containers/stays/attach?stream=1&stdin=1&stdout=1")
    second.sendall(b"two\n")
    while len(rest) < 12:
        rest += second.recv(100)
    assert frames(rest) == (b"two\n", b"")
    assert cli.ok("logs", "stays") == "one\ntwo\n"
