"""Our own quantizer against the real runtime: it decodes each form to exactly what we say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from device.runner import SOURCES
from pipeline.config.recipe import Grid
from pipeline.core.events import Silent
from pipeline.quantize import layer
from pipeline.quantize.modelfile import ModelFile
from pipeline.quantize.rules import LayerSetting
from pipeline.quantize.stored import FLOAT32, Compression, Constant
from pipeline.toolchain import host, toolchain
from tests.e2e.conftest import Cli

pytestmark = pytest.mark.slow

SETTINGS = {
    **{f"{bits} bits a channel": LayerSetting(False, bits, Grid.UNIFORM, None, True, None)
       for bits in (1, 2, 3, 5, 7, 8, 9, 11, 15, 16)},
    **{f"{bits} bits": LayerSetting(False, bits, Grid.UNIFORM, None, False, None)
       for bits in (1, 4, 8, 12)},
    **{f"codebook of {count}": LayerSetting(False, 8, Grid.CODEBOOK, count, False, None)
       for count in (2, 3, 16, 100, 256)},
    **{f"codebook of {count} a channel": LayerSetting(False, 8, Grid.CODEBOOK, count, True, None)
       for count in (2, 5, 64)},
    **{f"entropy, steps of {step}": LayerSetting(False, 8, Grid.ENTROPY, None, False, None, step)
       for step in (0.02, 0.3, 1.5)},
    "a range": LayerSetting(False, 3, Grid.UNIFORM, None, False, (-0.25, 0.5)),
}  # fmt: skip


@pytest.fixture(scope="module")
def fp32(deployed: tuple[Cli, Any]) -> tuple[Path, Path]:
    """The float model, and some samples."""
    run = next(deployed[0].workspace.glob("*-deploy-*"))
    samples = next((deployed[0].workspace / ".store" / "samples").glob("*/input_0.bin"))
    return run / "models" / "digits.fp32.ms", samples


@pytest.fixture(scope="module")
def answers(fp32: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Runs a model's bytes over the samples, in the real runtime."""
    tools = toolchain.resolve(None, SOURCES, Silent())
    folder = tmp_path_factory.mktemp("answers")

    def call(data: bytes) -> Any:
        (folder / "model.ms").write_bytes(data)
        host.infer(tools, folder / "model.ms", (fp32[1],), folder / "outputs.bin")
        return np.fromfile(folder / "outputs.bin", np.float32)

    return call


@pytest.mark.parametrize("setting", SETTINGS.values(), ids=SETTINGS)
@pytest.mark.parametrize("compress", [True, False], ids=["compressed", "plain"])
def test_what_is_stored_decodes_to_what_was_meant(
    fp32: tuple[Path, Path], answers: Any, setting: LayerSetting, compress: bool
) -> None:
    model = ModelFile(fp32[0])
    stored, meant = {}, {}
    for weight in model.weights:
        done = layer.quantize(model.values(weight), weight.axis, setting, compress)
        stored[weight.tensor] = done.constant
        meant[weight.tensor] = Constant(done.real.astype("<f4").tobytes(), FLOAT32)
    assert len(stored) == 5
    got, expected = answers(model.with_constants(stored)), answers(model.with_constants(meant))
    np.testing.assert_array_equal(got, expected)
    assert np.ptp(got) > 0.5


def test_every_form_was_met(fp32: tuple[Path, Path]) -> None:
    model = ModelFile(fp32[0])
    met = {
        layer.quantize(model.values(weight), weight.axis, setting, compress).constant.compression
        for setting in SETTINGS.values()
        for weight in model.weights
        for compress in (True, False)
    }
    assert met == set(Compression)


def test_a_model_put_together_again_is_the_same_model(
    fp32: tuple[Path, Path], answers: Any
) -> None:
    for path in sorted(fp32[0].parent.glob("*.ms")):
        whole = path.read_bytes()
        again = ModelFile(path).with_constants({})
        assert abs(len(again) - len(whole)) <= 64
        np.testing.assert_array_equal(answers(again), answers(whole))
