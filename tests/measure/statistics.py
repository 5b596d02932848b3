"""What intervals, verdicts and the sample plan are worth. Not collected by pytest.

``python -m tests.measure.statistics [--sessions N] [--out FILE]`` simulates sessions of a phone
(tests/statistics/noise.py) and writes, in percent of the sessions,

* how often an interval covers the truth, at 99 %;
* how often two equal models are told to differ, under several kinds of noise;
* how often a model that is slower by so much is told to be, at several plans.

``--benchmark MODEL.ms`` measures a model five times on the emulated device instead, and tells how
far the results agree, and which of them say that they may not.
"""

from __future__ import annotations

import argparse
import itertools
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.chain.changes import THRESHOLDS, changes
from pipeline.config.profile import SamplePlan
from pipeline.statistics.percentiles import interval
from pipeline.statistics.ratios import center, paired_ratio, ratio
from pipeline.statistics.verdict import Verdict, judge
from tests.statistics.noise import CALM, PHONE, Noise, rounds, samples

TABLE = Path(__file__).with_suffix(".md")
NOISES = {
    "phone": PHONE,
    "calm": CALM,
    "drift of 30 %": replace(PHONE, drift=0.3),
    "half of the launches slow by 10 %": replace(PHONE, stuck_chance=0.5),
    "a slow mode 40 % of the time": replace(PHONE, mode_chance=0.4),
    "5 % outliers": replace(PHONE, outliers=0.05),
}
PLANS = [(8, 83), (10, 100), (20, 50), (20, 100), (30, 50), (40, 50)]
_CHANGED = (Verdict.IMPROVED, Verdict.REGRESSED)


def main() -> None:
    """Simulate or measure, and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=5000)
    parser.add_argument("--out", type=Path, default=TABLE)
    parser.add_argument("--benchmark", type=Path)
    options = parser.parse_args()
    if options.benchmark:
        _five_times(options.benchmark)
        return
    n = options.sessions
    parts = (_coverage(n), _alarms(n), _found(n), _two_sessions(n))
    lines = [f"Made by `python -m tests.measure.statistics --sessions {n}`.", ""]
    lines += itertools.chain.from_iterable(parts)
    options.out.write_text("\n".join(lines), encoding="utf-8")


def _coverage(n: int) -> Iterator[str]:
    yield "## How often a 99 % interval covers the truth\n"
    yield "| interval | series | covers |\n|---|---|---|"
    random = np.random.default_rng(1)
    for percent, normal in ((50, 0.0), (90, 1.2815515655), (95, 1.6448536270), (99, 2.3263478740)):
        truth = np.exp(0.2 * normal)
        series = np.sort(random.lognormal(0, 0.2, (n, 1500)), axis=1).tolist()
        share = np.mean([_within(interval(one, percent), truth) for one in series])
        yield f"| samples, p{percent} | 1,500 independent | {100 * share:.2f} % |"
    quiet = Noise(drift=0, walk=0, stuck_chance=0, mode_chance=0, outliers=0, memory=0.9)
    series = samples(np.random.default_rng(2), quiet, n, 30, 50)
    pooled = np.sort(series.reshape(n, -1), axis=1).tolist()
    share = np.mean([_within(interval(one, 50), 1.0) for one in pooled])
    yield f"| samples, p50 | 30 launches that differ by 1.5 % | {100 * share:.2f} % |"
    for runs in (8, 12, 30):
        medians = np.median(series[:, :runs], axis=2).tolist()
        found = [center(one) for one in medians]
        share = np.mean([_within((one.low, one.high), 1.0) for one in found])
        yield f"| runs, p50 | {runs} launches that differ by 1.5 % | {100 * share:.2f} % |"
    for runs in (8, 30):
        before, after = _medians(PHONE, n, runs, 50, 3)
        found = [
            paired_ratio(a, (np.array(b) * 1.05).tolist())
            for a, b in zip(before, after, strict=True)
        ]
        share = np.mean([_within((one.low, one.high), 1.05) for one in found])
        yield f"| ratio of {runs} pairs of runs | phone | {100 * share:.2f} % |"
    medians = np.median(
        samples(np.random.default_rng(4), replace(PHONE, drift=0, walk=0), 2 * n, 30, 50), axis=2
    ).tolist()
    found = [ratio(a, b) for a, b in zip(medians[:n], medians[n:], strict=True)]
    share = np.mean([_within((one.low, one.high), 1.0) for one in found])
    yield f"| ratio of two sets of 30 runs | phone without drift | {100 * share:.2f} % |\n"


def _alarms(n: int) -> Iterator[str]:
    plan = SamplePlan()
    yield "## How often two equal models are told to differ, in one session\n"
    yield f"The default plan, {plan.runs} runs of {plan.samples // plan.runs} samples in turns.\n"
    yield "| noise | p50 | p90 | p50 told unchanged |\n|---|---|---|---|"
    for name, noise in NOISES.items():
        cells = []
        for percent in (50, 90):
            found = _verdicts(noise, n, plan.runs, plan.samples // plan.runs, 1.0, percent)
            cells.append(f"{_share(found, *_CHANGED):.2f} %")
            if percent == 50:
                calm = f"{_share(found, Verdict.UNCHANGED):.1f} %"
        yield f"| {name} | {' | '.join(cells)} | {calm} |"
    yield ""


def _found(n: int) -> Iterator[str]:
    yield "## How often a slow-down is told, in one session, under the phone's noise\n"
    yield "| runs x samples | 3 % | 5 % | 10 % |\n|---|---|---|---|"
    for runs, loops in PLANS:
        shares = [
            f"{_share(_verdicts(PHONE, n, runs, loops, factor, 50), Verdict.REGRESSED):.1f} %"
            for factor in (1.03, 1.05, 1.10)
        ]
        yield f"| {runs} x {loops} | {' | '.join(shares)} |"
    yield ""


def _two_sessions(n: int) -> Iterator[str]:
    """Of `pipeline compare` as it stands: the second session's device may be slower as a whole."""
    yield "## Two sessions, compared beside the reference workload\n"
    yield "| the device | the model | told regressed | improved | inconclusive |"
    yield "|---|---|---|---|---|"
    for device, model in ((1.0, 1.0), (1.05, 1.0), (0.9, 1.0), (1.0, 1.05), (1.0, 1.10)):
        olds = _medians(PHONE, n, 30, 50, 5)
        news = _medians(PHONE, n, 30, 50, 6)
        told = [
            _p50(_entry(*old), _entry(*(np.array(one) * device for one in new), model))
            for old, new in zip(zip(*olds, strict=True), zip(*news, strict=True), strict=True)
        ]
        shares = [_share(told, one) for one in (Verdict.REGRESSED, Verdict.IMPROVED)]
        shares.append(_share(told, Verdict.INCONCLUSIVE))
        cells = " | ".join(f"{share:.1f} %" for share in shares)
        yield f"| {100 * (device - 1):+.0f} % | {100 * (model - 1):+.0f} % | {cells} |"
    yield ""


