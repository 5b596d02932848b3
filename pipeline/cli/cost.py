"""What a model costs on a device, for people: its time, or on an emulated processor its
instructions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from rich.text import Text

from pipeline.chain.report import Report, Row
from pipeline.stages.benchmark import Measurement

_FP32 = "fp32"


@dataclass(frozen=True)
class Figure:
    """A column of the table of models."""

    heading: str
    cell: Callable[[Measurement], str]


def columns(value: Report) -> tuple[Figure, ...]:
    """The columns of a report's measurements."""
    if _counted(value.rows):
        return _instructions(value.rows)
    mark = "\nEMULATED" if value.emulated else ""
    times = tuple(
        Figure(f"p{percent} ms{mark}", partial(_ms, percent=percent)) for percent in (50, 90, 99)
    )
    return (*times, Figure(f"load ms{mark}", lambda one: f"{one.load_ns / 1e6:.2f}"))


def figure(one: Measurement) -> str:
    """The one figure that there is room for: p50 in milliseconds, or millions of instructions."""
    if one.instructions is not None:
        return f"{_total(one) / 1e6:,.3f} M instructions"
    return _ms(one, 50)


def where(value: Report) -> Text:
    """On what the figures were taken."""
    assert value.device is not None
    device = value.device
    counted = _counted(value.rows)
    if counted:
        assert counted[0].instructions is not None
        return Text(
            f"EMULATED-ARM64 {value.profile} ({counted[0].instructions.cpu}): instructions that "
            "ARM kernels execute for an inference; they are no time",
            style="bold yellow",
        )
    if value.emulated:
        return Text(
            f"EMULATED {value.profile} ({device.where.value}): latencies are those of this "
            "computer and say nothing about a phone or watch",
            style="bold yellow",
        )
    return Text(f"measured on {device.key}: {device.summary}")


def support(rows: Sequence[Row]) -> list[Text]:
    """How many samples there are, and what they bear."""
    counted = _counted(rows)
    if counted:
        return [Text(_counts(counted), style="dim")]
    timed = [row.measurement for row in rows if row.measurement and row.measurement.latency]
    return [Text(_samples(timed), style="dim")] if timed else []


def _counted(rows: Sequence[Row]) -> list[Measurement]:
    return [row.measurement for row in rows if row.measurement and row.measurement.instructions]


def _instructions(rows: Sequence[Row]) -> tuple[Figure, ...]:
    """Millions in an inference, as a share of the float model's, and how many are vector ones."""
    totals = {row.name: _total(row.measurement) for row in rows if row.measurement}
    base = totals.get(_FP32, 0)
    million = Figure("M instructions\nEMULATED-ARM64", lambda one: f"{_total(one) / 1e6:,.3f}")
    vector = Figure("of these\nvector", _vector)
    if not base:
        return (million, vector)
    return (million, Figure("of fp32's", lambda one: f"{_total(one) / base:.3f}x"), vector)


def _total(one: Measurement) -> int:
    return one.instructions.executed.total if one.instructions else 0


def _vector(one: Measurement) -> str:
    assert one.instructions is not None
    return f"{100 * one.instructions.executed.vector / _total(one):.0f} %"


def _ms(one: Measurement, percent: int) -> str:
    """A percentile in milliseconds; a tilde where there are too few samples to bear it."""
    latency = one.latency
    if latency is None:
        return ""
    value = {50: latency.p50_ns, 90: latency.p90_ns, 99: latency.p99_ns}[percent]
    mark = "" if percent in latency.supported else "~"
    return f"{mark}{value / 1e6:.4g}"


def _counts(counted: Sequence[Measurement]) -> str:
    summaries = [one.instructions for one in counted if one.instructions]
    counts = "/".join(map(str, sorted({one.n for one in summaries})))
    spread = max(one.spread_percent for one in summaries)
    return (
        f"median of {counts} samples each after {counted[0].run.warm_up} warm-ups, 1 thread; "
        f"from the least to the most {spread:.2g} % at most"
    )


def _samples(timed: Sequence[Measurement]) -> str:
    latencies = [one.latency for one in timed if one.latency]
    counts = "/".join(map(str, sorted({one.n for one in latencies})))
    text = f"{counts} samples each after {timed[0].run.warm_up} warm-ups, "
    text += f"{timed[0].run.threads} threads"
    supported = latencies[0].supported
    if supported:
        text += "; supports " + ", ".join(f"p{p}" for p in supported) + " at 99 % confidence"
    if any(p not in supported for p in (50, 90, 99)):
        text += "; ~ marks what it does not support"
    return text
