"""What a training leaves after each epoch, so that it goes on where it was killed."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.core import files
from pipeline.core.errors import LocalFileError

_LAST, _BEST = "last.npz", "best.npz"
_HEAD = "head"


@dataclass(frozen=True)
class Epoch:
    """One epoch: mean loss of its steps (None before the first), ``correct`` of ``n`` samples of
    validation with snapped weights, seconds of training and checking."""

    number: int
    loss: float | None
    correct: int
    n: int
    seconds: float

    @property
    def percent(self) -> float:
        """Accuracy in percent."""
        return 100.0 * self.correct / self.n

    def as_json(self) -> dict[str, Any]:
        """For people and machines, units in the names."""
        return {
            "number": self.number,
            "loss": self.loss,
            "accuracy_percent": round(self.percent, 4),
            "seconds": self.seconds,
        }


@dataclass(frozen=True)
class Step:
    """A step without training: ``correct`` of ``n`` samples of validation after it, None where it
    was not tried for the reason in ``note``; what did not help was not ``kept``."""

    name: str
    correct: int | None
    n: int
    kept: bool
    note: str
    seconds: float

    @property
    def percent(self) -> float | None:
        """Accuracy in percent."""
        return None if self.correct is None else 100.0 * self.correct / self.n

    def as_json(self) -> dict[str, Any]:
        """For people and machines, units in the names."""
        return {
            "name": self.name,
            "accuracy_percent": None if self.percent is None else round(self.percent, 4),
            "kept": self.kept,
            "note": self.note,
            "seconds": self.seconds,
        }


@dataclass(frozen=True)
class State:
    """All epochs so far, and every array that the next one begins with, by name; before them the
    steps without training, and the accuracy in percent that is good enough."""

    epochs: tuple[Epoch, ...]
    values: Mapping[str, Any]
    steps: tuple[Step, ...] = ()
    enough: float = 100.0

    @property
    def best(self) -> Epoch:
        """The last of those with most right answers."""
        return max(self.epochs, key=lambda epoch: (epoch.correct, epoch.number))


def keep(folder: Path, state: State, snapped: Mapping[str, Any], mark: str) -> None:
    """Write an epoch, and before it the network's snapped parameters where it is the best.

    Killed in between, the epoch is done again and writes the same.
    """
    if state.best is state.epochs[-1]:
        files.write_bytes(folder / _BEST, _packed(snapped, {}))
    head = {
        "mark": mark,
        "steps": [asdict(step) for step in state.steps],
        "enough": state.enough,
        "epochs": [asdict(epoch) for epoch in state.epochs],
    }
    files.write_bytes(folder / _LAST, _packed(state.values, head))


def find(folder: Path, mark: str) -> State | None:
    """What was kept last under the same ``mark``; None where nothing is there or whole."""
    found = _unpacked(folder / _LAST)
    if found is None or found[1].get("mark") != mark or _unpacked(folder / _BEST) is None:
        return None
    head = found[1]
    return State(
        tuple(Epoch(**item) for item in head["epochs"]),
        found[0],
        tuple(Step(**item) for item in head["steps"]),
        head["enough"],
    )


def best(folder: Path) -> Mapping[str, Any]:
    """The snapped parameters of the best epoch."""
    found = _unpacked(folder / _BEST)
    if found is None:
        raise LocalFileError(folder / _BEST, "it was changed while the network was trained")
    return found[0]


def _packed(values: Mapping[str, Any], head: Mapping[str, Any]) -> bytes:
    """As an .npz: numbered arrays, since their names may have any letters, and a head in JSON."""
    text = json.dumps({**head, "names": list(values)}, allow_nan=False)
    arrays = {str(number): array for number, array in enumerate(values.values())}
    stream = io.BytesIO()
    np.savez(stream, **{_HEAD: np.frombuffer(text.encode(), np.uint8)}, **arrays)
    return stream.getvalue()


def _unpacked(path: Path) -> tuple[dict[str, Any], dict[str, Any]] | None:
    try:
        with np.load(path, allow_pickle=False) as archive:
            head = json.loads(archive[_HEAD].tobytes())
            values = {name: archive[str(number)] for number, name in enumerate(head["names"])}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    return values, head
