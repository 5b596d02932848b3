"""Run the experiment: ``python -m examples.experiment [--data FOLDER]``."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Sequence
from pathlib import Path

from examples.experiment import report
from examples.experiment.plan import WAYS, Plan
from examples.experiment.runner import Experiment, run
from examples.experiment.samples import prepare
from pipeline.core.errors import ExitCode, PipelineError

_WORK = Path("runs") / "experiment"
_EPOCHS, _MNIST_EPOCHS = 30, 5


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the cells that are missing, then write the table and the page; gives the exit code."""
    options = _parser().parse_args(arguments)
    _quick_convolutions()
    try:
        return _run(options)
    except PipelineError as error:
        _say(f"error: {error.message}\nhint: {error.hint}")
        return error.exit_code
    except KeyboardInterrupt:
        _say("interrupted; the same call goes on")
        return ExitCode.INTERRUPTED


def _run(options: argparse.Namespace) -> int:
    folder = options.work.resolve() / ("mnist" if options.data else "digits")
    samples = prepare(folder / "data", options.data)
    plan = Plan(
        seeds=range(1, options.seeds + 1),
        ways=tuple(WAYS[name] for name in options.recipes),
        epochs=options.epochs or (_MNIST_EPOCHS if options.data else _EPOCHS),
    )
    experiment = Experiment(plan, samples, folder)
    outcome = run(experiment, _say)
    if outcome.results:
        for path in report.write(experiment, outcome, options.readme, _say):
            _say(f"wrote {path}")
    codes = [error.exit_code for error in outcome.failed.values()]
    return max(codes, default=ExitCode.DONE)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="examples.experiment", description=__doc__)
    parser.add_argument("--data", type=Path, help="folder with MNIST's four IDX files or .gz")
    parser.add_argument("--seeds", type=_positive, default=5, help="default: %(default)s")
    parser.add_argument(
        "--epochs", type=_positive, help=f"from scratch; default: {_EPOCHS}, MNIST {_MNIST_EPOCHS}"
    )
    parser.add_argument("--recipes", nargs="+", choices=WAYS, default=list(WAYS), metavar="NAME")
    parser.add_argument("--work", type=Path, default=_WORK, help="default: %(default)s")
    parser.add_argument("--readme", type=Path, help="a file whose table is written anew")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def _quick_convolutions() -> None:
    """With AVX-512, MindSpore's oneDNN computes these convolutions by its reference code, which
    takes twenty times as long as what it has for AVX2."""
    if platform.machine() == "x86_64":
        os.environ.setdefault("ONEDNN_MAX_CPU_ISA", "AVX2")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
