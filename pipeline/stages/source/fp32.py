"""The right answers of a format without a runtime here: those of its fp32 ``.ms``."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from pipeline.config.recipe import Recipe
from pipeline.data.dataset import Dataset
from pipeline.stages.checkpoint.request import InputSpec
from pipeline.stages.source.errors import InputsDiffer
from pipeline.stages.source.samples import fitted
from pipeline.toolchain import converter, host
from pipeline.toolchain.converter import Graph
from pipeline.toolchain.errors import ModelUnusable
from pipeline.toolchain.toolchain import Toolchain


def outputs(
    toolchain: Toolchain,
    graph: Graph,
    specs: Sequence[InputSpec],
    dataset: Dataset,
    channels_last: bool,
    folder: Path,
    log: Path,
) -> list[str]:
    """Convert ``graph`` as it is, run all samples, and leave ``.npy`` files in ``folder``.

    Returns their names, one for each output. Raises what the converter and the runner do,
    ``InputsDiffer``, and the errors of samples that do not fit.
    """
    from pipeline.data import layout

    with tempfile.TemporaryDirectory(dir=folder) as name:
        scratch = Path(name)
        model = scratch / "fp32.ms"
        converter.convert(toolchain, converter.Conversion("fp32", graph, Recipe()), model, log)
        tensors = host.describe(toolchain, model).inputs
        if [tensor.name for tensor in tensors] != [spec.name for spec in specs]:
            wanted = tuple(f"`{spec.name}`" for spec in specs)
            found = tuple(f"`{tensor.name}`" for tensor in tensors)
            raise InputsDiffer(graph.file, wanted, found)
        typed = [
            InputSpec(spec.name, spec.shape, tensor.dtype)
            for spec, tensor in zip(specs, tensors, strict=True)
        ]
        import numpy as np

        samples = []
        for number, path in enumerate(fitted(dataset, typed, scratch)):
            array = np.load(path, mmap_mode="r")
            laid = layout.to_model(
                array, specs[number].shape, tensors[number], dataset.source, channels_last
            )
            samples.append(scratch / f"input_{number}.bin")
            layout.write_samples(laid, samples[-1])
        answers = scratch / "outputs.bin"
        result = host.infer(toolchain, model, tuple(samples), answers)
        try:
            arrays = layout.read_outputs(answers, result.outputs, dataset.count)
        except (ValueError, OSError) as error:
            raise ModelUnusable("fp32.ms", str(error)) from None
        for number, array in enumerate(arrays):
            layout.write_npy(array, folder / f"output_{number}.npy")
    return [f"output_{number}.npy" for number in range(len(arrays))]
