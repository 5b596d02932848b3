"""What is tried: every way to quantize, by every seed, with and without augmentation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

_RECIPES = Path(__file__).with_name("recipes")
FULL = "full int8"
BATCH = 32
#: Highest learning rate of the fine-tuning, as of the training before it.
RATE = 2e-3
#: The float network's own answers teach along with the labels. Chosen, as the rate was, by the
#: validation set of a network with a seed that is not reported.
DISTILLATION = {"weight": 0.5, "temperature": 2.0}
#: Weights of more bits than this lose nothing that augmentation could bring back.
_FEW_BITS = 3


class Augmentation(str, Enum):
    """How images are changed while a quantized network is fine-tuned.

    The published way is turned, cropped and flipped; a flipped digit is mostly none.
    """

    NONE = "none"
    MOVED = "moved"
    FLIPPED = "flipped"

    @property
    def settings(self) -> Mapping[str, Any]:
        """As in the section ``augment:`` of a configuration."""
        moved = {"rotate": 12, "crop": 0.12}
        if self is Augmentation.NONE:
            return {}
        return moved if self is Augmentation.MOVED else {**moved, "flip": "horizontal"}


@dataclass(frozen=True)
class Way:
    """A way to quantize: ``recipe`` is a name or a file, ``grid`` and ``bits`` are for people."""

    name: str
    recipe: str
    grid: str
    bits: float

    @property
    def text(self) -> str:
        """What decides about the model, as far as it is written here."""
        path = Path(self.recipe)
        return path.read_text("utf-8") if path.suffix else self.recipe


def _uniform(bits: int) -> Way:
    return Way(f"uniform-{bits}", str(_RECIPES / f"uniform-{bits}.yaml"), "uniform", bits)


def _codebook(bits: int) -> Way:
    return Way(f"codebook-{bits}", f"codebook-{bits}", "codebook", bits)


WAYS: Mapping[str, Way] = {
    way.name: way
    for way in (
        Way("full-8", "full-8", FULL, 8),
        *map(_uniform, (8, 4, 2, 1)),
        *map(_codebook, (3, 2, 1)),
    )
}
#: The way that also shows what flips do.
FLIPPED_WAY = "codebook-2"


@dataclass(frozen=True)
class Cell:
    """One fine-tuning of one network: a file of results."""

    seed: int
    way: Way
    augmentation: Augmentation

    @property
    def name(self) -> str:
        """Of its file."""
        return f"{self.way.name}.{self.augmentation.value}.seed-{self.seed}"


@dataclass(frozen=True)
class Plan:
    """An experiment. ``epochs`` train a network from scratch, ``tuning_epochs`` fine-tune it:
    a tenth to a fifth of them, as published."""

    seeds: Sequence[int] = (1, 2, 3, 4, 5)
    ways: Sequence[Way] = tuple(WAYS.values())
    epochs: int = 30

    @property
    def tuning_epochs(self) -> int:
        """A fifth of the training's."""
        return max(1, self.epochs // 5)

    def cells(self) -> list[Cell]:
        """All of them, seed by seed, so that an interrupted experiment has whole seeds."""
        return [
            Cell(seed, way, augmentation)
            for seed in self.seeds
            for way in self.ways
            for augmentation in _augmentations(way)
        ]

    def training(self, cell: Cell) -> Mapping[str, Any]:
        """The section ``recover:`` of a cell, but for where the data are."""
        return {
            "epochs": self.tuning_epochs,
            "batch": BATCH,
            "rate": RATE,
            "seed": cell.seed,
            "distillation": DISTILLATION,
            "augment": dict(cell.augmentation.settings),
        }


def _augmentations(way: Way) -> Sequence[Augmentation]:
    every = tuple(Augmentation)
    if way.name == FLIPPED_WAY:
        return every
    return every[:2] if way.bits <= _FEW_BITS or way.grid == FULL else every[:1]
