"""Files that are made to make the reader fail, run for ever or fill the memory."""

from __future__ import annotations

import struct
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.inspect import source
from pipeline.inspect.errors import Damaged, Unsupported
from pipeline.inspect.look import look
from tests.inspect.fuzz import run
from tests.inspect.models import DATA, inspected, ms, node, tensor
from tests.inspect.writers import Table, Vector, flatbuffer, message, varint

_MIB = 1 << 20


@pytest.fixture
def small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fiftieth of what a file may hold, so that reaching it takes no time."""
    monkeypatch.setattr(source, "MOST_PARTS", 4_000)
    monkeypatch.setattr(source, "MOST_STEPS", 100_000)


def bounded(data: bytes, name: str) -> None:
    """Inspecting must end with an error of ours, soon and with a fiftieth of what is allowed."""
    tracemalloc.start()
    began = time.perf_counter()
    try:
        with pytest.raises((Damaged, Unsupported)):
            inspected(data, name)
        assert tracemalloc.get_traced_memory()[1] < 8 * _MIB
    finally:
        tracemalloc.stop()
    assert time.perf_counter() - began < 10


def shared_table(count: int, field: int) -> bytes:
    """A .ms file whose vector ``field`` points ``count`` times to one and the same table."""
    data = bytearray(ms([tensor("t", [1])], [node(1, [0], [0])]))
    at = len(data)
    data += struct.pack("<I", count) + bytes(4 * count)
    vtable = len(data)
    data += struct.pack("<HHI", 4, 400, 0)
    table = len(data)
    data += struct.pack("<i", table - vtable) + bytes(396)
    for number in range(count):
        place = at + 4 + 4 * number
        struct.pack_into("<I", data, place, table - place)
    root = struct.unpack_from("<I", data, 0)[0]
    layout = root - struct.unpack_from("<i", data, root)[0]
    slot = root + struct.unpack_from("<H", data, layout + 4 + 2 * field)[0]
    struct.pack_into("<I", data, slot, at - slot)
    return bytes(data)


@pytest.mark.parametrize("field", [6, 7], ids=["nodes", "tensors"])
def test_one_table_used_a_thousand_times(field: int) -> None:
    with pytest.raises(Damaged, match="overlap"):
        inspected(shared_table(3_000, field))


def test_a_vector_of_vast_length() -> None:
    data = bytearray(ms([tensor("t", [1, 2, 3])]))
    at = data.index(struct.pack("<4I", 3, 1, 2, 3))
    struct.pack_into("<I", data, at, 0xFFFF_FFFF)
    with pytest.raises(Damaged, match=r"dimensions|cut off"):
        inspected(bytes(data))


def test_a_name_of_vast_length() -> None:
    with pytest.raises(Damaged, match="a name of"):
        inspected(ms([tensor("n" * 70_000, [1])]))


def test_impossible_vtables() -> None:
    data = bytearray(flatbuffer(Table({0: "name"})))
    root = struct.unpack_from("<I", data, 0)[0]
    layout = root - struct.unpack_from("<i", data, root)[0]
    for change in ((3, 8), (5, 8), (0xFFFE, 8), (6, 0), (6, 0xFFFF)):
        broken = bytearray(data)
        struct.pack_into("<HH", broken, layout, *change)
        with pytest.raises(Damaged):
            inspected(bytes(broken))
    for offset in (2**31 - 1, -(2**31), root + 1):
        broken = bytearray(data)
        struct.pack_into("<i", broken, root, offset)
        with pytest.raises(Damaged):
            inspected(bytes(broken))


@pytest.mark.usefixtures("small_limits")
def test_more_tensors_than_any_model_has() -> None:
    few = ms([tensor("t", [1])])
    at = len(few)
    count = 4_200
    body = bytearray(few)
    body += struct.pack("<I", count) + bytes(4 * count)
    vtable = len(body)
    body += struct.pack("<HHI", 4, 4, 0)
    for number in range(count):
        place = at + 4 + 4 * number
        table = len(body)
        struct.pack_into("<I", body, place, table - place)
        body += struct.pack("<i", table - vtable)
    root = struct.unpack_from("<I", body, 0)[0]
    layout = root - struct.unpack_from("<i", body, root)[0]
    slot = root + struct.unpack_from("<H", body, layout + 4 + 2 * 7)[0]
    struct.pack_into("<I", body, slot, at - slot)
    bounded(bytes(body), "many.ms")


@pytest.mark.usefixtures("small_limits")
def test_more_nodes_than_any_model_has() -> None:
    graph = message((1, message((4, "A")))) * 4_200
    bounded(message((1, "0"), (7, graph)), "many.mindir")
    onnx = message((1, message((4, "A")))) * 4_200
    bounded(message((1, 8), (7, onnx)), "many.onnx")


@pytest.mark.usefixtures("small_limits")
def test_more_fields_than_any_model_has() -> None:
    bounded(message((1, 8)) * 102_000, "many.onnx")


@pytest.mark.usefixtures("small_limits")
def test_parameters_in_very_many_pieces() -> None:
    piece = message((1, message((1, "p"), (2, message((2, "Int8"), (3, b"x"))))))
    bounded(piece * 4_200, "pieces.ckpt")


def test_graphs_within_graphs() -> None:
    graph = message((1, message((4, "If"))))
    for _ in range(40):
        graph = message((1, message((4, "If"), (5, message((1, "b"), (6, graph))))))
    with pytest.raises(Damaged, match="deep"):
        inspected(message((1, 8), (7, graph)), "deep.onnx")


def test_numbers_without_an_end() -> None:
    for data in (b"\x08" + b"\xff" * 40, b"\x0a" + b"\xff" * 9 + b"\x7f", b"\x0b\x0c", b"\x00\x00"):
        with pytest.raises(Damaged):
            inspected(data, "model.onnx")


def test_lengths_beyond_the_end() -> None:
    for length in (1 << 31, 1 << 40, (1 << 64) - 1):
        with pytest.raises(Damaged, match="cut off"):
            inspected(b"\x0a" + varint(length) + b"x", "model.ckpt")


@pytest.mark.usefixtures("small_limits")
def test_scales_that_are_read_again_and_again() -> None:
    scales = message((1, 10_000), (2, 1), (8, "s"), (9, bytes(40_000)))
    weight = message((1, 10_000), (2, 3), (8, "w"), (9, bytes(10_000)))
    use = message((1, "w"), (1, "s"), (2, "y"), (4, "DequantizeLinear"))
    graph = message((5, scales), (5, weight), *[(1, use)] * 1_000)
    bounded(message((1, 8), (7, graph)), "again.onnx")


def test_data_that_overlap_again_and_again() -> None:
    count = 64
    data = bytearray(ms([tensor(f"t{n}", [1], data=bytes(8)) for n in range(count)]))
    end = len(data)
    data += bytes(100_000)
    places = [
        at for at in range(8, end, 4) if data[at : at + 12] == struct.pack("<I", 8) + bytes(8)
    ]
    assert len(places) == count
    for at in places:
        struct.pack_into("<I", data, at, len(data) - at - 4)
    with pytest.raises(Damaged, match="overlap"):
        inspected(bytes(data))


def test_the_fuzzer_finds_nothing() -> None:
    outcome = run(4_000, seed=20, limit_seconds=8)
    assert outcome.faults == []
    assert outcome.cases > 300
    assert {"Damaged", "ms", "mindir", "ckpt", "onnx"} <= set(outcome.results)


def _big_checkpoint(path: Path, size: int) -> None:
    inner = varint(1 << 3) + varint(size) + message((2, "Int8")) + varint(3 << 3 | 2) + varint(size)
    value = message((1, "big")) + varint(2 << 3 | 2) + varint(len(inner) + size) + inner
    head = varint(1 << 3 | 2) + varint(len(value) + size) + value
    path.write_bytes(head)
    with path.open("r+b") as stream:
        stream.truncate(len(head) + size)


def _big_ms(path: Path, size: int) -> None:
    data = bytearray(ms([tensor("big", [size], 32, b"DATA")]))
    at = data.index(struct.pack("<I", 4) + b"DATA")
    end = len(data)
    slot = next(n for n in range(8, at, 4) if struct.unpack_from("<I", data, n)[0] == at - n)
    struct.pack_into("<I", data, slot, end - slot)
    path.write_bytes(bytes(data) + struct.pack("<I", size))
    with path.open("r+b") as stream:
        stream.truncate(end + 4 + size)


@pytest.mark.parametrize(("ending", "make"), [(".ckpt", _big_checkpoint), (".ms", _big_ms)])
def test_a_large_file_is_mapped_and_not_read(
    tmp_path: Path, ending: str, make: Callable[[Path, int], None]
) -> None:
    path = tmp_path / f"big{ending}"
    make(path, 500 * _MIB)
    tracemalloc.start()
    began = time.perf_counter()
    model = look(path)
    assert time.perf_counter() - began < 1
    assert tracemalloc.get_traced_memory()[1] < 2 * _MIB
    tracemalloc.stop()
    assert model.parameter_bytes == model.parameter_count == 500 * _MIB


def test_the_real_files_are_all_read() -> None:
    names = {path.name for path in DATA.iterdir()} - {"encrypted.ckpt"}
    assert len(names) > 20
    for name in names:
        assert look(DATA / name).size_bytes == (DATA / name).stat().st_size


def test_a_vector_of_tables_may_be_empty() -> None:
    assert inspected(flatbuffer(Table({7: Vector("", [])}))).tensors == ()
