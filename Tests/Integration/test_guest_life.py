"""The life of containers in short, on whatever kernel: this is what the virtual machine of scripts/test-guest runs beside the control
groups. Longer tests of the same things stand in files of their own and run on the host.
"""
import io
import os
import signal
import tarfile
from pathlib import Path

import pytest

from conftest import Daemon, wait_for
from engine import Engine, frames

pytestmark = pytest.mark.guest


@pytest.fixture
def own(tmp_path):
    """A daemon that a test may kill."""
    one = Daemon(tmp_path, "gtest5", "--bip", "172.31.245.1/24").start()
    try:
        Engine(one).load("busybox")
        yield one
    finally:
        if one.process.poll() is not None:
            one.start()
        one.destroy()


def test_life_over_deaths_of_the_daemon(own):
    engine = Engine(own)
    loop = engine.start("sh", "-c", "trap 'echo bye; exit 3' TERM; i=0; while true; do echo $((i=i+1)); sleep 0.1; done")
    brief = engine.start("sh", "-c", "while ! test -e /go; do sleep 0.1; done; exit 5")
    always = engine.start("sleep", "1000", RestartPolicy={"Name": "always"})
    first = engine.inspect(loop)["State"]["Pid"]
    root = Path(f"/proc/{engine.inspect(brief)['State']['Pid']}/root")
    third = engine.inspect(always)["State"]["Pid"]
    own.stop(signal.SIGKILL)
    os.kill(first, 0)
    (root / "go").touch()
    wait_for(lambda: not Path(f"/proc/{root.parts[2]}").exists(), "the end of the second container")
    os.kill(third, signal.SIGKILL)
    wait_for(lambda: not Path(f"/proc/{third}").exists(), "the end of the third container")
    own.start()
    state = engine.inspect(brief)["State"]
    assert (state["Status"], state["ExitCode"]) == ("exited", 5)
    assert engine.inspect(loop)["State"]["Pid"] == first
    wait_for(lambda: engine.inspect(always)["State"]["Running"] and engine.inspect(always)["State"]["Pid"] != third, "the restart")
    assert engine.execute(loop, "echo", "alive").stdout == "alive\n"
    engine.call("POST", f"/containers/{loop}/stop?t=60", expect=204)
    assert engine.inspect(loop)["State"]["ExitCode"] == 3
    stdout, _ = frames(engine.call("GET", f"/containers/{loop}/logs?stdout=1", expect=200)[1])
    lines = stdout.splitlines()
    assert lines[-1] == "bye" and [int(line) for line in lines[:-1]] == list(range(1, len(lines)))
    engine.remove_all()
    assert list((own.exec_root / "containers").iterdir()) == []
    assert list((own.data / "containers").iterdir()) == []
    assert not any(identifier in line for identifier in (loop, brief, always) for line in open("/proc/self/mountinfo"))
    assert not [path for path in Path("/sys/fs/cgroup").glob("**/gantry/*") if path.name in (loop, brief, always)]


def test_build_runs_steps_and_containers_talk(own):
    engine = Engine(own)
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as archive:
        text = b"FROM busybox\nRUN mkdir /www && echo hello > /www/index.html && cat /proc/self/cgroup\nCMD httpd -f -p 80 -h /www\n"
        member = tarfile.TarInfo("Dockerfile")
        member.size = len(text)
        archive.addfile(member, io.BytesIO(text))
    status, output = engine.call("POST", "/build?t=site&memory=67108864", context.getvalue(), kind="application/x-tar")
    assert status == 200 and b"Successfully tagged site:latest" in output, output
    server = engine.start(config={"Image": "site", "Cmd": None})
    address = engine.inspect(server)["NetworkSettings"]["Networks"]["bridge"]["IPAddress"]
    answer = engine.run("sh", "-c", f"i=0; until wget -q -O - http://{address}/; do i=$((i+1)); test $i -lt 50 || exit 1; sleep 0.2; done")
    assert answer.stdout == "hello\n", answer
