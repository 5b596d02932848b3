"""The runner for devices, run by qemu-user with Debian's musl and a stand-in for the runtime."""

from __future__ import annotations

import json
import os
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipeline.core.runner import RunnerFailed, parse_result
from tests.runner_cross.conftest import Built

pytestmark = pytest.mark.network  # the first time, for Debian's musl


@dataclass(frozen=True)
class Device:
    """What is pushed to a device, in a folder that only the runner sees."""

    built: Built
    root: Path
    folder: Path

    def __call__(self, *flags: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run it there as a device's shell would."""
        settings = {"LD_LIBRARY_PATH": str(self.built.runtime.parent), **variables}
        given = [part for name, value in settings.items() for part in ("-E", f"{name}={value}")]
        return subprocess.run(
            [self.built.target.qemu, "-L", str(self.root), *given, str(self.built.runner),
             f"--modelFile={self.folder}/model.ms", f"--resultFile={self.folder}/result.json",
             *flags],
            cwd=self.folder, env={"PATH": os.environ["PATH"]},
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    @property
    def record(self) -> Any:
        return json.loads((self.folder / "result.json").read_bytes())


@pytest.fixture
def device(built: Built, musl: Path, tmp_path: Path) -> Device:
    for name in ("model.ms", "other.ms"):
        (tmp_path / name).write_bytes(b"\0\0\0\0MSL2")
    return Device(built, musl, tmp_path)


def test_it_finds_the_runtime_and_computes(device: Device) -> None:
    (device.folder / "in.bin").write_bytes(struct.pack("<4f", 1.5, -2.25, 1e30, -1e30))
    run = device("--inDataFile=in.bin", "--outputsFile=out.bin", "--loopCount=7")
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[-1] == "Run Benchmark model.ms Success."
    total = (1.5 - 2.25) + 1e30 - 1e30
    assert struct.unpack("<2f", (device.folder / "out.bin").read_bytes()) == (total, 3.0)
    assert device.record["runtime"]["library"] == str(device.built.runtime)
    result = parse_result((device.folder / "result.json").read_bytes())
    assert len(result.samples_ns) == 7
    assert result.peak_memory_bytes


def test_paced_beside_others_and_profiled(device: Device) -> None:
    run = device(
        "--intervalMs=10", "--loopCount=5", "--alsoLoad=other.ms", "--timeProfiling=true",
        "--pinCores=0", "--durationS=0.06",
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    result = parse_result((device.folder / "result.json").read_bytes())
    count = len(result.starts_ns)  # begun at 0, 10, ... 60 ms, fewer where one takes long
    assert 5 <= count <= 7
    assert (result.inferences, len(result.samples_ns)) == (count, count)
    assert all(start >= index * 10_000_000 for index, start in enumerate(result.starts_ns))
    assert [other.model for other in result.also_loaded] == ["other.ms"]
    assert [(row.kind, row.calls) for row in result.operators] == [
        ("Conv2D", count),
        ("ReLU", count),
    ]
    assert device.record["pinned_cores"] == [0]


def test_its_numbers_survive_a_32_bit_machine(device: Device) -> None:
    """Sizes in printf and in the record, 64-bit times, and large values of flags."""
    run = device("--describe", FAKE_NNRT="1")
    assert run.returncode == 0, run.stderr
    assert "NNRT 0: fake (accelerator) id 77" in run.stdout
    assert "Input 0: x0 float32 NHWC (1,4) 16 bytes" in run.stdout
    run = device("--accuracyThreshold=1e300", "--durationS=0.001", "--loopCount=1", FAKE_NAN="1")
    assert run.returncode == 0, run.stderr
    assert "AccuracyThreshold = 1e+300" in run.stdout
    assert "1 output values are nan or inf" in run.stderr
    assert device.record["duration_ns"] == 1_000_000


def test_accuracy_mode_agrees_with_the_host(device: Device) -> None:
    (device.folder / "in.bin").write_bytes(struct.pack("<4f", 1, 2, 3, 4))
    (device.folder / "good.txt").write_text("sum 2 1 2\n10 2\n")
    (device.folder / "bad.txt").write_text("sum 2 1 2\n10 3\n")
    flags = ("--inDataFile=in.bin", "--cosineDistanceThreshold=-1")
    good = device(*flags, "--benchmarkDataFile=good.txt")
    assert good.returncode == 0, good.stderr
    assert "Cosine distance of all nodes/tensors: 1" in good.stdout
    bad = device(*flags, "--benchmarkDataFile=bad.txt")
    assert bad.returncode == 255
    assert "Mean bias of all nodes/tensors is too big: 33.3333%" in bad.stderr


def test_a_device_without_the_runtime(device: Device) -> None:
    run = device(LD_LIBRARY_PATH="/nowhere")
    assert run.returncode == 255
    folder = "lib64" if device.built.target.bits == 64 else "lib"
    assert f"/system/{folder}/ndk/libmindspore_lite_ndk.so" in run.stderr
    with pytest.raises(RunnerFailed, match="Cannot open the runtime"):
        parse_result((device.folder / "result.json").read_bytes())


def test_a_stop_is_heard(device: Device) -> None:
    run = device("--durationS=600", FAKE_STOP_AT="50")
    assert run.returncode == 255
    assert device.record["error"]["stage"] == "stop"
    assert len(device.record["samples_ns"]) == 48  # three warm-ups, and the one that was stopped
