"""Cache mounts carried between machines, and how the build cache is looked at, pruned and kept small."""
import io
import json
import os
import subprocess
import tarfile
import threading

import pytest

from conftest import BIN, IMAGES, Cli, Daemon, wait_for

MOUNT = "FROM busybox\nARG N=0\nRUN --mount=type=cache,id={id},target=/cache{options} {command}\n"


class Builder:
    def __init__(self, folder, bridge, number, *flags):
        self.folder = folder
        self.daemon = Daemon(folder, bridge, "--bip", f"172.31.{number}.1/24", *flags).start()
        self.gantry = Cli("gantry", self.daemon)
        self.gantry.ok("load", "-i", IMAGES / "busybox.tar")
        self.count = 0

    def run(self, command, id="/go/cache", options="", tag=None):
        """A RUN that is always done, with the cache mount at /cache; gives what it printed."""
        self.count += 1
        context = self.folder / "context"
        context.mkdir(exist_ok=True)
        (context / "Dockerfile").write_text(MOUNT.format(id=id, options=options, command=f"{command} && : {self.count}"))
        output = ["-t", tag] if tag else ["-o", "type=cacheonly"]
        result = self.gantry("build", "--progress=plain", *output, str(context))
        assert result.returncode == 0, result.stderr
        return result.stderr

    def records(self, *filters):
        text = self.gantry.ok("builder", "du", "--format", "json", *(part for f in filters for part in ("--filter", f)))
        return [json.loads(line) for line in text.splitlines()]


@pytest.fixture(scope="module")
def machines(tmp_path_factory):
    made = [Builder(tmp_path_factory.mktemp(f"care{n}"), f"gcare{n}", 246 + n) for n in (0, 1)]
    yield made
    for machine in made:
        machine.daemon.destroy()


@pytest.fixture
def pair(machines):
    yield machines
    for machine in machines:
        machine.gantry("rmi", "-f", "care:1")
        machine.gantry.ok("builder", "prune", "-af")


FILL = "mkdir /cache/d && echo warm > /cache/d/f && ln -s d/f /cache/link && ln /cache/d/f /cache/hard && chmod 640 /cache/d/f " \
       "&& chown 7:8 /cache/d/f && chmod 1750 /cache && chown 9:10 /cache"
LOOK = "stat -c '%n %a %u:%g %F' /cache /cache/d/f /cache/link && cat /cache/link && stat -c %h /cache/hard"
SEEN = ["/cache 1750 9:10 directory", "/cache/d/f 640 7:8 regular file", "/cache/link 777 0:0 symbolic link", "warm", "2"]


@pytest.mark.parametrize("way", ["file", "pipe", "gzip", "registry"])
def test_a_warm_start(pair, registry, tmp_path, way):
    """Content, owners, modes and links arrive, those of the directory itself too."""
    first, second = pair
    first.run(FILL)
    place = f"{registry}/mounts/go:1" if way == "registry" else str(tmp_path / "mount.tar")
    if way == "pipe":
        with open(place, "wb") as out:
            subprocess.run([first.gantry.path, "builder", "cache", "export", "/go/cache", "-"], env=first.gantry.environment, stdout=out, check=True)
        with open(place, "rb") as archive:
            subprocess.run([first.gantry.path, "builder", "cache", "import", "/go/cache", "-"], env=second.gantry.environment, stdin=archive, check=True)
    else:
        output = first.gantry.ok("builder", "cache", "export", "/go/cache", place)
        if way == "registry":
            assert output.startswith(f"{place}@sha256:")
        if way == "gzip":
            subprocess.run(["gzip", place], check=True)
            place += ".gz"
        second.gantry.ok("builder", "cache", "import", "/go/cache", place)
    seen = second.run(LOOK)
    assert all(any(line.endswith(wanted) for line in seen.splitlines()) for wanted in SEEN), seen
    # Under another id, and in place of what was there.
    second.run("echo other > /cache/other", id="npm")
    second.gantry.ok("builder", "cache", "import", "npm", place)
    assert not any(line.endswith(" other") for line in second.run("ls /cache", id="npm").splitlines())


