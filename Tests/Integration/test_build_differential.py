"""The same Dockerfiles and contexts built by us and by another builder on this machine, and the results compared.

Built is every case of Tests/Fixtures/dockerfile that is a build, and a larger one below. Compared are the exit status, the configuration
that the Dockerfile decides, and the whole tree: names, kinds, modes, owners, link targets, contents, extended attributes. What
differs for a reason stands in the tables, a reason with each; anything else fails.
"""
import base64
import concurrent.futures
import hashlib
import json
import os
import shlex
import shutil
import stat
import subprocess
import tarfile

import pytest

import dockerd
from conftest import Cli
from test_dockerfile_cases import CASES, make_context, parse
from test_dockerfile_recordings import shape
from test_podman import Podman

LARGE = """ARG BASE=busybox
FROM ${BASE} AS tools
ARG OWNER=11
WORKDIR /made/deep
RUN echo tool > tool && mkdir -p a/b && ln -s ../tool a/up && ln tool hard && chmod 2751 a && chown 7:8 a/b && mkfifo pipe
ONBUILD RUN true

FROM tools AS middle
ARG OWNER=11
USER 9:10
WORKDIR /of/the/user
ENV PATH=$PATH:/extra EMPTY= QUOTED="a b" CHAIN=${OWNER}-x
USER root

FROM middle
ARG V=1 OWNER=11
COPY . /all/
COPY --chown=$OWNER:12 plain /owned/
COPY --chmod=640 plain /moded/name
COPY --from=tools /made /taken
COPY --from=0 --chown=5 /made/deep/a /taken5/
ADD packed.tar.gz /unpacked/
ADD packed.tar.gz plain /more/
RUN rm -rf /taken/deep/a && mkdir /taken/deep/a && echo new > /taken/deep/a/new && rm /etc/shadow && echo $V$CHAIN > /etc/issue
RUN --mount=type=bind,source=sub,target=/bound --mount=type=tmpfs,target=/scratch cat /bound/f > /seen && touch /scratch/x
RUN --mount=type=bind,from=tools,source=/made,target=/bound cp /bound/deep/tool /copied
LABEL one=1 two="2 2"
EXPOSE 80 53/udp 8000-8002
VOLUME /data /more/data
HEALTHCHECK --interval=3s --retries=2 CMD true || false
STOPSIGNAL SIGQUIT
SHELL ["/bin/sh", "-ec"]
ENTRYPOINT ["/bin/sh"]
CMD -c $CHAIN
"""

# Paths that say how a builder ran its steps, not what they made.
OF_THE_BUILDER = {"/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/etc/mtab", "/.dockerenv", "/run/.containerenv", "/dev/console",
                  "/dev/pts", "/dev/shm"}

