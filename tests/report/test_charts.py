"""Every chart: well formed, alone, the same bytes again, and says in words what it shows."""

from __future__ import annotations

import math
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.errors import one_line
from pipeline.report.charts.courses import courses, launches
from pipeline.report.charts.distributions import distributions
from pipeline.report.charts.latencies import Cost, latencies
from pipeline.report.charts.layers import bars, sqnr
from pipeline.report.charts.nights import nights
from pipeline.report.charts.operators import operators
from pipeline.report.charts.pareto import pareto, spaced
from pipeline.report.charts.picture import Colour, Picture
from pipeline.report.charts.spreads import spreads
from pipeline.report.charts.trends import trend
from pipeline.report.words import layer_names
from pipeline.search.candidate import Candidate, Limit, Objective, best, front
from pipeline.search.sensitivity import LayerCost
from tests.report import made

_SVG = "{http://www.w3.org/2000/svg}"
_LINK = "{http://www.w3.org/1999/xlink}href"


def searched(found: list[Candidate], limit: float = 98.0) -> Picture:
    bound = Limit(limit)
    return pareto(found, front(found), bound, best(found, bound, Objective.SIZE))


CHARTS: dict[str, Callable[[], Picture]] = {
    "pareto": lambda: searched(made.candidates(40)),
    "pareto with latencies": lambda: searched(made.candidates(40, timed=True)),
    "pareto of one": lambda: searched(made.candidates(0)[:1]),
    "nothing met": lambda: searched(made.candidates(5), limit=100.0),
    "one layer": lambda: bars(made.costs(1)),
    "layers": lambda: bars(made.costs(7)),
    "noise": lambda: sqnr(made.costs(7)),
    "pareto without a limit": lambda: pareto(
        made.candidates(0, timed=True), front(made.candidates(0, timed=True)), None, None
    ),
    "distributions": lambda: distributions(made.samples(3)),
    "one distribution": lambda: distributions(made.samples(1)),
    "courses": lambda: courses(made.courses(5)),
    "a cold course": lambda: courses(made.courses(1, warm=False)),
    "operators": lambda: operators(made.shares(30)),
    "one operator": lambda: operators(made.shares(1)),
    "trend": lambda: trend(made.line(40, (20,))),
    "a night": lambda: trend(made.line(1, ())),
    "launches": lambda: launches([[3.0, 4.0, 5.0], [1.0, 1.0]], ["fp32", "<full>"], "launches"),
    "nights": lambda: nights([made.line(20, (5,)), made.line(2, ())]),
    "costs": lambda: latencies([Cost("<fp32>", "watch & phone", 1e6, 0.9e6, 1.1e6, 2e6)]),
    "one spread": lambda: spreads(made.spreads(1)),
    "spreads": lambda: spreads(made.spreads(5)),
}


@pytest.mark.parametrize("name", CHARTS)
def test_a_picture_is_whole_and_alone(name: str) -> None:
    picture = CHARTS[name]()
    root = ElementTree.fromstring(picture.svg)
    assert root.tag == f"{_SVG}svg" and root.get("role") == "img"
    title = root.find(f"{_SVG}title")
    assert title is not None and title.text == picture.alt
    assert root.get("aria-labelledby") == title.get("id")
    ids = [node.get("id", "") for node in root.iter() if node.get("id")]
    assert len(ids) == len(set(ids)) and all(one.startswith(f"{picture.name}-") for one in ids)
    links = [node.get(_LINK, "") for node in root.iter()]
    clips = [node.get("clip-path", "") for node in root.iter()]
    used = {link[1:] for link in links if link} | {clip[5:-1] for clip in clips if clip}
    assert used and used == set(ids) - {title.get("id")}
    assert not list(root.iter(f"{_SVG}style"))
    assert "nan" not in picture.svg.lower().replace("nano", "")


@pytest.mark.parametrize("name", CHARTS)
def test_the_same_input_gives_the_same_bytes(name: str) -> None:
    import matplotlib

    first = CHARTS[name]()
    with matplotlib.rc_context({"lines.linewidth": 9, "font.size": 30, "svg.fonttype": "path"}):
        assert CHARTS[name]() == first
        assert matplotlib.rcParams["font.size"] == 30


