"""A figure over time: series of comparable results, and where their level changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pipeline.history.errors import NothingFound
from pipeline.history.history import Filter, History
from pipeline.history.result import Conditions, Figure
from pipeline.statistics.steps import Step, find_changes, find_steps

_FACTS = ("model_sha256", "device_build", "pipeline_version")
_WORDS = {
    "model_sha256": "another model file",
    "device_build": "another system on the device",
    "pipeline_version": "another version of the pipeline",
}


@dataclass(frozen=True)
class Point:
    """One night: its figure, and what else may have changed. ``time_ms`` is since 1970."""

    time_ms: int
    value: float
    run: str
    model_sha256: str
    device_build: str
    pipeline_version: str


@dataclass(frozen=True)
class Trend:
    """Comparable figures, oldest first, and the steps between them.

    An exact figure (size, accuracy) is the model's own: its conditions name no device.
    """

    figure: Figure
    conditions: Conditions
    points: tuple[Point, ...]
    steps: tuple[Step, ...]

    def came_with(self, step: Step) -> tuple[str, ...]:
        """What else was new in the first night after a step, in words."""
        before, after = self.points[step.index - 1], self.points[step.index]
        return tuple(
            _WORDS[name] for name in _FACTS if getattr(before, name) != getattr(after, name)
        )

    def as_json(self) -> dict[str, Any]:
        """For ``--json``; the unit is in the field's name."""
        return {
            "figure": self.figure.field,
            "conditions": dict(self.conditions.__dict__),
            "points": [dict(point.__dict__) for point in self.points],
            "steps": [
                {
                    "run": self.points[step.index].run,
                    "time_ms": self.points[step.index].time_ms,
                    "before": step.before,
                    "after": step.after,
                    "came_with": list(self.came_with(step)),
                }
                for step in self.steps
            ],
        }


def trends(
    history: History, asked: Filter, figure: Figure = Figure.P50, nights: int = 365
) -> tuple[Trend, ...]:
    """The newest ``nights`` results of each series that fits, the series with the newest first.

    Invalid measurements are left out of what has noise. Raises NothingFound.
    """
    groups: dict[Conditions, list[int]] = {}
    for number, conditions in history.series(asked):
        key = _own(conditions) if figure.exact else conditions
        groups.setdefault(key, []).append(number)
    found = [
        _trend(figure, conditions, points)
        for conditions, numbers in groups.items()
        if (points := _points(history, figure, numbers, asked.since_ms, nights))
    ]
    if not found:
        raise NothingFound(history.path, f"{asked.words()}: {figure.value}", history.models())
    return tuple(sorted(found, key=lambda trend: -trend.points[-1].time_ms))


def _own(conditions: Conditions) -> Conditions:
    return Conditions(model=conditions.model, recipe=conditions.recipe)


def _points(
    history: History, figure: Figure, numbers: list[int], since_ms: int | None, nights: int
) -> tuple[Point, ...]:
    # Field names come from an enumeration, never from the user.
    valid = "" if figure.exact else "AND verdict = 'valid'"
    query = (
        f"SELECT time_ms, {figure.field}, run, {', '.join(_FACTS)} FROM result "
        f"WHERE series IN ({', '.join('?' * len(numbers))}) AND {figure.field} IS NOT NULL "
        f"AND time_ms >= ? {valid} ORDER BY time_ms DESC LIMIT ?"
    )
    rows = history.rows(query, (*numbers, since_ms or 0, nights))
    points = [Point(*row) for row in reversed(rows)]
    if figure.exact:  # one run may have measured one model on several devices
        points = list({(point.run, point.model_sha256): point for point in points}.values())
    return tuple(points)


def _trend(figure: Figure, conditions: Conditions, points: tuple[Point, ...]) -> Trend:
    values = [point.value for point in points]
    if figure.exact:
        steps = find_changes(values)
    else:
        steps = find_steps(values, figure.least) if min(values) > 0 else ()
    return Trend(figure, conditions, points, steps)