# What a builder does not know: cases that are not tried with it.
PODMAN_CANNOT = {
    "no flag --link": ["copy-link", "copy-link-rules"],
    "no flag --parents": ["copy-parents", "copy-parents-forms"],
    "no flag --exclude": ["copy-exclude", "copy-exclude-rules"],
    "octal modes only": ["copy-chmod-forms", "copy-chmod-symbolic"],
    "no documents in a Dockerfile": ["copy-heredoc-forms", "run-heredoc-forms", "lex-comments-in-continuation", "onbuild-heredoc-and-variables"],
    "fewer forms of variables": ["expand-modifiers", "expand-nested", "expand-patterns"],
    "no variables in a tmpfs' size, no `df` of it": ["expand-mount-values", "mount-tmpfs"],
    "no secrets as variables": ["mount-secret"],
    "no relative targets of mounts": ["mount-bind"],
    "no --start-interval, no zero intervals": ["healthcheck", "healthcheck-forms"],
    "no escaped names in patterns": ["copy-names"],
    "names of stages are compared with their case": ["from-stage-name-beats-image", "lex-lower-case-words"],
    "the escape directive only in the first line": ["lex-shebang"],
    "triggers know only the base's own stages": ["onbuild-copy-from-stage"],
    "no arguments of BuildKit's": ["args-of-the-builder", "option-hostname", "arg-platform-values", "args-foreign-syntax-given",
                                   "lex-syntax-foreign"],
    "a stage that copies from itself takes any image of its name": ["from-loop"],
    "no checks": ["check-bad-setting", "check-error-fails"],
    "other flags for networks and rights": ["run-insecure", "run-network-host", "run-network-none", "option-network-none", "option-shm-size",
                                            "run-sandbox", "option-add-host", "option-ulimit"],
    "no other name of the Dockerfile": ["parse-lower-case-file"],
    "ARG ends with its stage": ["arg-inherited-by-stages"],
    "what is written into a volume is taken away": ["volume-keeps-what-is-written"],
    "pulls a missing image three times": ["error-image-missing"],
}
# case: why it builds what we and BuildKit refuse.
PODMAN_ACCEPTS = {
    "copy-type-conflicts": "a directory is replaced by a file", "expose-bad": "ports are not read", "from-names": "any name of a stage",
    "from-scratch-empty": "an image of nothing", "healthcheck-too-short": "any interval", "ignore-lone-exclamation": "an empty exception",
}
# case: {path or field of the configuration: reason}; `*` stands for every case.
PODMAN_DIFFERS = {
    "*": {"/": "an archive has no entry for the root itself", "/dev": "made to be mounted on", "/proc": "as above", "/run": "as above",
          "/sys": "as above", "ArgsEscaped": "a mark of Docker's builders"},
    "add-keeps-compressed-files": {name: "holds the times of what was packed" for name in ("/x/p.tar", "/x/p.tar.gz", "/x/p.tar.bz2")},
    "expand-expose-list": {"ExposedPorts": "ranges stay ranges"},
    "expose-mapped-builds": {"ExposedPorts": "words stay as they are written"},
    "from-scratch": {"WorkingDir": "BuildKit says `/` for nothing"},
    "large": {
        **{path: "the set-user-id bit of a context's file is taken away" for path in ("/all/plain", "/more/plain", "/owned/plain")},
        "Cmd": "SHELL does not count for metadata", "ExposedPorts": "ranges stay ranges"},
    "lex-long-line": {"/n": "lines are cut at 64 KiB"},
    "mount-bind-of-an-image": {"/other": "what was made to be mounted on is left"},
    "mount-cache": {"/x": "lists the root, and what was made to be mounted on is left"},
    "shell-changes": {"Cmd": "SHELL does not count for metadata", "Entrypoint": "as above"},
}

# BuildKit 0.8, which Debian's Docker has; newer ones differ in less.
BUILDKIT_CANNOT = {
    "no flags --link, --parents, --exclude": ["copy-link", "copy-link-rules", "copy-parents", "copy-parents-forms", "copy-exclude",
                                              "copy-exclude-rules"],
    "octal modes only": ["copy-chmod-bad", "copy-chmod-forms", "copy-chmod-symbolic"],
    "no documents in a Dockerfile": ["copy-heredoc-forms", "run-heredoc-forms", "lex-comments-in-continuation", "onbuild-heredoc-and-variables"],
    "fewer forms of variables, none in mounts and --chmod": ["expand-modifiers", "expand-mount-values", "expand-nested", "expand-patterns",
                                                            "expand-everywhere"],
    "no secrets as variables, no size of a tmpfs": ["mount-secret", "mount-tmpfs"],
    "a cache that was given an owner is another than one of its id without": ["mount-cache"],
    "what is written into the bind of an image is thrown away, not refused": ["mount-bind-of-an-image"],
    "no --start-interval, no zero intervals": ["healthcheck", "healthcheck-forms"],
    "names of stages are compared with their case": ["from-stage-name-beats-image"],
    "no line may begin with #!": ["lex-shebang"],
    "lines end at 64 KiB": ["lex-long-line"],
    "triggers know only the base's own stages": ["onbuild-copy-from-stage"],
    "fewer arguments of the builder; `# syntax=` is pulled": ["args-of-the-builder", "arg-platform-values", "args-foreign-syntax-given",
                                                            "lex-syntax-foreign", "lex-syntax-line-is-builtin", "option-hostname"],
    "no checks": ["check-bad-setting", "check-error-fails"],
    "options that its client does not send": ["option-shm-size", "option-ulimit"],
    "other flags for networks and rights": ["run-insecure", "run-network-host", "run-network-none"],
    "asks a registry that is not there": ["error-image-missing"],
}
BUILDKIT_ACCEPTS = {
    "from-scratch-empty": "an image of nothing", "ignore-lone-exclamation": "an empty exception",
}
BUILDKIT_DIFFERS = {
    "*": {path: "made for the container that is exported" for path in ("/dev", "/proc", "/sys", "/etc")},
    "add-keeps-compressed-files": {name: "holds the times of what was packed" for name in ("/x/p.tar", "/x/p.tar.gz", "/x/p.tar.bz2")},
    "copy-special-files": {"/d/p": "fifos are left out"},
    "large": {
        "/all/sub/f": "its exports have no attributes of users", "/moded/name": "--chmod leaves the set-user-id bit",
        "/bound": "what was made to be mounted on is left", "/scratch": "as above", "/taken/deep/pipe": "fifos are left out"},
    "mount-bind": {"/ctx": "what was made to be mounted on is left", "/o": "as above"},
    "mount-cache-from": {"/c": "what was made to be mounted on is left"},
}


