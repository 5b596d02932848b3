"""The charts of trainings and experiments: whole, alone, in words, and the same bytes again."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.report.charts.accuracy import place
from pipeline.report.charts.epochs import Curve, epochs
from pipeline.report.charts.gallery import Images, gallery
from pipeline.report.charts.levels import Levels, levels
from pipeline.report.charts.picture import Colour, Picture
from pipeline.report.charts.sizes import Line, Size, sizes
from pipeline.report.charts.states import Point, States, states

_SVG = "{http://www.w3.org/2000/svg}"
RAMP = np.linspace(0, 1, 36).reshape(6, 6)
WEIGHTS = np.linspace(-1, 1, 200) ** 3

PICTURES: dict[str, tuple[Callable[[], Picture], str]] = {
    "states": (
        lambda: states([States("2 bits", [Point("float", 98.0, 0.5), Point("tuned", 100.0, 0.2)])]),
        "2 bits: float 98.00 %, tuned 100.00 %",
    ),
    "sizes": (
        lambda: sizes([Line("even", [Size("8", 4, 90, 93), Size("1", 20, None, 80)])]),
        "1 is 20.0 times smaller, unusable and then 80.00 %",
    ),
    "epochs": (
        lambda: epochs([Curve("a", [80, 90, 85], [2.0, 1.0], best=1)], 95.0),
        "a from 80.00 % to 85.00 % in 2 epochs, epoch 1 kept with 90.00 %",
    ),
    "gallery": (
        lambda: gallery([Images("turned", [RAMP, RAMP * 0]), Images("one", [RAMP])]),
        "2 turned; 1 one",
    ),
    "levels": (
        lambda: levels(WEIGHTS, [Levels("even", [-1, 0, 1], 0.25)]),
        "even at -1, 0, 1, 25.0 % of the power of the weights lost",
    ),
}


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_whole_and_told_in_words(name: str) -> None:
    make, words = PICTURES[name]
    picture = make()
    root = ElementTree.fromstring(picture.svg)
    title = root.find(f"{_SVG}title")
    assert title is not None and title.text == picture.alt and words in picture.alt
    assert root.get("aria-labelledby") == title.get("id")
    assert "nan" not in picture.svg.lower() and "inf" not in picture.svg.lower()
    assert make() == picture


@pytest.mark.parametrize(
    "make",
    [
        lambda: states([]),
        lambda: states([States("a", [Point(str(number), 50) for number in range(6)])]),
        lambda: sizes([Line("a", [])]),
        lambda: epochs([]),
        lambda: epochs([Curve("a", [])]),
        lambda: gallery([Images("a", [])]),
        lambda: levels([], [Levels("a", [0], 0)]),
        lambda: levels(WEIGHTS, []),
    ],
)
def test_nothing_is_not_drawn(make: Callable[[], Picture]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        make()


def test_brighter_is_drawn_more_often() -> None:
    flat = gallery([Images("a", [np.zeros((4, 4))])]).svg.count("fill-opacity")
    bright = gallery([Images("a", [RAMP])]).svg.count("fill-opacity")
    assert bright - flat >= 4 and Colour.TEXT.value in gallery([Images("a", [RAMP])]).svg


@given(st.lists(st.floats(0, 100), min_size=2, max_size=5))
def test_better_lies_further_on(percents: list[float]) -> None:
    places = [place(one) for one in sorted(percents)]
    assert all(one <= other for one, other in pairwise(places))


def test_half_as_many_errors_are_always_the_same_step() -> None:
    assert place(99) - place(98) == pytest.approx(place(80) - place(60))
    assert place(100.0) == place(99.999)
