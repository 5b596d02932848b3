"""Small programs that stand in for the converter and the runner, and a toolchain of them."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.core.tensors import TensorFacts
from pipeline.toolchain.toolchain import Origin, Toolchain

IMAGE = TensorFacts("images", "float32", (1, 2, 2, 1), "NHWC")
SCORES = TensorFacts("scores", "float32", (1, 3), "NHWC")

#: What a model of the fakes does: its outputs are the first values of its input, times a factor.
GOOD_MODEL = {"factor": 1.0, "inputs": [IMAGE], "outputs": [SCORES]}


def model_bytes(**changes: Any) -> bytes:
    """A file with the mark of a model, in which the fake runner reads what to do."""
    facts = {**GOOD_MODEL, **changes}
    for key in ("inputs", "outputs"):
        facts[key] = [_tensor_json(tensor) for tensor in facts[key]]
    return b"\0\0\0\0MSL2" + json.dumps(facts).encode()


def _tensor_json(tensor: TensorFacts) -> Mapping[str, Any]:
    return {
        "name": tensor.name,
        "dtype": tensor.dtype,
        "shape": list(tensor.shape),
        "format": tensor.format,
        "size_bytes": tensor.size_bytes,
    }


_RUNNER = """\
import array, json, sys

flags = {"runtime": "", **dict(part[2:].partition("=")[::2] for part in sys.argv[1:])}
with open(flags["modelFile"], "rb") as stream:
    model = json.loads(stream.read()[8:])
record = {
    "schema": 1, "status": "success", "runner": "fake", "runtime": {"library": flags["runtime"]},
    "threads": int(flags["numThreads"]), "bind_mode": int(flags["cpuBindMode"]), "fp16": False,
    "inputs": model["inputs"], "outputs": model["outputs"], "load_ns": 5,
    "first_inference_ns": None, "warm_up": 0, "samples_ns": [], "peak_memory_bytes": None,
}
if "fails" in model:
    record["status"] = "failed"
    record["error"] = {"stage": "run", "code": -1, "message": model["fails"]}
if "samplesFile" not in flags and "--describe" not in sys.argv:
    record["samples_ns"] = [1000 + i for i in range(model.get("loops", int(flags["loopCount"])))]
if "samplesFile" in flags:
    values = array.array("f")
    with open(flags["samplesFile"], "rb") as stream:
        values.frombytes(stream.read())
    size = model["inputs"][0]["size_bytes"] // 4
    wanted = model["outputs"][0]["size_bytes"] // 4
    results = array.array("f")
    for start in range(0, len(values), size):
        sample = [model["factor"] * value for value in values[start : start + wanted]]
        results.extend(model.get("always", sample))
        record["samples_ns"].append(1000)
    with open(flags["outputsFile"], "wb") as stream:
        stream.write(results.tobytes()[: model.get("keep")])
with open(flags["resultFile"], "w") as stream:
    json.dump(record, stream)
sys.exit(record["status"] != "success")
"""

_CONVERTER = """\
import sys
from pathlib import Path

flags = dict(part[2:].partition("=")[::2] for part in sys.argv[1:])
Path(flags["outputFile"] + ".ms").write_bytes({model!r})
print("CONVERT RESULT SUCCESS:0")
"""


#: Not by a path after ``#!``, which may have no blanks: a shell's beginning, Python's comment.
_PYTHON = f"""\
''':'
exec '{sys.executable}' -SE "$0" "$@"
'''
"""


def write_program(folder: Path, name: str, body: str) -> Path:
    """An executable: Python's where the body begins with ``import``, else a shell's."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    python = _PYTHON if body.startswith("import") else ""
    path.write_text(f"#!/bin/sh\n{python}{body}\n")
    path.chmod(0o755)
    return path


def fake_toolchain(
    folder: Path,
    *,
    converter: str | None = None,
    runner: str = _RUNNER,
    model: bytes | None = None,
    identity: str = "fake",
) -> Toolchain:
    """A toolchain whose converter writes ``model`` (a good one) unless it has another body."""
    body = converter or _CONVERTER.format(model=model if model is not None else model_bytes())
    return Toolchain(
        origin=Origin.NAMED,
        version="0.0.0",
        home=folder,
        converter=write_program(folder, "converter_lite", body),
        runner=write_program(folder, "runner", runner),
        runtime=folder / "libruntime.so",
        library_path=(folder / "lib",),
        identity=identity,
    )
