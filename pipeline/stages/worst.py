"""The sample on which a model is furthest from its reference."""

from __future__ import annotations

from pathlib import Path

from pipeline.stages.convert import Model, Reference
from pipeline.stages.parity import compare
from pipeline.toolchain import host
from pipeline.toolchain.toolchain import Toolchain


def worst_sample(
    model: Model, reference: Reference, toolchain: Toolchain, folder: Path, deadline_s: float
) -> int:
    """The row of the reference's samples with the lowest cosine, of those chosen to compare.

    Raises what running the model does, and ``ValueError`` when its outputs do not fit.
    """
    import numpy as np

    from pipeline.data import layout

    rows = list(reference.chosen)
    paths = []
    for number, tensor in enumerate(model.inputs):
        array = np.load(reference.inputs[number], mmap_mode="r")[rows]
        shape = reference.network_shapes[number]
        laid = layout.to_model(array, shape, tensor, "the test set", reference.channels_last)
        paths.append(folder / f"chosen_{number}.bin")
        layout.write_samples(laid, paths[-1])
    answers = folder / "outputs.bin"
    result = host.infer(toolchain, model.path, tuple(paths), answers, deadline_s)
    outputs = layout.read_outputs(answers, result.outputs, len(rows))
    expected = [np.load(path, mmap_mode="r")[rows] for path in reference.outputs]
    cosines = [
        compare([one[at : at + 1] for one in outputs], [one[at : at + 1] for one in expected])
        for at in range(len(rows))
    ]
    return rows[min(range(len(rows)), key=lambda at: cosines[at].cosine_min)]
