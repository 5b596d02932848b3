"""How fast models are in each state, as rows for the table and the page."""

from __future__ import annotations

from collections.abc import Sequence

from examples.experiment import words
from examples.experiment.published import PUBLISHED
from examples.experiment.speed import FLOAT, QUANTIZED, TUNED, Graphs, Speed

HEAD = ("an inference", "float", "quantized", "fine-tuned", "fine-tuned / quantized")
_STATES = (FLOAT, QUANTIZED, TUNED)


def rows(found: Sequence[Speed]) -> list[tuple[str, ...]]:
    """The published latencies, then each way's instructions and latencies."""
    one = PUBLISHED
    seconds = (one.float_s, one.quantized_s, one.tuned_s)
    told = (f"{value:g} s" for value in seconds)
    ratio = f"{one.tuned_s / one.quantized_s:g}"
    lines: list[tuple[str, ...]] = [("published: seconds on a phone", *told, ratio)]
    for speed in found:
        if speed.instructions:
            lines.append(_instructions(speed))
        lines.append(_latency(speed))
    return lines


def markdown(found: Sequence[Speed], graphs: Graphs) -> str:
    """A table and a sentence."""
    lines = [HEAD, ("---", *["--:"] * (len(HEAD) - 1)), *rows(found)]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"{table}\n\n{sentence(graphs)}\n"


def sentence(graphs: Graphs) -> str:
    """What fine-tuning leaves as it is."""
    return (
        "Fine-tuning changes values, nothing else: "
        f"{graphs.same} of {graphs.pairs} fine-tuned models have the operators of the quantized "
        f"one, at a size at most {graphs.most_percent:.1f} % away (levels compress more or less "
        "well). Instructions are not time: what int8 gains on a phone, only the phone tells."
    )


def _instructions(speed: Speed) -> tuple[str, ...]:
    counts = [speed.instructions[name] for name in _STATES]
    name = f"{words.way(speed.way)}: ARM64 instructions ({speed.cpu}, emulated)"
    return (name, *(f"{count:,}" for count in counts), f"{counts[2] / counts[1]:.4f}")


def _latency(speed: Speed) -> tuple[str, ...]:
    name = f"{words.way(speed.way)}: p50 ({speed.where}"
    if speed.on_device:
        cells = [f"{speed.p50_ns[state] / 1e6:.4g} ms" for state in _STATES]
        return (f"{name})", *cells, _ratio(speed))
    return (f"{name}, so the ratio only)", "", "", "", _ratio(speed))


def _ratio(speed: Speed) -> str:
    one = speed.ratio
    if one.low is None or one.high is None:
        return f"{one.value:.3f}"
    return f"{one.value:.3f} ({one.low:.3f} to {one.high:.3f})"
