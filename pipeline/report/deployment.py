"""The page of a deployment or a benchmark on one device."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeline.report.charts.courses import Course, courses
from pipeline.report.charts.distributions import Samples, distributions
from pipeline.report.charts.operators import Share, operators
from pipeline.report.charts.pareto import pareto
from pipeline.report.charts.spreads import spreads
from pipeline.report.charts.trends import Line, trend
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
from pipeline.report.words import UNKNOWN, milliseconds, percent
from pipeline.search.candidate import Candidate, Limit, front
from pipeline.search.sensitivity import Spread

Json = Mapping[str, Any]
_MOST_SPREADS = 12
_MOST_TRENDS = 6


@dataclass(frozen=True)
class Model:
    """A model's row of the manifest, and every sample of each of its runs in nanoseconds."""

    row: Json
    runs: Sequence[Sequence[int]] = ()

    @property
    def name(self) -> str:
        return str(self.row["name"])

    @property
    def record(self) -> Json:
        """The result record; empty where nothing was run on a device."""
        return self.row.get("benchmark") or {}

    @property
    def latency(self) -> Json:
        return self.record.get("latency_ns") or {}


@dataclass(frozen=True)
class Deployment:
    """What one device gave. ``report`` is the manifest's content without the models.

    ``limit_percent``: the accuracy that was asked for; ``spreads`` are those of the float model's
    weights, ``trends`` how figures of these models went over the nights before.
    """

    report: Json
    models: Sequence[Model]
    limit_percent: float | None = None
    spreads: Sequence[Spread] = ()
    trends: Sequence[Line] = field(default_factory=tuple)