def test_a_namespace_keeps_mounts_apart(pair):
    machine, _ = pair
    machine.run("echo mine > /cache/x")
    context = machine.folder / "context"
    (context / "Dockerfile").write_text(MOUNT.format(id="/go/cache", options="", command="ls /cache | wc -l && echo theirs > /cache/x"))
    result = machine.gantry("build", "--progress=plain", "--build-arg", "BUILDKIT_CACHE_MOUNT_NS=team", "-o", "type=cacheonly", str(context))
    assert result.returncode == 0 and any(line.endswith(" 0") for line in result.stderr.splitlines()), result.stderr
    assert mounts(machine) == ["/go/cache", "team//go/cache"]
    assert "mine" in machine.run("cat /cache/x")


def test_the_same_archive(pair, tmp_path):
    first, _ = pair
    first.run("mkdir -p /cache/b /cache/a && echo 1 > /cache/a/1")
    for name in ("one.tar", "two.tar"):
        first.gantry.ok("builder", "cache", "export", "/go/cache", tmp_path / name)
    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "two.tar").read_bytes()
    assert tarfile.open(tmp_path / "one.tar").getnames() == [".", "./a", "./a/1", "./b"]


def archive(path, *members):
    with tarfile.open(path, "w") as tar:
        for member, content in members:
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path


def member(name, kind=tarfile.REGTYPE, link="", mode=0o644):
    one = tarfile.TarInfo(name)
    one.type, one.linkname, one.mode = kind, link, mode
    return one


def test_hostile_archives(pair, tmp_path):
    """Nothing is written outside, nothing half unpacked stays, and the mount keeps what it had."""
    machine, _ = pair
    machine.run("echo kept > /cache/kept")
    mounts = machine.daemon.data / "build-mounts"
    outside = tmp_path / "outside"
    outside.mkdir()
    cases = {
        "device": (archive(tmp_path / "1.tar", (member("a"), b"x"), (member("sda", tarfile.BLKTYPE), b"")), "is a device"),
        "no archive": (tmp_path / "2.tar", "invalid tar header"),
        "empty": (tmp_path / "3.tar", "empty"),
        "cut": (tmp_path / "4.tar", ""),
        "hard link": (archive(tmp_path / "5.tar", (member("l", tarfile.LNKTYPE, "../../../../etc/passwd"), b"")), ""),
    }
    (tmp_path / "2.tar").write_bytes(b"this is no archive" * 100)
    (tmp_path / "3.tar").write_bytes(bytes(10240))
    whole = archive(tmp_path / "w.tar", (member("large"), bytes(100000))).read_bytes()
    (tmp_path / "4.tar").write_bytes(whole[:50000])
    for name, (path, message) in cases.items():
        result = machine.gantry("builder", "cache", "import", "/go/cache", path)
        assert result.returncode == 1 and message in result.stderr, (name, result)
        assert "kept" in machine.run("cat /cache/kept"), name
        assert len(list(mounts.iterdir())) == 1, name
    evil = archive(
        tmp_path / "6.tar", (member("out", tarfile.SYMTYPE, str(outside)), b""), (member("out/file"), b"x"),
        (member("../../../../../../../../" + str(outside / "up").lstrip("/")), b"x"))
    machine.gantry("builder", "cache", "import", "/go/cache", evil)
    assert list(outside.iterdir()) == []


def test_errors(pair, registry, tmp_path):
    machine, _ = pair
    result = machine.gantry("builder", "cache", "export", "nothing", tmp_path / "x.tar")
    assert result.returncode == 1 and "no cache mount `nothing`: there is none" in result.stderr
    assert list(tmp_path.glob("x.tar*")) == []
    machine.run("touch /cache/x")
    assert "there are `/go/cache`" in machine.gantry("builder", "cache", "export", "nothing", tmp_path / "x.tar").stderr
    result = machine.gantry("builder", "cache", "import", "a", tmp_path / "missing.tar")
    assert result.returncode == 1 and "missing.tar" in result.stderr
    result = machine.gantry("builder", "cache", "import", "a", f"{registry}/mounts/none:1")
    assert result.returncode == 1 and f"manifest for {registry}/mounts/none:1 not found" in result.stderr
    # An image is no cache mount.
    machine.gantry.ok("tag", "busybox", f"{registry}/mounts/image:1")
    machine.gantry.ok("push", f"{registry}/mounts/image:1")
    machine.gantry.ok("rmi", f"{registry}/mounts/image:1")
    result = machine.gantry("builder", "cache", "import", "a", f"{registry}/mounts/image:1")
    assert result.returncode == 1 and "holds no cache mount" in result.stderr
    assert machine.gantry("builder", "cache", "export", "/go/cache", "127.0.0.1:1/x:1").returncode == 1


