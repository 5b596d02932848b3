"""The page of a deployment."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pipeline.report.deployment import Deployment, deployment_page
from pipeline.report.document import Tone
from pipeline.report.markdown import markdown
from pipeline.report.model import Model
from pipeline.report.page import html
from tests.report import made


def record(**changes: Any) -> dict[str, Any]:
    return {
        "verdict": "valid",
        "where": "emulated-host",
        "doubts": [],
        "latency_ns": {
            "n": 3, "p50_ns": 2e6, "p90_ns": 3e6, "p99_ns": 4e6, "supported_percentiles": [50],
        },
        "over_runs": {"p50_ns": {"value": 2e6, "low": 1.9e6, "high": 2.1e6}},
        "load_ns": 5_000_000,
        "runs": [{"round": 1, "p50_ns": 2.1e6}, {"round": 0, "p50_ns": 1.9e6}],
        "telemetry": {"before": {"temperature_mc": 31_000}, "after": {"temperature_mc": 33_500}},
        "peak_memory_bytes": 80_000_000,
        "operators": [{"name": "conv1", "type": "Conv2D", "calls": 3, "total_ns": 100}],
        **changes,
    }  # fmt: skip


def found(name: str = "fp32", failures: tuple[str, ...] = (), **changes: Any) -> Deployment:
    row = {
        "name": name, "size_bytes": 1000, "times_smaller": 1.0, "accuracy_percent": 99.0,
        "accuracy_drop_points": 0.0, "correct": 99, "n": 100, "failures": list(failures),
        "parity": {"cosine_min": 0.99, "cosine_mean": 0.999}, "benchmark": record(**changes),
    }  # fmt: skip
    report = {
        "name": "digits", "profile": "phone", "where": "emulated-host", "failures": list(failures),
        "device": {"key": "ABC", "model": name, "cores": 8},
    }  # fmt: skip
    models = [Model(row, ((1_000_000, 2_000_000, 9_000_000),)), Model({**row, "name": "other"})]
    return Deployment(report, models, 98.0, made.spreads(2), (made.line(20, (10,)),))


def test_it_says_what_was_measured_and_where() -> None:
    seen = made.read(html(deployment_page(found(), made.AGAIN)))
    for text in (
        "Passed:",
        "EMULATED",
        "1.9 to 2.1",
        "~4",
        "conv1",
        "80.0",
        "31.0 to 33.5 °C",
        "ABC",
    ):
        assert text in seen.text, text
    assert seen.tags.count("svg") == 7  # pareto, samples, launches, two profiles, a trend, weights


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"failures": ("accuracy fell",)}, "accuracy fell"),
        ({"verdict": "invalid", "reason": "too hot"}, "too hot"),
    ],
)
def test_a_bad_one_says_so_first(changes: dict[str, Any], said: str) -> None:
    page = deployment_page(found(**changes), made.AGAIN)
    assert page.verdict.tone is Tone.BAD and said in page.verdict.sentence


def comparison(verdict: str) -> dict[str, Any]:
    ratio = {"value": 1.07, "low": 1.05, "high": 1.09}
    figures = [
        {"figure": "p50_ns", "before": 2e6, "after": 2.14e6, "ratio": ratio, "verdict": verdict,
         "note": ""},
        {"figure": "accuracy_percent", "before": 99.0, "after": 98.75, "ratio": None,
         "verdict": "unchanged", "note": "as it was"},
    ]  # fmt: skip
    model = {"model": "fp32", "problem": None, "differences": ["runtime"], "figures": figures}
    return {
        "before": "runs/A", "after": "runs/B", "paired": True, "added": ["new"], "models": [model],
        "regressions": ["fp32: p50_ns"] if verdict == "regressed" else [],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("verdict", "word"), [("regressed", "Regressed:"), ("improved", "Passed:")]
)
def test_an_older_run_is_told_of_with_effects_and_intervals(verdict: str, word: str) -> None:
    one = found()
    page = deployment_page(
        replace(one, report={**one.report, "comparison": comparison(verdict)}), made.AGAIN
    )
    text = made.read(html(page)).text
    assert page.verdict.word == word and verdict in text
    for told in (
        "+7.0 %",
        "+5.0 % to +9.0 %",
        "-0.25 points",
        "2.14",
        "taking turns",
        "compared nevertheless",
    ):
        assert told in text, told


def test_an_emulated_processor_has_instructions_and_no_time() -> None:
    counted = {"total": 1_234_567, "operators": []}
    page = deployment_page(
        found(latency_ns=None, over_runs={}, load_ns=None, instructions=counted), made.AGAIN
    )
    text = markdown(page)
    assert "1,234,567" in text and "p50" not in text


@pytest.mark.parametrize("name", made.HOSTILE)
def test_no_name_is_taken_for_markup(name: str) -> None:
    text = html(deployment_page(found(name), made.AGAIN))
    tags = made.read(text).tags
    assert "script" not in tags and "img" not in tags
