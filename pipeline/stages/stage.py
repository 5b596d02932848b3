"""What a stage is, and how one is run: at most once for the same key."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from pipeline.core.events import Listener
from pipeline.core.files import sha256_json
from pipeline.core.store import Store

ArtefactT = TypeVar("ArtefactT")
ArtefactT_co = TypeVar("ArtefactT_co", covariant=True)


class Stage(Protocol[ArtefactT_co]):
    """Inputs in, artefacts out. All that influences the outcome is in ``settings``."""

    @property
    def name(self) -> str:
        """The stage's name: a folder of the store."""

    @property
    def subject(self) -> str:
        """What it works on, for people: a recipe, a file."""

    def settings(self) -> Mapping[str, Any]:
        """Hashes of the inputs, every setting, versions of the tools. JSON-able."""

    def execute(self, folder: Path, listener: Listener) -> Mapping[str, Any]:
        """Do the work into ``folder`` and return the facts. JSON-able."""

    def load(self, folder: Path, facts: Mapping[str, Any]) -> ArtefactT_co:
        """The typed artefact of a finished entry."""

    def note(self, facts: Mapping[str, Any]) -> str:
        """The outcome in a few words, for people."""


@dataclass(frozen=True)
class Outcome(Generic[ArtefactT]):
    """What a stage gave: its artefact, and whether anything had to run for it."""

    artefact: ArtefactT
    key: str
    stage: str
    subject: str
    settings: Mapping[str, Any]
    seconds: float
    reused: bool

    def as_json(self) -> dict[str, Any]:
        """The stage's line of the manifest."""
        return {
            "stage": self.stage,
            "subject": self.subject,
            "key": self.key,
            "settings": self.settings,
            "seconds": round(self.seconds, 6),
            "reused": self.reused,
        }


def run_stage(store: Store, stage: Stage[ArtefactT], listener: Listener) -> Outcome[ArtefactT]:
    """Run ``stage``, or take what the same settings gave before."""
    settings = stage.settings()
    key = sha256_json({"stage": stage.name, "settings": settings})
    listener.started(stage.name, stage.subject)

    def work(folder: Path) -> tuple[Mapping[str, Any], float]:
        begun = time.monotonic()
        facts = stage.execute(folder, listener)
        return facts, time.monotonic() - begun

    entry = store.make(stage.name, key, work)
    listener.finished(
        stage.name,
        stage.subject,
        reused=entry.reused,
        note=stage.note(entry.facts),
        seconds=0.0 if entry.reused else entry.seconds,
    )
    return Outcome(
        artefact=stage.load(entry.folder, entry.facts),
        key=key,
        stage=stage.name,
        subject=stage.subject,
        settings=settings,
        seconds=entry.seconds,
        reused=entry.reused,
    )