def test_in_use(pair, tmp_path):
    """While a build works in it a mount is neither given away, replaced nor pruned."""
    machine, _ = pair
    machine.run("echo 1 > /cache/one")
    path = next((machine.daemon.data / "build-mounts").iterdir())
    archived = tmp_path / "m.tar"
    machine.gantry.ok("builder", "cache", "export", "/go/cache", archived)
    worker = threading.Thread(target=machine.run, args=("touch /cache/begun && while [ ! -e /cache/end ]; do sleep 0.1; done",))
    worker.start()
    wait_for((path / "begun").exists, "the step's start")
    for command in ("export", "import"):
        result = machine.gantry("builder", "cache", command, "/go/cache", archived)
        assert result.returncode == 1 and "in use by a build" in result.stderr
    assert machine.records("type=exec.cachemount")[0]["Reclaimable"] == "false"
    assert len(machine.records("inuse=true")) == 1
    machine.gantry.ok("builder", "prune", "-af")
    assert (path / "one").exists()
    (path / "end").touch()
    worker.join()
    machine.gantry.ok("builder", "prune", "-af")
    assert not path.exists()


# -- du and prune

def test_du(pair):
    machine, _ = pair
    machine.run("head -c 100000 /dev/zero > /cache/zeros && head -c 50000 /dev/urandom > /random", tag="care:1")
    table = machine.gantry.ok("builder", "du")
    assert table.splitlines()[0].split() == ["ID", "RECLAIMABLE", "SIZE", "LAST", "ACCESSED"]
    assert "100kB" in table and "Total:        150kB" in table
    kinds = {record["Type"]: record for record in machine.records()}
    assert set(kinds) == {"regular", "exec.cachemount"}
    assert kinds["exec.cachemount"]["Description"] == "cache mount /go/cache" and kinds["exec.cachemount"]["Mutable"] == "true"
    text = machine.gantry.ok("builder", "du", "--verbose", "--filter", "type=exec.cachemount")
    assert "Type:           exec.cachemount" in text and "Reclaimable:    true" in text and "regular" not in text
    # The step's layer is the image's as well.
    assert [r["Type"] for r in machine.records("shared=true")] == ["regular"]
    assert [r["Type"] for r in machine.records("private=true")] == ["exec.cachemount"]
    assert [r["Type"] for r in machine.records("mutable=true")] == ["exec.cachemount"]
    assert [r["Type"] for r in machine.records(f"id={kinds['regular']['ID'][:20]}")] == ["regular"]
    assert machine.records("unused-for=1h") == [] and len(machine.records("until=0s")) == 2
    usage = json.loads(machine.gantry.ok("system", "df", "-v", "--format", "{{json .BuildCache}}"))
    assert len(usage) == 2


@pytest.mark.parametrize("arguments,message", [
    (["--filter", "colour=red"], "invalid filter 'colour'"),
    (["--filter", "until=yesterday"], "invalid value for the filter `until`"),
    (["--filter", "until=1h", "--filter", "unused-for=1h"], 'conflicting filters: "until" and "unused-for"'),
    (["--filter", "until=1h", "--filter", "until=2h"], "filters expect only one value"),
    (["--filter", "shared=perhaps"], "expected true or false"),
    (["--keep-storage", "lots"], "invalid size: 'lots'"),
    (["--keep-storage", "1", "--reserved-space", "2"], "--reserved-space"),
])
def test_refused(pair, arguments, message):
    result = pair[0].gantry("builder", "prune", "-f", *arguments)
    assert result.returncode != 0 and message in result.stderr


