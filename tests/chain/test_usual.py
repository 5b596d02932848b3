"""How fast a device usually is: remembered for each system, and only what is steady."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from device.device import DeviceFacts
from pipeline.chain.usual import usual
from pipeline.config.profile import Profile
from pipeline.stages.benchmark import plan_for
from pipeline.stages.benchmark.reference import ReferenceFigures

FACTS = DeviceFacts(key="ABC", connection="USB", build="1")
PLAN = plan_for(Profile())


def _session(value: float, spread: float = 0.0) -> list[Any]:
    runs = tuple(value * (1 + spread * (-1) ** n) for n in range(10))
    return [SimpleNamespace(reference=ReferenceFigures("hash", runs))]


def test_three_sessions_are_a_habit(tmp_path):
    known = usual(tmp_path, FACTS, PLAN)
    for value in (100.0, 104.0):
        known.note(_session(value))
        assert known.p50_ns is None
    known.note(_session(90.0))
    assert known.p50_ns == pytest.approx(100.0)
    other = usual(tmp_path, replace(FACTS, build="2"), PLAN)
    assert other.p50_ns is None


def test_old_sessions_are_forgotten_and_unsteady_ones_not_noted(tmp_path):
    known = usual(tmp_path, FACTS, PLAN)
    for _ in range(20):
        known.note(_session(100.0))
    for _ in range(20):
        known.note(_session(50.0))
    for _ in range(20):
        known.note(_session(500.0, spread=0.3))
        known.note([SimpleNamespace(reference=None)])
    assert known.p50_ns == pytest.approx(50.0)


@pytest.mark.parametrize("content", ["", "{}", '["a", -1, null]', "[1.0, 2.0"])
def test_what_cannot_be_read_is_nothing_known(tmp_path, content):
    known = usual(tmp_path, FACTS, PLAN)
    known.path.parent.mkdir()
    known.path.write_text(content)
    assert known.p50_ns is None


def test_what_cannot_be_written_loses_nothing(tmp_path: Path):
    (tmp_path / ".devices").write_text("a file")
    usual(tmp_path, FACTS, PLAN).note(_session(100.0))
