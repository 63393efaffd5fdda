"""`POST /build` as clients other than our own use it: every parameter, every form of the context, Docker's words."""
import bz2
import gzip
import http.server
import io
import json
import lzma
import shutil
import subprocess
import tarfile
import threading
import time
import urllib.parse
from pathlib import Path

import pytest

from conftest import Cli, wait_for
from engine import Engine


def archive(files):
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as result:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            result.addfile(member, io.BytesIO(text.encode()))
    return data.getvalue()


def context(*lines, **files):
    return archive({"Dockerfile": "\n".join(("FROM busybox", *lines, "")), **files})


@pytest.fixture
def build(daemon):
    """Status, text of all messages and the last error of a build; without the cache unless asked for."""
    engine = Engine(daemon)

    def run(body, **query):
        query = {"nocache": 1, **query}
        status, answer = engine.call("POST", "/build?" + urllib.parse.urlencode(query, doseq=True), body, kind="application/x-tar")
        if isinstance(answer, dict):
            messages = [answer]
        else:
            messages = [json.loads(line) for line in (answer or b"").splitlines() if line.strip()]
        text = "".join(message.get("stream", "") for message in messages)
        return status, text, messages[-1].get("error") or messages[-1].get("message", "")
    run.engine = engine
    yield run
    # What `cgroupparent` named is not the daemon's to remove.
    for group in [*Path("/sys/fs/cgroup").glob("*/gantry-test-build"), *Path("/sys/fs/cgroup").glob("gantry-test-build")]:
        group.rmdir()


# What a parameter must make a step print.
PARAMETERS = [
    ("memory", {"memory": 64 << 20}, "cat /sys/fs/cgroup/memory/memory.limit_in_bytes || cat /sys/fs/cgroup/memory.max", "67108864\n"),
    ("memswap", {"memory": 64 << 20, "memswap": 96 << 20},
     "cat /sys/fs/cgroup/memory/memory.memsw.limit_in_bytes || cat /sys/fs/cgroup/memory.swap.max", ("100663296\n", "33554432\n")),
    ("cpushares", {"cpushares": 512}, "cat /sys/fs/cgroup/cpu/cpu.shares || cat /sys/fs/cgroup/cpu.weight", ("512\n", "20\n")),
    ("cpuquota", {"cpuperiod": 50000, "cpuquota": 25000}, "cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us || cat /sys/fs/cgroup/cpu.max",
     ("25000\n", "25000 50000\n")),
    ("cpusetcpus", {"cpusetcpus": "0", "cpusetmems": "0"}, "grep Cpus_allowed_list /proc/self/status", "Cpus_allowed_list:\t0\n"),
    ("cgroupparent", {"cgroupparent": "/gantry-test-build"}, "grep -c gantry-test-build /proc/1/cgroup > /dev/null && echo there", "there\n"),
    ("ulimits", {"ulimits": json.dumps([{"Name": "nofile", "Soft": 99, "Hard": 100}])}, "ulimit -Sn; ulimit -Hn", "99\n100\n"),
    ("shmsize", {"shmsize": 1 << 20}, "df -k /dev/shm | tail -1 | tr -s ' ' | cut -d' ' -f2", "1024\n"),
    ("networkmode", {"networkmode": "none"}, "ls /sys/class/net", "lo\n"),
    ("extrahosts", {"extrahosts": ["one:10.9.8.7", "two:10.9.8.6"]}, "grep -c '10.9.8.[67].*\\(one\\|two\\)' /etc/hosts", "2\n"),
    ("buildargs", {"buildargs": json.dumps({"A": "given", "B": None})}, "echo [$A][$B]", "[given][]\n"),
]


@pytest.mark.parametrize("query,command,wanted", [row[1:] for row in PARAMETERS], ids=[row[0] for row in PARAMETERS])
def test_parameters_of_a_step(build, query, command, wanted):
    status, text, error = build(context("ARG A", "ARG B", f"RUN ({command}) 2>/dev/null"), **query)
    assert (status, error) == (200, "")
    printed = text.split(" ---> Running in ", 1)[1].split("\n", 1)[1].split(" ---> Removed")[0]
    assert printed in ((wanted,) if isinstance(wanted, str) else wanted)


