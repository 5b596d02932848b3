"""Which toolchain is used, and what is told when it is none."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pipeline.core.events import Silent
from pipeline.toolchain import package, toolchain
from pipeline.toolchain.errors import ToolchainInvalid
from pipeline.toolchain.package import Wheel
from pipeline.toolchain.toolchain import Origin, Toolchain

CONVERTER = "tools/converter/converter/converter_lite"
RUNTIME = "runtime/lib/libmindspore-lite.so"
WHEEL = Wheel("x86_64", ("cp37m", "any"), 1, "ab" * 32)


class Heard(Silent):
    """Notes what progress was told of."""

    def __init__(self) -> None:
        self.steps: set[str] = set()

    def progress(self, step: str, subject: str, done: float, total: float) -> None:
        self.steps.add(step)


@pytest.fixture(autouse=True)
def _no_home(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    monkeypatch.delenv("MSLITE_HOME", raising=False)


@pytest.fixture
def official(tmp_path: Path) -> Path:
    """An unpacked official package, as far as its shape goes."""
    home = tmp_path / "mindspore-lite-2.3.0-linux-x64"
    for part in (CONVERTER, RUNTIME):
        (home / part).parent.mkdir(parents=True)
        (home / part).write_text(part)
    return home


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The package index's package, on a disk instead of the index; notes each fetch."""
    fetched: list[str] = []
    home = tmp_path / "unpacked"

    def install(wheel: Wheel, progress: object) -> Path:
        fetched.append(wheel.machine)
        (home / "lib").mkdir(parents=True)
        return home

    monkeypatch.setattr(package, "wheel_for", lambda: WHEEL)
    monkeypatch.setattr(package, "installed", lambda wheel: home if home.is_dir() else None)
    monkeypatch.setattr(package, "install", install)
    return fetched


def _resolve(named: Path | None, sources: Path) -> Toolchain:
    return toolchain.resolve(named, sources, Silent())


@pytest.mark.parametrize("by", ["name", "environment"])
def test_an_official_package_is_used(official, sources, compilers, monkeypatch, by):
    if by == "environment":
        monkeypatch.setenv("MSLITE_HOME", str(official))
    found = _resolve(official if by == "name" else None, sources)
    assert found.origin is (Origin.NAMED if by == "name" else Origin.MSLITE_HOME)
    assert found.version == "2.3.0"
    assert found.converter == official / CONVERTER
    assert found.runtime == official / RUNTIME
    assert found.runner.is_file()
    assert found.library_path == (official / "tools/converter/lib", official / "runtime/lib")
    assert len(compilers.calls) == 1  # the runner is ours


def test_the_one_that_is_named_beats_the_environment(
    official, sources, compilers, monkeypatch, tmp_path
):
    other = tmp_path / "lite"
    shutil.copytree(official, other)
    monkeypatch.setenv("MSLITE_HOME", str(official))
    found = _resolve(other, sources)
    assert (found.home, found.origin, found.version) == (other, Origin.NAMED, "unknown")


@pytest.mark.parametrize("missing", [CONVERTER, RUNTIME])
@pytest.mark.parametrize(
    ("by", "named_by"), [("name", "--toolchain"), ("environment", "MSLITE_HOME")]
)
def test_an_incomplete_package_is_told_with_what_it_has_not(
    official, sources, monkeypatch, missing, by, named_by
):
    (official / missing).unlink()
    monkeypatch.setenv("MSLITE_HOME", str(official))
    with pytest.raises(ToolchainInvalid) as caught:
        _resolve(official if by == "name" else None, sources)
    assert str(caught.value) == f"{named_by} names {official}, which has no {missing}"


@pytest.mark.parametrize("home", ["nowhere", "~no-such-user/lite", "/nowhere"])
def test_a_folder_that_is_not_there_is_told(sources, monkeypatch, home):
    monkeypatch.setenv("MSLITE_HOME", home)
    with pytest.raises(ToolchainInvalid, match="MSLITE_HOME names /"):
        _resolve(None, sources)


def test_a_home_in_the_name_is_resolved(official, sources, compilers, monkeypatch):
    monkeypatch.setenv("HOME", str(official.parent))
    assert _resolve(Path("~") / official.name, sources).home == official


@pytest.mark.parametrize("part", [CONVERTER, RUNTIME])
def test_the_identity_changes_with_each_tool(official, sources, compilers, part):
    before = _resolve(official, sources).identity
    assert _resolve(official, sources).identity == before
    (official / part).write_text("a newer one")
    assert _resolve(official, sources).identity != before


def test_the_identity_changes_with_the_runner(official, sources, compilers):
    before = _resolve(official, sources).identity
    (sources / "main.c").write_text("int main(void) { return 1; }\n")
    compilers.behave('echo other > "$output"')
    assert _resolve(official, sources).identity != before


@pytest.mark.parametrize(
    ("inherited", "expected"), [("", "{0}:{1}"), ("/mine", "{0}:{1}:/mine")], ids=["none", "some"]
)
def test_the_tools_find_their_libraries(
    official, sources, compilers, monkeypatch, inherited, expected
):
    monkeypatch.setenv("LD_LIBRARY_PATH", inherited)
    found = _resolve(official, sources)
    assert found.environment() == {
        "GLOG_v": "2",
        "LD_LIBRARY_PATH": expected.format(*found.library_path),
    }


def test_the_index_is_the_last_resort_and_costs_nothing_twice(
    index, sources, compilers, monkeypatch
):
    monkeypatch.setenv("MSLITE_HOME", "")
    assert not toolchain.ready(sources)
    heard = Heard()
    found = toolchain.resolve(None, sources, heard)
    assert heard.steps == {"build"}
    assert (found.origin, found.version) == (Origin.PACKAGE_INDEX, "2.0.0")
    assert (index, len(compilers.calls)) == (["x86_64"], 3)
    assert found.environment() == {"GLOG_v": "2"}
    assert {path.name for path in (found.converter, found.runner, found.runtime)} == {
        "converter_lite", "runner", "libmindspore_lite_ndk.so",
    }  # fmt: skip
    assert toolchain.ready(sources)
    again = Heard()
    assert toolchain.resolve(None, sources, again) == found
    assert (again.steps, index, len(compilers.calls)) == (set(), ["x86_64"], 3)


def test_what_was_removed_is_fetched_and_built_again(index, sources, compilers):
    _resolve(None, sources)
    toolchain.remove(sources)
    assert not toolchain.ready(sources)
    _resolve(None, sources)
    assert (len(index), len(compilers.calls)) == (2, 6)


def test_removing_what_is_not_there_is_fine(index, sources, compilers):
    toolchain.remove(sources)
    assert compilers.calls == []


def test_the_manifest_tells_which_it_was(official, sources, compilers):
    found = _resolve(official, sources)
    assert found.as_json() == {
        "origin": "named",
        "version": "2.3.0",
        "home": str(official),
        "identity": found.identity,
    }
