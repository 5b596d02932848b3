"""Two runs compared: per model and figure a verdict, or why there can be none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.chain.changes import Change, changes
from pipeline.core.errors import ExitCode, NoDataError, UsageError
from pipeline.history import manifest as manifests
from pipeline.history.errors import ResultsUnreadable
from pipeline.statistics.verdict import Verdict

Json = Mapping[str, Any]

#: What two figures must have in common, by the name for ``--across``: keys of the result record.
CONDITIONS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "where": (("where",),),
    "device": (
        ("device", "key"),
        ("device", "model"),
        ("device", "build"),
        ("instructions", "cpu"),
    ),
    "runner": (("runner",), ("runner_sha256",)),
    "runtime": (("runtime",),),
    "mode": (("mode",), ("plan", "interval_ms"), ("beside",)),
    "threads": (("threads",), ("bind_mode",), ("pinned_cores",)),
    "fp16": (("fp16",),),
}
_SCHEMA = 2


@dataclass(eq=False)
class NotComparable(UsageError):
    """The two runs measured under conditions that differ."""

    model: str
    differences: tuple[str, ...]

    @property
    def message(self) -> str:
        return f"{self.model} cannot be compared: {'; '.join(self.differences)}"

    @property
    def hint(self) -> str:
        return "measure both alike, or name what may differ: --across device (runner, runtime, ...)"


@dataclass(eq=False)
class NothingInCommon(NoDataError):
    """The two runs have no model that was measured in both."""

    before: str
    after: str

    @property
    def message(self) -> str:
        return f"{self.before} and {self.after} have no model in common"

    @property
    def hint(self) -> str:
        return "compare runs of the same deployment"


@dataclass(eq=False)
class UnknownCondition(UsageError):
    """``--across`` names what is no condition."""

    name: str

    @property
    def message(self) -> str:
        return f"nothing called {self.name!r} can differ"

    @property
    def hint(self) -> str:
        return f"choose of {', '.join(CONDITIONS)}"


@dataclass(frozen=True)
class Compared:
    """A model of both runs. ``problem``: why its figures say nothing, in words."""

    model: str
    changes: tuple[Change, ...] = ()
    differences: tuple[str, ...] = ()
    problem: str | None = None

    @property
    def verdict(self) -> Verdict:
        """The worst of its figures, but for a part that is not known: then it is inconclusive."""
        found = {change.verdict for change in self.changes}
        if Verdict.REGRESSED in found:
            return Verdict.REGRESSED
        if self.problem or not found or Verdict.INCONCLUSIVE in found:
            return Verdict.INCONCLUSIVE
        return Verdict.IMPROVED if Verdict.IMPROVED in found else Verdict.UNCHANGED

    def as_json(self) -> dict[str, Any]:
        """For ``--json``."""
        return {
            "model": self.model,
            "verdict": self.verdict.value,
            "problem": self.problem,
            "differences": list(self.differences),
            "figures": [change.as_json() for change in self.changes],
        }


@dataclass(frozen=True)
class Comparison:
    """What changed from one run to another. ``added``: models that only the later one has."""

    before: str
    after: str
    models: tuple[Compared, ...]
    added: tuple[str, ...] = ()
    paired: bool = False

    @property
    def regressions(self) -> tuple[str, ...]:
        """Each figure that regressed, with its model's name."""
        return tuple(
            f"{model.model}: {change.figure}"
            for model in self.models
            for change in model.changes
            if change.verdict is Verdict.REGRESSED
        )

    @property
    def exit_code(self) -> ExitCode:
        """1 for a regression, else 5 where a model is missing or invalid, else 0."""
        if self.regressions:
            return ExitCode.GATE_FAILED
        if any(model.problem for model in self.models):
            return ExitCode.NO_DATA
        return ExitCode.DONE

    def as_json(self) -> dict[str, Any]:
        """What ``--json`` prints."""
        return {
            "status": "done",
            "before": self.before,
            "after": self.after,
            "paired": self.paired,
            "regressions": list(self.regressions),
            "added": list(self.added),
            "models": [model.as_json() for model in self.models],
        }


