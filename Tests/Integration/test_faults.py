"""Disks that are full, registries that lie or fall silent, a daemon killed in the middle: an error, and nothing half-made."""
import gzip
import hashlib
import io
import json
import os
import signal
import subprocess
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import hostile
from conftest import IMAGES, Cli, Daemon, wait_for
from test_survival import kernel_things


@pytest.fixture
def small_disk(tmp_path):
    """A daemon whose data root has 48 MiB in all."""
    one = Daemon(tmp_path, "gtest3", "--bip", "172.31.243.1/24")
    one.data.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m,mode=710", "tmpfs", one.data], check=True)
    try:
        one.start()
        Cli("gantry", one).ok("load", "-i", IMAGES / "busybox.tar")
        yield one
    finally:
        one.destroy()
        subprocess.run(["umount", "-l", one.data], check=True)


def digest(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


class Registry:
    """Serves one image of one layer, `/v2/evil:1`; what it does with the layer's blob is `serve(handler)`."""

    def __init__(self, size):
        layer = io.BytesIO()
        with tarfile.open(fileobj=layer, mode="w") as tar:
            info = tarfile.TarInfo("big")
            info.size = size
            tar.addfile(info, io.BytesIO(bytes(size)))
        self.blob = gzip.compress(layer.getvalue(), 1)
        self.config = json.dumps({
            "architecture": "amd64", "os": "linux", "config": {}, "rootfs": {"type": "layers", "diff_ids": [digest(layer.getvalue())]}}).encode()
        self.manifest = json.dumps({
            "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest(self.config), "size": len(self.config)},
            "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": digest(self.blob), "size": len(self.blob)}]}).encode()
        self.serve = lambda handler: handler.answer(self.blob)
        self.asked = threading.Event()
        self.release = threading.Event()
        registry = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self, content, kind="application/octet-stream", length=None):
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content) if length is None else length))
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(content)

            def do_GET(self):
                try:
                    if self.path == "/v2/":
                        self.answer(b"{}", "application/json")
                    elif "/manifests/" in self.path:
                        self.answer(registry.manifest, "application/vnd.oci.image.manifest.v1+json")
                    elif self.path.endswith(digest(registry.config)):
                        self.answer(registry.config)
                    else:
                        registry.asked.set()
                        registry.serve(self)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

            do_HEAD = do_GET

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()
        self.name = f"127.0.0.1:{self.server.server_port}/evil:1"

    def close(self):
        self.release.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def registry():
    one = Registry(4 << 20)
    yield one
    one.close()


def leftovers(daemon):
    """Files below the data root that belong to a transfer or a build under way."""
    return sorted(
        str(path.relative_to(daemon.data)) for folder in ("blobs", "layers", "snapshots", "builds", "ingest", "tmp")
        for path in (daemon.data / folder).rglob("*") if path.is_file() and not path.is_symlink())


