"""AppArmor: what confines containers, execs and build steps, and what `--security-opt apparmor=` asks for. Debian's kernel, which
scripts/test-guest boots, has it; without it only the refusals of test_sandbox.py and test_oci.py remain.
"""
import io
import json
import os
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from conftest import BIN, Cli, Daemon, mortal
from engine import Engine

ENABLED = Path("/sys/module/apparmor/parameters/enabled")
PROFILES = Path("/sys/kernel/security/apparmor/profiles")
NAME = "gantry-default"

pytestmark = [
    pytest.mark.guest,
    pytest.mark.skipif(not ENABLED.exists() or ENABLED.read_text().strip() != "Y", reason="this host's kernel has AppArmor switched off"),
    pytest.mark.skipif(not PROFILES.exists(), reason="securityfs is not mounted"),
    pytest.mark.skipif(not shutil.which("apparmor_parser", path="/usr/sbin:/sbin"), reason="apparmor_parser is not installed"),
]
CURRENT = ("cat", "/proc/self/attr/current")


@pytest.fixture(scope="module")
def confined(tmp_path_factory):
    with mortal(tmp_path_factory.mktemp("apparmor"), "gtest6", "--bip", "172.31.246.1/24") as one:
        yield one


@pytest.fixture
def gantry(confined):
    cli = Cli("gantry", confined)
    yield cli
    ids = cli.ok("ps", "-aq").split()
    if ids:
        cli.ok("rm", "-f", *ids)


def option(profile):
    return ("--security-opt", f"apparmor={profile}")


def loaded():
    return {line.rpartition(" (")[0]: line.rpartition(" (")[2].rstrip(")") for line in PROFILES.read_text().splitlines()}


def shown(gantry, container):
    return gantry.ok("inspect", "-f", "{{.AppArmorProfile}}", container).strip()


def parse(text, *options):
    subprocess.run(["/usr/sbin/apparmor_parser", "--skip-cache", *options], input=text, text=True, check=True)


@pytest.fixture
def own_profile():
    """A profile that lets everything but writes below /tmp pass."""
    name = "gantry-test-profile"
    text = f"profile {name} flags=(attach_disconnected) {{\n file,\n network,\n capability,\n signal,\n deny /tmp/** w,\n}}\n"
    parse(text, "--replace")
    yield name
    parse(text, "--remove")


def test_containers_execs_and_build_steps_are_confined(gantry, confined):
    assert loaded()[NAME] == "enforce"
    container = gantry.ok("run", "-d", "busybox", "sh", "-c", "cat /proc/self/attr/current; exec sleep 1000").strip()
    assert gantry.ok("logs", container).strip() == f"{NAME} (enforce)"
    assert shown(gantry, container) == NAME
    for options in ((), ("--privileged",), ("-u", "1000")):
        assert gantry.ok("exec", *options, container, *CURRENT).strip() == f"{NAME} (enforce)", options
    assert gantry.ok("run", "--rm", "-t", "-u", "1000", "--security-opt", "no-new-privileges", "busybox", *CURRENT).strip() == f"{NAME} (enforce)"
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as archive:
        text = b"FROM busybox\nRUN echo step: $(cat /proc/self/attr/current)\n"
        member = tarfile.TarInfo("Dockerfile")
        member.size = len(text)
        archive.addfile(member, io.BytesIO(text))
    status, output = Engine(confined).call("POST", "/build", context.getvalue(), kind="application/x-tar")
    assert status == 200 and f"step: {NAME} (enforce)".encode() in output, output
    assert "name=apparmor" in json.loads(gantry.ok("info", "--format", "{{json .SecurityOptions}}"))


