"""`pipeline compare`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from pipeline.cli import options
from pipeline.cli.session import Session
from pipeline.core.errors import ExitCode

EXAMPLE = "pipeline compare runs/20260101T020000-deploy-digits runs/latest"


def command(
    before: Annotated[Path, typer.Argument(help="A run folder, manifest or --json output")],
    after: Annotated[Path, typer.Argument(help="The later one")],
    across: Annotated[
        Optional[list[str]],
        typer.Option(
            "--across",
            help="What may differ: where, device, runner, runtime, mode, threads, fp16; repeatable",
        ),
    ] = None,
    threshold: Annotated[
        Optional[float],
        typer.Option(min=0, help="Percent by which p50 must change to matter (default: 2)"),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="End with code 5 where anything is inconclusive")
    ] = False,
    json: options.JsonOption = False,
) -> None:
    """Compare two runs: improved, unchanged, regressed or inconclusive, with intervals."""
    with Session(json) as current:
        from pipeline.chain.compare import compare as call
        from pipeline.cli import compare_tables
        from pipeline.statistics.verdict import Verdict

        found = call(
            before,
            after,
            across=across or (),
            threshold=None if threshold is None else threshold / 100,
        )
        code = found.exit_code
        doubtful = any(model.verdict is Verdict.INCONCLUSIVE for model in found.models)
        if strict and doubtful and code is ExitCode.DONE:
            code = ExitCode.NO_DATA
        current.show(found, compare_tables.comparison(found), code or None)
