"""Two runs compared: planted changes are found, unchanged ones are not, others are refused."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from pipeline.chain.compare import (
    NotComparable,
    NothingInCommon,
    UnknownCondition,
    compare,
)
from pipeline.core.errors import ExitCode
from pipeline.history.errors import ResultsUnreadable
from pipeline.statistics.verdict import Verdict

_RUNS = 10


def record(seed: int, slower: float = 1.0, reference: float = 1.0, **changes: Any) -> Any:
    """A result record whose runs scatter by 0.5 %, beside a reference workload that does too."""
    chance = random.Random(seed)

    def noisy(value: float) -> float:
        return value * chance.gauss(1.0, 0.005)

    runs = [
        {
            "round": number,
            "n": 64,
            "p50_ns": noisy(1e6 * slower * reference),
            "p90_ns": noisy(1.1e6 * slower * reference),
            "load_ns": noisy(5e6),
            "first_inference_ns": noisy(2e6),
            "peak_memory_bytes": 80_000_000,
        }
        for number in range(_RUNS)
    ]
    return {
        "schema": 2,
        "verdict": "valid",
        "where": "device",
        "device": {"key": "ABC", "model": "M", "build": "1"},
        "runner": "r",
        "runtime": "t",
        "mode": "back-to-back",
        "threads": 2,
        "fp16": False,
        "latency_ns": {"n": 640, "p50_ns": 1e6 * slower},
        "runs": runs,
        "reference": {
            "model_sha256": "aa",
            "runs_p50_ns": [noisy(3e5 * reference) for _ in range(_RUNS)],
        },
        **changes,
    }


def row(name: str = "fp32", benchmark: Any = None, **changes: Any) -> dict[str, Any]:
    values = {
        "name": name, "sha256": "ab" * 32, "size_bytes": 100_000, "accuracy_percent": 99.0,
        "n": 1000, "benchmark": benchmark,
    }  # fmt: skip
    return {**values, **changes}


def run(folder: Path, name: str, *rows: dict[str, Any]) -> Path:
    path = folder / f"20260101T0{len(list(folder.iterdir()))}0000-deploy-digits" / "manifest.json"
    path.parent.mkdir()
    manifest = {
        "status": "done", "name": "digits", "profile": "phone", "run": path.parent.name,
        "run_folder": str(path.parent), "models": list(rows), "recipes": {"fp32": {}, "full-8": {}},
    }  # fmt: skip
    path.write_text(json.dumps(manifest))
    return path.parent


def verdicts(before: Path, after: Path, **options: Any) -> dict[str, Verdict]:
    (model,) = compare(before, after, **options).models
    return {change.figure: change.verdict for change in model.changes}


def test_the_same_is_unchanged(tmp_path: Path) -> None:
    before = run(tmp_path, "a", row(benchmark=record(1)))
    after = run(tmp_path, "b", row(benchmark=record(2)))
    found = compare(before, after)
    assert found.exit_code is ExitCode.DONE
    assert found.models[0].verdict is Verdict.UNCHANGED, found.models[0].changes


@pytest.mark.parametrize(
    ("figure", "old", "new", "verdict"),
    [
        ("p50_ns", record(1), record(2, slower=1.05), Verdict.REGRESSED),
        ("p50_ns", record(1, slower=1.05), record(2), Verdict.IMPROVED),
        ("p90_ns", record(1), record(2, slower=1.2), Verdict.REGRESSED),
        # The whole device became slower, the model did not.
        ("p50_ns", record(1), record(2, reference=1.05), Verdict.INCONCLUSIVE),
    ],
)
def test_a_planted_change_of_latency_is_found(
    tmp_path: Path, figure: str, old: Any, new: Any, verdict: Verdict
) -> None:
    before = run(tmp_path, "a", row(benchmark=old))
    after = run(tmp_path, "b", row(benchmark=new))
    assert verdicts(before, after)[figure] is verdict
    code = ExitCode.GATE_FAILED if verdict is Verdict.REGRESSED else ExitCode.DONE
    assert compare(before, after).exit_code is code


@pytest.mark.parametrize(
    ("figure", "changed", "verdict"),
    [
        ("size_bytes", {"size_bytes": 120_000}, Verdict.REGRESSED),
        ("size_bytes", {"size_bytes": 50_000}, Verdict.IMPROVED),
        ("accuracy_percent", {"accuracy_percent": 98.0}, Verdict.REGRESSED),
        ("accuracy_percent", {"accuracy_percent": 99.9}, Verdict.IMPROVED),
        ("accuracy_percent", {"accuracy_percent": 99.1}, Verdict.UNCHANGED),
        ("accuracy_percent", {"accuracy_percent": 98.0, "n": 10}, Verdict.INCONCLUSIVE),
    ],
)
def test_a_planted_change_of_the_model_is_found(
    tmp_path: Path, figure: str, changed: dict[str, Any], verdict: Verdict
) -> None:
    found = verdicts(run(tmp_path, "a", row()), run(tmp_path, "b", row(**changed)))
    assert found[figure] is verdict


@pytest.mark.parametrize(
    ("condition", "changed"),
    [
        ("where", {"where": "emulated-host"}),
        ("device", {"device": {"key": "XYZ", "model": "M", "build": "1"}}),
        ("runner", {"runner": "other"}),
        ("runtime", {"runtime": "other"}),
        ("mode", {"mode": "paced"}),
        ("threads", {"threads": 4}),
        ("fp16", {"fp16": True}),
    ],
)
def test_what_cannot_be_compared_is_refused_and_told(
    tmp_path: Path, condition: str, changed: dict[str, Any]
) -> None:
    before = run(tmp_path, "a", row(benchmark=record(1)))
    after = run(tmp_path, "b", row(benchmark=record(2, **changed)))
    with pytest.raises(NotComparable) as caught:
        compare(before, after)
    assert caught.value.exit_code is ExitCode.USAGE
    assert compare(before, after, across=[condition]).models[0].differences


def test_what_is_missing_or_invalid_is_no_data(tmp_path: Path) -> None:
    before = run(tmp_path, "a", row(benchmark=record(1)), row("full-8", record(1)))
    gone = run(tmp_path, "b", row(benchmark=record(2)))
    assert compare(before, gone).exit_code is ExitCode.NO_DATA
    invalid = record(2, verdict="invalid", reason="too hot")
    hot = run(tmp_path, "c", row(benchmark=invalid), row("full-8", record(2)))
    found = compare(before, hot)
    assert found.exit_code is ExitCode.NO_DATA
    assert found.models[0].verdict is Verdict.INCONCLUSIVE


def test_what_is_no_run_is_said(tmp_path: Path) -> None:
    one = run(tmp_path, "a", row())
    with pytest.raises(NothingInCommon):
        compare(one, run(tmp_path, "b", row("full-8")))
    with pytest.raises(UnknownCondition, match="weather"):
        compare(one, one, across=["weather"])
    (tmp_path / "x.json").write_text("{")
    with pytest.raises(ResultsUnreadable):
        compare(one, tmp_path / "x.json")
