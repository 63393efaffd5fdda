"""Where output is kept and sent, and how it is read back."""
import gzip
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest

from conftest import Cli, mortal, wait_for

JOURNAL = Path("/run/systemd/journal/socket")


@pytest.fixture
def own(tmp_path):
    with mortal(tmp_path, "glog1", "--bip", "172.31.203.1/24", "--log-opt", "max-file=4", "--init") as one:
        yield one


def run(cli, name, script, *flags):
    """A container that has ended."""
    cli.ok("run", "-d", "--name", name, *flags, "busybox", "sh", "-c", script)
    cli.ok("wait", name)


def log_files(daemon, cli, name):
    folder = daemon.data / "containers" / cli.ok("inspect", "-f", "{{.Id}}", name).strip()
    return sorted(path for path in folder.rglob("*") if ".log" in path.name)


# Content


@pytest.mark.parametrize("driver", ["json-file", "local"])
def test_every_line_comes_back(gantry, driver):
    script = "seq 200000; seq 3 >&2; printf 'no end'"
    run(gantry, "many", script, "--log-driver", driver)
    result = gantry("logs", "many")
    assert result.returncode == 0
    assert result.stdout == "".join(f"{number}\n" for number in range(1, 200001)) + "no end"
    assert result.stderr == "1\n2\n3\n"
    # A tail counts the lines of both streams: these came after the others.
    last = gantry("logs", "--tail", "4", "many")
    assert (last.stdout, last.stderr) == ("no end", "1\n2\n3\n")


@pytest.mark.parametrize("driver", ["json-file", "local"])
def test_bytes_of_all_kinds(daemon, gantry, driver):
    script = r"""printf 'a\tb"\\<&>\001\033[0m\r\n'; printf '\303\244\342\200\250\360\237\230\200\n\n'; head -c 40000 /dev/zero | tr '\0' x; echo"""
    run(gantry, "odd", script, "--log-driver", driver)
    expected = b'a\tb"\\<&>\x01\x1b[0m\r\n' + "ä\u2028😀\n\n".encode() + b"x" * 40000 + b"\n"
    raw = subprocess.run([gantry.path, "logs", "odd"], capture_output=True, env=gantry.environment, timeout=60, check=True)
    assert raw.stdout == expected
    # A long line is kept in pieces, each with a time of its own, and put together by whoever reads it.
    pieces = subprocess.run([gantry.path, "logs", "-t", "odd"], capture_output=True, env=gantry.environment, timeout=60, check=True)
    assert [len(piece) for piece in re.split(rb"\d{4}-\d\d-\d\dT[\d:.]+Z ", pieces.stdout)[4:]] == [16384, 16384, 40001 - 32768]
    assert gantry.ok("logs", "--tail", "1", "odd") == "x" * (40000 - 32768) + "\n"


def test_json_escapes_every_byte_at_every_place(daemon, gantry, tmp_path):
    lines = [b"." * before + bytes([byte]) + b"." * after for byte in range(256) if byte != 10 for before in range(9) for after in (0, 8)]
    (tmp_path / "lines").write_bytes(b"".join(line + b"\n" for line in lines))
    run(gantry, "places", "cat /in/lines", "-v", f"{tmp_path}:/in:ro")
    [path] = log_files(daemon, gantry, "places")
    short = {'"': '\\"', "\\": "\\\\", "\r": "\\r", "\t": "\\t"}

    def escaped(character):
        # As Go's encoder writes it, which is made for HTML.
        return short.get(character) or (f"\\u{ord(character):04x}" if character < " " or character in "<>&\ufffd" else character)

    expected = ["".join(map(escaped, line.decode(errors="replace"))) + "\\n" for line in lines]
    found = [re.match(r'\{"log":"(.*)","stream":"stdout","time":"', line).group(1) for line in path.read_text().splitlines()]
    assert found == expected


def test_json_file_is_dockers(daemon, gantry):
    run(gantry, "plain", "echo one; echo two >&2")
    [path] = log_files(daemon, gantry, "plain")
    assert gantry.ok("inspect", "-f", "{{.LogPath}}", "plain").strip() == str(path)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert sorted((line["stream"], line["log"]) for line in lines) == [("stderr", "two\n"), ("stdout", "one\n")]
    assert list(lines[0]) == ["log", "stream", "time"]


