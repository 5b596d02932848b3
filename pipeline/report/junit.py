"""Results as JUnit XML, which every CI reads (the schema of Jenkins' xunit plug-in)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from xml.etree import ElementTree

from pipeline.core.errors import one_line


class Result(str, Enum):
    """What became of a case; all but the first have an element of that name."""

    PASSED = "passed"
    FAILURE = "failure"
    ERROR = "error"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Case:
    """``kind`` and ``message`` tell why it did not pass; ``output`` what else there is to say."""

    suite: str
    group: str
    name: str
    result: Result = Result.PASSED
    kind: str = ""
    message: str = ""
    output: str = ""
    seconds: float = 0.0


def junit(name: str, cases: Sequence[Case]) -> str:
    """The whole file: a suite for each ``Case.suite``, in their order."""
    root = ElementTree.Element("testsuites", {"name": _text(name), **_totals(cases)})
    for suite in dict.fromkeys(case.suite for case in cases):
        inside = [case for case in cases if case.suite == suite]
        attributes = {"name": _text(suite), **_totals(inside)}
        element = ElementTree.SubElement(root, "testsuite", attributes)
        for case in inside:
            _add(element, case)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _add(suite: ElementTree.Element, case: Case) -> None:
    element = ElementTree.SubElement(
        suite,
        "testcase",
        classname=_text(f"{case.suite}.{case.group}"),
        name=_text(case.name),
        time=f"{case.seconds:.3f}",
    )
    if case.result is not Result.PASSED:
        why = ElementTree.SubElement(element, case.result.value, message=_text(case.message))
        if case.result is not Result.SKIPPED:
            why.set("type", _text(case.kind))
    if case.output:
        ElementTree.SubElement(element, "system-out").text = _text(case.output)


def _totals(cases: Sequence[Case]) -> dict[str, str]:
    def number(result: Result) -> str:
        return str(sum(case.result is result for case in cases))

    return {
        "tests": str(len(cases)),
        "failures": number(Result.FAILURE),
        "errors": number(Result.ERROR),
        "skipped": number(Result.SKIPPED),
        "time": f"{sum(case.seconds for case in cases):.3f}",
    }


def _text(text: str) -> str:
    """One line without what XML 1.0 forbids: control characters and lone surrogates."""
    return one_line(text).encode("utf-8", "replace").decode()
