"""The ``hdc`` program, called once: with a deadline, a limit to what it may print, and no more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from device.device import OnLine
from device.errors import DeviceTimeout, HdcMissing, OutputTooLong
from pipeline.core import process

#: What an answer to a question may have; only a run prints more.
ANSWER_BYTES = 4 << 20


@dataclass(frozen=True)
class Program:
    """``command`` starts hdc, ``env`` adds to its environment, ``server`` is ``IP:PORT``."""

    command: tuple[str, ...]
    env: Mapping[str, str] | None
    server: str | None

    def call(
        self,
        arguments: tuple[str, ...],
        what: str,
        *,
        deadline_s: float,
        limit_bytes: int = ANSWER_BYTES,
        key: str | None = None,
        on_line: OnLine | None = None,
        on_tick: Callable[[], None] | None = None,
    ) -> process.Completed:
        """Run it to its end. Raises HdcMissing, DeviceTimeout and OutputTooLong."""
        server = ("-s", self.server) if self.server else ()
        target = ("-t", key) if key is not None else ()
        if key == "":
            # hdc takes an empty key for "the only device", whichever that is by now.
            raise ValueError("a device is always named")
        try:
            done = process.run(
                (*self.command, *server, *target, *arguments),
                deadline_s=deadline_s,
                env=self.env,
                on_line=on_line,
                # With a tick the output is looked at often: an endless one does not fill the disk.
                on_tick=on_tick or _nothing,
                limit_bytes=limit_bytes,
                kill_group=False,
            )
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise HdcMissing(named=f"{self.command[0]}: {reason}") from error
        if done.ending is process.Ending.DEADLINE:
            raise DeviceTimeout(key or "", what, deadline_s)
        if done.ending is process.Ending.OUTPUT_LIMIT:
            raise OutputTooLong(key or "", what, limit_bytes)
        return done


def _nothing() -> None:
    pass
