"""Two models beside each other."""

from __future__ import annotations

import json
from pathlib import Path

from pipeline.chain.inspect import inspect
from pipeline.inspect.compare import Comparison
from tests.inspect.models import DATA, ms, param, tensor


def compared(before: Path, after: Path) -> Comparison:
    found = inspect(before, after)
    assert isinstance(found, Comparison)
    json.dumps(found.as_json(), allow_nan=False)
    return found


def of(name: str, other: str) -> Comparison:
    return compared(DATA / name, DATA / other)


def test_a_model_and_itself() -> None:
    found = of("weight_2.ms", "weight_2.ms")
    assert found.same
    assert found.same_tensors == 6


def test_what_quantization_changes() -> None:
    found = of("fp32.ms", "full_8.ms")
    facts = {item.name: (item.before, item.after) for item in found.facts}
    assert facts["size_bytes"] == (8440, 7064)
    assert facts["QUANT_ALL"] == (0, 4)
    assert "macs" not in facts
    assert {item.name: item.after for item in found.operators} == {"QuantDTypeCast": 6}
    changes = {(item.role, item.name): item.differences for item in found.tensors}
    assert changes["constant", "0.weight"] == ("dtype", "quantization", "size")
    assert changes["constant", "6.bias"] == ("dtype", "quantization")
    assert changes["input", "x"] == ("quantization",)
    added = [item.name for item in found.tensors if item.before is None]
    assert added == ["added_Default/2-Conv2d/Conv2D-op1_bias"]
    assert found.same_tensors == 1


def test_one_changed_weight_is_found(tmp_path: Path) -> None:
    data = bytearray((DATA / "fp32.ms").read_bytes())
    at, length = next(
        item.stored[0]
        for item in of("fp32.ms", "fp32.ms").before.tensors
        if item.name == "6.weight"
    )
    data[at + length - 1] ^= 1
    (tmp_path / "other.ms").write_bytes(data)
    found = compared(DATA / "fp32.ms", tmp_path / "other.ms")
    assert [(item.name, item.differences) for item in found.tensors] == [("6.weight", ("values",))]
    assert found.facts == ()


def test_a_checkpoint_and_its_export() -> None:
    found = of("small.ckpt", "small.mindir")
    assert found.tensors == ()
    assert found.operators == ()
    assert found.same_tensors == 5


def test_names_that_come_twice_and_scales_that_are_none(tmp_path: Path) -> None:
    twice = [tensor("w", [1], 32, bytes([n]), [param(float("nan"))]) for n in (1, 2)]
    (tmp_path / "a.ms").write_bytes(ms(twice))
    (tmp_path / "b.ms").write_bytes(ms(twice[:1]))
    assert compared(tmp_path / "a.ms", tmp_path / "a.ms").same
    found = compared(tmp_path / "a.ms", tmp_path / "b.ms")
    assert [(item.name, item.after) for item in found.tensors] == [("w", None)]
    assert found.same_tensors == 1
