"""In which order models are launched, and how many launches go in one remote command."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pipeline.stages.benchmark.launch import Launch

#: A remote command costs tenths of a second; between two of them the device is looked after.
_BATCH_S = 5.0
_MOST_IN_BATCH = 200


def order(count: int, number: int) -> Iterator[int]:
    """The models of a round: each round begins one further, so that none is always first.

    All models are launched once a round, so fp32, fp16 and int8 meet the same temperature.
    """
    return ((place + number) % count for place in range(count))


def batches(launches: Iterable[Launch]) -> Iterator[list[Launch]]:
    """Launches that go in one remote command: as many as take a few seconds together."""
    batch: list[Launch] = []
    expected_s = 0.0
    for launch in launches:
        full = expected_s + launch.expected_s > _BATCH_S or len(batch) == _MOST_IN_BATCH
        if batch and full:
            yield batch
            batch, expected_s = [], 0.0
        batch.append(launch)
        expected_s += launch.expected_s
    if batch:
        yield batch
