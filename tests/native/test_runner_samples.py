"""Samples mode, inputs and outputs: the right bytes go in, and all of them come out."""

from __future__ import annotations

import numpy as np
import pytest


def expected(*inputs: np.ndarray) -> np.ndarray:
    """What the stand-in computes: the sum of all inputs, and twice their first elements."""
    total = sum(x.reshape(len(x), -1).sum(axis=1) for x in inputs)
    first = sum(x.reshape(len(x), -1)[:, 0] for x in inputs)
    return np.stack([total, 2 * first], axis=1).astype(np.float32)


@pytest.mark.parametrize("count", [1, 2, 257])
@pytest.mark.parametrize("inputs", [1, 2])
def test_every_sample_is_run_once_and_in_order(native, count, inputs):
    rng = np.random.default_rng(count)
    data = [rng.integers(-9, 9, (count, 4)).astype(np.float32) for _ in range(inputs)]
    for index, samples in enumerate(data):
        samples.tofile(native.directory / f"in{index}.bin")
    run = native(
        "--samplesFile=" + ",".join(f"in{index}.bin" for index in range(inputs)),
        "--outputsFile=out.bin",
        "--resultFile=result.json",
        env={"FAKE_INPUTS": str(inputs)},
    )
    assert run.code == 0, run.err
    np.testing.assert_array_equal(
        np.fromfile(native.directory / "out.bin", np.float32).reshape(-1, 2), expected(*data)
    )
    assert run.result["sample_count"] == count
    assert len(run.result["samples_ns"]) == count


def test_outputs_of_a_sample_stand_together(native):
    np.arange(8, dtype=np.float32).tofile(native.directory / "in.bin")
    native(
        "--samplesFile=in.bin",
        "--outputsFile=out.bin",
        "--warmUpLoopCount=0",
        env={"FAKE_OUTPUTS": "2"},
    )
    raw = (native.directory / "out.bin").read_bytes()
    record = np.frombuffer(raw, np.dtype([("sum", np.float32, 2), ("count", np.int32)]))
    assert record["sum"].tolist() == [[6, 0], [22, 8]]
    assert record["count"].tolist() == [1, 2]


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        (
            [17],
            "in0.bin has 17 bytes, no whole multiple of the 16 bytes of input x0",
        ),
        ([0], "Samples file size error: in0.bin has 0 bytes"),
        ([16, 16], "samplesFile names 2 files, the model has 1 inputs"),
        ([None], "Cannot read in0.bin: No such file or directory"),
    ],
)
def test_samples_that_do_not_fit(native, sizes, message):
    for index, size in enumerate(sizes):
        if size is not None:
            (native.directory / f"in{index}.bin").write_bytes(bytes(size))
    names = ",".join(f"in{index}.bin" for index in range(len(sizes)))
    run = native(f"--samplesFile={names}", "--outputsFile=out.bin", "--resultFile=result.json")
    assert run.code == 255
    assert message in run.err
    assert run.result["error"]["stage"] == "input"
    assert not (native.directory / "out.bin").exists()


def test_inputs_with_different_numbers_of_samples(native):
    (native.directory / "a").write_bytes(bytes(32))
    (native.directory / "b").write_bytes(bytes(48))
    run = native("--samplesFile=a,b", env={"FAKE_INPUTS": "2"})
    assert "Samples files differ: a holds 2 samples, b 3" in run.err


def test_a_failing_sample_is_named(native):
    (native.directory / "in.bin").write_bytes(bytes(16 * 9))
    run = native(
        "--samplesFile=in.bin",
        "--outputsFile=out.bin",
        "--resultFile=result.json",
        "--warmUpLoopCount=2",
        env={"FAKE_PREDICT_FAIL_AT": "7"},
    )
    assert run.code == 255
    assert "Sample 5: Inference error -303" in run.err
    assert len(run.result["samples_ns"]) == 5
    assert not (native.directory / "out.bin").exists()
    assert not (native.directory / "out.bin.tmp").exists()


