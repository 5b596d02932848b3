"""What each version of MindSpore Lite accepts, as far as it is known.

Version 2.0 was asked itself, key by key. Of the others the release notes, the documentation of
each branch and the source of 2.7 tell; where they do not, the table says so: nobody is helped by
a guess. The converter refuses a key that it does not know in a section that it knows, and
silently ignores a section that it does not know, so that a model stays float.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from pipeline.core.errors import ToolchainError

#: Major and minor number.
Number = tuple[int, int]

OLDEST: Number = (2, 0)
NEWEST: Number = (2, 10)


class Knowledge(str, Enum):
    """Whether a version has something."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Key:
    """A key of a section: the first version that surely has it, the last that surely has not, and
    the first that has it no more."""

    since: Number = OLDEST
    lacking: Number | None = None
    gone: Number | None = None

    def known_to(self, version: Number | None) -> Knowledge:
        """Whether that version has the key; None for a version that is not known itself."""
        if version is None or version < OLDEST:
            everywhere = self.since == OLDEST and self.gone is None
            return Knowledge.YES if everywhere else Knowledge.UNKNOWN
        if self.lacking is not None and version <= self.lacking:
            return Knowledge.NO
        if version < self.since:
            return Knowledge.UNKNOWN
        if self.gone is None:
            return Knowledge.YES
        if version == self.since:
            return Knowledge.YES
        return Knowledge.NO if version >= self.gone else Knowledge.UNKNOWN


def _always(names: str) -> dict[str, Key]:
    return dict.fromkeys(names.split(), Key())


_FROM_2_1 = Key((2, 1), lacking=(2, 0))
_FROM_2_7 = Key((2, 7), lacking=(2, 0))

SECTIONS: Mapping[str, Mapping[str, Key]] = {
    "common_quant_param": {
        **_always(
            "quant_type bit_num min_quant_weight_size min_quant_weight_channel skip_quant_node "
            "debug_info_save_path enable_encode"
        ),
        "workspace": _FROM_2_7,
    },
    "weight_quant_param": {
        **_always("dequant_strategy update_mindir"),
        **dict.fromkeys(("quant_strategy", "max_segments", "per_channel"), _FROM_2_7),
        "bias_correction": _FROM_2_7,
    },
    "mixed_bit_weight_quant_param": {
        **_always("init_scale auto_tune use_cv_data max_iterations"),
        "workspace": Key(gone=(2, 7)),
    },
    "full_quant_param": {
        **_always("activation_quant_method bias_correction target_device per_channel"),
        **dict.fromkeys(("smooth_alpha", "enable_smooth_shift"), _FROM_2_7),
        "enable_all_ops": Key((2, 9), lacking=(2, 8)),
    },
    "dynamic_quant_param": {"quant_strategy": _FROM_2_1},
    "transform_quant_param": _always("export_precision_mode"),
    "data_preprocess_param": _always(
        "calibrate_path calibrate_size input_type image_to_format normalize_mean normalize_std "
        "resize_width resize_height resize_method center_crop_width center_crop_height"
    ),
    "registry": _always("plugin_path disable_fusion fusion_blacklists"),
    "micro_param": {
        **_always(
            "enable_micro target codegen_mode debug_mode support_parallel save_path project_name"
        ),
        **dict.fromkeys(("keep_original_weight", "changeable_weights_name"), _FROM_2_1),
        **dict.fromkeys(("inputs_shape", "dynamic_dim_params"), _FROM_2_1),
    },
    "cpu_option_cfg_param": _always("architecture instruction"),
}

#: The MindIR version that a version of the converter was seen to read, and the least that it was
#: seen to refuse: 2.0 and 2.2 say themselves that 1 is the most they take, 2.5 has read 2.
_MINDIR: Mapping[Number, tuple[int, int | None]] = {
    (2, 0): (1, 2),
    (2, 1): (1, 2),
    (2, 2): (1, 2),
    (2, 3): (1, None),
    (2, 4): (1, None),
}
_MINDIR_SINCE_2_5 = (2, None)

_NOTES: Mapping[Number, str] = {
    (2, 8): "the variables MSLITE_DUMP_LEVEL and MSLITE_DUMP_PATH",
    (2, 9): "other error codes; full quantization of all operators for Micro",
    (2, 10): "no encryption of models any more",
}


@dataclass(frozen=True)
class Accepted:
    """What a version of the converter accepts. ``mindir_refused`` is the least MindIR version
    that it is known not to read, None where none is known."""

    version: str
    mindir_read: int
    mindir_refused: int | None
    keys: Mapping[str, tuple[str, ...]]
    unknown: Mapping[str, tuple[str, ...]]
    note: str = ""

    @property
    def quantization(self) -> tuple[str, ...]:
        """The ways to quantize, in words, with what of them is newer than 2.0."""
        weight = self.keys.get("weight_quant_param", ())
        full = self.keys.get("full_quant_param", ())
        return (
            "weight 1 to 16 bits" + (" (GPTQ, per layer)" if "quant_strategy" in weight else ""),
            "dynamic 8" + (" (ALWC, ACWL)" if "dynamic_quant_param" in self.keys else ""),
            "full 8" + (" (with smoothing)" if "smooth_alpha" in full else ""),
        )

    @property
    def summary(self) -> str:
        """One line for people."""
        refused = f", not {self.mindir_refused}" if self.mindir_refused else ""
        mindir = f"MindIR up to {self.mindir_read}{refused or ', newer not known'}"
        return f"{self.version}: {mindir}; {', '.join(self.quantization)}"

    def as_json(self) -> dict[str, object]:
        """For ``--json``."""
        return {
            "version": self.version,
            "mindir_read": self.mindir_read,
            "mindir_refused": self.mindir_refused,
            "quantization": list(self.quantization),
            "sections": {name: list(keys) for name, keys in self.keys.items()},
            "not_known": {name: list(keys) for name, keys in self.unknown.items()},
            "note": self.note,
        }


