"""The second example: its data, its depthwise convolution, its training, its checkpoint."""

from __future__ import annotations

import hashlib
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from examples.digits import data as digits
from examples.numbers import data

ROOT = Path(__file__).parents[2]
CHECKPOINT = ROOT / "examples/numbers/mobilenetv2.ckpt"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Python at the top of the repository; MindSpore stays out of this process."""
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("read", "each"),
    [(lambda: data.train(count=1000), 10), (data.test, 40), (data.calibration, 2)],
)
def test_shapes_types_range_and_balance(read, each):
    images, labels = read()
    assert images.shape == (100 * each, 1, 32, 64)
    assert images.dtype == np.float32
    assert images.min() == 0
    assert images.max() == 1
    assert np.abs(np.rint(images * 255) - images * 255).max() < 1e-4
    assert labels.dtype == np.int32
    assert np.bincount(labels).tolist() == [each] * 100


def test_the_same_call_gives_the_same_images_and_another_epoch_others():
    first, again, other = (data.train(epoch, 300) for epoch in (0, 0, 1))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0], other[0])
    assert len({image.tobytes() for image in (*first[0], *other[0])}) == 600


@pytest.mark.parametrize(
    ("read", "source"),
    [
        (lambda: data.train(count=200), digits.train),
        (data.test, digits.test),
        (data.calibration, digits.train),
    ],
)
def test_every_digit_is_of_its_own_side_of_the_split_and_shows_its_figure(
    monkeypatch, read, source
):
    placed, taken = data._placed, []

    def watched(shapes, random):
        taken.append(shapes)
        return placed(shapes, random)

    monkeypatch.setattr(data, "_placed", watched)
    _, labels = read()
    figures = {
        image.tobytes(): int(label)
        for image, label in zip(source()[0][:, 0], source()[1], strict=True)
    }
    tens, units = np.concatenate(taken[::2]), np.concatenate(taken[1::2])
    numbers = [
        10 * figures[ten.tobytes()] + figures[unit.tobytes()]
        for ten, unit in zip(tens, units, strict=True)
    ]
    assert numbers == labels.tolist()


def test_tens_stand_on_the_left():
    images, labels = data.test()
    ones = images[labels % 10 == 1].mean(axis=0)[0]
    zeros = images[labels % 10 == 0].mean(axis=0)[0]
    apart = np.abs(ones - zeros)
    assert apart[:, 32:].max() > 5 * apart[:, :32].max()


def test_sampling_on_the_pixels_changes_nothing_and_gives_nothing_outside():
    image = np.random.default_rng(0).random((1, 5, 7), np.float32)
    y, x = np.mgrid[:5, :7].astype(np.float32)[:, None]
    assert np.allclose(data._sampled(image, y, x), image, atol=1e-6)
    assert np.allclose(
        data._sampled(image, y, x + 0.5)[0, :, :-1],
        (image[0, :, 1:] + image[0, :, :-1]) / 2,
        atol=1e-6,
    )
    assert np.abs(data._sampled(image, y + 50, x)).max() < 0.01


def test_reading_the_data_imports_neither_mindspore_nor_scikit_learn():
    done = run(
        "-c",
        "import sys; from examples.numbers import data; data.calibration();"
        "print({'sklearn', 'mindspore'} & set(sys.modules))",
    )
    assert done.stdout.strip() == "set()", done.stderr


def test_the_depthwise_convolution_trains_as_the_operator_it_is_exported_as():
    done = run(
        "-c",
        """
import mindspore, numpy as np
from mindspore import Tensor
from examples.numbers.depthwise import Depthwise
for channels, height, width, stride in ((3, 8, 16, 1), (5, 8, 16, 2), (4, 2, 4, 1)):
    random = np.random.default_rng(stride)
    filtered = Depthwise(channels, stride)
    images = Tensor(random.standard_normal((2, channels, height, width)).astype("f4"))
    plain = filtered.set_train(False)(images).asnumpy()
    products = filtered.set_train()(images).asnumpy()
    assert plain.shape == (2, channels, height // stride, width // stride)
    assert np.abs(plain).max() > 0.1
    assert np.allclose(plain, products, atol=1e-5)
    # The sums are linear in the weights: the gradient of their total is that of differences.
    total = lambda x: filtered(x).sum()
    slopes = mindspore.grad(total, None, filtered.weight)(images).asnumpy()
    weights = filtered.weight.asnumpy().copy()
    for index in ((0, 0, 0, 0), (1, 0, 1, 2), (2, 0, 2, 1)):
        moved = weights.copy(); moved[index] += 1
        filtered.weight.set_data(Tensor(moved))
        change = filtered.set_train(False)(images).asnumpy().sum() - plain.sum()
        filtered.weight.set_data(Tensor(weights)); filtered.set_train()
        assert np.isclose(slopes[index], change, atol=1e-3), (index, slopes[index], change)
print("equal")
""",
    )
    assert done.stdout.strip().endswith("equal"), done.stderr


@pytest.mark.slow
def test_training_runs_is_seeded_and_writes_a_checkpoint(tmp_path):
    outs = [tmp_path / "new" / f"{name}.ckpt" for name in "ab"]
    options = "--epochs 1 --images 128 --out"
    for out in outs:
        done = run("-m", "examples.numbers.train", *options.split(), str(out))
        assert done.returncode == 0, done.stderr
        assert "epoch 1/1  loss" in done.stdout
        assert "0 s to go" in done.stdout
        assert f"wrote {out}" in done.stdout
    assert 9_000_000 < outs[0].stat().st_size < 10_000_000
    assert [path.name for path in sorted(outs[0].parent.iterdir())] == ["a.ckpt", "b.ckpt"]
    first, second = (hashlib.sha256(out.read_bytes()).hexdigest() for out in outs)
    assert first == second


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--epochs", "0"), "at least one epoch and 64 images"),
        (("--images", "63"), "at least one epoch and 64 images"),
        (("--out", "examples"), "examples is a folder"),
    ],
)
def test_training_refuses_before_it_trains(options, message):
    done = run("-m", "examples.numbers.train", *options)
    assert done.returncode == 2
    assert message in done.stderr


@pytest.mark.skipif(not CHECKPOINT.is_file(), reason="python -m examples.numbers.train makes it")
def test_the_checkpoint_holds_the_network_alone_and_reads_numbers():
    done = run(
        "-c",
        """
import mindspore
from examples.numbers import data
from examples.numbers.network import mobilenetv2
from examples.numbers.train import accuracy
parameters = mindspore.load_checkpoint("examples/numbers/mobilenetv2.ckpt")
network = mobilenetv2()
assert mindspore.load_param_into_net(network, parameters, strict_load=True) == ([], [])
assert set(parameters) == {p.name for p in network.get_parameters()}
print("parameters", sum(p.size for p in network.trainable_params()))
mindspore.set_context(mode=mindspore.GRAPH_MODE)
print("accuracy", accuracy(network, *data.test()))
""",
    )
    assert done.returncode == 0, done.stderr
    assert "parameters 2351908" in done.stdout
    assert math.isfinite(share := float(done.stdout.split("accuracy")[1]))
    assert share >= 0.95
