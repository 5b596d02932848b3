"""Which night is gone on with, and what of it counts as arrived."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.chain.nightly.case import Case
from pipeline.chain.nightly.ledger import Ledger, open_ledger
from pipeline.chain.nightly.matrix import Matrix
from tests.chain.nightly import made

CASE = Case("digits", "fp32", "phone")
MATRIX = Matrix((CASE,), (), "1")


def finish(ledger: Ledger, *left: str) -> None:
    ledger.run.finish({"status": "done"})
    for name in left:
        (ledger.run.folder / name).write_text("")


@pytest.mark.parametrize(
    ("left", "goes_on"),
    [
        # Killed after its manifest, before its pages and its history: both are made up for.
        ((), True),
        (("report.html", "report.md"), True),
        (("report.html", "report.md", "junit.xml"), False),
    ],
)
def test_a_night_is_finished_when_the_last_of_its_files_is_there(
    tmp_path: Path, left: tuple[str, ...], goes_on: bool
) -> None:
    first = open_ledger(tmp_path, "n", MATRIX, fresh=False)
    first.note(made.arrived(CASE))
    finish(first, *left)
    second = open_ledger(tmp_path, "n", MATRIX, fresh=False)
    assert (second.run.folder == first.run.folder) is goes_on
    assert (CASE in second.arrived([CASE])) is goes_on


def test_only_the_same_matrix_is_gone_on_with(tmp_path: Path) -> None:
    first = open_ledger(tmp_path, "n", MATRIX, fresh=False)
    other = open_ledger(tmp_path, "n", Matrix((CASE,), (), "2"), fresh=False)
    assert other.run.folder != first.run.folder
    assert open_ledger(tmp_path, "n", MATRIX, fresh=False).run.folder == first.run.folder
    assert open_ledger(tmp_path, "n", MATRIX, fresh=True).run.folder != first.run.folder