def test_another_process_gives_the_same_bytes() -> None:
    code = (
        "from tests.report import made; from tests.report.test_charts import searched\n"
        "print(searched(made.candidates(20)).svg)"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert told == {searched(made.candidates(20)).svg.encode() + b"\n"}


@pytest.mark.parametrize("name", made.HOSTILE)
def test_hostile_names_stay_text(name: str, recwarn: pytest.WarningsRecorder) -> None:
    cost = replace(made.costs(1)[0], node=name, failed="")
    pictures = (
        searched([replace(one, name=name) for one in made.candidates(0)[:1]]),
        bars([cost]),
        sqnr([cost]),
        spreads([replace(made.spreads(1)[0], name=name)]),
    )
    ends = {one_line(text)[-17:] for text in (name, *layer_names([name]))}
    for picture in pictures:
        root = ElementTree.fromstring(picture.svg)
        assert {node.tag for node in root.iter()} <= {
            f"{_SVG}{tag}"
            for tag in ("svg", "title", "defs", "g", "path", "use", "text", "clipPath", "rect")
        }
        assert any(end in text for end in ends for text in _texts(picture))
        assert "\u202e" not in picture.svg
        assert any(end in picture.alt for end in ends)
    assert not [one for one in recwarn if "Glyph" in str(one.message)]


@pytest.mark.parametrize("ground", ["#ffffff", "#14171a"])
@pytest.mark.parametrize("colour", Colour)
def test_colours_read_on_light_and_dark(colour: Colour, ground: str) -> None:
    light, dark = sorted((_luminance(colour.value), _luminance(ground)), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 3.0


def _luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_a_search_is_told_in_words() -> None:
    found = [
        Candidate("fp32", {}, 1000, 99, 100),
        Candidate("weight-8", {}, 500, 98, 100),
        Candidate("trial-2", {}, 250, 97, 100),
        Candidate("trial-3", {}, 100, 10, 100),
        Candidate("full-8", {}, failed="no"),
    ]
    picture = searched(found, limit=96.5)
    assert picture.alt == (
        "Size against accuracy of 4 candidates. They go from trial-3 with 100 bytes and 10.00 % "
        "to fp32 with 1,000 bytes and 99.00 %. 4 are on the front. The limit is 96.50 %; "
        "the best within it is trial-2 with 250 bytes and 97.00 %."
    )
    texts = _texts(picture)
    assert {"fp32", "weight-8", "trial-2", "limit, 96.50 %", "best", "front"} <= texts
    assert "trial-3" not in texts
    assert any(text.startswith("below 8") for text in texts)


def test_latencies_get_a_panel_of_their_own() -> None:
    plain, timed = (searched(made.candidates(9, timed=flag)) for flag in (False, True))
    assert "latency, p50" not in _texts(plain)
    assert "latency, p50" in _texts(timed)
    assert " ms; the best" not in timed.alt and timed.alt.endswith(" ms.")


def test_a_best_that_misses_the_limit_is_not_called_best() -> None:
    picture = searched(made.candidates(5), limit=100.0)
    assert "nearest to the limit" in _texts(picture) and "best" not in _texts(picture)
    assert "the nearest to it is fp32" in picture.alt


def test_layers_are_told_in_words() -> None:
    def cost(name: str, cosine: float, drop: float, noise: float | None) -> LayerCost:
        node = f"Default/{name}-Dense/MatMul-op0"
        return LayerCost(node, "MatMul", "4 bits", 8, 4, drop, cosine - 0.1, cosine, noise)

    shown = [
        cost("fc1", 1.0, 0.0, math.inf),
        cost("fc2", 0.9, 1.25, 12.0),
        cost("fc3", 0.99, -0.5, 30.0),
        replace(cost("fc4", 0.0, 0.0, 1.0), failed="crashed"),
        replace(cost("fc5", math.nan, 0.0, None), cosine_min=math.nan),
    ]
    assert bars(shown).alt == (
        "What quantizing each layer alone costs, 5 in all. 1 - cosine goes from 0 (fc1) to 0.1 "
        "(fc2). The most accuracy lost is +1.25 points (fc2). Without figures: 2."
    )
    assert {"failed", "+1.25", "-0.50", "0.1", "0.01", "0"} <= _texts(bars(shown))
    assert sqnr(shown).alt.endswith("from 12.0 dB (fc2) to 30.0 dB (fc3).")
    assert {"lossless", "failed", "-", "12.0 dB"} <= _texts(sqnr(shown))


def test_layers_stand_in_the_order_of_the_model() -> None:
    picture = bars(made.costs(60))
    root = ElementTree.fromstring(picture.svg)
    rows = [t for t in root.iter(f"{_SVG}text") if re.search(r"\.conv +\d+$", t.text or "")]
    assert [int((row.text or "").split()[-1]) for row in rows] == list(range(1, 61))
    heights = [float(row.get("y", "nan")) for row in rows]
    assert heights == sorted(heights)
    assert min(b - a for a, b in pairwise(heights)) > 10


def test_values_are_told_in_words() -> None:
    (one,) = made.spreads(1)
    alone = spreads([replace(one, counts=(1,) * 64, clipped=0.025)])
    assert alone.alt == (
        "Histogram of weight values: stage0.0.conv, 64 values from -0.8 to 0.8, stored from -0.61 "
        "to 0.57 as 16 levels, 2.5 % clipped."
    )
    assert "2.5 % clipped" in _texts(alone)
    wide = replace(made.spreads(3)[2], high=9.0)
    many = spreads([*made.spreads(2), wide])
    assert "of 3 layers. The widest range is that of stage0.2.conv" in many.alt


def test_values_that_are_all_the_same_are_drawn() -> None:
    (one,) = made.spreads(1)
    same = replace(one, edges=(-0.5, 0.5), counts=(7,), low=0.0, high=0.0, levels=(0.0,))
    assert "7 values" in spreads([same]).alt


@pytest.mark.parametrize("chart", [bars, sqnr, spreads])
def test_nothing_is_no_picture(chart: Callable[[list[object]], Picture]) -> None:
    with pytest.raises(ValueError, match="there are no"):
        chart([])


def test_failures_alone_are_no_picture() -> None:
    with pytest.raises(ValueError, match="no candidate"):
        searched([Candidate("fp32", {}, failed="crashed")])


@given(st.lists(st.floats(0, 1), max_size=40), st.floats(0.001, 0.3))
def test_names_are_kept_apart_and_in_order(wished: list[float], gap: float) -> None:
    places = spaced(sorted(wished), gap, 0.0, 1.0)
    assert len(places) == len(wished)
    assert all(-1e-9 <= place <= 1 + 1e-9 for place in places)
    fits = min(gap, 1 / (len(wished) - 1)) if len(wished) > 1 else gap
    steps = [b - a for a, b in pairwise(places)]
    assert all(step >= fits - 1e-9 for step in steps)


def test_names_with_room_stay_where_they_want() -> None:
    assert spaced([0.1, 0.5, 0.9], 0.2, 0.0, 1.0) == [0.1, 0.5, 0.9]


def _texts(picture: Picture) -> set[str]:
    root = ElementTree.fromstring(picture.svg)
    return {(node.text or "").replace("\u2212", "-") for node in root.iter(f"{_SVG}text")}


def test_costs_of_recipes_on_devices_are_told_in_words() -> None:
    costs = [
        Cost(recipe, device, 1e6 * size * speed, 0.9e6 * size * speed, 1.1e6 * size * speed)
        for size, recipe in enumerate(("fp32", "full-8"), 1)
        for speed, device in enumerate(("phone", "watch EMULATED (emulated-host)"), 1)
    ]
    picture = latencies(costs)
    assert "2 recipes on 2 devices" in picture.alt
    assert "watch EMULATED (emulated-host) from 2 ms (fp32) to 4 ms (full-8)" in picture.alt
    with pytest.raises(ValueError, match="above 0"):
        latencies([Cost("fp32", "phone", 0.0)])


def test_many_nights_are_told_by_what_moved_farthest() -> None:
    calm = replace(made.line(20, ()), name="calm")
    picture = nights([calm, replace(made.line(20, (19,)), name="moved")])
    assert "moved: +10.0 %" in picture.alt and "Steps: moved" in picture.alt
    assert "None has a step" in nights([calm]).alt
    with pytest.raises(ValueError, match="no nights"):
        nights([made.line(1, ())])
