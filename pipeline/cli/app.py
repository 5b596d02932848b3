"""Commands and their options. Work is imported when a command runs, so that help is instant."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated, Optional

import typer

app = typer.Typer(
    name="pipeline",
    help="A trained MindSpore checkpoint to a quantized model, proved on a HarmonyOS device.",
    epilog="Start with: pipeline doctor, then pipeline deploy --device phone",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
toolchain_app = typer.Typer(help="The MindSpore Lite converter and runtime.", no_args_is_help=True)
app.add_typer(toolchain_app, name="toolchain")
emulator_app = typer.Typer(help="Emulated devices, several at once.", no_args_is_help=True)
app.add_typer(emulator_app, name="emulator")


class Emulate(str, Enum):
    """Kinds of emulated devices."""

    HOST = "host"


class Goal(str, Enum):
    """What a search makes small."""

    SIZE = "size"
    LATENCY = "latency"


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
ToolchainOption = Annotated[
    Optional[Path],
    typer.Option("--toolchain", help="An unpacked MindSpore Lite package (default: $MSLITE_HOME)"),
]
WorkspaceOption = Annotated[
    Path, typer.Option("--workspace", "-w", help="Folder of run folders and of finished stages")
]
JobsOption = Annotated[
    Optional[int],
    typer.Option("--jobs", "-j", min=1, help="Trials at a time (default: one a core)"),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Machine-readable result on stdout")]


@app.command(epilog="Example: pipeline deploy my/deploy.yaml --device watch --recipe weight-8")
def deploy(
    config: ConfigArgument = None,
    device: DeviceOption = "phone",
    recipe: RecipeOption = None,
    target: TargetOption = None,
    emulate: EmulateOption = None,
    no_emulate: NoEmulateOption = False,
    hdc: HdcOption = None,
    toolchain: ToolchainOption = None,
    workspace: WorkspaceOption = Path("runs"),
    json: JsonOption = False,
) -> None:
    """Checkpoint to measured models: export, quantize, convert, evaluate, push, benchmark."""
    from pipeline.cli import session

    with session.Session(json) as current:
        from pipeline.chain.deploy import deploy as call

        report = call(
            config,
            device=device,
            recipes=recipe or (),
            target=target,
            emulate=_emulation(emulate, no_emulate),
            hdc=hdc,
            toolchain=toolchain,
            workspace=workspace,
            listener=current.listener,
        )
        current.report(report)


@app.command(epilog="Example: pipeline convert my/deploy.yaml --recipe full-8 --json")
def convert(
    config: ConfigArgument = None,
    recipe: RecipeOption = None,
    toolchain: ToolchainOption = None,
    workspace: WorkspaceOption = Path("runs"),
    json: JsonOption = False,
) -> None:
    """Checkpoint to proved and evaluated models, without a device."""
    from pipeline.cli import session

    with session.Session(json) as current:
        from pipeline.chain.deploy import convert as call

        report = call(
            config,
            recipes=recipe or (),
            toolchain=toolchain,
            workspace=workspace,
            listener=current.listener,
        )
        current.report(report)


@app.command(epilog="Example: pipeline benchmark --device watch model.ms")
def benchmark(
    model: Annotated[
        Optional[Path],
        typer.Argument(help="A .ms file (default: what was deployed last)", show_default=False),
    ] = None,
    device: DeviceOption = "phone",
    target: TargetOption = None,
    emulate: EmulateOption = None,
    no_emulate: NoEmulateOption = False,
    hdc: HdcOption = None,
    toolchain: ToolchainOption = None,
    workspace: WorkspaceOption = Path("runs"),
    json: JsonOption = False,
) -> None:
    """Measure models on a device: every sample, percentiles, and what they support."""
    from pipeline.cli import session

    with session.Session(json) as current:
        from pipeline.chain.benchmark import benchmark as call

        report = call(
            model,
            device=device,
            target=target,
            emulate=_emulation(emulate, no_emulate),
            hdc=hdc,
            toolchain=toolchain,
            workspace=workspace,
            listener=current.listener,
        )
        current.report(report)


@app.command(epilog="Example: pipeline sensitivity my/deploy.yaml --recipe codebook-3")
def sensitivity(
    config: ConfigArgument = None,
    recipe: Annotated[
        str, typer.Option("--recipe", "-r", help="How the layer that is tried is quantized")
    ] = "codebook-3",
    jobs: JobsOption = None,
    toolchain: ToolchainOption = None,
    workspace: WorkspaceOption = Path("runs"),
    json: JsonOption = False,
) -> None:
    """Quantize each layer alone: what it costs in accuracy, and what it saves."""
    from pipeline.cli import session

    with session.Session(json) as current:
        from pipeline.chain.sensitivity import sensitivity as call

        found = call(
            config,
            recipe=recipe,
            jobs=jobs,
            toolchain=toolchain,
            workspace=workspace,
            listener=current.listener,
        )
        current.sensitivity(found)


@app.command(epilog="Example: pipeline tune my/deploy.yaml --max-accuracy-drop 0.5 --budget 10m")
def tune(
    config: ConfigArgument = None,
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
    jobs: JobsOption = None,
    recipe: Annotated[
        Optional[list[str]],
        typer.Option("--recipe", "-r", help="Try these recipes as a whole; repeatable"),
    ] = None,
    device: DeviceOption = "phone",
    target: TargetOption = None,
    emulate: EmulateOption = None,
    no_emulate: NoEmulateOption = False,
    hdc: HdcOption = None,
    toolchain: ToolchainOption = None,
    workspace: WorkspaceOption = Path("runs"),
    json: JsonOption = False,
) -> None:
    """Search for the smallest or fastest model within a limit on accuracy."""
    from pipeline.cli import session

    with session.Session(json) as current:
        from pipeline.chain.tune import seconds
        from pipeline.chain.tune import tune as call
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
            emulate=_emulation(emulate, no_emulate),
            hdc=hdc,
            toolchain=toolchain,
            workspace=workspace,
            listener=current.listener,
        )
        current.tuned(tuned)


@app.command(epilog="Example: pipeline recover my/deploy.yaml --recipe codebook-2")
def recover(
    config: ConfigArgument = None,
    recipe: Annotated[
        str, typer.Option("--recipe", "-r", help="How the weights are quantized")
    ] = "codebook-2",
    toolchain: ToolchainOption = None,
    workspace: WorkspaceOption = Path("runs"),
    json: JsonOption = False,
) -> None:
    """Train the network for a while with quantized weights, to win back their accuracy."""
    from pipeline.cli import session

    with session.Session(json) as current:
        from pipeline.chain.recover import recover as call

        found = call(
            config,
            recipe=recipe,
            toolchain=toolchain,
            workspace=workspace,
            listener=current.listener,
        )
        current.recovered(found)


@app.command(epilog="Example: pipeline devices --json")
def devices(
    hdc: HdcOption = None,
    clean: Annotated[
        bool, typer.Option("--clean", help="Remove the pipeline's files from every device")
    ] = False,
    json: JsonOption = False,
) -> None:
    """List connected devices, what they are and which profiles they fit."""
    from pipeline.cli import session

    with session.Session(json) as current:
        from pipeline.chain.devices import devices as call

        current.devices(call(hdc, clean=clean))


@app.command(epilog="Example: pipeline doctor")
def doctor(
    hdc: HdcOption = None,
    explain: Annotated[
        Optional[str],
        typer.Option("--explain", help="Tell what a message or code of hdc means: E003001"),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Check each thing that is needed: found, its version, or what to do."""
    from pipeline.cli import session

    with session.Session(json) as current:
        if explain is not None:
            from device.codes import explain as look_up

            current.explained(look_up(explain))
            return
        from pipeline.chain.doctor import doctor as call

        current.checks(call(hdc))


