"""Small models of the tests' own making."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipeline.inspect.look import examine
from pipeline.inspect.record import Inspection
from pipeline.inspect.source import Source
from tests.inspect.writers import Scalar, Table, Vector, flatbuffer

DATA = Path(__file__).parent / "data"


def inspected(data: bytes, name: str = "model") -> Inspection:
    """What is in ``data``, were it a file called ``name``."""
    return examine(Source(data, Path(name)))


def tensor(
    name: str,
    dims: Sequence[int] = (),
    dtype: int = 43,
    data: bytes = b"",
    params: Sequence[Table] = (),
    **more: Table | Vector | Scalar | str | bytes,
) -> Table:
    """A ``.ms`` tensor; ``more`` are fields by ``f<number>``."""
    fields: dict[int, Table | Vector | Scalar | str | bytes] = {
        1: Scalar("i", dtype),
        2: Vector("i", dims),
        9: name,
    }
    if data:
        fields[6] = data
    if params:
        fields[7] = Vector("", params)
    fields.update({int(key[1:]): value for key, value in more.items()})
    return Table(fields)


def param(scale: float, zero: int = 0, bits: int = 8) -> Table:
    """A ``.ms`` set of quantization parameters."""
    return Table({0: Scalar("d", scale), 1: Scalar("i", zero), 5: Scalar("i", bits)})


def node(kind: int, inputs: Sequence[int], outputs: Sequence[int], name: str = "op") -> Table:
    """A ``.ms`` operator."""
    primitive = Table({0: Scalar("B", kind), 1: Table({})})
    return Table({0: name, 2: primitive, 3: Vector("I", inputs), 4: Vector("I", outputs)})


def ms(
    tensors: Sequence[Table],
    nodes: Sequence[Table] = (),
    inputs: Sequence[int] = (),
    outputs: Sequence[int] = (),
    **more: Table | Vector | Scalar | str | bytes,
) -> bytes:
    """A ``.ms`` file."""
    fields: dict[int, Table | Vector | Scalar | str | bytes] = {
        2: Scalar("i", 3),
        3: Vector("I", inputs),
        4: Vector("I", outputs),
        6: Vector("", nodes),
        7: Vector("", tensors),
    }
    fields.update({int(key[1:]): value for key, value in more.items()})
    return flatbuffer(Table(fields))
