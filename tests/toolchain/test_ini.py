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
from pipeline.toolchain.ini import NodeUnwritable, config_text
from pipeline.toolchain.versions import RecipeBeyondConverter

CALIBRATION = {"images": "calibration0"}


def _full(method: str, corrected: str, channels: str = "true") -> str:
    return (
        "[common_quant_param]\nquant_type=FULL_QUANT\nbit_num=8\n\n"
        f"[full_quant_param]\nactivation_quant_method={method}\nbias_correction={corrected}\n"
        f"per_channel={channels}\n\n{DATA}"
    )


def _weight(bits: int, more: str = "") -> str:
    return f"[common_quant_param]\nquant_type=WEIGHT_QUANT\nbit_num={bits}\n{more}"


def _mixed(entries: str) -> str:
    least = _weight(0, "min_quant_weight_size=1000\n")
    return f"{least}\n[mixed_bit_weight_quant_param]\n{entries}"


DATA = (
    "[data_preprocess_param]\ncalibrate_path=images:calibration0\ncalibrate_size=100\n"
    "input_type=BIN\n"
)
#: What a model's rules skip is told beside the recipe.
SKIPPED = ("Default/fc1-Dense/MatMul-op0", "Default/fc2-Dense/MatMul-op1")

GOLDEN = {
    "fp32": None,
    "fp16": None,
    **{f"weight-{bits}": _weight(bits) for bits in (1, 2, 3, 4, 5, 6, 7, 8, 12, 16)},
    "weight-4-all": _weight(4, "min_quant_weight_channel=0\n"),
    "weight-8-per-tensor": None,
    "mixed-bit": _mixed("init_scale=0.02\n"),
    "mixed-bit-auto": _mixed("auto_tune=true\n"),
    "mixed-bit-calibrated": _mixed(f"auto_tune=true\nuse_cv_data=true\n\n{DATA}"),
    **{f"codebook-{bits}": None for bits in range(1, 9)},
    "codebook-12-entries": None,
    **{f"entropy-{how}": None for how in ("fine", "medium", "coarse")},
    "binary": None,
    "dynamic-8": "[common_quant_param]\nquant_type=DYNAMIC_QUANT\nbit_num=8\n",
    "full-8": _full("KL", "true"),
    "full-8-per-tensor": _full("KL", "true", "false"),
    "full-8-uncorrected": _full("KL", "false"),
    "full-8-max-min": _full("MAX_MIN", "true"),
    "full-8-max-min-uncorrected": _full("MAX_MIN", "false"),
    "full-8-removal-outlier": _full("REMOVAL_OUTLIER", "true"),
    "full-8-removal-outlier-uncorrected": _full("REMOVAL_OUTLIER", "false"),
    "per-layer-4-8": None,
    "per-layer-codebook": None,
    "per-layer-float-convolutions": _weight(4, f"skip_quant_node={','.join(SKIPPED)}\n"),
    "per-layer-full-8": (
        "[common_quant_param]\nquant_type=FULL_QUANT\nbit_num=8\n"
        f"skip_quant_node={','.join(SKIPPED)}\n\n"
        f"[full_quant_param]\nactivation_quant_method=KL\n\n{DATA}"
    ),
}

#: What version 2.0.0 reads; it ignores other sections silently and refuses other keys.
KNOWN = {
    "common_quant_param": {
        "quant_type", "bit_num", "min_quant_weight_size", "min_quant_weight_channel",
        "skip_quant_node", "enable_encode",
    },
    "mixed_bit_weight_quant_param": {"init_scale", "auto_tune", "use_cv_data", "max_iterations"},
    "full_quant_param": {
        "activation_quant_method", "bias_correction", "per_channel", "target_device",
    },
    "data_preprocess_param": {"calibrate_path", "calibrate_size", "input_type"},
}  # fmt: skip


@pytest.mark.parametrize("path", places.names("quantization", near=Path(__file__).parent))
def test_every_recipe_that_comes_along_gives_the_text_that_was_agreed(path):
    recipe = places.recipe(path, near=Path(__file__).parent).recipe
    skipped = SKIPPED if recipe.rules else None
    assert config_text(recipe, CALIBRATION, 100, skipped=skipped) == GOLDEN[path]


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
        (Recipe(quantization="weight", compression="none"), ["enable_encode=false"]),
        (
            Recipe(quantization="weight", mixed_bit={"init_scale": 0.0000012}),
            ["bit_num=0", "", "[mixed_bit_weight_quant_param]", "init_scale=0.0000012"],
        ),
        (
            Recipe(quantization="weight", mixed_bit={"auto_tune": True, "max_iterations": 99}),
            ["auto_tune=true", "max_iterations=99"],
        ),
    ],
    ids=["least sizes", "four bits", "skipped nodes", "plain", "small scale", "long search"],
)
def test_what_a_recipe_says_is_written(recipe, lines):
    text = config_text(recipe, {}, 0)
    assert text is not None
    assert text.splitlines()[-len(lines) :] == lines


