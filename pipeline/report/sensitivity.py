"""The page of what each layer costs when it alone is quantized."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.report.charts.layers import bars, sqnr
from pipeline.report.charts.spreads import spreads
from pipeline.report.document import (
    Again,
    Column,
    Figure,
    Page,
    Part,
    Row,
    Section,
    Table,
    Tone,
    Verdict,
)
from pipeline.report.page import html
from pipeline.report.words import (
    UNKNOWN,
    decibels,
    layer_names,
    loss,
    percent,
    points,
    small,
    worst_loss,
)
from pipeline.search.sensitivity import LayerCost, Spread

#: Pictures of spreads; more make the page slow and large.
_MOST_SPREADS = 60


@dataclass(frozen=True)
class Layers:
    """Each layer alone. ``percent`` is the float model's accuracy over ``n`` samples, ``where``
    the figures come from, such as ``host``."""

    name: str
    recipe: str
    percent: float
    n: int
    costs: Sequence[LayerCost]
    spreads: Sequence[Spread]
    where: str


def sensitivity_page(layers: Layers, again: Again) -> str:
    """One HTML file: which layer costs most, all of them, pictures. ValueError without layers."""
    sections = [
        Section("What each layer costs", _costs(layers)),
        *_spreads(layers),
        again.section(),
    ]
    title = f"{layers.name}: what {layers.recipe} costs each layer"
    return html(Page(title, _verdict(layers), sections))


def _verdict(layers: Layers) -> Verdict:
    names = layer_names([cost.node for cost in layers.costs])
    failed = sum(bool(cost.failed) for cost in layers.costs)
    about = f"{len(layers.costs)} layers, each alone, {layers.n:,} samples on {layers.where}; "
    about += f"the float model has {percent(layers.percent)}"
    about += f"; without figures: {failed}" if failed else ""
    known = [
        (value, name, cost)
        for cost, name in zip(layers.costs, names, strict=True)
        if (value := loss(cost)) is not None
    ]
    if not known:
        return Verdict(Tone.BAD, "No layer has figures.", f"{about}.")
    value, name, cost = max(known, key=lambda one: (one[0], one[2].drop_points))
    told = f"{name} with 1 - cosine of {small(value)} and {points(cost.drop_points)} points of "
    return Verdict(Tone.PLAIN, "Costs most:", f"{told}accuracy lost ({about}).")


def _costs(layers: Layers) -> list[Part]:
    parts: list[Part] = [_table(layers)]
    parts.append(
        Figure(
            bars(layers.costs),
            "Each layer alone is quantized. Left: how far the outputs turn. Right: accuracy lost.",
        )
    )
    if any(cost.sqnr_db is not None for cost in layers.costs):
        parts.append(Figure(sqnr(layers.costs), "How well the weights themselves are kept."))
    return parts


def _table(layers: Layers) -> Table:
    """How each is stored is a column only where they differ, else it stands in the caption."""
    settings = sorted({cost.setting for cost in layers.costs})
    differ = len(settings) > 1
    columns = [Column("layer", numeric=False), Column("operator", numeric=False)]
    if differ:
        columns.append(Column("stored as", numeric=False))
    columns += [
        Column("bytes saved"),
        Column("points of accuracy lost"),
        Column("1 - cosine, mean"),
        Column("1 - cosine, worst sample"),
        Column("signal to noise of weights"),
        Column("clipped"),
        Column("remark", numeric=False),
    ]
    names = layer_names([cost.node for cost in layers.costs])
    rows = []
    for place, (name, cost) in enumerate(zip(names, layers.costs, strict=True), 1):
        setting = (cost.setting,) if differ else ()
        cells = (f"{place} {name}", cost.operator, *setting, *_figures(cost))
        rows.append(Row(cells, Tone.BAD if cost.failed else Tone.PLAIN))
    caption = "Layers in the order of the model"
    return Table(caption if differ else f"{caption}, each as {settings[0]}", columns, rows)


def _figures(cost: LayerCost) -> tuple[str, ...]:
    if cost.failed:
        return (*(UNKNOWN,) * 6, f"failed: {cost.failed}")
    return (
        f"{cost.saved_bytes:,}",
        points(cost.drop_points),
        small(loss(cost)),
        small(worst_loss(cost)),
        decibels(cost.sqnr_db),
        f"{100 * cost.clipped:.2g} %" if math.isfinite(cost.clipped) else UNKNOWN,
        "",
    )


def _spreads(layers: Layers) -> list[Section]:
    """One section for weights and one for activations, each where there are any."""
    sections: list[Section] = []
    for kind in sorted({spread.kind for spread in layers.spreads}, reverse=True):
        mine = [spread for spread in layers.spreads if spread.kind == kind]
        shown = mine[:_MOST_SPREADS]
        caption = "Counts on a log axis. Shaded: the range that can be stored. Ticks below: the "
        caption += "values that can be, where they are few."
        if len(shown) < len(mine):
            caption += f" The first {len(shown)} of {len(mine)} layers."
        figure = Figure(spreads(shown, f"spreads-{len(sections)}"), caption)
        sections.append(Section(f"How {kind} values are spread", [figure]))
    return sections
