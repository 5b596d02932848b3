"""Runs held against references, and references brought to a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeline.chain.reference.check import NoReferences, check
from pipeline.chain.reference.judge import Verdict
from pipeline.chain.reference.update import OwnerMissing, ReferencesUneditable, update
from pipeline.config.errors import ConfigInvalid
from pipeline.config.reference import Figure
from pipeline.core.errors import FileMissing
from pipeline.history.errors import ResultsUnreadable
from tests.history.test_manifest import COUNTED, ONE_RUN, deployment, row, write

FILE = """\
# what we promise
owner: vision
references:
  - recipe: full-8
    accuracy_percent: 99.44   # of 359
    size_bytes: 79208
    reason: as released
  - recipe: full-8
    profile: phone
    where: device
    latency_p50_ms: 0.00012
    reason: measured on ours
"""


@pytest.fixture
def references(tmp_path: Path) -> Path:
    path = tmp_path / "references" / "digits.yaml"
    path.parent.mkdir()
    path.write_text(FILE)
    return path


def run(folder: Path, record: dict[str, Any] | None = ONE_RUN, **changes: Any) -> Path:
    latency = changes.pop("p50_ns", None)
    if record and latency is not None:
        record = {**record, "latency_ns": {**record["latency_ns"], "p50_ns": latency}}
    return write(folder / "run", deployment({**row(record), **changes}))


def verdicts(checked) -> dict[str, str]:
    return {one.figure.value: one.verdict.value for one in checked.judged}


CASES = {
    "all as it was": ({}, {}, 0),
    "a little less accurate": ({"accuracy_percent": 99.25}, {}, 0),
    "less accurate": ({"accuracy_percent": 99.23}, {"accuracy_percent": "worse"}, 1),
    "more accurate": ({"accuracy_percent": 99.66}, {"accuracy_percent": "better"}, 1),
    "larger": ({"size_bytes": 80_001}, {"size_bytes": "worse"}, 1),
    "a little larger": ({"size_bytes": 80_000}, {}, 0),
    "smaller": ({"size_bytes": 70_000}, {"size_bytes": "better"}, 1),
    "slower": ({"p50_ns": 132.1}, {"latency_p50_ms": "worse"}, 1),
    "a little slower": ({"p50_ns": 131.9}, {}, 0),
    "faster": ({"p50_ns": 107.0}, {"latency_p50_ms": "better"}, 1),
    "not measured": ({"accuracy_percent": None}, {"accuracy_percent": "not measured"}, 5),
    "worse and not measured": (
        {"accuracy_percent": None, "size_bytes": 90_000},
        {"accuracy_percent": "not measured", "size_bytes": "worse"},
        1,
    ),
}


@pytest.mark.parametrize(("changes", "expected", "code"), CASES.values(), ids=CASES)
def test_a_run_is_held_against_its_references(tmp_path, references, changes, expected, code):
    found = check(run(tmp_path, **changes), references=references)
    same = {"accuracy_percent": "met", "size_bytes": "met", "latency_p50_ms": "met"}
    assert verdicts(found) == {**same, **expected}
    assert found.exit_code == code
    assert len(found.failures) == len(expected)
    assert found.as_json()["verdict"] == ("passed" if code == 0 else "failed")
    for failure in found.failures:
        assert failure.startswith("digits full-8: ")


def test_an_invalid_latency_is_not_measured_and_says_why(tmp_path, references):
    record = {**ONE_RUN, "verdict": "invalid", "reason": "too hot"}
    found = check(run(tmp_path, record), references=references)
    assert verdicts(found)["latency_p50_ms"] == "not measured"
    assert found.exit_code == 5
    assert "too hot" in found.failures[0]
    assert verdicts(found)["size_bytes"] == "met"


def test_a_latency_of_another_place_has_no_reference(tmp_path, references):
    record = {**ONE_RUN, "where": "emulated-host"}
    found = check(run(tmp_path, record, p50_ns=1e9), references=references)
    assert verdicts(found) == {"accuracy_percent": "met", "size_bytes": "met"}
    assert found.exit_code == 0


def test_what_has_no_reference_is_told_and_does_not_fail(tmp_path, references):
    references.write_text(FILE[: FILE.rindex("  - recipe")].replace("    size_bytes: 79208\n", ""))
    found = check(run(tmp_path), references=references)
    assert verdicts(found) == {
        "accuracy_percent": "met",
        "size_bytes": "no reference",
        "latency_p50_ms": "no reference",
    }
    assert (found.exit_code, found.failures) == (0, ())


@pytest.mark.parametrize("what", ["no file", "another recipe", "another model"])
def test_a_run_without_any_reference_proves_nothing(tmp_path, references, what):
    if what == "no file":
        references.unlink()
    elif what == "another recipe":
        references.write_text(FILE.replace("full-8", "full-4"))
    else:
        references.rename(references.with_name("other.yaml"))
    with pytest.raises(NoReferences) as caught:
        check(run(tmp_path), references=references.parent)
    assert caught.value.exit_code == 5


def test_what_is_not_there_or_wrong_is_told(tmp_path, references):
    with pytest.raises(FileMissing):
        check(run(tmp_path), references=tmp_path / "none.yaml")
    with pytest.raises(ResultsUnreadable):
        check(tmp_path / "no run", references=references)
    references.write_text(FILE.replace("size_bytes", "size"))
    with pytest.raises(ConfigInvalid, match=r"digits\.yaml:6: `references\.0\.size`"):
        check(run(tmp_path), references=references)


def test_the_latest_run_and_the_usual_place(tmp_path, monkeypatch, references):
    (tmp_path / "configs").mkdir()
    references.parent.rename(tmp_path / "configs" / "references")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "latest").symlink_to(run(tmp_path))
    found = check()
    assert found.exit_code == 0
    assert found.files == {"digits": tmp_path / "configs" / "references" / "digits.yaml"}


def test_references_that_came_along_are_of_another_model(tmp_path, monkeypatch):
    """The example is called `digits` too."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NoReferences):
        check(run(tmp_path))


