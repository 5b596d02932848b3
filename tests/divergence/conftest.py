"""A network, what it was converted to, and models with planted faults."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from device.runner import SOURCES
from pipeline.config.deployment import Input, Network
from pipeline.core.events import Silent
from pipeline.inspect.look import look
from pipeline.stages.checkpoint.export import ExportRequest, InputSpec, export_checkpoint
from pipeline.toolchain import toolchain
from pipeline.toolchain.errors import DownloadFailed
from pipeline.toolchain.toolchain import Toolchain

USER = Path(__file__).parent / "user"
SHAPE = (1, 3, 12, 12)

FULL = """\
[common_quant_param]
quant_type=FULL_QUANT
bit_num=8
[full_quant_param]
activation_quant_method=MAX_MIN
[data_preprocess_param]
calibrate_path=images:calibration
calibrate_size=8
input_type=BIN
"""
WEIGHT = "[common_quant_param]\nquant_type=WEIGHT_QUANT\nbit_num=8\nmin_quant_weight_channel=0\n"


@dataclass(frozen=True)
class Made:
    """The network, its samples and its models by recipe: ``fp32``, ``weight``, ``full``, and
    ``onnx``, which is made of the network as an ONNX file."""

    network: Network
    onnx: Path
    inputs: tuple[Input, ...]
    samples: Path
    models: dict[str, Path]
    tools: Toolchain

    @property
    def images(self) -> np.ndarray:
        """The first sample in the model's layout."""
        return np.load(self.samples)[0].transpose(1, 2, 0)[None].copy()


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Exported and converted for real, once."""
    try:
        tools = toolchain.resolve(None, SOURCES, Silent())
    except DownloadFailed as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("network")
    checkpoint = folder / "net.ckpt"
    subprocess.run([sys.executable, USER / "write_checkpoint.py", checkpoint], check=True)
    samples = folder / "samples.npy"
    random = np.random.default_rng(1)
    data = random.normal(size=(8, *SHAPE[1:])) * 0.5 + np.array([0.3, 0, -0.3])[:, None, None]
    np.save(samples, data.astype(np.float32))
    request = ExportRequest(
        "nets:Net", {}, checkpoint, (USER,), (InputSpec("images", SHAPE, "float32"),), (samples,)
    )
    export_checkpoint(request, folder / "export", deadline_s=300, log=folder / "log")
    (folder / "calibration").mkdir()
    for number, image in enumerate(data.astype(np.float32)):
        (folder / "calibration" / f"{number}.bin").write_bytes(image.transpose(1, 2, 0).tobytes())
    onnx = checkpoint.with_name("net.ckpt.onnx")
    models = {}
    for name, config in (("fp32", ""), ("weight", WEIGHT), ("full", FULL), ("onnx", "")):
        (folder / f"{name}.ini").write_text(config)
        file = onnx.name if name == "onnx" else "export/model.mindir"
        command = [
            str(tools.converter),
            f"--fmk={'ONNX' if name == 'onnx' else 'MINDIR'}",
            f"--modelFile={file}",
            f"--outputFile={name}",
            *([f"--configFile={name}.ini"] if config else []),
        ]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        models[name] = folder / f"{name}.ms"
        assert models[name].is_file(), done.stdout + done.stderr
        models[name].chmod(0o644)
    network = Network(factory="nets:Net", checkpoint=checkpoint)
    return Made(network, onnx, (Input(name="images", shape=SHAPE),), samples, models, tools)


@pytest.fixture
def planted(made: Made, tmp_path: Path) -> Callable[..., Path]:
    """``planted(weight, change)``: the fp32 model with the array of that weight changed."""

    def plant(weight: str, change: Callable[[np.ndarray], np.ndarray], model: str = "fp32") -> Path:
        file = made.models[model]
        data = bytearray(file.read_bytes())
        (tensor,) = (one for one in look(file).tensors if one.name == weight)
        ((offset, length),) = tensor.stored
        before = np.frombuffer(bytes(data[offset : offset + length]), np.float32)
        after = change(before.reshape(tensor.shape).copy()).astype(np.float32)
        data[offset : offset + length] = after.tobytes()
        path = tmp_path / "planted.ms"
        path.write_bytes(data)
        return path

    return plant