def test_what_a_recipe_leaves_open_is_left_to_the_converter():
    text = config_text(Recipe(quantization="full"), CALIBRATION, 7)
    assert text is not None
    assert text.startswith("[common_quant_param]\nquant_type=FULL_QUANT\nbit_num=8\n\n[data_")


def test_every_input_gets_its_folder():
    text = config_text(Recipe(quantization="full"), {"x": "calibration0", "y:1": "calibration1"}, 9)
    assert "calibrate_path=x:calibration0,y:1:calibration1\ncalibrate_size=9\n" in text


@pytest.mark.parametrize(
    ("settings", "version", "section"),
    [
        (
            {"quantization": "weight", "quant_strategy": "GPTQ", "max_segments": 4},
            "2.7.0",
            "[weight_quant_param]\nquant_strategy=GPTQ\nmax_segments=4\n",
        ),
        (
            {
                "quantization": "weight",
                "quantizer": "converter",
                "per_channel": False,
                "bias_correction": True,
            },
            "2.8.0",
            "[weight_quant_param]\nper_channel=false\nbias_correction=true\n",
        ),
        (
            {"quantization": "dynamic", "quant_strategy": "ACWL"},
            "2.1.0",
            "[dynamic_quant_param]\nquant_strategy=ACWL\n",
        ),
        (
            {"quantization": "full", "smooth_alpha": 1, "enable_smooth_shift": True},
            "2.7.0",
            "[full_quant_param]\nsmooth_alpha=1.0\nenable_smooth_shift=true\n",
        ),
        (
            {"quantization": "full", "target_device": "KIRIN"},
            "2.0.0",
            "[full_quant_param]\ntarget_device=KIRIN\n",
        ),
    ],
    ids=["rounding", "weights", "dynamic", "smoothing", "device"],
)
def test_what_only_some_versions_know_is_written_for_those_and_refused_for_2_0(
    settings, version, section
):
    recipe = Recipe(**settings)
    text = config_text(recipe, CALIBRATION, 100, version)
    assert text is not None
    assert f"\n\n{section}" in text
    if version != "2.0.0":
        with pytest.raises(RecipeBeyondConverter) as caught:
            config_text(recipe, CALIBRATION, 100, "2.0.0")
        assert section.partition("\n")[0] in caught.value.message
        assert version.removesuffix(".0").replace("2.8", "2.7") in caught.value.hint


def test_rules_are_resolved_first():
    recipe = Recipe(quantization="weight", rules=[{"scope": "a", "skip": True}])
    with pytest.raises(ValueError, match="rules of a recipe are resolved"):
        config_text(recipe, {}, 0)
    assert "skip_quant_node" not in (config_text(recipe, {}, 0, skipped=()) or "skip_quant_node")


def test_what_rules_skip_takes_the_place_of_what_the_recipe_names():
    recipe = Recipe(quantization="weight", skip_nodes=("a",))
    assert "skip_quant_node=b,c\n" in (config_text(recipe, {}, 0, skipped=("b", "c")) or "")


@pytest.mark.parametrize("node", ["a,b", "a=b", 'a"b', " a", "a\n", ""])
def test_a_node_that_cannot_be_told_to_the_converter_is_an_error(node):
    recipe = Recipe(quantization="dynamic", rules=[{"scope": "*", "skip": True}])
    with pytest.raises(NodeUnwritable, match="cannot be told to skip"):
        config_text(recipe, {}, 0, skipped=("fine", node))


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
        "compression": st.sampled_from(["auto", "none"]),
        "target_device": st.sampled_from(["KIRIN", "NVGPU", "DSP", "ASCEND"]),
        "mixed_bit": st.fixed_dictionaries(
            {},
            optional={
                "init_scale": st.floats(0, 1, exclude_min=True, exclude_max=True),
                "auto_tune": st.booleans(),
                "use_cv_data": st.booleans(),
                "max_iterations": st.integers(40, 65535),
            },
        ),
    },
)


@given(settings=recipes)
def test_no_recipe_gives_anything_the_converter_does_not_know(settings):
    try:
        recipe = Recipe(**settings)
    except ValidationError:
        return
    if settings["quantization"] == "weight" and recipe.bias_correction is not None:
        with pytest.raises(RecipeBeyondConverter):
            config_text(recipe, CALIBRATION, 5)
        return
    text = config_text(recipe, CALIBRATION, 5)
    section = ""
    for line in (text or "").split("\n"):
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
