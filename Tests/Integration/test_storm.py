"""The daemon killed at random moments under load, and many clients at once.

`make test` plays a short storm; `make conformance` the long one (GANTRY_STORM_ROUNDS, GANTRY_STORM_SECONDS).
"""
import os
import random
import re
import signal
import sqlite3
import subprocess
import threading

from conftest import Cli, wait_for
from test_survival import kernel_things

ROUNDS = int(os.environ.get("GANTRY_STORM_ROUNDS", "10"))
SECONDS = int(os.environ.get("GANTRY_STORM_SECONDS", "15"))
SEED = int(os.environ.get("GANTRY_STORM_SEED") or random.randrange(1 << 30))
# What a client may read when the daemon dies under it, or has not come back yet.
AWAY = re.compile(
    r"Cannot connect to the (Docker|Gantry) daemon|error during connect|closed the connection|lost the connection|connection reset|broken pipe|EOF",
    re.IGNORECASE)


def rows(daemon):
    """How many records of each kind the database holds; events and the build cache may grow."""
    with sqlite3.connect(f"file:{daemon.data}/gantry.db?mode=ro", uri=True) as database:
        names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")]
        return {
            name: database.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names
            if "event" not in name.lower() and "build" not in name.lower() and "layer" not in name.lower()}


class Load:
    """Threads that do one thing after another until told to stop; wrong answers are collected, dead daemons are not."""

    def __init__(self, daemon, jobs, threads):
        self.daemon, self.jobs = daemon, jobs
        self.ending = threading.Event()
        self.wrong = []
        self.done = 0
        self.threads = [threading.Thread(target=self.work, args=(number,)) for number in range(threads)]
        for thread in self.threads:
            thread.start()

    def work(self, number):
        dice = random.Random(SEED + number)
        cli = Cli("gantry", self.daemon)
        turn = 0
        while not self.ending.is_set():
            turn += 1
            job = dice.choice(self.jobs)
            try:
                complaint = job(cli, dice, f"load-{number}-{turn}")
            except subprocess.TimeoutExpired as error:
                complaint = f"{job.__name__}: no answer: {error.cmd}"
            if complaint:
                self.wrong.append(f"{job.__name__}: {complaint}")
            self.done += 1

    def stop(self):
        self.ending.set()
        for thread in self.threads:
            thread.join(120)
            assert not thread.is_alive(), "a client hangs"


def checked(result, code, output=None):
    """nil when the answer is right or the daemon was away."""
    if result.returncode == code and (output is None or result.stdout == output):
        return None
    return None if AWAY.search(result.stderr) else f"exit {result.returncode}, {result.stdout!r}, {result.stderr!r}"


def run_with_code(cli, dice, name):
    code = dice.randrange(100)
    return checked(cli("run", "--rm", "--name", name, "busybox", "sh", "-c", f"echo {name}; exit {code}"), code, f"{name}\n")


def start_and_remove(cli, dice, name):
    created = cli("run", "-d", "--name", name, "-p", "127.0.0.1::80", "-v", "/anonymous", "busybox", "sleep", "1000")
    if created.returncode == 0:
        cli("stop", "-t", "0", name)
        cli("start", name)
    removed = cli("rm", "-f", "-v", name)
    return checked(created, 0) or (checked(removed, 0) if "No such container" not in removed.stderr else None)


def exec_in_steady(cli, dice, name):
    return checked(cli("exec", "steady", "echo", name), 0, f"{name}\n")


def read_logs(cli, dice, name):
    return checked(cli("logs", "--tail", "5", "steady"), 0)


def build(cli, dice, name):
    text = f"FROM busybox\nRUN echo {dice.randrange(5)} > /number\nRUN test -s /number\n"
    return checked(cli("build", "-q", "-t", "stormy", "-f", "-", ".", input=text, cwd="/var/empty" if os.path.isdir("/var/empty") else "/mnt"), 0)


def volumes_and_networks(cli, dice, name):
    return checked(cli("volume", "create", name), 0, f"{name}\n") or checked(cli("volume", "rm", "-f", name), 0)