def test_terminal_log_is_one_raw_stream(gantry):
    gantry.ok("run", "-d", "-t", "--name", "tty", "busybox", "sh", "-c", "echo out; echo err >&2")
    gantry.ok("wait", "tty")
    raw = subprocess.run([gantry.path, "logs", "tty"], capture_output=True, env=gantry.environment, timeout=60, check=True)
    assert raw.stdout == b"out\r\nerr\r\n"


# Choosing


def test_times_and_tail(cli):
    cli.ok("run", "-d", "--name", "timed", "busybox", "sh", "-c", "echo a; echo b; sleep 0.3; echo c; echo d")
    cli.ok("wait", "timed")
    stamped = cli.ok("logs", "-t", "timed").splitlines()
    times = [line.split(" ")[0] for line in stamped]
    assert [line.split(" ")[1] for line in stamped] == list("abcd")
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z", value) for value in times)
    assert cli.ok("logs", "--since", times[2], "timed") == "c\nd\n"
    assert cli.ok("logs", "--until", times[1], "timed") == "a\nb\n"
    assert cli.ok("logs", "--since", times[2], "--tail", "3", "timed") == "c\nd\n"
    assert cli.ok("logs", "--tail", "0", "timed") == ""
    assert cli.ok("logs", "-n", "all", "timed") == cli.ok("logs", "--tail", "wrong", "timed") == "a\nb\nc\nd\n"


@pytest.mark.parametrize("driver", ["json-file", "local"])
def test_attributes(cli, driver):
    run(cli, "told", "echo hi", "--log-driver", driver, "--log-opt", "labels=a", "--log-opt", "env=B", "--log-opt", "labels-regex=^app",
        "--log-opt", "env-regex=^X.$", "--log-opt", "tag={{.Name}}/{{ .ID }}", "-l", "a=1", "-l", "app.x=q r", "-e", "B=2", "-e", "X1=y",
        "-e", "X22=no", "-l", "other=no")
    short = cli.ok("inspect", "-f", "{{.Id}}", "told")[:12]
    assert cli.ok("logs", "--details", "told") == f"B=2,X1=y,a=1,app.x=q+r,tag=told%2F{short} hi\n"


def test_details_without_attributes_are_a_space(cli):
    run(cli, "bare", "echo hi")
    assert cli.ok("logs", "--details", "bare") == " hi\n"


# Rotation


@pytest.mark.parametrize("driver", ["json-file", "local"])
def test_rotation_keeps_the_newest(daemon, gantry, driver):
    run(gantry, "turn", "seq 20000", "--log-driver", driver, "--log-opt", "max-size=64k", "--log-opt", "max-file=3", "--log-opt",
        "compress=false")
    files = log_files(daemon, gantry, "turn")
    assert len(files) == 3
    assert all(path.stat().st_size < 70000 for path in files)
    numbers = [int(line) for line in gantry.ok("logs", "turn").splitlines()]
    assert numbers == list(range(numbers[0], 20001)) and 1 < numbers[0] < 20000
    assert gantry.ok("logs", "--tail", "5000", "turn").splitlines() == [str(number) for number in numbers[-5000:]]


def test_one_file_starts_anew(daemon, gantry):
    run(gantry, "single", "seq 5000", "--log-opt", "max-size=64k")
    [path] = log_files(daemon, gantry, "single")
    numbers = [int(line) for line in gantry.ok("logs", "single").splitlines()]
    assert numbers == list(range(numbers[0], 5001)) and numbers[0] > 1
    assert path.stat().st_size < 70000


@pytest.mark.parametrize("driver", ["json-file", "local"])
def test_compressed_files_are_read(daemon, gantry, driver):
    gantry.ok("run", "-d", "--name", "pack", "--log-driver", driver, "--log-opt", "max-size=32k", "--log-opt", "max-file=60", "--log-opt",
              "compress=true", "busybox", "sh", "-c", "seq 15000; sleep 1000")
    wait_for(lambda: gantry.ok("logs", "--tail", "1", "pack") == "15000\n", "the last line")
    def packed():
        files = log_files(daemon, gantry, "pack")
        return len(files) > 5 and all(path.name.endswith(".gz") for path in files if re.search(r"\.log\.", path.name))
    wait_for(packed, "the compression")
    assert gantry.ok("logs", "pack").splitlines() == [str(number) for number in range(1, 15001)]
    assert gantry.ok("logs", "--tail", "9999", "pack").splitlines() == [str(number) for number in range(5002, 15001)]
    newest = next(path for path in log_files(daemon, gantry, "pack") if path.name.endswith(".1.gz"))
    assert gzip.decompress(newest.read_bytes())


