"""The terminal: steps as they happen, on stderr. Plain lines where nobody watches."""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

from pipeline.core.errors import one_line

if TYPE_CHECKING:
    from rich.console import Console

#: A plain terminal hears of a long step again after so many seconds.
_REPEAT_S = 10.0


class Terminal:
    """Standard error, with rich where it is a terminal and plain where it is not."""

    def __init__(self) -> None:
        from rich.console import Console

        wish = os.environ.get("CI") or os.environ.get("NO_COLOR")
        self._plain = bool(wish) or not sys.stderr.isatty()
        self._console: Console = (
            Console(stderr=True, highlight=False, width=160, force_terminal=False)
            if self._plain
            else Console(stderr=True, highlight=False)
        )
        self._listener: _Live | _Lines = (
            _Lines(self._console) if self._plain else _Live(self._console)
        )

    @property
    def listener(self) -> _Live | _Lines:
        """Where the chain's events go."""
        return self._listener

    def print(self, *parts: Any) -> None:
        """Print rich renderables; a table that is too wide comes in parts."""
        from rich.table import Table

        from pipeline.cli import narrow

        for part in parts:
            fitting = narrow.parts(part, self._console) if isinstance(part, Table) else [part]
            self._console.print(*fitting, sep="\n")

    def error(self, message: str, hint: str) -> None:
        """What is wrong, and what to do."""
        from rich.text import Text

        self._console.print(
            Text.assemble(("error: ", "bold red"), one_line(message)), soft_wrap=True
        )
        self._console.print(Text.assemble(("hint: ", "bold cyan"), one_line(hint)), soft_wrap=True)

    def close(self) -> None:
        """End live output; may be called twice."""
        self._listener.close()


class _Lines:
    """A line for each step that ends, and now and then one for a step that takes long."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._lock = threading.Lock()
        self._spoken: dict[tuple[str, str], float] = {}

    def started(self, step: str, subject: str) -> None:
        with self._lock:
            self._spoken[step, subject] = time.monotonic()
            self._say(f"start {step} {subject}")

    def progress(self, step: str, subject: str, done: float, total: float) -> None:
        with self._lock:
            now = time.monotonic()
            last = self._spoken.setdefault((step, subject), now)
            if now - last < _REPEAT_S or not total:
                return
            self._spoken[step, subject] = now
            self._say(f"... {step} {subject}: {100 * done / total:.0f} %")

    def finished(self, step: str, subject: str, *, reused: bool, note: str, seconds: float) -> None:
        with self._lock:
            how = "kept" if reused else "done"
            self._say(f"{how} {step} {subject}: {note}" + ("" if reused else f" ({seconds:.2f} s)"))

    def warning(self, text: str) -> None:
        with self._lock:
            self._say(f"warning: {text}")

    def close(self) -> None:
        pass

    def _say(self, text: str) -> None:
        self._console.print(one_line(text), markup=False, soft_wrap=True)


class _Live:
    """A spinner or a bar for each step under way, a line for each that has ended."""

    def __init__(self, console: Console) -> None:
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        self._lock = threading.Lock()
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.fields[step]:<11}"),
            TextColumn("{task.fields[subject]}"),
            BarColumn(bar_width=24),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )
        self._tasks: dict[tuple[str, str], Any] = {}
        self._running = False

    def started(self, step: str, subject: str) -> None:
        with self._lock:
            self._task(step, subject)

    def progress(self, step: str, subject: str, done: float, total: float) -> None:
        with self._lock:
            task = self._task(step, subject)
            self._progress.update(task, completed=done, total=total or None)
            if done >= total:
                self._remove(step, subject)

    def finished(self, step: str, subject: str, *, reused: bool, note: str, seconds: float) -> None:
        from rich.text import Text

        with self._lock:
            self._remove(step, subject)
            sign, style = ("=", "dim") if reused else ("✓", "green")
            took = "unchanged" if reused else f"{seconds:.2f} s"
            self._progress.console.print(
                Text.assemble(
                    (f"{sign} ", style),
                    (f"{step:<11} ", "bold" if not reused else "dim"),
                    (one_line(f"{subject}  {note}"), "" if not reused else "dim"),
                    (f"  {took}", "dim"),
                )
            )

    def warning(self, text: str) -> None:
        from rich.text import Text

        with self._lock:
            self._progress.console.print(Text.assemble(("! ", "bold yellow"), one_line(text)))

    def close(self) -> None:
        with self._lock:
            if self._running:
                self._progress.stop()
                self._running = False

    def _task(self, step: str, subject: str) -> Any:
        if not self._running:
            self._progress.start()
            self._running = True
        key = (step, subject)
        if key not in self._tasks:
            self._tasks[key] = self._progress.add_task(
                "", total=None, step=step, subject=one_line(subject)[:60]
            )
        return self._tasks[key]

    def _remove(self, step: str, subject: str) -> None:
        task = self._tasks.pop((step, subject), None)
        if task is not None:
            self._progress.remove_task(task)
