"""The test set in the types that a network takes, where it comes in others that say the same."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipeline.data.dataset import Dataset
from pipeline.data.errors import DataInvalid, InputShapeMismatch
from pipeline.stages.checkpoint.request import InputSpec


def fitted(dataset: Dataset, specs: Sequence[InputSpec], folder: Path) -> tuple[Path, ...]:
    """One ``.npy`` for each input, of its type; what has to be cast goes into ``folder``.

    Raises ``DataInvalid`` and ``InputShapeMismatch``.
    """
    return fitted_files(dataset.inputs, specs, dataset.source, folder)


def fitted_files(
    samples: Sequence[Path], specs: Sequence[InputSpec], source: str, folder: Path
) -> tuple[Path, ...]:
    """``fitted`` for files of samples, which ``source`` gave."""
    import numpy as np

    from pipeline.data import layout

    if len(samples) != len(specs):
        reason = f"{len(samples)} inputs a sample, the model has {len(specs)}"
        raise DataInvalid(source, reason)
    paths = []
    for number, (path, spec) in enumerate(zip(samples, specs, strict=True)):
        array = np.load(path, mmap_mode="r")
        if array[0].size != int(np.prod(spec.shape, dtype=np.int64)):
            raise InputShapeMismatch(spec.name, spec.shape, array.shape[1:], source)
        if array.dtype != np.dtype(spec.dtype):
            cast = _cast(array, spec, source)
            path = folder / f"input_{number}.npy"
            layout.write_npy(cast, path)
        paths.append(path)
    return tuple(paths)


def _cast(array: Any, spec: InputSpec, source: str) -> Any:
    import numpy as np

    cast = array.astype(spec.dtype)
    kept = array.dtype.kind == "f" and cast.dtype.kind == "f"
    if not kept and not np.array_equal(cast, array):
        reason = f"input {spec.name} is {spec.dtype} and the samples' {array.dtype} do not fit it"
        raise DataInvalid(source, reason)
    return cast
