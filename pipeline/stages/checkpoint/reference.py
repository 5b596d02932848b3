"""The network's own outputs for every sample: what all that follows is compared with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.stages.checkpoint.errors import ReferenceNotFinite, SamplesUnfit
from pipeline.stages.checkpoint.request import InputSpec

Array = npt.NDArray[Any]
Run = Callable[[Sequence[Array]], Sequence[Array]]

#: Samples a batch at most, and elements of one input in it: larger ones gain nothing.
_BATCH, _BATCH_ELEMENTS = 256, 1 << 20
#: Samples that are run alone, to see that a batch gives the same.
_PROBED = 3
_RTOL, _ATOL = 1e-4, 1e-5


def read_samples(specs: Sequence[InputSpec], paths: Sequence[Path]) -> list[Array]:
    """One array for each input, [N, *the input's shape]; the files are mapped, not read."""
    if len(specs) != len(paths):
        where = paths[-1] if paths else Path("-")
        raise SamplesUnfit(where, f"{len(paths)} files for {len(specs)} inputs")
    samples = [_read(spec, path) for spec, path in zip(specs, paths, strict=True)]
    for path, array in zip(paths, samples, strict=True):
        if len(array) != len(samples[0]):
            raise SamplesUnfit(path, f"{len(array)} samples where {paths[0]} has {len(samples[0])}")
    return samples


def compute(factory: str, run: Run, samples: Sequence[Array]) -> list[Array]:
    """The outputs of ``run`` for all N samples, each [N, ...] without the batch of 1.

    In batches when the inputs have a batch of 1 and batches change nothing.
    Raises ``ReferenceNotFinite``.
    """
    probed = [run([array[index] for array in samples]) for index in _probes(samples)]
    outputs = _batched(run, samples, probed) if _can_batch(samples, probed) else None
    if outputs is None:
        singles = [run([array[index] for array in samples]) for index in range(len(samples[0]))]
        outputs = [np.stack(list(column)) for column in zip(*singles, strict=True)]
        outputs = [array[:, 0] if _has_batch(array[0]) else array for array in outputs]
    for number, output in enumerate(outputs):
        _check_finite(factory, number, output)
    return outputs


def _read(spec: InputSpec, path: Path) -> Array:
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise SamplesUnfit(path, f"not a .npy file that can be read ({error})") from error
    if array.ndim == 0 or len(array) == 0:
        raise SamplesUnfit(path, "it has no samples")
    elements, wanted = array[0].size, int(np.prod(spec.shape))
    if elements != wanted:
        raise SamplesUnfit(
            path,
            f"a sample has shape {list(array.shape[1:])} where input {spec} has {wanted} elements",
        )
    if array.dtype != np.dtype(spec.dtype):
        raise SamplesUnfit(path, f"its type is {array.dtype} where input {spec} is {spec.dtype}")
    samples: Array = array.reshape(len(array), *spec.shape)
    return samples


def _probes(samples: Sequence[Array]) -> Iterator[int]:
    count = len(samples[0])
    return iter(sorted({round(i * (count - 1) / (_PROBED - 1)) for i in range(_PROBED)}))


def _has_batch(output: Array) -> bool:
    return output.ndim > 1 and output.shape[0] == 1


def _can_batch(samples: Sequence[Array], probed: Sequence[Sequence[Array]]) -> bool:
    inputs = all(array.ndim > 2 and array.shape[1] == 1 for array in samples)
    return inputs and all(_has_batch(output) for output in probed[0])


def _batched(
    run: Run, samples: Sequence[Array], probed: Sequence[Sequence[Array]]
) -> list[Array] | None:
    chunks: list[Sequence[Array]] = []
    largest = max(array[0].size for array in samples)
    size = max(1, min(_BATCH, _BATCH_ELEMENTS // largest))
    for start in range(0, len(samples[0]), size):
        batch = [array[start : start + size, 0] for array in samples]
        try:
            outputs = run(batch)
        except Exception:  # a network that is made for one sample: one by one, then
            return None
        fits = all(
            output.shape == (len(batch[0]), *single.shape[1:])
            for output, single in zip(outputs, probed[0], strict=True)
        )
        if not fits:
            return None
        chunks.append(outputs)
    whole = [np.concatenate(column) for column in zip(*chunks, strict=True)]
    for index, single in zip(_probes(samples), probed, strict=True):
        for output, alone in zip(whole, single, strict=True):
            scale = float(np.abs(alone[np.isfinite(alone)]).max(initial=0)) or 1.0
            if not np.allclose(output[index], alone[0], rtol=_RTOL, atol=_ATOL * scale):
                return None
    return whole


def _check_finite(factory: str, number: int, output: Array) -> None:
    if not np.issubdtype(output.dtype, np.floating):
        return
    bad = ~np.isfinite(output)
    if bad.any():
        first = int(np.flatnonzero(bad.reshape(len(output), -1).any(axis=1))[0])
        raise ReferenceNotFinite(factory, number, int(bad.sum()), first)
