"""Hostile images made in the test: busybox's layers with one more, and a configuration as the attack needs it."""
import hashlib
import io
import json
import tarfile

from conftest import IMAGES


def layer(members):
    """A tar of (name, type, link target, content or device numbers, optional mode)."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, kind, what, *rest in members:
            info = tarfile.TarInfo(name)
            info.type = kind
            info.mode = rest[0] if rest else 0o755
            if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
                info.linkname = what
            elif kind in (tarfile.CHRTYPE, tarfile.BLKTYPE):
                info.devmajor, info.devminor = what
            content = what if kind == tarfile.REGTYPE else b""
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return out.getvalue()


def archive(name, members, configuration=None, whole=None):
    """A docker archive. `configuration` is merged into busybox's `config`, `whole` into the document around it."""
    with tarfile.open(IMAGES / "busybox.tar") as base:
        def read(path):
            return base.extractfile(path).read()
        manifest = json.loads(read("manifest.json"))[0]
        document = json.loads(read(manifest["Config"]))
        layers = [read(path) for path in manifest["Layers"]]
    if members:
        layers.append(layer(members))
    document["config"] = {**document.get("config", {}), **(configuration or {})}
    document.pop("history", None)
    document.update(whole or {})
    diff_ids = [hashlib.sha256(uncompressed(one)).hexdigest() for one in layers]
    document["rootfs"] = {"type": "layers", "diff_ids": [f"sha256:{one}" for one in diff_ids]}
    files = {f"{number}.tar": one for number, one in enumerate(layers)}
    entry = {"Config": "config.json", "RepoTags": [name], "Layers": list(files)}
    files |= {"config.json": json.dumps(document).encode(), "manifest.json": json.dumps([entry]).encode()}
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for path, content in files.items():
            info = tarfile.TarInfo(path)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return out.getvalue()


def uncompressed(content):
    if content[:2] == b"\x1f\x8b":
        import gzip
        return gzip.decompress(content)
    return content
