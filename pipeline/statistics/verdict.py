"""Verdicts: whether a figure changed, and by enough to matter."""

from __future__ import annotations

from enum import Enum

from pipeline.statistics.ratios import Estimate


class Verdict(str, Enum):
    """What a comparison found."""

    IMPROVED = "improved"
    UNCHANGED = "unchanged"
    REGRESSED = "regressed"
    INCONCLUSIVE = "inconclusive"


def judge(change: Estimate, threshold: float) -> Verdict:
    """The verdict on a ratio of new to old, of a figure of which less is better.

    Two thresholds: a change counts when its interval excludes 1 and the change itself is
    ``threshold`` (0.02 is 2 %) or more. It is none when the whole interval is within the
    threshold. All else is inconclusive, also a ratio without an interval.
    """
    if change.low is None or change.high is None:
        return Verdict.INCONCLUSIVE
    if change.low > 1 and change.value >= 1 + threshold:
        return Verdict.REGRESSED
    if change.high < 1 and change.value <= 1 / (1 + threshold):
        return Verdict.IMPROVED
    if 1 / (1 + threshold) < change.low and change.high < 1 + threshold:
        return Verdict.UNCHANGED
    return Verdict.INCONCLUSIVE