def test_killed_at_random_moments(own):
    cli = Cli("gantry", own)
    cli.ok("run", "--rm", "busybox", "true")
    cli.ok("run", "-d", "--name", "warm", "busybox", "true")
    cli.ok("rm", "-f", "warm")
    before = kernel_things(own), rows(own)
    cli.ok("run", "-d", "--name", "steady", "busybox", "sh", "-c", "i=0; while :; do echo $((i=i+1)); usleep 20000; done")
    cli.ok("run", "-d", "--name", "again", "--restart", "always", "busybox", "sh", "-c", "echo once; exit 3")
    pid = cli.ok("inspect", "-f", "{{.State.Pid}}", "steady")
    load = Load(own, [run_with_code, start_and_remove, exec_in_steady, read_logs, build, volumes_and_networks], 4)
    dice = random.Random(SEED)
    try:
        for number in range(ROUNDS):
            code = dice.randrange(1, 100)
            # It ends while the daemon is away, or not: its code is right either way.
            cli("run", "-d", "--name", f"brief-{number}", "busybox", "sh", "-c", f"usleep {dice.randrange(600_000)}; exit {code}")
            threading.Event().wait(dice.random() * 0.8)
            own.stop(signal.SIGKILL)
            own.start()
            assert cli.ok("inspect", "-f", "{{.State.Pid}}", "steady") == pid
            if cli("inspect", f"brief-{number}").returncode == 0:
                state = wait_for(
                    lambda: (text := cli("inspect", "-f", "{{.State.Status}} {{.State.ExitCode}}", f"brief-{number}").stdout) if "running" not in
                    (text := cli("inspect", "-f", "{{.State.Status}} {{.State.ExitCode}}", f"brief-{number}").stdout) and text else None,
                    "the end of a container")
                # Killed between the creation and the start: it never ran.
                assert state in (f"exited {code}\n", "created 0\n"), f"round {number}, seed {SEED}: {state}"
                cli.ok("rm", "-f", f"brief-{number}")
    finally:
        load.stop()
    assert not load.wrong, f"seed {SEED}, {load.done} jobs: {load.wrong[:5]}"
    numbers = [int(line) for line in cli.ok("logs", "steady").splitlines()]
    assert numbers == list(range(1, len(numbers) + 1)), "no line may be missing"
    assert int(cli.ok("inspect", "-f", "{{.RestartCount}}", "again")) >= 1
    remaining = cli.ok("ps", "-aq").split()
    cli.ok("rm", "-f", "-v", *remaining)
    names = cli.ok("volume", "ls", "-q").split()
    if names:
        cli.ok("volume", "rm", *names)
    cli("rmi", "-f", "stormy")
    # Builds of other contents have left images without a name.
    cli.ok("image", "prune", "-f")
    cli.ok("builder", "prune", "-a", "-f")
    wait_for(lambda: (kernel_things(own), rows(own)) == before, f"the state before (seed {SEED}), {before}; now {kernel_things(own), rows(own)}")


def usage(daemon):
    """Threads, descriptors and private memory (KiB) of the daemon."""
    process = daemon.process.pid
    status = open(f"/proc/{process}/status").read()
    memory = sum(int(line.split()[1]) for line in open(f"/proc/{process}/smaps_rollup") if line.startswith("Private_"))
    return int(re.search(r"Threads:\s+(\d+)", status)[1]), len(os.listdir(f"/proc/{process}/fd")), memory


def test_many_clients_at_once(own):
    cli = Cli("gantry", own)
    cli.ok("run", "-d", "--name", "steady", "busybox", "sleep", "10000")

    def storm(seconds):
        load = Load(own, [run_with_code, start_and_remove, exec_in_steady], 32)
        try:
            threading.Event().wait(seconds)
        finally:
            load.stop()
        assert not load.wrong, f"seed {SEED}, {load.done} jobs: {load.wrong[:5]}"
        return load.done

    rest = kernel_things(own), rows(own)

    def wait_for_rest():
        # The kernel takes links down with their namespaces, in its own time.
        wait_for(lambda: (kernel_things(own), rows(own)) == rest, f"the state before, {rest}; now {kernel_things(own), rows(own)}")

    storm(min(SECONDS, 10))
    wait_for_rest()
    before = usage(own)
    done = storm(SECONDS)
    assert done >= 32
    wait_for_rest()
    threads, descriptors, memory = wait_for(
        lambda: now if (now := usage(own))[0] <= before[0] + 4 and now[1] <= before[1] + 8 else None,
        f"threads and descriptors as before, {before}; now {usage(own)}")
    # A leak grows with the jobs; allocators keep some of what was used at once.
    assert memory <= before[2] * 1.5 + 16384, f"{done} jobs: {before} became {threads, descriptors, memory}"
