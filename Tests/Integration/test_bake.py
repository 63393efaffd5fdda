"""`gantry bake`: several builds from one JSON file."""
import json

import pytest

from conftest import Cli


@pytest.fixture
def bake(daemon, tmp_path):
    gantry = Cli("gantry", daemon)

    def run(definition, *arguments, ok=True, files=None, **options):
        for name, text in (files or {}).items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        if definition is not None:
            (tmp_path / "docker-bake.json").write_text(json.dumps(definition))
        result = gantry("bake", *arguments, cwd=tmp_path, **options)
        if ok:
            assert result.returncode == 0, result.stderr
        return result
    run.gantry, run.folder = gantry, tmp_path
    yield run
    names = gantry.ok("images", "--format", "{{.Repository}}:{{.Tag}}").split()
    for name in names:
        if name.startswith("baked"):
            gantry("rmi", "-f", name)


def shown(result):
    return json.loads(result.stdout)


def test_print(bake, monkeypatch):
    definition = {
        "variable": {"TAG": {"default": "1"}, "REPO": {"default": "baked"}},
        "group": {"default": {"targets": ["app", "tools"]}, "tools": {"targets": ["lint"]}},
        "target": {
            "base": {"args": {"A": "base", "B": "base"}, "labels": {"l": "1"}, "platforms": ["linux/amd64"]},
            "app": {"inherits": ["base"], "context": "app", "args": {"A": "app"}, "tags": ["${REPO}:${TAG}"],
                    "output": [{"type": "local", "dest": "out"}], "secret": [{"type": "file", "id": "s", "src": "x"}]},
            "lint": {"dockerfile": "Lint", "args": {"NULL": None, "N": 3, "F": True}}}}
    plan = shown(bake(definition, "--print"))
    assert plan["group"] == {"default": {"targets": ["app", "tools"]}} or plan["group"]["default"] == {"targets": ["app", "tools"]}
    assert plan["target"] == {
        "app": {"context": "app", "dockerfile": "Dockerfile", "args": {"A": "app", "B": "base"}, "labels": {"l": "1"},
                "platforms": ["linux/amd64"], "tags": ["baked:1"], "output": ["type=local,dest=out"],
                "secret": ["type=file,id=s,src=x"]},
        "lint": {"context": ".", "dockerfile": "Lint", "args": {"NULL": None, "N": "3", "F": "true"}}}
    plan = shown(bake(None, "--print", "app", "--set", "*.args.A=set", "--set", "app.tags=x", "--set", "app.tags=y",
                      "--set", "a*.platform+=linux/arm64", "--set", "app.no-cache=true", "--push", "--provenance=max"))
    app = plan["target"]["app"]
    assert list(plan["target"]) == ["app"] and app["args"]["A"] == "set" and app["tags"] == ["x", "y"]
    assert app["platforms"] == ["linux/amd64", "linux/arm64"] and app["no-cache"] is True
    assert app["output"] == ["type=local,dest=out", "type=registry"] and app["attest"] == ["type=provenance,mode=max"]
    (bake.folder / "docker-bake.override.json").write_text('{"target": {"lint": {"args": {"N": "4"}, "target": "x"}}}')
    lint = shown(bake(None, "--print", "lint"))["target"]["lint"]
    assert lint["args"]["N"] == "4" and lint["args"]["F"] == "true" and lint["target"] == "x"
    monkeypatch.setitem(bake.gantry.environment, "TAG", "from-the-environment")
    assert shown(bake(None, "--print", "app"))["target"]["app"]["tags"] == ["baked:from-the-environment"]


@pytest.mark.parametrize("definition,arguments,complaint", [
    ({"target": {"a": {}}}, ["b"], "failed to find target b"),
    ({"target": {"a": {}}}, [], "failed to find target default"),
    ({"target": {"a": {"inherits": ["b"]}, "b": {"inherits": ["a"]}}}, ["a"], "infinite loop from inheriting target a"),
    ({"target": {"a": {"contexts": {"x": "target:b"}}, "b": {"contexts": {"x": "target:a"}}}}, ["a"], "infinite loop from contexts"),
    ({"group": {"a": {"targets": ["a"]}}}, ["a"], "group `a` holds itself"),
    ({"target": {"a": {"matrix": {"x": ["1"]}}}}, ["a"], "a matrix of targets is not offered"),
    ({"target": {"a": {"colour": "red"}}}, ["a"], "unknown field `colour`"),
    ({"target": {"a": {"tags": "x"}}}, ["a"], "`tags` of target `a` is not a list"),
    ({"target": {"a": {"tags": ["${upper(X)}"]}}}, ["a"], "expressions are not offered"),
    ({"target": {"a": {"tags": ["${X}"]}}}, ["a"], "there is no variable `X`"),
    ({"function": {}}, ["a"], "`function` in `docker-bake.json` is not offered"),
    ({"target": {"a": {}}}, ["a", "--set", "b.tags=x"], "could not find any target matching 'b'"),
    ({"target": {"a": {}}}, ["a", "--set", "a.nothing=x"], "unknown key: nothing")])
def test_refused(bake, definition, arguments, complaint):
    result = bake(definition, *arguments, ok=False)
    assert result.returncode == 1 and complaint in result.stderr and not result.stdout


