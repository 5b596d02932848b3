"""The page of a night: what it shows, and that it stays small."""

from __future__ import annotations

import random
from functools import cache

import pytest

from pipeline.report.charts.trends import Line
from pipeline.report.document import Page, Tone
from pipeline.report.markdown import markdown
from pipeline.report.morning import Cell, Mark, Morning
from pipeline.report.night import night_page
from pipeline.report.page import html
from pipeline.report.words import milliseconds
from tests.report import made

MODELS = ("digits", "numbers", "keywords", "faces", "gestures")
RECIPES = ("fp32", "fp16", "weight-8", "dynamic-8", "full-8-max-min", "codebook-2")
DEVICES = ("phone", "watch", "tablet")
NIGHTS = 60


def cell(model: str, recipe: str, device: str, mark: Mark = Mark.PASSED, **changes: object) -> Cell:
    """A case with all that a case can have, at random but always the same."""
    rng = random.Random(f"{model} {recipe} {device}")
    usual = 1e6 * rng.uniform(0.1, 3) * (1 + DEVICES.index(device))
    values = [usual * rng.uniform(0.98, 1.03) for _ in range(NIGHTS)]
    times = [1_790_000_000_000 + 86_400_000 * night for night in range(NIGHTS)]
    p50 = values[-1]
    row = {
        "name": recipe, "sha256": "ab" * 32, "size_bytes": rng.randrange(9_000, 900_000),
        "times_smaller": 2.5, "accuracy_percent": 98.0, "accuracy_drop_points": 0.25,
        "correct": rng.randrange(900, 990), "n": 1000,
        "parity": {"cosine_min": 0.99, "cosine_mean": 0.999},
        "benchmark": {
            "where": "emulated-host" if device == "watch" else "device", "verdict": "valid",
            "latency_ns": {"p50_ns": p50, "p90_ns": 1.1 * p50, "p99_ns": 1.4 * p50, "n": 1000},
            "over_runs": {"p50_ns": {"value": p50, "low": 0.98 * p50, "high": 1.02 * p50}},
            "load_ns": 5_000_000, "peak_memory_bytes": 80_000_000,
        },
    }  # fmt: skip
    before = {
        "run": "20261122T030000-nightly-all", "verdict": "unchanged", "fails": False,
        "figure": "p50_ns", "ratio": {"value": 1.004, "low": 0.996, "high": 1.012},
        "same_model": True, "refused": [], "problem": None, "figures": [],
    }  # fmt: skip
    line = Line(
        f"{recipe}, {device}", times, values, (30,) if rng.random() < 0.1 else (), milliseconds
    )
    return Cell(
        model, recipe, device, mark, **{"row": row, "before": before, "line": line, **changes}
    )


@cache
def night() -> Morning:
    """Five models by six recipes on three devices, a few of them red."""
    rng = random.Random(3)
    cells = [cell(*names) for names in _names()]
    worse = {
        "verdict": "regressed",
        "fails": True,
        "ratio": {"value": 1.07, "low": 1.05, "high": 1.09},
    }
    for place in (4, 40, 77):
        one = cells[place]
        runs = [tuple(rng.randrange(10**6, 2 * 10**6) for _ in range(400)) for _ in range(5)]
        cells[place] = cell(
            one.model, one.recipe, one.device, Mark.FAILED, reasons=("regressed, and why",),
            before={**one.before, **worse}, runs=runs,
        )  # fmt: skip
    return Morning("all", cells, 5400.0, remarks=("something to know",))


def _names() -> list[tuple[str, str, str]]:
    return [(m, r, d) for m in MODELS for r in RECIPES for d in DEVICES]


@cache
def shown() -> Page:
    return night_page(night(), made.AGAIN)


@cache
def page() -> str:
    return html(shown())


def test_ninety_cases_are_less_than_a_megabyte() -> None:
    assert len(night().cells) == 90
    assert len(page().encode()) < 600_000


def test_every_model_has_its_pictures_and_every_case_its_row() -> None:
    seen = made.read(page())
    assert seen.tags.count("svg") == 3 * len(MODELS) + 1
    assert all(f"{'/'.join(names)}" in seen.text for names in _names())
    assert "watch EMULATED (emulated-host)" in seen.text


def test_what_changed_is_told_with_its_effect_interval_and_night() -> None:
    seen = made.read(page())
    for text in ("+7.0 %", "+5.0 % to +9.0 %", "same file", "20261122T030000-nightly-all"):
        assert text in seen.text, text
    assert "90 cases against the nights before: 87 unchanged, 3 regressed" in seen.text
    assert "regressed" in markdown(shown())


def test_a_night_before_any_other_and_without_figures_has_no_pictures() -> None:
    missing = Cell("digits", "fp32", "phone", Mark.MISSING, ("nothing arrived",), hint="again")
    alone = night_page(Morning("all", [missing], 1.0), made.AGAIN)
    text = html(alone)
    assert alone.verdict.tone is Tone.BAD and "1 missing" in alone.verdict.sentence
    assert "<svg" not in text and "Against" not in text


def test_the_figure_that_got_worse_is_the_one_that_is_told() -> None:
    ratio = {"value": 0.99, "low": 0.97, "high": 1.01}
    slow = {"figure": "p90_ns", "verdict": "regressed", "ratio": {**ratio, "value": 1.21}}
    size = {"figure": "size_bytes", "verdict": "regressed", "ratio": {**ratio, "value": 1.5}}
    main = {"figure": "p50_ns", "verdict": "unchanged", "ratio": ratio}
    before = {**cell("digits", "fp32", "phone").before, **main, "verdict": "regressed",
              "figures": [size, main, slow]}  # fmt: skip
    one = cell("digits", "fp32", "phone", before=before, line=None)
    text = made.read(html(night_page(Morning("all", [one], 1.0), made.AGAIN))).text
    assert "p90" in text and "+21.0 %" in text and "+50.0 %" not in text


def test_what_was_not_compared_says_so() -> None:
    before = {"run": "r", "verdict": "inconclusive", "fails": False, "figure": None, "ratio": None,
              "same_model": False, "refused": ["runtime"], "problem": None}  # fmt: skip
    alone = Morning("all", [cell("digits", "fp32", "phone", before=before, line=None)], 1.0)
    assert "not compared" in html(night_page(alone, made.AGAIN))


@pytest.mark.parametrize("name", made.HOSTILE)
def test_no_name_is_taken_for_markup(name: str) -> None:
    one = Cell(name, name, name, Mark.FAILED, (name,), (name,), name)
    tags = made.read(html(night_page(Morning(name, [one], 1.0, remarks=(name,)), made.AGAIN))).tags
    assert "script" not in tags and "img" not in tags
