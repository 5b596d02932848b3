"""Some of the test samples, with what the float model answers to them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pipeline.core import files
from pipeline.stages.evaluate import Accuracy
from pipeline.stages.samples import Samples


def evenly(
    samples: Samples, outputs: Accuracy, count: int, folder: Path
) -> tuple[Samples, Accuracy]:
    """``count`` of the samples at even distances, as files in ``folder``; all where there are no
    more. The accuracy's own figures are those of the whole set."""
    import numpy as np

    if samples.count <= count:
        return samples, outputs
    rows = np.linspace(0, samples.count - 1, count).astype(int)
    folder.mkdir(parents=True, exist_ok=True)

    def taken(path: Path) -> Path:
        whole = np.memmap(path, np.uint8, "r").reshape(samples.count, -1)
        target = folder / path.name
        files.write_bytes(target, np.ascontiguousarray(whole[rows]).tobytes())
        return target

    labels = None
    if samples.labels is not None:
        from pipeline.data import layout

        labels = folder / "labels.npy"
        layout.write_npy(np.load(samples.labels)[rows], labels)
    few = Samples(
        inputs=tuple(taken(path) for path in samples.inputs),
        count=count,
        labels=labels,
        digest=files.sha256_json([samples.digest, rows.tolist()]),
    )
    return few, replace(outputs, outputs=taken(outputs.outputs))