def test_what_the_profile_denies(gantry):
    """With the other layers opened by options, the profile alone decides; without it the same is possible."""
    opened = ("--rm", "--cap-add", "SYS_ADMIN", "--security-opt", "systempaths=unconfined", "--security-opt", "seccomp=unconfined")

    def outcomes(scripts, *options):
        """Exit code and output of each."""
        script = "\n".join(f"({one}) 2>&1; echo \"code $?\"" for one in scripts)
        parts = re.split(r"code (\d+)\n", gantry.ok("run", *opened, *options, "busybox", "sh", "-c", script))
        return dict(zip(scripts, zip(map(int, parts[1::2]), parts[::2])))

    attempts = [
        "mount -t tmpfs none /tmp", "mount --bind /etc /tmp", "mount -o remount,rw /sys", "echo h >/proc/sysrq-trigger",
        "dd if=/proc/kcore bs=1 count=1 of=/dev/null", ": >/proc/sys/kernel/core_pattern", ": >/proc/sys/kernel/sysrq",
        ": >/proc/sys/kernel/hostname", ": >/proc/sys/kernel/modprobe", ": >/proc/sys/vm/drop_caches",
        ": >/proc/sys/fs/file-max", ": >/proc/sys/net/ipv4/ip_forward", ": >/proc/irq/default_smp_affinity",
        "ls /sys/firmware/memmap"]
    for script, (code, text) in outcomes(attempts).items():
        assert code != 0 and "denied" in text, (script, code, text)
    possible = ["mount -t tmpfs none /tmp", "mount --bind /etc /tmp", ": >/proc/sys/kernel/core_pattern", ": >/proc/sys/kernel/hostname", ": >/proc/sys/fs/file-max"]
    for script, (code, text) in outcomes(possible, *option("unconfined")).items():
        assert code == 0, (script, code, text)


@pytest.mark.skipif(not shutil.which("aa-exec"), reason="aa-exec is not installed")
def test_sockets_of_the_kernels_ciphers_are_denied(confined):
    """Under the profile alone, whatever a filter says: a family whose flaws have given pages of the host (CVE-2026-31431)."""
    attempt = "import socket\nfor family in (socket.AF_INET, socket.AF_ALG):\n  socket.socket(family, socket.SOCK_DGRAM if family != socket.AF_ALG else socket.SOCK_SEQPACKET)\n  print(family.name)"
    words = [shutil.which("python3"), "-c", attempt]
    result = subprocess.run(["aa-exec", "-p", NAME, "--", *words], capture_output=True, text=True)
    assert result.stdout == "AF_INET\n" and "PermissionError" in result.stderr, result
    assert subprocess.run(words, capture_output=True, text=True).stdout == "AF_INET\nAF_ALG\n"


def test_what_containers_need_stays_possible(gantry):
    script = """set -e
    echo 4096 >/proc/sys/kernel/shmmni; echo "250 32000 32 200" >/proc/sys/kernel/sem
    mkdir /tmp/d; echo x >/tmp/d/f; ln /tmp/d/f /tmp/d/g; cp /bin/busybox /tmp/d; /tmp/d/busybox true
    echo 5 >/proc/self/oom_score_adj; echo name >/proc/self/comm
    sleep 100 & kill -TERM $!; wait $! || test $? = 143
    nc -l -p 7 </dev/null & i=0; until nc 127.0.0.1 7 </dev/null; do i=$((i+1)); test $i -lt 50; sleep 0.1; done
    echo fine"""
    assert gantry.ok("run", "--rm", "--security-opt", "systempaths=unconfined", "busybox", "sh", "-c", script).splitlines()[-1] == "fine"
    container = gantry.ok("run", "-d", "busybox", "sh", "-c", "trap 'exit 7' TERM; while true; do sleep 0.1; done").strip()
    gantry.ok("stop", "-t", "60", container)
    assert gantry.ok("inspect", "-f", "{{.State.ExitCode}} {{.AppArmorProfile}}", container).split() == ["7", NAME]
    make = "mkdir /sys/fs/cgroup/own && rmdir /sys/fs/cgroup/own && echo made"
    assert gantry.ok("run", "--rm", "--security-opt", "writable-cgroups=true", "busybox", "sh", "-c", make).strip() == "made"


def test_profiles_by_name(gantry, own_profile):
    for options, expected in [
            (option("unconfined"), "unconfined"), (("--privileged",), "unconfined"), (option("docker-default"), f"{NAME} (enforce)"),
            (option(NAME), f"{NAME} (enforce)"), (option(own_profile), f"{own_profile} (enforce)"),
            (("--privileged", *option(own_profile)), f"{own_profile} (enforce)"), (("--security-opt", f"apparmor:{own_profile}"), f"{own_profile} (enforce)")]:
        container = gantry.ok("run", "-d", *options, "busybox", "sh", "-c", "cat /proc/self/attr/current; exec sleep 1000").strip()
        assert gantry.ok("logs", container).strip() == expected, options
        assert gantry.ok("exec", container, *CURRENT).strip() == expected, options
        assert shown(gantry, container) == expected.removesuffix(" (enforce)"), options
    result = gantry("run", "--rm", *option(own_profile), "busybox", "touch", "/tmp/x")
    assert result.returncode == 1 and "Permission denied" in result.stderr


