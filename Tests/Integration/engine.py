"""A small client of the Engine API, for tests that look at the engine and not at a command line."""
import http.client
import json
import socket
import struct
import uuid

from conftest import Cli, Daemon, IMAGES, wait_for

VERSION = "/v1.45"


class _Connection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("engine", timeout=120)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(120)
        self.sock.connect(self.path)


class Result:
    """How a container's or exec's program ended, and what it wrote."""

    def __init__(self, code, stdout, stderr, warnings=()):
        self.code, self.stdout, self.stderr, self.warnings = code, stdout, stderr, list(warnings)

    def __repr__(self):
        return f"Result({self.code}, {self.stdout!r}, {self.stderr!r}, {self.warnings!r})"


def frames(data):
    """Standard output and standard error of a multiplexed stream. Source: Engine API, ContainerAttach, stream format."""
    out = {1: b"", 2: b""}
    while data:
        kind, size = struct.unpack(">BxxxI", data[:8])
        out[kind] += data[8:8 + size]
        data = data[8 + size:]
    return out[1].decode(errors="replace"), out[2].decode(errors="replace")


class Engine:
    def __init__(self, daemon):
        self.daemon = daemon

    def call(self, method, path, body=None, expect=None, kind="application/json"):
        """Status and body: decoded when it is one JSON value, else bytes. `expect` names the status that it must have."""
        content = body if body is None or isinstance(body, bytes) else json.dumps(body)
        connection = _Connection(self.daemon.socket)
        try:
            connection.request(method, VERSION + path, content,
                               {} if body is None else {"Content-Type": kind})
            answer = connection.getresponse()
            data = answer.read()
        finally:
            connection.close()
        try:
            value = json.loads(data) if data else None
        except ValueError:
            value = data
        if expect is not None:
            assert answer.status == expect, f"{method} {path}: {answer.status} {value}\ndaemon: {self.daemon.tail()}"
        return answer.status, value

    def create(self, *command, name=None, config=None, **host):
        """Status and answer of a create; keywords are fields of HostConfig."""
        body = {"Image": "busybox", "Cmd": list(command), "HostConfig": host, **(config or {})}
        return self.call("POST", f"/containers/create?name={name or 't' + uuid.uuid4().hex[:8]}", body)

    def start(self, *command, **options):
        """Id of a container that runs."""
        status, answer = self.create(*command, **options)
        assert status == 201, answer
        self.call("POST", f"/containers/{answer['Id']}/start", expect=204)
        return answer["Id"]

    def run(self, *command, **options):
        """Runs to the end."""
        status, answer = self.create(*command, **options)
        assert status == 201, answer
        identifier = answer["Id"]
        self.call("POST", f"/containers/{identifier}/start", expect=204)
        code = self.call("POST", f"/containers/{identifier}/wait", expect=200)[1]["StatusCode"]
        _, data = self.call("GET", f"/containers/{identifier}/logs?stdout=1&stderr=1", expect=200)
        stdout, stderr = frames(data or b"")
        result = Result(code, stdout, stderr, answer["Warnings"])
        result.id = identifier
        return result

    def execute(self, container, *command, **options):
        _, made = self.call("POST", f"/containers/{container}/exec",
                            {"Cmd": list(command), "AttachStdout": True, "AttachStderr": True, **options}, expect=201)
        _, data = self.call("POST", f"/exec/{made['Id']}/start", {"Detach": False, "Tty": False}, expect=200)
        stdout, stderr = frames(data or b"")
        code = self.call("GET", f"/exec/{made['Id']}/json", expect=200)[1]["ExitCode"]
        return Result(code, stdout, stderr)

    def inspect(self, container):
        return self.call("GET", f"/containers/{container}/json", expect=200)[1]

    def update(self, container, **resources):
        return self.call("POST", f"/containers/{container}/update", resources)

    def remove_all(self):
        for row in self.call("GET", "/containers/json?all=1", expect=200)[1]:
            self.call("DELETE", f"/containers/{row['Id']}?force=1&v=1", expect=204)

    def load(self, image):
        Cli("gantry", self.daemon).ok("load", "-i", IMAGES / f"{image}.tar", timeout=300)
