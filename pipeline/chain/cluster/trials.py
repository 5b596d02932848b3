"""Trials of a search, judged by workers: a small model goes there, its accuracy comes back."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.chain.cluster import task
from pipeline.chain.cluster.client import put
from pipeline.chain.cluster.errors import WorkerLost
from pipeline.chain.cluster.station import TRIALS
from pipeline.chain.tools import install
from pipeline.core import files
from pipeline.core.errors import PipelineError, one_line
from pipeline.stages.trial import Question, judge
from pipeline.toolchain.errors import HostRunFailed, ModelUnusable
from pipeline.toolchain.toolchain import Toolchain

if TYPE_CHECKING:
    from distributed import Client

_POLL_S = 0.2


@dataclass(frozen=True)
class Asked:
    """A question whose files are called by their hashes: ``digests`` by the path that it has."""

    question: Question
    digests: Mapping[Path, str]
    toolchain: str


@dataclass(frozen=True)
class Refused:
    """A model that does not run there; a result too."""

    message: str


@dataclass(frozen=True)
class Trials:
    """A judge whose answers come from the workers of a scheduler.

    ``identity`` is that of the toolchain that they must have, for figures to be of one make.
    """

    client: Client
    identity: str

    def __call__(self, question: Question, toolchain: Toolchain) -> Mapping[str, Any]:
        """The facts of a trial. Raises ModelUnusable, WorkerLost."""
        paths = (question.model, question.labels, question.outputs, *question.inputs)
        asked = Asked(question, {path: files.sha256_file(path) for path in paths}, self.identity)
        while True:
            found = self._ask(asked)
            if isinstance(found, Refused):
                raise ModelUnusable(question.subject, found.message)
            if not isinstance(found, task.Lacking):
                return found
            contents = {
                digest: path.read_bytes()
                for path, digest in asked.digests.items()
                if digest in found.digests
            }
            put(self.client, found.address, contents)

    def _ask(self, asked: Asked) -> dict[str, Any] | Refused | task.Lacking:
        from distributed import wait

        future = self.client.submit(answer, asked, pure=False, resources={TRIALS: 1.0})
        try:
            # A wait without an end would not hear Ctrl-C.
            while not future.done():
                with suppress(TimeoutError):
                    wait([future], timeout=_POLL_S)
            result: dict[str, Any] | Refused | task.Lacking = future.result()
            return result
        except PipelineError:
            raise
        except Exception as error:  # what Dask says of a worker that died
            reason = one_line(f"{type(error).__name__}: {error}")
            raise WorkerLost(f"the trial of {asked.question.subject}", reason) from None
        finally:
            future.cancel()


def answer(asked: Asked) -> dict[str, Any] | Refused | task.Lacking:
    """Judge a model on a worker."""
    station = task.here()
    if lacking := station.blobs.lacking(asked.digests.values()):
        return task.Lacking(station.address, lacking)
    tools = install()
    if tools.identity != asked.toolchain:
        raise ValueError(f"{station.address} has another toolchain, {tools.identity[:12]}")
    question = asked.question

    def at(path: Path) -> Path:
        return station.blobs.path(asked.digests[path])

    placed = replace(
        question,
        model=at(question.model),
        labels=at(question.labels),
        outputs=at(question.outputs),
        inputs=tuple(map(at, question.inputs)),
    )
    try:
        return judge(placed, tools)
    except (ModelUnusable, HostRunFailed) as error:
        return Refused(error.message)
    finally:
        # Each trial has a model of its own that nobody asks for again.
        placed.model.unlink(missing_ok=True)
