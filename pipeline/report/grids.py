"""What can be stored of each layer: the range and the steps of its weights and activations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.inspect.record import Inspection, Quantization, Tensor
from pipeline.report.document import Column, Folded, Part, Row, Table
from pipeline.report.words import UNKNOWN
from pipeline.stages.divergence import layer_of

#: Rows of a table; nobody reads more, and a page stays small.
_MOST_ROWS = 48


@dataclass(frozen=True)
class Looked:
    """A model that was looked into."""

    name: str
    inspection: Inspection


def grids(models: Sequence[Looked]) -> list[Part]:
    """A table of weights with a column a model, and one of activations for each model whose
    activations are quantized. Nothing where no model stores anything but floats."""
    parts = list(_weights([one for one in models if any(_stored(one.inspection))]))
    parts += [table for one in models for table in _activations(one)]
    return parts


def _weights(models: Sequence[Looked]) -> Iterator[Part]:
    if not models:
        return
    tensors = [{item.name: item for item in _matrices(one.inspection)} for one in models]
    shapes = {name: item.shape for some in tensors for name, item in some.items()}
    columns = [Column("weights", numeric=False), Column("shape", numeric=False)]
    columns += [Column(one.name, numeric=False) for one in models]
    rows = [
        Row((name, _shape(shape), *(_kind(some.get(name)) for some in tensors)))
        for name, shape in shapes.items()
    ]
    caption = "What is stored of weights: bits or levels, the range and the distance of values in"
    yield _table(f"{caption} it, over all channels", columns, rows)


def _activations(one: Looked) -> Iterator[Part]:
    found = one.inspection
    some = [item for item in (*found.inputs, *found.computed, *found.outputs) if _scaled(item)]
    if some:
        columns = [Column("layer", numeric=False), Column("as", numeric=False)]
        told = ((layer_of(item.name) or item.name, _kind(item, quantized=True)) for item in some)
        rows = [Row(cells) for cells in dict.fromkeys(told)]  # casts keep what they are given
        table = _table(f"What {one.name} can hold of activations", columns, rows)
        yield Folded(f"Activations of {one.name}", [table])


def _table(caption: str, columns: Sequence[Column], rows: Sequence[Row]) -> Table:
    if len(rows) > _MOST_ROWS:
        caption += f" (the first {_MOST_ROWS} of {len(rows)})"
    return Table(caption, columns, rows[:_MOST_ROWS])


def _matrices(inspection: Inspection) -> Iterator[Tensor]:
    """Constants with two dimensions or more, which leaves biases out."""
    return (item for item in inspection.tensors if len(item.shape or ()) > 1)


def _stored(inspection: Inspection) -> Iterator[Tensor]:
    return (item for item in _matrices(inspection) if _scaled(item))


def _scaled(tensor: Tensor) -> bool:
    return tensor.quantization is not None and bool(tensor.quantization.scales)


def _kind(tensor: Tensor | None, *, quantized: bool = False) -> str:
    if tensor is None:
        return UNKNOWN
    grid = tensor.quantization
    if grid is None or not grid.scales or not (quantized or tensor.dtype.startswith("int")):
        return tensor.dtype
    return _grid(grid)


def _grid(grid: Quantization) -> str:
    """``8 bits, -0.3 to 0.29 by 0.0005 to 0.003, 120 channels``."""
    low, high = _range(grid)
    words = [f"{grid.codebook} levels" if grid.codebook else f"{grid.bits} bits"]
    words[0] += f", {low:.3g} to {high:.3g}"
    if not grid.codebook:
        finest, coarsest = min(grid.scales), max(grid.scales)
        same = f"{finest:.2g}" == f"{coarsest:.2g}"
        words[0] += f" by {finest:.2g}" + ("" if same else f" to {coarsest:.2g}")
    if grid.per_channel:
        words.append(f"{len(grid.scales):,} channels")
    if grid.compression not in ("NONE", "INDEXING"):
        words.append(grid.compression)
    return ", ".join(words)


def _range(grid: Quantization) -> tuple[float, float]:
    """The least and the greatest value of any channel: ``real = (q - zero_point) * scale``."""
    half = 2 ** (max(grid.bits, 1) - 1)
    zeros = grid.zero_points or (0,) * len(grid.scales)
    pairs = list(zip(grid.scales, zeros, strict=True))
    return (
        min((-half - zero) * scale for scale, zero in pairs),
        max((half - 1 - zero) * scale for scale, zero in pairs),
    )


def _shape(shape: tuple[int, ...] | None) -> str:
    return UNKNOWN if shape is None else "x".join(map(str, shape))
