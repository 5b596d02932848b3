"""A large file is hashed by the device while it arrives, and gets its name as soon as it is whole.

A remote command beside the transfer reads what has arrived, and tells how much that is. Its hash
proves the content, whatever hdc says of the transfer. It ends with the file, or when the file no
longer grows.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from device.device import OnProgress
from device.hdc.parcel import Parcel
from device.hdc.remote import Remote
from device.hdc.sentinel import Sentinel, Stage
from device.quote import quote
from pipeline.core.errors import PipelineError

#: From here on a hash afterwards takes longer than one more remote command.
LARGE_BYTES = 16 << 20
#: The device's shell counts in 32 bits.
_COUNTABLE_BYTES = 1 << 31

_BLOCK = 1 << 20
#: hdc writes in several threads: what is this near to the end may still have holes.
_LAG_BLOCKS = 4
_PAUSE_S = 0.02
#: So many pauses without a new byte, and the witness ends.
_PATIENCE = 1000
_ARRIVED = "mslp-arrived "


class _LateError(Exception):
    """Nobody waits for the witness any more."""


@dataclass
class Witness:
    """``settled``: the file is whole and has its name; else nobody knows."""

    progress: OnProgress
    settled: bool = False
    _until: float = math.inf

    def watch(self, remote: Remote, parcel: Parcel, temporary: str) -> None:
        """Hash until the file is there; whatever goes wrong, the push does without."""
        sentinel = Sentinel.fresh()
        deadlines, size = remote.deadlines, parcel.size_bytes
        try:
            done = remote.client.program.call(
                ("shell", sentinel.wrap(_script(remote, parcel, temporary))),
                "the hash of what arrives",
                key=remote.key,
                deadline_s=deadlines.transfer(size) + deadlines.hashing(size),
                on_line=lambda line: self._told(line, size),
                on_tick=self._tick,
            )
        except (PipelineError, _LateError):
            return
        answer = sentinel.read(done.stdout)
        self.settled = answer.stage is Stage.DONE and answer.code == 0

    def end_within(self, seconds: float) -> None:
        """Wait no longer than that from now on."""
        self._until = time.monotonic() + seconds

    def _told(self, line: str, size: int) -> None:
        number = line.strip().removeprefix(_ARRIVED)
        if number != line.strip() and number.isascii() and number.isdigit() and len(number) < 19:
            self.progress(min(int(number), size), size)

    def _tick(self) -> None:
        if time.monotonic() > self._until:
            raise _LateError


def is_worth(size_bytes: int) -> bool:
    """Whether a file of this size gets a witness."""
    return LARGE_BYTES <= size_bytes < _COUNTABLE_BYTES


@contextmanager
def witness(
    remote: Remote, parcel: Parcel, temporary: str, progress: OnProgress
) -> Iterator[Witness]:
    """Watch over ``temporary``, which the block sends; it tells what it saw when that has ended.

    ``progress`` is called from another thread, with the bytes that have arrived.
    """
    seen = Witness(progress)
    thread = threading.Thread(
        target=seen.watch,
        args=(remote, parcel, temporary),
        name=f"witness on {remote.key}",
        daemon=True,
    )
    thread.start()
    try:
        yield seen
        seen.end_within(remote.deadlines.hashing(parcel.size_bytes))
    except BaseException:
        seen.end_within(0)
        raise
    finally:
        thread.join()


def _script(remote: Remote, parcel: Parcel, temporary: str) -> str:
    path = parcel.path(remote)
    file, moved, folder = quote(temporary), quote(path), quote(path.rpartition("/")[0])
    blocks = -(-parcel.size_bytes // _BLOCK)
    return (
        f"k=0; i=0; seen=; h=$(while [ $k -lt {blocks} ]; do "
        f"w=$(stat -c %s {file} 2>/dev/null) && seen=1 || {{ [ $seen ] && exit 1; w=0; }}; "
        f"a=$((w / {_BLOCK} - {_LAG_BLOCKS})); [ $w -ge {parcel.size_bytes} ] && a={blocks}; "
        f"if [ $a -gt $k ]; then echo {_ARRIVED}$w >&2; "
        f"dd if={file} bs={_BLOCK} skip=$k count=$((a - k)) 2>/dev/null; k=$a; i=0; "
        f"else i=$((i + 1)); [ $i -gt {_PATIENCE} ] && exit 1; sleep {_PAUSE_S}; fi; "
        "done | sha256sum); "
        f'[ "${{h%% *}}" = {parcel.sha256} ] && chmod {parcel.mode} {file} && '
        f"mkdir -p {folder} && mv -f {file} {moved}"
    )
