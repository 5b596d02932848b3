"""Which cases a night expects."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pipeline.chain.nightly.case import Case
from pipeline.chain.nightly.matrix import CasesUnmatched, MatrixEmpty, ModelTwice, lay_out
from pipeline.config import places
from pipeline.core.errors import ExitCode
from tests.chain.nightly import made

PLAIN = "models: [DIGITS]\nrecipes: [fp32, full-8]\ndevices: [phone, watch]\n"


def test_every_combination_is_expected(tmp_path: Path) -> None:
    matrix = lay_out(places.nightly(made.night_file(tmp_path, PLAIN)))
    assert [case.text for case in matrix.cases] == [
        "digits/fp32/phone",
        "digits/fp32/watch",
        "digits/full-8/phone",
        "digits/full-8/watch",
    ]
    assert matrix.of("digits", "watch") == (matrix.cases[1], matrix.cases[3])


def test_what_is_left_out_is_told_with_its_reason(tmp_path: Path) -> None:
    skip = "skip: [{recipe: full-*, device: watch, reason: too slow}]\n"
    matrix = lay_out(places.nightly(made.night_file(tmp_path, PLAIN + skip)))
    assert matrix.skipped == ((Case("digits", "full-8", "watch"), "too slow"),)
    assert len(matrix.cases) == 3


@pytest.mark.parametrize("section", ["skip", "quarantine"])
def test_an_entry_that_matches_nothing_is_an_error(tmp_path: Path, section: str) -> None:
    entry = f"{section}: [{{recipe: full-9, reason: r, owner: o, until: 2030-01-01}}]\n"
    if section == "skip":
        entry = entry.replace(", owner: o, until: 2030-01-01", "")
    with pytest.raises(CasesUnmatched, match=f"entry 1 of `{section}`"):
        lay_out(places.nightly(made.night_file(tmp_path, PLAIN + entry)))


def test_a_night_of_nothing_is_never_green(tmp_path: Path) -> None:
    with pytest.raises(MatrixEmpty) as caught:
        lay_out(places.nightly(made.night_file(tmp_path, PLAIN + "skip: [{reason: all}]\n")))
    assert caught.value.exit_code is ExitCode.USAGE


def test_models_of_one_name_are_refused(tmp_path: Path) -> None:
    shutil.copytree(made.DIGITS.parent, tmp_path / "other")
    text = PLAIN.replace("[DIGITS]", f"[DIGITS, {tmp_path / 'other' / 'deploy.yaml'}]")
    with pytest.raises(ModelTwice, match="digits"):
        lay_out(places.nightly(made.night_file(tmp_path, text)))


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ("description: other words\n", True),
        ("quarantine: [{device: phone, reason: r, owner: o, until: 2030-01-01}]\n", True),
        ("skip: [{device: watch, reason: r}]\n", False),
        ("name: other\n", False),
    ],
)
def test_only_what_changes_results_begins_another_night(
    tmp_path: Path, change: str, same: bool
) -> None:
    plain = lay_out(places.nightly(made.night_file(tmp_path, PLAIN))).digest
    changed = lay_out(places.nightly(made.night_file(tmp_path, PLAIN + change))).digest
    assert (plain == changed) is same


def test_a_retrained_network_begins_another_night(tmp_path: Path) -> None:
    shutil.copytree(made.DIGITS.parent, tmp_path / "digits")
    path = made.night_file(tmp_path, PLAIN.replace("DIGITS", "digits/deploy.yaml"))
    plain = lay_out(places.nightly(path)).digest
    with (tmp_path / "digits" / "lenet5.ckpt").open("ab") as stream:
        stream.write(b"x")
    assert lay_out(places.nightly(path)).digest != plain
