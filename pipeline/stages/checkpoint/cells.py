"""What every cell of a network puts out for one sample: ``cells REQUEST.json RESULT.json``.

As a module it is the process that runs MindSpore and the user's code; ``record_cells`` is its
caller and imports neither.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.core import files
from pipeline.core.errors import PipelineError
from pipeline.stages.checkpoint.errors import InputMismatch, encode
from pipeline.stages.checkpoint.export import ask
from pipeline.stages.checkpoint.request import ExportRequest

_WORKER = "pipeline.stages.checkpoint.cells"


@dataclass(frozen=True)
class CellOutput:
    """What a cell gave when it was called: its first output, an ``.npy``. ``cell`` is its name as
    the network's attributes spell it, nothing for the network itself."""

    cell: str
    path: Path

    def values(self) -> Any:
        """The array, in the network's layout."""
        import numpy as np

        with files.disk_errors(self.path):
            return np.load(self.path, allow_pickle=False)


def record_cells(
    request: ExportRequest, output: Path, *, deadline_s: float, log: Path
) -> tuple[CellOutput, ...]:
    """Run ``request``'s network over the first of its samples, the files going to ``output``.

    In the order in which the calls ended: a cell comes after those within it. Raises what
    ``export_checkpoint`` raises.
    """
    answer = ask(_WORKER, request, output, deadline_s=deadline_s, log=log)
    return tuple(CellOutput(item["cell"], output / item["file"]) for item in answer)


def main(request_file: Path, result_file: Path) -> None:
    """Do what ``request_file`` asks; the answer is in ``result_file`` when this returns."""
    from pipeline.core import process

    process.die_with_parent()
    value = files.read_json(request_file)
    request, output = ExportRequest.from_json(value), Path(value["output"])
    sys.path[:0] = [str(path) for path in request.python_path]
    try:
        answer: dict[str, Any] = {"result": run(request, output)}
    except PipelineError as error:
        traceback.print_exception(error)
        answer = {"error": encode(error)}
    files.write_json(result_file, answer)


def run(request: ExportRequest, output: Path) -> list[dict[str, str]]:
    """Load the network, run it over its first sample and write what each cell gives."""
    from pipeline.stages.checkpoint import mindspore_text, network, parameters, reference, worker

    samples = reference.read_samples(request.inputs, request.samples)
    mindspore = worker.import_mindspore()
    mindspore.set_context(mode=mindspore.PYNATIVE_MODE)  # hooks are heard in no other
    cell = network.build(request.factory, request.arguments, request.python_path)
    parameters.load(cell, request.checkpoint, request.factory)
    cell.set_train(False)
    records: list[dict[str, str]] = []
    for name, inner in cell.cells_and_names():
        inner.register_forward_hook(_recorder(name, records, output))
    try:
        cell(*(mindspore.Tensor(array[0]) for array in samples))
    except Exception as error:
        traceback.print_exception(error)
        reason = mindspore_text.boil_down(str(error))
        described = ", ".join(map(str, request.inputs))
        raise InputMismatch(request.factory, described, reason) from error
    return records


def _recorder(name: str, records: list[dict[str, str]], output: Path) -> Callable[..., None]:
    def hear(_cell: object, _inputs: object, outputs: Any) -> None:
        first = outputs
        while isinstance(first, Sequence) and not hasattr(first, "asnumpy") and len(first):
            first = first[0]
        if not hasattr(first, "asnumpy"):
            return  # a number, a string: nothing to compare
        from pipeline.data import layout

        array = first.asnumpy()
        if array.size:
            file = f"{len(records)}.npy"
            layout.write_npy(array, output / file)
            records.append({"cell": name, "file": file})

    return hear


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # MindSpore takes its time to tear itself down
