"""`pipeline tune`."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from pipeline.cli import options
from pipeline.cli.session import Session
from pipeline.core.errors import ExitCode

if TYPE_CHECKING:
    from pipeline.chain.tuning.outcome import Tuned


class Goal(str, Enum):
    """What a search makes small."""

    SIZE = "size"
    LATENCY = "latency"


EXAMPLE = "pipeline tune my/deploy.yaml --max-accuracy-drop 0.5 --budget 10m"


def command(
    config: options.ConfigArgument = None,
    max_accuracy_drop: Annotated[
        float, typer.Option(min=0, help="Percentage points that may be lost at most")
    ] = 1.0,
    objective: Annotated[
        Goal, typer.Option(help="What is to be small; latency is measured on a device")
    ] = Goal.SIZE,
    budget: Annotated[str, typer.Option(help="Time to spend: 90s, 10m, 2h")] = "10m",
    trials: Annotated[
        Optional[int], typer.Option(min=1, help="At most so many trials", show_default=False)
    ] = None,
    jobs: options.JobsOption = None,
    recipe: Annotated[
        Optional[list[str]],
        typer.Option("--recipe", "-r", help="Try these recipes as a whole; repeatable"),
    ] = None,
    device: options.DeviceOption = "phone",
    target: options.TargetOption = None,
    emulate: options.EmulateOption = None,
    no_emulate: options.NoEmulateOption = False,
    scheduler: options.SchedulerOption = None,
    hdc: options.HdcOption = None,
    toolchain: options.ToolchainOption = None,
    workspace: options.WorkspaceOption = Path("runs"),
    json: options.JsonOption = False,
) -> None:
    """Search for the smallest or fastest model within a limit on accuracy."""
    with Session(json) as current:
        from pipeline.chain.tune import seconds
        from pipeline.chain.tune import tune as call
        from pipeline.cli import tune_tables
        from pipeline.search.candidate import Objective

        tuned = call(
            config,
            max_accuracy_drop=max_accuracy_drop,
            objective=Objective(objective.value),
            budget_s=seconds(budget),
            trials=trials,
            jobs=jobs,
            recipes=recipe or (),
            device=device,
            target=target,
            emulate=options.emulation(emulate, no_emulate),
            scheduler=scheduler,
            hdc=hdc,
            toolchain=toolchain,
            workspace=workspace,
            listener=current.listener,
        )
        current.show(tuned, tune_tables.tuned(tuned), _exit_code(tuned))


def _exit_code(tuned: Tuned) -> ExitCode | None:
    if tuned.interrupted:
        return ExitCode.INTERRUPTED
    return ExitCode.GATE_FAILED if tuned.failures else None
