"""The lab of a container course, line by line, with `gantry` and with the `docker` command against our socket."""
import json
import os
import re
import urllib.request

import pexpect

from conftest import IMAGES, Cli, free_port, wait_for

APP = '''\
import os
from flask import Flask
app = Flask(__name__)

@app.route("/")
def hello():
    return "Hello from Docker" + os.environ.get("SUFFIX", "")

if __name__ == "__main__":
    app.run(host="0.0.0.0", port=5000)
'''


def fetch(address):
    try:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        return opener.open(address, timeout=5).read().decode()
    except OSError:
        return None


def served(address, text):
    """Waits for the page, since a server in a container needs a moment to listen."""
    return wait_for(lambda: (fetch(address) or "") if text in (fetch(address) or "") else None, f"`{text}` from {address}")


def spawn(cli, *arguments):
    return pexpect.spawn(cli.path, [str(a) for a in arguments], env=cli.environment, encoding="utf-8", timeout=60, dimensions=(30, 120))


def test_hello(cli):
    assert cli.ok("run", "--rm", "busybox", "echo", "hello") == "hello\n"


def test_python_in_a_terminal(cli, daemon, registry):
    """The first `run -it` pulls through the mirror, shows progress, and is a real terminal."""
    gantry = Cli("gantry", daemon)
    name = f"{registry}/library/python:3.11-slim"
    gantry.ok("tag", "python:3.11-slim", name)
    gantry.ok("push", name, timeout=300)
    gantry.ok("rmi", "-f", name, "python:3.11-slim")
    try:
        terminal = spawn(cli, "run", "-it", "--name", "lab", "python:3.11-slim", "bash")
        terminal.expect("Unable to find image 'python:3.11-slim' locally")
        terminal.expect("Pull complete|Already exists")
        terminal.expect("Downloaded newer image for python:3.11-slim|Image is up to date", timeout=120)
        terminal.expect("[$#] ")
        terminal.sendline("python3 --version")
        terminal.expect(r"Python 3\.11\.\d+")
        terminal.sendline("pip list 2>/dev/null")
        terminal.expect(r"pip\s+\d+")
        terminal.sendline("ls /")
        terminal.expect("bin.*etc.*usr")
        terminal.sendline("echo kept > /tmp/note; stty size")
        terminal.expect("30 120")
        terminal.sendline("exit 7")
        terminal.expect(pexpect.EOF)
        terminal.close()
        assert terminal.exitstatus == 7
        assert "A /tmp/note" in cli.ok("diff", "lab").splitlines()
        fresh = cli("run", "--rm", "python:3.11-slim", "cat", "/tmp/note")
        assert fresh.returncode == 1 and "No such file" in fresh.stderr
    finally:
        gantry.ok("load", "-i", IMAGES / "python.tar", timeout=300)


def test_build_greeting_with_ignore_file(cli, tmp_path):
    (tmp_path / "hello.sh").write_text("#!/bin/sh\necho Hello $1, today is $(date +%F)\n")
    (tmp_path / "secret.txt").write_text("not for the image")
    (tmp_path / ".dockerignore").write_text("secret.txt\n")
    (tmp_path / "Dockerfile").write_text(
        "FROM debian:bookworm-slim\nWORKDIR /app\nCOPY . .\nRUN chmod +x hello.sh\nENTRYPOINT [\"./hello.sh\"]\nCMD [\"you\"]\n")
    cli.ok("build", "-t", "hello:v1", tmp_path)
    assert re.fullmatch(r"Hello you, today is \d{4}-\d\d-\d\d\n", cli.ok("run", "--rm", "hello:v1"))
    assert cli.ok("run", "--rm", "hello:v1", "there").startswith("Hello there,")
    listing = cli.ok("run", "--rm", "--entrypoint", "ls", "hello:v1", "/app").split()
    assert "hello.sh" in listing and "secret.txt" not in listing
    assert "hello" in cli.ok("images", "hello")


