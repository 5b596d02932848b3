"""Words of the section ``recover:`` that the command line knows too, without all the rest."""

from __future__ import annotations

from enum import Enum


class Free(str, Enum):
    """Steps that take no training."""

    EQUALIZATION = "equalization"
    STATISTICS = "statistics"
    BIAS = "bias"


class Train(str, Enum):
    """When to train."""

    IF_NEEDED = "if-needed"
    ALWAYS = "always"
    NEVER = "never"