@app.command(epilog="Example: pipeline inspect model.ms, or: pipeline inspect fp32.ms weight-8.ms")
def inspect(
    file: Annotated[Path, typer.Argument(help="A .ms, .mindir, .ckpt or .onnx file")],
    other: Annotated[
        Optional[Path], typer.Argument(help="Another: show what changes", show_default=False)
    ] = None,
    json: JsonOption = False,
) -> None:
    """Look into a model file: operators, tensors, sizes, quantization; or compare two."""
    from pipeline.cli import session

    with session.Session(json) as current:
        from pipeline.chain.inspect import inspect as call

        current.inspection(call(file, other))


@app.command(epilog="Example: pipeline diff fp32.ms full-8.ms --input image.npy")
def diff(
    reference: Annotated[
        Path, typer.Argument(help="What is right: a .ms or .onnx file, or a deployment's .yaml")
    ],
    model: Annotated[Path, typer.Argument(help="The .ms file that departs from it")],
    inputs: Annotated[
        Optional[list[Path]],
        typer.Option("--input", "-i", help=".npy or raw, one for each input; else random"),
    ] = None,
    threshold: Annotated[Optional[float], typer.Option(help="Least cosine of a layer")] = None,
    toolchain: ToolchainOption = None,
    json: JsonOption = False,
) -> None:
    """Find the first layer where a model differs from another, or from its own network."""
    from pipeline.cli import session

    with session.Session(json) as current:
        from pipeline.chain.divergence import divergence as call

        found = call(
            model,
            reference,
            inputs or (),
            threshold=threshold,
            toolchain=toolchain,
            listener=current.listener,
        )
        current.divergence(found)


