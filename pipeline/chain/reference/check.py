"""What a run gave against what is known to be reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.chain.reference.judge import Judged, Verdict, judge
from pipeline.chain.run import WORKSPACE
from pipeline.config import places
from pipeline.config.document import load
from pipeline.config.reference import References
from pipeline.core.errors import ExitCode, FileMissing, NoDataError
from pipeline.core.places import expand
from pipeline.history import manifest
from pipeline.history.result import Result


@dataclass(frozen=True)
class Checked:
    """All figures of a run, and the files that have their references."""

    run: Path
    files: Mapping[str, Path]
    judged: tuple[Judged, ...]

    @property
    def failures(self) -> tuple[str, ...]:
        """Every figure that is not what its reference says, in words.

        One that is better fails too: a reference that is out of date hides the next loss.
        """
        return tuple(text for one in self.judged if (text := one.text))

    @property
    def exit_code(self) -> ExitCode:
        """What it means for CI."""
        verdicts = {one.verdict for one in self.judged}
        if verdicts & {Verdict.WORSE, Verdict.BETTER}:
            return ExitCode.GATE_FAILED
        return ExitCode.NO_DATA if Verdict.UNMEASURED in verdicts else ExitCode.DONE

    def as_json(self) -> dict[str, Any]:
        """For ``--json``."""
        return {
            "run": str(self.run),
            "files": {model: str(path) for model, path in self.files.items()},
            "verdict": "passed" if self.exit_code is ExitCode.DONE else "failed",
            "failures": list(self.failures),
            "figures": [one.as_json() for one in self.judged],
        }


@dataclass(eq=False)
class NoReferences(NoDataError):
    """There is nothing that a run could be held against."""

    run: Path
    looked_for: tuple[str, ...]

    @property
    def message(self) -> str:
        return f"no references for {', '.join(self.looked_for)}, so {self.run} proves nothing"

    @property
    def hint(self) -> str:
        return (
            'make them from a good run: pipeline reference update RUN --owner NAME --reason "..."'
        )


@dataclass(frozen=True)
class Found:
    """The results of a run, and where their references are: a file a model, None where none is."""

    run: Path
    results: tuple[Result, ...]
    files: Mapping[str, Path | None]

    @property
    def loaded(self) -> dict[str, References]:
        """The references of each model that has some. Raises ConfigInvalid and the like."""
        return {
            model: load(path, References, "references")
            for model, path in self.files.items()
            if path is not None
        }


def check(
    run: Path | None = None, *, references: Path | None = None, workspace: Path = WORKSPACE
) -> Checked:
    """Hold the results of a run (the latest, when None) against the references of its models.

    ``references`` is a file, or a folder with one for each model, instead of configs/references.
    Raises NoReferences where none of the figures has one, ResultsUnreadable, ConfigInvalid.
    """
    if references is not None and not expand(references).exists():
        raise FileMissing(references, "references")
    found = find(run, references, workspace)
    judged = judge(found.results, found.loaded)
    if all(one.verdict is Verdict.MISSING for one in judged):
        raise NoReferences(found.run, tuple(found.files))
    return Checked(found.run, {m: path for m, path in found.files.items() if path}, judged)


def find(run: Path | None, references: Path | None, workspace: Path) -> Found:
    """Read a run, and look for the files that its models' references are in."""
    folder = expand(run or workspace / "latest").resolve()
    content, _ = manifest.load(folder)
    results = tuple(entry.result for entry in manifest.read(folder))
    config = (content.get("config") or {}).get("path")
    near = Path(config).parent if config else None
    models = sorted({result.conditions.model for result in results})
    if references is None:
        return Found(folder, results, {model: places.reference(model, near) for model in models})
    named = expand(references)
    return Found(folder, results, {model: _named(model, named, models) for model in models})


def _named(model: str, named: Path, models: list[str]) -> Path | None:
    """The file of a model in a folder, or the one that is named: it is of the one model there is,
    or of the one with its name."""
    if named.suffix in (".yaml", ".yml"):
        return named if named.is_file() and (len(models) == 1 or named.stem == model) else None
    path = named / f"{model}.yaml"
    return path if path.is_file() else None
