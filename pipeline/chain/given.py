"""One sample for a model: read from files, made up, or moved from another layout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.core.errors import UsageError, one_line
from pipeline.core.tensors import TensorFacts
from pipeline.stages.convert import Reference

_SEED = 0


@dataclass(eq=False)
class InputsUnfit(UsageError):
    """What is to be given to a model does not fit its inputs."""

    model: str
    reason: str

    @property
    def message(self) -> str:
        return f"the inputs do not fit {self.model}: {self.reason}"

    @property
    def hint(self) -> str:
        return "one .npy or raw file an input, in the model's layout: pipeline inspect shows it"


def arrays(model: str, tensors: Sequence[TensorFacts], paths: Sequence[Path]) -> list[Any]:
    """One array of exactly its shape for each input: read from ``paths``, or made up.

    Raises ``InputsUnfit``.
    """
    import numpy as np

    if not paths:
        random = np.random.default_rng(_SEED)
        return [random.random(tensor.shape).astype(tensor.dtype) for tensor in tensors]
    if len(paths) != len(tensors):
        raise InputsUnfit(model, f"{len(paths)} files for its {len(tensors)} inputs")
    return [_read(model, tensor, path) for tensor, path in zip(tensors, paths, strict=True)]


def _read(model: str, tensor: TensorFacts, path: Path) -> Any:
    """The first sample of a file; more may follow it."""
    import numpy as np

    try:
        if path.suffix == ".npy":
            array = np.load(path, mmap_mode="r", allow_pickle=False)
            if array.dtype != np.dtype(tensor.dtype):
                raise InputsUnfit(model, f"{path} is {array.dtype}, {tensor.name} {tensor.dtype}")
            flat = array.reshape(-1)
        else:
            flat = np.fromfile(path, dtype=tensor.dtype)
    except (OSError, ValueError, EOFError) as error:
        raise InputsUnfit(model, one_line(f"{path} cannot be read: {error}")) from None
    if not flat.size or flat.size % tensor.elements:
        reason = f"{path} has {flat.size} values, {tensor.name} {list(tensor.shape)} takes others"
        raise InputsUnfit(model, reason)
    return np.ascontiguousarray(flat[: tensor.elements]).reshape(tensor.shape)


def fitted(
    model: str, given: Sequence[Any], of: Sequence[TensorFacts], tensors: Sequence[TensorFacts]
) -> list[Any]:
    """The inputs ``of`` a reference in the layout of another model's. Raises ``InputsUnfit``."""
    import numpy as np

    if len(of) != len(tensors):
        raise InputsUnfit(model, f"it has {len(tensors)} inputs, the reference {len(of)}")
    moves = {("NHWC", "NCHW"): (0, 3, 1, 2), ("NCHW", "NHWC"): (0, 2, 3, 1)}
    fitted = []
    for array, one, other in zip(given, of, tensors, strict=True):
        moved = array
        if array.shape != other.shape and array.ndim == 4 and (one.format, other.format) in moves:
            moved = array.transpose(moves[one.format, other.format])
        if moved.shape != other.shape or one.dtype != other.dtype:
            reason = (
                f"{other.name} is {other.dtype} {list(other.shape)}, "
                f"the reference's {one.name} {one.dtype} {list(one.shape)}"
            )
            raise InputsUnfit(model, reason)
        fitted.append(np.ascontiguousarray(moved))
    return fitted


def written(given: Sequence[Any], folder: Path) -> tuple[Path, ...]:
    """The arrays as raw files in ``folder``, one an input."""
    from pipeline.data import layout

    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number, array in enumerate(given):
        paths.append(folder / f"input_{number}.bin")
        layout.write_samples(array, paths[-1])
    return tuple(paths)


def samples(given: Sequence[Any], folder: Path) -> tuple[Path, ...]:
    """The arrays as the only sample of an ``.npy`` each in ``folder``, as networks take them."""
    from pipeline.data import layout

    paths = []
    for number, array in enumerate(given):
        paths.append(folder / f"sample_{number}.npy")
        layout.write_npy(array[None], paths[-1])
    return tuple(paths)


def rows(files: Sequence[Path], row: int, folder: Path) -> tuple[Path, ...]:
    """One row of each ``.npy`` [N, ...] as the only sample of one in ``folder``."""
    import numpy as np

    return samples([np.load(path, mmap_mode="r")[row] for path in files], folder)


def laid_out(
    reference: Reference, row: int, tensors: Sequence[TensorFacts], folder: Path
) -> tuple[Path, ...]:
    """One row of the reference's samples as raw files in ``folder``, in a model's layout."""
    import numpy as np

    from pipeline.data import layout

    files = zip(reference.inputs, reference.network_shapes, tensors, strict=True)
    return written(
        [
            layout.to_model(
                np.load(path, mmap_mode="r")[row : row + 1],
                shape,
                tensor,
                "the test set",
                reference.channels_last,
            )[0]
            for path, shape, tensor in files
        ],
        folder / "given",
    )
