"""`pipeline diff`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from pipeline.cli import options
from pipeline.cli.session import Session

EXAMPLE = "pipeline diff fp32.ms full-8.ms --input image.npy"


def command(
    reference: Annotated[
        Path, typer.Argument(help="What is right: a .ms or .onnx file, or a deployment's .yaml")
    ],
    model: Annotated[Path, typer.Argument(help="The .ms file that departs from it")],
    inputs: Annotated[
        Optional[list[Path]],
        typer.Option("--input", "-i", help=".npy or raw, one for each input; else random"),
    ] = None,
    threshold: Annotated[Optional[float], typer.Option(help="Least cosine of a layer")] = None,
    toolchain: options.ToolchainOption = None,
    json: options.JsonOption = False,
) -> None:
    """Find the first layer where a model differs from another, or from its own network."""
    with Session(json) as current:
        from pipeline.chain.divergence import divergence as call
        from pipeline.cli import divergence_table

        found = call(
            model,
            reference,
            inputs or (),
            threshold=threshold,
            toolchain=toolchain,
            listener=current.listener,
        )
        current.show(found, divergence_table.divergence(found))
