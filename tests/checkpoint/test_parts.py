"""The worker's parts that need no MindSpore: checkpoint bytes, samples, batches."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.stages.checkpoint import checkpoint_file, reference
from pipeline.stages.checkpoint.errors import NotACheckpoint, ReferenceNotFinite
from pipeline.stages.checkpoint.parameters import BOOKKEEPING
from tests.checkpoint.conftest import ROOT

LENET5 = (ROOT / "examples/digits/lenet5.ckpt").read_bytes()


def test_a_whole_checkpoint_passes(tmp_path):
    assert checkpoint_file.check(ROOT / "examples/digits/lenet5.ckpt") == 10


@settings(max_examples=200, deadline=None)
@given(length=st.integers(0, len(LENET5) - 1))
def test_a_cut_checkpoint_is_told_or_ends_between_parameters(tmp_path_factory, length):
    path = tmp_path_factory.getbasetemp() / "cut.ckpt"
    path.write_bytes(LENET5[:length])
    with suppress(NotACheckpoint):
        assert 0 < checkpoint_file.check(path) < 10


@settings(max_examples=300, deadline=None)
@given(data=st.binary(max_size=400))
def test_any_bytes_are_a_checkpoint_or_an_error(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "any.ckpt"
    path.write_bytes(data)
    with suppress(NotACheckpoint):
        checkpoint_file.check(path)


@pytest.mark.parametrize(
    ("name", "is_bookkeeping"),
    [
        ("moments.fc.weight", True),
        ("moment1.fc.weight", True),
        ("accum.conv.bias", True),
        ("global_step", True),
        ("learning_rate", True),
        ("fc.weight", False),
        ("moments", False),
        ("backbone.moments.weight", False),
        ("global_step.weight", False),
    ],
)
def test_what_counts_as_bookkeeping(name, is_bookkeeping):
    assert bool(BOOKKEEPING.fullmatch(name)) is is_bookkeeping


class Network:
    """Doubles; counts its calls and the largest batch."""

    def __init__(self, output=lambda x: x * 2) -> None:
        self.output, self.calls, self.largest = output, 0, 0

    def __call__(self, arrays):
        self.calls += 1
        self.largest = max(self.largest, len(arrays[0]))
        return [self.output(arrays[0])]


SAMPLES = [np.arange(20, dtype=np.float32).reshape(10, 1, 2)]


def test_batches_when_they_give_the_same():
    network = Network()
    (output,) = reference.compute("a:b", network, SAMPLES)
    assert np.array_equal(output, SAMPLES[0][:, 0] * 2)
    assert (network.calls, network.largest) == (4, 10)


def fails_on_batches(x):
    if len(x) > 1:
        raise ValueError("one at a time")
    return x * 2


@pytest.mark.parametrize(
    "output",
    [
        lambda x: x * 2 - 2 * (x - x.mean(axis=0)) * (len(x) > 1),
        fails_on_batches,
        lambda x: x[:1] * 2,
    ],
    ids=["other values", "an error", "another shape"],
)
def test_one_by_one_when_they_do_not(output):
    network = Network(output)
    (found,) = reference.compute("a:b", network, SAMPLES)
    assert np.array_equal(found, SAMPLES[0][:, 0] * 2)
    assert network.calls >= 13


def test_outputs_without_a_batch_are_stacked():
    (output,) = reference.compute("a:b", Network(lambda x: x.sum()), SAMPLES)
    assert output.tolist() == SAMPLES[0].sum(axis=(1, 2)).tolist()


def test_one_sample():
    (output,) = reference.compute("a:b", Network(), [SAMPLES[0][:1]])
    assert output.tolist() == [[0, 2]]


def test_batches_stay_small_for_large_inputs():
    network = Network(lambda x: x.reshape(len(x), -1)[:, :1])
    reference.compute("a:b", network, [np.zeros((9, 1, 1 << 19), np.float32)])
    assert network.largest == 2


def test_what_is_not_finite_is_told_with_its_place():
    def output(x):
        return np.where(x > 10, np.inf, x)

    with pytest.raises(ReferenceNotFinite) as caught:
        reference.compute("a:b", Network(output), SAMPLES)
    assert caught.value.facts() == {"factory": "a:b", "output": 0, "count": 9, "sample": 5}


def test_integer_outputs_are_finite():
    samples = [np.arange(4, dtype=np.int32).reshape(4, 1, 1)]
    assert reference.compute("a:b", Network(), samples)[0].dtype == np.int32


def test_samples_are_shaped_as_the_input(tmp_path: Path):
    from pipeline.stages.checkpoint.export import InputSpec

    np.save(tmp_path / "flat.npy", np.zeros((5, 784), np.float32))
    spec = InputSpec("x", (1, 1, 28, 28), "float32")
    (array,) = reference.read_samples([spec], [tmp_path / "flat.npy"])
    assert array.shape == (5, 1, 1, 28, 28)
