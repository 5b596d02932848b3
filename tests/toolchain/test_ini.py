"""The converter's configuration file: exactly what version 2.0.0 knows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from pipeline.config import places
from pipeline.config.recipe import Recipe
from pipeline.toolchain.ini import config_text

CALIBRATION = {"images": "calibration0"}


def _full(method: str, corrected: str) -> str:
    return (
        "[common_quant_param]\nquant_type=FULL_QUANT\nbit_num=8\n\n"
        f"[full_quant_param]\nactivation_quant_method={method}\nbias_correction={corrected}\n"
        "per_channel=true\n\n"
        "[data_preprocess_param]\ncalibrate_path=images:calibration0\ncalibrate_size=100\n"
        "input_type=BIN\n"
    )


GOLDEN = {
    "fp32": None,
    "fp16": None,
    "weight-8": "[common_quant_param]\nquant_type=WEIGHT_QUANT\nbit_num=8\n",
    "dynamic-8": "[common_quant_param]\nquant_type=DYNAMIC_QUANT\nbit_num=8\n",
    "full-8": _full("KL", "true"),
    "full-8-uncorrected": _full("KL", "false"),
    "full-8-max-min": _full("MAX_MIN", "true"),
    "full-8-max-min-uncorrected": _full("MAX_MIN", "false"),
    "full-8-removal-outlier": _full("REMOVAL_OUTLIER", "true"),
    "full-8-removal-outlier-uncorrected": _full("REMOVAL_OUTLIER", "false"),
}

#: What version 2.0.0 reads; it ignores other sections silently and refuses other keys.
KNOWN = {
    "common_quant_param": {
        "quant_type", "bit_num", "min_quant_weight_size", "min_quant_weight_channel",
        "skip_quant_node",
    },
    "full_quant_param": {"activation_quant_method", "bias_correction", "per_channel"},
    "data_preprocess_param": {"calibrate_path", "calibrate_size", "input_type"},
}  # fmt: skip


@pytest.mark.parametrize("path", places.names("quantization", near=Path(__file__).parent))
def test_every_recipe_that_comes_along_gives_the_text_that_was_agreed(path):
    recipe = places.recipe(path, near=Path(__file__).parent).recipe
    assert config_text(recipe, CALIBRATION, 100) == GOLDEN[path]


@pytest.mark.parametrize(
    ("recipe", "lines"),
    [
        (
            Recipe(quantization="weight", min_weight_elements=0, min_weight_channels=8),
            ["min_quant_weight_size=0", "min_quant_weight_channel=8"],
        ),
        (Recipe(quantization="weight", bits=4), ["bit_num=4"]),
        (
            Recipe(quantization="dynamic", skip_nodes=("a/b-op0", "c d")),
            ["skip_quant_node=a/b-op0,c d"],
        ),
    ],
    ids=["least sizes", "four bits", "skipped nodes"],
)
def test_what_a_recipe_says_is_written(recipe, lines):
    text = config_text(recipe, {}, 0)
    assert text is not None
    assert text.splitlines()[-len(lines) :] == lines


def test_what_a_recipe_leaves_open_is_left_to_the_converter():
    text = config_text(Recipe(quantization="full"), CALIBRATION, 7)
    assert text is not None
    assert "activation_quant_method" not in text
    assert "[full_quant_param]\n\n[data_preprocess_param]" in text


def test_every_input_gets_its_folder():
    text = config_text(Recipe(quantization="full"), {"x": "calibration0", "y:1": "calibration1"}, 9)
    assert "calibrate_path=x:calibration0,y:1:calibration1\ncalibrate_size=9\n" in text


recipes = st.fixed_dictionaries(
    {"quantization": st.sampled_from(["weight", "dynamic", "full"])},
    optional={
        "bits": st.integers(1, 16),
        "activation_method": st.sampled_from(["MAX_MIN", "KL", "REMOVAL_OUTLIER"]),
        "bias_correction": st.booleans(),
        "per_channel": st.booleans(),
        "skip_nodes": st.lists(st.text(max_size=6), max_size=3),
        "min_weight_elements": st.integers(0, 65535),
        "min_weight_channels": st.integers(0, 65535),
    },
)


@given(settings=recipes)
def test_no_recipe_gives_anything_the_converter_does_not_know(settings):
    try:
        recipe = Recipe(**settings)
    except ValidationError:
        return
    section = ""
    for line in config_text(recipe, CALIBRATION, 5).split("\n"):
        if not line:
            continue
        if header := re.fullmatch(r"\[(.*)\]", line):
            section = header[1]
            assert section in KNOWN
            continue
        key, value = line.split("=")  # one sign, no more
        assert key in KNOWN[section]
        assert value == value.strip()
        assert value
        assert '"' not in line
        assert not line.startswith("#")