# -- trees

def entry(kind, mode, user, group, attributes=None, **more):
    found = {"kind": kind, "mode": "%04o" % stat.S_IMODE(mode), "owner": f"{user}:{group}", **more}
    if attributes:
        found["attributes"] = attributes
    return found


def absolute(name):
    return os.path.normpath("/" + name.lstrip("/"))


def tree_of_archive(path):
    kinds = {tarfile.DIRTYPE: "directory", tarfile.SYMTYPE: "link", tarfile.FIFOTYPE: "fifo", tarfile.CHRTYPE: "device"}
    found, links = {}, {}
    with tarfile.open(path) as archive:
        for member in archive:
            name = absolute(member.name)
            prefix = "SCHILY.xattr."
            attributes = {key.removeprefix(prefix): value.encode("utf-8", "surrogateescape").hex()
                          for key, value in member.pax_headers.items() if key.startswith(prefix)}
            if member.islnk():
                links[name] = absolute(member.linkname)
                continue
            more = {}
            if member.isreg():
                more["content"] = hashlib.sha256(archive.extractfile(member).read()).hexdigest()
            elif member.issym():
                more["target"] = member.linkname
            found[name] = entry(kinds.get(member.type, "file"), member.mode, member.uid, member.gid, attributes, **more)
    found.update({name: found[target] for name, target in links.items()})
    return found


def tree_of_folder(root):
    found = {}
    for folder, folders, files in os.walk(root):
        for name in [".", *files, *folders] if folder == root else [*files, *folders]:
            path = os.path.join(folder, name)
            status = os.lstat(path)
            more, kind = {}, "device"
            if stat.S_ISDIR(status.st_mode):
                kind = "directory"
            elif stat.S_ISLNK(status.st_mode):
                kind, more["target"] = "link", os.readlink(path)
            elif stat.S_ISFIFO(status.st_mode):
                kind = "fifo"
            elif stat.S_ISREG(status.st_mode):
                kind = "file"
                with open(path, "rb") as file:
                    more["content"] = hashlib.sha256(file.read()).hexdigest()
            attributes = {key: os.getxattr(path, key, follow_symlinks=False).hex() for key in os.listxattr(path, follow_symlinks=False)
                          if not key.startswith(("trusted.overlay.", "user.overlay.", "security.selinux"))}
            found[absolute(os.path.relpath(path, root))] = entry(kind, status.st_mode, status.st_uid, status.st_gid, attributes, **more)
    return found


# -- builders

