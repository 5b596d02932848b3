"""What is missing is told, with what to do; what does not fit is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from device.device import DeviceFacts, Where
from pipeline.chain import arm64 as chain
from pipeline.chain import doctor, half, targets
from pipeline.chain.tune import tune
from pipeline.config import places
from pipeline.config.profile import Arm64 as Settings
from pipeline.core.errors import ExitCode
from pipeline.core.events import Silent
from pipeline.search.candidate import Objective
from pipeline.toolchain import arm64, native
from pipeline.toolchain.arm64 import Arm64
from pipeline.toolchain.errors import Arm64Missing, Arm64Unneeded, CpuUnknown, QemuUnfit
from tests.fakes import write_program

PACKAGES = ["qemu-user", "g++-aarch64-linux-gnu", "libc6-arm64-cross", "libstdc++6-arm64-cross"]


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with all the packages, as far as can be seen: tools and libraries of no use."""
    qemu(tmp_path, "7.2.22 (Debian 1:7.2+dfsg-7)")
    write_program(tmp_path / "bin", native.ARM64_CXX, "exit 1")
    libraries = tmp_path / "prefix" / "lib"
    libraries.mkdir(parents=True)
    for name in ("ld-linux-aarch64.so.1", "libstdc++.so.6"):
        (libraries / name).touch()
    monkeypatch.setattr(arm64, "_PREFIX", tmp_path / "prefix")
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.setattr(
        arm64.shutil, "which", lambda name: str(tmp_path / "bin" / name)
        if (tmp_path / "bin" / name).exists() else None,
    )  # fmt: skip
    return tmp_path


def qemu(folder: Path, version: str, options: str = "-plugin QEMU_PLUGIN") -> None:
    body = f'[ "$1" = --version ] && echo "qemu-aarch64 version {version}"\necho "{options}"'
    write_program(folder / "bin", arm64.QEMU, body)


def test_a_machine_that_has_all_is_fit(machine: Path) -> None:
    assert arm64.check() == "7.2.22"


ABSENT = {
    "qemu-user": f"bin/{arm64.QEMU}",
    "g++-aarch64-linux-gnu": f"bin/{native.ARM64_CXX}",
    "libc6-arm64-cross": "prefix/lib/ld-linux-aarch64.so.1",
    "libstdc++6-arm64-cross": "prefix/lib/libstdc++.so.6",
}


@pytest.mark.parametrize(("package", "file"), ABSENT.items(), ids=ABSENT)
def test_a_missing_package_is_named(machine: Path, package: str, file: str) -> None:
    (machine / file).unlink()
    with pytest.raises(Arm64Missing) as caught:
        arm64.check()
    assert caught.value.packages == (package,)
    assert "make arm64" in caught.value.hint
    assert caught.value.exit_code is ExitCode.TOOLCHAIN


@pytest.mark.parametrize(
    ("version", "fits"),
    [
        ("5.2.0", False),
        ("6.0.0", True),
        ("6.2.0 (Debian 1:6.2)", True),
        ("8.2.2", True),
        ("9.0.0", False),
        ("10.0.2", False),
        ("unknown", False),
    ],
)
def test_only_a_qemu_with_the_plugins_interface_fits(
    machine: Path, version: str, fits: bool
) -> None:
    qemu(machine, version)
    if fits:
        assert arm64.check() == version.split()[0]
        return
    with pytest.raises(QemuUnfit) as caught:
        arm64.check()
    assert "6.0 to 8.2" in caught.value.hint


def test_a_static_qemu_does_not_fit(machine: Path) -> None:
    qemu(machine, "7.2.0", options="-cpu model")
    with pytest.raises(QemuUnfit, match="without plugins"):
        arm64.check()


@pytest.mark.parametrize(
    ("name", "hint"), [("aarch64", "--emulate host"), ("riscv64", "x86-64 computer")]
)
def test_other_computers_are_refused(
    machine: Path, monkeypatch: pytest.MonkeyPatch, name: str, hint: str
) -> None:
    monkeypatch.setattr("platform.machine", lambda: name)
    with pytest.raises(Arm64Unneeded, match=name) as caught:
        arm64.check()
    assert hint in caught.value.hint


def test_the_doctor_says_how_to_get_it(machine: Path) -> None:
    (machine / "bin" / arm64.QEMU).unlink()
    check = doctor._arm64()
    assert check.state is doctor.State.OPTIONAL
    assert "qemu-user" in check.found
    assert check.todo.startswith("make arm64")


def test_asking_for_it_fails_before_any_work(machine: Path) -> None:
    (machine / "bin" / arm64.QEMU).unlink()
    wish = targets.Wish(places.profile("phone"), emulate="arm64")
    with pytest.raises(Arm64Missing):
        targets.find_connected(wish, Silent())


def test_the_makefile_installs_what_is_looked_for() -> None:
    makefile = (Path(__file__).parents[2] / "Makefile").read_text()
    assert f"ARM64_PACKAGES := {' '.join(PACKAGES)}\n" in makefile
    assert list(ABSENT) == PACKAGES


def test_a_comma_in_a_path_reaches_qemu_whole() -> None:
    path = Path("/a,b")
    tools = Arm64(path, "7.2", path / "plugin.so", path, path, path)
    assert tools.command("max")[-1] == "/a,,b/plugin.so"


def test_an_unknown_processor_is_told(built: Arm64) -> None:
    with pytest.raises(CpuUnknown, match="cortex-m0"):
        built.cpu_features("cortex-m0")


@pytest.mark.parametrize("cpu", ["a76,sve=on", "-kernel", "A76", ""])
def test_a_processors_name_is_a_name(cpu: str) -> None:
    with pytest.raises(ValueError, match="cpu"):
        Settings(cpu=cpu)


def test_a_search_for_latency_is_refused(tmp_path: Path) -> None:
    with pytest.raises(chain.NoLatency) as caught:
        tune(objective=Objective.LATENCY, emulate="arm64", workspace=tmp_path)
    assert caught.value.exit_code is ExitCode.USAGE


@pytest.mark.parametrize(
    ("abi", "features", "able"),
    [
        ("arm64-v8a", ("asimd", "asimdhp"), True),
        ("arm64-v8a", ("asimd",), False),
        ("arm64-v8a", (), True),
        ("x86_64", ("asimdhp",), False),
        (None, (), False),
    ],
)
def test_fp16_is_for_processors_that_have_it(
    abi: str | None, features: tuple[str, ...], able: bool
) -> None:
    facts = DeviceFacts("k", "USB", Where.EMULATED_ARM64, abi=abi, cpu_features=features)
    assert half.has_fp16(facts) is able
