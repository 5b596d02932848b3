"""Other models that stay loaded, what memory they take, and the accelerators of the runtime."""

from __future__ import annotations

import pytest

RESULT = "--resultFile=result.json"


@pytest.fixture
def two(native) -> str:
    """The flag that names two more models."""
    for name in ("heart.ms", "sleep.ms"):
        (native.directory / name).write_bytes(b"\0\0\0\0MSL2")
    return "--alsoLoad=heart.ms,sleep.ms"


def test_models_beside_are_built_run_once_and_kept(native, two):
    log = native.directory / "log"
    run = native(two, RESULT, "--loopCount=4", env={"FAKE_LOG": str(log), "FAKE_OUTPUTS": "2"})
    assert run.code == 0, run.err
    record = run.result
    assert [one["model"] for one in record["also_loaded"]] == ["heart.ms", "sleep.ms"]
    for one in record["also_loaded"]:
        assert one["load_ns"] > 0
        assert one["first_inference_ns"] > 0
        assert one["memory_bytes"] >= 0
    assert len(record["samples_ns"]) == 4
    calls = log.read_text().split()
    assert calls.count("type=0") == 3
    assert calls[-3:] == ["destroyed=1"] * 3  # all of them at the end, not before


def test_each_is_run_once(native, two):
    run = native(two, "--warmUpLoopCount=0", "--loopCount=1", "--outputsFile=out.bin",
                 env={"FAKE_OUTPUTS": "2"})  # fmt: skip
    assert run.code == 0
    count = (native.directory / "out.bin").read_bytes()[8:]
    assert int.from_bytes(count, "little") == 3  # two beside, then the timed one


def test_memory_is_told_for_each_and_before_and_after(native, two):
    size = 32_000_000
    record = native(two, RESULT, env={"FAKE_LOAD_BYTES": str(size)}).result
    for one in record["also_loaded"]:
        assert 0.9 * size < one["memory_bytes"] < 1.5 * size
    before, after = record["memory_before_load_bytes"], record["memory_after_load_bytes"]
    assert 0.9 * size < after - before < 1.5 * size
    assert before > 2 * 0.9 * size  # those beside are there already
    assert record["peak_memory_bytes"] >= 0.95 * after
    alone = native(RESULT).result
    assert alone["also_loaded"] == []
    assert alone["memory_before_load_bytes"] < before


def test_settings_of_the_measured_model_are_not_those_of_others(native, two):
    run = native(two, "--inputShapes=2,4", RESULT)
    assert run.code == 0, run.err
    assert run.result["inputs"][0]["shape"] == [2, 4]


def test_a_model_beside_that_is_not_there(native):
    run = native("--alsoLoad=heart.ms", RESULT)
    assert run.code == 255
    assert "alsoLoad: Cannot read the model heart.ms: No such file" in run.err
    assert run.err.splitlines()[-1] == "Run Benchmark model.ms Failed : -1"
    record = run.result
    assert record["error"]["stage"] == "load"
    assert record["samples_ns"] == []
    assert record["also_loaded"] == [
        {"model": "heart.ms", "load_ns": None, "first_inference_ns": None, "memory_bytes": 0}
    ]


@pytest.mark.parametrize(
    ("env", "code", "message"),
    [
        ({"FAKE_BAD_MODEL": "sleep"}, -200, "alsoLoad: The runtime cannot build the model sleep"),
        ({"FAKE_PREDICT_FAIL_AT": "1"}, -303, "alsoLoad: Inference error -303"),
    ],
)
def test_a_model_beside_that_fails(native, two, env, code, message):
    run = native(two, RESULT, env=env)
    assert run.code == 255
    assert run.result["error"]["code"] == code
    assert message in run.result["error"]["message"]


def test_a_model_beside_is_no_place_for_the_result(native, two):
    run = native(two, "--resultFile=sleep.ms")
    assert run.code == 255
    assert "This file is read by the run and cannot be its result: sleep.ms" in run.err
    assert (native.directory / "sleep.ms").read_bytes() == b"\0\0\0\0MSL2"


def test_accelerators_are_listed_where_models_are_described(native):
    run = native("--describe", RESULT, env={"FAKE_NNRT": "2"})
    assert [line for line in run.lines if line.startswith("NNRT")] == [
        "NNRT 0: fake (accelerator) id 77",
        "NNRT 1: fake (accelerator) id 78",
    ]
    devices = run.result["nnrt_devices"]
    assert devices[1] == {"name": "fake", "type": "accelerator", "id": 78}
    assert run.result["nnrt_device"] is None
    assert native("--describe", RESULT).result["nnrt_devices"] == []
    assert native("--describe", RESULT, runtime="old").result["nnrt_devices"] is None


def test_the_record_says_which_accelerator_ran(native):
    record = native("--device=NNRT", RESULT, env={"FAKE_NNRT": "2"}).result
    assert record["nnrt_device"] == {"name": "fake", "type": "accelerator", "id": 77}
    assert native(RESULT).result["nnrt_device"] is None


@pytest.mark.parametrize(
    ("runtime", "message"),
    [
        ("fake", "There is no NNRT device here"),
        ("old", "This runtime knows no NNRT devices"),
    ],
)
def test_an_accelerator_that_is_asked_for_and_absent(native, runtime, message):
    run = native("--device=NNRT", RESULT, runtime=runtime)
    assert run.code == 255
    assert run.result["error"] == {"stage": "build", "code": -7, "message": message}
