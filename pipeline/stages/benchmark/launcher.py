"""Launching the runner on a device, and bringing its records home."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from device.device import Device
from device.errors import PullFailed
from device.quote import quote
from pipeline.core import files
from pipeline.core.errors import one_line
from pipeline.core.runner import RunnerFailed, RunnerOptions, RunnerResult, parse_result
from pipeline.stages.benchmark.errors import RecordUnreadable, RunFailed, RunnerRefused
from pipeline.stages.benchmark.way import RunnerWay, Way

_QUESTION_DEADLINE_S = 30.0
_NOT_EXECUTABLE = 126
#: The runner says every two seconds that it lives, but is silent while a model is built.
_SILENCE_S = 120.0


@dataclass(frozen=True)
class Launcher:
    """Runs on one device; what they print goes to logs in the folder ``logs``."""

    device: Device
    way: Way
    logs: Path
    deadline_s: float
    silence_s: float = _SILENCE_S

    def launch(
        self, subject: str, runs: Sequence[RunnerOptions], *, expected_s: float = 0.0
    ) -> list[bytes]:
        """Make ``runs`` in one remote command; their records, as the runner wrote them.

        ``subject`` is what they are of, and the log's name. Raises RunFailed, RunnerRefused, and
        the errors of ``device.errors``.
        """
        deadline_s = self.deadline_s + 2 * expected_s
        done = self.way.run(runs, deadline_s=deadline_s, silence_s=self.silence_s)
        files.write_bytes(self.logs / f"{subject}.log", done.output)
        if done.code == _NOT_EXECUTABLE:
            raise RunnerRefused(self.device.key)
        if done.code != 0:
            reason = self._reason(runs) or f"exit code {done.code}: {done.last_line}"
            raise RunFailed(self.device.key, subject, one_line(reason))
        return self._bring([options.result for options in runs])

    def parse(self, subject: str, record: bytes) -> RunnerResult:
        """A record that was brought. Raises RunFailed and RecordUnreadable."""
        try:
            return parse_result(record)
        except RunnerFailed as error:
            raise RunFailed(self.device.key, subject, str(error)) from None
        except ValueError as error:
            raise RecordUnreadable(self.device.key, str(error)) from None

    def fetch(self, remote: str) -> bytes:
        """The content of a file on the device."""
        with tempfile.TemporaryDirectory(prefix="pipeline-device.") as folder:
            target = Path(folder) / "file"
            self.way.fetch(remote, target)
            return target.read_bytes()

    def _bring(self, remotes: Sequence[str]) -> list[bytes]:
        """Many small files; from a shell in one transfer."""
        if len(remotes) < 3 or not isinstance(self.way, RunnerWay):
            return [self.fetch(remote) for remote in remotes]
        together = f"{self.way.scratch}/together"
        words = " ".join(map(quote, remotes))
        done = self.device.run(
            f"wc -c {words} && cat {words} > {quote(together)}", deadline_s=_QUESTION_DEADLINE_S
        )
        sizes = [int(word) for line in done.text.splitlines() if (word := _first(line)).isdigit()]
        content = self.fetch(together) if done.code == 0 else b""
        # The last line of wc has the sum.
        if len(sizes) != len(remotes) + 1 or sum(sizes[:-1]) != len(content):
            raise RecordUnreadable(self.device.key, f"{len(remotes)} records did not come whole")
        records = []
        for size in sizes[:-1]:
            records.append(content[:size])
            content = content[size:]
        return records

    def _reason(self, runs: Sequence[RunnerOptions]) -> str | None:
        """What the record of the run that failed says, if it wrote one: it is the last there."""
        for options in reversed(runs):
            try:
                parse_result(self.fetch(options.result))
            except RunnerFailed as error:
                return str(error)
            except (PullFailed, ValueError):
                continue
            return None
        return None


def _first(line: str) -> str:
    return (line.split() or [""])[0]
