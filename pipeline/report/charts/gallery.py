"""Small grey images in rows, drawn as areas of equal brightness."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.report.charts.picture import WIDTH_IN, Colour, Picture, draw, label

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Brightnesses, as parts of the brightest, from which on an area gets darker.
_SHADES = (0.15, 0.35, 0.55, 0.75)
_TITLE_IN = 0.3


@dataclass(frozen=True)
class Images:
    """A row: what was done to the images, and they themselves, each [height, width]."""

    name: str
    images: Sequence[Any]


def gallery(rows: Sequence[Images], name: str = "gallery") -> Picture:
    """The rows below each other, their names above them. ValueError without an image."""
    columns = max((len(row.images) for row in rows), default=0)
    if not columns:
        raise ValueError("there are no images")

    def paint(figure: Figure) -> None:
        panels = figure.subplots(
            len(rows), columns, squeeze=False,
            gridspec_kw={"left": 0.01, "right": 0.99, "bottom": 0.01, "top": 1 - _TITLE_IN / height,
                         "wspace": 0.06, "hspace": _TITLE_IN / side},
        )  # fmt: skip
        for row, line in zip(rows, panels, strict=True):
            line[0].set_title(label(row.name, 60), loc="left", fontsize=9)
            for axes in line:
                axes.set_axis_off()
                axes.set_aspect("equal")
            for image, axes in zip(row.images, line, strict=False):
                _image(axes, image)

    side = WIDTH_IN / columns
    height = len(rows) * (side + _TITLE_IN) + 0.05
    return draw(name, _alt(rows), height, paint, arranged=False)


def _image(axes: Any, image: Any) -> None:
    height, width = image.shape
    brightest = float(image.max())
    axes.set_xlim(-0.5, width - 0.5)
    axes.set_ylim(height - 0.5, -0.5)
    right, bottom = width - 0.5, height - 0.5
    axes.plot(
        [-0.5, right, right, -0.5, -0.5], [-0.5, -0.5, bottom, bottom, -0.5],
        color=Colour.GRID.value, linewidth=0.5,
    )  # fmt: skip
    if brightest <= 0:
        return
    for shade in _SHADES:
        axes.contourf(
            image, levels=[shade * brightest, 2 * brightest], colors=[Colour.TEXT.value],
            alpha=0.4, antialiased=True,
        )  # fmt: skip


def _alt(rows: Sequence[Images]) -> str:
    told = "; ".join(f"{len(row.images)} {label(row.name, 60)}" for row in rows)
    return f"Images in {len(rows)} rows: {told}."
