"""Kinds are told by content; what is no model is said to be none, with a reason."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from pipeline.chain.inspect import inspect
from pipeline.core.errors import ExitCode, FileMissing, PipelineError
from pipeline.inspect.errors import Damaged, NotAModel
from pipeline.inspect.look import look
from pipeline.inspect.record import Inspection, Kind
from tests.inspect.models import DATA, inspected

_REAL = {"fp32.ms": "ms", "small.mindir": "mindir", "small.ckpt": "ckpt", "small.onnx": "onnx"}


@pytest.mark.parametrize("ending", [".ms", ".mindir", ".ckpt", ".onnx", ".bin", ""])
@pytest.mark.parametrize("name", _REAL)
def test_content_goes_before_the_ending(name: str, ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"model{ending}"
    shutil.copy(DATA / name, path)
    assert look(path).kind is Kind(_REAL[name])


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"PK\x03\x04 and more of it", "zip"),
        (b"\x20\0\0\0TFL3 and more of it", "TensorFlow Lite"),
        (b"\x89HDF\r\n\x1a\n", "HDF5"),
        (b"\xd0\0\0\0\0\0\0\0" + b'{"a":{}}', "safetensors"),
        (b"\x80\x02}q\0", "pickle"),
        (b"\x78\x56\x34\x12" + bytes(30), "weights"),
        (b"some text\n", "no model"),
        (b"\0", "no model"),
    ],
)
def test_what_is_no_model(data: bytes, reason: str) -> None:
    with pytest.raises(NotAModel, match=reason):
        inspected(data, "file.bin")


def test_what_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "empty.ms").touch()
    os.mkfifo(tmp_path / "pipe.ms")
    for path, reason in (
        (tmp_path, "folder"),
        (tmp_path / "empty.ms", "empty"),
        (tmp_path / "pipe.ms", "regular"),
        (Path("/dev/zero"), "regular"),
    ):
        with pytest.raises(NotAModel, match=reason):
            look(path)
    for path in (tmp_path / "none.ms", tmp_path / "empty.ms" / "below.ms", Path("a\0b")):
        with pytest.raises(FileMissing):
            look(path)


def test_errors_are_of_the_usage_and_one_line(tmp_path: Path) -> None:
    cut = tmp_path / "cut\nfile.ms"
    cut.write_bytes((DATA / "fp32.ms").read_bytes()[:3000])
    with pytest.raises(Damaged) as caught:
        look(cut)
    error: PipelineError = caught.value
    assert error.exit_code is ExitCode.USAGE
    assert "\n" not in str(error)
    assert "at byte" in error.message
    assert error.facts()["offset"]


def test_the_record_is_json() -> None:
    for name in _REAL:
        record = inspect(DATA / name)
        assert isinstance(record, Inspection)
        text = json.loads(json.dumps(record.as_json(), allow_nan=False))
        assert text["kind"] == _REAL[name]
        assert text["parameters"]["stored_bytes"] == record.parameter_bytes
        assert len(text["tensors"]) == text["parameters"]["tensors"]
