"""Instructions of ARM kernels for each recipe, and whether they repeat. Not collected by pytest.

``python -m tests.measure.instructions [--work DIR] [--out FILE]`` deploys the digits and two
networks of mindcv (``pip install mindcv --no-deps``) to an emulated ARM64 phone in five recipes,
benchmarks what was deployed once more, and writes a table: instructions of an inference, their
ratio to fp32's, how far the two runs are apart, and how equal the outputs are to this machine's.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from pipeline.chain.benchmark import benchmark
from pipeline.chain.deploy import deploy
from pipeline.chain.report import Report, Row
from pipeline.core import files, process
from tests.measure.networks import NETWORKS, Network

ROOT = Path(__file__).parents[2]
TABLE = Path(__file__).with_suffix(".md")
RECIPES = ("fp32", "fp16", "weight-8", "dynamic-8", "full-8")
MINDCV = ("mobilenet_v2_035_96", "resnet18")
_SAMPLES = 8
_DEADLINE_S = 900.0


def main() -> None:
    """Measure, then write the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--work", type=Path, default=Path("runs", "instructions"))
    parser.add_argument("--out", type=Path, default=TABLE)
    options = parser.parse_args()
    lines = list(_BEGINNING)
    slowest: list[str] = []
    for name, config in _deployments(options.work.absolute()):
        print(name, file=sys.stderr, flush=True)
        workspace = options.work / name / "runs"
        first = deploy(config, recipes=RECIPES, emulate="arm64", workspace=workspace)
        second = benchmark(emulate="arm64", workspace=workspace)
        lines += _rows(name, first, second)
        slowest += _operators(name, first)
        files.write_text(options.out, "\n".join([*lines, *_HEADING, *slowest]) + "\n")
    print(options.out.read_text(encoding="utf-8"))


_BEGINNING = (
    "Made by `python -m tests.measure.instructions`: an emulated cortex-a76, 1 thread. *apart*:",
    "the second run's total against the first's. *cosine*: worst sample, outputs on ARM against",
    "this machine's. *fp16* computes in fp16 on ARM, and in fp32 here.",
    "",
    "| network | recipe | instructions | of fp32's | vector | apart | cosine |",
    "|---|---|--:|--:|--:|--:|--:|",
)
_HEADING = (
    "",
    "Operators that execute most:",
    "",
    "| network | recipe | by type, in percent of all |",
    "|---|---|---|",
)


def _deployments(work: Path) -> Iterator[tuple[str, Path]]:
    yield "digits", ROOT / "examples" / "digits" / "deploy.yaml"
    for network in NETWORKS:
        if network.name in MINDCV:
            yield network.name, _deployment(network, work / network.name)


def _deployment(network: Network, folder: Path) -> Path:
    """A deployment of random weights whose outputs depend on the inputs, which are random too."""
    folder.mkdir(parents=True, exist_ok=True)
    ((name, shape, dtype),) = network.inputs
    images = np.random.default_rng(1).normal(0, 1, (_SAMPLES, *shape[1:])).astype(dtype)
    np.savez(folder / "data.npz", inputs=images, labels=np.zeros(_SAMPLES, np.int64))
    np.save(folder / "batch.npy", images)
    request = {
        "factory": network.factory,
        "arguments": dict(network.arguments),
        "checkpoint": str(folder / "network.ckpt"),
        "batches": [str(folder / "batch.npy")],
        "samples": _SAMPLES,
    }
    files.write_json(folder / "weights.json", request)
    if not (folder / "network.ckpt").is_file():
        done = process.run(
            [sys.executable, "-m", "tests.measure.coverage_weights", str(folder / "weights.json")],
            deadline_s=_DEADLINE_S,
            env=process.python_environment(),
        )
        if done.returncode != 0:
            sys.exit(done.text)
    deployment: dict[str, Any] = {
        "name": network.name,
        "network": {
            "factory": network.factory,
            "arguments": dict(network.arguments),
            "checkpoint": "network.ckpt",
        },
        "inputs": [{"name": name, "shape": list(shape), "dtype": dtype}],
        "data": {
            "test": "data.npz",
            "calibration": "data.npz",
            "calibration_samples": _SAMPLES,
        },
        "limits": {"min_cosine": -1.0},
        "python_path": [str(ROOT)],
    }
    path = folder / "deploy.yaml"
    files.write_text(path, yaml.safe_dump(deployment))
    return path


def _rows(name: str, first: Report, second: Report) -> Iterator[str]:
    again = {row.name: row for row in second.rows}
    base = _total(next(row for row in first.rows if row.name == "fp32"))
    for row in first.rows:
        assert row.measurement is not None and row.measurement.instructions is not None
        total, executed = _total(row), row.measurement.instructions.executed
        apart = 100 * (_total(again[row.name]) - total) / total
        yield (
            f"| `{name}` | {row.name} | {total:,} | {total / base:.3f}x "
            f"| {100 * executed.vector / total:.0f} % | {apart:+.4f} % "
            f"| {row.measurement.parity.cosine_min:.7f} |"
        )


def _operators(name: str, report: Report) -> Iterator[str]:
    for row in report.rows:
        assert row.measurement is not None and row.measurement.instructions is not None
        sums: dict[str, int] = {}
        for one in row.measurement.instructions.operators:
            sums[one.kind] = sums.get(one.kind, 0) + one.executed.total
        sums["the runtime's own"] = _total(row) - sum(sums.values())
        ordered = sorted(sums.items(), key=lambda item: -item[1])
        told = ", ".join(f"{kind} {100 * value / _total(row):.1f}" for kind, value in ordered[:4])
        yield f"| `{name}` | {row.name} | {told} |"


def _total(row: Row) -> int:
    assert row.measurement is not None and row.measurement.instructions is not None
    return row.measurement.instructions.executed.total


if __name__ == "__main__":
    main()
