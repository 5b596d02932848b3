"""MindSpore as the worker has it: graph mode, and the same numbers each time."""

from __future__ import annotations

from collections.abc import Iterator

import mindspore
import pytest

from pipeline.stages.recover import training


@pytest.fixture(scope="session")
def _seeded() -> int:
    """The mode that was there before; MindSpore refuses to be made deterministic twice."""
    mode: int = mindspore.get_context("mode")
    training.seed(1)
    return mode


@pytest.fixture(scope="module")
def graph_mode(_seeded: int) -> Iterator[None]:
    mindspore.set_context(mode=mindspore.GRAPH_MODE)
    mindspore.set_seed(1)
    yield
    mindspore.set_context(mode=_seeded)
