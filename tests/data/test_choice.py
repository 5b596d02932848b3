"""A seeded choice: the same each time, balanced, and never more than there is."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.data.choice import choose, derived

labelled = st.lists(st.integers(0, 5), min_size=1, max_size=60).map(np.array)


@given(labels=labelled, wanted=st.integers(0, 70), seed=st.integers(0, 2**40), blind=st.booleans())
def test_a_choice_is_of_the_set_in_order_and_repeatable(labels, wanted, seed, blind):
    given_labels = None if blind else labels
    chosen = choose(len(labels), wanted, seed, given_labels)
    assert len(chosen) == min(wanted, len(labels))
    assert chosen == sorted(set(chosen))
    assert set(chosen) <= set(range(len(labels)))
    assert all(type(index) is int for index in chosen)
    assert chosen == choose(len(labels), wanted, seed, given_labels)


@given(labels=labelled, wanted=st.integers(1, 60), seed=st.integers(0, 1000))
def test_no_class_gets_two_more_than_one_that_has_some_left(labels, wanted, seed):
    chosen = Counter(labels[choose(len(labels), wanted, seed, labels)].tolist())
    there = Counter(labels.tolist())
    most = max(chosen.values())
    for label, count in there.items():
        assert chosen[label] == count or chosen[label] >= most - 1


def test_a_rare_class_is_not_forgotten():
    labels = np.array([0] * 990 + [1] * 10)
    chosen = labels[choose(1000, 20, 0, labels)]
    assert Counter(chosen.tolist()) == {0: 10, 1: 10}


def test_another_seed_chooses_others():
    assert len({tuple(choose(100, 10, seed)) for seed in range(20)}) == 20


def test_a_choice_is_the_same_on_every_machine():
    labels = np.arange(50) % 3
    assert choose(50, 5, 7) == [10, 20, 24, 45, 46]
    assert choose(50, 6, 7, labels) == [10, 20, 24, 45, 46, 47]


def test_every_sample_has_its_chance():
    hits = Counter(index for seed in range(400) for index in choose(20, 5, seed))
    assert set(hits) == set(range(20))
    assert max(hits.values()) == pytest.approx(100, rel=0.4)


@given(seed=st.integers(0, 2**70))
def test_each_draw_has_a_seed_of_its_own(seed):
    assert derived(seed, 0) == seed
    assert len({derived(seed, draw) for draw in range(20)}) == 20


def test_the_seed_of_a_draw_is_the_same_on_every_machine():
    assert (derived(0, 1), derived(7, 2)) == (5836529245451711556, 18279110831140952437)
