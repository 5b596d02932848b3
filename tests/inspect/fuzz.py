"""The readers against damaged and hostile files; only errors of ours may come out.

    python -m tests.inspect.fuzz --cases 100000 --seed 1

Every case is a real file with some bits turned, cut, spliced with itself or another, or with
extreme numbers written somewhere, under its own ending or another. What a case may take is
bounded: its time, and the memory of the whole process.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import signal
import struct
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from pipeline.core.errors import UsageError
from pipeline.inspect.look import examine
from pipeline.inspect.source import Source

DATA = Path(__file__).parent / "data"
_ENDINGS = (".ms", ".mindir", ".ckpt", ".onnx")
_EXTREMES = (
    0, 1, 2, 4, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF,
    0xFFFF_FFFE, 0x1000_0000, 0x00FF_FFFF,
)  # fmt: skip
#: Seconds that one case may take, and bytes that the process may have in all.
CASE_SECONDS = 2
PROCESS_BYTES = 2 << 30


class Hang(Exception):
    """A case took longer than it may."""


@dataclass
class Outcome:
    """How the cases came out, by the name of what was raised or the kind that was read."""

    cases: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    results: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


def seeds() -> list[tuple[str, bytes]]:
    """The real files: name and content."""
    return [(path.name, path.read_bytes()) for path in sorted(DATA.iterdir())]


def mutated(data: bytes, other: bytes, dice: random.Random) -> bytes:
    """``data`` with one to four things done to it."""
    out = bytearray(data)
    for _ in range(dice.choice((1, 1, 1, 2, 3, 4))):
        _CHANGES[dice.randrange(len(_CHANGES))](out, other, dice)
        if not out:
            out += b"\0"
    return bytes(out)


def _flip(out: bytearray, other: bytes, dice: random.Random) -> None:
    for _ in range(dice.choice((1, 1, 2, 8, 64))):
        out[dice.randrange(len(out))] ^= 1 << dice.randrange(8)


def _cut(out: bytearray, other: bytes, dice: random.Random) -> None:
    del out[dice.randrange(len(out)) :]


def _drop(out: bytearray, other: bytes, dice: random.Random) -> None:
    at = dice.randrange(len(out))
    del out[at : at + dice.randrange(1, 64)]


def _splice(out: bytearray, other: bytes, dice: random.Random) -> None:
    begin = dice.randrange(len(other))
    block = other[begin : begin + dice.randrange(1, 512)]
    at = dice.randrange(len(out))
    out[at : at + (len(block) if dice.random() < 0.5 else 0)] = block


def _repeat(out: bytearray, other: bytes, dice: random.Random) -> None:
    begin = dice.randrange(len(out))
    block = bytes(out[begin : begin + dice.randrange(1, 256)])
    out[begin:begin] = block * dice.randrange(1, 20)


def _extreme(out: bytearray, other: bytes, dice: random.Random) -> None:
    for _ in range(dice.choice((1, 1, 2, 4))):
        form = dice.choice("BHIQ")
        width = struct.calcsize(f"<{form}")
        if len(out) < width:
            return
        at = dice.randrange(len(out) - width + 1)
        if dice.random() < 0.7:
            at -= at % width
        value = dice.choice(_EXTREMES) & ((1 << 8 * width) - 1)
        if dice.random() < 0.2:
            value = (1 << 8 * width) - value - 1
        struct.pack_into(f"<{form}", out, at, value)


def _near(out: bytearray, other: bytes, dice: random.Random) -> None:
    """A 32-bit number a little larger or smaller: offsets that lead to the neighbour."""
    if len(out) < 4:
        return
    at = dice.randrange(len(out) - 3) & ~3
    value = struct.unpack_from("<I", out, at)[0] + dice.choice((-64, -8, -4, 4, 8, 64))
    struct.pack_into("<I", out, at, value & 0xFFFF_FFFF)


_CHANGES = (_flip, _flip, _cut, _drop, _splice, _splice, _repeat, _extreme, _extreme, _near)


def run(cases: int, seed: int, limit_seconds: float = float("inf")) -> Outcome:
    """Try ``cases`` cases, fewer when the time is up; needs the main thread for its alarm."""
    files = seeds()
    dice = random.Random(seed)
    outcome = Outcome()
    old = signal.signal(signal.SIGALRM, _hang)
    began = time.perf_counter()
    try:
        for number in range(cases):
            kind = dice.choice(_ENDINGS)
            name, data = dice.choice([file for file in files if file[0].endswith(kind)])
            other = dice.choice(files)[1]
            ending = kind if dice.random() < 0.8 else dice.choice(_ENDINGS)
            case = mutated(data, other, dice)
            _try(case, Path(f"case{ending}"), f"{name}, case {number} of seed {seed}", outcome)
            if time.perf_counter() - began > limit_seconds:
                break
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)
    outcome.seconds = time.perf_counter() - began
    return outcome


def _try(case: bytes, path: Path, label: str, outcome: Outcome) -> None:
    outcome.cases += 1
    began = time.perf_counter()
    signal.setitimer(signal.ITIMER_REAL, CASE_SECONDS)
    try:
        outcome.results[check(case, path)] += 1
    except (Exception, Hang) as error:  # everything that is not ours is a fault
        outcome.faults.append(f"{label}: {type(error).__name__}: {error}")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    outcome.slowest = max(outcome.slowest, time.perf_counter() - began)


def check(case: bytes, path: Path) -> str:
    """Read one case; what came out. Anything but a record or an error of ours is raised."""
    try:
        found = examine(Source(case, path))
    except UsageError as error:
        for text in (error.message, error.hint):
            if "\n" in text or not text:
                raise AssertionError("a message that is not one line") from error
        return type(error).__name__
    text = json.dumps(found.as_json(), allow_nan=False)
    if len(text) > 400 * len(case) + 20_000:
        raise AssertionError(f"{len(text)} bytes of JSON out of {len(case)}")
    for tensor in found.tensors:
        if any(at < 0 or length < 0 or at + length > len(case) for at, length in tensor.stored):
            raise AssertionError("data outside of the file")
    return found.kind.value


def _hang(number: int, frame: FrameType | None) -> None:
    raise Hang(f"more than {CASE_SECONDS} s")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; 1 when there was a fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args(arguments)
    resource.setrlimit(resource.RLIMIT_AS, (PROCESS_BYTES, PROCESS_BYTES))
    outcome = run(chosen.cases, chosen.seed)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{outcome.cases:,} cases in {outcome.seconds:.1f} s, slowest {outcome.slowest:.3f} s,")
    print(f"peak {peak / 1024:.0f} MiB; {dict(outcome.results.most_common())}")
    for fault in outcome.faults[:20]:
        print(fault)
    print(f"{len(outcome.faults)} faults")
    return 1 if outcome.faults else 0


if __name__ == "__main__":
    sys.exit(main())
