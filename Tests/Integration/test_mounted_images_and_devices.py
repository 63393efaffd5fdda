"""Images as mounts, and devices that the host's CDI files describe."""
import json

import pytest

from conftest import IMAGES, Cli, Daemon


@pytest.fixture
def own(tmp_path):
    (tmp_path / "cdi").mkdir()
    one = Daemon(tmp_path, "gtest1", "--bip", "172.31.241.1/24", "--cdi-spec-dir", str(tmp_path / "cdi")).start()
    try:
        Cli("gantry", one).ok("load", "-i", IMAGES / "busybox.tar")
        yield one
    finally:
        one.destroy()


def test_cdi(own):
    gantry, docker = Cli("gantry", own), Cli("docker", own)
    assert "could not select device driver \"\" with capabilities: [[gpu]]" in gantry("run", "--rm", "--gpus", "all", "busybox", "true").stderr
    assert "unresolvable CDI devices vendor.com/net=a" in docker("run", "--rm", "--device", "vendor.com/net=a", "busybox", "true").stderr
    library = own.folder / "library"
    library.mkdir()
    (library / "driver.so").write_text("driver\n")
    edits = {"env": ["DRIVER=1"], "mounts": [{"hostPath": str(library), "containerPath": "/usr/local/driver", "options": ["ro", "rbind"]}]}
    for kind, device in [("vendor.com/net", "a"), ("nvidia.com/gpu", "all")]:
        node = {"path": f"/dev/{device}", "hostPath": "/dev/zero", "permissions": "r"}
        specification = {"cdiVersion": "0.6.0", "kind": kind, "containerEdits": edits,
                         "devices": [{"name": device, "containerEdits": {"deviceNodes": [node], "env": [f"DEVICE={device}"]}}]}
        (own.folder / "cdi" / f"{device}.json").write_text(json.dumps(specification))
    script = "echo $DRIVER $DEVICE; cat /usr/local/driver/driver.so; head -c 4 /dev/$DEVICE | wc -c; touch /usr/local/driver/x || echo refused"
    for cli in [gantry, docker]:
        assert cli.ok("run", "--rm", "--device", "vendor.com/net=a", "busybox", "sh", "-c", script) == "1 a\ndriver\n4\nrefused\n"
        assert cli.ok("run", "--rm", "--gpus", "all", "busybox", "sh", "-c", script) == "1 all\ndriver\n4\nrefused\n"
    (own.folder / "cdi" / "b.yaml").write_text("cdiVersion: 0.6.0\n")
    gantry("run", "--name", "later", "--device", "vendor.com/net=b", "busybox", "true")
    assert "write it as JSON" in gantry.ok("why", "later")


def test_images_as_mounts(gantry, tmp_path):
    (tmp_path / "Dockerfile").write_text(
        "FROM busybox\nRUN mkdir -p /data/sub && echo one > /data/sub/f && echo gone > /data/sub/g\nRUN echo two > /data/sub/f && rm /data/sub/g && ln -s / /data/out\n")
    gantry.ok("build", "-q", "-t", "content:1", tmp_path)
    read = ("run", "--rm", "--mount")
    assert gantry.ok(*read, "type=image,source=content:1,target=/i", "busybox", "sh", "-c", "cat /i/data/sub/f; ls /i/data/sub; touch /i/x || echo refused") == "two\nf\nrefused\n"
    assert gantry.ok(*read, "type=image,source=content:1,target=/i,image-subpath=data/sub", "busybox", "ls", "/i") == "f\n"
    assert gantry.ok(*read, "type=image,source=content:1,target=/f,image-subpath=data/sub/f", "busybox", "cat", "/f") == "two\n"
    for subpath, reason in [("data/sub/g", "no such file"), ("data/out/etc", "symbolic link"), ("../..", "invalid image subpath")]:
        result = gantry(*read, f"type=image,source=content:1,target=/i,image-subpath={subpath}", "busybox", "true")
        assert result.returncode != 0 and reason in result.stderr
    assert "No such image" in gantry(*read, "type=image,source=nosuch:1,target=/i", "busybox", "true").stderr
    gantry.ok("run", "-d", "--name", "user", "--mount", "type=image,source=content:1,target=/i", "busybox", "sleep", "1000")
    assert gantry("rmi", "content:1").returncode == 1, "an image that is mounted is in use"
    gantry.ok("rm", "-f", "user")
    gantry.ok("rmi", "content:1")
