"""Inspections and comparisons of model files as people read them.

Every name comes from a file that nobody vouches for, so each goes through ``one_line``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from pipeline.core.errors import one_line
from pipeline.inspect.compare import Comparison, FactChange, TensorChange
from pipeline.inspect.record import Inspection, Quantization, Tensor

#: Rows of the longest tables; ``--json`` has everything.
_MOST_ROWS = 30
_LONGEST = 60


def shown(found: Inspection | Comparison) -> list[RenderableType]:
    """Either, as it is to be shown."""
    return comparison(found) if isinstance(found, Comparison) else inspection(found)


def inspection(value: Inspection) -> list[RenderableType]:
    """What the model is, its ends, operators, types, largest tensors, and what was noticed."""
    parts: list[RenderableType] = [_head(value)]
    if value.inputs or value.outputs:
        parts.append(_ends(value))
    if value.operators:
        parts.append(_operators(value))
    if value.tensors:
        parts += [_types(value), *_tensors(value)]
    parts += [
        Text.assemble(("notice: ", "bold yellow"), _clean(smell.message)) for smell in value.smells
    ]
    return parts


def comparison(value: Comparison) -> list[RenderableType]:
    """What changed, the operators' counts and the tensors that differ."""
    names = f"{_clean(value.before.path.name)} -> {_clean(value.after.path.name)}"
    if value.same:
        return [Text.assemble((names, "bold"), ": no difference in operators, tensors or weights")]
    parts: list[RenderableType] = [Text(names, style="bold")]
    if value.facts:
        parts.append(_changes("", value.facts))
    if value.operators:
        parts.append(_changes("operators", value.operators))
    if value.tensors:
        parts += _tensor_changes(value.tensors)
    parts.append(Text(f"{value.same_tensors:,} tensors are the same in both", style="dim"))
    return parts


def _head(value: Inspection) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    about = ", ".join(filter(None, (value.version, value.producer)))
    table.add_row(Text(_clean(value.path.name)), Text(_clean(about)))
    table.add_row("size", f"{value.size_bytes:,} bytes")
    parameters = f"{value.parameter_count:,} in {value.parameter_bytes:,} bytes"
    table.add_row("parameters", parameters)
    if value.operators:
        table.add_row("operators", f"{len(value.operators):,}")
        unknown = f", {value.macs_unknown} operators not counted" if value.macs_unknown else ""
        table.add_row("multiply-accumulates", f"{value.macs:,}{unknown}")
    if value.quantized_operators:
        text = ", ".join(f"{count} {name}" for name, count in value.quantized_operators.items())
        table.add_row("quantization", Text(_clean(text)))
    for name, detail in value.details.items():
        table.add_row(name.replace("_", " "), Text(_clean(str(detail))))
    return table


def _ends(value: Inspection) -> Table:
    table = _table("", "name", "type", "shape", "format", "quantized")
    for role, tensors in (("input", value.inputs), ("output", value.outputs)):
        for tensor in tensors[:_MOST_ROWS]:
            table.add_row(role, *_cells(tensor), Text(_quantized(tensor.quantization)))
    return table


def _operators(value: Inspection) -> Table:
    table = _table("operator", "count", "MACs", "bytes", right=(1, 2, 3))
    for item in value.operator_kinds[:_MOST_ROWS]:
        table.add_row(
            Text(_clean(item.kind)),
            f"{item.count:,}",
            f"{item.macs:,}" if item.macs else "",
            f"{item.constant_bytes:,}" if item.constant_bytes else "",
        )
    _rest(table, len(value.operator_kinds))
    return table


def _types(value: Inspection) -> Table:
    table = _table("type", "real bits", "tensors", "elements", "bytes", right=(1, 2, 3, 4))
    for item in value.types:
        table.add_row(
            Text(_clean(item.dtype)),
            "" if item.bits is None else str(item.bits),
            f"{item.tensors:,}",
            f"{item.elements:,}",
            f"{item.stored_bytes:,}",
        )
    return table


