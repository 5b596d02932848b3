"""What people and machines read of an emulated processor: instructions, and no time at all."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from device.device import DeviceFacts, Telemetry, Where
from pipeline.chain import gates, half
from pipeline.chain.report import Report, Row
from pipeline.cli import tables
from pipeline.config.profile import DeviceLimits, Profile
from pipeline.core.instructions import Instructions, OperatorShare, summarize
from pipeline.core.runner import RunnerResult
from pipeline.stages.benchmark.launch import Run
from pipeline.stages.benchmark.measurement import Identity, Measurement
from pipeline.stages.benchmark.plan import Settings, plan_for
from pipeline.stages.benchmark.validity import Judgement
from pipeline.stages.benchmark.workload import Workload
from pipeline.stages.parity import Parity

FACTS = DeviceFacts("emulated-phone-arm64", "USB", Where.EMULATED_ARM64)
PARITY = Parity(1.0, 1.0, 0.0, 0.0, 16, 0, 1.0)
RUN = RunnerResult(
    runner="r", runtime="/r", threads=1, bind_mode=0, fp16=False, inputs=(), outputs=(),
    load_ns=1_234_567, first_inference_ns=7_654_321, warm_up=3, samples_ns=(4_242_424,) * 16,
    peak_memory_bytes=98_765_432,
)  # fmt: skip


def measured(name: str, samples: list[Instructions]) -> Measurement:
    counts = summarize("cortex-a76", samples)
    return Measurement(
        workload=Workload(name, Path(f"{name}.ms"), "0" * 64, 1000, ()),
        facts=FACTS,
        plan=plan_for(Profile()),
        settings=Settings(1, 0),
        parity=PARITY,
        steady=True,
        runs=(Run(0, 1, 0.0, RUN),),
        latency=None,
        over_runs={},
        judgement=Judgement(),
        identity=Identity("a", "b", "samples/x.json", "c"),
        sent_bytes=1000,
        before=Telemetry(),
        after=Telemetry(),
        instructions=replace(counts, operators=(OperatorShare("op", "Conv2D", samples[0]),)),
    )


MEASURED = (
    measured("fp32", [Instructions(250_000, 250_000, 250_000, 250_000)] * 16),
    measured("full-8", [Instructions(600_000, 300_000, 200_000, 400_000)] * 16),
)


@pytest.fixture
def report(tmp_path: Path) -> Report:
    rows = tuple(
        Row(one.workload.name, one.workload.model, "0" * 64, 1000, measurement=one)
        for one in MEASURED
    )
    return Report("digits", tmp_path, rows, device=FACTS, profile="phone")


def printed(report: Report) -> str:
    stream = io.StringIO()
    Console(file=stream, width=140, no_color=True).print(*tables.report(report))
    return stream.getvalue()


def test_the_table_has_instructions_and_their_ratio(report: Report) -> None:
    text = printed(report)
    (fp32,) = (line for line in text.splitlines() if " fp32 " in line)
    (full,) = (line for line in text.splitlines() if " full-8 " in line)
    assert fp32.split()[2:6] == ["1.000", "1.000x", "25", "%"]
    assert full.split()[2:6] == ["1.500", "1.500x", "40", "%"]
    assert "EMULATED-ARM64 phone (cortex-a76)" in text
    assert "median of 16 samples" in text


def test_the_table_has_no_time(report: Report) -> None:
    text = printed(report)
    assert " ms" not in text and "p50" not in text and "latenc" not in text


def test_without_fp32_there_is_no_ratio(report: Report) -> None:
    assert "fp32's" not in printed(replace(report, rows=report.rows[1:]))


@pytest.mark.parametrize("key", ["latency_ns", "load_ns", "first_inference_ns"])
def test_the_record_has_no_time(key: str) -> None:
    assert MEASURED[0].as_json()[key] is None


def test_the_record_has_the_instructions_and_nothing_of_the_emulators() -> None:
    record = MEASURED[1].as_json()
    assert record["instructions"]["total"] == 1_500_000
    assert record["instructions"]["cpu"] == "cortex-a76"
    assert record["instructions"]["operators"][0]["vector"] == 600_000
    assert record["where"] == "emulated-arm64"
    text = json.dumps(record)
    for number in (1_234_567, 7_654_321, 4_242_424, 98_765_432):
        assert str(number) not in text


def test_a_limit_on_latency_says_nothing_of_it() -> None:
    assert list(gates.device_failures(DeviceLimits(latency_p90_ms=1e-9), MEASURED[0])) == []


@pytest.mark.parametrize(
    ("name", "reason"),
    [("fp32", None), ("fp16", None), ("weight_8", None), ("dynamic_8", "silently"),
     ("full_8", "does not build")],
)  # fmt: skip
def test_quantized_arithmetic_in_fp16_is_refused(name: str, reason: str | None) -> None:
    model = Path(__file__).parents[1] / "inspect" / "data" / f"{name}.ms"
    if reason is None:
        half.check(name, model)
        return
    with pytest.raises(half.WrongInHalf, match=reason):
        half.check(name, model)
