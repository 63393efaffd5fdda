#!/usr/bin/env python3
"""Makes image layers and docker-archive files from root file system tars.

  archive.py layer [--base BASE.tar] TREE.tar OUT.tar   what TREE adds to, changes in and removes from BASE
  archive.py image OUT.tar --tag NAME --config JSON --layer LAYER.tar...   a file that `gantry load -i` takes
"""
import argparse
import copy
import datetime
import hashlib
import io
import json
import os
import platform
import sys
import tarfile

# Made anew in every container, or of the build only.
LEFT_OUT = ("dev/", "proc/", "sys/", "run/", "tmp/", "var/cache/apt/", "var/lib/apt/lists/", "var/log/", "var/cache/ldconfig/aux-cache",
            "var/cache/debconf/", "etc/hostname", "etc/resolv.conf", "etc/machine-id")


def clean(name):
    return os.path.normpath(name).lstrip("/")


def left_out(member):
    name = clean(member.name)
    if member.isdir():
        name += "/"
    return any(name.startswith(prefix) and name != prefix for prefix in LEFT_OUT)


def entries(archive):
    """Every entry of an open tar by its clean name; the last of equal names counts."""
    return {clean(member.name): member for member in archive if not left_out(member) and clean(member.name) != "."}


def content(archive, member):
    return hashlib.file_digest(archive.extractfile(member), "sha256").digest() if member.isreg() else b""


def identity(archive, members, member):
    """What makes an entry the same as another: all but its time."""
    target = members.get(clean(member.linkname)) if member.islnk() else None
    link = identity(archive, members, target) if target is not None else member.linkname
    return (member.type, member.mode, member.uid, member.gid, member.size, link, content(archive, member))


def changed_names(base_archive, base, archive, tree):
    names = set()
    for name, member in tree.items():
        old = base.get(name)
        if old is None or (old.type, old.mode, old.size) != (member.type, member.mode, member.size):
            names.add(name)
        elif identity(base_archive, base, old) != identity(archive, tree, member):
            names.add(name)
    for name in list(names):  # a hard link needs its target, a file its directories
        if tree[name].islnk():
            names.add(clean(tree[name].linkname))
    for name in list(names):
        while name := os.path.dirname(name):
            names.add(name)
    return {name for name in names if name in tree}


def removed_names(base, tree):
    gone = {name for name in base if name not in tree}
    return {name for name in gone if os.path.dirname(name) not in gone}


def write(out, member, data=None):
    member = copy.copy(member)
    member.name = clean(member.name)
    if member.islnk():
        member.linkname = clean(member.linkname)
    member.uname = member.gname = ""
    member.mtime = int(member.mtime)
    member.pax_headers = {key: value for key, value in member.pax_headers.items() if key == "SCHILY.xattr.security.capability"}
    out.addfile(member, data)


def make_layer(options):
    with tarfile.open(options.tree) as archive, tarfile.open(options.out, "w", format=tarfile.PAX_FORMAT) as out:
        tree = entries(archive)
        names = set(tree)
        if options.base:
            with tarfile.open(options.base) as base_archive:
                base = entries(base_archive)
                names = changed_names(base_archive, base, archive, tree)
                for name in sorted(removed_names(base, tree)):
                    write(out, tarfile.TarInfo(os.path.join(os.path.dirname(name), ".wh." + os.path.basename(name))), io.BytesIO())
        links = [name for name in names if tree[name].islnk()]
        for name in sorted(names.difference(links)) + sorted(links):
            write(out, tree[name], archive.extractfile(tree[name]) if tree[name].isreg() else None)


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def make_image(options):
    architecture = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    created = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    diff_ids = [digest(layer) for layer in options.layer]
    history = [{"created": created, "created_by": f"scripts/base-images # {os.path.basename(layer)}"} for layer in options.layer]
    config = {
        "architecture": architecture, "os": "linux", "created": created, "config": json.loads(options.config),
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + diff_id for diff_id in diff_ids]}, "history": history,
    }
    text = json.dumps(config).encode()
    name = hashlib.sha256(text).hexdigest() + ".json"
    manifest = json.dumps([{"Config": name, "RepoTags": [options.tag], "Layers": [d + "/layer.tar" for d in diff_ids]}]).encode()
    partial = options.out + ".partial"
    with tarfile.open(partial, "w") as out:
        for diff_id, layer in zip(diff_ids, options.layer):
            out.add(layer, diff_id + "/layer.tar", filter=anonymous)
        for file, data in ((name, text), ("manifest.json", manifest)):
            member = tarfile.TarInfo(file)
            member.size = len(data)
            out.addfile(member, io.BytesIO(data))
    os.rename(partial, options.out)


def anonymous(member):
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(required=True)
    layer = verbs.add_parser("layer")
    layer.add_argument("--base")
    layer.add_argument("tree")
    layer.add_argument("out")
    layer.set_defaults(run=make_layer)
    image = verbs.add_parser("image")
    image.add_argument("out")
    image.add_argument("--tag", required=True)
    image.add_argument("--config", required=True)
    image.add_argument("--layer", action="append", required=True)
    image.set_defaults(run=make_image)
    options = parser.parse_args()
    options.run(options)


if __name__ == "__main__":
    sys.exit(main())
