"""The process that runs MindSpore and the user's code: ``worker REQUEST.json RESULT.json``.

Whatever it finds out, it writes into RESULT.json; what it or others print is the log.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pipeline.core import files, process, usercode
from pipeline.core.errors import PipelineError
from pipeline.data import layout
from pipeline.mindir import document
from pipeline.mindir.errors import MindSporeMissing
from pipeline.mindir.operators import InstalledDefinitions
from pipeline.mindir.rewrite import Rewritten, rewrite
from pipeline.stages.checkpoint import (
    checkpoint_file,
    mindspore_text,
    network,
    parameters,
    reference,
)
from pipeline.stages.checkpoint.errors import (
    CheckpointMissing,
    ExportFailed,
    InputMismatch,
    encode,
)
from pipeline.stages.checkpoint.request import ExportRequest, ExportResult


def main(request_file: Path, result_file: Path) -> None:
    """Do what ``request_file`` asks; the answer is in ``result_file`` when this returns."""
    process.die_with_parent()
    value = files.read_json(request_file)
    request, output = ExportRequest.from_json(value), Path(value["output"])
    sys.path[:0] = [str(path) for path in request.python_path]
    try:
        answer = {"result": export(request, output).to_json()}
    except PipelineError as error:
        traceback.print_exception(error)
        answer = {"error": encode(error)}
    files.write_json(result_file, answer)


class Clock:
    """Seconds that each part of the work took."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def measured(self, part: str) -> Iterator[None]:
        """Measure a part."""
        started = time.monotonic()
        yield
        self.seconds[part] = round(time.monotonic() - started, 4)


def export(request: ExportRequest, output: Path) -> ExportResult:
    """Load, run, export and rewrite the network; files go into the folder ``output``."""
    if not request.checkpoint.is_file():
        raise CheckpointMissing(request.checkpoint)
    checkpoint_file.check(request.checkpoint)
    samples = reference.read_samples(request.inputs, request.samples)
    clock = Clock()
    with clock.measured("import"):
        mindspore = import_mindspore()
    with clock.measured("network"):
        cell = network.build(request.factory, request.arguments, request.python_path)
        skipped = parameters.load(cell, request.checkpoint, request.factory)
        cell.set_train(False)
    with clock.measured("reference"):
        runner = _runner(mindspore, request, cell)
        outputs = reference.compute(request.factory, runner, samples)
    with clock.measured("export"):
        first = [mindspore.Tensor(array[0]) for array in samples]
        exported = _export(mindspore, request, cell, first)
    with clock.measured("rewrite"):
        rewritten = _rewrite(exported, request)
    paths = tuple(output / f"output_{number}.npy" for number in range(len(outputs)))
    with clock.measured("write"):
        files.write_bytes(output / "model.mindir", rewritten.data)
        for path, array in zip(paths, outputs, strict=True):
            layout.write_npy(array, path)
    return ExportResult(
        mindir=output / "model.mindir",
        outputs=paths,
        input_facts=rewritten.after.inputs,
        output_facts=rewritten.after.outputs,
        parameter_count=parameters.count(cell),
        mindspore_version=mindspore.__version__,
        mindir_version_before=rewritten.before.version,
        mindir_version_after=rewritten.after.version,
        operators=rewritten.after.operators,
        rewrites=rewritten.rules,
        skipped=skipped,
        dependencies=usercode.loaded_sources(),
        timings_s=clock.seconds,
    )


def import_mindspore() -> Any:
    """MindSpore on the CPU, seeded and settled; ``MindSporeMissing`` where it cannot be had."""
    try:
        import mindspore
    except Exception as error:
        traceback.print_exception(error)
        reason = " ".join(str(error).split()) or type(error).__name__
        missing = isinstance(error, ModuleNotFoundError) and error.name == "mindspore"
        raise (MindSporeMissing() if missing else MindSporeMissing(reason)) from error
    mindspore.set_device("CPU")
    mindspore.set_seed(0)
    _settle(mindspore)
    return mindspore


def _settle(mindspore: Any) -> None:
    """With NumPy 2 the first operator that takes a tuple fails, and only the first: let it."""
    with suppress(SystemError):
        mindspore.ops.softmax(mindspore.Tensor([[0.0]]), -1)
    with suppress(SystemError):
        mindspore.ops.ReduceMax()(mindspore.Tensor([[0.0]]), (0, 1))


def _runner(mindspore: Any, request: ExportRequest, cell: Any) -> Callable[..., list[Any]]:
    """A function from arrays to the network's outputs as arrays, which says what is wrong."""

    def run(arrays: Sequence[Any]) -> list[Any]:
        try:
            return call(mindspore, cell, arrays)
        except Exception as error:
            traceback.print_exception(error)
            text = str(error)
            reason = mindspore_text.boil_down(text)
            if mindspore_text.is_missing_kernel(text):
                raise ExportFailed(request.factory, reason, _where(error)) from error
            described = ", ".join(map(str, request.inputs))
            raise InputMismatch(request.factory, described, reason) from error

    return run


def call(mindspore: Any, cell: Any, arrays: Sequence[Any]) -> list[Any]:
    """The outputs of ``cell`` for ``arrays``, as arrays; nested ones in a flat list."""
    outputs = cell(*(mindspore.Tensor(array) for array in arrays))
    return [tensor.asnumpy() for tensor in _flat(outputs)]


def _flat(outputs: Any) -> list[Any]:
    if isinstance(outputs, (tuple, list)):
        return [tensor for item in outputs for tensor in _flat(item)]
    return [outputs]


def _export(mindspore: Any, request: ExportRequest, cell: Any, inputs: Sequence[Any]) -> bytes:
    # In a folder of its own: MindSpore refuses file names with blanks, umlauts and much else.
    with tempfile.TemporaryDirectory(prefix="pipeline-mindir-") as folder:
        raw = Path(folder) / "network.mindir"
        try:
            mindspore.export(cell, *inputs, file_name=str(raw), file_format="MINDIR")
        except Exception as error:
            traceback.print_exception(error)
            reason = mindspore_text.boil_down(str(error))
            raise ExportFailed(request.factory, reason, _where(error)) from error
        with files.disk_errors(raw):
            return raw.read_bytes()


def _rewrite(exported: bytes, request: ExportRequest) -> Rewritten:
    names = [item.name for item in request.inputs]
    return rewrite(document.parse(exported), InstalledDefinitions(), input_names=names)


def _where(error: BaseException) -> str:
    return mindspore_text.place(str(error)) or network.users_line(error)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # MindSpore takes its time to tear itself down
