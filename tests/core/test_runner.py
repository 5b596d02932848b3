"""The runner's command line, and its record: a whole one is read, anything else is refused."""

from __future__ import annotations

import copy
import json
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.runner import RunnerFailed, RunnerOptions, RunnerResult, parse_result
from pipeline.core.runner_parts import LoadedModel, NnrtDevice, OperatorTime
from pipeline.core.tensors import ITEM_BYTES, TensorFacts
from pipeline.statistics.summary import summarize

counts = st.integers(0, 2**63 - 1)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
tensors = st.builds(
    TensorFacts,
    name=st.text(),
    dtype=st.sampled_from(sorted(ITEM_BYTES)),
    shape=st.lists(st.integers(0, 1000), max_size=5).map(tuple),
    format=st.sampled_from(["NCHW", "NHWC", "NC"]),
)
devices = st.builds(NnrtDevice, st.text(), st.text(), counts)
results = st.builds(
    RunnerResult,
    runner=st.text(),
    runtime=st.text(),
    threads=counts,
    bind_mode=counts,
    fp16=st.booleans(),
    inputs=st.lists(tensors, max_size=2).map(tuple),
    outputs=st.lists(tensors, max_size=2).map(tuple),
    load_ns=counts,
    first_inference_ns=st.none() | counts,
    warm_up=counts,
    samples_ns=st.lists(counts, max_size=5).map(tuple),
    peak_memory_bytes=st.none() | counts,
    inferences=st.none() | counts,
    sample_stride=counts,
    span_ns=st.none() | counts,
    late_starts=counts,
    memory_before_load_bytes=st.none() | counts,
    memory_after_load_bytes=st.none() | counts,
    also_loaded=st.lists(st.builds(LoadedModel, st.text(), counts, counts, counts), max_size=2).map(
        tuple
    ),
    operators=st.lists(
        st.builds(OperatorTime, st.text(), st.text(), counts, counts), max_size=2
    ).map(tuple),
    nnrt_device=st.none() | devices,
    nnrt_devices=st.lists(devices, max_size=2).map(tuple),
)


def _typed(part: dict[str, Any]) -> dict[str, Any]:
    return {"type" if key == "kind" else key: value for key, value in part.items()}


def _record(result: RunnerResult) -> dict[str, Any]:
    """What a runner would have written."""
    record = asdict(result)
    record["runtime"] = {"library": result.runtime}
    for key in ("inputs", "outputs"):
        record[key] = [
            {**asdict(tensor), "size_bytes": tensor.size_bytes} for tensor in getattr(result, key)
        ]
    for key in ("operators", "nnrt_devices"):
        record[key] = [_typed(item) for item in record[key]]
    if result.nnrt_device:
        record["nnrt_device"] = _typed(record["nnrt_device"])
    return {"schema": 1, "status": "success", "what the future adds": [1], **record}


IMAGE = TensorFacts("images", "float32", (1, 28, 28, 1), "NHWC")
SCORES = TensorFacts("scores", "float32", (1, 10), "NHWC")
RESULT = RunnerResult(
    runner="pipeline-runner 1",
    runtime="litert",
    threads=2,
    bind_mode=1,
    fp16=False,
    inputs=(IMAGE,),
    outputs=(SCORES,),
    load_ns=12_000_000,
    first_inference_ns=900_000,
    warm_up=3,
    samples_ns=(500_000, 510_000),
    peak_memory_bytes=None,
)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        pytest.param(
            RunnerOptions("m.ms", "r.json"),
            "--modelFile=m.ms --modelType=MindIR_Lite --resultFile=r.json --warmUpLoopCount=3 "
            "--loopCount=10 --numThreads=2 --cpuBindMode=1 --enableFp16=false",
            id="as little as possible",
        ),
        pytest.param(
            RunnerOptions(
                "m.ms",
                "r.json",
                runtime="/lib/rt.so",
                inputs=("a.bin", "b.bin"),
                samples=("s.bin", "t.bin"),
                outputs="o.bin",
                warm_up=0,
                loops=700,
                threads=4,
                bind_mode=2,
                pin_cores=(4, 5),
                fp16=True,
                describe=True,
                interval_ms=33.3,
                duration_s=604800,
                timestamps=True,
                also_load=("b.ms", "c.ms"),
                profile=True,
                nnrt=True,
            ),
            "--modelFile=m.ms --modelType=MindIR_Lite --resultFile=r.json --runtime=/lib/rt.so "
            "--inDataFile=a.bin,b.bin --samplesFile=s.bin,t.bin --outputsFile=o.bin "
            "--warmUpLoopCount=0 --loopCount=700 --numThreads=4 --cpuBindMode=2 --pinCores=4,5 "
            "--enableFp16=true --intervalMs=33.3 --durationS=604800 --timestamps=true "
            "--alsoLoad=b.ms,c.ms --timeProfiling=true --device=NNRT --describe",
            id="everything",
        ),
    ],
)
def test_options_become_arguments(options, expected):
    assert " ".join(options.arguments()) == expected


