"""The page of a deployment or a benchmark on one device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.report.charts.courses import courses, launches
from pipeline.report.charts.distributions import distributions
from pipeline.report.charts.operators import operators
from pipeline.report.charts.pareto import pareto
from pipeline.report.charts.spreads import spreads
from pipeline.report.charts.trends import Line, trend
from pipeline.report.compared import compared
from pipeline.report.document import (
    Again,
    Column,
    Facts,
    Figure,
    Folded,
    Page,
    Part,
    Prose,
    Row,
    Section,
    Table,
    Tone,
    Verdict,
)
from pipeline.report.grids import Looked, grids
from pipeline.report.model import Json, Model, models_table
from pipeline.search.candidate import Limit, front
from pipeline.search.sensitivity import Spread

_MOST_SPREADS = 12
_MOST_LAUNCHED = 8
_MOST_TRENDS = 6


@dataclass(frozen=True)
class Deployment:
    """What one device gave. ``report`` is the manifest's content without the models.

    ``limit_percent``: the accuracy that was asked for; ``spreads`` are those of the float model's
    weights, ``trends`` how figures of these models went over the nights before, ``looked`` what is
    in the models' files.
    """

    report: Json
    models: Sequence[Model]
    limit_percent: float | None = None
    spreads: Sequence[Spread] = ()
    trends: Sequence[Line] = ()
    looked: Sequence[Looked] = ()


def deployment_page(found: Deployment, again: Again) -> Page:
    """The verdict, the table, and whatever there is to be seen of the figures."""
    sections = [
        Section("Models", _models(found)),
        Section("Latency", _latency(found)),
        Section("Against an older run", _compared(found)),
        Section("Operators", _operators(found)),
        Section("Over the nights", _trends(found)),
        Section("Weights", _weights(found)),
        Section("Device", _device(found)),
        again.section(),
    ]
    title = f"{found.report['name']} on {_where(found)}"
    return Page(title, _verdict(found), [section for section in sections if section.parts])


def _where(found: Deployment) -> str:
    profile, where = found.report.get("profile"), found.report.get("where")
    if where is None:
        return "this computer"
    return f"{profile}" if where == "device" else f"an EMULATED {profile} ({where})"


def _verdict(found: Deployment) -> Verdict:
    failures = list(found.report.get("failures") or ())
    count = len(found.models)
    invalid = [one for one in found.models if one.invalid]
    if failures:
        return Verdict(
            Tone.BAD, "Failed:", f"{len(failures)} limits missed: {'; '.join(failures)}."
        )
    if worse := (found.report.get("comparison") or {}).get("regressions"):
        told = "; ".join(str(one).removesuffix("_ns") for one in worse)
        return Verdict(Tone.BAD, "Regressed:", f"{told}.")
    if invalid:
        told = "; ".join(f"{one.name}: {one.record.get('reason')}" for one in invalid)
        return Verdict(Tone.BAD, "Not valid:", f"{told}.")
    told = "1 model" if count == 1 else f"{count} models"
    return Verdict(Tone.GOOD, "Passed:", f"{told} within every limit, on {_where(found)}.")


def _models(found: Deployment) -> list[Part]:
    caption = f"Accuracy on the test set, sizes, figures of {_where(found)}"
    parts: list[Part] = [models_table(found.models, caption)]
    parts += [Prose(str(text)) for text in found.report.get("failures") or ()]
    if doubts := _doubts(found.models):
        columns = [Column("to be used with care", numeric=False), Column("why", numeric=False)]
        rows = [Row((", ".join(names), text)) for text, names in doubts.items()]
        parts.append(Table("Doubts", columns, rows))
    candidates = [one.candidate for one in found.models if one.candidate is not None]
    if len(candidates) > 1:
        limit = None if found.limit_percent is None else Limit(found.limit_percent)
        picture = pareto(candidates, front(candidates), limit, None)
        parts.append(Figure(picture, f"Up and to the left is better. Latencies: {_where(found)}."))
    return parts


def _doubts(models: Sequence[Model]) -> dict[str, list[str]]:
    """The models' names by the reason."""
    found: dict[str, list[str]] = {}
    for one in models:
        for text in one.record.get("doubts") or ():
            found.setdefault(str(text), []).append(one.name)
    return found


