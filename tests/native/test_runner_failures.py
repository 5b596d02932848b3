"""Runs that cannot succeed: one clear line, exit 255, a record of it, never half a file."""

from __future__ import annotations

import os
import resource

import pytest


@pytest.mark.parametrize(
    ("env", "stage", "code", "message"),
    [
        ({"FAKE_BUILD_STATUS": "-200"}, "build", -200, "cannot build the model"),
        ({"FAKE_PREDICT_FAIL_AT": "0"}, "predict", -303, "Inference error -303"),
        ({"FAKE_PREDICT_FAIL_AT": "7"}, "predict", -303, "Inference error -303"),
        ({"FAKE_NO_DATA": "1"}, "output", -2, "Output 0 (sum) holds no data"),
        ({"FAKE_OUTPUTS": "0"}, "output", -2, "gave no outputs"),
    ],
)
def test_a_failure_is_told_and_recorded(native, env, stage, code, message):
    run = native("--resultFile=result.json", env=env)
    assert run.code == 255
    assert message in run.err
    assert run.err.splitlines()[-1] == f"Run Benchmark model.ms Failed : {code}"
    assert "Success" not in run.out
    record = run.result
    assert record["status"] == "failed"
    assert record["error"]["stage"] == stage
    assert record["error"]["code"] == code
    assert message in record["error"]["message"]


def test_samples_before_a_failure_are_kept(native):
    run = native("--resultFile=result.json", env={"FAKE_PREDICT_FAIL_AT": "7"})
    assert len(run.result["samples_ns"]) == 4  # three warm-ups, then four good ones


def test_the_official_text_of_a_failed_build(native):
    run = native(env={"FAKE_BUILD_STATUS": "-1"})
    assert "ms_model_.Build failed while running model.ms" in run.lines


def test_a_model_that_is_not_there(native):
    run = native("--modelFile=none.ms", "--resultFile=result.json")
    assert run.code == 255
    assert run.result["error"]["stage"] == "load"
    assert "No such file or directory" in run.result["error"]["message"]
    assert "is no file" in native("--modelFile=.").err


def test_runtimes_that_cannot_be_used(native):
    absent = native("--runtime=/nowhere/lib.so", "--resultFile=result.json")
    assert absent.code == 255
    assert absent.result["error"]["stage"] == "load"
    assert absent.result["runtime"] == {"library": "", "prefix": ""}
    assert "Cannot open the runtime" in absent.err
    assert "is no MindSpore Lite runtime: it lacks OH_AI_" in native(runtime="empty").err
    assert "; /system/lib" in native("--runtime=").err  # the soname and then the system's library


def test_the_runtime_may_come_from_the_environment(native):
    run = native("--runtime=", env={"PIPELINE_RUNTIME": str(native.libraries["fake"])})
    assert run.code == 0


def test_the_upstream_prefix_is_found(native):
    run = native("--resultFile=result.json", runtime="upstream")
    assert run.code == 0
    assert run.result["runtime"] == {"library": str(native.libraries["upstream"]), "prefix": "MS"}


def test_functions_that_an_old_runtime_lacks(native):
    assert native(runtime="old").code == 0
    refused = native("--configFile=x", "--resultFile=result.json", runtime="old")
    assert (
        refused.result["error"]["message"] == "configFile: this runtime cannot load a configuration"
    )
    assert "This runtime knows no NNRT devices" in native("--device=NPU", runtime="old").err


def test_nnrt_comes_first_with_the_cpu_behind_it(native):
    log = native.directory / "log"
    run = native("--device=NPU", env={"FAKE_NNRT": "1", "FAKE_LOG": str(log)})
    assert run.code == 0
    calls = log.read_text().split()
    assert [call for call in calls if call.startswith(("device", "nnrt"))] == [
        "nnrt_id=77",
        "device=60",
        "device=0",
    ]
    assert "destroyed=1" not in calls  # tearing such a model down has crashed on real systems
    assert "There is no NNRT device here" in native("--device=NNRT").err


@pytest.mark.parametrize("flag", ["resultFile", "outputsFile"])
@pytest.mark.parametrize("target", ["/dev/full", "no/such/directory/file", "."])
def test_a_target_that_cannot_be_written(native, flag, target):
    run = native(f"--{flag}={target}")
    assert run.code == 255
    assert len([line for line in run.err.splitlines() if "Cannot write" in line]) == 1
    assert "Success" not in run.out
    assert os.path.exists("/dev/full")


@pytest.mark.parametrize("flag", ["resultFile", "outputsFile"])
def test_a_full_disk_leaves_nothing_under_the_final_name(native, flag):
    def limit_file_size() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    count = 2000
    (native.directory / "in.bin").write_bytes(bytes(16 * count))
    (native.directory / "out").write_text("of an earlier run")
    run = native("--samplesFile=in.bin", f"--{flag}=out", preexec_fn=limit_file_size)
    assert run.code == 255
    assert "File too large" in run.err
    assert sorted(path.name for path in native.directory.iterdir()) == ["in.bin", "model.ms"]


def test_a_full_stdout_is_a_failure(native):
    with open("/dev/full", "wb") as full:
        run = native("--loopCount=1", capture_output=False, stdout=full)
    assert run.code == 255


def test_nan_outputs_are_counted_and_told(native):
    run = native("--resultFile=result.json", env={"FAKE_NAN": "1"})
    assert run.result["non_finite_values"] == 1
    assert "1 output values are nan or inf" in run.err


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ('quote" back\\slash', 'quote" back\\slash'),
        ("tab\tnew\nline\x01\x7f", "tab\tnew\nline\x01\x7f"),
        ("名字/é😀", "名字/é😀"),
        (b"bad\xff\xc0\xaf\xed\xa0\x80end", "bad\ufffd\ufffd\ufffd\ufffd\ufffd\ufffdend"),
        (b"cut\xe4\xbd", "cut\ufffd\ufffd"),
        ("", ""),
    ],
)
def test_names_may_hold_anything(native, name, read):
    run = native(
        "--timeProfiling",
        "--resultFile=result.json",
        env={"FAKE_OUTPUT_NAME": name, "FAKE_OP_NAME": name},
    )
    assert run.result["outputs"][0]["name"] == read
    assert run.result["operators"][1]["name"] == read
