"""The app's files agree with each other, and with what the pipeline calls the app."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from device.app import names
from device.app.request import Request
from tests.bench_app import build
from tests.bench_app.build import APP, CPP, json5

ENTRY = APP / "entry"
MAIN = ENTRY / "src" / "main"
ABILITY = (MAIN / "ets/entryability/EntryAbility.ets").read_text()


def module() -> dict:
    return json5(MAIN / "module.json5")["module"]


def test_every_json5_file_is_one() -> None:
    found = sorted(APP.rglob("*.json5")) + sorted((APP / "AppScope").rglob("*.json"))
    assert len(found) >= 9
    for path in found:
        assert isinstance(json5(path), dict), path


def test_names() -> None:
    app = json5(APP / "AppScope/app.json5")["app"]
    assert app["bundleName"] == names.BUNDLE
    assert module()["name"] == names.MODULE
    assert [one["name"] for one in module()["abilities"]] == [names.ABILITY]
    assert f"data/storage/el2/base/haps/{names.MODULE}/files" == names.FILES
    assert f"'{names.TAG}'" in ABILITY
    assert f'kTag[] = "{names.TAG}"' in (CPP / "napi_init.c").read_text()


def test_the_ability_can_be_started_from_outside_and_asks_for_no_permission() -> None:
    (ability,) = module()["abilities"]
    assert ability["exported"] is True
    assert ability["launchType"] == "singleton"
    assert "requestPermissions" not in module()
    assert (MAIN / ability["srcEntry"]).is_file()
    assert f"class {ability['name']} extends" in ABILITY


def test_the_native_module_has_one_name_everywhere() -> None:
    (name,) = json5(ENTRY / "oh-package.json5")["dependencies"]
    types = CPP / "types/libbench"
    assert name == "libbench.so"
    assert json5(types / "oh-package.json5")["name"] == name
    assert (types / json5(types / "oh-package.json5")["types"]).is_file()
    assert f"import bench from '{name}'" in ABILITY
    assert '.nm_modname = "bench"' in (CPP / "napi_init.c").read_text()
    assert "add_library(bench SHARED" in (CPP / "CMakeLists.txt").read_text()
    native = json5(ENTRY / "build-profile.json5")["buildOption"]["externalNativeOptions"]
    assert (ENTRY / native["path"]).resolve() == CPP / "CMakeLists.txt"
    assert "arm64-v8a" in native["abiFilters"]


def test_parameters_are_those_that_the_driver_gives() -> None:
    read = set(re.findall(r"text\(want, '(\w+)'\)|parameters\?\.\['(\w+)'\]", ABILITY))
    assert {one or other for one, other in read} == {"session", "call", "request"}
    driver = (build.ROOT / "device/app/session.py").read_text()
    assert all(f'"{word}"' in driver for word in ("session", "call", "request"))


def test_versions() -> None:
    version = json5(APP / "AppScope/app.json5")["app"]["versionName"]
    assert f'BENCH_APP_VERSION "{version}"' in (CPP / "call.h").read_text()
    assert Request((), ()).as_bytes().startswith(b"mslite-bench 1\n")
    assert '"mslite-bench 1\\n"' in (CPP / "request.c").read_text()


def test_resources_are_there() -> None:
    text = "".join(path.read_text() for path in (MAIN / "module.json5", APP / "AppScope/app.json5"))
    for kind, name in set(re.findall(r"\$(\w+):(\w+)", text)):
        folders = (APP / "AppScope/resources/base", MAIN / "resources/base")
        if kind in ("string", "color"):
            paths = [folder / f"element/{kind}.json" for folder in folders]
            lists = [json.loads(path.read_text())[kind] for path in paths if path.is_file()]
            assert any(item["name"] == name for items in lists for item in items), (kind, name)
        else:
            assert any(list(folder.glob(f"*/{name}.*")) for folder in folders), (kind, name)
    pages = json.loads((MAIN / "resources/base/profile/main_pages.json").read_text())["src"]
    assert all((MAIN / "ets" / f"{page}.ets").is_file() for page in pages)


def test_cmake_builds_every_source_but_the_main_ones() -> None:
    listed = {path.name for path in build.own_sources()} | {"napi_init.c"}
    assert listed == {path.name for path in CPP.glob("*.c")}
    text = (CPP / "CMakeLists.txt").read_text()
    runner = re.search(r"set\(RUNNER \$\{CMAKE_CURRENT_SOURCE_DIR\}/(\S+)\)", text)
    assert runner is not None
    assert (CPP / runner.group(1)).resolve() == build.RUNNER
    assert "list(REMOVE_ITEM RUNNER_SOURCES ${RUNNER}/main.c)" in text


@pytest.mark.skipif(shutil.which("cmake") is None, reason="cmake is not installed")
def test_cmake_understands_the_project(tmp_path: Path) -> None:
    command = ["cmake", "-S", CPP, "-B", tmp_path, "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON"]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    commands = json.loads((tmp_path / "compile_commands.json").read_text())
    compiled = {Path(one["file"]).resolve() for one in commands}
    assert compiled == {*build.own_sources(), CPP / "napi_init.c", *build.runner_sources()}


def test_the_package_of_the_checker_is_pinned_without_a_host() -> None:
    lock = json.loads((APP / "check/package-lock.json").read_text())
    asked = json.loads((APP / "check/package.json").read_text())["dependencies"]
    for name, version in asked.items():
        entry = lock["packages"][f"node_modules/{name}"]
        assert entry["version"] == version and entry["integrity"].startswith("sha512-")
        assert "resolved" not in entry
