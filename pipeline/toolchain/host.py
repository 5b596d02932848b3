"""Run a model on this machine with the real runtime: one process a model, a native loop."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from pipeline.core import process
from pipeline.core.errors import LocalDiskFull, one_line
from pipeline.core.runner import RunnerFailed, RunnerOptions, RunnerResult, parse_result
from pipeline.toolchain.errors import HostRunFailed, ModelUnusable
from pipeline.toolchain.log import boil_down
from pipeline.toolchain.toolchain import Toolchain


def describe(toolchain: Toolchain, model: Path, deadline_s: float = 120.0) -> RunnerResult:
    """Load a model and tell its inputs and outputs."""
    return run(toolchain, RunnerOptions(str(model), "", describe=True), deadline_s)


def infer(
    toolchain: Toolchain,
    model: Path,
    samples: tuple[Path, ...],
    outputs: Path,
    deadline_s: float = 3600.0,
) -> RunnerResult:
    """Run every sample once and write all outputs, sample after sample, to ``outputs``.

    ``samples`` has a file for each input: N samples of exactly the input's bytes, one after
    another, in the model's layout. Raises ModelUnusable or HostRunFailed.
    """
    options = RunnerOptions(
        str(model),
        "",
        samples=tuple(map(str, samples)),
        outputs=str(outputs),
        warm_up=0,
        threads=1,
        bind_mode=0,
    )
    return run(toolchain, options, deadline_s)


def run(toolchain: Toolchain, options: RunnerOptions, deadline_s: float) -> RunnerResult:
    """One run of the runner on this machine; the result's file is ours to read and remove."""
    name = Path(options.model).name
    beside = Path(options.outputs).parent if options.outputs else None
    with tempfile.TemporaryDirectory(dir=beside, prefix=".run.") as folder:
        result_file = Path(folder) / "result.json"
        options = replace(options, result=str(result_file), runtime=str(toolchain.runtime))
        done = process.run(
            (toolchain.runner, *options.arguments()),
            deadline_s=deadline_s,
            env=toolchain.environment(),
        )
        if done.ending is not process.Ending.EXIT:
            raise HostRunFailed(name, f"the runner {done.how}")
        if done.returncode != 0 and done.lacked_space:
            raise LocalDiskFull(Path(options.outputs or folder))
        try:
            data = result_file.read_bytes()
        except FileNotFoundError:
            reason = f"the runner {done.how}: {boil_down(done.text)}"
            raise HostRunFailed(name, one_line(reason)) from None
        try:
            result = parse_result(data)
        except RunnerFailed as error:
            if error.stage == "output":
                raise HostRunFailed(name, error.reason) from None
            raise ModelUnusable(name, str(error)) from None
        except ValueError as error:
            raise HostRunFailed(name, str(error)) from None
        if done.returncode != 0:
            raise HostRunFailed(name, f"the runner {done.how} after it had recorded success")
        return result
