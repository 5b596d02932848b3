"""Recipes: what the converter would refuse is refused before it starts, with the reason."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from pipeline.config.document import load
from pipeline.config.errors import ConfigInvalid
from pipeline.config.recipe import ActivationMethod, Quantization, Recipe, bits_of

WEIGHT = "quantization: weight\n"
CODEBOOK = f"{WEIGHT}grid: codebook\n"
MIXED = f"{WEIGHT}mixed_bit: {{}}\n"


def _rules(*rules: str) -> str:
    return f"{WEIGHT}rules: [{', '.join(f'{{{rule}}}' for rule in rules)}]"


REFUSED = {
    "full in other than 8 bits": (
        "quantization: full\nbits: 4",
        "full quantization needs `bits: 8`",
    ),
    "dynamic in other than 8 bits": (
        "quantization: dynamic\nbits: 16",
        "dynamic quantization needs `bits: 8`",
    ),
    "bits of nothing": ("quantization: none\nbits: 8", "`bits` has no meaning"),
    "bits below one": ("quantization: weight\nbits: 0", "greater than or equal to 1"),
    "bits above 16": ("quantization: weight\nbits: 17", "less than or equal to 16"),
    "fp16 of weights": ("quantization: weight\nfp16: true", "fp16 cannot be combined with weight"),
    "fp16 of dynamic": ("quantization: dynamic\nfp16: true", "computes wrong outputs"),
    "fp16 of full": ("quantization: full\nfp16: true", "fp16 cannot be combined with full"),
    "a method of nothing": (
        "activation_method: KL",
        "`activation_method` needs `quantization: full`",
    ),
    "a method of weights": (
        "quantization: weight\nactivation_method: KL",
        "needs `quantization: full`",
    ),
    "the documents' own misspelling": (
        "quantization: full\nactivation_method: RemovalOutlier",
        "'MAX_MIN', 'KL' or 'REMOVAL_OUTLIER'",
    ),
    "bias correction of dynamic": (
        "quantization: dynamic\nbias_correction: false",
        "`bias_correction` needs",
    ),
    "channels of dynamic": (
        "quantization: dynamic\nper_channel: true",
        "`per_channel` needs `quantization: weight` or `quantization: full`",
    ),
    "least elements of full": (
        "quantization: full\nmin_weight_elements: 1",
        "`min_weight_elements` needs `quantization: weight`",
    ),
    "least channels of dynamic": (
        "quantization: dynamic\nmin_weight_channels: 1",
        "`min_weight_channels` needs",
    ),
    "least elements below zero": (
        "quantization: weight\nmin_weight_elements: -1",
        "greater than or equal to 0",
    ),
    "least channels above the limit": (
        "quantization: weight\nmin_weight_channels: 65536",
        "less than or equal to 65535",
    ),
    "nodes skipped by nothing": ("skip_nodes: [a]", "`skip_nodes` has no meaning"),
    "a node with a comma": (
        "quantization: full\nskip_nodes: ['a,b']",
        "cannot be told to the converter",
    ),
    "a node with an equals sign": ("quantization: weight\nskip_nodes: ['a=b']", "cannot be told"),
    "a node with a quote": ("quantization: weight\nskip_nodes: ['a\"b']", "cannot be told"),
    "a node with a line break": ('quantization: weight\nskip_nodes: ["a\\nb"]', "cannot be told"),
    "a node without a name": ("quantization: weight\nskip_nodes: ['']", "cannot be told"),
    "a node with a blank before it": ("quantization: weight\nskip_nodes: [' a']", "cannot be told"),
    "an unknown quantization": ("quantization: int8", "'none', 'weight', 'dynamic' or 'full'"),
    "no bits": ("quantization: weight\nbits:", "`bits` is a number from 1 to 16"),
    "an unknown grid": (f"{WEIGHT}grid: k-means", "'uniform', 'codebook' or 'entropy'"),
    "a grid of full": ("quantization: full\ngrid: codebook", "`grid` needs"),
    "a step of an even grid": (f"{WEIGHT}step: 0.5", "`step` needs `grid: entropy`"),
    "bits of an entropy grid": (f"{WEIGHT}grid: entropy\nbits: 4", "`bits` has no meaning"),
    "channels of an entropy grid": (f"{WEIGHT}grid: entropy\nper_channel: true", "no meaning"),
    "a rule's step of nothing": (
        f"{WEIGHT}rules: [{{scope: a, step: 0.5}}]",
        "`step` needs `grid: entropy` in the rule",
    ),
    "a rule's bits of an entropy grid": (
        f"{WEIGHT}rules: [{{scope: a, grid: entropy, bits: 4}}]",
        "`bits` has no meaning",
    ),
    "a step that is none": (f"{WEIGHT}grid: entropy\nstep: 0", "greater than or equal to 0.01"),
    "entries of an even grid": (f"{WEIGHT}entries: 16", "`entries` needs `grid: codebook`"),
    "one entry": (f"{CODEBOOK}entries: 1", "greater than or equal to 2"),
    "entries beyond a byte": (f"{CODEBOOK}entries: 257", "less than or equal to 256"),
    "bits that are not those of the entries": (
        f"{CODEBOOK}bits: 4\nentries: 17",
        "`bits: 4` contradicts `entries: 17`, which takes 5",
    ),
    "a codebook of 9 bits": (f"{CODEBOOK}bits: 9", "256 entries at most"),
    "a range that goes down": (f"{WEIGHT}range: [1, -1]", "1 is not below -1"),
    "a range of a point": (f"{WEIGHT}range: [0, 0]", "0 is not below 0"),
    "a range without end": (f"{WEIGHT}range: [0, .inf]", "finite"),
    "a range of no numbers": (f"{WEIGHT}range: [.nan, 1]", "finite"),
    "half a range": (f"{WEIGHT}range: [1]", "`range.1` is missing"),
    "a range for each channel": (
        f"{WEIGHT}range: [-1, 1]\nper_channel: true",
        "`range` is one for the whole weight",
    ),
    "a range of full": ("quantization: full\nrange: [-1, 1]", "`range` needs"),
    "compression of dynamic": ("quantization: dynamic\ncompression: none", "`compression` needs"),
    "an unknown compression": (f"{WEIGHT}compression: zip", "'auto' or 'none'"),
    "what the converter stores packed only": (
        f"{WEIGHT}bits: 4\ncompression: none",
        "`compression: none` needs `bits: 8` or `bits: 16`",
    ),
    "a search that cannot be packed": (f"{MIXED}compression: none", "needs `bits: 8`"),
    "a search of full": ("quantization: full\nmixed_bit: {}", "`mixed_bit` needs"),
    "bits beside a search for them": (f"{MIXED}bits: 8", "`bits` has no meaning with `mixed_bit`"),
    "a scale of nothing": (f"{WEIGHT}mixed_bit: {{init_scale: 0}}", "greater than 0"),
    "a scale of one": (f"{WEIGHT}mixed_bit: {{init_scale: 1}}", "less than 1"),
    "a scale that is searched": (
        f"{WEIGHT}mixed_bit: {{init_scale: 0.1, auto_tune: true}}",
        "`init_scale` has no effect with `auto_tune: true`",
    ),
    "data for no search": (
        f"{WEIGHT}mixed_bit: {{use_cv_data: true}}",
        "`use_cv_data` has no effect without `auto_tune: true`",
    ),
    "iterations of no search": (
        f"{WEIGHT}mixed_bit: {{max_iterations: 50}}",
        "`max_iterations` has no effect without",
    ),
    "too few iterations": (
        f"{WEIGHT}mixed_bit: {{auto_tune: true, max_iterations: 39}}",
        "greater than or equal to 40",
    ),
    "an unknown device": ("quantization: full\ntarget_device: CPU", "'KIRIN', 'NVGPU', 'DSP' or"),
    "a device of weights": (f"{WEIGHT}target_device: KIRIN", "`target_device` needs"),
    "a conversion that never ends": (
        "quantization: full\ntarget_device: DSP",
        "`target_device: DSP` needs `bias_correction: false`",
    ),
    "smoothing of weights": (f"{WEIGHT}smooth_alpha: 0.5", "`smooth_alpha` needs"),
    "too much smoothing": ("quantization: full\nsmooth_alpha: 2", "less than or equal to 1"),
    "shifts of weights": (f"{WEIGHT}enable_smooth_shift: true", "`enable_smooth_shift` needs"),
    "a strategy of full": (
        "quantization: full\nquant_strategy: GPTQ",
        "`quant_strategy` needs `quantization: weight` or `quantization: dynamic`",
    ),
    "a strategy of weights for dynamic": (
        "quantization: dynamic\nquant_strategy: GPTQ",
        "which has ALWC or ACWL",
    ),
    "a strategy of dynamic for weights": (
        f"{WEIGHT}quant_strategy: ALWC",
        "which has MAX_MIN or GPTQ",
    ),
    "segments of full": ("quantization: full\nmax_segments: 2", "`max_segments` needs"),
    "no segment": (f"{WEIGHT}max_segments: 0", "greater than or equal to 1"),
    "an unknown quantizer": (f"{WEIGHT}quantizer: mine", "'converter' or 'pipeline'"),
    "activations by the pipeline": (
        "quantization: full\nquantizer: pipeline",
        "only the converter quantizes activations",
    ),
    "nothing by the pipeline": ("quantizer: pipeline", "needs `quantization: weight`"),
    "a codebook by the converter": (
        f"{CODEBOOK}quantizer: converter",
        "`grid: codebook` needs `quantizer: pipeline`",
    ),
    "a range by the converter": (
        f"{WEIGHT}range: [-1, 1]\nquantizer: converter",
        "`range` needs `quantizer: pipeline`",
    ),
    "a rule's bits by the converter": (
        f"{WEIGHT}quantizer: converter\nrules: [{{scope: a, bits: 4}}]",
        "`bits` of rule 1 needs `quantizer: pipeline`",
    ),
    "a search and a codebook": (
        f"{MIXED}grid: codebook",
        "`mixed_bit` is the converter's own and cannot be combined with `grid: codebook`",
    ),
    "a search and a rule": (
        f"{MIXED}rules: [{{scope: b, skip: true}}, {{scope: a, bits: 4}}]",
        "cannot be combined with `bits` of rule 2",
    ),
    "a search by the pipeline": (f"{MIXED}quantizer: pipeline", "with `quantizer: pipeline`"),
    "correction by the pipeline": (
        f"{WEIGHT}bias_correction: true\nquantizer: pipeline",
        "`bias_correction` is the converter's own",
    ),
    "channels and correction": (
        f"{WEIGHT}bias_correction: true\nper_channel: true",
        "`per_channel`, unless with `quantizer: converter`",
    ),
    "a strategy by the pipeline": (
        f"{CODEBOOK}quant_strategy: GPTQ",
        "`quant_strategy` is the converter's own",
    ),
    "segments by the pipeline": (f"{CODEBOOK}max_segments: 2", "`max_segments` is the converter's"),
    "least channels by the pipeline": (
        f"{CODEBOOK}min_weight_channels: 8",
        "`min_weight_channels` is the converter's own",
    ),
    "rules of nothing": ("rules: [{scope: a, skip: true}]", "`rules` has no meaning"),
    "a rule for no nodes": (_rules("skip: true"), "a rule needs a `scope` or an `operator`"),
    "a rule for an empty scope": (_rules("scope: '', skip: true"), "at least 1 character"),
    "a rule that sets nothing": (_rules("scope: a"), "a rule sets `skip` or one of bits, grid"),
    "a rule that skips and sets": (
        _rules("scope: a, skip: true, bits: 4"),
        "`skip: true` leaves nothing to set, and `bits` is",
    ),
    "a rule with a word that is not known": (_rules("scope: a, width: 4"), "is not a known key"),
    "a rule of 17 bits": (_rules("scope: a, bits: 17"), "less than or equal to 16"),
    "a rule with an even grid of entries": (
        _rules("scope: a, grid: uniform, entries: 4"),
        "`entries` needs `grid: codebook`",
    ),
    "a rule with entries and no grid": (
        _rules("scope: a, entries: 4"),
        "rule 1 sets `entries`, which needs `grid: codebook` in the rule",
    ),
    "a rule with bits against its entries": (
        _rules("scope: a, grid: codebook, entries: 4, bits: 4"),
        "`bits: 4` contradicts `entries: 4`, which takes 2",
    ),
    "a rule with too wide a codebook": (
        _rules("scope: a, grid: codebook, bits: 12"),
        "256 entries at most",
    ),
    "a rule with a range that goes down": (_rules("scope: a, range: [2, 1]"), "is not below"),
    "a rule with a range for each channel": (
        _rules("scope: a, range: [1, 2], per_channel: true"),
        "`range` is one for the whole weight",
    ),
    "a rule with a codebook over many bits": (
        f"{WEIGHT}bits: 12\nrules: [{{scope: a, grid: codebook}}]",
        "rule 1 sets `grid: codebook` where the bits may be 12",
    ),
    "a rule with a codebook over many bits of a rule": (
        _rules("scope: a, bits: 9", "scope: a, grid: codebook"),
        "rule 2 sets `grid: codebook` where the bits may be 9",
    ),
    "a rule with many bits over a codebook": (
        f"{CODEBOOK}bits: 4\nrules: [{{scope: a, bits: 12}}]",
        "rule 1 sets `bits: 12` where the grid may be a codebook",
    ),
    "a rule with many bits over a rule's codebook": (
        _rules("scope: a, grid: codebook", "scope: a, bits: 9"),
        "rule 2 sets `bits: 9` where the grid may be a codebook",
    ),
    "a rule with channels over a range": (
        _rules("scope: a, range: [-1, 1]", "operator: b, per_channel: true"),
        "rule 2 sets `per_channel: true` where a `range` may be set",
    ),
    "a rule that sets bits of full": (
        "quantization: full\nrules: [{scope: a, skip: true}, {scope: a, bits: 8}]",
        "rule 2 sets `bits`: with full quantization a rule can only skip",
    ),
    "a rule that sets a range of dynamic": (
        "quantization: dynamic\nrules: [{scope: a, range: [0, 1]}]",
        "rule 1 sets `range`: with dynamic quantization",
    ),
}


@pytest.mark.parametrize(("content", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_the_converter_would_refuse_is_refused_with_the_reason(write, content, reason):
    with pytest.raises(ConfigInvalid) as caught:
        load(write(content, "mine.yaml"), Recipe, "recipe")
    assert reason in caught.value.message


#: What is allowed, and who writes it.
ALLOWED = {
    "": "converter",
    "quantization: none\nfp16: true": "converter",
    **{f"quantization: weight\nbits: {bits}": "converter" for bits in range(1, 17)},
    f"{WEIGHT}min_weight_elements: 0\nmin_weight_channels: 65535": "converter",
    f"{WEIGHT}skip_nodes: [Default/conv1-Conv2d/Conv2D-op0, 'with blank:colon']": "converter",
    "quantization: dynamic\nbits: 8": "converter",
    **{f"quantization: full\nactivation_method: {n.value}": "converter" for n in ActivationMethod},
    "quantization: full\nbias_correction: false\nper_channel: false": "converter",
    f"{WEIGHT}quantizer: converter": "converter",
    f"{WEIGHT}quantizer: converter\nper_channel: false\nbias_correction: true": "converter",
    f"{WEIGHT}grid: uniform": "converter",
    f"{WEIGHT}bits: 16\ncompression: none": "converter",
    f"{WEIGHT}quant_strategy: GPTQ\nmax_segments: 4": "converter",
    "quantization: dynamic\nquant_strategy: ACWL": "converter",
    "quantization: full\nsmooth_alpha: 0.5\nenable_smooth_shift: true": "converter",
    "quantization: full\ntarget_device: DSP\nbias_correction: false": "converter",
    "quantization: full\ntarget_device: KIRIN": "converter",
    "quantization: full\nrules: [{operator: Dense, skip: true}]": "converter",
    MIXED: "converter",
    f"{WEIGHT}mixed_bit: {{init_scale: 0.5}}": "converter",
    f"{WEIGHT}mixed_bit: {{auto_tune: true, use_cv_data: true, max_iterations: 65535}}":
        "converter",
    f"{MIXED}rules: [{{scope: a, skip: true}}, {{scope: b, skip: false}}]": "converter",
    _rules("scope: a, skip: true"): "converter",
    f"{WEIGHT}quantizer: pipeline\nbits: 3\ncompression: none": "pipeline",
    f"{WEIGHT}quantizer: pipeline\nskip_nodes: ['a,b']": "pipeline",
    CODEBOOK: "pipeline",
    f"{CODEBOOK}entries: 12\nbits: 4\nrange: [-1, 0.5]\nmin_weight_elements: 9": "pipeline",
    f"{CODEBOOK}bits: 4\nrules: [{{scope: a, entries: 5}}]": "pipeline",
    f"{WEIGHT}range: [-0.5, 1]\nper_channel: false": "pipeline",
    f"{WEIGHT}per_channel: false": "pipeline",
    f"{WEIGHT}per_channel: true\nbits: 1": "pipeline",
    _rules("scope: a, operator: b, bits: 16", "scope: c, per_channel: false"): "pipeline",
    _rules("scope: a, skip: false, grid: codebook, entries: 3"): "pipeline",
    f"{WEIGHT}bits: 12\nrules: [{{scope: a, grid: codebook, bits: 8}}]": "pipeline",
    f"{CODEBOOK}rules: [{{scope: a, grid: uniform, bits: 16}}]": "pipeline",
}  # fmt: skip


@pytest.mark.parametrize(("content", "writer"), ALLOWED.items())
def test_what_can_be_is_allowed_and_says_who_writes_it(write, content, writer):
    recipe = load(write(content, "mine.yaml"), Recipe, "recipe")
    assert recipe.needs_calibration is ("full" in content or "use_cv_data: true" in content)
    assert recipe.written_by_pipeline is (writer == "pipeline")


@pytest.mark.parametrize(
    ("settings", "bits"),
    [
        ({}, 8),
        ({"bits": 3}, 3),
        ({"mixed_bit": {}}, None),
        *(
            ({"grid": "codebook", "entries": entries}, bits)
            for entries, bits in [(2, 1), (3, 2), (4, 2), (5, 3), (16, 4), (17, 5), (256, 8)]
        ),
    ],
)
def test_bits_follow_from_entries(settings, bits):
    assert Recipe(quantization="weight", **settings).bits == bits


@given(entries=st.integers(2, 256))
def test_bits_number_as_many_entries_as_there_are_and_no_fewer(entries):
    assert 2 ** (bits_of(entries) - 1) < entries <= 2 ** bits_of(entries)


def test_what_is_written_of_recipes_in_manifests_and_keys_stays_as_it_was():
    """A stage's key holds it: a word more, and every model is converted again."""
    kept = {
        path.stem: load(path, Recipe, "recipe").model_dump(
            mode="json", exclude={"description"}, exclude_defaults=True
        )
        for path in FOLDER.glob("*.yaml")
    }
    assert kept["fp32"] == {}
    assert kept["fp16"] == {"fp16": True}
    assert kept["weight-8"] == {"quantization": "weight"}
    assert kept["dynamic-8"] == {"quantization": "dynamic"}
    assert kept["full-8"] == {
        "quantization": "full",
        "activation_method": "KL",
        "bias_correction": True,
        "per_channel": True,
    }
    assert kept["mixed-bit-auto"]["mixed_bit"] == {"auto_tune": True}
    assert kept["codebook-12-entries"]["entries"] == 12


