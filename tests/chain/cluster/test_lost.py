"""A result that was lost with the worker that still had it: the job is done anew elsewhere."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.chain.cluster import client
from pipeline.chain.cluster.client import Cluster
from pipeline.chain.cluster.desk import Place
from pipeline.chain.job import Trouble


class Future:
    """One of Dask's that needs so many calls until its result has come; never, if that is None."""

    def __init__(self, after: int | None, status: str = "finished") -> None:
        self.after, self.status, self.asked = after, status, 0

    def result(self, timeout: float) -> str:
        self.asked += 1
        if self.after is None or self.asked < self.after:
            raise TimeoutError("timed out")
        return "came"


def outcome(future: Future, *workers: str) -> Any:
    scheduler = SimpleNamespace(
        scheduler_info=lambda n_workers: {"workers": {name: {} for name in workers}}
    )
    waiting = SimpleNamespace(
        place=Place("tcp://a", "profile phone"), job=SimpleNamespace(group="digits", device="phone")
    )
    return Cluster(scheduler, 1.0)._result(future, waiting)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "_FETCH_S", 0.01)


def test_it_is_waited_for_while_its_worker_lives() -> None:
    assert outcome(Future(3), "tcp://a", "tcp://b") == "came"


def test_with_its_worker_it_is_lost() -> None:
    assert outcome(Future(None), "tcp://b") is None


def test_a_task_that_itself_ran_out_of_time_is_in_trouble() -> None:
    assert isinstance(outcome(Future(None, status="error"), "tcp://a"), Trouble)