def test_parameters_of_the_image(build):
    inspect = lambda name: build.engine.call("GET", f"/images/{name}/json", expect=200)[1]
    try:
        status, text, _ = build(
            archive({"sub/D": "FROM busybox AS a\nRUN echo a > /a && echo b > /b\nRUN rm /b\nFROM busybox\nRUN false\n"}), dockerfile="sub/D",
            t=["classic-case:1", "classic-case:2"], labels=json.dumps({"l": "1"}), target="a", squash=1, rm=1, forcerm=1, pull=0,
            platform="linux/amd64", cachefrom="[]", version=1)
        assert status == 200 and text.endswith("Successfully tagged classic-case:1\nSuccessfully tagged classic-case:2\n")
        first = inspect("classic-case:1")
        assert first["Config"]["Labels"] == {"l": "1"} and inspect("classic-case:2")["Id"] == first["Id"]
        assert len(first["RootFS"]["Layers"]) == 2
        status, text, _ = build(context("RUN true"), q=1)
        assert text.startswith("sha256:") and len(text.strip()) == 71
    finally:
        for tag in "12":
            build.engine.call("DELETE", f"/images/classic-case:{tag}?force=1")


@pytest.mark.parametrize("query,status,message", [
    ({"isolation": "hyperv"}, 400, 'unsupported isolation: "hyperv"'),
    ({"securityopt": '["seccomp=x"]'}, 400, "does not support setting security options on build"),
    ({"version": 2}, 501, "BuildKit sessions are not offered"), ({"version": 7}, 400, 'invalid version "7"'),
    ({"outputs": '[{"Type":"tar"}]'}, 501, "build outputs other than an image are not offered"),
    ({"cachefrom": "x"}, 400, "error reading cache-from: invalid character 'x'"), ({"buildargs": "x"}, 400, "error reading build args"),
    ({"labels": "["}, 400, "error reading labels"), ({"ulimits": "x"}, 400, "error reading ulimit settings"),
    ({"t": "UPPER"}, 400, "must be lowercase"), ({"platform": "a/b/c/d"}, 400, "cannot parse platform specifier"),
    ({"dockerfile": "../../etc/passwd"}, 400, "Cannot locate specified Dockerfile"),
    ({"networkmode": "nosuch"}, 200, "network nosuch not found"), ({"target": "nosuch"}, 400, 'target stage "nosuch" could not be found'),
    ({"remote": "nonsense"}, 501, "cannot build from `nonsense`"),
])
def test_refused(build, query, status, message):
    found, _, error = build(context("RUN true"), **query)
    assert found == status and message in error


@pytest.mark.parametrize("body,status,message", [
    (b"", 400, "Cannot locate specified Dockerfile: Dockerfile"), (b"hello world" * 100, 400, "invalid tar header"),
    (context("COPY . /", f="x" * 5000)[:2500], 400, "unexpected EOF"), (archive({"a": "b"}), 400, "Cannot locate specified Dockerfile"),
])
def test_broken_contexts(build, body, status, message):
    found, _, error = build(body)
    assert found == status and message in error


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, "zstd"], ids=["gzip", "bzip2", "xz", "zstd"])
def test_compressed_contexts(build, pack):
    body = context("COPY f /f", "RUN cat /f", f="packed")
    if pack == "zstd":
        if not shutil.which("zstd"):
            pytest.skip("the program zstd is not installed")
        body = subprocess.run(["zstd", "-q", "-c"], input=body, capture_output=True, check=True).stdout
    else:
        body = pack(body)
    status, text, _ = build(body)
    assert status == 200 and "packed" in text


@pytest.fixture
def address(tmp_path):
    """A folder over HTTP on loopback."""
    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, directory=str(tmp_path), **options)

        def log_message(self, *_):
            pass
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_remote_files(build, address, tmp_path):
    (tmp_path / "text").write_text("FROM busybox\nRUN echo from-a-text\n")
    (tmp_path / "context.tgz").write_bytes(gzip.compress(archive({"sub/D": "FROM busybox\nCOPY f /f\nRUN cat /f\n", "f": "from-an-archive\n"})))
    assert "from-a-text\n" in build(b"", remote=f"{address}/text")[1]
    assert "from-an-archive\n" in build(b"", remote=f"{address}/context.tgz", dockerfile="sub/D")[1]
    status, _, error = build(b"", remote=f"{address}/nosuch")
    assert status >= 400 and "invalid response status 404" in error


