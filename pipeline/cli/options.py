"""Options that several commands share."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated, Literal, Optional

import typer


class Emulate(str, Enum):
    """Kinds of emulated devices."""

    HOST = "host"
    ARM64 = "arm64"


# typer reads these annotations at run time, and on CPython 3.10 wants Optional spelled out.
ConfigArgument = Annotated[
    Optional[Path],
    typer.Argument(
        help="The deployment's YAML file (default: deploy.yaml, then the digits example)",
        show_default=False,
    ),
]
DeviceOption = Annotated[
    str, typer.Option("--device", "-d", help="A profile of configs/devices: phone, watch, ...")
]
RecipeOption = Annotated[
    Optional[list[str]],
    typer.Option("--recipe", "-r", help="Instead of the configuration's recipes; repeatable"),
]
TargetOption = Annotated[
    Optional[str],
    typer.Option("--target", "-t", help="Connect key of the device, where several fit"),
]
EmulateOption = Annotated[
    Optional[Emulate], typer.Option("--emulate", help="Use an emulated device, whatever is there")
]
NoEmulateOption = Annotated[
    bool, typer.Option("--no-emulate", help="Never fall back to an emulated device")
]
HdcOption = Annotated[Optional[Path], typer.Option("--hdc", help="The hdc program")]
AppOption = Annotated[
    Optional[Path],
    typer.Option("--app", help="The bench app (.hap), for devices that execute signed code only"),
]
ToolchainOption = Annotated[
    Optional[Path],
    typer.Option("--toolchain", help="An unpacked MindSpore Lite package (default: $MSLITE_HOME)"),
]
WorkspaceOption = Annotated[
    Path, typer.Option("--workspace", "-w", help="Folder of run folders and of finished stages")
]
SchedulerOption = Annotated[
    Optional[str],
    typer.Option(
        "--scheduler", help="Use the devices of a Dask scheduler's workers: tcp://HOST:8786"
    ),
]
JobsOption = Annotated[
    Optional[int],
    typer.Option("--jobs", "-j", min=1, help="Trials at a time (default: one a core)"),
]
HistoryOption = Annotated[
    Optional[Path],
    typer.Option(
        "--history",
        help="File of all results (default: history.db in the workspace)",
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Machine-readable result on stdout")]


def emulation(emulate: Emulate | None, never: bool) -> Literal["host", "arm64", False] | None:
    """The kind of emulated device, False for never, None if nothing fits."""
    if never and emulate is not None:
        raise typer.BadParameter("--emulate and --no-emulate exclude each other")
    if emulate is None:
        return False if never else None
    return "arm64" if emulate is Emulate.ARM64 else "host"
