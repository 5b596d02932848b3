"""What the lines of the process that trains say, for those who wait."""

from __future__ import annotations

import json

from pipeline.core.events import Listener
from pipeline.stages.recover.request import EPOCH, PROGRESS, STEP
from pipeline.stages.recover.state import Epoch, Step


class Teller:
    """Tells a listener of the steps and epochs that a worker's lines speak of."""

    def __init__(self, subject: str, epochs: int, listener: Listener) -> None:
        self._subject, self._epochs, self._listener = subject, epochs, listener

    def hear(self, line: str) -> None:
        """One line of the worker's output; what is not for us is the log's."""
        for mark, tell in ((EPOCH, self._epoch), (PROGRESS, self._progress), (STEP, self._step)):
            if line.startswith(mark):
                tell(line[len(mark) :])

    def _step(self, text: str) -> None:
        step = Step(**json.loads(text))
        if step.percent is None:
            note = f"not tried: {step.note}"
        else:
            note = f"{step.percent:.2f} % of {step.n}{'' if step.kept else ', not kept'}"
        self._listener.finished(
            "step", f"{self._subject} {step.name}", reused=False, note=note, seconds=step.seconds
        )

    def _epoch(self, text: str) -> None:
        epoch = Epoch(**json.loads(text))
        left = (self._epochs - epoch.number) * epoch.seconds
        loss = "untrained" if epoch.loss is None else f"loss {epoch.loss:.4f}, {left:.0f} s left"
        self._listener.finished(
            "epoch",
            f"{self._subject} {epoch.number}/{self._epochs}",
            reused=False,
            note=f"{epoch.percent:.2f} % of {epoch.n}, {loss}",
            seconds=epoch.seconds,
        )
        if epoch.number:
            self._listener.progress("recover", self._subject, epoch.number, self._epochs)

    def _progress(self, text: str) -> None:
        done, total = json.loads(text)
        self._listener.progress("recover", self._subject, done, total)
