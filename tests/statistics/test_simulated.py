"""Planted signals in simulated sessions: intervals cover, noise raises no alarm, changes are found.

Larger ones: tests/measure/statistics.py.
"""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.config.profile import SamplePlan
from pipeline.statistics.percentiles import interval
from pipeline.statistics.ratios import center, paired_ratio, ratio
from pipeline.statistics.verdict import Verdict, judge
from tests.statistics.noise import CALM, PHONE, Noise, rounds, samples

PLAN = SamplePlan()
LOOPS = PLAN.samples // PLAN.runs
#: By percentile, as `pipeline compare` has them.
THRESHOLDS = {50: 0.02, 90: 0.05}


def _verdicts(noise: Noise, sessions: int, factor: float, seed: int, percent: int = 50) -> list:
    before, after = (
        np.percentile(part, percent, axis=2)
        for part in rounds(np.random.default_rng(seed), noise, sessions, PLAN.runs, LOOPS)
    )
    return [
        judge(paired_ratio(old.tolist(), (new * factor).tolist()), THRESHOLDS[percent])
        for old, new in zip(before, after, strict=True)
    ]


def _share(verdicts: list, *wanted: Verdict) -> float:
    return sum(verdict in wanted for verdict in verdicts) / len(verdicts)


@pytest.mark.parametrize("percent", [50, 90])
@pytest.mark.parametrize(
    "noise",
    [PHONE, CALM, Noise(drift=0.3), Noise(outliers=0.05), Noise(mode_chance=0.4)],
    ids=["phone", "calm", "drift", "outliers", "two modes"],
)
def test_unchanged_noise_raises_no_alarm(noise, percent):
    found = _verdicts(noise, 1000, 1.0, 1, percent)
    assert _share(found, Verdict.REGRESSED, Verdict.IMPROVED) <= 0.01


def test_the_worst_noise_raises_no_more_alarms_than_the_interval_admits():
    """Half of the launches are 30 % slower: the threshold of 2 % holds nothing back."""
    found = _verdicts(Noise(stuck_chance=0.5, stuck=0.3), 3000, 1.0, 8)
    share = _share(found, Verdict.REGRESSED, Verdict.IMPROVED)
    assert share <= 0.01 + 3 * (0.01 * 0.99 / 3000) ** 0.5


@pytest.mark.parametrize(
    ("factor", "verdict"), [(1.05, Verdict.REGRESSED), (1 / 1.05, Verdict.IMPROVED)]
)
def test_five_percent_are_found_at_the_default_plan(factor, verdict):
    found = _verdicts(PHONE, 1500, factor, 2)
    assert _share(found, verdict) >= 0.95
    assert _share(found, Verdict.REGRESSED, Verdict.IMPROVED) == _share(found, verdict)


def test_a_calm_device_is_told_to_be_unchanged():
    assert _share(_verdicts(CALM, 300, 1.0, 3), Verdict.UNCHANGED) >= 0.95


def test_the_interval_of_a_ratio_covers_as_often_as_is_claimed():
    """What is between two models cancels in pairs, so the truth is the factor."""
    before, after = (
        np.median(part, axis=2) for part in rounds(np.random.default_rng(4), PHONE, 3000, 12, 20)
    )
    covered = 0
    for old, new in zip(before, after, strict=True):
        found = paired_ratio(old.tolist(), (1.05 * new).tolist())
        covered += found.low <= 1.05 <= found.high
    assert 0.98 <= covered / 3000 <= 1.0


def test_the_interval_of_two_sessions_covers_as_often_as_is_claimed():
    noise = Noise(drift=0, walk=0)
    both = np.median(samples(np.random.default_rng(5), noise, 4000, 12, 20), axis=2)
    covered = 0
    for old, new in zip(both[:2000], both[2000:], strict=True):
        found = ratio(old.tolist(), (1.05 * new).tolist())
        covered += found.low <= 1.05 <= found.high
    assert 0.98 <= covered / 2000 <= 1.0


#: Samples that depend on each other, in launches that differ by 1.5 %; the median is 1.
DEPENDENT = Noise(drift=0, walk=0, stuck_chance=0, mode_chance=0, outliers=0, memory=0.9)


def test_the_interval_over_runs_honours_what_lasts_and_that_over_samples_does_not():
    series = samples(np.random.default_rng(6), DEPENDENT, 1500, 12, 40)
    over_runs = over_samples = 0
    for session in series:
        found = center(np.median(session, axis=1).tolist())
        over_runs += found.low <= 1 <= found.high
        low, high = interval(np.sort(session.ravel()).tolist(), 50)
        over_samples += low <= 1 <= high
    assert 0.98 <= over_runs / 1500 <= 1.0
    assert over_samples / 1500 < 0.9


@pytest.mark.parametrize("percent", [50, 90, 95])
def test_the_interval_over_independent_samples_covers_as_often_as_is_claimed(percent):
    random = np.random.default_rng(7)
    series = np.sort(random.lognormal(0, 0.2, (2500, 500)), axis=1)
    truth = np.exp(0.2 * {50: 0.0, 90: 1.2815515655, 95: 1.6448536270}[percent])
    covered = 0
    for ordered in series.tolist():
        low, high = interval(ordered, percent)
        covered += low <= truth <= high
    assert 0.98 <= covered / 2500 <= 1.0