class PodmanBuilder:
    """Debian's podman with runc, so that nothing of ours takes part."""
    cannot, accepts, differs = PODMAN_CANNOT, PODMAN_ACCEPTS, PODMAN_DIFFERS

    def __init__(self):
        self.podman = Podman()
        self.podman.base[self.podman.base.index("--runtime") + 1] = shutil.which("runc") or "/usr/sbin/runc"

    def build(self, image, arguments, context):
        command = self.podman.command(
            "build", "--layers=false", "--format=docker", "--identity-label=false", "--isolation=chroot", "--ulimit", "nofile=1024:1024",
            "--ulimit", "nproc=1024:1024", "-t", image, *arguments, context)
        # Entering the namespace loses the working directory.
        place = command.index("podman")
        command[place:place] = ["env", "-C", str(context)]
        result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=self.podman.environment, timeout=30)
        return result.returncode, result.stdout + result.stderr

    def look(self, images):
        """Configuration and tree of each."""
        mounted = json.loads(self.podman("image", "mount", "--format", "json", *images)) if images else []
        folders = {name: row["mountpoint"] for row in mounted for name in row["Repositories"]}
        kept = self.podman.folder / "root" / "overlay-images"
        rows = {name: row["id"] for row in json.loads((kept / "images.json").read_text()) for name in row.get("names") or []}
        found = {}
        for image in images:
            identifier = rows[f"localhost/{image}"]
            name = "=" + base64.b64encode(f"sha256:{identifier}".encode()).decode()
            # Its mounts are in a namespace of its own.
            found[image] = (json.loads((kept / identifier / name).read_text())["config"],
                            tree_of_folder(f"/proc/{self.podman.holder.pid}/root{folders[f'localhost/{image}']}"))
        self.podman("image", "unmount", "-a")
        return found

    def destroy(self):
        self.podman.destroy()


class BuildKitBuilder:
    """BuildKit as a Docker daemon of our own has it."""
    cannot, accepts, differs = BUILDKIT_CANNOT, BUILDKIT_ACCEPTS, BUILDKIT_DIFFERS

    def __init__(self, docker, folder):
        self.docker, self.folder = docker, folder

    def build(self, image, arguments, context):
        return self.docker("build", "--progress=plain", "--network=host", "-t", image, *arguments, context, cwd=context)

    def look(self, images):
        found = {}
        for image in images:
            config = json.loads(self.docker("image", "inspect", image)[1])[0]["Config"]
            container = self.docker("create", image, "x")[1].strip()
            assert self.docker("export", "-o", self.folder / "tree", container)[0] == 0
            self.docker("rm", container)
            found[image] = config, tree_of_archive(self.folder / "tree")
        return found


@pytest.fixture(scope="module")
def buildkit(tmp_path_factory):
    if not dockerd.IS_INSTALLED:
        pytest.skip("no BuildKit: neither Debian's docker.io nor Docker's own daemon, which buildx would ask, is installed")
    folder = tmp_path_factory.mktemp("dockerd")
    with dockerd.serve_dockerd(folder) as docker:
        yield BuildKitBuilder(docker, folder)


@pytest.fixture(scope="module")
def podman():
    if not shutil.which("podman") or not shutil.which("runc"):
        pytest.skip("podman with runc, the other builder, is not installed")
    made = PodmanBuilder()
    yield made
    made.destroy()


# -- the comparison

def is_a_build(name):
    """Checks and other calls, and files that need a particular name of ours, are not another builder's."""
    words = next((head[1:] for head, _ in parse(name) if head[0] == "args"), [])
    return not any(word.startswith(("--check", "--call")) for word in shlex.split(" ".join(words)))