# Following


@pytest.mark.parametrize("compress", ["true", "false"])
def test_follow_across_rotation(gantry, compress):
    gantry.ok("run", "-d", "--name", "flow", "--log-opt", "max-size=16k", "--log-opt", "max-file=50", "--log-opt", f"compress={compress}",
              "busybox", "sh", "-c", "for i in $(seq 40); do seq $((i*100-99)) $((i*100)); sleep 0.02; done")
    assert gantry.ok("logs", "-f", "flow").splitlines() == [str(number) for number in range(1, 4001)]


def test_follow_ends_with_removal(gantry):
    gantry.ok("run", "-d", "--name", "gone", "busybox", "sh", "-c", "echo first; sleep 1000")
    with subprocess.Popen([gantry.path, "logs", "-f", "gone"], stdout=subprocess.PIPE, env=gantry.environment, text=True) as follower:
        assert follower.stdout.readline() == "first\n"
        gantry.ok("rm", "-f", "gone")
        assert follower.stdout.read() == ""
        assert follower.wait(30) == 0


def test_follow_ends_with_its_time(cli):
    """Also of a container that writes nothing that would tell."""
    cli.ok("run", "-d", "--name", "quiet", "busybox", "sh", "-c", "echo first; sleep 1000")
    wait_for(lambda: cli.ok("logs", "quiet"), "the first line")
    assert cli.ok("logs", "-f", "--until", "1h", "quiet", timeout=10) == ""
    now = float(cli.ok("exec", "quiet", "date", "+%s"))
    assert cli.ok("logs", "-f", "--until", f"{now + 2:.0f}", "quiet", timeout=10) == "first\n"


def resident(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1])


def test_slow_reader_does_not_make_the_daemon_grow(daemon, gantry):
    run(gantry, "big", "seq -w 1 1500000 | sed 's/$/ 0123456789012345678901234567890123456789/'")
    before = resident(daemon.process.pid)
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(daemon.socket))
        client.sendall(b"GET /v1.45/containers/big/logs?stdout=1 HTTP/1.1\r\nHost: d\r\n\r\n")
        assert client.recv(4096).startswith(b"HTTP/1.1 200")
        # Nothing more is read while others are served. The log has 70 MB.
        for _ in range(10):
            gantry.ok("ps", "-a")
        assert resident(daemon.process.pid) - before < 40_000
    assert gantry.ok("logs", "--tail", "1", "big").startswith("1500000 ")


# The daemon away


def test_shim_logs_and_rotates_alone(own):
    cli = Cli("gantry", own)
    cli.ok("run", "-d", "--name", "alone", "--log-opt", "max-size=32k", "--log-opt", "max-file=40", "--log-opt", "compress=true",
           "busybox", "sh", "-c", "i=0; while [ $i -lt 60 ]; do i=$((i+1)); seq $((i*100-99)) $((i*100)); sleep 0.03; done")
    wait_for(lambda: cli.ok("logs", "alone"), "the first line")
    own.stop(signal.SIGKILL)
    wait_for(lambda: list((own.exec_root / "containers").glob("*/exit")), "the exit record")
    own.start()
    assert cli.ok("logs", "alone").splitlines() == [str(number) for number in range(1, 6001)]
    # What was left uncompressed is compressed when the container runs again.
    cli.ok("start", "alone")
    cli.ok("wait", "alone")
    wait_for(lambda: not [path for path in log_files(own, cli, "alone") if path.name.endswith(".1")], "the compression")


