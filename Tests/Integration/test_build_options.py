"""Options of `gantry build` end to end: sources of files, secrets, agents, outputs, explanations, repeatable images."""
import io
import json
import os
import shutil
import socket
import subprocess
import tarfile
import threading

import pytest

from conftest import Cli, free_port, wait_for


@pytest.fixture
def build(daemon, tmp_path):
    """Builds a Dockerfile with files in a fresh context; images are removed afterwards."""
    gantry = Cli("gantry", daemon)
    made = []

    def run(dockerfile, files=None, *arguments, tag="optcase:1", ok=True, folder="ctx", **options):
        context = tmp_path / folder
        context.mkdir(exist_ok=True)
        for name, text in (files or {}).items():
            path = context / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        (context / "Dockerfile").write_text(dockerfile)
        names = ["-t", tag] if tag else []
        made.append(tag)
        result = gantry("build", "--progress=plain", *names, *arguments, str(context), cwd=tmp_path, **options)
        if ok:
            assert result.returncode == 0, result.stderr
        return result
    run.gantry, run.folder = gantry, tmp_path
    yield run
    gantry("rmi", "-f", *{tag for tag in made if tag})


def image_id(build, tag="optcase:1"):
    return json.loads(build.gantry.ok("image", "inspect", tag))[0]["Id"]


def read(build, path, tag="optcase:1"):
    return build.gantry.ok("run", "--rm", "--network", "none", tag, "cat", path)


# -- sources of files

