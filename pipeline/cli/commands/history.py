"""`pipeline history`."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import IO, Annotated, Any, Optional

import typer

from pipeline.cli import options
from pipeline.cli.session import Session
from pipeline.history.result import Figure

app = typer.Typer(
    help="What was measured before: list it, see how it went over time, bring it elsewhere.",
    epilog="Example: pipeline history --model digits --since 30d",
    invoke_without_command=True,
)

RecipeOption = Annotated[
    Optional[str], typer.Option("--recipe", "-r", help="Of this recipe only", show_default=False)
]
DeviceOption = Annotated[
    Optional[str],
    typer.Option("--device", "-d", help="A profile, a device's key or model", show_default=False),
]
WhereOption = Annotated[
    Optional[str],
    typer.Option("--where", help="device, emulated-host or emulated-arm64", show_default=False),
]
SinceOption = Annotated[
    Optional[str],
    typer.Option("--since", help="A day (2026-01-31), or how long ago: 12h, 30d, 8w"),
]
ModelOption = Annotated[
    Optional[str], typer.Option("--model", "-m", help="A deployment's name", show_default=False)
]
WORKSPACE = Path("runs")


@app.callback()
def listing(
    context: typer.Context,
    model: ModelOption = None,
    recipe: RecipeOption = None,
    device: DeviceOption = None,
    where: WhereOption = None,
    since: SinceOption = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="At most so many")] = 20,
    workspace: options.WorkspaceOption = WORKSPACE,
    history: options.HistoryOption = None,
    json: options.JsonOption = False,
) -> None:
    """List results, the newest first."""
    if context.invoked_subcommand is not None:
        return
    with Session(json) as current:
        from pipeline.chain import history as chain
        from pipeline.cli import history_tables

        place = chain.place(history, workspace)
        found = chain.listed(place, chain.asked(model, recipe, device, where, since), limit)
        current.show(found, history_tables.listed(found, place))


@app.command("trend", epilog="Example: pipeline history trend digits --recipe full-8")
def trend(
    model: Annotated[str, typer.Argument(help="A deployment's name")],
    figure: Annotated[
        Figure, typer.Option("--figure", "-f", help="What is looked at", case_sensitive=False)
    ] = Figure.P50,
    recipe: RecipeOption = None,
    device: DeviceOption = None,
    where: WhereOption = None,
    since: SinceOption = None,
    nights: Annotated[int, typer.Option(min=1, max=100_000, help="Newest results of each")] = 365,
    workspace: options.WorkspaceOption = WORKSPACE,
    history: options.HistoryOption = None,
    json: options.JsonOption = False,
) -> None:
    """A figure over time, and the nights where its level changed."""
    with Session(json) as current:
        from pipeline.chain import history as chain
        from pipeline.cli import history_tables

        place = chain.place(history, workspace)
        found = chain.trend(place, chain.asked(model, recipe, device, where, since), figure, nights)
        current.show(found, history_tables.trends(found))


@app.command("export", epilog="Example: pipeline history export --csv --since 90d > results.csv")
def export(
    csv: Annotated[bool, typer.Option("--csv", help="For a spreadsheet, instead of JSON")] = False,
    samples: Annotated[
        bool, typer.Option("--samples", help="With whole records and every sample; JSON only")
    ] = False,
    output: Annotated[
        Optional[Path], typer.Option("--output", "-o", help="Instead of stdout")
    ] = None,
    model: ModelOption = None,
    recipe: RecipeOption = None,
    device: DeviceOption = None,
    where: WhereOption = None,
    since: SinceOption = None,
    workspace: options.WorkspaceOption = WORKSPACE,
    history: options.HistoryOption = None,
) -> None:
    """Write results as JSON or CSV."""
    if csv and samples:
        raise typer.BadParameter("--csv and --samples exclude each other")
    with Session(json=False):
        from pipeline.chain import history as chain
        from pipeline.core import files

        place = chain.place(history, workspace)
        pieces = chain.exported(
            place, chain.asked(model, recipe, device, where, since), csv=csv, whole=samples
        )
        target: Any = files.appearing(output) if output else nullcontext(sys.stdout.buffer)
        with target as stream:
            _write(pieces, stream)


@app.command("import", epilog="Example: pipeline history import other/history.db runs/2026*")
def import_(
    sources: Annotated[
        list[Path],
        typer.Argument(help="Histories, exported .json files, run folders or their manifests"),
    ],
    workspace: options.WorkspaceOption = WORKSPACE,
    history: options.HistoryOption = None,
    json: options.JsonOption = False,
) -> None:
    """Add another machine's results, or those of run folders; each is kept once."""
    with Session(json) as current:
        from pipeline.chain import history as chain
        from pipeline.cli import history_tables

        place = chain.place(history, workspace)
        found = chain.imported(place, sources)
        current.show(found, history_tables.imported(found, place))


def _write(pieces: Any, stream: IO[bytes]) -> None:
    try:
        for piece in pieces:
            stream.write(piece.encode())
        stream.flush()
    except BrokenPipeError:  # whoever read has seen enough
        import os

        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