def test_an_update_changes_what_differs_and_nothing_else(tmp_path, references):
    worse = run(tmp_path, size_bytes=90_000, p50_ns=120.5, accuracy_percent=99.5)
    found = update(worse, reason="bias: corrected", references=references)
    assert [one.figure for one in found.changes[references]] == [Figure.SIZE]
    assert references.read_text() == FILE.replace("79208", "90000").replace(
        "as released", '"bias: corrected"'
    )
    assert check(worse, references=references).exit_code == 0
    again = update(worse, reason="nothing", references=references)
    assert again.changes == {}
    assert "nothing" not in references.read_text()


def test_an_update_adds_what_was_missing_where_it_belongs(tmp_path, references):
    text = FILE[: FILE.rindex("  - recipe")].replace("    size_bytes: 79208\n", "")
    references.write_text(text)
    update(run(tmp_path), reason="measured", owner="phones", references=references)
    assert references.read_text() == text.replace("as released", "measured") + (
        "    size_bytes: 79208\n    owner: phones\n"
        "  - recipe: full-8\n    profile: phone\n    where: device\n    latency_p50_ms: 0.00012\n"
        "    reason: measured\n    owner: phones\n"
    )
    assert check(run(tmp_path), references=references).exit_code == 0


def test_a_new_file_has_an_owner_and_no_latency_of_an_emulated_device(tmp_path):
    emulated = run(tmp_path, {**ONE_RUN, "where": "emulated-host"})
    folder = tmp_path / "new"
    with pytest.raises(OwnerMissing):
        update(emulated, reason="first", references=folder)
    assert not folder.exists()
    update(emulated, reason="first", owner="me", references=folder)
    text = (folder / "digits.yaml").read_text()
    assert "owner: me" in text and "size_bytes: 79208" in text and "latency" not in text
    assert check(emulated, references=folder).exit_code == 0


def test_instructions_are_a_reference_without_a_phone(tmp_path):
    counted = run(tmp_path, COUNTED)
    update(counted, reason="first", owner="me", references=tmp_path / "new")
    found = check(counted, references=tmp_path / "new")
    assert verdicts(found)["instructions"] == "met"
    more = {**COUNTED, "instructions": {"cpu": "cortex-a76", "total": 1_260_000}}
    found = check(run(tmp_path, more), references=tmp_path / "new")
    assert verdicts(found)["instructions"] == "worse"


def test_what_was_not_measured_is_not_updated(tmp_path, references):
    record = {**ONE_RUN, "verdict": "invalid", "reason": "too hot"}
    found = update(run(tmp_path, record, p50_ns=1e6), reason="why", references=references)
    assert found.changes == {}
    assert [one.verdict for one in found.skipped] == [Verdict.UNMEASURED]
    assert references.read_text() == FILE


def test_a_file_that_cannot_be_edited_stays(tmp_path, references):
    text = FILE.replace("size_bytes: 79208", "size_bytes: &size 79208").replace(
        "latency_p50_ms: 0.00012", "load_ms: *size"
    )
    references.write_text(text)
    with pytest.raises(ReferencesUneditable):
        update(run(tmp_path, size_bytes=90_000), reason="why", references=references)
    assert references.read_text() == text
