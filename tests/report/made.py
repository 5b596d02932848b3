"""Made-up results of searches and layers, and a reader of pages."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from html.parser import HTMLParser

from pipeline.report.charts.courses import Course
from pipeline.report.charts.distributions import Samples
from pipeline.report.charts.operators import Share
from pipeline.report.charts.trends import Line
from pipeline.report.document import Again
from pipeline.report.words import milliseconds
from pipeline.search.candidate import Candidate
from pipeline.search.sensitivity import LayerCost, Spread

#: Names that want to be markup, mathematics, control sequences or text from the right.
HOSTILE = (
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "&amp; ]]> --> <!--",
    "$x^{2}$ \\frac{1}{2} %s {0}",
    "\u202egnp.exe \u05d0\u05d1\u05d2",
    "\x1b[2J\x00\ud800\nnext",
    "层/卷积",
    "x" * 300,
)

AGAIN = Again("pipeline tune 'my flowers.yaml'", {"MindSpore": "2.10.0"}, {"data": "ab" * 32})


def candidates(trials: int, *, timed: bool = False) -> list[Candidate]:
    """The float model, two whole recipes and trials, all of which lose some accuracy."""
    chance = random.Random(trials)

    def one(name: str, size: int, correct: int) -> Candidate:
        latency = chance.uniform(1e5, 9e5) if timed else None
        return Candidate(name, {"quantization": "weight"}, size, correct, 1000, 0.99, latency)

    found = [one("fp32", 400_000, 990), one("weight-8", 101_000, 989), one("weight-4", 52_000, 700)]
    found += [
        one(f"trial-{number}", chance.randint(20_000, 90_000), chance.randint(850, 985))
        for number in range(3, 3 + trials)
    ]
    return found


def costs(count: int) -> list[LayerCost]:
    """Layers of a deep network."""
    chance = random.Random(count)
    return [
        LayerCost(
            f"Default/stage{place // 10}-Stage/{place % 10}-Block/conv-Conv2d/Conv2D-op{place}",
            "Conv2DFusion",
            "4 bits, a channel",
            4000,
            500,
            chance.choice((0.0, 0.3, -0.3)),
            1 - 10 ** chance.uniform(-3, -1),
            1 - 10 ** chance.uniform(-6, -3),
            chance.uniform(8, 40),
        )
        for place in range(count)
    ]


def spreads(count: int) -> list[Spread]:
    """Weights of as many layers, every bin another count, 16 levels each."""
    chance = random.Random(count)
    return [
        Spread(
            f"Default/stage{place // 10}-Stage/{place % 10}-Block/conv-Conv2d/Conv2D-op{place}",
            "weight",
            tuple(-0.8 + 0.025 * edge for edge in range(65)),
            tuple(chance.randint(0, 9000) for _ in range(64)),
            -0.61,
            0.57,
            tuple(-0.61 + 0.0786 * level for level in range(16)),
        )
        for place in range(count)
    ]


def samples(count: int) -> list[Samples]:
    """Latencies with a tail, one of them with an interval of its median."""
    chance = random.Random(count)
    found = []
    for place in range(count):
        ordered = sorted(int(chance.lognormvariate(13, 0.2)) for _ in range(300))
        bounds = (ordered[130], ordered[170]) if place == 0 else (None, None)
        found.append(Samples(f"recipe-{place}", ordered, ordered[150], *bounds))
    return found


def courses(count: int, *, warm: bool = True) -> list[Course]:
    """Runs that become slower as they become warmer, with a gap in the temperature."""
    found = []
    for place in range(count):
        at_s = [float(second) for second in range(0, 60, 2)]
        degrees = [
            None if second == 4 or not warm else int(35_000 + 100 * second) for second in at_s
        ]
        found.append(Course(f"run-{place}", at_s, [1e6 + 2e3 * s for s in at_s], degrees))
    return found


def shares(count: int) -> list[Share]:
    """Operators that take less and less."""
    whole = count * (count + 1) / 2
    return [Share(f"conv{place}", "Conv2D", (count - place) / whole) for place in range(count)]


def line(nights: int, steps: tuple[int, ...]) -> Line:
    """A latency that steps up."""
    values = [1e6 * (1.1 ** sum(night >= step for step in steps)) for night in range(nights)]
    times_ms = [1_760_000_000_000 + 86_400_000 * night for night in range(nights)]
    return Line("full-8: p50", times_ms, values, steps, milliseconds)


@dataclass
class Read(HTMLParser):
    """A page as a browser takes it. Every tag has to be closed in its turn."""

    tags: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    handlers: list[str] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_startendtag(tag, attrs)
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            elif name in ("href", "src", "xlink:href", "action", "data"):
                self.links.append(value or "")
            elif name.startswith("on"):
                self.handlers.append(name)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)

    @property
    def text(self) -> str:
        """What it says."""
        return "".join(self.pieces)


def read(page: str) -> Read:
    """A page that is well formed and alone: no script, nothing from elsewhere, ids once."""
    reader = Read()
    reader.feed(page)
    reader.close()
    assert not reader.open
    assert not {"script", "link", "iframe", "object", "img"} & set(reader.tags)
    assert not reader.handlers
    assert all(link.startswith("#") for link in reader.links)
    assert {link[1:] for link in reader.links} <= set(reader.ids)
    assert len(reader.ids) == len(set(reader.ids))
    return reader