def test_hcl_and_nothing(bake):
    result = bake(None, ok=False)
    assert result.returncode == 1 and "docker-bake.json" in result.stderr
    (bake.folder / "docker-bake.hcl").write_text('target "a" {}\n')
    result = bake(None, ok=False)
    assert result.returncode == 1 and "HCL are not read" in result.stderr
    (bake.folder / "odd").write_text('target "a" {}\n')
    result = bake(None, "-f", "odd", ok=False)
    assert result.returncode == 1 and "is no JSON" in result.stderr


def test_targets_at_the_same_time(bake):
    """Both wait for the other: one after the other they would never end. Their common step is done once."""
    dockerfile = ("FROM busybox AS base\nRUN head -c 8 /dev/urandom | od -An -tx1 > /shared\nFROM base\nARG ME OTHER\n"
                  "RUN --mount=type=cache,id=bake-meeting,target=/m touch /m/$ME && until test -e /m/$OTHER; do usleep 20000; done\n")
    definition = {"group": {"default": {"targets": ["one", "two"]}},
                  "target": {"common": {"no-cache": True},
                             "one": {"inherits": ["common"], "args": {"ME": "one", "OTHER": "two"}, "tags": ["baked-one:1"]},
                             "two": {"inherits": ["common"], "args": {"ME": "two", "OTHER": "one"}, "tags": ["baked-two:1"],
                                     "labels": {"who": "two"}}}}
    try:
        result = bake(definition, "--progress=plain", "--metadata-file", "meta.json", files={"Dockerfile": dockerfile})
    finally:
        bake.gantry.ok("builder", "prune", "-af")
    assert "[one " in result.stderr and "[two " in result.stderr
    metadata = json.loads((bake.folder / "meta.json").read_text())
    assert sorted(metadata) == ["one", "two"] and metadata["one"]["image.name"] == "docker.io/library/baked-one:1"
    inspected = json.loads(bake.gantry.ok("image", "inspect", "baked-two:1"))[0]
    assert inspected["Config"]["Labels"] == {"who": "two"} and metadata["two"]["containerimage.config.digest"] == inspected["Id"]


def test_steps_are_shared(bake):
    dockerfile = "FROM busybox\nRUN sleep 1; head -c 8 /dev/urandom | od -An -tx1 > /shared\nARG WHO\nRUN echo $WHO > /who\n"
    definition = {"target": {name: {"args": {"WHO": name}, "tags": [f"baked-{name}:1"]} for name in ("a", "b", "c")}}
    bake(definition, "a", "b", "c", files={"Dockerfile": dockerfile})
    layers = [json.loads(bake.gantry.ok("image", "inspect", f"baked-{name}:1"))[0]["RootFS"]["Layers"] for name in ("a", "b", "c")]
    assert len({tuple(layer[:2]) for layer in layers}) == 1 and len({layer[2] for layer in layers}) == 3


def test_target_as_a_context(bake):
    definition = {"target": {
        "base": {"dockerfile-inline": "FROM busybox\nRUN echo from-base > /base\n", "tags": ["baked-base:1"]},
        "app": {"context": "app", "contexts": {"base": "target:base", "dir": "other"}, "tags": ["baked-app:1"], "dockerfile": "Own"}}}
    images = set(bake.gantry.ok("images", "-aq", "--no-trunc").split())
    bake(definition, "app", files={"app/Own": "FROM base\nCOPY --from=dir f /f\nCOPY own /own\n", "app/own": "own", "other/f": "f"})
    assert bake.gantry.ok("run", "--rm", "--network", "none", "baked-app:1", "cat", "/base", "/f", "/own") == "from-base\nfown"
    # Nobody asked for the base itself.
    assert bake.gantry("image", "inspect", "baked-base:1").returncode == 1
    assert len(set(bake.gantry.ok("images", "-aq", "--no-trunc").split()) - images) == 1
    bake(None, "base", "app")
    bake.gantry.ok("image", "inspect", "baked-base:1")


def test_a_failing_target_ends_the_others(bake):
    definition = {"target": {"bad": {"dockerfile-inline": "FROM busybox\nRUN exit 7\n"},
                             "slow": {"dockerfile-inline": "FROM busybox\nRUN sleep 100\n"}}}
    result = bake(definition, "bad", "slow", "--no-cache", ok=False, timeout=60)
    assert result.returncode == 1 and "exit code: 7" in result.stderr and "[bad 2/2] RUN exit 7" in result.stderr


def test_push_and_standard_input(bake, daemon):
    name = f"{daemon.registry}/baked/one:1"
    definition = json.dumps({"target": {"default": {"dockerfile-inline": "FROM scratch\nLABEL a=b\nCOPY f /\n", "tags": [name],
                                                    "platforms": ["linux/amd64", "linux/arm64"]}}})
    result = bake(None, "-f", "-", "--push", "--progress=quiet", files={"f": "f"}, input=definition)
    assert result.stdout.startswith("sha256:") and result.stderr == ""
    bake.gantry.ok("rmi", name)
    bake.gantry.ok("pull", name)
    bake.gantry.ok("rmi", name)