def test_layers_are_cached_and_flask_serves(cli, tmp_path):
    (tmp_path / "requirements.txt").write_text("flask\n")
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "Dockerfile").write_text(
        "FROM python:3.11-slim\nWORKDIR /app\nCOPY requirements.txt .\nRUN pip install --no-cache-dir -r requirements.txt\n"
        "COPY app.py .\nEXPOSE 5000\nCMD [\"python\", \"app.py\"]\n")
    tag = f"flask-{cli.name}"
    cli.ok("build", "-t", tag, tmp_path, timeout=300)
    first = cli.ok("inspect", "-f", "{{.Id}}", tag)
    os.utime(tmp_path / "app.py", (1, 1))
    again = cli("build", "-t", tag, tmp_path)
    assert again.returncode == 0 and cli.ok("inspect", "-f", "{{.Id}}", tag) == first, "a cached build makes the same image"
    (tmp_path / "app.py").write_text(APP.replace("Docker\"", "Docker!\""))
    layers = cli.ok("inspect", "-f", "{{json .RootFS.Layers}}", tag)
    changed = cli("build", "-t", tag, tmp_path)
    assert changed.returncode == 0, changed.stderr
    if cli.name == "gantry":
        assert "app.py changed" in changed.stderr + changed.stdout
    after = cli.ok("inspect", "-f", "{{json .RootFS.Layers}}", tag)
    assert json.loads(layers)[:-1] == json.loads(after)[:-1] and json.loads(layers)[-1] != json.loads(after)[-1]

    port = free_port()
    cli.ok("run", "-d", "--name", "web", "-p", f"{port}:5000", "-e", "SUFFIX= (and -e)", tag)
    assert served(f"http://127.0.0.1:{port}/", "Hello from Docker") == "Hello from Docker! (and -e)"
    assert "web" in cli.ok("ps")
    assert "GET / HTTP/1.1" in wait_for(lambda: cli("logs", "web").stderr + cli("logs", "web").stdout, "the log")
    cli.ok("stop", "-t", "1", "web")
    assert "web" not in cli.ok("ps") and "web" in cli.ok("ps", "-a")


def test_logs_follow_until_the_end(cli):
    cli.ok("run", "-d", "--name", "counter", "busybox", "sh", "-c", "for i in 1 2 3; do echo line $i; sleep 0.2; done")
    assert cli.ok("logs", "-f", "counter", timeout=30).splitlines() == ["line 1", "line 2", "line 3"]
    assert cli.ok("logs", "--tail", "1", "counter") == "line 3\n"
    assert re.match(r"\d{4}-\d\d-\d\dT[\d:.]+Z line 3", cli.ok("logs", "-t", "--tail", "1", "counter"))


def test_system_prune(cli):
    cli.ok("run", "--name", "old", "busybox", "true")
    assert "Deleted Containers" in cli.ok("system", "prune", "-f")
    assert cli.ok("ps", "-aq") == ""


def test_bind_mount_edits_are_seen_at_once(cli, tmp_path):
    (tmp_path / "page").write_text("one")
    cli.ok("run", "-d", "--name", "bound", "-v", f"{tmp_path}:/data", "busybox", "sleep", "1000")
    assert cli.ok("exec", "bound", "cat", "/data/page") == "one"
    (tmp_path / "page").write_text("two")
    assert cli.ok("exec", "bound", "cat", "/data/page") == "two"
    cli.ok("exec", "bound", "sh", "-c", "echo three > /data/page")
    assert (tmp_path / "page").read_text() == "three\n"


def test_postgres_keeps_its_rows(cli):
    def start():
        cli.ok("run", "-d", "--name", "db", "-e", "POSTGRES_PASSWORD=secret", "-v", "pgdata:/var/lib/postgresql/data", "postgres:15")
        # The first start ends a temporary server: only one over TCP is the real one.
        wait_for(lambda: cli("exec", "db", "pg_isready", "-h", "127.0.0.1", "-U", "postgres").returncode == 0, "postgres", 90)

    def sql(text):
        return cli.ok(
            "exec", "-e", "PGPASSWORD=secret", "db", "psql", "-h", "127.0.0.1", "-U", "postgres", "-At", "-c", text)

    start()
    sql("create table t (v text); insert into t values ('kept')")
    cli.ok("rm", "-f", "db")
    start()
    assert sql("select v from t") == "kept\n"


def test_two_containers_talk_by_name(cli):
    cli.ok("network", "create", "lab-net")
    cli.ok("run", "-d", "--name", "server", "--network", "lab-net", "busybox", "sh", "-c", "echo hi > /index.html; httpd -f -p 8000 -h /")
    page = wait_for(
        lambda: cli("run", "--rm", "--network", "lab-net", "busybox", "wget", "-qO-", "http://server:8000/index.html").stdout, "the page")
    assert page == "hi\n"
    outside = cli("run", "--rm", "busybox", "wget", "-T", "2", "-qO-", "http://server:8000/index.html")
    assert outside.returncode != 0, "the default bridge knows no names"


def test_port_mappings(cli):
    ports = free_port(), free_port()
    serve = ["busybox", "sh", "-c", "echo $NAME > /index.html; httpd -f -p 8000 -h /"]
    cli.ok("run", "-d", "--name", "one", "-e", "NAME=one", "-p", f"{ports[0]}:8000", *serve)
    cli.ok("run", "-d", "--name", "two", "-e", "NAME=two", "-p", f"{ports[1]}:8000", *serve)
    assert served(f"http://127.0.0.1:{ports[0]}/index.html", "one") == "one\n"
    assert served(f"http://127.0.0.1:{ports[1]}/index.html", "two") == "two\n"
    taken = cli("run", "--rm", "-p", f"{ports[0]}:8000", *serve)
    assert taken.returncode == 125 and "port is already allocated" in taken.stderr
