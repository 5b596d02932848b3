"""Child process: read the user's samples, check them, write them as ``.npy`` files.

Started as ``python -m pipeline.data.worker REQUEST RESULT``; both are JSON files.
"""

from __future__ import annotations

import sys
import traceback
from pathlib import Path
from typing import Any

from pipeline.config.data import Preprocess, Source
from pipeline.core import files, process, usercode
from pipeline.core.errors import LocalDiskFull
from pipeline.data import arrays, images, keep, rows
from pipeline.data.errors import ImageSizesDiffer, ImageTooSmall, ImageUnusable

FILES = "files.json"
_SEED = 0


def main(request_file: str, result_file: str) -> int:
    """Write the result file, whatever happens; the exit code is 0 when there is one."""
    process.die_with_parent()
    request = files.read_json(Path(request_file))
    try:
        result = _fetch(request)
    except usercode.NotFound as error:
        result = {"status": "not found", "reason": str(error)}
    except arrays.Unusable as error:
        result = {"status": "invalid", "reason": str(error)}
    except (ImageUnusable, ImageTooSmall, ImageSizesDiffer) as error:
        result = {"status": "image", "error": type(error).__name__, "facts": error.facts()}
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
    source = Source.model_validate(request["source"])
    folder = Path(request["output"])
    if source.images is not None:
        facts = _images(source, folder)
    elif source.file is not None:
        given = arrays.read(source.file, source.label_file)
        facts = keep.arrays(given.limited(source.limit), folder)
    else:
        facts = _called(source, [Path(path) for path in request["python_path"]], folder)
    return {**facts, "status": "done", "dependencies": usercode.loaded_sources()}


def _images(source: Source, folder: Path) -> dict[str, Any]:
    from pipeline.data import picture

    found = images.listing(source)
    samples = picture.samples(found, source.preprocess or Preprocess())
    labels = found.labels or [None] * len(found.names)
    pairs = (((sample,), label) for sample, label in zip(samples, labels, strict=True))
    facts = keep.rows(pairs, folder)
    files.write_json(folder / FILES, list(found.names))
    return {**facts, "files": FILES, "class_names": list(found.classes)}


def _called(source: Source, python_path: list[Path], folder: Path) -> dict[str, Any]:
    assert source.function is not None  # there is no other kind
    function = usercode.resolve(source.function, python_path)
    _shuffle_alike()
    value = function()
    if rows.is_iterable(value):
        _shuffle_alike()  # where the function was the first to import MindSpore
        return keep.rows(rows.rows(value), folder, source.limit)
    return keep.arrays(arrays.checked(value).limited(source.limit), folder)


def _shuffle_alike() -> None:
    """MindSpore's data sets shuffle unless they are told not to: let it be the same each time."""
    if dataset := sys.modules.get("mindspore.dataset"):
        dataset.config.set_seed(_SEED)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
