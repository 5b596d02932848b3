"""The dump: every operator's outputs of one inference, and an index that is there or is not."""

from __future__ import annotations

import json

import numpy as np
import pytest


def _index(native) -> list[dict]:
    return json.loads((native.directory / "dump" / "index.json").read_bytes())["nodes"]


def test_every_output_of_every_operator_is_kept_in_order(native):
    samples = np.arange(12, dtype=np.float32)
    samples.tofile(native.directory / "in.bin")
    run = native("--samplesFile=in.bin", "--dumpDir=dump", env={"FAKE_OUTPUTS": "2"})
    assert run.code == 0, run.err
    assert run.lines[-1].endswith("Success.")
    nodes = _index(native)
    assert [(node["name"], node["type"]) for node in nodes] == [
        ("Default/b-op", "Conv2D"),
        ("Default/a op", "ReLU"),
    ]
    assert nodes[0]["outputs"] == [
        {
            "name": "x0", "dtype": "float32", "shape": [1, 4], "format": "NHWC",
            "size_bytes": 16, "file": "0.0.bin",
        }
    ]  # fmt: skip
    assert [item["file"] for item in nodes[1]["outputs"]] == ["1.0.bin", "1.1.bin"]
    dump = native.directory / "dump"
    assert np.fromfile(dump / "0.0.bin", np.float32).tolist() == [0, 1, 2, 3]  # the first sample
    assert np.fromfile(dump / "1.0.bin", np.float32).tolist() == [6, 0]
    assert np.fromfile(dump / "1.1.bin", np.int32).tolist() == [1]  # one inference


def test_nothing_is_timed(native):
    run = native("--dumpDir=dump", "--resultFile=result.json", "--loopCount=7")
    assert run.code == 0, run.err
    assert run.result["samples_ns"] == []
    assert run.result["status"] == "success"
    assert run.result["outputs"][0]["name"] == "sum"
    assert "MinRunTime" not in run.out


def test_an_output_without_data_is_named_without_a_file(native):
    run = native("--dumpDir=dump", "--resultFile=result.json", env={"FAKE_NO_DATA": "1"})
    assert run.code == 255  # the model's own output must be there
    assert "Output 0 (sum) holds no data" in run.err
    assert _index(native)[1]["outputs"][0]["file"] is None


def test_an_operator_without_outputs(native):
    run = native("--dumpDir=dump", env={"FAKE_NO_OP_OUTPUTS": "1"})
    assert run.code == 0, run.err
    assert _index(native)[0]["outputs"] == []


def test_a_runtime_that_tells_of_no_operator_is_an_error(native):
    run = native("--dumpDir=dump", env={"FAKE_NO_OPS": "1"})
    assert run.code == 255
    assert "The runtime told of no operator" in run.err
    assert not (native.directory / "dump" / "index.json").exists()


@pytest.mark.parametrize("env", [{"FAKE_PREDICT_FAIL_AT": "0"}, {"FAKE_BUILD_STATUS": "-1"}])
def test_a_failed_run_leaves_no_index_not_even_an_older_one(native, env):
    assert native("--dumpDir=dump").code == 0
    run = native("--dumpDir=dump", env=env)
    assert run.code == 255
    assert not list((native.directory / "dump").glob("index.json*"))


def test_a_folder_that_cannot_be_made_is_told(native):
    run = native("--dumpDir=no/such/folder", "--resultFile=result.json")
    assert run.code == 255
    assert "Cannot write no/such/folder: No such file or directory" in run.err
    assert run.result["error"]["stage"] == "output"


def test_a_folder_that_is_a_file_is_told(native):
    (native.directory / "dump").write_text("a file")
    run = native("--dumpDir=dump")
    assert run.code == 255
    assert "Cannot write dump" in run.err


@pytest.mark.parametrize(
    "flag",
    ["--describe", "--timeProfiling", "--outputsFile=o", "--benchmarkDataFile=b"],
)
def test_what_does_not_go_with_a_dump_is_refused(native, flag):
    run = native("--dumpDir=dump", flag)
    assert run.code == 255
    assert "dumpDir excludes" in run.err
