"""A recipe as the converter's configuration file.

Grammar and keys as converter_lite reads them: one ``=`` an entry, comments in column 0 only, an
unknown key an error, an unknown section silently ignored. So nothing is written that the version
in use does not know (``versions``), and a key that would keep its default is left out.
"""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.config.recipe import Quantization, Recipe
from pipeline.toolchain import versions

_TYPES = {
    Quantization.WEIGHT: "WEIGHT_QUANT",
    Quantization.DYNAMIC: "DYNAMIC_QUANT",
    Quantization.FULL: "FULL_QUANT",
}


def config_text(
    recipe: Recipe, calibration: Mapping[str, str], samples: int, version: str = "2.0"
) -> str | None:
    """The file's text for a ``version`` of the converter, or None where it needs none.

    ``calibration`` maps each input's name to the folder with its ``samples`` files.
    Raises RecipeBeyondConverter.
    """
    if recipe.quantization is Quantization.NONE:
        return None
    sections = {"common_quant_param": _common(recipe)}
    if recipe.quantization is Quantization.FULL:
        sections["full_quant_param"] = _full(recipe)
        sections["data_preprocess_param"] = {
            "calibrate_path": ",".join(f"{k}:{v}" for k, v in calibration.items()),
            "calibrate_size": str(samples),
            "input_type": "BIN",
        }
    for name, entries in sections.items():
        for key in entries:
            versions.require(version, name, key)
    return "\n".join(_section(name, entries) for name, entries in sections.items())


def _common(recipe: Recipe) -> dict[str, str]:
    entries = {"quant_type": _TYPES[recipe.quantization], "bit_num": str(recipe.bits)}
    if "min_weight_elements" in recipe.model_fields_set:
        entries["min_quant_weight_size"] = str(recipe.min_weight_elements)
    if "min_weight_channels" in recipe.model_fields_set:
        entries["min_quant_weight_channel"] = str(recipe.min_weight_channels)
    if recipe.skip_nodes:
        entries["skip_quant_node"] = ",".join(recipe.skip_nodes)
    return entries


def _full(recipe: Recipe) -> dict[str, str]:
    entries = {}
    if recipe.activation_method is not None:
        entries["activation_quant_method"] = recipe.activation_method.value
    if recipe.bias_correction is not None:
        entries["bias_correction"] = str(recipe.bias_correction).lower()
    if recipe.per_channel is not None:
        entries["per_channel"] = str(recipe.per_channel).lower()
    return entries


def _section(name: str, entries: Mapping[str, str]) -> str:
    return "\n".join([f"[{name}]", *(f"{key}={value}" for key, value in entries.items())]) + "\n"