def _tensors(value: Inspection) -> Iterator[RenderableType]:
    table = _table(
        "tensor", "type", "shape", "format", "bytes", "stored bits", "quantized", right=(4, 5)
    )
    ordered = sorted(value.tensors, key=lambda item: -item.stored_bytes)
    for tensor in ordered[:_MOST_ROWS]:
        bits = "" if tensor.stored_bits is None else f"{tensor.stored_bits:.4g}"
        quantized = Text(_quantized(tensor.quantization))
        table.add_row(*_cells(tensor), f"{tensor.stored_bytes:,}", bits, quantized)
    _rest(table, len(ordered))
    yield table


def _tensor_changes(changes: Sequence[TensorChange]) -> list[RenderableType]:
    table = _table("tensor", "change", "before", "after")
    for change in changes[:_MOST_ROWS]:
        what = ", ".join(change.differences) or ("new" if change.before is None else "gone")
        name = change.name if change.role == "constant" else f"{change.role} {change.name}"
        both = (Text(_described(change.before)), Text(_described(change.after)))
        table.add_row(Text(_short(name)), what, *both)
    _rest(table, len(changes))
    return [table]


def _changes(title: str, changes: Sequence[FactChange]) -> Table:
    table = _table(title, "before", "after", "", right=(1, 2, 3))
    for change in changes:
        before, after = change.before, change.after
        if isinstance(before, int) and isinstance(after, int):
            ratio = f"{after / before:.3f}x" if before and title == "" else ""
            table.add_row(Text(_clean(change.name)), f"{before:,}", f"{after:,}", ratio)
        else:
            cells = (change.name.replace("_", " "), str(before), str(after), "")
            table.add_row(*(Text(_short(cell)) for cell in cells))
    return table


def _described(tensor: Tensor | None) -> str:
    if tensor is None:
        return ""
    shape = "x".join(map(str, tensor.shape)) if tensor.shape is not None else "?"
    text = f"{_clean(tensor.dtype)} {shape or 'scalar'}"
    if tensor.stored_bytes:
        text += f", {tensor.stored_bytes:,} bytes"
    if tensor.quantization:
        text += f", {_quantized(tensor.quantization)}"
    return text


def _quantized(value: Quantization | None) -> str:
    """``4 bits, 10 channels, scale 0.01 to 0.02, zero point -3 to 2, BITPACKING``."""
    if value is None:
        return ""
    words = [f"{value.bits} bits"] if value.bits else []
    if value.per_channel:
        words.append(f"{len(value.scales):,} channels")
    if value.scales:
        words.append(
            f"scale {_range([f'{s:.3g}' for s in (min(value.scales), max(value.scales))])}"
        )
    if value.zero_points and not value.symmetric:
        ends = (min(value.zero_points), max(value.zero_points))
        words.append(f"zero point {_range([str(end) for end in ends])}")
    if value.compression != "NONE":
        words.append(_clean(value.compression))
    if value.codebook:
        words.append(f"{value.codebook:,} distinct values")
    return ", ".join(words)


def _range(ends: Sequence[str]) -> str:
    return ends[0] if ends[0] == ends[-1] else f"{ends[0]} to {ends[-1]}"


def _cells(tensor: Tensor) -> tuple[Text, ...]:
    shape = (
        "?" if tensor.shape is None else "x".join("?" if n < 0 else str(n) for n in tensor.shape)
    )
    return (
        Text(_short(tensor.name)),
        Text(_clean(tensor.dtype)),
        Text(shape or "scalar"),
        Text(_clean(tensor.format)),
    )


def _table(*names: str, right: Sequence[int] = ()) -> Table:
    table = Table(box=SIMPLE_HEAD)
    for number, name in enumerate(names):
        table.add_column(name, justify="right" if number in right else "left", overflow="fold")
    return table


def _rest(table: Table, count: int) -> None:
    if count > _MOST_ROWS:
        table.add_row(Text(f"and {count - _MOST_ROWS:,} more (--json has all)", style="dim"))


def _short(name: str) -> str:
    """A name on one line; of a long one the end, which tells more."""
    text = _clean(name)
    return text if len(text) <= _LONGEST else f"...{text[3 - _LONGEST :]}"


def _clean(text: str) -> str:
    return one_line(text)
