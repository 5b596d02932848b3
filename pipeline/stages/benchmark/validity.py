"""Whether a figure may be used: rules that make it invalid, and doubts that are only said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from device.device import Telemetry, Where
from pipeline.config.profile import Validity
from pipeline.core.runner import RunnerResult
from pipeline.stages.benchmark.reference import ReferenceFigures
from pipeline.stages.parity import Parity
from pipeline.statistics.ratios import Estimate
from pipeline.statistics.summary import Summary

#: A p50 whose interval is wider than +-2.5 % may come out 5 % otherwise the next time.
REPEATABLE = 0.025
#: Doubts that begin with it are of one model's figure, not of the device.
INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True)
class Judgement:
    """Why a latency must not be used, and why it should be used with care; in words."""

    invalid: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


def of_outputs(parity: Parity, runs: Sequence[RunnerResult], latency: Summary) -> Iterator[str]:
    """What is wrong with what the model gave."""
    if parity.nan_count or any(run.non_finite_values for run in runs):
        yield "the outputs on the device hold NaN or infinite values"
    if 50 not in latency.supported:
        yield f"{latency.n} samples do not even bear a median"


def of_device(rules: Validity, seen: Sequence[Telemetry]) -> Iterator[str]:
    """What was wrong with the device at any look; what it does not tell is not held against it."""
    level = max((one.thermal_level for one in seen if one.thermal_level is not None), default=None)
    if _exceeds(level, rules.max_thermal_level):
        yield f"throttled: thermal level {level}, at most {rules.max_thermal_level} is allowed"
    hot = max((one.temperature_mc for one in seen if one.temperature_mc is not None), default=None)
    if _exceeds(hot, rules.max_temperature_mc):
        yield f"too hot: {_degrees(hot)}, at most {_degrees(rules.max_temperature_mc)} is allowed"
    charges = [one.battery_percent for one in seen if one.battery_percent is not None]
    least = rules.min_battery_percent
    if charges and least is not None and min(charges) < least:
        yield f"too little battery: {min(charges)} %, at least {least} % is asked for"
    if not rules.allow_charging and _charged(seen):
        yield "charging"
    drop = _frequency_drop(seen)
    if _exceeds(drop, rules.max_frequency_drop_percent):
        yield f"frequency moved: the fastest core's fell by {drop:.0f} %"


def of_reference(
    rules: Validity, reference: ReferenceFigures | None, usual_ns: float | None
) -> Iterator[str]:
    """Whether the device was itself: within the session, and against what is usual for it."""
    most = rules.max_reference_percent
    if reference is None or most is None:
        return
    if reference.moved_percent > most:
        yield f"the reference workload moved by {reference.moved_percent:.1f} % meanwhile"
    if usual_ns:
        change = 100 * (reference.p50.value / usual_ns - 1)
        if abs(change) > most:
            pace = "slower" if change > 0 else "faster"
            yield (
                f"the device is not itself: the reference workload is {abs(change):.1f} % {pace} "
                "than usual"
            )


def of_spread(p50: Estimate, steady: bool) -> Iterator[str]:
    """Whether the next measurement would say the same."""
    if not steady:
        yield "warm-up did not become steady"
    if p50.spread is None:
        yield f"{INCONCLUSIVE}: too few runs to tell how far they differ"
    elif p50.spread > REPEATABLE:
        low, high = ((value or 0.0) / 1e6 for value in (p50.low, p50.high))
        yield f"{INCONCLUSIVE}: runs differ, p50 is from {low:.4g} to {high:.4g} ms"


def judge(
    rules: Validity,
    where: Where,
    outputs: Sequence[str],
    seen: Sequence[Telemetry],
    itself: Sequence[str],
    spread: Sequence[str],
) -> Judgement:
    """All of it together. A real device that is not itself makes a figure invalid.

    An emulated one shares this computer with others, so that is a doubt only.
    """
    invalid = [*outputs, *of_device(rules, seen)]
    doubts = list(spread)
    (invalid if where is Where.DEVICE else doubts).extend(itself)
    if rules.allow_charging and _charged(seen):
        doubts.append("charging")
    return Judgement(tuple(invalid), tuple(doubts))


def _exceeds(value: float | None, most: float | None) -> bool:
    return value is not None and most is not None and value > most


def _degrees(milli: int | None) -> str:
    return f"{(milli or 0) / 1000:.1f} °C"


def _charged(seen: Sequence[Telemetry]) -> bool:
    return any(one.charging for one in seen)


def _frequency_drop(seen: Sequence[Telemetry]) -> float | None:
    """By how many percent the fastest core's frequency was ever below its highest."""
    fastest = [max(known) for one in seen if (known := [khz for khz in one.cpu_khz if khz])]
    if len(fastest) < 2:
        return None
    return 100 * (1 - min(fastest) / max(fastest))