def test_unknown_profiles_are_refused(gantry, own_profile):
    result = gantry("create", *option("no-such-profile"), "busybox")
    assert result.returncode == 1 and "the AppArmor profile `no-such-profile` is not loaded" in result.stderr, result.stderr
    assert gantry.ok("ps", "-aq") == ""
    container = gantry.ok("create", *option(own_profile), "busybox", "true").strip()
    assert shown(gantry, container) == own_profile
    parse(f"profile {own_profile} {{}}\n", "--remove")
    result = gantry("start", container)
    assert result.returncode == 1 and f"the AppArmor profile `{own_profile}` is not loaded" in result.stderr, result.stderr
    parse(f"profile {own_profile} {{}}\n", "--replace")


def processes_under(profile):
    found = []
    for path in Path("/proc").glob("[0-9]*/attr/current"):
        try:
            if path.read_text().startswith(profile):
                found.append(path.parts[2])
        except OSError:
            continue
    return found


@pytest.fixture
def unloaded():
    """The kernel without our profile."""
    if processes_under(NAME):
        pytest.skip("containers of another daemon run under the profile, which this test takes away")
    if NAME in loaded():
        Path("/sys/kernel/security/apparmor/.remove").write_text(NAME)
    assert NAME not in loaded()


def test_a_profile_that_was_taken_away_is_loaded_again(gantry, unloaded):
    assert gantry.ok("run", "--rm", "busybox", *CURRENT).strip() == f"{NAME} (enforce)"


def test_without_the_parser(tmp_path, unloaded):
    (tmp_path / "empty").mkdir()
    one = Daemon(tmp_path, "gtest7", "--bip", "172.31.247.1/24")
    one.wrapper = ("unshare", "--mount", "sh", "-c", 'mount --bind "$0" /usr/sbin && exec "$@"', tmp_path / "empty")
    one.start()
    try:
        Engine(one).load("busybox")
        cli = Cli("gantry", one)
        assert cli.ok("run", "--rm", "busybox", *CURRENT).strip() == "unconfined"
        result = cli("create", *option("docker-default"), "busybox")
        assert result.returncode == 1 and f"`{NAME}` cannot be loaded: `apparmor_parser` is missing" in result.stderr, result.stderr
        info = json.loads(cli.ok("info", "--format", "{{json .}}"))
        assert "name=apparmor" not in info["SecurityOptions"]
        assert any("AppArmor is enabled, but containers run without a profile" in warning for warning in info["Warnings"])
        assert "no AppArmor profile" in one.tail()
    finally:
        one.destroy()


def test_the_runtime_alone(tmp_path, own_profile):
    """`gantry-oci` applies `process.apparmorProfile` as it is, to the container and to what enters it."""
    bundle = tmp_path / "bundle"
    (bundle / "rootfs/bin").mkdir(parents=True)
    shutil.copy("/bin/busybox", bundle / "rootfs/bin/busybox")
    for name in ("cat", "sh", "sleep"):
        os.symlink("busybox", bundle / "rootfs/bin" / name)

    def oci(*words, check=True):
        result = subprocess.run([BIN / "gantry-oci", "--root", tmp_path / "state", *words], capture_output=True, text=True, cwd=bundle, timeout=60)
        assert not check or result.returncode == 0, result.stderr
        return result

    def configure(profile, *words):
        config = json.loads((bundle / "config.json").read_text())
        config["process"].update(args=list(words), terminal=False, apparmorProfile=profile)
        (bundle / "config.json").write_text(json.dumps(config))

    oci("spec")
    configure(own_profile, *CURRENT)
    assert oci("run", "apparmor-a").stdout.strip() == f"{own_profile} (enforce)"
    configure("no-such-profile", *CURRENT)
    refused = oci("run", "apparmor-b", check=False)
    assert refused.returncode != 0 and "no-such-profile" in refused.stderr, refused.stderr
    configure(own_profile, "sleep", "1000")
    # Streams that the container keeps would be waited for here.
    subprocess.run([BIN / "gantry-oci", "--root", tmp_path / "state", "run", "-d", "apparmor-c"], cwd=bundle, check=True,
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)
    try:
        assert oci("exec", "apparmor-c", *CURRENT).stdout.strip() == f"{own_profile} (enforce)"
        assert oci("exec", "--apparmor", "unconfined", "apparmor-c", *CURRENT).stdout.strip() == "unconfined"
    finally:
        oci("delete", "--force", "apparmor-c")
