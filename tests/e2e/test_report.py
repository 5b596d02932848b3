"""The report of a real deployment."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Cli

pytestmark = pytest.mark.slow


def test_a_deployment_has_a_report_that_needs_nothing_else(deployed: tuple[Cli, Any]) -> None:
    _, report = deployed
    folder = Path(report["run_folder"])
    page = (folder / "report.html").read_text()
    assert len(page) < 1_000_000
    assert "EMULATED" in page and all(row["name"] in page for row in report["models"])
    assert "<script" not in page and "https://" not in page.replace("https://www.w3.org", "")
    assert page.count("<svg") >= 3  # accuracy against size, every sample, the weights
    assert "| fp32 |" in (folder / "report.md").read_text()


def test_it_can_be_written_again(copy: Cli) -> None:
    runs = [path for path in copy.workspace.glob("*-deploy-*") if (path / "report.html").is_file()]
    (runs[0] / "report.html").unlink()
    done = copy("report", runs[0], "--json")
    assert done.code == 0, done.err
    assert [Path(path).name for path in json.loads(done.out)["pages"]] == [
        "report.html",
        "report.md",
    ]
    assert (runs[0] / "report.html").is_file()
    assert copy("report", copy.workspace / "nothing").code != 0
