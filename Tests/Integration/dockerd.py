"""A Docker daemon of its own for tests that compare with BuildKit, which comes with it.

Debian's docker.io has it. Where that is not installed, the variable GANTRY_DOCKER_ROOT may name a folder that its packages (docker.io,
containerd) were unpacked into. With newer packages of Docker's the command hands builds to buildx, which asks the same daemon.
"""
import contextlib
import os
import shutil
import subprocess

from conftest import IMAGES, wait_for

ROOT = os.environ.get("GANTRY_DOCKER_ROOT", "")
PATH = ":".join(f"{ROOT}{folder}" for folder in ("/usr/bin", "/usr/sbin")) + ":" + os.environ.get("PATH", "")
IS_INSTALLED = shutil.which("dockerd", path=PATH) is not None


@contextlib.contextmanager
def serve_dockerd(folder):
    """Gives what calls its command: arguments to exit status and everything that was printed. It has busybox and no network."""
    environment = {**os.environ, "PATH": PATH, "DOCKER_BUILDKIT": "1", "DOCKER_HOST": f"unix://{folder}/s", "DOCKER_CONFIG": str(folder)}
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(
            [shutil.which("dockerd", path=PATH), "-H", f"unix://{folder}/s", "--data-root", folder / "d", "--exec-root", folder / "e",
             "--pidfile", folder / "p", "--bridge=none", "--iptables=false", "--ip-masq=false"],
            stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=environment)

    def docker(*arguments, cwd=None):
        result = subprocess.run([shutil.which("docker", path=PATH), *map(str, arguments)], env=environment, capture_output=True, text=True,
                                timeout=120, cwd=cwd)
        return result.returncode, result.stdout + result.stderr
    try:
        wait_for(lambda: docker("version")[0] == 0, f"dockerd's answer: {(folder / 'log').read_text()[-2000:]}")
        assert docker("load", "-i", IMAGES / "busybox.tar")[0] == 0
        yield docker
    finally:
        process.terminate()
        process.wait(30)
