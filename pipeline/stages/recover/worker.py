"""The process that trains: ``worker REQUEST.json RESULT.json``.

It tells of each epoch by a line on standard output; all else that is printed there is the log.
"""

from __future__ import annotations

import os
import sys
import traceback
from pathlib import Path
from typing import Any

from pipeline.core import files, process
from pipeline.core.errors import PipelineError
from pipeline.stages.recover.errors import encode
from pipeline.stages.recover.request import Answer, Request

CHECKPOINT = "recovered.ckpt"
#: What the recovered network answers, quantized values and all: float32 [N, ...] of the test set.
OUTPUTS = "outputs.npy"


def main(request_file: Path, result_file: Path) -> None:
    """Do what ``request_file`` asks; the answer is in ``result_file`` when this returns."""
    process.die_with_parent()
    value = files.read_json(request_file)
    request, output = Request.from_json(value), Path(value["output"])
    sys.path[:0] = [str(path) for path in request.network.python_path]
    try:
        answer: dict[str, Any] = {"result": run(request, output).to_json()}
    except PipelineError as error:
        traceback.print_exception(error)
        answer = {"error": encode(error)}
    files.write_json(result_file, answer)


def run(request: Request, output: Path) -> Answer:
    """Train, and write the checkpoint of the best epoch and its answers into ``output``."""
    from pipeline.stages.checkpoint.worker import import_mindspore

    import_mindspore()
    from pipeline.stages.recover.loop import Loop

    return Loop(request).run(output / CHECKPOINT, output / OUTPUTS)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # MindSpore takes its time to tear itself down