def test_defaults_of_the_daemon(own):
    cli = Cli("gantry", own)
    cli.ok("create", "--name", "usual", "busybox", "true")
    cli.ok("create", "--name", "other", "--log-driver", "local", "busybox", "true")
    assert json.loads(cli.ok("inspect", "-f", "{{json .HostConfig.LogConfig}}", "usual")) == {"Type": "json-file", "Config": {"max-file": "4"}}
    assert json.loads(cli.ok("inspect", "-f", "{{json .HostConfig.LogConfig}}", "other")) == {"Type": "local", "Config": {}}
    assert cli.ok("inspect", "-f", "{{.LogPath}}", "other") == "\n"
    assert cli.ok("info", "-f", "{{.LoggingDriver}} {{.Plugins.Log}}") == "json-file [journald json-file local syslog]\n"
    # And of the init.
    assert cli.ok("run", "--rm", "busybox", "ps", "-o", "pid,args").splitlines()[1].split() == ["1", "/sbin/docker-init", "--", "ps", "-o", "pid,args"]


# Refusals


@pytest.mark.parametrize("flags, message", [
    (["--log-driver", "gelf"], "logger: no log driver named 'gelf' is registered"),
    (["--log-opt", "colour=red"], "unknown log opt 'colour' for json-file log driver"),
    (["--log-driver", "local", "--log-opt", "syslog-format=rfc3164"], "unknown log opt 'syslog-format' for local log driver"),
    (["--log-opt", "mode=sometimes"], "logger: logging mode not supported: sometimes"),
    (["--log-opt", "max-buffer-size=1m"], "logger: max-buffer-size option is only supported with 'mode=non-blocking'"),
    (["--log-opt", "max-size=-1"], "invalid size: '-1'"),
    (["--log-driver", "local", "--log-opt", "max-size=big"], "invalid value for max-size: big: invalid size: 'big'"),
    (["--log-opt", "max-file=0"], "max-file cannot be less than 1"),
    (["--log-opt", "compress=true"], "compress cannot be true when max-file is less than 2 or max-size is not set"),
    (["--log-opt", "labels-regex=("], "is no regular expression"),
    (["--log-opt", "tag={{.Nonsense}}"], "`{{.Nonsense}}` is not known"),
    (["--log-driver", "syslog", "--log-opt", "syslog-facility=kitchen"], "invalid syslog facility"),
    (["--log-driver", "syslog", "--log-opt", "syslog-format=rfc1"], "Invalid syslog format"),
    (["--log-driver", "syslog", "--log-opt", "syslog-address=http://x"], "unsupported scheme: 'http'"),
    (["--log-driver", "syslog", "--log-opt", "syslog-address=tcp+tls://x:1"], "syslog over TLS is not supported"),
    (["--log-driver", "syslog", "--log-opt", "syslog-address=unix:///nowhere"], "stat /nowhere: no such file or directory"),
])
def test_refused_options(gantry, flags, message):
    result = gantry("create", *flags, "busybox", "true")
    assert result.returncode == 1 and message in result.stderr
    assert gantry.ok("ps", "-aq") == ""


def test_none_keeps_nothing(daemon, cli):
    run(cli, "mute", "echo hi", "--log-driver", "none")
    assert log_files(daemon, cli, "mute") == []
    result = cli("logs", "mute")
    assert result.returncode == 1 and "configured logging driver does not support reading" in result.stderr


# Services


class Receiver:
    """A datagram or stream socket that keeps what comes in."""

    def __init__(self, family, kind, address):
        self.server = socket.socket(family, kind)
        self.server.bind(address)
        self.content = b""
        self.threads = []
        if kind == socket.SOCK_STREAM:
            self.server.listen()
            self._begin(self._accept)
        else:
            self._begin(self._read, self.server)

    def _begin(self, work, *arguments):
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        thread.start()
        self.threads.append(thread)

    def _accept(self):
        while True:
            try:
                connection, _ = self.server.accept()
            except OSError:
                return
            self._begin(self._read, connection)

    def _read(self, source):
        while True:
            try:
                piece = source.recv(65536)
            except OSError:
                return
            if not piece and source is not self.server:
                return
            self.content += piece

    def close(self):
        self.server.close()


@pytest.fixture
def receiver(tmp_path):
    made = []

    def make(scheme):
        if scheme == "udp":
            one = Receiver(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0))
        elif scheme == "tcp":
            one = Receiver(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0))
        else:
            kind = socket.SOCK_STREAM if scheme == "unix" else socket.SOCK_DGRAM
            one = Receiver(socket.AF_UNIX, kind, str(tmp_path / "log"))
        name = one.server.getsockname()
        one.url = f"{scheme}://{name}" if isinstance(name, str) else f"{scheme}://{name[0]}:{name[1]}"
        made.append(one)
        return one

    yield make
    for one in made:
        one.close()


