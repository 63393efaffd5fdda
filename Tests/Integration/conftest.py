"""A daemon of the tests' own, a registry on loopback, and a count of what is left behind.

Everything needs root and a real kernel; without root all tests here are skipped in a sentence.
"""
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(os.environ.get("GANTRY_BIN") or ROOT / "bin")
IMAGES = Path(os.environ.get("GANTRY_IMAGES") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gantry" / "images")


def pytest_configure(config):
    config.addinivalue_line("markers", "guest: also runs in the virtual machine of scripts/test-guest")
    config.addinivalue_line("markers", "systemd: needs systemd as the host's init; runs in the machine of scripts/test-guest --systemd")


def pytest_collection_modifyitems(items):
    if os.geteuid() != 0:
        for item in items:
            item.add_marker(pytest.mark.skip(reason="containers need root; this run has none"))


def wait_for(condition, what, seconds=30):
    """Polls until `condition()` is true; the polling interval is no part of any expectation."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"{what} did not happen within {seconds} s")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Daemon:
    """A gantryd with its own data root, bridge and socket."""
    def __init__(self, folder, bridge, *flags):
        self.folder, self.bridge, self.flags = Path(folder), bridge, flags
        self.exec_root = Path("/run") / f"gantry-test-{bridge}"
        self.socket = self.exec_root / "gantry.sock"
        self.host = f"unix://{self.socket}"
        self.data = self.folder / "data"
        self.log = self.folder / "gantryd.log"
        self.process = None
        # Words before the daemon's own, of a command that becomes it.
        self.wrapper = []

    def start(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [*self.wrapper, BIN / "gantryd", "-H", self.host, "--data-root", self.data, "--exec-root", self.exec_root, "--bridge-name",
                 self.bridge, *self.flags], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_for(self.answers, f"the daemon's answer (log: {self.tail()})")
        return self

    def answers(self):
        assert self.process.poll() is None, f"the daemon ended with {self.process.returncode}:\n{self.tail()}"
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(5)
                client.connect(str(self.socket))
                client.sendall(b"GET /_ping HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n")
                return client.recv(64).startswith(b"HTTP/1.1 200")
        except OSError:
            return False

    def tail(self):
        return self.log.read_text(errors="replace")[-3000:] if self.log.exists() else ""

    def stop(self, how=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(30)

    def destroy(self):
        """Removes all containers and networks, ends the daemon and takes its files away."""
        if self.process and self.process.poll() is None:
            cli = Cli("gantry", self)
            ids = cli("ps", "-aq").stdout.split()
            if ids:
                cli("rm", "-f", "-v", *ids)
            cli("network", "prune", "-f")
        self.stop()
        for link in json.loads(subprocess.run(["ip", "-j", "link"], capture_output=True, text=True, check=True).stdout):
            if link["ifname"] == self.bridge:
                subprocess.run(["ip", "link", "del", self.bridge], check=False)
        for table in self.tables():
            subprocess.run(["nft", "delete", "table", *table.split()], check=False)
        shutil.rmtree(self.exec_root, ignore_errors=True)
        shutil.rmtree(self.data, ignore_errors=True)

    def tables(self):
        text = subprocess.run(["nft", "list", "tables"], capture_output=True, text=True).stdout
        return [line.removeprefix("table ") for line in text.splitlines() if self.bridge in line]


class Cli:
    """`gantry` or the official `docker`, both against our daemon."""

    def __init__(self, program, daemon):
        self.name = program
        self.daemon = daemon
        self.path = str(BIN / "gantry") if program == "gantry" else shutil.which("docker")
        self.environment = {
            **os.environ, "DOCKER_HOST": daemon.host, "GANTRY_HOST": daemon.host, "DOCKER_BUILDKIT": "0",
            "DOCKER_CONFIG": str(daemon.folder / f"config-{program}")}
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
            self.environment.pop(name, None)

    def __call__(self, *arguments, input=None, timeout=120, cwd=None):
        return subprocess.run(
            [self.path, *map(str, arguments)], input=input, capture_output=True, text=True, timeout=timeout, env=self.environment,
            cwd=cwd, stdin=subprocess.DEVNULL if input is None else None)

    def ok(self, *arguments, **options):
        """Standard output of a call that must succeed."""
        result = self(*arguments, **options)
        assert result.returncode == 0, (
            f"{self.name} {' '.join(map(str, arguments))}: exit {result.returncode}\n{result.stdout}\n{result.stderr}\n"
            f"daemon: {self.daemon.tail()}")
        return result.stdout


def other_runtimes(folder):
    """Paths of the other OCI runtimes that are installed, by name."""
    # crun refuses hosts where the v2 tree stands beside v1: the tree is hidden from it alone.
    crun = folder / "crun"
    crun.write_text("""#!/bin/sh
exec unshare -m --propagation slave sh -c 'mountpoint -q /sys/fs/cgroup/unified && umount /sys/fs/cgroup/unified; exec crun "$@"' crun "$@"
""")
    crun.chmod(0o755)
    return {name: str(crun) if name == "crun" else shutil.which(name) for name in ("crun", "runc") if shutil.which(name)}


@contextlib.contextmanager
def serve_registry(folder, storage="", rest=""):
    """Debian's docker-registry on loopback, holding nothing at first; gives its address."""
    port = free_port()
    configuration = folder / "config.yml"
    configuration.write_text(
        f"version: 0.1\nlog: {{level: warn}}\nstorage: {{filesystem: {{rootdirectory: {folder}/data}}{storage}}}\n"
        f"http: {{addr: '127.0.0.1:{port}'}}\n{rest}")
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(["docker-registry", "serve", configuration], stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def listening():
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0
    try:
        wait_for(listening, "the registry's answer")
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="session")
def registry(tmp_path_factory):
    with serve_registry(tmp_path_factory.mktemp("registry"), storage=", delete: {enabled: true}") as address:
        yield address


@pytest.fixture(scope="session")
def daemon(tmp_path_factory, registry):
    one = Daemon(tmp_path_factory.mktemp("daemon"), "gtest0", "--bip", "172.31.240.1/24", "--registry-mirror", f"http://{registry}")
    one.registry = registry
    one.start()
    try:
        gantry = Cli("gantry", one)
        for image in ("busybox", "debian", "python", "postgres"):
            gantry.ok("load", "-i", IMAGES / f"{image}.tar", timeout=300)
        yield one
    finally:
        one.destroy()


@contextlib.contextmanager
def mortal(folder, bridge, *flags):
    """A daemon with busybox that a test may kill."""
    one = Daemon(folder, bridge, *flags).start()
    try:
        Cli("gantry", one).ok("load", "-i", IMAGES / "busybox.tar")
        yield one
    finally:
        if one.process.poll() is not None:
            one.start()
        one.destroy()


@pytest.fixture
def own(tmp_path):
    with mortal(tmp_path, "gtest1", "--bip", "172.31.241.1/24") as one:
        yield one


@pytest.fixture(params=["gantry", "docker"])
def cli(request, daemon):
    if request.param == "docker" and not shutil.which("docker"):
        pytest.skip("the docker command is not installed")
    one = Cli(request.param, daemon)
    yield one
    clean(daemon)


@pytest.fixture
def gantry(daemon):
    yield Cli("gantry", daemon)
    clean(daemon)


def clean(daemon):
    """Removes what a test made; the loaded images stay."""
    cli = Cli("gantry", daemon)
    ids = cli.ok("ps", "-aq").split()
    if ids:
        cli.ok("rm", "-f", "-v", *ids)
    cli.ok("network", "prune", "-f")
    cli.ok("volume", "prune", "-a", "-f")
