"""What changed between two result records of one model: each figure with its verdict.

Times are compared run by run, for the run is the unit (pipeline/statistics/ratios.py). Runs of one
session were made in pairs, so what drifts cancels. Runs of two sessions were not: there a change
must also show beside the reference workload, or it is the device's and not the model's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from pipeline.statistics.ratios import Estimate, paired_ratio, ratio
from pipeline.statistics.verdict import Verdict, judge

Json = Mapping[str, Any]

#: By how much a figure must change to matter, relative: noise of its own is left to the interval.
THRESHOLDS = {
    "p50_ns": 0.02,
    "p90_ns": 0.05,
    "load_ns": 0.10,
    "first_inference_ns": 0.10,
    "peak_memory_bytes": 0.05,
    "instructions": 0.005,
    "size_bytes": 0.005,
}
#: Percentage points.
ACCURACY_POINTS = 0.5
#: Within which the counts of two runs of one model agree (tests/measure/instructions.md).
_REPEATS = 0.001
_OF_RUNS = ("p50_ns", "p90_ns", "load_ns", "first_inference_ns", "peak_memory_bytes")
_TIMES = ("p50_ns", "p90_ns")
_CHANGED = {Verdict.IMPROVED, Verdict.REGRESSED}
_UNKNOWN = Verdict.INCONCLUSIVE


@dataclass(frozen=True)
class Change:
    """A figure before and after, in the unit of its name.

    ``ratio``: after over before with its interval at 99 %; None for accuracy, whose change is a
    difference in points. ``note``: why a verdict is not what the ratio alone would give.
    """

    figure: str
    before: float
    after: float
    ratio: Estimate | None
    threshold: float
    verdict: Verdict
    note: str = ""

    def as_json(self) -> dict[str, Any]:
        """For ``--json``."""
        return {
            "figure": self.figure,
            "before": self.before,
            "after": self.after,
            "ratio": self.ratio.as_json() if self.ratio else None,
            "threshold": self.threshold,
            "verdict": self.verdict.value,
            "note": self.note,
        }


def changes(
    before: Json, after: Json, *, paired: bool = False, threshold: float | None = None
) -> Iterator[Change]:
    """The changes between two entries of a manifest's ``models``, of the figures that both have.

    ``paired``: they were measured in one session. ``threshold``: of p50, instead of the usual one.
    """
    thresholds = {**THRESHOLDS, **({"p50_ns": threshold} if threshold is not None else {})}
    yield from _accuracy(before, after)
    yield _exact("size_bytes", before["size_bytes"], after["size_bytes"], thresholds)
    old, new = before.get("benchmark") or {}, after.get("benchmark") or {}
    if old.get("instructions") and new.get("instructions"):
        yield _instructions(old["instructions"], new["instructions"], thresholds)
    for figure in _OF_RUNS:
        found = _of_runs(figure, old, new, thresholds[figure], paired)
        if found is not None:
            yield found


def _accuracy(before: Json, after: Json) -> Iterator[Change]:
    """It is exact for its test set, so there is no interval; another test set is no answer."""
    old, new = before.get("accuracy_percent"), after.get("accuracy_percent")
    if old is None or new is None:
        return
    verdict, note = Verdict.UNCHANGED, ""
    if before.get("n") != after.get("n"):
        verdict = Verdict.INCONCLUSIVE
        note = f"{before.get('n')} and {after.get('n')} test samples"
    elif abs(new - old) >= ACCURACY_POINTS:
        verdict = Verdict.IMPROVED if new > old else Verdict.REGRESSED
    yield Change("accuracy_percent", old, new, None, ACCURACY_POINTS, verdict, note)


def _exact(figure: str, old: float, new: float, thresholds: Mapping[str, float]) -> Change:
    """A figure without noise."""
    value = new / old
    change = Estimate(value, value, value)
    verdict = judge(change, thresholds[figure])
    return Change(figure, old, new, change, thresholds[figure], verdict)


def _instructions(old: Json, new: Json, thresholds: Mapping[str, float]) -> Change:
    """Medians of counts, as well as those repeat; single inferences scatter more."""
    value = new["total"] / old["total"]
    change = Estimate(value, value / (1 + _REPEATS), value * (1 + _REPEATS))
    limit = thresholds["instructions"]
    return Change("instructions", old["total"], new["total"], change, limit, judge(change, limit))


def _of_runs(figure: str, old: Json, new: Json, threshold: float, paired: bool) -> Change | None:
    olds, news = _by_round(old, figure), _by_round(new, figure)
    if not olds or not news:
        return None
    if paired:
        both = sorted(olds.keys() & news.keys())
        change = paired_ratio([olds[n] for n in both], [news[n] for n in both])
    else:
        change = ratio(list(olds.values()), list(news.values()))
    verdict, note = judge(change, threshold), ""
    if figure in _TIMES and not paired:
        verdict, note = _beside(verdict, old, new, olds, news, threshold)
    before, after = median(olds.values()), median(news.values())
    return Change(figure, before, after, change, threshold, verdict, note)


def _beside(
    verdict: Verdict,
    old: Json,
    new: Json,
    olds: Mapping[int, float],
    news: Mapping[int, float],
    threshold: float,
) -> tuple[Verdict, str]:
    """The verdict, unless the reference workload says that it is the device that changed."""
    first, second = _reference(old), _reference(new)
    if not first or not second or not _same_reference(old, new):
        told = verdict in _CHANGED
        return verdict, "no reference workload tells whether it was the device" if told else ""
    relative = judge(ratio(_relative(olds, first), _relative(news, second)), threshold)
    if relative is verdict or not {relative, verdict} & _CHANGED or verdict is _UNKNOWN:
        return verdict, ""
    moved = 100 * (ratio(list(first.values()), list(second.values())).value - 1)
    return Verdict.INCONCLUSIVE, f"the reference workload itself changed by {moved:+.1f} %"


def _relative(runs: Mapping[int, float], beside: Mapping[int, float]) -> list[float]:
    """Each run over the reference's run of the same round."""
    return [value / beside[number] for number, value in runs.items() if number in beside]


def _reference(record: Json) -> dict[int, float]:
    """By round; empty where there was none."""
    beside = record.get("reference")
    return dict(enumerate(beside["runs_p50_ns"])) if beside else {}


def _same_reference(old: Json, new: Json) -> bool:
    return bool(old["reference"]["model_sha256"] == new["reference"]["model_sha256"])


def _by_round(record: Json, figure: str) -> dict[int, float]:
    """The figure of each run that has it, by its round."""
    runs: Sequence[Json] = record.get("runs") or ()
    return {run["round"]: float(run[figure]) for run in runs if (run.get(figure) or 0) > 0}