@pytest.mark.parametrize("lie, expected", [
    ("other content", "digest"),
    ("cut", ""),
    ("too long", ""),
    ("not there", ""),
    ("not gzip", ""),
])
def test_registries_that_lie(own, registry, lie, expected):
    gantry = Cli("gantry", own)
    before = leftovers(own)
    blob = registry.blob

    def serve(handler):
        if lie == "other content":
            handler.answer(blob[:-9] + bytes([blob[-9] ^ 1]) + blob[-8:])
        elif lie == "cut":
            handler.answer(blob[: len(blob) // 2], length=len(blob))
            handler.close_connection = True
            handler.connection.shutdown(2)
        elif lie == "too long":
            handler.answer(blob + b"more")
        elif lie == "not there":
            handler.send_error(404)
        else:
            handler.answer(b"x" * len(blob))

    registry.serve = serve
    result = gantry("pull", registry.name)
    assert result.returncode == 1 and result.stderr.strip(), result.stdout
    assert expected in result.stderr.lower(), result.stderr
    assert gantry("image", "inspect", registry.name).returncode == 1
    assert leftovers(own) == before
    registry.serve = lambda handler: handler.answer(blob)
    gantry.ok("pull", registry.name)


def test_kill_in_the_middle_of_a_pull(own, registry):
    gantry = Cli("gantry", own)
    before = leftovers(own)
    blob = registry.blob

    def stall(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(blob)))
        handler.end_headers()
        handler.wfile.write(blob[: len(blob) // 2])
        handler.wfile.flush()
        registry.release.wait(60)

    registry.serve = stall
    client = subprocess.Popen([gantry.path, "pull", registry.name], env=gantry.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert registry.asked.wait(20)
    own.stop(signal.SIGKILL)
    out, err = client.communicate(timeout=20)
    assert client.returncode == 1 and err
    own.start()
    assert leftovers(own) == before
    assert gantry("image", "inspect", registry.name).returncode == 1
    registry.serve = lambda handler: handler.answer(blob)
    gantry.ok("pull", registry.name)


def test_kill_in_the_middle_of_a_build(own, tmp_path):
    gantry = Cli("gantry", own)
    gantry.ok("run", "--rm", "busybox", "true")
    before = kernel_things(own), leftovers(own), gantry.ok("images", "-aq")
    (tmp_path / "Dockerfile").write_text("FROM busybox\nRUN echo begun && sleep 1000\n")
    client = subprocess.Popen(
        [gantry.path, "build", "--progress", "plain", "-t", "half", tmp_path], env=gantry.environment, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True)
    wait_for(lambda: "begun" in client.stdout.readline(), "the step's output")
    own.stop(signal.SIGKILL)
    client.communicate(timeout=20)
    assert client.returncode == 1
    own.start()
    after = wait_for(
        lambda: (kernel_things(own), leftovers(own), gantry.ok("images", "-aq")) == before and before,
        f"the state before, {before}; now {kernel_things(own), leftovers(own)}")
    assert after == before
    assert gantry("image", "inspect", "half").returncode == 1
    (tmp_path / "Dockerfile").write_text("FROM busybox\nRUN echo begun\n")
    gantry.ok("build", "-t", "half", tmp_path)


def test_kill_in_the_middle_of_a_run(own):
    gantry = Cli("gantry", own)
    client = subprocess.Popen(
        [gantry.path, "run", "--rm", "--name", "halfway", "busybox", "sh", "-c", "echo begun; exec sleep 1000"], env=gantry.environment,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert client.stdout.readline() == "begun\n"
    own.stop(signal.SIGKILL)
    _, err = client.communicate(timeout=20)
    assert client.returncode != 0 and err
    own.start()
    assert gantry.ok("inspect", "-f", "{{.State.Running}}", "halfway") == "true\n"
    gantry.ok("stop", "-t", "0", "halfway")
    wait_for(lambda: gantry("inspect", "halfway").returncode == 1, "the removal of a container that goes with its end")


def test_full_disk_in_a_build(small_disk, tmp_path):
    gantry = Cli("gantry", small_disk)
    images = gantry.ok("images", "-aq")
    (tmp_path / "Dockerfile").write_text("FROM busybox\nRUN dd if=/dev/zero of=/big bs=1M count=100\n")
    result = gantry("build", "-t", "big", tmp_path)
    assert result.returncode == 1
    assert "no space left on device" in result.stderr.lower(), result.stderr
    assert gantry.ok("images", "-aq") == images
    assert gantry.ok("run", "--rm", "busybox", "echo", "room again") == "room again\n"


def test_full_disk_by_the_context(small_disk, tmp_path):
    gantry = Cli("gantry", small_disk)
    (tmp_path / "Dockerfile").write_text("FROM busybox\nCOPY big /big\n")
    with open(tmp_path / "big", "wb") as file:
        for number in range(100):
            file.write(number.to_bytes(2, "big") * (1 << 19))
    result = gantry("build", "-t", "big", tmp_path)
    assert result.returncode == 1
    assert "no space left on device" in result.stderr.lower(), result.stderr
    assert gantry.ok("run", "--rm", "busybox", "echo", "room again") == "room again\n"


def test_full_disk_in_a_pull(small_disk):
    registry = Registry(100 << 20)
    try:
        gantry = Cli("gantry", small_disk)
        before = leftovers(small_disk)
        result = gantry("pull", registry.name)
        assert result.returncode == 1
        assert "no space left on device" in result.stderr.lower(), result.stderr
        assert leftovers(small_disk) == before
        assert gantry("image", "inspect", registry.name).returncode == 1
        assert gantry.ok("run", "--rm", "busybox", "echo", "room again") == "room again\n"
    finally:
        registry.close()


@pytest.mark.parametrize("door", ["load", "import"])
def test_archives_that_expand_beyond_the_disk(small_disk, tmp_path, door):
    """CVE-2017-14992: a few hundred kilobytes that are two hundred megabytes."""
    gantry = Cli("gantry", small_disk)
    zeros = gzip.compress(hostile.layer([("zeros", tarfile.REGTYPE, bytes(200 << 20))]), 9)
    path = tmp_path / "bomb.tar"
    if door == "load":
        identifier = hashlib.sha256(gzip.decompress(zeros)).hexdigest()
        configuration = json.dumps({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [f"sha256:{identifier}"]}})
        manifest = json.dumps([{"Config": "config.json", "RepoTags": ["bomb:1"], "Layers": ["layer.tar.gz"]}])
        with tarfile.open(path, "w") as tar:
            for name, content in (("config.json", configuration.encode()), ("manifest.json", manifest.encode()), ("layer.tar.gz", zeros)):
                info = tarfile.TarInfo(name)
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
        refused = gantry("load", "-i", path)
    else:
        path.write_bytes(zeros)
        refused = gantry("import", path, "bomb:1")
    assert refused.returncode == 1 and "the content expands to more than" in refused.stderr, refused.stderr
    assert gantry("image", "inspect", "bomb:1").returncode == 1
    assert gantry.ok("run", "--rm", "busybox", "echo", "alive") == "alive\n"
    free = os.statvfs(small_disk.data)
    assert free.f_bavail * free.f_frsize > 24 << 20, "what had been unpacked is gone"


def test_full_disk_under_a_container(small_disk):
    """The container sees ENOSPC, and its log loses lines, not the container."""
    gantry = Cli("gantry", small_disk)
    gantry.ok("run", "-d", "--name", "filler", "busybox", "sh", "-c", "dd if=/dev/zero of=/big bs=1M; echo after; exec sleep 1000")
    wait_for(lambda: "No space left" in gantry("logs", "filler").stderr or gantry("exec", "filler", "ls", "/big").returncode == 0, "a full disk")
    assert gantry.ok("inspect", "-f", "{{.State.Running}}", "filler") == "true\n"
    gantry.ok("rm", "-f", "filler")
    assert gantry.ok("run", "--rm", "busybox", "echo", "room again") == "room again\n"
