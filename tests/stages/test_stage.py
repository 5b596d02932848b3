"""A stage is run once for the same settings, and tells what it does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from pipeline.core.events import Listener
from pipeline.core.files import sha256_json
from pipeline.stages.stage import run_stage


@dataclass
class Squaring:
    """A stage that squares a number into a file."""

    number: int
    name: str = "square"
    executed: list[int] = field(default_factory=list)

    @property
    def subject(self) -> str:
        return f"number {self.number}"

    def settings(self) -> Mapping[str, Any]:
        return {"number": self.number, "path": ["a", "b"]}

    def execute(self, folder: Path, listener: Listener) -> Mapping[str, Any]:
        self.executed.append(self.number)
        if self.number < 0:
            raise ValueError("no negative numbers")
        (folder / "square").write_text(str(self.number**2))
        return {"digits": len(str(self.number**2))}

    def load(self, folder: Path, facts: Mapping[str, Any]) -> int:
        return int((folder / "square").read_text())

    def note(self, facts: Mapping[str, Any]) -> str:
        return f"{facts['digits']} digits"


def test_a_stage_is_run_once(store, heard):
    stage = Squaring(12)
    first, second = (run_stage(store, stage, heard) for _ in range(2))
    assert stage.executed == [12]
    assert (first.artefact, second.artefact) == (144, 144)
    assert (first.reused, second.reused) == (False, True)
    assert first.key == second.key == sha256_json({"stage": "square", "settings": stage.settings()})
    assert second.seconds == first.seconds
    assert heard.lines == [
        ("started", "square", "number 12"),
        ("finished", "square", "number 12", False, "3 digits"),
        ("started", "square", "number 12"),
        ("finished", "square", "number 12", True, "3 digits"),
    ]


@pytest.mark.parametrize(
    "other", [Squaring(13), Squaring(12, name="cube")], ids=["settings", "name"]
)
def test_other_settings_or_another_name_are_run_by_themselves(store, heard, other):
    first = run_stage(store, Squaring(12), heard)
    second = run_stage(store, other, heard)
    assert not second.reused
    assert first.key != second.key


def test_a_stage_that_fails_is_run_again(store, heard):
    stage = Squaring(-1)
    for _ in range(2):
        with pytest.raises(ValueError, match="no negative"):
            run_stage(store, stage, heard)
    assert stage.executed == [-1, -1]
    assert [line[0] for line in heard.lines] == ["started", "started"]


def test_a_stage_whose_result_was_damaged_is_run_again(store, heard):
    stage = Squaring(12)
    key = run_stage(store, stage, heard).key
    entry = store.fetch("square", key)
    (entry.folder / "square").write_text("145")
    assert run_stage(store, stage, heard).artefact == 144
    assert stage.executed == [12, 12]


def test_the_manifest_gets_a_line(store, heard):
    outcome = run_stage(store, Squaring(3), heard)
    line = outcome.as_json()
    assert line.pop("seconds") >= 0
    assert line == {
        "stage": "square",
        "subject": "number 3",
        "key": outcome.key,
        "settings": {"number": 3, "path": ["a", "b"]},
        "reused": False,
    }
