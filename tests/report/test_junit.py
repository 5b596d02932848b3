"""JUnit XML as CI reads it."""

from __future__ import annotations

from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.errors import one_line
from pipeline.report.github import Level, annotation
from pipeline.report.junit import Case, Result, junit

CASES = [
    Case("phone", "digits", "fp32", seconds=1.5),
    Case("phone", "digits", "full-8", Result.FAILURE, "failed", "accuracy fell"),
    Case("watch", "digits", "fp32", Result.ERROR, "missing", "nothing arrived"),
    Case("watch", "digits", "full-8", Result.SKIPPED, message="quarantined"),
]


def test_each_case_is_counted_where_it_belongs() -> None:
    root = ElementTree.fromstring(junit("night", CASES))
    totals = ("tests", "failures", "errors", "skipped")
    assert [root.get(name) for name in totals] == ["4", "1", "1", "1"]
    phone, watch = root
    assert [phone.get(name) for name in totals] == ["2", "1", "0", "0"]
    assert [watch.get(name) for name in totals] == ["2", "0", "1", "1"]
    failure = phone[1][0]
    assert (failure.tag, failure.get("type"), failure.get("message")) == (
        "failure", "failed", "accuracy fell",
    )  # fmt: skip
    assert phone[0].get("time") == "1.500" and len(phone[0]) == 0


def test_nothing_at_all_is_a_file_that_says_so() -> None:
    assert ElementTree.fromstring(junit("night", [])).get("tests") == "0"


@given(st.text(st.characters()))
def test_any_text_is_xml(text: str) -> None:
    case = Case(text, text, text, Result.ERROR, text, text, text)
    root = ElementTree.fromstring(junit(text, [case]))
    assert root[0][0][0].get("message") == one_line(text).encode("utf-8", "replace").decode()


@given(st.text(), st.text())
def test_an_annotation_is_one_command(title: str, message: str) -> None:
    line = annotation(Level.ERROR, title, message)
    assert "\n" not in line and "\r" not in line
    head, _, rest = line.removeprefix("::error title=").partition("::")
    assert head.replace("%2C", ",").replace("%3A", ":").replace("%25", "%") == one_line(title)
    assert rest.replace("%25", "%") == one_line(message)