def test_outputs_must_keep_their_size(native):
    (native.directory / "in.bin").write_bytes(bytes(16 * 3))
    run = native(
        "--samplesFile=in.bin",
        "--outputsFile=out.bin",
        "--warmUpLoopCount=0",
        env={"FAKE_GROW": "1"},
    )
    assert "Sample 2 gave 12 bytes of output, those before it 8" in run.err


def test_without_samples_the_last_outputs_are_written(native):
    x = np.array([[1, 2, 3, 4]], np.float32)
    x.tofile(native.directory / "in put.bin")  # a path with a blank, which also divides paths
    run = native("--inDataFile=in put.bin", "--outputsFile=out.bin")
    assert run.code == 0, run.err
    np.testing.assert_array_equal(
        np.fromfile(native.directory / "out.bin", np.float32), expected(x)[0]
    )


def test_an_input_file_of_another_size(native):
    (native.directory / "in.bin").write_bytes(bytes(15))
    run = native("--inDataFile=in.bin")
    assert "Input binary file size error, required: 16, in fact: 15" in run.err
    assert (
        "inDataFile names 2 files, the model has 1 inputs"
        in native("--inDataFile=in.bin,in2.bin").err
    )


def test_random_inputs_repeat_and_stay_in_their_range(native):
    outputs = []
    for _ in range(2):
        native("--outputsFile=out.bin")
        outputs.append(np.fromfile(native.directory / "out.bin", np.float32))
    np.testing.assert_array_equal(outputs[0], outputs[1])
    assert 0.4 <= outputs[0][0] < 4
    assert 0.2 <= outputs[0][1] < 2


@pytest.mark.parametrize("flag", ["--inputShapes=2,4", "--inputShape=a:b/x0:2,4"])
def test_new_shapes(native, flag):
    np.arange(8, dtype=np.float32).tofile(native.directory / "in.bin")
    run = native(
        flag, "--inDataFile=in.bin", "--resultFile=result.json", env={"FAKE_INPUT_NAME": "a:b/x"}
    )
    assert run.code == 0, run.err
    assert "Resize Dims: 2 4 " in run.lines
    assert run.result["inputs"][0]["shape"] == [2, 4]
    assert run.result["inputs"][0]["size_bytes"] == 32


def test_shapes_that_the_model_refuses(native):
    run = native("--inputShapes=9,4", "--resultFile=result.json")
    assert run.code == 255
    assert "Input tensor resize failed." in run.out
    assert run.result["error"] == {
        "stage": "input",
        "code": -4,
        "message": "Input tensor resize failed.",
    }
    assert (
        "inputShapes gives 2 shapes, the model has 1 inputs" in native("--inputShapes=1,4:1,4").err
    )
    assert "inputShape: the model has no input y" in native("--inputShape=y:1,4").err


def test_the_record_of_a_good_run(native):
    run = native(
        "--loopCount=5", "--cpuCoreList=0,1", "--resultFile=result.json", env={"FAKE_OUTPUTS": "2"}
    )
    record = run.result
    assert record["schema"] == 1
    assert record["runner"].startswith("pipeline-runner ")
    assert record["model"] == str(native.model)
    assert record["runtime"] == {"library": str(native.libraries["fake"]), "prefix": "OH_AI_"}
    assert (record["device"], record["threads"], record["bind_mode"], record["fp16"]) == (
        "CPU",
        2,
        1,
        False,
    )
    assert record["core_list"] == [0, 1]
    assert record["inputs"] == [
        {"name": "x0", "dtype": "float32", "shape": [1, 4], "format": "NHWC", "size_bytes": 16}
    ]
    assert [(out["name"], out["dtype"]) for out in record["outputs"]] == [
        ("sum", "float32"),
        ("count", "int32"),
    ]
    assert record["warm_up"] == 3
    assert len(record["samples_ns"]) == 5
    assert record["peak_memory_bytes"] > 0
    assert record["status"] == "success"
    assert not {"operators", "sample_count", "error"} & set(record)
