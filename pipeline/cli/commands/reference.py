"""`pipeline reference`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from pipeline.cli import options
from pipeline.cli.session import Session

app = typer.Typer(
    help="What models are known to reach: versioned files, with tolerance, owner and reason.",
    epilog="Example: pipeline reference check",
    no_args_is_help=True,
)

RunArgument = Annotated[
    Optional[Path],
    typer.Argument(help="A run folder or manifest (default: the latest)", show_default=False),
]
ReferencesOption = Annotated[
    Optional[Path],
    typer.Option(
        "--references",
        help="A file, or a folder with one a model (default: configs/references)",
        show_default=False,
    ),
]


@app.command("check", epilog="Example: pipeline reference check runs/latest --json")
def check(
    run: RunArgument = None,
    references: ReferencesOption = None,
    workspace: options.WorkspaceOption = Path("runs"),
    json: options.JsonOption = False,
) -> None:
    """Hold a run against the references: worse fails, and so does better, which wants an update."""
    with Session(json) as current:
        from pipeline.chain.reference.check import check as call
        from pipeline.cli import reference_table

        found = call(run, references=references, workspace=workspace)
        current.show(found, reference_table.checked(found), found.exit_code or None)


@app.command("update", epilog='Example: pipeline reference update --reason "new bias correction"')
def update(
    reason: Annotated[str, typer.Option("--reason", help="Why they are what they are now")],
    run: RunArgument = None,
    owner: Annotated[
        Optional[str],
        typer.Option("--owner", help="Who is asked about them; needed for a new file"),
    ] = None,
    references: ReferencesOption = None,
    workspace: options.WorkspaceOption = Path("runs"),
    json: options.JsonOption = False,
) -> None:
    """Bring the files to what a run gave, where it differs; comments and order stay."""
    for name, text in (("--reason", reason), ("--owner", owner)):
        if text is not None and not text.strip():
            raise typer.BadParameter(f"{name} is empty")
    with Session(json) as current:
        from pipeline.chain.reference.update import update as call
        from pipeline.cli import reference_table

        found = call(run, reason=reason, owner=owner, references=references, workspace=workspace)
        current.show(found, reference_table.updated(found))
