"""The process that runs a model file in the runtime of its format, and rewrites MindIR.

Started as ``python -m pipeline.stages.source.worker REQUEST RESULT``; both are JSON files. What it
or others print is the log.
"""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pipeline.core import files, process
from pipeline.core.errors import PipelineError
from pipeline.data import layout
from pipeline.mindir import document
from pipeline.mindir.operators import InstalledDefinitions
from pipeline.mindir.rewrite import rewrite
from pipeline.stages.checkpoint import mindspore_text, reference
from pipeline.stages.checkpoint.errors import encode
from pipeline.stages.checkpoint.request import InputSpec
from pipeline.stages.checkpoint.worker import call, import_mindspore
from pipeline.stages.convert import Runtime
from pipeline.stages.source import onnx_session
from pipeline.stages.source.errors import RuntimeRefused


def main(request_file: Path, result_file: Path) -> None:
    """Do what ``request_file`` asks; the answer is in ``result_file`` when this returns."""
    process.die_with_parent()
    try:
        answer = {"result": _work(files.read_json(request_file))}
    except PipelineError as error:
        traceback.print_exception(error)
        answer = {"error": encode(error)}
    files.write_json(result_file, answer)


def _work(request: dict[str, Any]) -> dict[str, Any]:
    path, output = Path(request["file"]), Path(request["output"])
    result: dict[str, Any] = {"outputs": [], "facts": {}}
    if request["rewrite"]:
        shapes = [tuple(item["shape"]) for item in request["inputs"]]
        result["facts"] = _rewrite(path, shapes, output / "model.mindir")
    if request["runtime"] is not None:
        runtime = Runtime(request["runtime"])
        specs = [InputSpec(i["name"], tuple(i["shape"]), i["dtype"]) for i in request["inputs"]]
        samples = reference.read_samples(specs, [Path(name) for name in request["samples"]])
        run = _RUNTIMES[runtime](path, [spec.name for spec in specs])
        for number, array in enumerate(
            reference.compute(path.name, _told(run, path, runtime), samples)
        ):
            result["outputs"].append(f"output_{number}.npy")
            layout.write_npy(array, output / result["outputs"][-1])
    return result


def _rewrite(path: Path, shapes: Sequence[tuple[int, ...]], target: Path) -> dict[str, Any]:
    program = document.load(path)
    # The converter asks for shapes on its command line too, and forgets them in MindIR.
    for item, shape in zip(program.graphs[0].inputs, shapes, strict=True):
        item.tensor[0].dims[:] = shape
    rewritten = rewrite(program, InstalledDefinitions())
    files.write_bytes(target, rewritten.data)
    return {
        "mindir_version": [rewritten.before.version, rewritten.after.version],
        "operators": dict(rewritten.after.operators),
        "rewrites": dict(rewritten.rules),
    }


def _told(run: reference.Run, path: Path, runtime: Runtime) -> reference.Run:
    """``run`` that says what is wrong, unless a batch of several samples was but tried."""

    def call(arrays: Sequence[Any]) -> Sequence[Any]:
        try:
            return run(arrays)
        except Exception as error:
            traceback.print_exception(error)
            raise RuntimeRefused(path, runtime.value, onnx_session.reason(error)) from error

    return call


def _onnx(path: Path, names: Sequence[str]) -> reference.Run:
    session = onnx_session.Session(path)
    return lambda arrays: session.outputs(dict(zip(names, arrays, strict=True)))


def _mindir(path: Path, names: Sequence[str]) -> reference.Run:
    mindspore = import_mindspore()
    # In a folder of its own: MindSpore refuses file names with blanks, umlauts and much else.
    with tempfile.TemporaryDirectory(prefix="pipeline-mindir-") as folder:
        link = Path(folder) / "network.mindir"
        link.symlink_to(path.absolute())
        try:
            cell = mindspore.nn.GraphCell(mindspore.load(str(link)))
        except Exception as error:
            traceback.print_exception(error)
            reason = mindspore_text.boil_down(str(error))
            raise RuntimeRefused(path, Runtime.MINDSPORE.value, reason) from error
    return lambda arrays: call(mindspore, cell, arrays)


_RUNTIMES: dict[Runtime, Callable[[Path, Sequence[str]], reference.Run]] = {
    Runtime.ONNXRUNTIME: _onnx,
    Runtime.MINDSPORE: _mindir,
}


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # MindSpore takes its time to tear itself down
