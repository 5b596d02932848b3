"""The colours of pages and pictures: enough contrast for everybody, in light, dark and print."""

from __future__ import annotations

import re
from importlib import resources

import pytest

from pipeline.report.charts.picture import Colour

CSS = resources.files("pipeline.report").joinpath("page.css").read_text("utf-8")
_BLOCK = re.compile(r"(@media[^{]*)?\{?\s*:root \{([^}]*)\}")


def schemes() -> dict[str, dict[str, str]]:
    """Names and colours of each ``:root``, those of the light one where another has none."""
    found: dict[str, dict[str, str]] = {}
    for condition, body in _BLOCK.findall(CSS):
        name = "dark" if "dark" in condition else "print" if "print" in condition else "light"
        colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", body))
        found[name] = {**found.get("light", {}), **colours}
    return found


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, contrast ratio."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_all_schemes_are_found() -> None:
    assert set(schemes()) == {"light", "dark", "print"}
    assert round(contrast("#000000", "#ffffff"), 3) == 21.0


@pytest.mark.parametrize("scheme", ["light", "dark", "print"])
@pytest.mark.parametrize("ink", ["text", "quiet", "good", "bad"])
def test_text_is_read_on_both_grounds(scheme: str, ink: str) -> None:
    colours = schemes()[scheme]
    for ground in ("ground", "raised"):
        assert contrast(colours[ink], colours[ground]) >= 4.5, (scheme, ink, ground)


@pytest.mark.parametrize("scheme", ["light", "dark", "print"])
def test_marks_and_the_focus_are_seen(scheme: str) -> None:
    colours = schemes()[scheme]
    for mark in (*(colour.value for colour in Colour), colours["focus"]):
        assert contrast(mark, colours["ground"]) >= 3.0, (scheme, mark)