def test_the_schema_says_what_every_key_means():
    schema = Recipe.model_json_schema()
    for name, field in schema["properties"].items():
        assert field.get("description"), name
    assert schema["properties"]["rules"]["items"] == {"$ref": "#/$defs/Rule"}
    assert schema["$defs"]["Rule"]["additionalProperties"] is False


@pytest.mark.parametrize(
    ("quantization", "fp16", "bits"), list(product(Quantization, [False, True], [None, 4, 8]))
)
def test_the_rules_hold_for_every_combination(quantization, fp16, bits):
    given = {} if bits is None else {"bits": bits}
    allowed = (
        not (fp16 and quantization is not Quantization.NONE)
        and not (bits == 4 and quantization in (Quantization.FULL, Quantization.DYNAMIC))
        and not (bits and quantization is Quantization.NONE)
    )
    try:
        Recipe(quantization=quantization, fp16=fp16, **given)
    except ValidationError:
        assert not allowed
    else:
        assert allowed


def test_a_recipe_cannot_be_changed():
    with pytest.raises(ValidationError):
        Recipe().bits = 4


FOLDER = Path(__file__).parents[2] / "configs" / "quantization"
#: First word of a recipe's name, and what it quantizes.
KINDS = {
    "fp32": "none", "fp16": "none", "mixed": "weight", "codebook": "weight", "entropy": "weight",
    "binary": "weight",
}  # fmt: skip


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_recipe_that_comes_along_is_what_its_name_says(path):
    recipe = load(path, Recipe, "recipe")
    assert len(recipe.description) > 15
    kind, *words = path.stem.split("-")
    assert recipe.fp16 is (kind == "fp16")
    if kind == "per":
        assert recipe.rules
    else:
        assert recipe.quantization.value == KINDS.get(kind, kind)
        assert not recipe.rules
    if kind in ("weight", "codebook") and "entries" not in words:
        assert recipe.bits == int(words[0])
    assert recipe.grid.value == (kind if kind in ("codebook", "entropy") else "uniform")
    assert (recipe.mixed_bit is not None) is (kind == "mixed")
    assert (recipe.bias_correction is False) is ("uncorrected" in words)
    assert (recipe.per_channel is False) is ("tensor" in words)


def test_no_two_recipes_that_come_along_are_the_same():
    recipes = [load(path, Recipe, "recipe") for path in sorted(FOLDER.glob("*.yaml"))]
    different = {recipe.model_dump_json(exclude={"description"}) for recipe in recipes}
    assert len(different) == len(recipes) >= 30
