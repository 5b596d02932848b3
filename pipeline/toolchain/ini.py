"""A recipe as the converter's configuration file.

Grammar and keys as converter_lite reads them: one ``=`` an entry, comments in column 0 only, an
unknown key an error, an unknown section silently ignored. So nothing is written that the version
in use does not know (``versions``), and a key that would keep its default is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from pipeline.config.recipe import Compression, MixedBit, Quantization, Recipe, writable
from pipeline.core.errors import ToolchainError
from pipeline.toolchain import versions

_TYPES = {
    Quantization.WEIGHT: "WEIGHT_QUANT",
    Quantization.DYNAMIC: "DYNAMIC_QUANT",
    Quantization.FULL: "FULL_QUANT",
}
#: Says `find the bits of each layer` as a number of bits.
_MIXED = 0

#: The sections that tell a kind of quantization more, and which of the recipe's keys they have.
_SECTIONS: Mapping[Quantization, tuple[str, tuple[str, ...]]] = {
    Quantization.WEIGHT: (
        "weight_quant_param",
        ("quant_strategy", "max_segments", "per_channel", "bias_correction"),
    ),
    Quantization.DYNAMIC: ("dynamic_quant_param", ("quant_strategy",)),
    Quantization.FULL: (
        "full_quant_param",
        (
            "activation_method",
            "bias_correction",
            "per_channel",
            "target_device",
            "smooth_alpha",
            "enable_smooth_shift",
        ),
    ),
}
#: Where the converter's name of a key is not the recipe's.
_NAMES = {"activation_method": "activation_quant_method"}


@dataclass(eq=False)
class NodeUnwritable(ToolchainError):
    """A rule skips a node whose name the converter's configuration cannot hold."""

    node: str

    @property
    def message(self) -> str:
        return f"the converter cannot be told to skip the node {self.node!r}"

    @property
    def hint(self) -> str:
        return "its format has no commas, `=`, double quotes or outer blanks: rename the cell"


def config_text(
    recipe: Recipe,
    calibration: Mapping[str, str],
    samples: int,
    version: str = "2.0",
    skipped: Sequence[str] | None = None,
) -> str | None:
    """The file's text for a ``version`` of the converter, or None where it needs none: also for
    what the pipeline's own quantizer writes, which starts from the float model.

    ``calibration`` maps each input's name to the folder with its ``samples`` files. ``skipped``
    are the nodes that the recipe's rules and ``skip_nodes`` leave float; a recipe with rules must
    have them. Raises RecipeBeyondConverter and NodeUnwritable.
    """
    if recipe.quantization is Quantization.NONE or recipe.written_by_pipeline:
        return None
    sections = {"common_quant_param": _common(recipe, _skipped(recipe, skipped))}
    name, keys = _SECTIONS[recipe.quantization]
    sections[name] = _told(recipe, keys)
    if recipe.mixed_bit is not None:
        sections["mixed_bit_weight_quant_param"] = _mixed_bit(recipe.mixed_bit)
    if recipe.needs_calibration:
        sections["data_preprocess_param"] = {
            "calibrate_path": ",".join(f"{k}:{v}" for k, v in calibration.items()),
            "calibrate_size": str(samples),
            "input_type": "BIN",
        }
    for name, entries in sections.items():
        for key in entries:
            versions.require(version, name, key)
    return "\n".join(_section(name, entries) for name, entries in sections.items() if entries)


def _skipped(recipe: Recipe, skipped: Sequence[str] | None) -> Sequence[str]:
    if skipped is None:
        if recipe.rules:
            raise ValueError("the rules of a recipe are resolved before it is written")
        return recipe.skip_nodes
    for node in skipped:
        if not writable(node):
            raise NodeUnwritable(node)
    return skipped


def _common(recipe: Recipe, skipped: Sequence[str]) -> dict[str, str]:
    bits = _MIXED if recipe.bits is None else recipe.bits
    entries = {"quant_type": _TYPES[recipe.quantization], "bit_num": str(bits)}
    if "min_weight_elements" in recipe.model_fields_set:
        entries["min_quant_weight_size"] = str(recipe.min_weight_elements)
    if "min_weight_channels" in recipe.model_fields_set:
        entries["min_quant_weight_channel"] = str(recipe.min_weight_channels)
    if recipe.compression is Compression.NONE:
        entries["enable_encode"] = "false"
    if skipped:
        entries["skip_quant_node"] = ",".join(skipped)
    return entries


def _mixed_bit(mixed: MixedBit) -> dict[str, str]:
    names = (name for name in type(mixed).model_fields if name in mixed.model_fields_set)
    return {name: _value(getattr(mixed, name)) for name in names}


def _told(recipe: Recipe, keys: Sequence[str]) -> dict[str, str]:
    pairs = ((key, getattr(recipe, key)) for key in keys)
    return {_NAMES.get(key, key): _value(value) for key, value in pairs if value is not None}


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{Decimal(str(value)):f}"  # the format has no exponents
    return str(getattr(value, "value", value))


def _section(name: str, entries: Mapping[str, str]) -> str:
    return "\n".join([f"[{name}]", *(f"{key}={value}" for key, value in entries.items())]) + "\n"