@app.command(epilog="Example: pipeline schema deployment > deployment.schema.json")
def schema(
    kind: Annotated[str, typer.Argument(help="deployment, recipe or profile")] = "deployment",
) -> None:
    """Print the JSON Schema of a kind of configuration file, for editors."""
    from pipeline.cli import session

    with session.Session(json=True) as current:
        from pipeline.config.schema import schema as call

        current.value(call(kind))


@toolchain_app.command("show", epilog="Example: pipeline toolchain show --json")
def toolchain_show(toolchain: ToolchainOption = None, json: JsonOption = False) -> None:
    """Tell which toolchain is used, and where its parts are. Installs nothing."""
    from pipeline.cli import session

    with session.Session(json) as current:
        from pipeline.chain.tools import show

        current.toolchain(show(toolchain))


@toolchain_app.command("install", epilog="Example: pipeline toolchain install")
def toolchain_install(
    toolchain: ToolchainOption = None,
    force: Annotated[bool, typer.Option("--force", help="Fetch and build again")] = False,
    json: JsonOption = False,
) -> None:
    """Fetch the package and build the native programs, unless that is done."""
    from pipeline.cli import session

    with session.Session(json) as current:
        from pipeline.chain.tools import install

        current.toolchain(install(toolchain, force=force, listener=current.listener))


@emulator_app.command("start", epilog="Example: pipeline emulator start watch --number 2")
def emulator_start(
    kind: Annotated[str, typer.Argument(help="A profile of configs/devices, or board")] = "phone",
    number: Annotated[int, typer.Option("--number", "-n", min=1, max=64, help="How many")] = 1,
    key: Annotated[
        Optional[str], typer.Option(help="Of one: a serial number, or IP:PORT", show_default=False)
    ] = None,
    connection: Annotated[
        Optional[str], typer.Option(help="USB or TCP (default: the profile's)", show_default=False)
    ] = None,
    toolchain: ToolchainOption = None,
    workspace: WorkspaceOption = Path("runs"),
    json: JsonOption = False,
) -> None:
    """Start emulated devices that are found as connected ones are."""
    from pipeline.cli import session

    with session.Session(json) as current:
        from pipeline.chain.emulator import start

        current.lab(
            start(
                kind,
                number=number,
                key=key,
                connection=connection,
                toolchain=toolchain,
                workspace=workspace,
                listener=current.listener,
            )
        )


@emulator_app.command("stop", epilog="Example: pipeline emulator stop --remove")
def emulator_stop(
    key: Annotated[Optional[str], typer.Argument(help="Which one (default: all)")] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Delete its files too")] = False,
    workspace: WorkspaceOption = Path("runs"),
    json: JsonOption = False,
) -> None:
    """Stop emulated devices."""
    from pipeline.cli import session

    with session.Session(json) as current:
        from pipeline.chain.emulator import stop

        current.lab(stop(key, remove=remove, workspace=workspace))


@emulator_app.command("list", epilog="Example: pipeline emulator list --json")
def emulator_list(workspace: WorkspaceOption = Path("runs"), json: JsonOption = False) -> None:
    """List the emulated devices that were started by hand."""
    from pipeline.cli import session

    with session.Session(json) as current:
        from pipeline.chain.emulator import lab

        current.lab(lab(workspace=workspace))


def _emulation(emulate: Emulate | None, never: bool) -> bool | None:
    if never and emulate is not None:
        raise typer.BadParameter("--emulate and --no-emulate exclude each other")
    return False if never else (True if emulate is not None else None)