@pytest.mark.parametrize("scheme", ["udp", "tcp", "unix", "unixgram"])
def test_syslog(gantry, receiver, scheme):
    service = receiver(scheme)
    run(gantry, "sent", "echo hello; echo bad >&2", "--log-driver", "syslog", "--log-opt", f"syslog-address={service.url}", "--log-opt",
        "tag=t-{{.Name}}")
    wait_for(lambda: service.content.count(b"\n") == 2, "both messages")
    lines = sorted(service.content.decode().splitlines())
    assert re.fullmatch(r"<27>\w{3} [ \d]\d \d\d:\d\d:\d\d t-sent\[\d+\]: bad", lines[0])
    assert re.fullmatch(r"<30>\w{3} [ \d]\d \d\d:\d\d:\d\d t-sent\[\d+\]: hello", lines[1])
    # What went out can still be read.
    result = gantry("logs", "sent")
    assert (result.stdout, result.stderr) == ("hello\n", "bad\n")
    assert gantry.ok("inspect", "-f", "{{.LogPath}}", "sent") == "\n"


@pytest.mark.parametrize("form, pattern", [
    ("rfc3164", r"<134>\w{3} [ \d]\d \d\d:\d\d:\d\d HOST ID\[\d+\]: x"),
    ("rfc5424", r"<134>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d) HOST ID \d+ ID - x"),
    ("rfc5424micro", r"<134>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(Z|[+-]\d\d:\d\d) HOST ID \d+ ID - x"),
])
def test_syslog_formats(gantry, receiver, form, pattern):
    service = receiver("tcp")
    run(gantry, "form", "echo x", "--log-driver", "syslog", "--log-opt", f"syslog-address={service.url}", "--log-opt",
        f"syslog-format={form}", "--log-opt", "syslog-facility=local0", "--log-opt", "cache-disabled=true")
    wait_for(lambda: service.content.endswith(b"\n"), "the message")
    short = gantry.ok("inspect", "-f", "{{.Id}}", "form")[:12]
    assert re.fullmatch(pattern.replace("HOST", re.escape(os.uname().nodename)).replace("ID", short), service.content.decode().strip())
    assert "does not support reading" in gantry("logs", "form").stderr


def test_syslog_gets_everything(gantry, receiver):
    """Far more than fits into any buffer: the container waits for the service."""
    service = receiver("tcp")
    run(gantry, "flood", "seq 100000", "--log-driver", "syslog", "--log-opt", f"syslog-address={service.url}")
    wait_for(lambda: service.content.count(b"\n") == 100000, "all messages")
    assert [line.rsplit(b" ", 1)[1] for line in service.content.splitlines()] == [str(number).encode() for number in range(1, 100001)]


def test_non_blocking_container_does_not_wait(gantry, tmp_path):
    """A service that takes nothing: lines are dropped, and all are in the copy that is kept."""
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        run(gantry, "free", "seq 300000", "--log-driver", "syslog", "--log-opt", f"syslog-address=tcp://127.0.0.1:{deaf.getsockname()[1]}",
            "--log-opt", "mode=non-blocking", "--log-opt", "max-buffer-size=64k")
        assert gantry.ok("inspect", "-f", "{{.State.ExitCode}}", "free") == "0\n"
        assert gantry.ok("logs", "free").splitlines() == [str(number) for number in range(1, 300001)]


