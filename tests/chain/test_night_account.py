"""The page of a night, written from its folder and the history."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pytest

from pipeline.chain import account
from pipeline.chain.history import NAME, imported
from pipeline.chain.nightly.case import Case, Status
from pipeline.chain.nightly.verdict import Judged, Night
from pipeline.config.nightly import Quarantine
from pipeline.history.errors import ResultsUnreadable
from tests.chain.nightly import made

CASE = Case("digits", "full-8", "phone")
SAMPLES = [[1_000_000 + 1000 * place for place in range(50)]] * 2
RULE = Quarantine(device="watch", until=datetime.date(2099, 1, 1), reason="its cable", owner="ops")


def night(workspace: Path, day: int, slower: float = 1.0, *others: Judged) -> Path:
    """A finished night of one measured case, whose samples are kept, and others."""
    folder = workspace / f"202603{day:02}T010000-nightly-n"
    record = made.measured(slower, seed=day, samples="samples/full-8.json")
    before = {"run": "earlier", "verdict": "regressed", "fails": True, "figure": "p50_ns",
              "ratio": {"value": slower, "low": 1.2, "high": 1.4}, "same_model": True,
              "figures": []}  # fmt: skip
    one = made.arrived(
        CASE,
        Status.FAILED if slower > 1 else Status.PASSED,
        row=made.row(name="full-8", benchmark=record),
        before=before if slower > 1 else None,
    )
    judged = (Judged(one), *others)
    value = Night("n", folder, judged, ((Case("digits", "fp32", "tv"), "slow"),), (), 0, 60.0)
    part = folder / "devices" / "phone" / "digits" / "samples"
    part.mkdir(parents=True)
    runs = [{"record": {"samples_ns": samples}} for samples in SAMPLES]
    (part / "full-8.json").write_text(json.dumps({"runs": runs}))
    content = {**value.as_json(), "run": folder.name, "argv": ["nightly", "my night.yaml"]}
    (folder / "manifest.json").write_text(json.dumps(content))
    return folder


def test_it_has_trends_samples_and_what_changed(tmp_path: Path) -> None:
    away = Judged(made.arrived(Case("digits", "full-8", "watch"), Status.ERROR, row={}), RULE)
    nights = [night(tmp_path, day) for day in (1, 2, 3)] + [night(tmp_path, 4, 1.3, away)]
    imported(tmp_path / NAME, nights)
    written = account.report(nights[-1])
    assert [path.name for path in written.pages] == ["report.html", "report.md", "junit.xml"]
    page = (nights[-1] / "report.html").read_text("utf-8")
    assert "1 figure over 4 nights" in page and "full-8, phone" in page
    assert "Samples of what stands out" in page and "100 samples" in page
    assert "+30.0 %" in page and "same file" in page
    assert "quarantined until 2099-01-01 by ops: its cable" in page
    assert "pipeline nightly &#x27;my night.yaml&#x27;" in page
    junit = (nights[-1] / "junit.xml").read_text("utf-8")
    assert 'tests="3" failures="1" errors="0" skipped="2"' in junit


def test_without_a_history_and_with_damaged_samples_it_still_comes(tmp_path: Path) -> None:
    folder = night(tmp_path, 1, 1.3)
    (folder / "devices/phone/digits/samples/full-8.json").write_text("{")
    account.report(folder)
    page = (folder / "report.html").read_text("utf-8")
    assert "nights, each against" not in page and "Samples of what" not in page


def test_what_is_no_night_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "20260301T010000-nightly-n"
    folder.mkdir()
    (folder / "manifest.json").write_text(json.dumps({"status": "done", "cases": [{}]}))
    with pytest.raises(ResultsUnreadable, match="case"):
        account.report(folder)
