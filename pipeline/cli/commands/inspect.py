"""`pipeline inspect`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from pipeline.cli import options
from pipeline.cli.session import Session

EXAMPLE = "pipeline inspect model.ms, or: pipeline inspect fp32.ms weight-8.ms"


def command(
    file: Annotated[Path, typer.Argument(help="A .ms, .mindir, .ckpt or .onnx file")],
    other: Annotated[
        Optional[Path], typer.Argument(help="Another: show what changes", show_default=False)
    ] = None,
    json: options.JsonOption = False,
) -> None:
    """Look into a model file: operators, tensors, sizes, quantization; or compare two."""
    with Session(json) as current:
        from pipeline.chain.inspect import inspect as call
        from pipeline.cli import inspect_tables

        found = call(file, other)
        current.show(found, inspect_tables.shown(found))
