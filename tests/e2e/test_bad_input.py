"""What people do wrong, and what the pipeline says: one line, one hint, the right exit code."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.e2e.conftest import DIGITS, QUICK, Cli

pytestmark = pytest.mark.slow

Change = Callable[[dict, Path], None]


def _no_checkpoint(config: dict, folder: Path) -> None:
    config["network"]["checkpoint"] = "nowhere.ckpt"


def _text_checkpoint(config: dict, folder: Path) -> None:
    (folder / "lenet5.ckpt").write_text("these are not parameters\n" * 50)


def _cut_checkpoint(config: dict, folder: Path) -> None:
    data = (folder / "lenet5.ckpt").read_bytes()
    (folder / "lenet5.ckpt").write_bytes(data[: len(data) // 2])


def _other_network(config: dict, folder: Path) -> None:
    (folder / "other.py").write_text(
        "from mindspore import nn\n\n"
        "class Other(nn.Cell):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.flat = nn.Flatten()\n"
        "        self.head = nn.Dense(784, 10)\n"
        "    def construct(self, x):\n"
        "        return self.head(self.flat(x))\n"
    )
    config["network"]["factory"] = "other:Other"


def _no_module(config: dict, folder: Path) -> None:
    config["network"]["factory"] = "nothing.here:net"


def _no_factory(config: dict, folder: Path) -> None:
    config["network"]["factory"] = "network:lenet"


def _raising_factory(config: dict, folder: Path) -> None:
    (folder / "broken.py").write_text("def net():\n    raise ValueError('no such layer')\n")
    config["network"]["factory"] = "broken:net"


def _wrong_shape(config: dict, folder: Path) -> None:
    config["inputs"][0]["shape"] = [1, 1, 32, 32]


def _network_refuses_shape(config: dict, folder: Path) -> None:
    config["inputs"][0]["shape"] = [1, 1, 14, 56]


def _raising_data(config: dict, folder: Path) -> None:
    (folder / "bad.py").write_text("def test():\n    raise OSError('no such share')\n")
    config["data"]["test"] = "bad:test"


def _no_calibration(config: dict, folder: Path) -> None:
    del config["data"]["calibration"]


def _unknown_recipe(config: dict, folder: Path) -> None:
    config["recipes"] = ["wieght-8"]


CASES: list[tuple[str, Change, int, list[str]]] = [
    ("no checkpoint", _no_checkpoint, 2, ["nowhere.ckpt"]),
    ("a text file as checkpoint", _text_checkpoint, 2, ["lenet5.ckpt"]),
    ("a checkpoint that was cut short", _cut_checkpoint, 2, ["lenet5.ckpt"]),
    ("a checkpoint of another network", _other_network, 2, ["head.weight", "conv1.weight"]),
    ("a module that does not exist", _no_module, 2, ["nothing"]),
    ("a factory that does not exist", _no_factory, 2, ["lenet5"]),
    ("a factory that raises", _raising_factory, 2, ["no such layer", "broken.py:2"]),
    ("an input shape that the data has not", _wrong_shape, 2, ["32"]),
    ("an input shape that the network refuses", _network_refuses_shape, 2, ["14"]),
    ("data that raise", _raising_data, 2, ["no such share", "bad.py:2"]),
    ("full quantization without calibration", _no_calibration, 2, ["full-8", "calibration"]),
    ("an unknown recipe", _unknown_recipe, 2, ["wieght-8", "weight-8"]),
]


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """The digits as a project of one's own, beside which nothing of the checkout lies."""
    folder = tmp_path / "mine"
    shutil.copytree(DIGITS.parent, folder)
    config = yaml.safe_load((folder / "deploy.yaml").read_text())
    config["network"]["factory"] = "network:lenet5"
    config["data"]["test"] = "data:test"
    config["data"]["calibration"] = "data:calibration"
    config["python_path"] = ["."]
    (folder / "deploy.yaml").write_text(yaml.safe_dump(config))
    return folder


@pytest.mark.parametrize(
    ("change", "code", "told"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_is_told_in_two_lines(
    copy: Cli, example: Path, change: Change, code: int, told: list[str]
) -> None:
    config = yaml.safe_load((example / "deploy.yaml").read_text())
    change(config, example)
    (example / "deploy.yaml").write_text(yaml.safe_dump(config))
    done = copy("deploy", example / "deploy.yaml", "--emulate", "host", "--json")
    assert done.code == code, done.err
    lines = done.err.splitlines()
    errors = [line for line in lines if line.startswith("error: ")]
    assert len(errors) == 1
    assert lines[-1].startswith("hint: ")
    assert len(lines[-1]) > 10
    for text in told:
        assert text in lines[-2] + lines[-1]
    assert done.json["status"] == "failed"
    assert done.json["message"] == errors[0].removeprefix("error: ")
    assert copy.litter() == []


def test_a_good_one_of_ones_own_works_outside_the_checkout(copy: Cli, example: Path) -> None:
    done = copy("deploy", example / "deploy.yaml", "--emulate", "host", "-r", "fp32", "--json")
    assert done.code == 0, done.err


def test_a_limit_that_is_not_met_ends_with_one(copy: Cli, example: Path) -> None:
    path = example / "deploy.yaml"
    config = yaml.safe_load(path.read_text())
    config["limits"] = {"accuracy_drop_points": 1.0, "min_cosine": 1.0}
    path.write_text(yaml.safe_dump(config))
    done = copy("deploy", path, *QUICK, "-r", "full-8", "--json")
    assert done.code == 1, done.err
    assert done.json["verdict"] == "failed"
    assert "cosine" in done.json["failures"][0]
    assert "limit not met" in done.err


@pytest.mark.parametrize("arguments", [("--no-emulate",), ("--target", "X")])
def test_without_hdc_and_without_emulation_it_ends_with_three(
    copy: Cli, arguments: tuple[str, ...]
) -> None:
    done = copy("deploy", DIGITS, *arguments)
    if shutil.which("hdc"):
        pytest.skip("there is a real hdc here")
    assert done.code == 3
    assert "hdc" in done.err


def test_an_unknown_device_names_those_there_are(copy: Cli) -> None:
    done = copy("deploy", DIGITS, "--device", "phnoe")
    assert done.code == 2
    assert "did you mean `phone`" in done.err
