"""Measure models that are there already: the ones deployed last, or any ``.ms`` file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline.chain import gates, measure, variants
from pipeline.chain.account import tell
from pipeline.chain.history import record
from pipeline.chain.report import Report, Row
from pipeline.chain.run import WORKSPACE, Run, latest_deployment, start
from pipeline.chain.targets import Connection, Emulate, Wish, find_connected, start_emulated
from pipeline.chain.tools import install
from pipeline.config import places
from pipeline.core import files
from pipeline.core.errors import FileMissing
from pipeline.core.events import Listener, Silent
from pipeline.stages.benchmark import Inputs, Wanted, Workload, plan_for
from pipeline.toolchain import host
from pipeline.toolchain.converter import MARK
from pipeline.toolchain.errors import ModelUnusable
from pipeline.toolchain.toolchain import Toolchain


def benchmark(
    model: Path | None = None,
    *,
    device: str = "phone",
    target: str | None = None,
    emulate: Emulate = None,
    hdc: Path | None = None,
    app: Path | None = None,
    toolchain: Path | None = None,
    workspace: Path = WORKSPACE,
    history: Path | None = None,
    wanted: Wanted | None = None,
    sweep: Sequence[str] = (),
    baseline: Path | None = None,
    listener: Listener | None = None,
) -> Report:
    """Measure ``model``, or every model of the last deployment, on a device.

    A model by itself is run on seeded random inputs; those of a deployment on its test samples.
    ``wanted``: how, instead of the profile's plan. ``sweep``: settings to try, ``threads=1,2,4``.
    ``baseline``: an earlier run's folder, whose models take turns with these and are compared.
    Arguments and errors are those of ``deploy``; NothingDeployed when there is nothing to measure,
    BadSweep, BaselineGone.
    """
    listener = listener or Silent()
    profile = places.profile(device, app=app)
    wish = Wish(profile, target, emulate, hdc)
    if sweep and baseline is not None:
        raise variants.BadSweep(sweep[0], "a baseline is compared with the usual settings only")
    variants.swept((), sweep, plan_for(profile.profile).settings)  # before any long work
    if model is not None:
        check(model)
        source: tuple[Path, Mapping[str, Any]] | None = None
        name = safe(model.stem)
    else:
        source = latest_deployment(workspace)
        name = str(source[1]["name"])
    with start(workspace, "benchmark", name) as run:
        connection = find_connected(wish, listener)
        tools = install(toolchain, listener=listener)
        if connection is None:
            connection = start_emulated(wish, run.workspace, tools.runtime, listener)
        if source is None:
            assert model is not None
            inputs = measure.random_inputs(host.describe(tools, model), run)
            workloads = [measure.file_workload(model, name, inputs, tools, run, fp16=False)]
        else:
            inputs, workloads = _deployed(*source, connection, tools, run)
        entries: Mapping[str, Any] = {}
        if baseline is not None:
            before, entries = variants.older(workloads, baseline, inputs, tools, run)
            workloads += before
        usual = plan_for(profile.profile).settings
        workloads = variants.swept(workloads, sweep, usual)
        measurements = measure.run_all(
            connection, workloads, inputs, tools, profile.profile, run, listener, wanted
        )
        rows = [
            Row(
                name=workload.name,
                path=workload.model,
                sha256=workload.sha256,
                size_bytes=workload.size_bytes,
                fp16=workload.fp16,
                measurement=measurement,
                failures=tuple(gates.device_failures(profile.profile.limits, measurement)),
            )
            for workload, measurement in zip(workloads, measurements, strict=True)
        ]
        report = Report(name, run.folder, tuple(rows), None, connection.facts, profile.name)
        if baseline is not None:
            known = {item["name"]: item for item in source[1]["models"]} if source else {}
            compared = variants.against(baseline, run, entries, measurements, known)
            report = replace(report, comparison=compared)
        run.finish({**report.as_json(), "toolchain": tools.as_json()})
        record(run, history, listener)
        tell(run.folder, history, listener)
    return report


def _deployed(
    folder: Path, manifest: Mapping[str, Any], connection: Connection, tools: Toolchain, run: Run
) -> tuple[Inputs, list[Workload]]:
    paths = tuple(sorted((folder / "inputs").glob("input_*.bin")))
    counts = {int(item["benchmark"]["device_parity"]["n"]) for item in manifest["models"]}
    inputs = Inputs(paths, counts.pop())
    workloads = []
    for item in manifest["models"]:
        model = folder / "models" / Path(item["path"]).name
        check(model)
        if files.sha256_file(model) != item["sha256"]:
            raise ModelUnusable(str(model), "it is not the file that was deployed")
        fp16 = bool(item["fp16"]) and measure.has_fp16(connection.facts)
        workloads.append(measure.file_workload(model, item["name"], inputs, tools, run, fp16))
    return inputs, workloads


def check(model: Path) -> None:
    if not model.is_file():
        raise FileMissing(model, "model")
    with files.disk_errors(model), model.open("rb") as stream:
        if stream.read(8)[4:8] != MARK:
            raise ModelUnusable(str(model), "it is not a MindSpore Lite model (no MSL2 mark)")


def safe(stem: str) -> str:
    kept = "".join(
        sign if sign.isascii() and (sign.isalnum() or sign in "._-") else "-" for sign in stem
    )
    return kept.strip(".-")[:64] or "model"