def _latency(found: Deployment) -> list[Part]:
    parts: list[Part] = []
    if sampled := [one.samples for one in found.models if one.samples is not None]:
        caption = f"Every sample, on {_where(found)}; the line is the median, the bar below it the "
        caption += "99 % interval of the median."
        parts.append(Figure(distributions(sampled), caption))
    if turns := [one for one in found.models[:_MOST_LAUNCHED] if one.launches]:
        picture = launches([one.launches for one in turns], [one.name for one in turns], "launches")
        caption = "Each launch by its p50: a slope is warming or a drift, a jump something beside. "
        parts.append(Figure(picture, caption + _warmth(turns)))
    if long := [one.course for one in found.models if one.course is not None]:
        parts.append(Figure(courses(long), f"Sustained, on {_where(found)}."))
    return parts


def _compared(found: Deployment) -> list[Part]:
    comparison = found.report.get("comparison")
    return compared(comparison) if comparison else []


def _warmth(models: Sequence[Model]) -> str:
    """Of the device, before and after all of them."""
    ends = [
        (one.record.get("telemetry") or {}).get(when) or {}
        for one in models
        for when in ("before", "after")
    ]
    known = [end["temperature_mc"] for end in ends if end.get("temperature_mc") is not None]
    if not known:
        return "The temperature is not known."
    return f"The temperature was {min(known) / 1000:.1f} to {max(known) / 1000:.1f} °C."


def _operators(found: Deployment) -> list[Part]:
    parts: list[Part] = []
    for number, one in enumerate(found.models):
        if shares := one.shares:
            picture = operators(shares, f"operators{number}")
            parts.append(Figure(picture, f"{one.name}, on {_where(found)}."))
    return [Folded(f"{len(parts)} profiles", parts)] if len(parts) > 2 else parts


def _trends(found: Deployment) -> list[Part]:
    return [
        Figure(trend(line, f"trend{number}"), line.name)
        for number, line in enumerate(found.trends[:_MOST_TRENDS])
        if len(line.values) > 1
    ]


def _weights(found: Deployment) -> list[Part]:
    parts: list[Part] = []
    if found.spreads:
        shown = found.spreads[:_MOST_SPREADS]
        caption = f"Weights of {len(shown)} of {len(found.spreads)} layers, before quantization."
        parts.append(Figure(spreads(shown), caption))
    parts += grids(found.looked)
    return [Folded("Weights, their ranges and grids", parts)] if parts else []


def _device(found: Deployment) -> list[Part]:
    device = found.report.get("device")
    if not device:
        return []
    told = {
        "where": found.report.get("where"),
        "key": device.get("key"),
        "model": " ".join(filter(None, (device.get("brand"), device.get("model")))),
        "system": device.get("os_version"),
        "build": device.get("build"),
        "API level": device.get("api_level"),
        "ABI": device.get("abi"),
        "cores": device.get("cores"),
        "CPU features": ", ".join(device.get("cpu_features") or ()),
    }
    facts = {name: str(value) for name, value in told.items() if value not in (None, "")}
    record = next((one.record for one in found.models if one.record), {})
    how = {
        "runner": record.get("runner"),
        "runtime": record.get("runtime"),
        "threads": record.get("threads"),
        "mode": record.get("mode"),
        "runs": len(record.get("runs") or ()) or None,
        "samples": (record.get("latency_ns") or {}).get("n"),
    }
    used = {name: str(value) for name, value in how.items() if value not in (None, "")}
    return [Facts("Device", facts), Facts("How it was measured", used)]
