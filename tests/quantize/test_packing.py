"""Codes come back from every form as they went in."""

from __future__ import annotations

import struct

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.quantize import fse, packing
from tests.quantize import decoding


@st.composite
def coded(draw: st.DrawFn) -> tuple[int, list[int]]:
    bits = draw(st.integers(1, 16))
    half = 2 ** (bits - 1)
    codes = draw(st.lists(st.integers(-half, half - 1), min_size=1, max_size=80))
    return bits, codes


@given(coded())
def test_codes_survive_bit_packing(case: tuple[int, list[int]]) -> None:
    bits, codes = case
    data = packing.bit_packed(np.array(codes), bits)
    assert decoding.bit_packed(data, len(codes), bits) == codes
    words = -(-len(codes) * bits // 16) * 2
    assert len(data) == (words if bits > 8 else -(-len(codes) * bits // 8))


@given(coded())
def test_codes_survive_indexing(case: tuple[int, list[int]]) -> None:
    bits, codes = case
    values, indices = np.unique(codes, return_inverse=True)
    data = packing.indexed(indices, values, bits)
    assert decoding.indexed(data, len(codes), bits) == codes


@given(st.lists(st.integers(-300, 300), min_size=1, max_size=600), st.integers(0, 40))
def test_codes_survive_entropy_coding(codes: list[int], repeats: int) -> None:
    codes = codes + [codes[0]] * (repeats**2)
    values, indices, counts = np.unique(codes, return_inverse=True, return_counts=True)
    data = fse.encode(indices, counts, values.astype("<i4").tobytes())
    assert decoding.fse(data, len(codes), "i") == codes
    assert len(data) >= fse.estimate(counts) - 8  # the first symbol is free


def test_entropy_coding_comes_near_the_entropy() -> None:
    shares = np.array([0.7, 0.2, 0.07, 0.03])
    symbols = np.random.default_rng(0).choice(4, 50_000, p=shares)
    counts = np.bincount(symbols)
    data = fse.encode(symbols, counts, struct.pack("<4f", 1, 2, 3, 4))
    assert fse.estimate(counts) - 3 <= len(data) <= 1.01 * fse.estimate(counts) + 64


def test_one_symbol_alone_takes_no_bits_a_weight() -> None:
    data = fse.encode(np.zeros(1000, dtype=int), np.array([1000]), struct.pack("<f", 2.5))
    assert len(data) < 48
    assert decoding.fse(data, 1000, "f") == [2.5] * 1000
