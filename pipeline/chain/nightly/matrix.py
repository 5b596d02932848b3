"""The matrix: which cases a night must bring, and which it leaves out for a reason."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipeline.chain.nightly.case import Case
from pipeline.config.nightly import Cases, Nightly
from pipeline.config.places import LoadedDeployment, LoadedNight
from pipeline.core import files
from pipeline.core.errors import UsageError


@dataclass(eq=False)
class MatrixEmpty(UsageError):
    """Every case is left out, so a night could only be green for nothing."""

    path: Path

    @property
    def message(self) -> str:
        return f"{self.path}: no case is left to run"

    @property
    def hint(self) -> str:
        return "a `skip:` takes out too much; name what it is to match"


@dataclass(eq=False)
class CasesUnmatched(UsageError):
    """A part of the configuration speaks of cases that there are none of."""

    path: Path
    section: str
    number: int

    @property
    def message(self) -> str:
        return f"{self.path}: entry {self.number} of `{self.section}` matches no case"

    @property
    def hint(self) -> str:
        return "look for a misspelt model, recipe or device, or remove the entry"


@dataclass(eq=False)
class ModelTwice(UsageError):
    """Two deployments of one name: their results could not be told apart."""

    name: str
    paths: tuple[Path, ...]

    @property
    def message(self) -> str:
        return f"two models are called {self.name}: {' and '.join(map(str, self.paths))}"

    @property
    def hint(self) -> str:
        return "give one of them another `name:`"


@dataclass(frozen=True)
class Matrix:
    """``cases`` are expected; ``skipped`` has those left out, each with its reason.

    ``digest`` is the hash of all that the night is made from; an unfinished night with the same
    one is gone on with.
    """

    cases: tuple[Case, ...]
    skipped: tuple[tuple[Case, str], ...]
    digest: str

    def of(self, model: str, device: str | None = None) -> tuple[Case, ...]:
        """The expected cases of a model, on one device or on all."""
        return tuple(
            case
            for case in self.cases
            if case.model == model and (device is None or case.device == device)
        )


def lay_out(loaded: LoadedNight) -> Matrix:
    """The matrix of a night.

    Raises ModelTwice, MatrixEmpty, and CasesUnmatched for an entry that matches nothing.
    """
    _check_names(loaded.models)
    whole = [
        Case(model.deployment.name, named.name, device.called)
        for model in loaded.models
        for named in model.recipes
        for device in loaded.night.devices
    ]
    _check_matched(loaded.path, loaded.night, whole)
    skipped = {
        case: rule.reason
        for rule in reversed(loaded.night.skip)
        for case in whole
        if _has(rule, case)
    }
    cases = tuple(case for case in whole if case not in skipped)
    if not cases:
        raise MatrixEmpty(loaded.path)
    left_out = tuple((case, skipped[case]) for case in whole if case in skipped)
    return Matrix(cases, left_out, _digest(loaded))


def _check_names(models: tuple[LoadedDeployment, ...]) -> None:
    paths: dict[str, Path] = {}
    for model in models:
        name = model.deployment.name
        if name in paths:
            raise ModelTwice(name, (paths[name], model.path))
        paths[name] = model.path


def _check_matched(path: Path, night: Nightly, cases: list[Case]) -> None:
    sections = (("skip", night.skip), ("quarantine", night.quarantine))
    for section, rules in sections:
        for number, rule in enumerate(rules, 1):
            if not any(_has(rule, case) for case in cases):
                raise CasesUnmatched(path, section, number)


def _has(rule: Cases, case: Case) -> bool:
    return rule.has(**asdict(case))


def _digest(loaded: LoadedNight) -> str:
    return files.sha256_json(
        {
            "night": loaded.night.model_dump(mode="json", exclude={"quarantine", "description"}),
            "models": [dict(_identity(model)) for model in loaded.models],
            "profiles": [
                named.profile.model_dump(mode="json") for named in loaded.profiles.values()
            ],
        }
    )


def _identity(model: LoadedDeployment) -> Iterator[tuple[str, Any]]:
    """What a model is made from; its data is in the keys of the stages."""
    deployment = model.deployment
    yield "settings", deployment.model_dump(mode="json")
    yield "recipes", {one.name: one.recipe.model_dump(mode="json") for one in model.recipes}
    files_of = [deployment.network.checkpoint] if deployment.network else []
    if deployment.model:
        files_of += [path for path in (deployment.model.file, deployment.model.weights) if path]
    yield "files", [files.sha256_file(path) if path.is_file() else None for path in files_of]
