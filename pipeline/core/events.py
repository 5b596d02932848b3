"""What happens, told to whoever listens: the one way from the rooms below to the terminal."""

from __future__ import annotations

from typing import Protocol


class Listener(Protocol):
    """Receives the progress of a deployment; called from any thread."""

    def started(self, step: str, subject: str) -> None:
        """A step begins; ``subject`` is what it works on (a recipe, a device, a file)."""

    def progress(self, step: str, subject: str, done: float, total: float) -> None:
        """``done`` of ``total`` units (bytes, samples) of a step that was started."""

    def finished(self, step: str, subject: str, *, reused: bool, note: str, seconds: float) -> None:
        """A step ended well; ``reused`` when nothing had to run; ``note`` is its result."""

    def warning(self, text: str) -> None:
        """Something the user should know that does not stop the work."""


class Silent:
    """A listener that ignores everything: the default of the Python interface."""

    def started(self, step: str, subject: str) -> None:
        pass

    def progress(self, step: str, subject: str, done: float, total: float) -> None:
        pass

    def finished(self, step: str, subject: str, *, reused: bool, note: str, seconds: float) -> None:
        pass

    def warning(self, text: str) -> None:
        pass


class Labelled:
    """Puts a name before every subject: which of several devices or models it is about."""

    def __init__(self, listener: Listener, label: str) -> None:
        self._listener = listener
        self._label = label

    def started(self, step: str, subject: str) -> None:
        self._listener.started(step, f"{self._label} {subject}")

    def progress(self, step: str, subject: str, done: float, total: float) -> None:
        self._listener.progress(step, f"{self._label} {subject}", done, total)

    def finished(self, step: str, subject: str, *, reused: bool, note: str, seconds: float) -> None:
        named = f"{self._label} {subject}"
        self._listener.finished(step, named, reused=reused, note=note, seconds=seconds)

    def warning(self, text: str) -> None:
        self._listener.warning(f"{self._label}: {text}")
