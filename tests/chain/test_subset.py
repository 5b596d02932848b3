"""Some of the samples: the same rows of inputs, labels and answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pipeline.chain.subset import evenly
from pipeline.stages.evaluate import Accuracy
from pipeline.stages.samples import Samples


def test_rows_stay_together(tmp_path: Path) -> None:
    inputs = np.arange(100 * 6, dtype=np.float32).reshape(100, 6)
    answers = np.arange(100 * 3, dtype=np.float32).reshape(100, 3)
    inputs.tofile(tmp_path / "input_0.bin")
    answers.tofile(tmp_path / "outputs.bin")
    np.save(tmp_path / "labels.npy", np.arange(100))
    whole = Samples((tmp_path / "input_0.bin",), 100, tmp_path / "labels.npy", "digest")
    outputs = Accuracy(50, 100, tmp_path / "outputs.bin", 1.0)
    few, answered = evenly(whole, outputs, 7, tmp_path / "few")
    assert few.labels is not None
    rows = np.load(few.labels)
    assert few.count == len(rows) == len(set(rows)) == 7
    np.testing.assert_array_equal(
        np.fromfile(few.inputs[0], np.float32).reshape(7, 6), inputs[rows]
    )
    np.testing.assert_array_equal(
        np.fromfile(answered.outputs, np.float32).reshape(7, 3), answers[rows]
    )
    assert few.digest != whole.digest
    assert evenly(whole, outputs, 100, tmp_path / "all") == (whole, outputs)
