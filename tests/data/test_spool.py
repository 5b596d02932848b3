"""Files that grow by a sample at a time are what numpy would have written."""

from __future__ import annotations

import resource

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pipeline.core.errors import LocalDiskFull
from pipeline.data.spool import Misfit, Spool

numbers = arrays.arrays(
    st.sampled_from(["f4", "f8", "f2", "u1", "i8", "?"]),
    arrays.array_shapes(min_dims=1, max_dims=5, max_side=4),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(array=numbers)
def test_what_is_added_is_read_by_numpy(tmp_path, array):
    with Spool(tmp_path / "a.npy") as spool:
        for sample in array:
            spool.add(sample)
    for mode in (None, "r"):
        found = np.load(tmp_path / "a.npy", mmap_mode=mode)
        assert (found.dtype, found.shape) == (array.dtype, array.shape)
        assert found.tobytes() == array.tobytes()
    assert (spool.count, spool.shape) == (len(array), array.shape[1:])


def test_a_sample_that_lies_otherwise_in_memory_is_written_right(tmp_path):
    for sample in (np.arange(6).reshape(2, 3).T, np.arange(6, dtype=">i4")):
        with Spool(tmp_path / "a.npy") as spool:
            spool.add(sample)
        assert np.load(tmp_path / "a.npy")[0].tolist() == sample.tolist()


def test_a_file_that_was_not_finished_is_none(tmp_path):
    with pytest.raises(KeyError), Spool(tmp_path / "a.npy") as spool:
        spool.add(np.ones(3))
        raise KeyError
    with pytest.raises(ValueError, match=r"pickled|magic"):
        np.load(tmp_path / "a.npy")


@pytest.mark.parametrize("other", [np.ones(4), np.ones((1, 3)), np.ones(3, "f4")])
def test_another_shape_or_type_is_refused(tmp_path, other):
    with Spool(tmp_path / "a.npy") as spool:
        spool.add(np.ones(3))
        with pytest.raises(Misfit, match=r"the first was float64 \[3\]"):
            spool.add(other)


def test_a_full_disk_is_told(tmp_path):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        with pytest.raises(LocalDiskFull, match=r"a\.npy"), Spool(tmp_path / "a.npy") as spool:
            for _ in range(100):
                spool.add(np.ones(1000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