def _entry(reference: Any, runs: Any, model: float = 1.0) -> dict[str, Any]:
    record = {
        "runs": [{"round": n, "p50_ns": value * model} for n, value in enumerate(runs)],
        "reference": {"model_sha256": "", "runs_p50_ns": list(reference)},
    }
    return {"size_bytes": 1, "benchmark": record}


def _p50(before: Any, after: Any) -> Verdict:
    return next(one.verdict for one in changes(before, after) if one.figure == "p50_ns")


def _medians(noise: Noise, n: int, runs: int, loops: int, seed: int, percent: int = 50) -> Any:
    both = rounds(np.random.default_rng(seed), noise, n, runs, loops)
    return [np.percentile(part, percent, axis=2).tolist() for part in both]


def _verdicts(
    noise: Noise, n: int, runs: int, loops: int, factor: float, percent: int
) -> list[Verdict]:
    before, after = _medians(noise, n, runs, loops, 7, percent)
    threshold = THRESHOLDS[f"p{percent}_ns"]
    return [
        judge(paired_ratio(old, [factor * value for value in new]), threshold)
        for old, new in zip(before, after, strict=True)
    ]


def _share(found: Sequence[Verdict], *wanted: Verdict) -> float:
    return 100 * sum(one in wanted for one in found) / len(found)


def _within(bounds: Any, truth: float) -> bool:
    low, high = bounds
    return (low is None or low <= truth) and (high is None or truth <= high)


def _five_times(model: Path) -> None:
    figures = []
    with tempfile.TemporaryDirectory() as workspace:
        for _ in range(5):
            command = ["benchmark", str(model), "--emulate", "host", "--json", "-w", workspace]
            done = subprocess.run(
                [sys.executable, "-m", "pipeline", *command],
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                check=True,
            )
            record = json.loads(done.stdout)["models"][0]["benchmark"]
            figures.append(record["latency_ns"]["p50_ns"])
            print(f"p50 {figures[-1] / 1e6:.5g} ms", *record["doubts"], sep="; ")
    print(f"the largest is {max(figures) / min(figures):.3f}x the smallest")


if __name__ == "__main__":
    main()