@pytest.mark.parametrize("keeps", [False, True])
def test_remote_repository(build, address, tmp_path, keeps):
    """Over plain HTTP, which git reads as files; `.git` is part of the context only where BUILDKIT_CONTEXT_KEEP_GIT_DIR says so."""
    if not shutil.which("git"):
        pytest.skip("git is not installed")
    work = tmp_path / "work"
    work.mkdir()
    (work / "Dockerfile").write_text("FROM busybox\nCOPY . /c/\nRUN ls -A /c\n")

    def git(*words):
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *words], cwd=work, check=True, capture_output=True)
    git("init", "-q", "-b", "main")
    git("add", ".")
    git("commit", "-qm", "x")
    git("clone", "-q", "--bare", ".", str(tmp_path / "repository.git"))
    subprocess.run(["git", "update-server-info"], cwd=tmp_path / "repository.git", check=True)
    arguments = json.dumps({"BUILDKIT_CONTEXT_KEEP_GIT_DIR": "1"} if keeps else {})
    status, text, error = build(b"", remote=f"{address}/repository.git#main", buildargs=arguments)
    assert (status, error) == (200, "")
    assert ((".git\nDockerfile\n") if keeps else "Dockerfile\n") in text and (".git\n" in text) == keeps


def test_cancel(build):
    answers = []

    def run():
        answers.append(build(context("RUN echo begun && sleep 60"), buildid="classic-cancel"))
    thread = threading.Thread(target=run)
    started = time.monotonic()
    thread.start()
    while build.engine.call("POST", "/build/cancel?id=classic-cancel")[0] == 404:
        assert time.monotonic() - started < 20
    thread.join(20)
    assert not thread.is_alive() and "cancel" in answers[0][2] and time.monotonic() - started < 30
    assert build.engine.call("POST", "/build/cancel?id=nosuch")[0] == 404


def test_the_end_of_a_cancelled_build_is_told(build):
    """Also when it is cancelled while one of its messages is on the way."""
    for number in range(40):
        answers = []

        def run():
            answers.append(build(context("RUN echo begun && sleep 60"), buildid=f"classic-cancel-{number}"))
        thread = threading.Thread(target=run)
        thread.start()
        wait_for(lambda: build.engine.call("POST", f"/build/cancel?id=classic-cancel-{number}")[0] != 404, "the build")
        thread.join(20)
        assert answers and "cancel" in answers[0][2], (number, answers)


def test_cache_in_system_df(build):
    assert build(context("RUN echo classic-df > /f"))[0] == 200
    rows = build.engine.call("GET", "/system/df?type=build-cache", expect=200)[1]["BuildCache"]
    row = next(row for row in rows if "classic-df" in row["Description"])
    assert row["Type"] == "regular" and row["InUse"] is False and isinstance(row["Size"], int)


@pytest.mark.parametrize("arguments", [["-q"], ["--compress"], ["--no-cache", "--rm=false", "--force-rm"], ["--memory=64m", "--memory-swap=-1"],
                                       ["--isolation=default"], ["--network=none", "--add-host=a:1.2.3.4"]])
def test_dockers_client(daemon, tmp_path, arguments):
    if not shutil.which("docker"):
        pytest.skip("the docker command is not installed")
    docker = Cli("docker", daemon)
    (tmp_path / "Dockerfile").write_text("FROM busybox\nCOPY a /a\nRUN cat /a\n")
    (tmp_path / "a").write_text("a\n")
    try:
        text = docker.ok("build", *arguments, "-t", "classic-client:1", "--iidfile", tmp_path / "id", str(tmp_path))
        image = json.loads(docker.ok("image", "inspect", "classic-client:1"))[0]["Id"]
        assert (tmp_path / "id").read_text().strip() == image
        if "-q" in arguments:
            assert text.strip() == image
        else:
            assert "Successfully tagged classic-client:1" in text
    finally:
        docker("rmi", "-f", "classic-client:1")