def compare(
    before: Path,
    after: Path,
    *,
    across: Sequence[str] = (),
    threshold: float | None = None,
) -> Comparison:
    """Compare two run folders, manifests or ``--json`` outputs.

    ``across`` names conditions that may differ, ``threshold`` is that of p50 (0.02 is 2 %).
    Raises ResultsUnreadable, NotComparable, NothingInCommon, UnknownCondition.
    """
    for name in across:
        if name not in CONDITIONS:
            raise UnknownCondition(name)
    olds, news = _models(before), _models(after)
    if not olds.keys() & news.keys():
        raise NothingInCommon(str(before), str(after))
    found = []
    for name, old in olds.items():
        if name not in news:
            found.append(Compared(name, problem=f"missing in {after.name}"))
            continue
        found.append(compared(name, old, news[name], across=across, threshold=threshold))
    added = tuple(name for name in news if name not in olds)
    return Comparison(str(before), str(after), tuple(found), added)


def compared(
    name: str,
    old: Json,
    new: Json,
    *,
    across: Sequence[str] = (),
    threshold: float | None = None,
    paired: bool = False,
) -> Compared:
    """One model's entries compared. Raises NotComparable for conditions that must not differ."""
    first, second = old.get("benchmark"), new.get("benchmark")
    differences: dict[str, list[str]] = {}
    if first and second:
        differences = _differences(first, second)
        refused = tuple(t for key, ts in differences.items() if key not in across for t in ts)
        if refused:
            raise NotComparable(name, refused)
    told = tuple(text for texts in differences.values() for text in texts)
    problem = _problem(first, second)
    if problem:  # size and accuracy are still true
        old, new = {**old, "benchmark": None}, {**new, "benchmark": None}
    found = tuple(changes(old, new, paired=paired, threshold=threshold))
    return Compared(name, found, told, problem)


def _models(path: Path) -> dict[str, Json]:
    """The models' entries, by a name that tells apart what a run may have several of."""
    content, folder = manifests.load(path)
    try:
        rows = list(manifests.rows(content, folder))
        names = {(row.model, row.profile) for row in rows}
        return {
            " ".join(
                part
                for part in (
                    row.model if len({model for model, _ in names}) > 1 else "",
                    row.value["name"],
                    f"on {row.profile}" if len({profile for _, profile in names}) > 1 else "",
                )
                if part
            ): row.value
            for row in rows
        }
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ResultsUnreadable(path, f"{type(error).__name__}: {error}") from None


def _problem(old: Json | None, new: Json | None) -> str | None:
    """Why latencies say nothing; None also where neither run measured any."""
    if old is None and new is None:
        return None
    for record, which in ((old, "before"), (new, "after")):
        if record is None:
            return f"not measured {which}"
        if record.get("schema") != _SCHEMA:
            return f"the record {which} is of another version of the pipeline: measure again"
        if record.get("verdict") != "valid":
            return f"invalid {which}: {record.get('reason')}"
    return None


def _differences(old: Json, new: Json) -> dict[str, list[str]]:
    """Conditions that differ, by their name, each in words."""
    found: dict[str, list[str]] = {}
    first, second = ({**one, "runtime": _runtime(one)} for one in (old, new))
    for name, keys in CONDITIONS.items():
        for key in keys:
            before, after = _at(first, key), _at(second, key)
            if before != after:
                text = f"{' '.join(key)} {_short(before)} and {_short(after)}"
                found.setdefault(name, []).append(text)
    return found


def _runtime(record: Json) -> Any:
    """Its hash where that is known: an emulated device has it wherever the workspace is."""
    return record.get("runtime_sha256") or record.get("runtime")


def _at(record: Json, key: Sequence[str]) -> Any:
    value: Any = record
    for part in key:
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _short(value: Any) -> str:
    text = str(value)
    return text[:12] if len(text) == 64 else text
