"""One step: what is differentiated, what batch norms learn, and what a schedule gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mindspore
import numpy as np
import pytest
from mindspore import Tensor, nn, ops

from pipeline.config.recover import Recover
from pipeline.stages.recover import training
from pipeline.stages.recover.errors import FunctionUnusable
from tests.recover.networks import Normed

pytestmark = pytest.mark.usefixtures("graph_mode")

RANDOM = np.random.default_rng(6)
IMAGES = RANDOM.random((8, 1, 28, 28)).astype(np.float32)
LABELS = np.arange(8, dtype=np.int32)


class Thinned(nn.Cell):  # type: ignore[misc]
    """A dense layer behind a dropout."""

    def __init__(self) -> None:
        super().__init__()
        self.thin = nn.Dropout(p=0.5)
        self.out = nn.Dense(16, 4)

    def construct(self, rows: Tensor) -> Tensor:
        return self.out(self.thin(rows))


def how(**more: Any) -> Recover:
    return Recover.model_validate({"data": "package.module:train", **more})


def called(network: nn.Cell, settings: Recover, taught: Any, *, learns: bool) -> tuple[float, Any]:
    step = training.gradients(network, ops.cross_entropy, settings, learns_statistics=learns)
    loss, found = step(Tensor(LABELS), Tensor(taught), Tensor(IMAGES))
    return float(loss.asnumpy()), [each.asnumpy() for each in found]


def test_batch_norms_learn_their_statistics_only_where_they_may() -> None:
    network = Normed()
    mean = training.parameters_of(network)["body.1.moving_mean"]
    before = mean.asnumpy().copy()
    called(network, how(), 0.0, learns=True)
    learned = mean.asnumpy().copy()
    assert np.abs(learned - before).max() > 1e-4
    _, found = called(network, how(), 0.0, learns=False)
    np.testing.assert_array_equal(mean.asnumpy(), learned)
    assert all(np.isfinite(each).all() for each in found)


def test_the_networks_own_answers_teach_it_nothing() -> None:
    network = Normed().set_train(False)
    taught = network(Tensor(IMAGES)).asnumpy()
    settings = how(distillation={"weight": 1.0, "temperature": 3.0})
    _, found = called(network, settings, taught, learns=False)
    assert max(np.abs(each).max() for each in found) < 1e-5
    _, found = called(network, settings, -taught, learns=False)
    assert max(np.abs(each).max() for each in found) > 1e-3


def test_a_network_that_drops_at_random_repeats_itself_when_compiled_again() -> None:
    network = Thinned()
    assert training.draws(network) and not training.draws(Normed())
    rows, labels = Tensor(RANDOM.random((8, 16)).astype(np.float32)), Tensor(LABELS % 4)
    runs = []
    for _ in range(2):
        step = training.gradients(network, ops.cross_entropy, how(), learns_statistics=False)
        losses = [step(labels, Tensor(0.0), rows)[0].asnumpy() for _ in range(3)]
        runs.append([float(loss) for loss in losses])
    assert runs[0] == runs[1]
    assert len(set(runs[0])) == 3


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [("constant", [1.0] * 4), ("cosine", [1.0, 0.853553, 0.5, 0.146447])],
)
def test_rates(schedule: str, expected: list[float]) -> None:
    found = training.rates(how(rate=1.0, schedule=schedule), 4, ())
    assert found == pytest.approx(expected, abs=1e-5)


def test_rates_of_the_users_own_are_counted() -> None:
    settings = how(rate=1.0, schedule="tests.recover.networks:halves")
    assert training.rates(settings, 4, ()) == [1.0, 1.0, 0.5, 0.5]
    with pytest.raises(FunctionUnusable, match="schedule"):
        training.rates(how(schedule="tests.recover.networks:save"), 4, (Path(),))


@pytest.mark.parametrize(
    ("name", "kind"),
    [("adam", nn.Adam), ("sgd", nn.Momentum), ("tests.recover.networks:momentum", nn.Momentum)],
)
def test_optimizers_move_parameters_against_the_gradient(name: str, kind: type) -> None:
    parameter = mindspore.Parameter(np.ones(3, np.float32), name="w")
    made = training.optimizer(how(optimizer=name), [parameter], [0.1, 0.1], ())
    assert isinstance(made, kind)
    made((Tensor(np.array([1.0, -1.0, 0.0], np.float32)),))
    moved = parameter.asnumpy() - 1
    assert moved[0] < 0 < moved[1] and abs(moved[2]) < 1e-6
