"""The converter is called in a process of its own, and its word is not trusted."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from pipeline.config.recipe import Recipe
from pipeline.core.errors import LocalDiskFull, LocalFileError
from pipeline.toolchain.converter import Conversion, Framework, Graph, convert
from pipeline.toolchain.errors import ConversionFailed, ConversionTimeout
from tests.fakes import fake_toolchain

SUCCESS = "echo 'CONVERT RESULT SUCCESS:0'"
MODEL = r"printf '\0\0\0\0MSL2model' > model.ms"


@pytest.fixture
def conversion(tmp_path: Path) -> Conversion:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "net.mindir").write_bytes(b"a graph")
    return Conversion("mine", Graph(tmp_path / "in" / "net.mindir"), Recipe())


@pytest.fixture
def target(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path / "out" / "model.ms"


def _converted(tmp_path: Path, body: str, conversion: Conversion, target: Path) -> str:
    """Convert with a fake of that body; gives its log."""
    toolchain = fake_toolchain(tmp_path / "lite", converter=body)
    log = tmp_path / "logs" / "convert.log"
    convert(toolchain, conversion, target, log)
    return log.read_text()


def test_a_good_conversion_leaves_model_and_log(tmp_path, conversion, target):
    log = _converted(tmp_path, f"echo working >&2; {MODEL}; {SUCCESS}", conversion, target)
    assert target.read_bytes() == b"\0\0\0\0MSL2model"
    assert os.listdir(target.parent) == ["model.ms"]
    first, *rest = log.splitlines()
    assert first.endswith("--fmk=MINDIR --modelFile=model.mindir --outputFile=model")
    assert rest == ["CONVERT RESULT SUCCESS:0", "working"]


def test_a_read_only_model_can_be_written_afterwards(tmp_path, conversion, target):
    _converted(tmp_path, f"{MODEL}; chmod 0400 model.ms; {SUCCESS}", conversion, target)
    assert target.stat().st_mode & 0o777 == 0o644


def test_the_converter_sees_the_model_the_recipe_and_the_libraries(tmp_path, target):
    mindir = tmp_path / "net.mindir"
    mindir.write_bytes(b"a graph")
    samples = tmp_path / "samples"
    samples.mkdir()
    (samples / "00000000.bin").write_bytes(b"one")
    conversion = Conversion(
        "full",
        Graph(mindir),
        Recipe(quantization="full"),
        {"images": samples},
        calibration_samples=1,
    )
    log = _converted(
        tmp_path,
        f"cat model.mindir; echo; cat recipe.ini calibration0/*; echo; echo $LD_LIBRARY_PATH; "
        f'echo "$@"; {MODEL}; {SUCCESS}',
        conversion,
        target,
    )
    assert "a graph\n[common_quant_param]" in log
    assert "calibrate_path=images:calibration0\ncalibrate_size=1\n" in log
    assert "input_type=BIN\none\n" in log
    assert f"{tmp_path}/lite/lib" in log
    assert log.splitlines()[-2].endswith("--outputFile=model --configFile=recipe.ini")


WAYS_IN = {
    Framework.MINDIR: "--fmk=MINDIR --modelFile=model.mindir --outputFile=model",
    Framework.ONNX: "--fmk=ONNX --modelFile=model.onnx --outputFile=model",
    Framework.TFLITE: "--fmk=TFLITE --modelFile=model.tflite --outputFile=model",
    Framework.TF: "--fmk=TF --modelFile=model.pb --outputFile=model",
    Framework.CAFFE: "--fmk=CAFFE --modelFile=model.prototxt --outputFile=model",
}


@pytest.mark.parametrize(("framework", "arguments"), WAYS_IN.items(), ids=lambda v: str(v)[:16])
def test_every_format_is_named_to_the_converter(tmp_path, conversion, target, framework, arguments):
    graph = Graph(conversion.graph.file, framework)
    conversion = Conversion("mine", graph, Recipe())
    body = f'cat "model{framework.ending}"; {MODEL}; {SUCCESS}'
    log = _converted(tmp_path, body, conversion, target)
    assert log.splitlines()[0].endswith(arguments)
    assert "a graph" in log


def test_weights_files_beside_and_shapes_reach_the_converter(tmp_path, target):
    for name in ("net.prototxt", "net.weights", "more.bin"):
        (tmp_path / name).write_text(f"content of {name}\n")
    graph = Graph(
        tmp_path / "net.prototxt",
        Framework.CAFFE,
        weights=tmp_path / "net.weights",
        beside={"data/more.bin": tmp_path / "more.bin"},
        shapes={"left": (1, 3), "right:0": (1, 2, 4)},
    )
    body = f"cat model.caffemodel data/more.bin; {MODEL}; {SUCCESS}"
    log = _converted(tmp_path, body, Conversion("mine", graph, Recipe()), target)
    flags = "--weightFile=model.caffemodel --inputShape=left:1,3;right:0:1,2,4"
    assert log.splitlines()[0].endswith(f"--outputFile=model {flags}")
    assert "content of net.weights\ncontent of more.bin\n" in log


def test_fp16_is_asked_for_by_its_flag(tmp_path, conversion, target):
    conversion = Conversion("fp16", conversion.graph, Recipe(fp16=True))
    log = _converted(tmp_path, f"{MODEL}; {SUCCESS}", conversion, target)
    assert log.splitlines()[0].endswith("--outputFile=model --fp16=on")


FAILURES = {
    "a crash": ("kill -SEGV $$", "the converter was ended by SIGSEGV"),
    "killed for its memory": ("kill -KILL $$", "the converter was ended by SIGKILL"),
    "an error code": ("echo Cant find input:x; exit 253", "Cant find input:x"),
    "an error code and success": (f"{MODEL}; {SUCCESS}; exit 1", "CONVERT RESULT SUCCESS:0"),
    "code 0 without success": (f"{MODEL}; echo 'Convert failed.'", "Convert failed."),
    "silence": ("exit 0", "no output at all"),
    "success and no model": (SUCCESS, "said success and wrote no model"),
    "success and a folder": (f"mkdir model.ms; {SUCCESS}", "said success and wrote no model"),
    "success and an empty file": (f": > model.ms; {SUCCESS}", "no MSL2 mark"),
    "success and garbage": (f"echo 'this is no model' > model.ms; {SUCCESS}", "no MSL2 mark"),
    "success and a cut head": (rf"printf '\0\0\0\0MSL' > model.ms; {SUCCESS}", "no MSL2 mark"),
    "an old model's mark": (rf"printf '\0\0\0\0MSL1' > model.ms; {SUCCESS}", "no MSL2 mark"),
    "output that never ends": ("exec yes", "the converter wrote without end"),
}  # fmt: skip


@pytest.mark.parametrize(("body", "reason"), FAILURES.values(), ids=FAILURES)
def test_a_converter_that_fails_is_told_and_leaves_nothing(
    tmp_path, conversion, target, body, reason, small_output_limit
):
    with pytest.raises(ConversionFailed) as caught:
        _converted(tmp_path, body, conversion, target)
    error = caught.value
    assert reason in error.reason
    assert error.recipe == "mine"
    assert error.log.is_file()
    assert str(error.log) in error.hint
    assert os.listdir(target.parent) == []


def test_a_converter_that_hangs_is_ended(tmp_path, conversion, target):
    conversion = Conversion("mine", conversion.graph, Recipe(), deadline_s=0.3)
    with pytest.raises(ConversionTimeout, match=r"did not end within 0\.3 s") as caught:
        _converted(tmp_path, f"{MODEL}; echo begun; sleep 60", conversion, target)
    assert "begun" in caught.value.log.read_text()
    assert os.listdir(target.parent) == []


@pytest.mark.parametrize(
    "name", ["a b", "a,b", "a=b", 'a"b', "a'b", "a:b", "$HOME", "ü", "-x", "a;b"]
)
def test_any_path_can_be_converted_from_and_to(tmp_path, name):
    folder = tmp_path / name
    (folder / "samples").mkdir(parents=True)
    (folder / "samples" / "0.bin").write_bytes(b"one")
    (folder / f"{name}.mindir").write_bytes(b"a graph")
    conversion = Conversion(
        name,
        Graph(folder / f"{name}.mindir"),
        Recipe(quantization="full"),
        {"x": folder / "samples"},
        calibration_samples=1,
    )
    log = _converted(
        folder,
        f"cat model.mindir calibration0/0.bin; grep -c '[,\"]' recipe.ini; {MODEL}; {SUCCESS}",
        conversion,
        folder / f"{name}.ms",
    )
    assert "a graphone0\n" in log
    assert (folder / f"{name}.ms").read_bytes().endswith(b"model")


def test_an_older_model_is_replaced_only_by_a_good_one(tmp_path, conversion, target):
    target.write_bytes(b"older")
    with pytest.raises(ConversionFailed):
        _converted(tmp_path, "exit 1", conversion, target)
    assert target.read_bytes() == b"older"
    _converted(tmp_path, f"{MODEL}; {SUCCESS}", conversion, target)
    assert target.read_bytes().endswith(b"model")


def test_a_converter_that_is_not_there_is_told(tmp_path, conversion, target):
    toolchain = fake_toolchain(tmp_path / "lite")
    toolchain.converter.unlink()
    with pytest.raises(LocalFileError, match="converter_lite: No such file"):
        convert(toolchain, conversion, target, tmp_path / "log")


@pytest.mark.parametrize("code", [0, 1])
def test_a_full_disk_that_the_converter_met_is_told(tmp_path, conversion, target, code):
    body = f"echo 'ofstream: No space left on device'; {MODEL}; {SUCCESS}; exit {code}"
    with pytest.raises(LocalDiskFull):
        _converted(tmp_path, body, conversion, target)
    assert os.listdir(target.parent) == []


def test_a_full_disk_is_told(tmp_path, conversion, target, monkeypatch):
    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tempfile.mkdtemp", fail)
    with pytest.raises(LocalDiskFull):
        _converted(tmp_path, f"{MODEL}; {SUCCESS}", conversion, target)