@pytest.fixture
def repository(tmp_path):
    """A git repository with a tag, a directory and a submodule, served by `git daemon` on loopback."""
    if not shutil.which("git"):
        pytest.skip("git is not installed")
    base = tmp_path / "git"
    base.mkdir()
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b",
                   "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b", "GIT_COMMITTER_DATE": "1600000000 +0000",
                   "GIT_AUTHOR_DATE": "1600000000 +0000"}

    def git(*words, cwd):
        return subprocess.run(["git", "-c", "protocol.file.allow=always", *words], cwd=cwd, env=environment, check=True,
                              capture_output=True, text=True).stdout.strip()
    port = free_port()
    for name in ("sub.git", "main.git"):
        (base / name).mkdir()
        git("init", "-q", "-b", "main", ".", cwd=base / name)
    (base / "sub.git" / "inner").write_text("inner\n")
    git("add", ".", cwd=base / "sub.git")
    git("commit", "-qm", "x", cwd=base / "sub.git")
    main = base / "main.git"
    (main / "dir").mkdir()
    (main / "dir" / "file").write_text("one\n")
    (main / "Dockerfile").write_text("FROM busybox\nCOPY dir/file /fromgit\n")
    git("add", ".", cwd=main)
    git("commit", "-qm", "one", cwd=main)
    git("tag", "v1", cwd=main)
    (main / "dir" / "file").write_text("two\n")
    process = subprocess.Popen(["git", "daemon", "--reuseaddr", "--export-all", f"--base-path={base}", "--listen=127.0.0.1",
                                f"--port={port}", str(base)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)

    def listening():
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0
    wait_for(listening, "the git daemon's answer")
    git("submodule", "add", "-q", f"git://127.0.0.1:{port}/sub.git", "sub", cwd=main)
    git("commit", "-qam", "two", cwd=main)
    yield f"git://127.0.0.1:{port}/main.git", git("rev-parse", "HEAD", cwd=main)
    process.terminate()
    process.wait(10)


def test_add_git(build, repository):
    url, commit = repository
    build(f"FROM busybox\nADD {url} /all\nADD {url}#v1:dir /v1\nADD --keep-git-dir=true {url}#main /kept\n"
          f"ADD --checksum={commit[:12]} {url} /checked\n")
    assert read(build, "/all/dir/file") == "two\n" and read(build, "/all/sub/inner") == "inner\n"
    assert read(build, "/v1/file") == "one\n"
    listed = build.gantry.ok("run", "--rm", "--network", "none", "optcase:1", "ls", "-A", "/all", "/kept")
    assert listed.count(".git\n") == 1
    times = build.gantry.ok("run", "--rm", "--network", "none", "optcase:1", "stat", "-c", "%Y", "/v1/file")
    assert times == "1600000000\n"
    again = build(f"FROM busybox\nADD {url} /all\nADD {url}#v1:dir /v1\nADD --keep-git-dir=true {url}#main /kept\n"
                  f"ADD --checksum={commit[:12]} {url} /checked\n")
    assert again.stderr.count("CACHED") == 4


@pytest.mark.parametrize("source,error", [
    ("#--upload-pack=touch", "invalid git reference"), ("#main:../..", "lies outside of the git repository"),
    ("#nosuchbranch", "has no reference"), ("#main:nosuch", "is not in the repository")])
def test_add_git_refuses(build, repository, source, error):
    result = build(f"FROM busybox\nADD {repository[0]}{source} /x\n", ok=False)
    assert result.returncode == 1 and error in result.stderr


def test_add_git_checksum_mismatch(build, repository):
    result = build(f"FROM busybox\nADD --checksum=0123456789 {repository[0]} /x\n", ok=False)
    assert result.returncode == 1 and "expected checksum to match" in result.stderr


def test_build_from_git(build, repository):
    build.gantry.ok("build", "-q", "-t", "optcase:1", repository[0] + "#v1")
    assert read(build, "/fromgit") == "one\n"


def test_provenance_of_a_repository(build, repository):
    url, commit = repository
    build.gantry.ok("build", "-q", "-t", "optcase:1", "--provenance=mode=max", "-o", f"type=local,dest={build.folder}/out", f"{url}#main")
    predicate = json.loads((build.folder / "out" / "provenance.json").read_text())["predicate"]
    source = predicate["invocation"]["configSource"]
    assert source == {"uri": f"{url}#main", "digest": {"sha1": commit}, "entryPoint": "Dockerfile"}
    assert {"uri": url, "digest": {"sha1": commit}} in predicate["materials"]
    assert predicate["metadata"]["completeness"]["materials"] is True
    build.gantry.ok("image", "verify-rebuild", "--progress=none", "optcase:1")


def test_named_contexts(build, repository):
    other = build.folder / "other"
    other.mkdir()
    (other / "f").write_text("other\n")
    (other / "left").write_text("left\n")
    (other / ".dockerignore").write_text("left\n")
    build.gantry.ok("tag", "busybox", "optcase-base:9")
    try:
        build("FROM base AS b\nFROM debian:nosuch\nCOPY --from=dir . /d/\nCOPY --from=repo dir/file /r\nCOPY --from=dir f /bin/f\n"
              "RUN --mount=from=dir,target=/m cat /m/f > /seen\n", None,
              "--build-context", f"dir={other}", "--build-context", "base=docker-image://optcase-base:9",
              "--build-context", "debian:nosuch=docker-image://busybox", "--build-context", f"repo={repository[0]}#v1")
    finally:
        build.gantry("rmi", "optcase-base:9")
    assert read(build, "/d/f") == "other\n" and read(build, "/r") == "one\n" and read(build, "/seen") == "other\n"
    assert "left" not in build.gantry.ok("run", "--rm", "--network", "none", "optcase:1", "ls", "/d")


def test_directory_as_the_base(build):
    other = build.folder / "rootfs"
    other.mkdir()
    (other / "hello").write_text("hi\n")
    build("FROM files\nCOPY x /x\n", {"x": "x\n"}, "--build-context", f"files={other}", "--output", f"type=local,dest={build.folder}/out")
    assert (build.folder / "out" / "hello").read_text() == "hi\n" and (build.folder / "out" / "x").read_text() == "x\n"


def test_layout_as_a_context(build):
    build("FROM busybox\nRUN echo inside > /marker\n", None, "--output", f"type=oci,dest={build.folder}/layout,tar=false", tag="optlayout:1")
    assert sorted(path.name for path in (build.folder / "layout").iterdir() if path.name != "manifest.json") == [
        "blobs", "index.json", "oci-layout"]
    build("FROM lay\nRUN test \"$(cat /marker)\" = inside\n", None, "--build-context", f"lay=oci-layout://{build.folder}/layout")


def test_standard_input(build):
    gantry = build.gantry
    gantry.ok("build", "-q", "-t", "optcase:1", "-", input="FROM busybox\nRUN echo piped > /x\n")
    assert read(build, "/x") == "piped\n"
    context = build.folder / "plain"
    context.mkdir()
    (context / "f").write_text("f\n")
    gantry.ok("build", "-q", "-t", "optcase:1", "-f", "-", str(context), input="FROM busybox\nCOPY . /c/\n")
    assert gantry.ok("run", "--rm", "--network", "none", "optcase:1", "ls", "-A", "/c") == "f\n"
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as archive:
        for name, text in (("Dockerfile", "FROM busybox\nCOPY t /t\n"), ("t", "tar\n")):
            member = tarfile.TarInfo(name)
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    result = subprocess.run([gantry.path, "build", "-q", "-t", "optcase:1", "-"], input=data.getvalue(), capture_output=True,
                            env=gantry.environment)
    assert result.returncode == 0, result.stderr
    assert read(build, "/t") == "tar\n"


def test_forwarded_socket_gets_an_archive(build, daemon):
    """Behind a relay the daemon must not take the relay's descriptors for the client's."""
    path = build.folder / "relay.sock"
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()

    def pump(a, b):
        while data := a.recv(65536):
            b.sendall(data)
        b.shutdown(socket.SHUT_WR)

    def serve():
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(str(daemon.socket))
            for pair in ((client, server), (server, client)):
                threading.Thread(target=pump, args=pair, daemon=True).start()
    threading.Thread(target=serve, daemon=True).start()
    build.gantry.environment["DOCKER_HOST"] = build.gantry.environment["GANTRY_HOST"] = f"unix://{path}"
    try:
        build("FROM busybox\nCOPY a /a\n", {"a": "relayed\n"})
    finally:
        build.gantry.environment["DOCKER_HOST"] = build.gantry.environment["GANTRY_HOST"] = daemon.host
        listener.close()
    assert read(build, "/a") == "relayed\n"


# -- secrets and agents

def test_secrets_stay_secret(build, daemon):
    secret = "s3cr3t-7f1c9e"
    (build.folder / "key").write_text(secret)
    build.gantry.environment["OPTSECRET"] = secret
    try:
        result = build("FROM busybox\nRUN --mount=type=secret,id=k,required=true wc -c < /run/secrets/k > /n\n"
                       "RUN --mount=type=secret,id=e,env=E test ${#E} = 13\n", None,
                       "--secret", f"id=k,src={build.folder}/key", "--secret", "id=e,env=OPTSECRET")
    finally:
        del build.gantry.environment["OPTSECRET"]
    assert read(build, "/n").strip() == "13"
    assert secret not in result.stderr + build.gantry.ok("history", "--no-trunc", "optcase:1")
    found = subprocess.run(["grep", "-rla", secret, str(daemon.data), str(daemon.log)], capture_output=True, text=True)
    assert found.stdout == ""


def test_ssh_agent(build):
    agent_socket = str(build.folder / "agent.sock")
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", agent_socket], stdout=subprocess.DEVNULL)
    try:
        wait_for(lambda: os.path.exists(agent_socket), "the agent's socket")
        # SSH_AGENTC_REQUEST_IDENTITIES (11) is answered with SSH_AGENT_IDENTITIES_ANSWER (12) and a count.
        build("FROM python:3.11-slim\nRUN --mount=type=ssh,uid=65534 <<EOF\n#!/usr/bin/env python3\nimport os, socket, struct\n"
              "os.setuid(65534)\ns = socket.socket(socket.AF_UNIX)\ns.connect(os.environ['SSH_AUTH_SOCK'])\n"
              "s.sendall(struct.pack('>IB', 1, 11))\nassert s.recv(100) == struct.pack('>IBI', 5, 12, 0)\nEOF\n", None,
              "--ssh", f"default={agent_socket}")
    finally:
        agent.terminate()
        agent.wait(10)


@pytest.mark.parametrize("kind", [["ed25519"], ["ecdsa", "-b", "256"], ["ecdsa", "-b", "384"], ["ecdsa", "-b", "521"], ["rsa", "-b", "2048"],
                                  ["rsa", "-b", "2048", "-m", "PEM"], ["ecdsa", "-b", "256", "-m", "PEM"]])
def test_ssh_key_files(build, kind):
    """ssh-add lists the keys, has each sign something, and checks the signature."""
    if not shutil.which("ssh-keygen"):
        pytest.skip("ssh-keygen is not installed")
    subprocess.run(["ssh-keygen", "-q", "-N", "", "-C", "note", "-f", build.folder / "key", "-t", *kind], check=True)
    (build.folder / "ctx").mkdir()
    for program in ("ssh-add", "ssh-keygen"):
        shutil.copy(shutil.which(program), build.folder / "ctx" / program)
    shutil.copy(build.folder / "key.pub", build.folder / "ctx" / "key.pub")
    build("FROM python:3.11-slim\nCOPY ssh-add key.pub /\n"
          "RUN --mount=type=ssh /ssh-add -L | grep -F \"$(cut -d' ' -f1,2 /key.pub)\" && /ssh-add -T /key.pub && ! /ssh-add -D\n",
          None, "--no-cache", "--ssh", f"default={build.folder}/key")


def test_ssh_key_files_refused(build):
    if not shutil.which("ssh-keygen"):
        pytest.skip("ssh-keygen is not installed")
    subprocess.run(["ssh-keygen", "-q", "-N", "secret", "-f", build.folder / "locked", "-t", "ed25519"], check=True)
    (build.folder / "text").write_text("no key\n")
    for name, complaint in (("locked", "has a passphrase"), ("text", "neither an ssh agent's socket nor a private key"),
                            ("nowhere", "cannot open")):
        result = build("FROM busybox\n", None, "--ssh", f"default={build.folder}/{name}", ok=False)
        assert result.returncode == 1 and complaint in result.stderr


# -- outputs

def test_outputs(build):
    out = build.folder / "out"
    dockerfile = "FROM scratch\nCOPY a /dir/a\n"
    build(dockerfile, {"a": "a\n"}, "-o", str(out), tag=None)
    assert (out / "dir" / "a").read_text() == "a\n"
    build(dockerfile, None, "--output", f"type=tar,dest={build.folder}/tree.tar", tag=None)
    with tarfile.open(build.folder / "tree.tar") as archive:
        assert {name.strip("/") for name in archive.getnames()} >= {"dir", "dir/a"}
    before = build.gantry.ok("images", "-aq", "--no-trunc")
    build(dockerfile, None, "--output", "type=cacheonly", tag=None)
    assert build.gantry.ok("images", "-aq", "--no-trunc") == before
    build(dockerfile, None, "--output", f"type=docker,dest={build.folder}/image.tar")
    with tarfile.open(build.folder / "image.tar") as archive:
        assert json.load(archive.extractfile("manifest.json"))[0]["RepoTags"] == ["optcase:1"]
    refused = build(dockerfile, None, "--output", "type=image,compression=estargz", ok=False)
    assert refused.returncode == 1 and "`compression=estargz` is not offered" in refused.stderr


def test_push(build, registry):
    tag = f"{registry}/optcase:pushed"
    build("FROM busybox\nRUN echo pushed > /p\n", None, "--push", tag=tag)
    build.gantry.ok("rmi", "-f", tag)
    build.gantry.ok("pull", "-q", tag)
    assert read(build, "/p", tag) == "pushed\n"


def test_files_about_the_image(build):
    build("FROM busybox\n", None, "--iidfile", f"{build.folder}/iid", "--metadata-file", f"{build.folder}/meta.json")
    metadata = json.loads((build.folder / "meta.json").read_text())
    assert (build.folder / "iid").read_text() == image_id(build) == metadata["containerimage.config.digest"]
    assert metadata["image.name"] == "docker.io/library/optcase:1"


def test_squash(build):
    build("FROM busybox\nRUN echo 1 > /a && echo 2 > /b\nRUN rm /a && echo 3 > /b\nENV X=1\n", None, "--squash")
    inspected = json.loads(build.gantry.ok("image", "inspect", "optcase:1"))[0]
    assert len(inspected["RootFS"]["Layers"]) == 2 and "X=1" in inspected["Config"]["Env"]
    assert build.gantry.ok("run", "--rm", "--network", "none", "optcase:1", "sh", "-c", "cat /b; ls /a 2>&1; true").startswith("3\nls:")


# -- cache and explanations

def test_no_cache_filter(build):
    dockerfile = "FROM busybox AS one\nRUN echo 1 > /x\nFROM busybox AS two\nCOPY --from=one /x /x\nRUN echo 2\n"
    build(dockerfile)
    result = build(dockerfile, None, "--no-cache-filter", "two")
    lines = [line.split(" ", 1)[1] for line in result.stderr.splitlines() if line.endswith((" CACHED", "--no-cache-filter"))]
    assert lines.count("CACHED") == 1 and lines.count("rebuilt because: --no-cache-filter") == 2


def test_explain(build):
    # A parent of its own: what an earlier run has left in the cache must not be found.
    dockerfile = f"FROM busybox\nWORKDIR /{os.urandom(6).hex()}\nCOPY src /src\nRUN true\n"
    build(dockerfile, {"src/a": "old\n", "src/b": "b\n"})
    result = build(dockerfile, {"src/a": "newer\n"}, "--explain=json")
    steps = {step["name"].split("] ", 1)[1]: step for step in json.loads(result.stdout)["steps"] if "] " in step["name"]}
    cause = steps["COPY src /src"]["causes"][0]
    assert (cause["kind"], cause["name"]) == ("file", "src/a")
    assert " 4 " in cause["old"] and " 6 " in cause["new"]
    assert "src/a changed (4 B " in steps["COPY src /src"]["reasons"][0]
    assert steps["RUN true"]["causes"][0]["kind"] == "parent"


def test_what_if_builds_nothing(build):
    dockerfile = "FROM busybox\nCOPY a /a\nRUN echo slow\nCOPY b /b\n"
    build(dockerfile, {"a": "a\n", "b": "b\n"})
    before = image_id(build)
    assert "1 of 4 steps would be built again" in build(dockerfile, None, "--what-if", "b").stdout
    assert "3 of 4 steps would be built again" in build(dockerfile, None, "--what-if", "a").stdout
    assert "nothing would be built again" in build(dockerfile, None, "--what-if", "Dockerfile").stdout
    assert image_id(build) == before


def test_repeatable(build):
    dockerfile = "FROM busybox\nWORKDIR /w\nCOPY a sub/a\nRUN echo x > y && mkdir -p d/e\nCOPY <<EOF /doc\ntext\nEOF\n"
    build(dockerfile, {"a": "a\n"}, "--no-cache")
    first = image_id(build)
    build(dockerfile, None, "--no-cache")
    assert image_id(build) == first
    build(dockerfile, None, "--no-cache", "--build-arg", "SOURCE_DATE_EPOCH=1000000000")
    assert image_id(build) != first
    inspected = json.loads(build.gantry.ok("image", "inspect", "optcase:1"))[0]
    assert inspected["Created"].startswith("2001-09-09T01:46:40")
    assert build.gantry.ok("run", "--rm", "--network", "none", "optcase:1", "stat", "-c", "%Y", "/w/y") == "1000000000\n"


def test_history(build):
    dockerfile = "FROM busybox AS one\nRUN echo from-the-log\nFROM busybox\nCOPY --from=one /bin/sh /sh\n"
    build(dockerfile, None, "--no-cache")
    build("FROM busybox\nRUN exit 3\n", tag="optcase:2", ok=False)
    gantry = build.gantry
    rows = [line.split() for line in gantry.ok("builds", "ls", "--format", "{{.ID}} {{.Name}} {{.Status}}").splitlines()]
    assert [row[1:] for row in rows[:2]] == [["optcase:2", "failed"], ["optcase:1", "completed"]]
    assert "exit code: 3" in gantry.ok("builds", "inspect")
    done = rows[1][0]
    assert "from-the-log" in gantry.ok("builds", "logs", done)
    record = json.loads(gantry.ok("builds", "inspect", "--json", done))
    assert record["image"] == image_id(build)
    assert [step["state"] for step in record["steps"]] == ["done"] * 4
    assert all(step["endedMs"] >= step["startedMs"] for step in record["steps"])
    picture = gantry.ok("builds", "open", "-o", "-", done)
    assert picture.startswith("<svg ") and picture.count("<rect ") == 4 and picture.count("<path ") == 1
    assert gantry("builds", "inspect", "nosuch").returncode == 1


def test_image_layers(build):
    build("FROM busybox\nRUN head -c 1000 /dev/zero > /big && echo 1 > /small\nRUN rm /big && echo 2 > /small\n")
    report = json.loads(build.gantry.ok("image", "layers", "--json", "optcase:1"))
    base, first, second = report["layers"]
    assert (first["added"], first["size"], first["wasted"]) == (2, 1002, 1002)
    assert (second["changed"], second["removed"], second["wasted"]) == (1, 1, 0)
    assert report["waste"][0] == {"path": "/big", "size": 1000} and 0.9 < report["efficiency"] < 1
    assert "overwritten or deleted later:" in build.gantry.ok("image", "layers", "optcase:1")


def test_shell_after_a_failure(build):
    images = build.gantry.ok("images", "-aq", "--no-trunc")
    result = build("FROM busybox\nARG A=arg\nWORKDIR /w\nRUN echo before > f\nRUN echo half > g && exit 3\n", None, "--on-failure=shell",
                   input="cat f; ls g; echo $A; pwd\n", ok=False)
    assert result.returncode == 1 and "exit code: 3" in result.stderr
    assert result.stdout == "before\narg\n/w\n"
    assert build.gantry.ok("images", "-aq", "--no-trunc") == images


def test_shell_after_a_failure_has_the_mounts(build):
    images = build.gantry.ok("images", "-aq", "--no-trunc")
    dockerfile = """FROM busybox AS tools
RUN mkdir /tools && echo tool > /tools/t
FROM busybox
RUN --mount=type=cache,id=optshell,target=/cache echo kept > /cache/c
RUN --mount=type=cache,id=optshell,target=/cache --mount=type=tmpfs,target=/scratch --mount=target=/context \\
    --mount=from=tools,source=/tools,target=/tools --mount=type=bind,source=one,target=/file false
"""
    script = "cat /cache/c /context/one /tools/t /file; echo more > /scratch/s && mount | grep -c ' /scratch '; echo end"
    result = build(dockerfile, {"one": "1\n"}, "--on-failure=shell", input=script, ok=False)
    assert result.returncode == 1 and "exit code: 1" in result.stderr
    assert result.stdout == "kept\n1\ntool\n1\n1\nend\n"
    assert build.gantry.ok("images", "-aq", "--no-trunc") == images


def test_shell_after_a_failure_has_secrets_and_agents(build, daemon):
    """For as long as the shell is there, and nowhere on disk."""
    secret = "s3cr3t-0d5e77"
    build.gantry.environment["OPTSECRET"] = secret
    agent_socket = str(build.folder / "agent.sock")
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", agent_socket], stdout=subprocess.DEVNULL)
    dockerfile = """FROM python:3.11-slim
USER 65534
RUN --mount=type=secret,id=one,target=/own/place,mode=0440,uid=65534 --mount=type=secret,id=two,env=TWO --mount=type=ssh,uid=65534 <<EOF
#!/bin/sh
exit 9
EOF
"""
    held = daemon.exec_root / "held"
    script = f"""
stat -c %a:%u /own/place; wc -c < /own/place; ls /run/secrets; echo [$TWO]; cat /dev/pipes/EOF
python3 -c '
import os, socket, struct
s = socket.socket(socket.AF_UNIX)
s.connect(os.environ["SSH_AUTH_SOCK"])
s.sendall(struct.pack(">IB", 1, 11))
print(s.recv(100) == struct.pack(">IBI", 5, 12, 0))'
"""
    try:
        wait_for(lambda: os.path.exists(agent_socket), "the agent's socket")
        result = build(dockerfile, None, "--on-failure=shell", "--ssh", f"default={agent_socket}", "--secret", "id=one,env=OPTSECRET",
                       "--secret", "id=two,env=OPTSECRET", input=script, ok=False)
    finally:
        del build.gantry.environment["OPTSECRET"]
        agent.terminate()
        agent.wait(10)
    assert result.returncode == 1 and "exit code: 9" in result.stderr
    assert result.stdout == f"440:65534\n{len(secret)}\ntwo\n[]\n#!/bin/sh\nexit 9\nTrue\n"
    wait_for(lambda: not any(held.iterdir()), "the end of what was held")
    assert secret not in result.stderr
    found = subprocess.run(["grep", "-rla", secret, str(daemon.data), str(daemon.log)], capture_output=True, text=True)
    assert found.stdout == ""


# -- checks

def test_check(build):
    dockerfile = "from busybox AS x\nMAINTAINER me\nCMD echo\nEXPOSE 80/TCP\nCOPY secret.txt /\nENV A=$NOPE\n"
    result = build(dockerfile, {".dockerignore": "secret.txt\n"}, "--call=check,format=json", ok=False)
    report = json.loads(result.stdout)
    rules = [warning["ruleName"] for warning in report["warnings"]]
    assert result.returncode == 1
    assert rules == ["ConsistentInstructionCasing", "FromAsCasing", "MaintainerDeprecated", "JSONArgsRecommended",
                     "ExposeProtoCasing", "CopyIgnoredFile", "UndefinedVar"]
    assert report["warnings"][2]["location"]["ranges"] == [{"start": {"line": 2}, "end": {"line": 2}}]
    text = build(dockerfile, None, "--check", ok=False)
    assert text.returncode == 1 and "Check complete, 7 warnings have been found!" in text.stdout
    assert "   2 | >>> MAINTAINER me" in text.stdout
    clean = build("FROM busybox\nCMD [\"true\"]\n", None, "--check")
    assert clean.stdout == "Check complete, no warnings found.\n"


def test_outline_and_targets(build):
    dockerfile = ("# VERSION what to build\nARG VERSION=1\n# tools compiles\nFROM busybox AS tools\nARG VERSION\n"
                  "RUN --mount=type=secret,id=tok,required=true true\nFROM busybox\n")
    outline = json.loads(build(dockerfile, None, "--call=outline,format=json", "--target", "tools").stdout)
    assert outline["args"] == [{"name": "VERSION", "value": "1", "description": "what to build"}]
    assert outline["secrets"] == [{"name": "tok", "required": True}] and outline["description"] == "compiles"
    assert build(dockerfile, None, "--call=targets").stdout == (
        "TARGET      DESCRIPTION\ntools       compiles\n(default)\n")