def make_large(folder):
    (folder / "Dockerfile").write_text(LARGE)
    (folder / ".dockerignore").write_text("left*\n!left-in\n**/*.tmp\n")
    for name in ("plain", "left-out", "left-in", "sub/f", "sub/g.tmp", "sub/deep/h"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{name}\n")
    (folder / "plain").chmod(0o4750)
    (folder / "sub").chmod(0o711)
    os.symlink("plain", folder / "link")
    os.symlink("/nowhere", folder / "broken")
    os.chown(folder / "sub" / "f", 123, 456)
    os.setxattr(folder / "sub" / "f", "user.note", b"kept")
    packing = folder.parent / "packing"
    (packing / "in").mkdir(parents=True)
    (packing / "in" / "file").write_text("packed\n")
    (packing / "in" / "file").chmod(0o600)
    os.chown(packing / "in", 21, 22)
    with tarfile.open(folder / "packed.tar.gz", "w:gz") as archive:
        archive.add(packing / "in", "in")


class Case:
    """One case: our half is done beside the others' halves of the cases before."""

    def __init__(self, name, gantry, folder):
        self.name, self.gantry, self.image = name, gantry, f"differential-{name.lower()}:1"
        self.context, self.output = folder / name / "context", folder / name / "tree.tar"
        self.context.mkdir(parents=True)
        self.arguments, self.expect, self.bases = [], {}, {}
        if name == "large":
            make_large(self.context)
        else:
            self.arguments, self.expect, self.bases = make_context(name, self.context)

    def ours(self):
        """Configuration and tree; nothing for a build that fails as it should."""
        for base, text in self.bases.items():
            self.gantry.ok("build", "-q", "-t", base, "-", input=text)
        try:
            result = self.gantry("build", "--progress=plain", "-t", self.image, "-o", "type=image", "-o", f"type=tar,dest={self.output}",
                                 *self.arguments, ".", cwd=self.context)
            assert result.returncode == self.expect.get("exit", 0), result.stderr
            if result.returncode:
                return None
            return shape(json.loads(self.gantry.ok("image", "inspect", self.image))[0]["Config"]), tree_of_archive(self.output)
        finally:
            self.gantry("rmi", "-f", self.image, *self.bases)

    def theirs(self, peer):
        """Whether they built it, and what they said."""
        for base, text in self.bases.items():
            folder = self.context.parent / "base"
            folder.mkdir(exist_ok=True)
            (folder / "Dockerfile").write_text(text)
            code, said = peer.build(base, [], folder)
            if code:
                return False, said
        code, said = peer.build(self.image, self.arguments, self.context)
        return code == 0, said

    def differences(self, peer, ours, theirs):
        """What differs without a reason, and reasons for what does not differ."""
        found = {}
        for mine, other in zip(ours, (shape(theirs[0]), theirs[1])):
            found.update({what: f"ours {mine.get(what)}, theirs {other.get(what)}" for what in {*mine, *other} - OF_THE_BUILDER
                          if mine.get(what) != other.get(what)})
        reasons = peer.differs.get(self.name, {})
        return ([f"{what}: {found[what]}" for what in sorted(found) if what not in reasons and what not in peer.differs["*"]]
                + [f"{what}: does not differ" for what in reasons if what not in found])


def all_differences(daemon, peer, folder):
    unknown = {case for cases in peer.cannot.values() for case in cases}
    names = ["large", *(case for case in CASES if is_a_build(case) and case not in unknown)]
    cases = [Case(name, Cli("gantry", daemon), folder) for name in names]
    result, both = {}, []
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        for case, ours in zip(cases, pool.map(Case.ours, cases)):
            succeeds, said = case.theirs(peer)
            wanted = ours is not None or case.name in peer.accepts
            if succeeds != wanted:
                result[case.name] = [f"{'succeeds' if succeeds else 'fails'} there: {said[-600:]}"]
            elif ours is not None:
                both.append((case, ours))
    looks = peer.look([case.image for case, _ in both])
    result.update({case.name: case.differences(peer, ours, looks[case.image]) for case, ours in both})
    return {name: what for name, what in result.items() if what}


def test_podman_builds_the_same(daemon, podman, tmp_path):
    assert all_differences(daemon, podman, tmp_path) == {}


def test_buildkit_builds_the_same(daemon, buildkit, tmp_path):
    assert all_differences(daemon, buildkit, tmp_path) == {}
