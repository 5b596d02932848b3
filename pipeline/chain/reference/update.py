"""References brought to what a run gave: only what differs, with a reason, the file else kept."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from pipeline.chain.reference.check import Found, find
from pipeline.chain.reference.judge import Judged, Verdict, judge
from pipeline.chain.run import WORKSPACE
from pipeline.config.document import load
from pipeline.config.reference import Figure, Reference, References
from pipeline.config.reference_text import Scalar, changed, scalar
from pipeline.core import files
from pipeline.core.errors import PipelineError, UsageError
from pipeline.core.places import expand

FOLDER = Path("configs/references")
_CHANGES = (Verdict.WORSE, Verdict.BETTER, Verdict.MISSING)
_Place = tuple[str, str | None, str | None]


@dataclass(eq=False)
class OwnerMissing(UsageError):
    """A new file of references belongs to nobody."""

    path: Path

    @property
    def message(self) -> str:
        return f"{self.path} would be new, and have no owner"

    @property
    def hint(self) -> str:
        return "say who is asked about them: --owner NAME"


@dataclass(eq=False)
class ReferencesUneditable(UsageError):
    """The file's form does not let it be changed without losing something."""

    path: Path
    reason: str

    @property
    def message(self) -> str:
        return f"{self.path} cannot be changed by itself: {self.reason}"

    @property
    def hint(self) -> str:
        return "write the entries line by line, without anchors; it was left as it is"


@dataclass(frozen=True)
class Updated:
    """What changed in which files; ``skipped`` was not measured and stays."""

    changes: Mapping[Path, tuple[Judged, ...]]
    skipped: tuple[Judged, ...]

    def as_json(self) -> dict[str, Any]:
        """For ``--json``."""
        return {
            "changes": {
                str(path): [one.as_json() for one in changes]
                for path, changes in self.changes.items()
            },
            "skipped": [one.as_json() for one in self.skipped],
        }


def update(
    run: Path | None = None,
    *,
    reason: str,
    owner: str | None = None,
    references: Path | None = None,
    workspace: Path = WORKSPACE,
) -> Updated:
    """Bring references to what a run (the latest, when None) gave, where they differ.

    Figures within their tolerance stay, and so does everything else in the files: comments,
    order, form. Figures without a reference get one: accuracy and size, latency of a real device,
    instructions of an emulated one. Raises OwnerMissing, ReferencesUneditable, and what ``check``
    does.
    """
    found = find(run, references, workspace)
    loaded = found.loaded
    judged = judge(found.results, loaded)
    changes = {}
    for model in found.files:
        its = tuple(one for one in judged if one.model == model and one.verdict in _CHANGES)
        if its:
            path = _path(found, model, references)
            _rewrite(path, loaded.get(model), its, reason, owner)
            changes[path] = its
    skipped = tuple(one for one in judged if one.verdict is Verdict.UNMEASURED)
    return Updated(changes, skipped)


@dataclass
class _Plan:
    """New values by the place of their entry."""

    entries: dict[_Place, dict[str, Scalar]] = field(default_factory=dict)

    def put(self, place: _Place, figure: Figure, values: list[float]) -> None:
        self.entries.setdefault(place, {})[figure.value] = _rounded(figure, median(values))


def _rewrite(
    path: Path, old: References | None, its: Iterable[Judged], reason: str, owner: str | None
) -> None:
    if old is None:
        if owner is None:
            raise OwnerMissing(path)
        text, old = f"owner: {scalar(owner)}\n", References(owner=owner)
    else:
        text = files.read_text(path)
    places = [one.place for one in old.references]
    why: dict[str, Scalar] = {"reason": reason}
    if owner is not None and owner != old.owner:
        why["owner"] = owner
    edits: dict[int, dict[str, Scalar]] = {}
    more: list[dict[str, Scalar]] = []
    for place, values in _plan(old, its).entries.items():
        if place in places:
            edits[places.index(place)] = {**values, **why}
        else:
            named = zip(("recipe", "profile", "where"), place, strict=True)
            head: dict[str, Scalar] = {name: value for name, value in named if value is not None}
            more.append({**head, **values, **why})
    try:
        text = changed(text, edits, more)
        _prove(text, old, edits, more)
    except (ValueError, PipelineError) as error:
        raise ReferencesUneditable(path, str(error)) from None
    files.write_text(path, text)


def _plan(old: References, its: Iterable[Judged]) -> _Plan:
    values: dict[tuple[_Place, Figure], list[float]] = {}
    for one in its:
        assert one.value is not None  # what was not measured changes nothing
        values.setdefault((_place(old, one), one.figure), []).append(one.value)
    plan = _Plan()
    for (place, figure), found in values.items():
        plan.put(place, figure, found)
    return plan


def _place(old: References, one: Judged) -> _Place:
    """Of the entry that has the figure, or is to have it."""
    for entry in old.fitting(one.recipe, one.profile, one.where):
        if entry.value(one.figure) is not None:
            return entry.place
    if one.figure.of_device:
        return one.recipe, one.profile or None, one.where
    return one.recipe, None, None


def _prove(
    text: str,
    old: References,
    edits: Mapping[int, Mapping[str, Scalar]],
    more: Iterable[Mapping[str, Scalar]],
) -> None:
    """The text read back must be the old references with these changes, and nothing else."""
    with tempfile.TemporaryDirectory(prefix="pipeline-references.") as folder:
        path = Path(folder) / "new.yaml"
        files.write_text(path, text)
        new = load(path, References, "references")
    entries = [
        entry.model_copy(update=dict(edits.get(number, {})))
        for number, entry in enumerate(old.references)
    ]
    entries += [Reference.model_validate(values) for values in more]
    if new != old.model_copy(update={"references": tuple(entries)}):
        raise ValueError("it would say something else than was meant")


def _path(found: Found, model: str, named: Path | None) -> Path:
    known = found.files[model]
    if known is not None:
        return known
    named = expand(named) if named else FOLDER
    return named if named.suffix in (".yaml", ".yml") else named / f"{model}.yaml"


def _rounded(figure: Figure, value: float) -> Scalar:
    """As precise as it can be repeated, so that the file reads well."""
    if figure in (Figure.SIZE, Figure.INSTRUCTIONS):
        return round(value)
    return round(value, 4) if figure is Figure.ACCURACY else float(f"{value:.4g}")
