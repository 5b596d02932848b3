"""Child process: call the user's function, check what it gives, write it as ``.npy`` files.

Started as ``python -m pipeline.data.worker REQUEST RESULT``; both are JSON files.
"""

from __future__ import annotations

import re
import sys
import traceback
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.core import files, process, usercode
from pipeline.core.errors import LocalDiskFull
from pipeline.data import layout

_INPUT = re.compile(r"input_([0-9]{1,3})$")


class _Unusable(Exception):
    """The data is there and is of no use; the text says why."""


def main(request_file: str, result_file: str) -> int:
    """Write the result file, whatever happens; the exit code is 0 when there is one."""
    process.die_with_parent()
    request = files.read_json(Path(request_file))
    try:
        result = _fetch(request)
    except usercode.NotFound as error:
        result = {"status": "not found", "reason": str(error)}
    except _Unusable as error:
        result = {"status": "invalid", "reason": str(error)}
    except LocalDiskFull as error:
        result = {"status": "disk full", "path": str(error.path)}
    except (Exception, SystemExit) as error:
        traceback.print_exc()
        blame = usercode.blame(error)
        text = f"{blame.kind}: {blame.text}"
        result = {"status": "failed", "reason": text, "place": blame.place}
    files.write_json(Path(result_file), result)
    return 0


def _fetch(request: dict[str, Any]) -> dict[str, Any]:
    if request["function"]:
        function = usercode.resolve(request["function"], [Path(p) for p in request["python_path"]])
        value = function()
    else:
        value = _read_npz(Path(request["file"]))
    inputs, labels = _checked(value)
    folder = Path(request["output"])
    names = []
    for index, array in enumerate(inputs):
        names.append(f"input_{index}.npy")
        layout.write_npy(array, folder / names[-1])
    if labels is not None:
        layout.write_npy(labels, folder / "labels.npy")
    return {
        "status": "done",
        "inputs": names,
        "labels": "labels.npy" if labels is not None else None,
        "count": len(inputs[0]),
        "sample_shapes": [list(array.shape[1:]) for array in inputs],
        "dtypes": [str(array.dtype) for array in inputs],
        "classes": int(labels.max()) + 1 if labels is not None else None,
        "dependencies": usercode.loaded_sources(),
    }


def _read_npz(path: Path) -> Any:
    try:
        bundle = np.load(path, allow_pickle=False)
        if not isinstance(bundle, np.lib.npyio.NpzFile):
            raise _Unusable("not an .npz but a single array: numpy.savez(file, inputs=, labels=)")
        with bundle:
            names = bundle.files
            numbered = {int(found[1]): name for name in names if (found := _INPUT.match(name))}
            if "inputs" in names:
                inputs: Any = bundle["inputs"]
            elif numbered:
                inputs = tuple(bundle[numbered[number]] for number in sorted(numbered))
            else:
                raise _Unusable(f"no array `inputs` among {', '.join(names) or 'none'}")
            return inputs, bundle["labels"] if "labels" in names else None
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise _Unusable(f"not an .npz of plain arrays: {error}") from None


def _checked(value: Any) -> tuple[tuple[Any, ...], Any]:
    if not isinstance(value, tuple) or len(value) != 2:
        raise _Unusable(f"a {type(value).__name__} where a pair (inputs, labels) was expected")
    given, labels = value
    inputs = tuple(_array(a) for a in (given if isinstance(given, (tuple, list)) else (given,)))
    counts = {len(array) if array.ndim and array.size else 0 for array in inputs}
    if len(counts) != 1 or counts == {0}:
        raise _Unusable("no samples" if counts <= {0} else "inputs with different sample counts")
    for index, array in enumerate(inputs):
        if array.dtype.kind not in "fiub":
            raise _Unusable(f"input {index} has elements of type {array.dtype}")
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise _Unusable(f"input {index} holds NaN or infinity")
    if labels is None:
        return inputs, None
    labels = _array(labels)
    if labels.shape != (len(inputs[0]),):
        raise _Unusable(f"labels of shape {list(labels.shape)} for {len(inputs[0])} samples")
    whole = labels.astype(np.int64) if labels.dtype.kind in "iu" else None
    if whole is None or whole.min() < 0:
        raise _Unusable("labels must be whole numbers from 0")
    return inputs, whole


def _array(value: Any) -> Any:
    try:
        return np.asarray(value)
    except ValueError as error:
        raise _Unusable(f"not an array: {error}") from None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