def test_a_path_with_blanks_and_signs_stays_one_argument():
    options = RunnerOptions("/a b/m=1.ms", "r")
    assert options.arguments()[0] == "--modelFile=/a b/m=1.ms"


@given(result=results)
def test_a_record_comes_back_as_it_was_written(result):
    assert parse_result(json.dumps(_record(result)).encode()) == result


@given(data=st.binary() | json_values.map(lambda value: json.dumps(value).encode()))
def test_anything_else_is_a_value_error(data):
    with pytest.raises(ValueError, match="not a runner's record"):
        parse_result(data)


def _places(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    return [here, *(place for key, item in items for place in _places(item, (*here, key)))]


WHOLE = json.loads(json.dumps(_record(RESULT)))
FAILED = {
    "schema": 1,
    "status": "failed",
    "error": {"stage": "load", "code": -1, "message": "no model"},
}


def _with(record: Any, place: tuple[Any, ...], value: Any) -> Any:
    if not place:
        return value
    changed = copy.deepcopy(record)
    target = changed
    for key in place[:-1]:
        target = target[key]
    target[place[-1]] = value
    return changed


@given(data=st.data(), value=json_values)
def test_a_changed_record_is_read_or_refused_and_never_harms(data, value):
    whole = data.draw(st.sampled_from([WHOLE, FAILED]))
    place = data.draw(st.sampled_from(_places(whole)))
    try:
        result = parse_result(json.dumps(_with(whole, place, value)).encode())
    except ValueError:
        return
    if result.samples_ns:
        summarize(result.samples_ns)


@given(end=st.integers(0, len(json.dumps(WHOLE)) - 1))
def test_a_record_that_is_cut_short_is_refused(end):
    with pytest.raises(ValueError, match="not a runner's record"):
        parse_result(json.dumps(WHOLE).encode()[:end])


REQUIRED = [
    ("schema",), ("status",), ("runner",), ("runtime",), ("runtime", "library"), ("threads",),
    ("bind_mode",), ("fp16",), ("inputs",), ("outputs",), ("load_ns",), ("warm_up",),
    ("samples_ns",), ("inputs", 0, "name"), ("inputs", 0, "dtype"), ("inputs", 0, "shape"),
    ("inputs", 0, "format"), ("inputs", 0, "size_bytes"),
]  # fmt: skip


@pytest.mark.parametrize("place", REQUIRED, ids=lambda place: ".".join(map(str, place)))
def test_a_missing_key_is_refused(place):
    record = copy.deepcopy(WHOLE)
    target: Any = record
    for key in place[:-1]:
        target = target[key]
    del target[place[-1]]
    with pytest.raises(ValueError, match="not a runner's record"):
        parse_result(json.dumps(record).encode())


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("schema",), 2),
        (("schema",), True),
        (("status",), "done"),
        (("runner",), None),
        (("runtime",), "litert"),
        (("threads",), "2"),
        (("threads",), 2.0),
        (("threads",), True),
        (("threads",), -1),
        (("fp16",), "false"),
        (("fp16",), 0),
        (("load_ns",), None),
        (("load_ns",), float("nan")),
        (("load_ns",), 2**63),
        (("first_inference_ns",), -5),
        (("samples_ns",), {}),
        (("samples_ns",), "12"),
        (("samples_ns", 0), 0.5),
        (("samples_ns", 0), None),
        (("samples_ns", 0), -1),
        (("samples_ns", 0), 10**400),
        (("starts_ns",), [0]),
        (("starts_ns",), [0, "1"]),
        (("sample_stride",), "1"),
        (("late_starts",), None),
        (("operators",), [{}]),
        (("operators",), {}),
        (("also_loaded",), [{"model": "b.ms", "load_ns": None}]),
        (("nnrt_device",), "npu"),
        (("nnrt_devices",), [{"name": "npu", "type": "accelerator", "id": -1}]),
        (("inputs",), {}),
        (("inputs", 0), "images"),
        (("inputs", 0, "dtype"), "string"),
        (("inputs", 0, "shape"), [1, -1, 28, 28]),
        (("inputs", 0, "shape"), "28"),
        (("inputs", 0, "size_bytes"), 4),
        (("inputs", 0, "name"), 5),
    ],
    ids=lambda value: json.dumps(value)[:40],
)
def test_a_wrong_value_is_refused(place, value):
    with pytest.raises(ValueError, match="not a runner's record"):
        parse_result(json.dumps(_with(WHOLE, place, value)).encode())


def test_a_recorded_failure_is_told_as_such():
    with pytest.raises(RunnerFailed, match=r"^load: no model \(status -1\)$") as caught:
        parse_result(json.dumps(FAILED).encode())
    assert (caught.value.stage, caught.value.code, caught.value.reason) == ("load", -1, "no model")


@pytest.mark.parametrize(
    ("dtype", "size"),
    [("float32", 12), ("float16", 6), ("int8", 3), ("bool", 3), ("int64", 24)],
)
def test_the_size_of_a_tensor_follows_from_type_and_shape(dtype, size):
    tensor = TensorFacts("x", dtype, (1, 3), "NC")
    assert (tensor.elements, tensor.size_bytes) == (3, size)
