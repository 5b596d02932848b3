"""What every node of an ONNX network puts out for one sample: ``values REQUEST.json RESULT.json``.

As a module it is the process that runs ONNX Runtime; ``record_values`` is its caller and does not
import it.
"""

from __future__ import annotations

import importlib.util
import math
import os
import sys
import tempfile
import traceback
from collections.abc import Mapping, Sequence, Set
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipeline.core import files, process
from pipeline.core.errors import PipelineError
from pipeline.inspect import encode as wire
from pipeline.inspect.look import look
from pipeline.inspect.record import Operator
from pipeline.stages.checkpoint.errors import encode
from pipeline.stages.checkpoint.request import InputSpec
from pipeline.stages.source.asking import ask
from pipeline.stages.source.errors import OnnxRuntimeMissing

_WORKER = "pipeline.stages.source.values"
# Fields of ModelProto, GraphProto and ValueInfoProto.
_GRAPH, _OUTPUTS, _NAME = 7, 12, 1


@dataclass(frozen=True)
class NodeValue:
    """What a node gave: its first output, an ``.npy`` of ``elements``; none where that is no
    array of numbers. ``name`` is the node's, or its output's where it has none, ``weights`` are
    those of its inputs that are constants."""

    name: str
    inputs: tuple[str, ...]
    weights: tuple[str, ...]
    output: str
    path: Path | None = None
    elements: int = 0

    def values(self) -> Any:
        """The array, in the network's layout."""
        import numpy as np

        assert self.path is not None  # it has elements
        with files.disk_errors(self.path):
            return np.load(self.path, allow_pickle=False)


def record_values(
    model: Path,
    specs: Sequence[InputSpec],
    samples: Sequence[Path],
    output: Path,
    *,
    deadline_s: float,
    log: Path,
) -> tuple[NodeValue, ...]:
    """Run the ONNX file ``model`` over the first of its samples, the values going to ``output``.

    ``samples`` has an ``.npy`` for each input, [N, ...]. Nodes come in the file's own order, those
    of graphs within it are left out. Raises ``OnnxRuntimeMissing``, ``RuntimeRefused``,
    ``SamplesUnfit``, ``WorkerTimeout``, ``WorkerCrashed`` and what ``look`` raises.
    """
    if importlib.util.find_spec("onnxruntime") is None:
        raise OnnxRuntimeMissing(model)
    found = look(model)
    nodes = [node for node in found.operators if not node.graph and any(node.outputs)]
    constants = {tensor.name for tensor in found.tensors}
    with files.disk_errors(output):
        output.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=output) as scratch:
            request = {
                "file": str(model.absolute()),
                "inputs": [asdict(spec) for spec in specs],
                "samples": [str(path.absolute()) for path in samples],
                "values": [_first(node) for node in nodes],
                "output": str(output.absolute()),
            }
            answer = ask(_WORKER, request, model, Path(scratch), deadline_s=deadline_s, log=log)
    return tuple(_value(node, constants, answer, output) for node in nodes)


def _value(
    node: Operator, constants: Set[str], answer: Mapping[str, Any], output: Path
) -> NodeValue:
    found = answer.get(_first(node))
    return NodeValue(
        node.name,
        node.inputs,
        tuple(name for name in node.inputs if name in constants),
        _first(node),
        output / found["file"] if found else None,
        math.prod(found["shape"]) if found else 0,
    )


def _first(node: Operator) -> str:
    return next(name for name in node.outputs if name)


def main(request_file: Path, result_file: Path) -> None:
    """Do what ``request_file`` asks; the answer is in ``result_file`` when this returns."""
    process.die_with_parent()
    try:
        answer = {"result": run(files.read_json(request_file))}
    except PipelineError as error:
        traceback.print_exception(error)
        answer = {"error": encode(error)}
    files.write_json(result_file, answer)


def run(request: dict[str, Any]) -> dict[str, Any]:
    """Make every value an output, run the first sample and write what is an array of numbers."""
    import numpy as np

    from pipeline.data import layout
    from pipeline.stages.checkpoint import reference
    from pipeline.stages.source import onnx_session

    path, output = Path(request["file"]), Path(request["output"])
    specs = [InputSpec(item["name"], tuple(item["shape"]), item["dtype"])
             for item in request["inputs"]]  # fmt: skip
    samples = reference.read_samples(specs, [Path(name) for name in request["samples"]])
    session = onnx_session.Session(path, _opened(path, request["values"]))
    found = {}
    inputs = {spec.name: array[0] for spec, array in zip(specs, samples, strict=True)}
    for number, (name, value) in enumerate(session.run(inputs).items()):
        if isinstance(value, np.ndarray) and value.size and value.dtype.kind in "fiub":
            layout.write_npy(value, output / f"{number}.npy")
            found[name] = {"file": f"{number}.npy", "shape": list(value.shape)}
    return found


def _opened(path: Path, names: Sequence[str]) -> bytes:
    """The model with these values as outputs besides its own.

    A message that comes twice is one, whose repeated fields are those of both:
    https://protobuf.dev/programming-guides/encoding
    """
    known = {tensor.name for tensor in look(path).outputs}
    wanted = [name for name in dict.fromkeys(names) if name not in known]
    graph = wire.message(*((_OUTPUTS, wire.message((_NAME, name))) for name in wanted))
    with files.disk_errors(path):
        return path.read_bytes() + wire.message((_GRAPH, graph))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
