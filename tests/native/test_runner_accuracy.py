"""Accuracy mode: the official tool's file format, measures and verdicts."""

from __future__ import annotations

import numpy as np
import pytest

INPUT = np.array([1, 2, 3, 4], np.float32)  # gives 10 and 2


@pytest.fixture
def compare(native):
    """Runs accuracy mode against the given reference text."""

    def run(reference: str, *flags: str, env: dict[str, str] | None = None):
        INPUT.tofile(native.directory / "in.bin")
        (native.directory / "reference.txt").write_text(reference)
        return native("--inDataFile=in.bin", "--benchmarkDataFile=reference.txt", *flags, env=env)

    return run


def test_equal_outputs(compare):
    run = compare("sum 2 1 2\n10 2\n", "--cosineDistanceThreshold=0.99", "--resultFile=result.json")
    assert run.code == 0, run.err
    start = run.lines.index("MarkAccuracy")
    assert "CalibDataType = FLOAT" in run.lines
    assert run.lines[start:] == [
        "MarkAccuracy",
        "InData 0: 1 2 3 4 ",
        "================ Comparing Output data ================",
        "Data of node sum : 10 2 ",
        "Mean bias of node/tensor sum : 0%",
        "Mean bias of all nodes/tensors: 0%",
        "=======================================================",
        "",
        "================ Comparing Output data ================",
        "Mean cosine distance of node/tensor sum : 100%",
        "Cosine distance of all nodes/tensors: 1",
        "=======================================================",
        "",
        "Run Benchmark model.ms Success.",
    ]
    assert run.result["samples_ns"] == []


@pytest.mark.parametrize(
    ("reference", "bias"),
    [
        ("8 2", 25.0),  # only the element that deviates counts
        ("8 4", 37.5),
        ("10.00001 2", 0.0),  # within 1e-8 + 1e-5 |reference|
        ("0 2", 1000.0),  # absolute where the reference is nought
    ],
)
def test_mean_bias(compare, reference, bias):
    run = compare(f"sum 2 1 2\n{reference}\n", "--accuracyThreshold=2000")
    assert run.code == 0, run.err
    assert f"Mean bias of all nodes/tensors: {bias:g}%" in run.lines


def test_too_big_a_bias(compare):
    run = compare("sum 2 1 2\n8 2\n", "--resultFile=result.json")
    assert run.code == 255
    assert "Mean bias of all nodes/tensors is too big: 25%" in run.err.splitlines()
    assert run.err.splitlines()[-1] == "Run Benchmark model.ms Failed : -1"
    assert run.result["error"]["stage"] == "output"


def test_too_small_a_cosine(compare):
    run = compare(
        "sum 2 1 2\n-2 10\n", "--cosineDistanceThreshold=0.5", "--accuracyThreshold=100000"
    )
    assert run.code == 255
    assert "Mean cosine distance of all nodes/tensors is too small: 0" in run.err.splitlines()


def test_trailing_ones_may_be_left_out_and_names_are_a_set(compare):
    run = compare("count 1 1\n1\n\nsum 2 1 2\n10 2\n", env={"FAKE_OUTPUTS": "2"})
    assert run.code == 0, run.err


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        (
            "sum 2 2 1\n10 2\n",
            "Shape of mslite output(1,2,) and shape source model output(2,1,) are different",
        ),
        ("other 2 1 2\n10 2\n", "no reference for output sum"),
        ("sum 2 1 2\n10 2\nmore 1 1\n3\n", "2 reference outputs, 1 outputs of the model"),
        ("sum 2 1 2\n10\n", "Read calib data error -1"),
        ("sum 2 1 2\n10 2 3\n", "Read calib data error -1"),
        ("sum 2 1 2\n10 two\n", "Read calib data error -1"),
        ("sum 2 1 2\n", "Read calib data error -1"),
        ("sum 2 1 0\n\n", "Read calib data error -1"),
        ("sum 3 1 2\n10 2\n", "Read calib data error -1"),
        ("sum 4 99999999 99999999 99999999 9\n1\n", "Read calib data error -1"),
        ("", "Read calib data error -1"),
    ],
)
def test_references_that_do_not_fit(compare, reference, message):
    run = compare(reference)
    assert run.code == 255
    assert message in run.err


def test_a_missing_reference(native):
    assert "none.txt: No such file or directory" in native("--benchmarkDataFile=none.txt").err


def test_nan_never_passes(compare):
    run = compare("sum 2 1 2\n10 2\n", "--accuracyThreshold=100000", env={"FAKE_NAN": "1"})
    assert run.code == 255
    assert "Output tensor has nan or inf data, compare fail" in run.err
