"""Child process: the options of some weights of a model: ``worker REQUEST RESULT``."""

from __future__ import annotations

import sys
from pathlib import Path

from pipeline.core import files, process
from pipeline.core.errors import LocalDiskFull
from pipeline.quantize.modelfile import ModelFile
from pipeline.search.options import as_record, options


def main(request_file: Path, result_file: Path) -> None:
    """For each weight a file with the constants, and one that tells of them."""
    process.die_with_parent()
    request = files.read_json(request_file)
    folder = Path(request["folder"])
    model = ModelFile(Path(request["model"]))
    wanted = set(request["tensors"])
    try:
        for weight in model.weights:
            if weight.tensor not in wanted:
                continue
            data, records = bytearray(), []
            for option in options(model.values(weight), weight.axis):
                records.append(as_record(option, len(data)))
                data += option.constant.data
            files.write_bytes(folder / f"{weight.tensor}.bin", bytes(data))
            files.write_json(folder / f"{weight.tensor}.json", {"options": records})
    except LocalDiskFull as error:
        files.write_json(result_file, {"status": "disk full", "path": str(error.path)})
        return
    files.write_json(result_file, {"status": "done"})


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
