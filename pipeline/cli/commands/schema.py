"""`pipeline schema`."""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.cli.session import Session

EXAMPLE = "pipeline schema deployment > deployment.schema.json"


def command(
    kind: Annotated[
        str, typer.Argument(help="deployment, recipe, profile or nightly")
    ] = "deployment",
) -> None:
    """Print the JSON Schema of a kind of configuration file, for editors."""
    with Session(json=True) as current:
        from pipeline.config.schema import schema as call

        current.value(call(kind))
