"""A night of several models and devices, killed as when the machine goes down, and called again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.conftest import DIGITS, ROOT, Cli
from tests.measure.night import Place

pytestmark = pytest.mark.slow

_PLAN = "{warm_up: 1, max_warm_up: 1, runs: 1, samples: 11, time_s: 0, reference: false}"


@pytest.fixture
def place(copy: Cli, tmp_path: Path) -> Place:
    """A night of 2 models, 2 recipes and 2 devices, its models built."""
    text = DIGITS.read_text().replace("lenet5.ckpt", str(DIGITS.parent / "lenet5.ckpt"))
    for name in ("one", "two"):
        named = text.replace("name: digits", f"name: {name}").replace("../..", str(ROOT))
        (tmp_path / f"{name}.yaml").write_text(named)
    profiles = tmp_path / "configs" / "devices"
    profiles.mkdir(parents=True)
    for name in ("phone", "watch"):
        (profiles / f"{name}.yaml").write_text(f"run: {{threads: 1}}\nplan: {_PLAN}\n")
    config = tmp_path / "night.yaml"
    config.write_text(
        "models: [one.yaml, two.yaml]\nrecipes: [fp32, weight-8]\n"
        "devices: [{profile: phone, emulate: host}, {profile: watch, emulate: host}]\n"
    )
    return Place(tmp_path, config)


def test_a_killed_night_goes_on_loses_nothing_and_measures_nothing_twice(place: Place) -> None:
    killed = place.kill_at(2)
    assert not killed.orphans
    assert 2 <= len(killed.cases) < 8 and len(killed.samples) == len(killed.cases)
    resumed = place.run()
    assert resumed.night["counts"]["passed"] == resumed.night["expected"] == 8
    assert resumed.night["resumed"] == len(killed.cases)
    assert not resumed.started["converter"]
    assert killed.cases.items() <= place.case_files().items()
    assert killed.samples.items() <= place.sample_files().items()
    assert len(place.case_files()) == 8
    assert {run for run, *_ in place.history()} == {resumed.folder.name}
    assert sorted(place.history().values()) == [1] * 8
    assert [line for line in place.left() if line not in killed.own] == []
