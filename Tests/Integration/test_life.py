"""The life of a container: why it ended, restart policies, health, events."""
import json
import os
import shutil
import signal
import subprocess

import pytest

from conftest import Cli, wait_for


def why(cli, name):
    return json.loads(cli.ok("why", "--format", "json", name))


def status(cli, name):
    return cli.ok("inspect", "-f", "{{.State.Status}}", name).strip()


def pid(cli, name):
    return int(cli.ok("inspect", "-f", "{{.State.Pid}}", name))


def ended(cli, name):
    wait_for(lambda: status(cli, name) == "exited", f"the end of {name}")


# Why

def test_why_out_of_memory(gantry):
    assert gantry("run", "--name", "big", "-m", "32m", "python:3.11-slim", "python3", "-c", "x = bytearray(200 << 20)").returncode == 137
    answer = why(gantry, "big")
    assert answer["Cause"] == "out-of-memory"
    end = answer["Ends"][0]
    assert end["MemoryLimit"] == 32 << 20 and 0 < end["MemoryPeak"] <= 32 << 20
    assert "killed by the kernel: out of memory (limit 32MiB" in gantry.ok("why", "big")


def test_why_a_client_asked(gantry):
    gantry.ok("run", "-d", "--name", "polite", "busybox", "sh", "-c", "trap 'exit 4' TERM; while true; do sleep 0.05; done")
    wait_for(lambda: "trap" in gantry.ok("top", "polite"), "the program")
    gantry.ok("stop", "polite")
    assert "ended with code 4 after SIGTERM" in why(gantry, "polite")["Summary"]
    gantry.ok("run", "-d", "--name", "deaf", "busybox", "sleep", "1000")
    gantry.ok("stop", "-t", "0", "deaf")
    end = why(gantry, "deaf")["Ends"][0]
    assert (end["Cause"], end["Signal"], end["Request"]["Action"], end["Request"]["Signal"]) == ("requested", "SIGKILL", "stop", "SIGTERM")
    assert end["Request"]["Client"] == "Gantry-Client" and end["Request"]["KilledAt"] > end["Request"]["At"]
    gantry.ok("start", "deaf")
    gantry.ok("kill", "deaf")
    ended(gantry, "deaf")
    assert [end["Request"]["Action"] for end in why(gantry, "deaf")["Ends"]] == ["kill", "stop"]


def test_why_nobody_asked(gantry):
    for name, victim, cause in [("shot", lambda p: p, "signal"), ("orphan", parent, "shim-lost")]:
        gantry.ok("run", "-d", "--name", name, "busybox", "sleep", "1000")
        os.kill(victim(pid(gantry, name)), signal.SIGKILL)
        ended(gantry, name)
        assert why(gantry, name)["Cause"] == cause
    assert "no client of this daemon sent it" in gantry.ok("why", "shot")


def parent(process):
    return int(next(line for line in open(f"/proc/{process}/status") if line.startswith("PPid:")).split()[1])


def test_why_it_does_not_start(gantry):
    gantry("run", "--name", "absent", "busybox", "no-such-program")
    failure = why(gantry, "absent")["Ends"][0]["Failure"]
    assert (failure["Errno"], failure["Step"]) == ("ENOENT", "execve `no-such-program`")
    gantry("run", "--name", "mismatch", "-v", "/etc/hosts:/etc", "busybox", "true")
    answer = why(gantry, "mismatch")
    failure = answer["Ends"][0]["Failure"]
    assert answer["Cause"] == "start-failed" and failure["Number"] < failure["Total"] and "bind `/etc/hosts`" in failure["Step"]
    assert answer["Advice"] == ["source and target of a mount must both be directories or both be files: check -v and --mount"]
    assert gantry.ok("inspect", "-f", "{{.Why.Cause}}", "mismatch") == "start-failed\n"


def test_why_it_keeps_restarting(gantry):
    gantry.ok("run", "-d", "--name", "loop", "--restart", "always", "busybox", "sh", "-c", "exit 3")
    wait_for(lambda: len(why(gantry, "loop")["Ends"]) >= 3, "three runs")
    delays = [end["RestartDelayMs"] for end in reversed(why(gantry, "loop")["Ends"])]
    assert delays[:3] == [100, 200, 400]
    assert {end["ExitCode"] for end in why(gantry, "loop")["Ends"]} == {3}
    gantry.ok("stop", "loop")
    assert status(gantry, "loop") == "exited"
    assert gantry("why", "nosuch").returncode == 1


# Restart policies