def deployment_page(found: Deployment, again: Again) -> Page:
    """The verdict, the table, and whatever there is to be seen of the figures."""
    sections = [
        Section("Models", _models(found)),
        Section("Latency", _latency(found)),
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
    invalid = [one for one in found.models if one.record.get("verdict") == "invalid"]
    if failures:
        return Verdict(
            Tone.BAD, "Failed:", f"{len(failures)} limits missed: {'; '.join(failures)}."
        )
    if invalid:
        told = "; ".join(f"{one.name}: {one.record.get('reason')}" for one in invalid)
        return Verdict(Tone.BAD, "Not valid:", f"{told}.")
    return Verdict(Tone.GOOD, "Passed:", f"{count} models within every limit, on {_where(found)}.")


def _models(found: Deployment) -> list[Part]:
    counted = any(one.record.get("instructions") for one in found.models)
    parts: list[Part] = [_table(found, counted)]
    if missed := [Prose(str(text)) for text in found.report.get("failures") or ()]:
        parts += missed
    if doubts := [
        Prose(f"{one.name}: {doubt}")
        for one in found.models
        for doubt in one.record.get("doubts") or ()
    ]:
        parts += doubts
    candidates = [one for one in map(_candidate, found.models) if one is not None]
    if len(candidates) > 1:
        limit = None if found.limit_percent is None else Limit(found.limit_percent)
        picture = pareto(candidates, front(candidates), limit, None)
        parts.append(Figure(picture, f"Up and to the left is better. Latencies: {_where(found)}."))
    return parts


def _table(found: Deployment, counted: bool) -> Table:
    columns = [Column("model", numeric=False)]
    columns += [Column(name) for name in ("bytes", "smaller", "accuracy", "change", "cosine")]
    if counted:
        columns += [Column("instructions an inference")]
    else:
        columns += [Column("p50 (99 % interval)"), Column("p90"), Column("p99")]
        columns += [Column("load"), Column("first"), Column("memory")]
    columns.append(Column("verdict", numeric=False))
    rows = [_row(one, counted) for one in found.models]
    return Table(f"Sizes, accuracy on the test set, figures of {_where(found)}", columns, rows)


def _row(one: Model, counted: bool) -> Row:
    row, record, latency = one.row, one.record, one.latency
    accuracy, drop = row.get("accuracy_percent"), row.get("accuracy_drop_points")
    cosine = (row.get("parity") or record.get("device_parity") or {}).get("cosine_min")
    smaller = row.get("times_smaller")
    cells = [
        one.name,
        f"{row['size_bytes']:,}",
        UNKNOWN if smaller is None else f"{smaller:.2f}x",
        UNKNOWN if accuracy is None else percent(accuracy),
        UNKNOWN if drop is None else f"{0.0 - drop:+.2f}",
        UNKNOWN if cosine is None else f"{cosine:.5f}",
    ]
    if counted:
        total = (record.get("instructions") or {}).get("total")
        cells.append(UNKNOWN if total is None else f"{total:,}")
    else:
        memory = record.get("peak_memory_bytes")
        cells += [
            _with_interval(one),
            _supported(latency, 90),
            _supported(latency, 99),
            milliseconds(record.get("load_ns")),
            milliseconds(record.get("first_inference_ns")),
            UNKNOWN if memory is None else f"{memory / 1e6:.1f} MB",
        ]
    failures = row.get("failures") or ()
    bad = bool(failures) or record.get("verdict") == "invalid"
    cells.append(_word(one, bool(failures)))
    return Row(tuple(cells), Tone.BAD if bad else Tone.PLAIN)


def _word(one: Model, failed: bool) -> str:
    if failed:
        return "limit missed"
    if one.record.get("verdict") == "invalid":
        return f"invalid: {one.record.get('reason')}"
    return "valid, with doubts" if one.record.get("doubts") else "ok"


def _interval(one: Model) -> tuple[float | None, float | None]:
    over = (one.record.get("over_runs") or {}).get("p50_ns")
    if over:
        return over.get("low"), over.get("high")
    low, high = (one.latency.get("intervals_99_ns") or {}).get("p50") or (None, None)
    return low, high


def _with_interval(one: Model) -> str:
    text = milliseconds(one.latency.get("p50_ns"))
    low, high = _interval(one)
    if low is None or high is None:
        return text
    return f"{text} ({low / 1e6:.4g} to {high / 1e6:.4g})"


def _supported(latency: Json, which: int) -> str:
    text = milliseconds(latency.get(f"p{which}_ns"))
    supported = latency.get("supported_percentiles")
    return f"~{text}" if supported is not None and which not in supported else text


def _candidate(one: Model) -> Candidate | None:
    row = one.row
    if not row.get("n"):
        return None
    cosine = (row.get("parity") or {}).get("cosine_mean") or 0.0
    size, correct, n = row["size_bytes"], row["correct"], row["n"]
    return Candidate(one.name, {}, size, correct, n, cosine, one.latency.get("p50_ns"))


def _latency(found: Deployment) -> list[Part]:
    parts: list[Part] = []
    sampled = [
        Samples(
            one.name,
            tuple(sample for run in one.runs for sample in run),
            one.latency["p50_ns"],
            *_interval(one),
        )
        for one in found.models
        if one.runs and one.latency
    ]
    if sampled:
        caption = f"Every sample, on {_where(found)}; the line is the median, the bar below it the "
        caption += "99 % interval of the median."
        parts.append(Figure(distributions(sampled), caption))
    long = [one for one in map(_course, found.models) if one is not None]
    if long:
        parts.append(Figure(courses(long), f"Sustained, on {_where(found)}."))
    return parts


def _course(one: Model) -> Course | None:
    stretches = one.record.get("timeline") or ()
    if not stretches:
        return None
    return Course(
        one.name,
        [stretch["at_s"] for stretch in stretches],
        [stretch["p50_ns"] for stretch in stretches],
        [stretch["temperature_mc"] for stretch in stretches],
    )


def _operators(found: Deployment) -> list[Part]:
    parts: list[Part] = []
    for number, one in enumerate(found.models):
        shares = _shares(one.record)
        if shares:
            picture = operators(shares, f"operators{number}")
            parts.append(Figure(picture, f"{one.name}, on {_where(found)}."))
    return [Folded(f"{len(parts)} profiles", parts)] if len(parts) > 2 else parts


def _shares(record: Json) -> list[Share]:
    told = [(one, one["total_ns"]) for one in record.get("operators") or ()]
    if not told:
        counted = (record.get("instructions") or {}).get("operators") or ()
        told = [(one, one.get("instructions", 0)) for one in counted]
    whole = sum(value for _, value in told)
    return [Share(one["name"], one["type"], value / whole) for one, value in told] if whole else []


def _trends(found: Deployment) -> list[Part]:
    return [
        Figure(trend(line, f"trend{number}"), line.name)
        for number, line in enumerate(found.trends[:_MOST_TRENDS])
        if len(line.values) > 1
    ]


def _weights(found: Deployment) -> list[Part]:
    if not found.spreads:
        return []
    shown = found.spreads[:_MOST_SPREADS]
    caption = f"Weights of {len(shown)} of {len(found.spreads)} layers, before quantization."
    return [Folded("Weights and their ranges", [Figure(spreads(shown), caption)])]


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
