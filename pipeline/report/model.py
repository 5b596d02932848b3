"""A model in a report: its row of the manifest, and what is read out of that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.report.charts.courses import Course
from pipeline.report.charts.distributions import Samples
from pipeline.report.charts.operators import Share
from pipeline.report.document import Column, Row, Table, Tone
from pipeline.report.words import UNKNOWN, percent
from pipeline.search.candidate import Candidate

Json = Mapping[str, Any]


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

    @property
    def invalid(self) -> bool:
        """Whether its figures must not be used."""
        return self.record.get("verdict") == "invalid"

    @property
    def interval(self) -> tuple[float | None, float | None]:
        """Of the p50 at 99 %: over runs where it is known, else of one run's samples."""
        over = (self.record.get("over_runs") or {}).get("p50_ns")
        if over:
            return over.get("low"), over.get("high")
        low, high = (self.latency.get("intervals_99_ns") or {}).get("p50") or (None, None)
        return low, high

    @property
    def instructions(self) -> int | None:
        """Of one inference, where they were counted."""
        total = (self.record.get("instructions") or {}).get("total")
        return None if total is None else int(total)

    @property
    def candidate(self) -> Candidate | None:
        """What it costs and how right it is; None without accuracy."""
        row = self.row
        if not row.get("n"):
            return None
        cosine = (row.get("parity") or {}).get("cosine_mean") or 0.0
        size, correct, n = row["size_bytes"], row["correct"], row["n"]
        return Candidate(self.name, {}, size, correct, n, cosine, self.latency.get("p50_ns"))

    @property
    def samples(self) -> Samples | None:
        """Every sample, where there are any."""
        if not self.runs or not self.latency:
            return None
        flat = tuple(sample for run in self.runs for sample in run)
        return Samples(self.name, flat, self.latency["p50_ns"], *self.interval)

    @property
    def course(self) -> Course | None:
        """Its latency over the time of a long run, where there was one."""
        stretches = self.record.get("timeline") or ()
        if not stretches:
            return None
        return Course(
            self.name,
            [stretch["at_s"] for stretch in stretches],
            [stretch["p50_ns"] for stretch in stretches],
            [stretch["temperature_mc"] for stretch in stretches],
        )

    @property
    def launches(self) -> tuple[float, ...]:
        """The p50 of each of its launches in nanoseconds, in their order; none of a single one."""
        runs = sorted(self.record.get("runs") or (), key=lambda run: run.get("round") or 0)
        return tuple(run["p50_ns"] for run in runs if run.get("p50_ns")) if len(runs) > 1 else ()

    @property
    def shares(self) -> list[Share]:
        """What its operators take, of time or of instructions."""
        told = [(one, one["total_ns"]) for one in self.record.get("operators") or ()]
        if not told:
            counted = (self.record.get("instructions") or {}).get("operators") or ()
            told = [(one, one.get("instructions", 0)) for one in counted]
        whole = sum(value for _, value in told)
        if not whole:
            return []
        return [Share(one["name"], one["type"], value / whole) for one, value in told]


def models_table(models: Sequence[Model], caption: str) -> Table:
    """Every model's verdict, accuracy, size and latency, as far as any is known; times in
    milliseconds."""
    counted = any(one.instructions is not None for one in models)
    columns = [Column("model", numeric=False), Column("verdict", numeric=False)]
    columns += [Column(name) for name in ("accuracy", "change", "bytes", "smaller")]
    if counted:
        columns += [Column("instructions an inference")]
    else:
        columns += [Column("p50 ms"), Column("99 % interval")]
        columns += [Column(name) for name in ("p90 ms", "p99 ms", "load ms", "first ms", "MB")]
    columns.append(Column("cosine"))
    rows = [_row(one, counted) for one in models]
    told = [at for at in range(len(columns)) if any(row.cells[at] != UNKNOWN for row in rows)]
    rows = [Row(tuple(row.cells[at] for at in told), row.tone) for row in rows]
    return Table(caption, [columns[at] for at in told], rows)


def _row(one: Model, counted: bool) -> Row:
    row = one.row
    accuracy, drop = row.get("accuracy_percent"), row.get("accuracy_drop_points")
    cosine = (row.get("parity") or one.record.get("device_parity") or {}).get("cosine_min")
    smaller = row.get("times_smaller")
    bad = bool(row.get("failures")) or one.invalid
    cells = (
        one.name,
        _word(one),
        UNKNOWN if accuracy is None else percent(accuracy),
        UNKNOWN if drop is None else f"{0.0 - drop:+.2f}",
        f"{row['size_bytes']:,}",
        UNKNOWN if smaller is None else f"{smaller:.2f}x",
        *(_instructions(one) if counted else _times(one)),
        UNKNOWN if cosine is None else f"{cosine:.5f}",
    )
    return Row(cells, Tone.BAD if bad else Tone.PLAIN)


def _word(one: Model) -> str:
    if one.row.get("failures"):
        return "limit missed"
    if one.invalid:
        return "invalid"
    return "ok, with doubts" if one.record.get("doubts") else "ok"


def _instructions(one: Model) -> tuple[str]:
    return (UNKNOWN if one.instructions is None else f"{one.instructions:,}",)


def _times(one: Model) -> tuple[str, ...]:
    record, latency, (low, high) = one.record, one.latency, one.interval
    memory = record.get("peak_memory_bytes")
    return (
        _ms(latency.get("p50_ns")),
        UNKNOWN if low is None or high is None else f"{_ms(low)} to {_ms(high)}",
        _supported(latency, 90),
        _supported(latency, 99),
        _ms(record.get("load_ns")),
        _ms(record.get("first_inference_ns")),
        UNKNOWN if memory is None else f"{memory / 1e6:.1f}",
    )


def _ms(nanoseconds: float | None) -> str:
    return UNKNOWN if nanoseconds is None else f"{nanoseconds / 1e6:.4g}"


def _supported(latency: Json, which: int) -> str:
    text = _ms(latency.get(f"p{which}_ns"))
    supported = latency.get("supported_percentiles")
    return f"~{text}" if supported is not None and which not in supported else text
