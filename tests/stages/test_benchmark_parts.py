"""The parts of the benchmark stage, each alone: plans, turns, rules, cooling, timelines."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.device import Telemetry, Where
from device.watch import Reading, Series
from pipeline.config.profile import Profile, SamplePlan, Validity
from pipeline.core.runner import RunnerOptions, RunnerResult
from pipeline.stages.benchmark import Mode, Wanted, plan_for, reference, rounds, validity
from pipeline.stages.benchmark.cooling import Cooling
from pipeline.stages.benchmark.launch import Launch
from pipeline.stages.benchmark.reference import ReferenceFigures
from pipeline.stages.benchmark.timeline import timeline
from pipeline.statistics.percentiles import samples_needed
from pipeline.statistics.ratios import Estimate

PROFILE = Profile()


def test_the_default_plan_bears_p99_and_intervals_over_runs():
    plan = plan_for(PROFILE)
    assert plan.lacks == ()
    assert (plan.runs, plan.samples, plan.mode) == (30, 1500, Mode.BACK_TO_BACK)
    emulated = plan_for(PROFILE, where=Where.EMULATED_HOST)
    assert (emulated.runs, emulated.samples) == (8, 664)
    assert emulated.lacks == ()


@pytest.mark.parametrize("percentile", [50, 90, 95, 99, 99.9])
def test_samples_follow_from_the_percentile(percentile):
    few = Profile(plan=SamplePlan(samples=1))
    asked = Profile(plan=SamplePlan(samples=1, percentile=percentile))
    for where in (Where.DEVICE, Where.EMULATED_HOST):
        assert plan_for(few, where=where).samples == 1
        found = plan_for(few, Wanted(percentile=percentile), where)
        assert found.samples == plan_for(asked, where=where).samples == samples_needed(percentile)


def test_quick_says_what_it_lacks():
    plan = plan_for(PROFILE, Wanted(quick=True))
    assert plan.samples == 64
    assert plan.lacks == ("p95", "p99", "intervals over runs (8 are needed)")
    assert plan_for(PROFILE, Wanted(quick=True, percentile=95)).samples == 130


def test_count_and_time_are_both_reached():
    plan = replace(plan_for(PROFILE), runs=10, samples=100, time_s=1.0)
    assert plan.loops(1e6) == 100  # by the time: 0.1 s of 1 ms
    assert plan.loops(1e9) == 10  # by the count
    assert plan.loops(0) == 1_000_000  # and never without end
    assert replace(plan, interval_ms=20).loops(1e6) == 10


def test_modes_are_told_apart():
    assert plan_for(PROFILE, Wanted(interval_ms=33)).mode is Mode.PACED
    sustained = plan_for(PROFILE, Wanted(sustained_s=120))
    assert (sustained.mode, sustained.runs, sustained.time_s) == (Mode.SUSTAINED, 1, 120)
    assert not sustained.reference


@given(count=st.integers(1, 8), number=st.integers(0, 50))
def test_each_round_has_every_model_once(count, number):
    assert sorted(rounds.order(count, number)) == list(range(count))


@given(count=st.integers(1, 8))
def test_each_model_has_every_place_equally_often(count):
    places = [[list(rounds.order(count, n)).index(model) for n in range(count)] for model in (0,)]
    assert sorted(places[0]) == list(range(count))


@given(st.lists(st.floats(0, 20), max_size=40))
def test_batches_hold_every_launch_in_order(seconds):
    options = RunnerOptions(model="m", result="r")
    launches = [Launch(0, n, 1, options, spent) for n, spent in enumerate(seconds)]
    found = list(rounds.batches(launches))
    assert [launch for batch in found for launch in batch] == launches
    assert all(batch for batch in found)
    assert all(len(b) == 1 or sum(one.expected_s for one in b) <= 5.0 + 1e-9 for b in found)


RULES = Validity()
STATES: dict[str, tuple[Any, str | None]] = {
    "nothing told": (Telemetry(), None),
    "all well": (Telemetry(40_000, 50, False, 1, cpu_khz=(1_800_000, 2_400_000)), None),
    "throttled": (Telemetry(thermal_level=2), "throttled: thermal level 2"),
    "too hot": (Telemetry(temperature_mc=45_100), "too hot: 45.1 °C"),
    "battery": (Telemetry(battery_percent=19), "too little battery: 19 %"),
    "charging": (Telemetry(charging=True), "charging"),
    "frequency": (Telemetry(cpu_khz=(None, 1_500_000)), "frequency moved"),
}


@pytest.mark.parametrize(("state", "reason"), STATES.values(), ids=STATES)
def test_a_state_of_the_device_makes_a_figure_invalid(state, reason):
    seen = [Telemetry(cpu_khz=(1_000_000, 2_400_000)), state]
    found = list(validity.of_device(RULES, seen))
    assert len(found) == (reason is not None)
    assert reason is None or found[0].startswith(reason)


def test_rules_can_be_left_out():
    worst = Telemetry(90_000, 1, True, 7, cpu_khz=(1,))
    rules = Validity(
        max_temperature_mc=None,
        max_thermal_level=None,
        min_battery_percent=None,
        allow_charging=True,
        max_frequency_drop_percent=None,
    )
    assert list(validity.of_device(rules, [worst, Telemetry(cpu_khz=(9,))])) == []
    judged = validity.judge(rules, Where.DEVICE, (), [worst], (), ())
    assert judged == validity.Judgement((), ("charging",))


def test_a_device_that_is_not_itself_is_told():
    steady = ReferenceFigures("hash", tuple([100.0] * 30))
    moved = ReferenceFigures("hash", (*[100.0] * 20, *[115.0] * 10))
    assert steady.moved_percent == 0
    assert moved.moved_percent == pytest.approx(15)
    assert list(validity.of_reference(RULES, steady, 100.0)) == []
    assert list(validity.of_reference(RULES, None, 100.0)) == []
    (told,) = validity.of_reference(RULES, moved, None)
    assert told == "the reference workload moved by 15.0 % meanwhile"
    (told,) = validity.of_reference(RULES, steady, 80.0)
    assert "25.0 % slower than usual" in told
    judged = validity.judge(RULES, Where.DEVICE, (), [], [told], ())
    assert judged.invalid == (told,)
    emulated = validity.judge(RULES, Where.EMULATED_HOST, (), [], [told], ())
    assert (emulated.invalid, emulated.doubts) == ((), (told,))


@pytest.mark.parametrize(
    ("estimate", "steady", "texts"),
    [
        (Estimate(100, 98, 102), True, []),
        (Estimate(100, 90, 110), True, ["inconclusive: runs differ"]),
        (Estimate(100), True, ["inconclusive: too few runs"]),
        (Estimate(100, 99, 101), False, ["warm-up did not"]),
    ],
)
def test_a_figure_that_may_come_out_otherwise_is_told(estimate, steady, texts):
    found = list(validity.of_spread(estimate, steady))
    assert len(found) == len(texts)
    assert all(text.startswith(start) for text, start in zip(found, texts, strict=True))


@pytest.mark.parametrize(
    ("readings", "budget_s", "waited_s"),
    [
        ([30_000], 60, 0),
        ([32_000], 60, 0),
        ([36_000, 34_000, 31_000], 60, 4),
        ([None], 60, 0),
        ([40_000] * 99, 5, 5),
        ([40_000], 0, 0),
    ],
)
def test_the_wait_ends_when_it_is_as_it_was_or_the_budget_is_used(readings, budget_s, waited_s):
    looks = iter(readings)
    paused: list[float] = []
    cooling = Cooling(
        Telemetry(temperature_mc=30_000),
        lambda: Telemetry(temperature_mc=next(looks)),
        budget_s,
        paused.append,
    )
    cooling.wait()
    assert sum(paused) == cooling.waited_s == waited_s


def test_a_thermal_level_is_waited_for_too():
    looks = iter([Telemetry(thermal_level=2), Telemetry(thermal_level=0)])
    cooling = Cooling(Telemetry(thermal_level=0), lambda: next(looks), 60, lambda seconds: None)
    assert cooling.wait() == Telemetry(thermal_level=0)


def test_the_reference_workload_is_the_one_that_ships():
    content = reference.MODEL.read_bytes()
    assert content[4:8] == b"MSL2"
    assert len(content) < 64_000


def _long_run(n: int) -> RunnerResult:
    return RunnerResult(
        runner="r", runtime="l", threads=1, bind_mode=0, fp16=False, inputs=(), outputs=(),
        load_ns=1, first_inference_ns=1, warm_up=0, samples_ns=tuple(range(1, n + 1)),
        peak_memory_bytes=None, starts_ns=tuple(10**9 * i for i in range(n)), span_ns=n * 10**9,
    )  # fmt: skip


@pytest.mark.parametrize("n", [1, 29, 30, 31, 500])
def test_a_timeline_has_every_sample_once_and_the_nearest_temperature(n):
    looks = (Reading(0.0, 0.1, Telemetry(temperature_mc=30_000)), Reading(1.0, 0.1, None, "gone"))
    late = Reading(1000.0 + n, 0.1, Telemetry(temperature_mc=40_000))
    found = timeline(_long_run(n), 1000.0 + n, Series(0, 2.0, (*looks, late)))
    assert len(found) == min(n, 30)
    assert sum(one.n for one in found) == n
    assert found[0].at_s == 0
    assert found[-1].temperature_mc == 40_000
    assert timeline(replace(_long_run(n), starts_ns=()), 5.0, Series(0, 2.0)) == ()
