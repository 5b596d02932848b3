"""The example's data, the reader of MNIST's files, and the checkpoint that is kept."""

from __future__ import annotations

import gzip
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from examples.digits import data

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("read", "count"), [(data.train, 1438), (data.test, 359)])
def test_shapes_types_and_range(read, count):
    images, labels = read()
    assert images.shape == (count, 1, 28, 28)
    assert images.dtype == np.float32
    assert labels.shape == (count,)
    assert labels.dtype == np.int32
    assert images.min() == 0
    assert images.max() == 1
    assert set(labels.tolist()) == set(range(10))


def test_split_keeps_the_test_images_out_of_training():
    kept = {image.tobytes() for image in data.train()[0]}
    held_back = {image.tobytes() for image in data.test()[0]}
    assert len(kept) + len(held_back) == 1797
    assert not kept & held_back


def test_split_is_stratified():
    shares = np.bincount(data.test()[1]) / np.bincount(data.train()[1])
    assert np.all((shares > 0.22) & (shares < 0.28))


def test_calibration_is_balanced_and_of_the_training_images():
    images, labels = data.calibration()
    assert images.shape == (100, 1, 28, 28)
    assert np.bincount(labels).tolist() == [10] * 10
    assert {i.tobytes() for i in images} <= {i.tobytes() for i in data.train()[0]}


def test_enlarging_keeps_a_constant_and_the_corners():
    assert np.allclose(data._enlarge(np.full((1, 8, 8), 0.5, np.float32)), 0.5)
    ramp = np.arange(64, dtype=np.float32).reshape(1, 8, 8)
    assert data._enlarge(ramp)[0, 0, 0] == 0
    assert data._enlarge(ramp)[0, -1, -1] == 63


def test_reading_the_data_does_not_import_scikit_learn():
    code = (
        "import sys; from examples.digits import data; data.test(); print('sklearn' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "False", done.stderr


def idx(magic: int, *shape: int) -> bytes:
    body = bytes(i % 256 for i in range(int(np.prod(shape))))
    return struct.pack(f">{1 + len(shape)}I", magic, *shape) + body


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes(idx(0x803, 3, 28, 28))
    (tmp_path / "t10k-labels-idx1-ubyte").write_bytes(idx(0x801, 3))
    return tmp_path


def test_mnist_plain_and_gzipped_are_the_same(folder):
    plain = data.mnist(folder, "test")
    for path in list(folder.iterdir()):
        path.with_suffix(".gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    packed = data.mnist(folder, "test")
    assert plain[0].shape == (3, 1, 28, 28)
    assert plain[0].dtype == np.float32
    assert plain[0].max() == 1
    assert plain[1].tolist() == [0, 1, 2]
    assert all(np.array_equal(a, b) for a, b in zip(plain, packed, strict=True))


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (b"", "cut short: 0 bytes"),
        (idx(0x803, 3, 28, 28)[:14], "cut short: 14 bytes, its head alone has 16"),
        (idx(0x801, 3), "cut short"),
        (idx(0x803, 3, 28, 28)[:-1], "has 2367 bytes where its shape (3, 28, 28) needs 2368"),
        (b"\x89PNG" + bytes(60), "magic 0x89504e47, not 0x803"),
        (idx(0x803, 2, 28, 28), "has 2 images"),
    ],
)
def test_mnist_names_what_is_wrong_with_a_file(folder, images, message):
    (folder / "t10k-images-idx3-ubyte").write_bytes(images)
    with pytest.raises(ValueError, match="t10k-images") as caught:
        data.mnist(folder, "test")
    assert message in str(caught.value)


def test_mnist_names_a_broken_gzip_file_and_a_missing_one(folder):
    (folder / "t10k-images-idx3-ubyte").unlink()
    with pytest.raises(FileNotFoundError, match=r"ubyte\.gz in"):
        data.mnist(folder, "test")
    (folder / "t10k-images-idx3-ubyte.gz").write_bytes(gzip.compress(bytes(100))[:-9])
    with pytest.raises(ValueError, match="not a whole gzip file"):
        data.mnist(folder, "test")
    with pytest.raises(ValueError, match="split must be one of train, test"):
        data.mnist(folder, "validation")


def test_the_checkpoint_is_small_and_holds_the_network_alone():
    checkpoint = ROOT / "examples/digits/lenet5.ckpt"
    assert checkpoint.stat().st_size < 1_000_000
    code = """
import mindspore, numpy
from examples.digits import data
from examples.digits.network import lenet5
from examples.digits.train import accuracy
parameters = mindspore.load_checkpoint("examples/digits/lenet5.ckpt")
network = lenet5()
assert mindspore.load_param_into_net(network, parameters, strict_load=True) == ([], [])
assert set(parameters) == {p.name for p in network.get_parameters()}
print("accuracy", accuracy(network, *data.test()))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout.split("accuracy")[1]) >= 0.97


def test_training_runs_and_writes_a_checkpoint(tmp_path):
    out = tmp_path / "new" / "one.ckpt"
    command = [sys.executable, "-m", "examples.digits.train", "--epochs", "1", "--out", str(out)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "epoch  1/1  loss" in done.stdout
    assert f"wrote {out}" in done.stdout
    assert out.stat().st_size == (ROOT / "examples/digits/lenet5.ckpt").stat().st_size
