"""Files of references: what may stand in them, and how they are edited."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config.document import load
from pipeline.config.errors import ConfigInvalid
from pipeline.config.reference import USUAL, Figure, References
from pipeline.config.reference_text import changed, scalar

GOOD = """\
# What the vision team promises.
owner: vision team   # ask them
tolerances: {latency_percent: 5}

references:
  # as released
  - recipe: full-8
    accuracy_percent: 99.44   # of 359
    size_bytes: 79208
    reason: >-
      as first
      released
  - {recipe: full-8, profile: phone, where: device, latency_p50_ms: 0.39, reason: with 5.1}

  - recipe: fp32
    size_bytes: 250224
    tolerances: {size_percent: 0}
    owner: somebody else
    reason: a file
# the end
"""


def read(folder: Path, text: str) -> References:
    path = folder / "digits.yaml"
    path.write_text(text)
    return load(path, References, "references")


def test_a_file_is_read(tmp_path):
    found = read(tmp_path, GOOD)
    first, second, third = found.references
    assert (first.value(Figure.ACCURACY), first.value(Figure.P50)) == (99.44, None)
    assert first.reason == "as first released"
    assert (found.owner_of(first), found.owner_of(third)) == ("vision team", "somebody else")
    assert found.tolerance(second, Figure.P50) == 5
    assert found.tolerance(third, Figure.SIZE) == 0
    assert found.tolerance(first, Figure.SIZE) == USUAL["size_percent"]


def test_the_entry_that_says_most_comes_first(tmp_path):
    found = read(tmp_path, GOOD)
    assert [one.place for one in found.fitting("full-8", "phone", "device")] == [
        ("full-8", "phone", "device"),
        ("full-8", None, None),
    ]
    assert [one.place for one in found.fitting("full-8", "watch", "device")] == [
        ("full-8", None, None)
    ]
    assert list(found.fitting("full-4", "phone", "device")) == []


BAD = {
    "an unknown key": (("size_bytes: 79208", "size_byte: 79208"), 9, "size_byte"),
    "an unknown key of the file": (("owner: vision", "owners: vision"), 2, "owners"),
    "no reason": (("\n    reason: a file", ""), 15, "reason"),
    "an empty reason": (("reason: with 5.1", "reason: ''"), 13, "reason"),
    "no owner at all": (("owner: vision team   # ask them\n", ""), 2, "owner"),
    "no figure": (("size_bytes: 250224\n    ", ""), 15, "holds no figure"),
    "a latency of nowhere": (("where: device, ", ""), 13, "where"),
    "a place that is none": (("where: device", "where: cloud"), 13, "device"),
    "an accuracy above 100": (("99.44 ", "100.44 "), 8, "accuracy_percent"),
    "a size of nothing": (("79208", "0"), 9, "size_bytes"),
    "a negative tolerance": (("size_percent: 0", "size_percent: -1"), 17, "size_percent"),
    "twice the same": (("recipe: fp32", "recipe: full-8"), 5, "entries 1 and 3"),
}


@pytest.mark.parametrize(("edit", "line", "text"), BAD.values(), ids=BAD)
def test_what_is_wrong_is_told_with_its_line(tmp_path, edit, line, text):
    assert edit[0] in GOOD
    with pytest.raises(ConfigInvalid) as caught:
        read(tmp_path, GOOD.replace(*edit))
    assert f"digits.yaml:{line}:" in str(caught.value)
    assert text in str(caught.value)


def test_a_misspelled_key_is_guessed(tmp_path):
    with pytest.raises(ConfigInvalid) as caught:
        read(tmp_path, GOOD.replace("latency_p50_ms", "latency_p50"))
    assert caught.value.hint == "did you mean `latency_p50_ms`?"


def test_only_what_changes_is_rewritten():
    text = changed(
        GOOD,
        {
            0: {"size_bytes": 80000, "reason": "packed: anew", "load_ms": 5.5},
            1: {"latency_p50_ms": 0.41, "owner": "a, b"},
            2: {"owner": "them", "accuracy_percent": 99.5},
        },
        [{"recipe": "fp16", "size_bytes": 1, "reason": "new"}],
    )
    assert text == (
        GOOD.replace("79208", "80000")
        .replace(">-\n      as first\n      released\n", '"packed: anew"\n    load_ms: 5.5\n')
        .replace("0.39, reason: with 5.1", '0.41, reason: with 5.1, owner: "a, b"')
        .replace("somebody else", "them")
        .replace("a file\n", "a file\n    accuracy_percent: 99.5\n  - recipe: fp16\n"
                 "    size_bytes: 1\n    reason: new\n")
    )  # fmt: skip


FORMS = {
    "nothing": "",
    "comments only": "# mine\n",
    "an owner": "owner: me\n",
    "an owner without an end of line": "owner: me",
    "an empty list": "owner: me\nreferences: []\n# end\n",
    "a list within brackets": "references: [{recipe: a, size_bytes: 1, reason: b}]\nowner: me\n",
    "lines further in": "references:\n    - recipe: a\n      size_bytes: 1\n      reason: b\n",
    "lines at the margin": "references:\n- recipe: a\n  size_bytes: 1\n  reason: b",
    "brackets at the end": "references:\n- {recipe: a, tolerances: {size_percent: 1}}\nowner: me\n",
    "Windows' ends of lines": "owner: me\r\nreferences:\r\n- recipe: a\r\n  size_bytes: 1\r\n",
}


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS)
def test_entries_are_added_in_every_form(text):
    new = [{"recipe": "x", "size_bytes": 7, "reason": "y, z"}, {"recipe": "w", "reason": "v"}]
    before = yaml.safe_load(text) or {}
    after = yaml.safe_load(changed(text, {}, new))
    assert after == {**before, "references": [*(before.get("references") or []), *new]}
    for line in text.splitlines():
        if line.startswith("#"):
            assert line in changed(text, {}, new)


@pytest.mark.parametrize(
    "text", ["- a list\n", "references: 7\n", "references:\nowner: me\n", "{owner: me}\n"]
)
def test_a_form_that_cannot_be_edited_is_refused(text):
    with pytest.raises(ValueError, match=r"references:|no keys"):
        changed(text, {}, [{"recipe": "x"}])


@given(st.one_of(st.text(), st.integers(), st.floats(0, 1e15, allow_subnormal=False)))
def test_a_value_reads_back_as_it_was(value):
    for text in (f"a: {scalar(value)}\n", f"[{{a: {scalar(value)}}}]\n"):
        try:
            found = yaml.safe_load(text)
        except yaml.reader.ReaderError:  # signs that no YAML may hold
            continue
        found = found[0]["a"] if isinstance(found, list) else found["a"]
        assert (
            found == pytest.approx(value, abs=1e-12)
            if isinstance(value, float)
            else (found == value)
        )
