"""A picture and how one is made: matplotlib draws, and only what is needed of its SVG is kept."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING
from xml.dom import minidom

from pipeline.core.errors import one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Narrow enough for a phone, where it is shown at about this size.
WIDTH_IN = 4.0
_DIGITS = re.compile(r"(\.\d{3})\d+")
_REFERENCE = re.compile(r"#([\w.-]+)")


class Colour(str, Enum):
    """Each has a contrast of at least 3:1 to white and to #14171a, as WCAG 2.2 asks of graphics
    (success criterion 1.4.11). A page gives TEXT and GRID the colour of its own text."""

    TEXT = "#73787e"
    GRID = "#808489"
    MAIN = "#2f7fd0"
    ACCENT = "#c2661c"
    GOOD = "#2a8f57"


@dataclass(frozen=True)
class Picture:
    """``svg``: one element without a prologue, its ids begin with ``name``. ``alt``: in words."""

    name: str
    svg: str
    alt: str


def draw(
    name: str,
    alt: str,
    height_in: float,
    paint: Callable[[Figure], None],
    *,
    arranged: bool = True,
) -> Picture:
    """What ``paint`` puts on an empty figure of ``WIDTH_IN`` by ``height_in`` inches.

    ``arranged``: matplotlib finds the places of panels, which takes seconds for many of them.
    The same input gives the same bytes with one version of matplotlib, whatever the user's own
    settings of it are.
    """
    from matplotlib import style
    from matplotlib.figure import Figure

    data = io.BytesIO()
    with style.context(["default", _settings(name)]), warnings.catch_warnings():
        # The reader's font draws what the one that is measured with lacks.
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        figure = Figure(figsize=(WIDTH_IN, height_in), layout="constrained" if arranged else None)
        paint(figure)
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(data, format="svg", transparent=True, metadata=nothing)
    return Picture(name, _cleaned(data.getvalue(), name, alt), one_line(alt))


def label(text: str, most: int = 24) -> str:
    """``text`` as a label: one line, its end kept where it is long, for layers differ there."""
    text = one_line(text)
    return text if len(text) <= most else f"…{text[1 - most :]}"


def axis_title(axes: Axes, text: str) -> None:
    """What an axis shows, above it on the left."""
    axes.set_title(text, loc="left", fontsize=9, fontweight="bold")


def _settings(name: str) -> dict[str, object]:
    text, grid = Colour.TEXT.value, Colour.GRID.value
    return {
        "svg.fonttype": "none",
        "svg.hashsalt": name,
        "text.parse_math": False,  # a dollar in a name is a dollar
        "font.family": "sans-serif",
        "font.sans-serif": ["DejaVu Sans"],  # comes with matplotlib
        "font.size": 8.5,
        "text.color": text,
        "axes.labelcolor": text,
        "axes.titlecolor": text,
        "xtick.labelcolor": text,
        "ytick.labelcolor": text,
        "xtick.color": grid,
        "ytick.color": grid,
        "axes.edgecolor": grid,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.color": grid,
        "grid.alpha": 0.25,
        "grid.linewidth": 0.6,
        "legend.frameon": False,
    }


def _cleaned(data: bytes, name: str, alt: str) -> str:
    """The element alone, with a title, and safe to stand in a page beside others."""
    root = minidom.parseString(data).documentElement
    assert root is not None
    for sheet in root.getElementsByTagName("style"):  # it would hold for the whole page
        assert sheet.parentNode is not None
        sheet.parentNode.removeChild(sheet)
    root.setAttribute("stroke-linejoin", "round")
    elements = [
        node for node in root.getElementsByTagName("*") if isinstance(node, minidom.Element)
    ]
    _rename(elements, f"{name}-")
    title = minidom.Document().createElement("title")
    title.setAttribute("id", f"{name}-title")
    title.appendChild(minidom.Document().createTextNode(one_line(alt)))
    root.insertBefore(title, root.firstChild)
    root.setAttribute("role", "img")
    root.setAttribute("aria-labelledby", f"{name}-title")
    _unspace(root)
    return root.toxml()


def _rename(elements: list[minidom.Element], prefix: str) -> None:
    """Put ``prefix`` before each id that something refers to, and drop the others."""
    used: set[str] = set()
    for element in elements:
        for key in ("xlink:href", "clip-path"):
            if value := element.getAttribute(key):
                used.update(_REFERENCE.findall(value))
                element.setAttribute(key, _REFERENCE.sub(rf"#{prefix}\1", value))
    for element in elements:
        if (own := element.getAttribute("id")) in used:
            element.setAttribute("id", prefix + own)
        elif own:
            element.removeAttribute("id")


def _unspace(parent: minidom.Element) -> None:
    """Remove indentation, and digits of coordinates beyond a thousandth of a point."""
    for node in list(parent.childNodes):
        if isinstance(node, minidom.Element):
            for key in ("d", "x", "y"):
                if value := node.getAttribute(key):
                    node.setAttribute(key, _DIGITS.sub(r"\1", " ".join(value.split())))
            _unspace(node)
        elif isinstance(node, minidom.Text) and not node.data.strip():
            parent.removeChild(node)