@dataclass(eq=False)
class RecipeBeyondConverter(ToolchainError):
    """A recipe needs a key of the converter's configuration that this version has not."""

    version: str
    section: str
    key: str
    since: str

    @property
    def message(self) -> str:
        return (
            f"the recipe needs `{self.key}` of [{self.section}], which the converter of "
            f"MindSpore Lite {self.version} does not know"
        )

    @property
    def hint(self) -> str:
        if not self.since:
            return "no version from 2.0 to 2.10 is known to have it: leave it out of the recipe"
        return f"use MindSpore Lite {self.since} or newer (--toolchain), or leave it out"


@dataclass(eq=False)
class MindirBeyondConverter(ToolchainError):
    """A MindIR that is newer than this version of the converter reads."""

    version: str
    mindir: int
    most: int

    @property
    def message(self) -> str:
        return (
            f"MindIR version {self.mindir} is too new for the converter of MindSpore Lite "
            f"{self.version}, which reads up to {self.most}"
        )

    @property
    def hint(self) -> str:
        return "the pipeline rewrites MindIR to version 1: deploy the .mindir file as it is"


def number_of(version: str) -> Number | None:
    """``2.3.0rc1`` is (2, 3); None where there is no such number."""
    match = re.match(r"(\d+)\.(\d+)", version)
    return (int(match.group(1)), int(match.group(2))) if match else None


def knows(version: str, section: str, key: str) -> Knowledge:
    """Whether that version of the converter has the key. A key that no version is known to have
    is one that none has."""
    found = SECTIONS.get(section, {}).get(key)
    return found.known_to(number_of(version)) if found else Knowledge.NO


def require(version: str, section: str, key: str) -> None:
    """RecipeBeyondConverter unless the key may be written.

    What is not known may be where the section surely is there: the converter then says itself
    when it does not know the key.
    """
    known = knows(version, section, key)
    safe = any(
        knows(version, section, other) is Knowledge.YES for other in SECTIONS.get(section, {})
    )
    if known is Knowledge.YES or (known is Knowledge.UNKNOWN and safe):
        return
    found = SECTIONS.get(section, {}).get(key)
    usable = found is not None and found.gone is None
    since = ".".join(map(str, found.since)) if found and usable else ""
    raise RecipeBeyondConverter(version, section, key, since)


def check_mindir(version: str, mindir: int) -> None:
    """MindirBeyondConverter when that version is known not to read such a MindIR."""
    accepted = of(version)
    if accepted.mindir_refused is not None and mindir >= accepted.mindir_refused:
        raise MindirBeyondConverter(version, mindir, accepted.mindir_read)


def of(version: str) -> Accepted:
    """What that version accepts; of one that is not in the table, what all in it do."""
    number = number_of(version)
    keys: dict[str, tuple[str, ...]] = {}
    unknown: dict[str, tuple[str, ...]] = {}
    for section, known in SECTIONS.items():
        for target, wanted in ((keys, Knowledge.YES), (unknown, Knowledge.UNKNOWN)):
            names = tuple(name for name, key in known.items() if key.known_to(number) is wanted)
            if names:
                target[section] = names
    if number is None or number < OLDEST:
        return Accepted(version, 1, None, keys, unknown, "not in the table")
    read, refused = _MINDIR.get(number, _MINDIR_SINCE_2_5)
    note = _NOTES.get(number, "newer than the table" if number > NEWEST else "")
    return Accepted(version, read, refused, keys, unknown, note)


def table() -> tuple[Accepted, ...]:
    """Every version from 2.0 to 2.10."""
    return tuple(of(f"2.{minor}") for minor in range(OLDEST[1], NEWEST[1] + 1))


@dataclass(frozen=True)
class Runtime:
    """The MindSpore Lite that systems of an API level carry; ``verified`` where their own sources
    say so, else it is the likeliest."""

    core: Number
    verified: bool


def runtime_of(api_level: int) -> Runtime | None:
    """The runtime of HarmonyOS devices of that API level, None where nothing is known."""
    if api_level == 9:
        return Runtime((1, 5), True)
    if api_level in (11, 12):
        return Runtime((2, 1), True)
    if 13 <= api_level <= 20:
        return Runtime((2, 1), False)
    if api_level >= 23:
        return Runtime((2, 7), False)
    return None


def newer_than_runtime(version: str, api_level: int | None) -> str | None:
    """What to warn of when models of that converter go to devices of that API level; None when
    there is nothing to warn of, or nothing known."""
    number = number_of(version)
    runtime = runtime_of(api_level) if api_level is not None else None
    if number is None or runtime is None or number <= runtime.core:
        return None
    core = ".".join(map(str, runtime.core))
    likely = "is" if runtime.verified else "is most likely"
    return (
        f"the converter (MindSpore Lite {version}) is newer than the runtime of API {api_level} "
        f"devices, which {likely} based on {core}: a model may fail to load there, or compute "
        f"otherwise; convert with {core} or older"
    )
