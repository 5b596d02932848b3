"""Samples come back as they were, and are small."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.history.samples import decode, digest, encode

RUNS = st.lists(st.lists(st.integers(0, (1 << 62) - 1), max_size=30), max_size=4)


@given(RUNS)
def test_samples_come_back(runs):
    assert decode(encode(runs)) == tuple(map(tuple, runs))


@given(RUNS, RUNS)
def test_only_equal_samples_have_one_key(one, other):
    assert (digest(one) == digest(other)) == (one == other)


def test_a_sample_takes_two_bytes():
    source = random.Random(1)
    samples = [int(source.gauss(53_600, 2_000)) for _ in range(1000)]
    assert len(encode([samples])) < 2100


@pytest.mark.parametrize("bad", [-1, 1 << 62, 1.5, "1", True, None])
def test_what_is_no_duration_is_refused(bad):
    with pytest.raises(ValueError, match="62 bits"):
        encode([[1, bad]])


@given(st.binary(max_size=200))
def test_other_bytes_are_refused(data):
    with pytest.raises(ValueError, match="samples"):
        decode(data)


@given(st.data())
def test_damaged_bytes_are_refused_or_give_others(data):
    packed = bytearray(encode([[50_000, 50_100, 49_900], [1, 2]]))
    place = data.draw(st.integers(3, len(packed) - 1))
    packed[place] ^= data.draw(st.integers(1, 255))
    try:
        runs = decode(bytes(packed))
    except ValueError:
        return
    assert digest(runs) != digest([[50_000, 50_100, 49_900], [1, 2]]) or runs == (
        (50_000, 50_100, 49_900),
        (1, 2),
    )
