"""One call of the converter: a process of its own, a deadline, and no trust in its word."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from pipeline.config.recipe import Recipe
from pipeline.core import files, process
from pipeline.core.errors import LocalDiskFull
from pipeline.toolchain.errors import ConversionFailed, ConversionTimeout
from pipeline.toolchain.ini import config_text
from pipeline.toolchain.log import boil_down
from pipeline.toolchain.toolchain import Toolchain

MARK = b"MSL2"
_SUCCESS = "CONVERT RESULT SUCCESS:0"


class Framework(str, Enum):
    """What the converter calls a format, and the ending that it insists on."""

    MINDIR = "MINDIR"
    ONNX = "ONNX"
    TFLITE = "TFLITE"
    TF = "TF"
    CAFFE = "CAFFE"

    @property
    def ending(self) -> str:
        """``.mindir`` ..."""
        return _ENDINGS[self]


_ENDINGS = {
    Framework.MINDIR: ".mindir",
    Framework.ONNX: ".onnx",
    Framework.TFLITE: ".tflite",
    Framework.TF: ".pb",
    Framework.CAFFE: ".prototxt",
}


@dataclass(frozen=True)
class Graph:
    """A network in a format that the converter reads.

    ``weights`` is Caffe's second file; ``beside`` are files that the first one names and looks for
    in its own folder, by those names. ``shapes`` fixes inputs, by name, that the file leaves open.
    """

    file: Path
    framework: Framework = Framework.MINDIR
    weights: Path | None = None
    beside: Mapping[str, Path] = field(default_factory=dict)
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Conversion:
    """What to convert, and how. ``calibration`` maps an input's name to a folder of samples;
    ``skipped``: the nodes that the recipe's rules leave float."""

    name: str
    graph: Graph
    recipe: Recipe
    calibration: Mapping[str, Path] = field(default_factory=dict)
    calibration_samples: int = 0
    skipped: Sequence[str] | None = None
    deadline_s: float = 900.0


def convert(toolchain: Toolchain, conversion: Conversion, target: Path, log: Path) -> None:
    """Write the converted model to ``target`` and the tool's whole output to ``log``.

    It counts as converted when the tool ended with code 0 and its success line, and a new file
    with the format's mark is there; whether the model holds is for the caller to prove. Raises
    ConversionFailed or ConversionTimeout.
    """
    # The tool's own formats cannot express every path, so it sees short relative names only.
    with files.disk_errors(target), tempfile.TemporaryDirectory(dir=target.parent) as name:
        folder = Path(name)
        command = [str(toolchain.converter), *_graph_arguments(conversion.graph, folder)]
        calibration = {}
        for index, (tensor, samples) in enumerate(conversion.calibration.items()):
            (folder / f"calibration{index}").symlink_to(samples.absolute())
            calibration[tensor] = f"calibration{index}"
        config = config_text(
            conversion.recipe,
            calibration,
            conversion.calibration_samples,
            toolchain.version,
            conversion.skipped,
        )
        if config is not None:
            (folder / "recipe.ini").write_text(config, encoding="utf-8")
            command.append("--configFile=recipe.ini")
        if conversion.recipe.fp16:
            command.append("--fp16=on")
        command.extend(toolchain.converter_flags)
        result = _call(command, toolchain, conversion, folder)
        files.write_bytes(log, f"{' '.join(command)}\n".encode() + result.stdout + result.stderr)
        if result.lacked_space:  # also if it said success: it does not look at what it wrote
            raise LocalDiskFull(target)
        _judge(result, folder / "model.ms", conversion, log)
        (folder / "model.ms").chmod(0o644)
        shutil.move(folder / "model.ms", target)


def _graph_arguments(graph: Graph, folder: Path) -> list[str]:
    """Lay links to the files of ``graph`` into ``folder`` and name them."""
    for name, path in graph.beside.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).symlink_to(path.absolute())
    model = f"model{graph.framework.ending}"
    (folder / model).symlink_to(graph.file.absolute())
    arguments = [f"--fmk={graph.framework.value}", f"--modelFile={model}", "--outputFile=model"]
    if graph.weights is not None:
        (folder / "model.caffemodel").symlink_to(graph.weights.absolute())
        arguments.append("--weightFile=model.caffemodel")
    if graph.shapes:
        told = (f"{name}:{','.join(map(str, shape))}" for name, shape in graph.shapes.items())
        arguments.append(f"--inputShape={';'.join(told)}")
    return arguments


def _call(
    command: list[str], toolchain: Toolchain, conversion: Conversion, folder: Path
) -> process.Completed:
    return process.run(
        command, deadline_s=conversion.deadline_s, env=toolchain.environment(), cwd=folder
    )


def _judge(result: process.Completed, model: Path, conversion: Conversion, log: Path) -> None:
    def failed(reason: str) -> ConversionFailed:
        return ConversionFailed(conversion.name, reason, log)

    if result.ending is process.Ending.DEADLINE:
        raise ConversionTimeout(conversion.name, conversion.deadline_s, log)
    if result.ending is not process.Ending.EXIT or result.returncode < 0:
        raise failed(f"the converter {result.how}")
    if result.returncode != 0 or _SUCCESS not in result.text:
        raise failed(boil_down(result.text))
    if not model.is_file():
        raise failed("the converter said success and wrote no model")
    with model.open("rb") as stream:
        head = stream.read(8)
    if head[4:8] != MARK:
        raise failed("the converter said success and what it wrote is not a model (no MSL2 mark)")