def test_restart_counts_and_manual_stop(gantry):
    gantry.ok("run", "-d", "--name", "twice", "--restart", "on-failure:2", "busybox", "sh", "-c", "echo run; exit 3")
    wait_for(lambda: gantry.ok("inspect", "-f", "{{.RestartCount}} {{.State.Status}}", "twice") == "2 exited\n", "two restarts")
    assert gantry.ok("logs", "twice") == "run\n" * 3
    assert "gave up after 2 restarts" in gantry.ok("why", "twice")
    gantry.ok("start", "twice")
    wait_for(lambda: gantry.ok("logs", "twice") == "run\n" * 6, "three more runs: a start by hand counts anew")
    gantry.ok("run", "-d", "--name", "kept", "--restart", "always", "busybox", "sleep", "1000")
    gantry.ok("stop", "-t", "0", "kept")
    assert status(gantry, "kept") == "exited"
    gantry.ok("start", "kept")
    os.kill(pid(gantry, "kept"), signal.SIGKILL)
    wait_for(lambda: gantry.ok("inspect", "-f", "{{.RestartCount}} {{.State.Status}}", "kept") == "1 running\n", "the restart")
    gantry.ok("update", "--restart", "no", "kept")
    os.kill(pid(gantry, "kept"), signal.SIGKILL)
    ended(gantry, "kept")


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_restart_policies_over_the_daemons_end(own, how):
    cli = Cli("gantry", own)
    policies = {"no": [], "always": ["--restart", "always"], "unless": ["--restart", "unless-stopped"], "fail": ["--restart", "on-failure"]}
    for name, flags in policies.items():
        cli.ok("run", "-d", "--name", name, *flags, "busybox", "sleep", "1000")
    cli.ok("run", "-d", "--name", "stopped", "--restart", "unless-stopped", "busybox", "sleep", "1000")
    cli.ok("run", "-d", "--name", "stopped-always", "--restart", "always", "busybox", "sleep", "1000")
    cli.ok("run", "-d", "--name", "stays", "busybox", "sleep", "1000")
    cli.ok("stop", "-t", "0", "stopped", "stopped-always")
    before = pid(cli, "stays")
    victims = [pid(cli, name) for name in policies]
    exits = own.exec_root / "containers"
    own.stop(how)
    for victim in victims:
        os.kill(victim, signal.SIGKILL)
    wait_for(lambda: len(list(exits.glob("*/exit"))) == len(victims), "the exit records")
    own.start()
    for name in ["always", "unless", "fail", "stopped-always"]:
        wait_for(lambda: status(cli, name) == "running", f"the restart of {name}")
    assert status(cli, "no") == status(cli, "stopped") == "exited"
    assert cli.ok("inspect", "-f", "{{.State.ExitCode}}", "no") == "137\n"
    assert pid(cli, "stays") == before


def test_a_restart_of_the_host(own):
    """What runs is gone with the host, and /run with it: the records alone are left."""
    cli = Cli("gantry", own)
    cli.ok("run", "-d", "--name", "always", "--restart", "always", "busybox", "sleep", "1000")
    cli.ok("run", "-d", "--name", "unless", "--restart", "unless-stopped", "-p", "127.0.0.1::80", "busybox", "sleep", "1000")
    cli.ok("run", "-d", "--name", "plain", "-v", "data:/data", "busybox", "sleep", "1000")
    processes = [pid(cli, name) for name in ["always", "unless", "plain"]]
    shims = [parent(process) for process in processes]
    own.stop(signal.SIGKILL)
    for shim in shims:
        os.kill(shim, signal.SIGKILL)
    wait_for(lambda: not any(os.path.exists(f"/proc/{process}") for process in processes), "the end of all processes")
    shutil.rmtree(own.exec_root)
    database = own.data / "gantry.db"
    boot = open("/proc/sys/kernel/random/boot_id").read().strip()
    program = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('UPDATE container SET body = replace(body, ?, ?)', sys.argv[2:]); c.commit()"
    subprocess.run(["python3", "-c", program, database, boot, "another-boot"], check=True)
    own.start()
    for name in ["always", "unless"]:
        wait_for(lambda: status(cli, name) == "running", f"the restart of {name}")
    assert cli.ok("inspect", "-f", "{{.State.Status}} {{.State.ExitCode}} {{.Why.Cause}}", "plain") == "exited 255 host-restarted\n"
    assert "ended with the host" in cli.ok("inspect", "-f", "{{.State.Error}}", "plain")
    assert cli.ok("exec", "unless", "echo", "alive") == "alive\n"


def test_after_a_restart_of_the_host_donors_come_first(own):
    cli = Cli("gantry", own)
    cli.ok("run", "-d", "--name", "giver", "--restart", "always", "--ipc", "shareable", "busybox", "sleep", "1000")
    # Records are in the order of random ids: with so many one comes before the giver nearly always.
    takers = [f"{option}{number}" for option in ("network", "pid", "ipc") for number in (1, 2)]
    for name in takers:
        cli.ok("run", "-d", "--name", name, "--restart", "always", f"--{name[:-1]}", "container:giver", "busybox", "sleep", "1000")
    processes = [pid(cli, name) for name in ["giver", *takers]]
    shims = [parent(process) for process in processes]
    own.stop(signal.SIGKILL)
    for shim in shims:
        os.kill(shim, signal.SIGKILL)
    wait_for(lambda: not any(os.path.exists(f"/proc/{process}") for process in processes), "the end of all processes")
    shutil.rmtree(own.exec_root)
    own.start()
    for name in ["giver", *takers]:
        wait_for(lambda: status(cli, name) == "running", f"the restart of {name}")


