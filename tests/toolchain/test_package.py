"""The package is fetched by pip once, checked against its pinned hash, and unpacked whole."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from pipeline.core import process
from pipeline.core.errors import LocalDiskFull
from pipeline.core.process import Completed, Ending
from pipeline.toolchain import package
from pipeline.toolchain.errors import DownloadFailed, MachineUnsupported, PackageDamaged
from pipeline.toolchain.package import Wheel


def _archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as bundle:
        for name in (
            "mindspore_lite/lib/libmindspore_converter.so",
            "mindspore_lite/lib/_c_lite_wrapper.cpython-37m.so",
            "mindspore_lite/include/api/model.h",
            "mindspore_lite/__init__.py",
            "mindspore_lite-2.0.0.dist-info/RECORD",
        ):
            bundle.writestr(name, f"content of {name}")
    return buffer.getvalue()


ARCHIVE = _archive()
WHEEL = Wheel("x86_64", ("cp37m", "any"), len(ARCHIVE), hashlib.sha256(ARCHIVE).hexdigest())


@dataclass
class Pip:
    """Answers for pip, and notes how it was called."""

    content: bytes | None = ARCHIVE
    output: bytes = b""
    code: int = 0
    ending: Ending = Ending.EXIT
    calls: list[tuple[str, ...]] = field(default_factory=list)

    def __call__(
        self,
        command: tuple[str, ...],
        *,
        deadline_s: float,
        env: dict[str, str],
        on_tick: Callable[[], None],
    ) -> Completed:
        self.calls.append(command)
        target = Path(command[command.index("--dest") + 1])
        assert Path(env["TMPDIR"]) == target.parent  # so that its growth can be watched
        on_tick()
        if self.content is not None:
            target.mkdir()
            (target / "mindspore_lite-2.0.0.whl").write_bytes(self.content)
            on_tick()
        return Completed(command, self.code, b"", self.output, 1800.0, self.ending)


@pytest.fixture
def pip(monkeypatch: pytest.MonkeyPatch, cache: Path) -> Pip:
    found = Pip()
    monkeypatch.setattr(process, "run", found)
    return found


def _install(steps: list[Any] | None = None) -> Path:
    return package.install(WHEEL, lambda *step: steps.append(step) if steps is not None else None)


def test_the_package_is_fetched_checked_and_unpacked_once(pip, cache):
    steps: list[Any] = []
    assert package.installed(WHEEL) is None
    home = _install(steps)
    assert package.installed(WHEEL) == home
    assert steps == [(0, len(ARCHIVE)), (len(ARCHIVE), len(ARCHIVE))]
    assert _install(steps) == home
    assert len(pip.calls) == 1
    assert sorted(os.listdir(cache)) == [f".{home.name}.lock", home.name]


def test_what_is_needed_is_unpacked_and_no_more(pip):
    home = _install()
    files = sorted(str(path.relative_to(home)) for path in home.rglob("*") if path.is_file())
    assert files == ["include/api/model.h", "lib/libmindspore_converter.so"]
    assert (home / files[1]).read_text().endswith("libmindspore_converter.so")


def test_pip_is_asked_for_that_one_file_only(pip):
    _install()
    words = pip.calls[0]
    assert words[1:4] == ("-m", "pip", "download")
    assert words[-1] == "mindspore-lite==2.0.0"
    assert {"--no-deps", "--no-input", "--only-binary=:all:"} <= set(words)
    assert words[words.index("--abi") + 1 : words.index("--abi") + 4] == (
        "cp37m",
        "--platform",
        "any",
    )


def test_another_file_than_the_pinned_one_is_refused(pip, cache):
    pip.content = ARCHIVE + b"!"
    with pytest.raises(PackageDamaged, match=WHEEL.sha256[:16]) as caught:
        _install()
    assert caught.value.found == hashlib.sha256(pip.content).hexdigest()
    assert package.installed(WHEEL) is None
    assert [name for name in os.listdir(cache) if not name.endswith(".lock")] == []


FAILURES = {
    "no such version": (
        {"content": None, "code": 1, "output": b"Looking\nERROR: first\nERROR: No matching one\n"},
        "ERROR: No matching one",
    ),
    "no words": ({"content": None, "code": 1}, "pip ended with code 1"),
    "no pip": (
        {"content": None, "code": 1, "output": b"No module named pip\n"},
        "pip ended with code 1",
    ),
    "success and no file": ({"content": None}, "pip ended with code 0"),
    "too late": (
        {"content": None, "code": -9, "ending": Ending.DEADLINE},
        "pip was not done after 1.8e+03 s",
    ),
    "too late, and yet a file": ({"code": -9, "ending": Ending.DEADLINE}, "pip was not done after"),
    "an error, and yet a file": ({"code": 2}, "pip ended with code 2"),
}


@pytest.mark.parametrize(("behaviour", "reason"), FAILURES.values(), ids=FAILURES)
def test_a_fetch_that_fails_is_told_and_installs_nothing(pip, cache, behaviour, reason):
    for name, value in behaviour.items():
        setattr(pip, name, value)
    with pytest.raises(DownloadFailed) as caught:
        _install()
    assert caught.value.reason.startswith(reason)
    assert package.installed(WHEEL) is None
    assert [name for name in os.listdir(cache) if not name.endswith(".lock")] == []
    assert "pipeline toolchain install" in caught.value.hint


def test_a_full_disk_while_unpacking_installs_nothing(pip, cache, monkeypatch):
    def fail(*_: object) -> bytes:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(zipfile.ZipFile, "read", fail)
    with pytest.raises(LocalDiskFull):
        _install()
    assert package.installed(WHEEL) is None
    assert [name for name in os.listdir(cache) if not name.endswith(".lock")] == []


def test_two_that_install_at_once_fetch_once(pip):
    with ThreadPoolExecutor(2) as pool:
        homes = list(pool.map(lambda _: _install(), range(2)))
    assert homes[0] == homes[1]
    assert len(pip.calls) == 1


@pytest.mark.parametrize(
    ("system", "machine"), [("linux", "riscv64"), ("darwin", "aarch64"), ("win32", "x86_64")]
)
def test_a_machine_without_a_package_is_told(monkeypatch, system, machine):
    monkeypatch.setattr("sys.platform", system)
    monkeypatch.setattr("platform.machine", lambda: machine)
    with pytest.raises(MachineUnsupported, match=f"{system} on {machine}") as caught:
        package.wheel_for()
    assert "MSLITE_HOME" in caught.value.hint


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_both_machines_have_a_pinned_wheel(monkeypatch, machine):
    monkeypatch.setattr("sys.platform", "linux")
    wheel = package.wheel_for(machine)
    assert wheel.machine == machine
    assert len(bytes.fromhex(wheel.sha256)) == 32
    assert wheel.size_bytes > 50_000_000
    assert machine in wheel.name