def test_prune_with_filters(pair):
    machine, _ = pair
    machine.run("echo a > /cache/a", id="one")
    machine.run("echo b > /cache/b", id="two")
    assert len(machine.records()) == 4
    machine.gantry.ok("builder", "prune", "-f", "--filter", "unused-for=1h")
    assert len(machine.records()) == 4
    machine.gantry.ok("builder", "prune", "-f", "--filter", "description=cache mount one")
    assert sorted(r["Description"] for r in machine.records("type=exec.cachemount")) == ["cache mount two"]
    machine.gantry.ok("builder", "prune", "-f", "--filter", "type=regular")
    assert [r["Type"] for r in machine.records()] == ["exec.cachemount"]
    result = machine.gantry.ok("builder", "prune", "-f")
    assert "Total reclaimed space: 2B" in result and machine.records() == []


def fill(machine, ids):
    for id in ids:
        machine.run("head -c 100000 /dev/zero > /cache/zeros", id=id)


def mounts(machine):
    return sorted(r["Description"].split()[-1] for r in machine.records("type=exec.cachemount"))


def test_budgets(pair):
    """The least recently used go first, and no more of them than must."""
    machine, _ = pair
    fill(machine, "abc")
    machine.gantry.ok("builder", "prune", "-f", "--max-used-space", "1m")
    assert mounts(machine) == ["a", "b", "c"]
    machine.run("true", id="a")
    result = machine.gantry.ok("builder", "prune", "-f", "--max-used-space", "210000")
    assert mounts(machine) == ["a", "c"] and "100kB" in result
    machine.gantry.ok("builder", "prune", "-f", "--min-free-space", "1")
    assert mounts(machine) == ["a", "c"]
    # More than the disk has: everything but what is reserved goes.
    machine.gantry.ok("builder", "prune", "-f", "--min-free-space", "900t", "--reserved-space", "110000")
    assert mounts(machine) == ["a"]
    machine.gantry.ok("builder", "prune", "-f", "--keep-storage", "110000")
    assert mounts(machine) == ["a"]
    machine.gantry.ok("builder", "prune", "-f", "--keep-storage", "90000")
    assert mounts(machine) == []


def test_dockers_client(pair):
    machine, _ = pair
    fill(machine, "ab")
    docker = Cli("docker", machine.daemon)
    assert "100kB" in docker.ok("system", "df", "-v")
    docker.ok("builder", "prune", "-f", "--filter", "unused-for=1h")
    docker.ok("builder", "prune", "-f", "--keep-storage", "110000")
    assert mounts(machine) == ["b"]
    assert "Total reclaimed space: 100kB" in docker.ok("builder", "prune", "-af") and machine.records() == []


# -- garbage collection

def configured(tmp_path, builder, start=True):
    path = tmp_path / "daemon.json"
    path.write_text(json.dumps({"builder": builder}))
    flags = ("--config-file", str(path))
    if start:
        return Builder(tmp_path / "gc", "gcare9", 249, *flags)
    return subprocess.run(
        [BIN / "gantryd", *flags, "-H", f"unix://{tmp_path}/s", "--data-root", tmp_path / "d", "--exec-root", tmp_path / "e"],
        capture_output=True, text=True, timeout=20)


def test_collection_after_builds(tmp_path):
    machine = configured(tmp_path, {"gc": {"enabled": True, "policy": [
        {"maxUsedSpace": "250KB", "filter": ["type=exec.cachemount"]}]}})
    try:
        fill(machine, "abcd")
        # Each build is followed by a cleaning; those that come close together wait for the next one.
        def tidy():
            machine.run("true", id="d")
            return "a" not in mounts(machine) and len(mounts(machine)) <= 2
        wait_for(tidy, "the cleaning")
        assert "d" in mounts(machine) and "build cache was cleaned" in machine.daemon.tail()
        assert machine.records("type=regular")
    finally:
        machine.daemon.destroy()


@pytest.mark.parametrize("builder,message", [
    ({"gc": {"policy": [{"keepStorage": "much"}]}}, "invalid size: 'much'"),
    ({"gc": {"policy": [{"filter": ["colour=red"]}]}}, "invalid filter 'colour'"),
    ({"gc": {"retain": True}}, "don't match any configuration option: builder.gc.retain"),
    ({"mode": "fast"}, "don't match any configuration option: builder.mode"),
    ({"gc": {"enabled": "yes"}}, "invalid JSON or value"),
])
def test_bad_policies(tmp_path, builder, message):
    result = configured(tmp_path, builder, start=False)
    assert result.returncode == 1 and message in result.stderr, result.stderr
