"""A CSV of labels, as people and spreadsheets write it."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.data import labels
from pipeline.data.errors import LabelsInvalid

GOOD = {
    "numbers": (b"a.png,1\nb.png,0\n", (1, 0), ()),
    "names": (b"a.png,dog\nb.png,cat\n", (1, 0), ("cat", "dog")),
    "titles": (b"name,label\na.png,1\nb.png,0\n", (1, 0), ()),
    "other titles": (b"Filename, Class\na.png,x\nb.png,y\n", (0, 1), ("x", "y")),
    "of Windows": (b"\xef\xbb\xbfa.png,1\r\nb.png,0\r\n", (1, 0), ()),
    "quotes and blanks": (b'"a.png", "1"\n\n b.png , 0 \n\n', (1, 0), ()),
    "no end of line": (b"a.png,1\nb.png,0", (1, 0), ()),
    "a comma in a name": (b'a.png,"x, y"\nb.png,z\n', (0, 1), ("x, y", "z")),
}
BAD = {
    "nothing": (b"", 1, "no labels in it"),
    "titles alone": (b"name,label\n", 1, "no labels in it"),
    "no label": (b"a.png,1\nb.png\n", 2, "not a row `name,label`"),
    "an empty label": (b"a.png,1\nb.png,\n", 2, "not a row `name,label`"),
    "three cells": (b"a.png,1,x\n", 1, "not a row"),
    "another separator": (b"a.png;1\n", 1, "not a row"),
    "a name twice": (b"a.png,1\nb.png,1\na.png,0\n", 3, "a.png stands in line 1 already"),
    "an image that is not there": (b"a.png,1\nc.png,1\n", 2, "there is no image c.png in"),
    "a folder": (b".,1\n", 1, "there is no image ."),
    "a zero byte": (b"a.png,1\nb\0.png,1\n", 2, ""),
    "numbers and names": (b"a.png,1\nb.png,l0\n", 2, "'l0' is a name, others are numbers"),
    "below zero": (b"a.png,1\nb.png,-1\n", 2, "'-1' is a name"),
    "fractions": (b"a.png,1\nb.png,0.0\n", 2, "'0.0' is a name"),
    "an open quote": (b'a.png,"1\nb.png,0\n', 2, ""),
    "no UTF-8": (b"a.png,1\nb.png,\xff\n", 2, "not UTF-8 text"),
}  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    for name in ("a.png", "b.png"):
        (tmp_path / name).touch()
    return tmp_path


@pytest.mark.parametrize(("content", "numbers", "classes"), GOOD.values(), ids=GOOD)
def test_labels_are_read(folder, content, numbers, classes):
    (folder / "labels.csv").write_bytes(content)
    found = labels.read(folder / "labels.csv", folder)
    assert found == (("a.png", "b.png"), numbers, classes)


@pytest.mark.parametrize(("content", "line", "text"), BAD.values(), ids=BAD)
def test_bad_labels_are_told_with_their_line(folder, content, line, text):
    (folder / "labels.csv").write_bytes(content)
    with pytest.raises(LabelsInvalid, match=rf"labels\.csv:{line}: ") as caught:
        labels.read(folder / "labels.csv", folder)
    assert text in caught.value.reason
    assert caught.value.exit_code == 5


texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=8)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(given=st.tuples(texts, texts))
def test_what_is_written_is_read_again(folder, given):
    given = tuple(label.strip() for label in given)
    stream = io.StringIO(newline="")
    csv.writer(stream).writerows(zip(("a.png", "b.png"), given, strict=True))
    (folder / "labels.csv").write_bytes(stream.getvalue().encode())
    try:
        _, numbers, classes = labels.read(folder / "labels.csv", folder)
    except LabelsInvalid:
        assert not all(given) or any(label.isascii() and label.isdigit() for label in given)
    else:
        assert [classes[number] if classes else str(number) for number in numbers] == [
            label if classes else str(int(label)) for label in given
        ]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=60))
def test_no_bytes_whatever_get_past_an_error_of_ours(folder, content):
    (folder / "labels.csv").write_bytes(content)
    with pytest.raises(LabelsInvalid):
        labels.read(folder / "labels.csv", folder / "empty")
