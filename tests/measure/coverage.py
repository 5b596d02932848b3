"""The coverage table: which networks convert, and how equal they stay. Not collected by pytest.

``python -m tests.measure.coverage [--only NAME ...] [--quant] [--work DIR] [--out FILE]`` builds
each network, exports it through MindSpore, rewrites and converts it as a deployment does, runs the
model in the real runtime on random inputs and compares it with the network itself. With
``--quant`` some are quantized too. mindcv must be installed (``pip install mindcv --no-deps``).

Each network's record is a file in ``--work``: what is there is not tried again, so that a run may
be interrupted; ``--again`` tries those anew that are named or that failed. Crashes and hangs end a
network, not the run. The table holds every network that has a record.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import re
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from device.runner import SOURCES
from pipeline.config.recipe import Recipe
from pipeline.core import files, process
from pipeline.core.errors import PipelineError
from pipeline.core.events import Silent
from pipeline.data.dataset import Dataset
from pipeline.stages.checkpoint.export import export_checkpoint
from pipeline.stages.checkpoint.request import ExportRequest, ExportResult, InputSpec
from pipeline.stages.convert import ConvertStage, Reference
from pipeline.stages.samples import Calibration, CalibrationStage
from pipeline.toolchain import toolchain
from pipeline.toolchain.converter import Framework, Graph
from tests.measure import coverage_table
from tests.measure.networks import NETWORKS, Network

ROOT = Path(__file__).parents[2]
TABLE = Path(__file__).with_suffix(".md")
RECIPES = ("weight-8", "full-8")

#: Samples that are compared; of them calibrate a full quantization and settle the batch norms.
_SAMPLES, _CALIBRATION = 8, 8
#: Seconds for MindSpore on one network, each time it is called.
_DEADLINE_S = 900.0
#: Outputs that move less than this part of their size would hide a wrong network.
_LEAST_SPREAD = 0.005


@dataclass(frozen=True)
class Failed(Exception):
    """A network stopped at ``stage``."""

    stage: str
    reason: str


def main() -> None:
    """Try what is not tried yet, then write the table."""
    options = _options()
    wanted = [n for n in NETWORKS if not options.only or n.name in options.only]
    unknown = set(options.only) - {network.name for network in NETWORKS}
    if unknown:
        sys.exit(f"no such networks: {', '.join(sorted(unknown))}")
    tools = toolchain.resolve(None, SOURCES, Silent())
    for number, network in enumerate(wanted, 1):
        file = options.work / f"{network.name}.json"
        recipes = RECIPES if options.quant and network.quantize else ()
        record = files.read_json(file) if file.is_file() else {}
        if options.again and (options.only or not coverage_table.passed(record)):
            record = {}
        if record and all(name in record.get("quantized", {}) for name in recipes):
            continue
        print(f"[{number}/{len(wanted)}] {network.name}", file=sys.stderr, flush=True)
        record = Trial(network, tools, options.work).run(recipes)
        files.write_json(file, record)
        print(f"    {coverage_table.verdict(record)}", file=sys.stderr, flush=True)
    paths = {network.name: options.work / f"{network.name}.json" for network in NETWORKS}
    text = coverage_table.text(
        [files.read_json(path) for path in paths.values() if path.is_file()],
        [name for name, path in paths.items() if not path.is_file()],
        mindspore=_version("mindspore"),
        lite=tools.version,
    )
    files.write_text(options.out, text)
    print(text)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME")
    parser.add_argument("--quant", action="store_true", help="weight-8 and full-8 too")
    parser.add_argument("--again", action="store_true", help="what is named, or else what failed")
    work = Path("runs", "coverage", f"mindspore-{_version('mindspore')}")
    parser.add_argument("--work", type=Path, default=work, help="folder of the records")
    parser.add_argument("--out", type=Path, default=TABLE, help="the table's file")
    return parser.parse_args()


class Trial:
    """One network, from its weights to its comparison."""

    def __init__(self, network: Network, tools: toolchain.Toolchain, work: Path) -> None:
        self._network = network
        self._tools = tools
        self._log = work / f"{network.name}.log"
        self._record: dict[str, Any] = {
            "name": network.name,
            "group": network.group,
            "refused": network.refused,
            "shapes": [list(item[1]) for item in network.inputs],
            "mindspore": _version("mindspore"),
        }

    def run(self, recipes: Sequence[str]) -> Mapping[str, Any]:
        """The network's record: how far it came and what stopped it, or how equal it is."""
        started = time.monotonic()
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="pipeline-coverage-") as name:
            try:
                self._all(Path(name), recipes)
            except Failed as failed:
                self._record["failed"] = {"stage": failed.stage, "reason": failed.reason}
        self._record["seconds"] = round(time.monotonic() - started, 1)
        return self._record

    def _all(self, folder: Path, recipes: Sequence[str]) -> None:
        samples = self._samples(folder)
        exported = self._export(folder, samples)
        self._record["parameters"] = exported.parameter_count
        self._record["operators"] = dict(exported.operators)
        self._record["rules"] = dict(exported.rewrites)
        self._record["mindir"] = [exported.mindir_version_before, exported.mindir_version_after]
        outputs = [np.load(path) for path in exported.outputs]
        self._record["largest_output"] = largest = max(float(np.abs(a).max()) for a in outputs)
        spread = max(float(np.ptp(array, axis=0).max()) for array in outputs)
        self._record["spread"] = spread / largest if largest else 0.0
        if self._record["spread"] < _LEAST_SPREAD:
            raise Failed("weights", "the network's outputs hardly depend on its inputs")
        self._record.update(self._convert(folder, "fp32", exported, samples, None))
        quantized = self._record.setdefault("quantized", {})
        for recipe in recipes:
            try:
                calibration = self._calibration(folder, exported, samples)
                quantized[recipe] = self._convert(folder, recipe, exported, samples, calibration)
            except Failed as failed:
                quantized[recipe] = {"failed": {"stage": failed.stage, "reason": failed.reason}}

    def _samples(self, folder: Path) -> tuple[Path, ...]:
        """For each input a file of random samples: [N, *shape]."""
        random = np.random.default_rng(1)
        paths = []
        for name, shape, dtype in self._network.inputs:
            size = (_SAMPLES, *shape)
            integers = np.issubdtype(np.dtype(dtype), np.integer)
            array = random.integers(0, 100, size) if integers else random.normal(0, 1, size)
            if not integers:  # each sample its own brightness, contrast and slope, as images have
                array *= random.uniform(0.3, 1.5, (_SAMPLES, *[1] * len(shape)))
                array += random.normal(0, 0.7, (_SAMPLES, *shape[:2], *[1] * (len(shape) - 2)))
            paths.append(folder / f"{name}.npy")
            np.save(paths[-1], array.astype(dtype))
        return tuple(paths)

    def _export(self, folder: Path, samples: tuple[Path, ...]) -> ExportResult:
        checkpoint = folder / "network.ckpt"
        self._weights(folder, samples, checkpoint)
        request = ExportRequest(
            factory=self._network.factory,
            arguments=self._network.arguments,
            checkpoint=checkpoint,
            python_path=(ROOT,),
            inputs=tuple(InputSpec(*item) for item in self._network.inputs),
            samples=samples,
        )
        try:
            return export_checkpoint(
                request, folder / "export", deadline_s=_DEADLINE_S, log=self._log
            )
        except PipelineError as error:
            raise Failed(_STAGES.get(type(error).__name__, "export"), error.message) from error

    def _weights(self, folder: Path, samples: tuple[Path, ...], checkpoint: Path) -> None:
        batches = []
        for path, (name, _, _) in zip(samples, self._network.inputs, strict=True):
            batches.append(folder / f"{name}.batch.npy")
            np.save(batches[-1], np.concatenate(list(np.load(path))))
        request = folder / "weights.json"
        files.write_json(
            request,
            {
                "factory": self._network.factory,
                "arguments": dict(self._network.arguments),
                "checkpoint": str(checkpoint),
                "batches": [str(path) for path in batches],
                "samples": _SAMPLES,
            },
        )
        done = process.run(
            [sys.executable, "-m", "tests.measure.coverage_weights", str(request)],
            deadline_s=_DEADLINE_S,
            env={**process.python_environment(), "GLOG_v": "3", "MS_OM_PATH": str(folder)},
        )
        files.write_bytes(self._log, done.stdout + done.stderr)
        if done.returncode != 0 or not checkpoint.is_file():
            raise Failed("MindSpore itself", _last_error(done.text) or f"it {done.how}")

    def _convert(
        self,
        folder: Path,
        recipe: str,
        exported: ExportResult,
        samples: tuple[Path, ...],
        calibration: Calibration | None,
    ) -> dict[str, Any]:
        stage = ConvertStage(
            recipe_name=recipe,
            recipe=_recipe(recipe),
            graph=Graph(exported.mindir, Framework.MINDIR),
            graph_digest="",
            reference=Reference(
                samples,
                exported.outputs,
                tuple(item[1] for item in self._network.inputs),
                tuple(range(_SAMPLES)),
                "",
            ),
            calibration=calibration,
            toolchain=self._tools,
            logs=self._log.parent / "conversions" / self._network.name,
        )
        target = folder / recipe
        target.mkdir()
        try:
            return dict(stage.execute(target, Silent()))
        except PipelineError as error:
            raise Failed(_STAGES.get(type(error).__name__, "convert"), error.message) from error

    def _calibration(
        self, folder: Path, exported: ExportResult, samples: tuple[Path, ...]
    ) -> Calibration:
        """The samples themselves: what is shown is the runtime's arithmetic, not its luck."""
        from pipeline.toolchain import host

        shapes = tuple(item[1] for item in self._network.inputs)
        tensors = host.describe(self._tools, folder / "fp32" / "model.ms").inputs
        dataset = Dataset("random", samples, None, _SAMPLES, shapes, "")
        stage = CalibrationStage(dataset, shapes, tensors, _CALIBRATION, 0)
        target = folder / "calibration"
        if target.is_dir():
            files.remove_tree(target)
        target.mkdir()
        return stage.load(target, stage.execute(target, Silent()))


#: The last line of a traceback: the exception's name, of a package or not, and its message.
_ERROR = re.compile(
    r"^(?:\w+\.)*\w*(?:Error|Failed|NotFound|NotACell|Exception): (.*)$", re.MULTILINE
)

#: What the table calls the step that an error belongs to.
_STAGES = {
    "OperatorUnsupported": "rewrite",
    "InputMismatch": "MindSpore itself",
    "FactoryFailed": "MindSpore itself",
    "ReferenceNotFinite": "weights",
    "DataInvalid": "weights",
    "ModelUnusable": "run",
    "HostRunFailed": "run",
}


def _recipe(name: str) -> Recipe:
    text = (ROOT / "configs" / "quantization" / f"{name}.yaml").read_text(encoding="utf-8")
    return Recipe.model_validate(yaml.safe_load(text))


def _last_error(text: str) -> str:
    """The message of the exception that a Python process ended with."""
    found = _ERROR.findall(text)
    return found[-1].strip() if found else ""


def _version(package: str) -> str:
    return importlib.metadata.version(package)


if __name__ == "__main__":
    main()
