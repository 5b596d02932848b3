"""The program: its commands and groups of commands.

Work is imported when a command runs, so that help is instant.
"""

from __future__ import annotations

import typer

from pipeline.cli.commands import (
    benchmark,
    compare,
    convert,
    deploy,
    devices,
    diff,
    doctor,
    emulator,
    history,
    inspect,
    nightly,
    recover,
    reference,
    report,
    schema,
    sensitivity,
    toolchain,
    tune,
    worker,
)

app = typer.Typer(
    name="pipeline",
    help="A trained MindSpore checkpoint to a quantized model, proved on a HarmonyOS device.",
    epilog="Start with: pipeline doctor, then pipeline deploy --device phone",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)

# In the order of the help.
for _module in (
    deploy,
    convert,
    benchmark,
    compare,
    report,
    sensitivity,
    tune,
    recover,
    nightly,
    devices,
    doctor,
    inspect,
    diff,
    schema,
    worker,
):
    _name = _module.__name__.rpartition(".")[2]
    app.command(_name, epilog=f"Example: {_module.EXAMPLE}")(_module.command)

app.add_typer(history.app, name="history")
app.add_typer(reference.app, name="reference")
app.add_typer(toolchain.app, name="toolchain")
app.add_typer(emulator.app, name="emulator")
