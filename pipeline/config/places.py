"""Where configurations lie, and how a name becomes one.

A name is looked up in ``configs/`` beside the deployment's file and above it, in ``configs/`` of
the working folder, then among those that come with the package. A path (it has a ``/`` or ends in
``.yaml``) is taken as it is.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.config.deployment import Deployment
from pipeline.config.document import load
from pipeline.config.errors import NameUnknown, NoConfig, RecipeTwice
from pipeline.config.nightly import Nightly
from pipeline.config.profile import NamedProfile, Profile
from pipeline.config.recipe import NamedRecipe, Recipe
from pipeline.core.places import expand

_PACKAGED = Path(__file__).parents[1] / "configs"
_CHECKOUT = Path(__file__).parents[2] / "configs"
DEFAULTS = (Path("deploy.yaml"), Path("examples/digits/deploy.yaml"))


@dataclass(frozen=True)
class LoadedDeployment:
    """A deployment, the file that it came from and its recipes, all checked."""

    path: Path
    deployment: Deployment
    recipes: tuple[NamedRecipe, ...]


@dataclass(frozen=True)
class LoadedNight:
    """A night, the file that it came from, its models, and its devices' profiles by their name
    in results; all checked."""

    path: Path
    night: Nightly
    models: tuple[LoadedDeployment, ...]
    profiles: Mapping[str, NamedProfile]


def deployment(path: Path | None, recipes: Sequence[str] = ()) -> LoadedDeployment:
    """Read a deployment and every recipe that it (or ``recipes`` instead) names.

    Without a path, the default one.
    """
    if path is None:
        path = next((place for place in DEFAULTS if place.is_file()), None)
        if path is None:
            raise NoConfig(DEFAULTS)
    path = expand(path).absolute()
    value = load(path, Deployment, "configuration").located(path.parent)
    found: dict[str, NamedRecipe] = {}
    for name in dict.fromkeys(recipes or value.recipes):
        named = recipe(name, near=path.parent)
        if named.name in found:
            raise RecipeTwice(named.name, (found[named.name].path, named.path))
        found[named.name] = named
    return LoadedDeployment(path, value, tuple(found.values()))


def nightly(path: Path) -> LoadedNight:
    """Read a night, and every deployment, recipe and profile that it names."""
    path = expand(path).absolute()
    night = load(path, Nightly, "nightly configuration").located(path.parent)
    models = tuple(deployment(model, night.recipes) for model in night.models)
    profiles = {one.called: profile(one.profile, near=path.parent) for one in night.devices}
    return LoadedNight(path, night, models, profiles)


def recipe(name: str, near: Path | None = None) -> NamedRecipe:
    """The recipe called ``name``; raises NameUnknown with those there are."""
    path = _find("quantization", "recipe", name, near)
    return NamedRecipe(name=path.stem, path=path, recipe=load(path, Recipe, "recipe"))


def profile(name: str, near: Path | None = None, app: Path | None = None) -> NamedProfile:
    """The device profile called ``name``; raises NameUnknown with those there are.

    ``app`` stands in place of the bench app's package that the profile names.
    """
    path = _find("devices", "device", name, near)
    found = load(path, Profile, "device profile")
    named = path.parent / expand(found.run.app) if found.run.app else None
    run = found.run.model_copy(update={"app": app or named})
    return NamedProfile(name=path.stem, path=path, profile=found.model_copy(update={"run": run}))


def reference(model: str, near: Path | None = None) -> Path | None:
    """The file of a model's references, where there is one: never one that came along, which
    would be of another model of the same name."""
    found = (place / "references" / f"{model}.yaml" for place in _own_places(near))
    return next((path for path in found if os.path.isfile(path)), None)


def names(folder: str, near: Path | None = None) -> tuple[str, ...]:
    """Names of all recipes (``quantization``) or profiles (``devices``) that can be found."""
    found = {
        path.stem for place in _places(near) for path in sorted((place / folder).glob("*.yaml"))
    }
    return tuple(sorted(found))


def _find(folder: str, kind: str, name: str, near: Path | None) -> Path:
    if "/" in name or name.endswith((".yaml", ".yml")):
        return (near or Path.cwd()) / expand(Path(name))
    for place in _places(near):
        candidate = place / folder / f"{name}.yaml"
        if os.path.isfile(candidate):  # pathlib's raises for a name that is too long
            return candidate
    raise NameUnknown(kind, name, names(folder, near))


def _places(near: Path | None) -> Iterator[Path]:
    yield from _own_places(near)
    yield from (_CHECKOUT, _PACKAGED)


def _own_places(near: Path | None) -> Iterator[Path]:
    start = (near or Path.cwd()).absolute()
    yield from (folder / "configs" for folder in (start, *start.parents[:3]))
    yield Path.cwd() / "configs"