# Health

def events(cli, *filters):
    arguments = [word for one in filters for word in ("--filter", one)]
    until = subprocess.run(["date", "+%s.%N"], capture_output=True, text=True, check=True).stdout.strip()
    return cli.ok("events", "--since", "1", "--until", until, *arguments, "--format", "{{.Action}}").splitlines()


def test_health_changes_are_told_once(gantry):
    gantry.ok("run", "-d", "--name", "ill", "--health-cmd", "echo checking; test -f /ok", "--health-interval", "100ms", "--health-retries", "2",
              "busybox", "sleep", "1000")
    health = lambda: json.loads(gantry.ok("inspect", "-f", "{{json .State.Health}}", "ill"))
    wait_for(lambda: health()["Status"] == "unhealthy", "the failure")
    assert health()["Log"][-1]["ExitCode"] == 1 and health()["Log"][-1]["Output"] == "checking\n"
    assert "(unhealthy)" in gantry.ok("ps", "--filter", "health=unhealthy")
    assert "health checks in a row failed" in gantry.ok("why", "ill")
    gantry.ok("exec", "ill", "touch", "/ok")
    wait_for(lambda: health()["Status"] == "healthy", "the recovery")
    wait_for(lambda: len(health()["Log"]) == 5, "five results")
    assert health()["FailingStreak"] == 0
    gantry.ok("kill", "ill")
    actions = events(gantry, "container=ill")
    assert [action for action in actions if action.startswith("health_status")] == ["health_status: unhealthy", "health_status: healthy"]
    probe = actions.index("exec_create: /bin/sh -c echo checking; test -f /ok")
    assert actions[probe + 1:probe + 3] == ["exec_start: /bin/sh -c echo checking; test -f /ok", "exec_die"]


def test_health_check_that_hangs_is_killed(gantry):
    gantry.ok("run", "-d", "--name", "slow", "--health-cmd", "echo begun; exec sleep 777", "--health-interval", "100ms", "--health-timeout", "300ms",
              "--health-retries", "1", "busybox", "sleep", "1000")
    log = lambda: json.loads(gantry.ok("inspect", "-f", "{{json .State.Health.Log}}", "slow"))
    wait_for(log, "a result")
    assert (log()[0]["ExitCode"], log()[0]["Output"]) == (-1, "Health check exceeded timeout (300ms): begun\n")
    gantry.ok("pause", "slow")
    gantry.ok("unpause", "slow")
    assert gantry.ok("top", "slow").count("sleep 777") <= 1, "no probe of before may be left"


def test_health_survives_the_daemon(own):
    cli = Cli("gantry", own)
    cli.ok("run", "-d", "--name", "well", "--health-cmd", "date +%s%N >> /count", "--health-interval", "100ms", "busybox", "sleep", "1000")
    state = lambda: cli.ok("inspect", "-f", "{{.State.Health.Status}}", "well").strip()
    wait_for(lambda: state() == "healthy", "health")
    own.stop(signal.SIGKILL)
    own.start()
    assert state() == "healthy"
    count = lambda: int(cli.ok("exec", "well", "wc", "-l", "/count").split()[0])
    before = count()
    wait_for(lambda: count() > before, "another probe")


# Events

def test_events_are_kept_over_the_daemons_end(own):
    cli = Cli("gantry", own)
    cli.ok("network", "create", "net")
    cli.ok("run", "--rm", "--name", "brief", "--label", "a=b", "--network", "net", "-v", "vol:/v", "busybox", "true")
    wait_for(lambda: "destroy" in events(cli, "container=brief"), "the removal")
    everything = events(cli)
    own.stop(signal.SIGKILL)
    own.start()
    assert events(cli)[:len(everything)] == everything
    assert events(cli, "label=a=b") == ["create", "attach", "start", "die", "destroy"]
    assert events(cli, "type=volume") == ["create", "mount", "unmount"]
    assert events(cli, "network=net") == ["create", "connect", "disconnect"]
    assert events(cli, "event=die", "image=busybox") == ["die"]
    assert events(cli, "type=image", "event=die") == []
    assert events(cli, "scope=swarm") == []


def test_removal_and_stop_of_containers_that_are_just_ending(gantry):
    for verb in (["rm", "-f"], ["stop"]):
        for _ in range(5):
            container = gantry.ok("run", "-d", "busybox", "true").strip()
            assert gantry.ok(*verb, container).strip() == container
            gantry("rm", "-f", container)