def test_non_blocking_file(daemon, gantry):
    """The disk's part is played by the process that writes the log, stopped: the container goes on, and whole lines are lost."""
    gantry.ok("run", "-d", "-i", "--name", "loose", "--log-opt", "mode=non-blocking", "--log-opt", "max-buffer-size=256k", "busybox", "sh",
              "-c", "echo first; read go; seq 300000; echo done > /tmp/done; read more; echo last")
    wait_for(lambda: gantry.ok("logs", "loose") == "first\n", "the first line")
    pid = int(gantry.ok("inspect", "-f", "{{.State.Pid}}", "loose"))
    shim = int(open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[1])
    children = [int(child) for child in open(f"/proc/{shim}/task/{shim}/children").read().split()]
    [writer] = [child for child in children if child != pid]
    os.kill(writer, signal.SIGSTOP)
    with subprocess.Popen([gantry.path, "attach", "--sig-proxy=false", "loose"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                          env=gantry.environment) as attached:
        attached.stdin.write(b"go\n")
        attached.stdin.flush()
        wait_for(lambda: gantry("exec", "loose", "cat", "/tmp/done").stdout == "done\n", "the container to go on")
        assert gantry.ok("logs", "loose") == "first\n"
        os.kill(writer, signal.SIGCONT)
        wait_for(lambda: gantry.ok("logs", "loose") != "first\n", "more lines")
        attached.stdin.write(b"more\n")
        attached.stdin.close()
        gantry.ok("wait", "loose")
    lines = gantry.ok("logs", "loose").splitlines()
    assert lines[0] == "first" and lines[-1] == "last"
    numbers = [int(line) for line in lines[1:-1]]
    assert numbers == sorted(set(numbers)) and numbers[0] == 1 and 1000 < len(numbers) < 300000


def test_non_blocking_file_loses_nothing_without_need(gantry):
    run(gantry, "calm", "seq 1000; printf end", "--log-opt", "mode=non-blocking", "--log-opt", "max-size=8k", "--log-opt", "max-file=40",
        "--log-opt", "compress=true")
    assert gantry.ok("logs", "calm") == "".join(f"{number}\n" for number in range(1, 1001)) + "end"


def test_syslog_without_a_service(cli):
    result = cli("run", "--rm", "--log-driver", "syslog", "--log-opt", "syslog-address=tcp://127.0.0.1:1", "busybox", "true")
    assert result.returncode == 125
    assert "failed to initialize logging driver: dial tcp 127.0.0.1:1: connect: connection refused" in result.stderr


def test_local_syslog_is_missed(cli):
    if any(Path(path).is_socket() for path in ("/dev/log", "/var/run/syslog", "/var/run/log")):
        pytest.skip("this host has a syslog service of its own")
    result = cli("run", "--rm", "--log-driver", "syslog", "busybox", "true")
    assert result.returncode == 125
    assert "failed to create task for container: failed to initialize logging driver: Unix syslog delivery error" in result.stderr


def test_journal_is_missed(cli):
    if JOURNAL.exists():
        pytest.skip("this host has a journal")
    result = cli("run", "--rm", "--log-driver", "journald", "busybox", "true")
    assert result.returncode == 125 and "journald is not enabled on this host" in result.stderr


def fields(message):
    """Source: systemd, Native Journal Protocol."""
    result = {}
    while message:
        line, message = message.split(b"\n", 1)
        if b"=" in line:
            key, value = line.split(b"=", 1)
        else:
            key, size = line, int.from_bytes(message[:8], "little")
            value, message = message[8:8 + size], message[8 + size + 1:]
        result[key.decode()] = value.decode()
    return result


def test_journal(gantry):
    if JOURNAL.exists():
        pytest.skip("this host has a journal of its own, which the test would fill")
    JOURNAL.parent.mkdir(parents=True)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journal:
            journal.bind(str(JOURNAL))
            journal.settimeout(30)
            run(gantry, "noted", "echo hello; sleep 0.1; echo bad >&2", "--log-driver", "journald", "--log-opt", "labels=app.name", "-l",
                "app.name=shop")
            first, second = fields(journal.recv(65536)), fields(journal.recv(65536))
    finally:
        JOURNAL.unlink(missing_ok=True)
        JOURNAL.parent.rmdir()
        try:
            JOURNAL.parent.parent.rmdir()
        except OSError:
            pass
    full = gantry.ok("inspect", "-f", "{{.Id}}", "noted").strip()
    assert (first["MESSAGE"], first["PRIORITY"], second["MESSAGE"], second["PRIORITY"]) == ("hello", "6", "bad", "3")
    assert first["CONTAINER_ID_FULL"] == full and first["CONTAINER_ID"] == first["CONTAINER_TAG"] == first["SYSLOG_IDENTIFIER"] == full[:12]
    assert (first["CONTAINER_NAME"], first["IMAGE_NAME"], first["APP_NAME"]) == ("noted", "busybox", "shop")
    assert gantry("logs", "noted").stdout == "hello\n"
