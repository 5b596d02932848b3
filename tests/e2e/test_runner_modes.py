"""The runner's modes over the real runtime: paced, for a time, beside other models, profiled."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest

from device.runner import SOURCES
from pipeline.core.events import Silent
from pipeline.core.runner import RunnerFailed, RunnerOptions, parse_result
from pipeline.toolchain import host
from pipeline.toolchain.errors import ModelUnusable
from pipeline.toolchain.toolchain import Toolchain, resolve


@pytest.fixture(scope="module")
def tools(deployed) -> Toolchain:
    return resolve(None, SOURCES, Silent())


@pytest.fixture(scope="module")
def models(deployed) -> Path:
    return max(deployed[0].workspace.glob("*-deploy-*")) / "models"


@pytest.fixture
def options(models: Path) -> RunnerOptions:
    core = min(os.sched_getaffinity(0))
    return RunnerOptions(
        str(models / "digits.fp32.ms"), "", threads=1, bind_mode=0, pin_cores=(core,)
    )


def test_paced_inferences_begin_on_time(tools, options):
    found = host.run(tools, replace(options, loops=40, interval_ms=5), 60)
    assert len(found.starts_ns) == found.inferences == 40
    assert all(start >= 5_000_000 * index for index, start in enumerate(found.starts_ns))
    # On a busy machine some begin late, but the deadlines do not move with them.
    lateness = [start - 5_000_000 * index for index, start in enumerate(found.starts_ns)]
    assert min(lateness[20:]) < 2_500_000


def test_a_run_lasts_as_long_as_it_should(tools, options):
    found = host.run(tools, replace(options, loops=5, duration_s=0.5), 60)
    assert found.span_ns is not None and found.inferences is not None
    assert 500_000_000 <= found.span_ns < 5_000_000_000
    assert found.inferences == len(found.samples_ns) > 100
    assert sum(found.samples_ns) <= found.span_ns


def test_models_beside_change_neither_outputs_nor_settings(tools, models, options, tmp_path):
    others = tuple(str(models / f"digits.{name}.ms") for name in ("full-8", "weight-8"))
    alone, beside = tmp_path / "alone.bin", tmp_path / "beside.bin"
    first = host.run(tools, replace(options, outputs=str(alone)), 60)
    second = host.run(tools, replace(options, outputs=str(beside), also_load=others), 60)
    assert alone.read_bytes() == beside.read_bytes() != bytes(40)
    assert first.also_loaded == ()
    assert [other.model for other in second.also_loaded] == list(others)
    assert all(other.load_ns > 0 and other.memory_bytes > 0 for other in second.also_loaded)
    assert second.memory_before_load_bytes > first.memory_before_load_bytes
    assert second.peak_memory_bytes >= second.memory_after_load_bytes


def test_a_profile_names_the_operators_that_ran(tools, options):
    found = host.run(tools, replace(options, loops=20, profile=True), 60)
    assert {row.calls for row in found.operators} == {20}
    assert sum(row.kind.startswith("Conv2D") for row in found.operators) == 2
    assert sum(row.total_ns for row in found.operators) < sum(found.samples_ns)


def test_an_accelerator_that_is_not_there_is_told(tools, options):
    with pytest.raises(ModelUnusable, match="NNRT"):
        host.run(tools, replace(options, nnrt=True), 60)


def test_a_stopped_run_is_recorded_as_stopped(tools, options, tmp_path):
    result = tmp_path / "result.json"
    command = replace(options, result=str(result), runtime=str(tools.runtime), duration_s=60)
    running = subprocess.Popen(
        [str(tools.runner), *command.arguments()],
        env={**os.environ, **tools.environment()},
        stdout=subprocess.PIPE,
        text=True,
    )
    for line in running.stdout or ():
        if line.startswith("Running benchmark"):
            break
    time.sleep(0.1)
    running.send_signal(signal.SIGTERM)
    running.communicate(timeout=10)
    assert running.returncode == 255
    with pytest.raises(RunnerFailed, match="Stopped by signal 15"):
        parse_result(result.read_bytes())
