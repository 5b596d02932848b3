"""Parameters and the model's weights: found by values, and made one from the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from pipeline.config.recipe import Grid
from pipeline.quantize import layer
from pipeline.quantize.modelfile import Weight
from pipeline.quantize.rules import LayerSetting
from pipeline.stages.recover import weights
from pipeline.stages.recover.errors import WeightUnmatched
from pipeline.stages.recover.weights import Norm

RANDOM = np.random.default_rng(3)
SETTING = LayerSetting(False, 2, Grid.UNIFORM, None, True, None)
NORM = Norm("bn.gamma", "bn.moving_variance", 1e-5)
OTHER = Norm("other.gamma", "other.moving_variance", 1e-5)


def drawn(*shape: int) -> Any:
    return RANDOM.normal(size=shape).astype(np.float32)


VALUES = {
    "conv.weight": drawn(8, 3, 5, 5),
    "dense.weight": drawn(10, 24),
    "bn.gamma": RANDOM.uniform(0.5, 1.5, 8).astype(np.float32),
    "bn.moving_variance": RANDOM.uniform(0.5, 1.5, 8).astype(np.float32),
    "other.gamma": RANDOM.uniform(0.5, 1.5, 8).astype(np.float32),
    "other.moving_variance": RANDOM.uniform(0.5, 1.5, 8).astype(np.float32),
}
FACTOR = VALUES["bn.gamma"] / np.sqrt(VALUES["bn.moving_variance"] + np.float32(1e-5))


@dataclass(frozen=True)
class Model:
    """What ``link`` asks of a model."""

    name: str
    found: Any

    @property
    def weights(self) -> tuple[Weight, ...]:
        return (Weight(0, self.name, "node", "Conv2DFusion", self.found.shape, 0),)

    def values(self, weight: Weight) -> Any:
        return self.found


def linked(name: str, found: Any) -> weights.Link:
    model: Any = Model(name, found)
    (link,) = weights.link(model, {0: SETTING}, VALUES, (OTHER, NORM))
    return link


OHWI = VALUES["conv.weight"].transpose(0, 2, 3, 1)
FOLDED = (VALUES["conv.weight"] * FACTOR[:, None, None, None]).transpose(0, 2, 3, 1)


@pytest.mark.parametrize(
    ("name", "found", "norm"),
    [
        ("dense.weight", VALUES["dense.weight"], None),
        ("dense.weight", VALUES["dense.weight"].T, None),
        ("conv.weight", OHWI, None),
        ("conv.weight", FOLDED, NORM),
    ],
)
def test_order_and_norm_are_told_from_the_values(name: str, found: Any, norm: Norm | None) -> None:
    link = linked(name, found)
    assert link.norm == norm
    np.testing.assert_allclose(link.to_model(VALUES), found, rtol=1e-6)
    back = link.from_model(link.to_model(VALUES), VALUES)
    np.testing.assert_allclose(back, VALUES[name], rtol=1e-6)
    assert weights.names([link]) == {name, *([norm.gamma, norm.variance] if norm else [])}


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("absent.weight", OHWI),
        ("conv.weight", OHWI * np.float32(1.01)),
        ("conv.weight", OHWI.reshape(8, -1)),
        ("conv.weight", OHWI * FACTOR[None, :5, None, None]),
    ],
)
def test_a_weight_of_unknown_origin_is_refused_by_name(name: str, found: Any) -> None:
    with pytest.raises(WeightUnmatched, match=name):
        linked(name, found)


@pytest.mark.parametrize("found", [OHWI, FOLDED])
@pytest.mark.parametrize("bits", [1, 2, 3, 8])
@pytest.mark.parametrize("grid", list(Grid))
def test_settled_weights_are_the_quantizers_own(found: Any, bits: int, grid: Grid) -> None:
    entries = 2**bits if grid is Grid.CODEBOOK else None
    link = linked("conv.weight", found)
    setting = LayerSetting(False, bits, grid, entries, grid is Grid.UNIFORM, None)
    link = weights.Link(**{**vars(link), "setting": setting})
    snapped = weights.settled([link], VALUES)
    there = {**VALUES, **snapped}
    model = np.ascontiguousarray(link.to_model(there))
    again = layer.quantize(model, 0, setting).real
    np.testing.assert_allclose(again, model, rtol=1e-5, atol=1e-6)
    if grid is not Grid.ENTROPY:  # which has as many as it needs
        assert len(np.unique(model[0].round(5))) <= 2**bits
