"""What the runner prints, and how it ends, as parsers of the official benchmark tool expect it."""

from __future__ import annotations

import re

import pytest

LATENCY = re.compile(
    r"Model = (.+?), NumThreads = (\d+), "
    r"MinRunTime = ([\d.]+) ms, MaxRuntime = ([\d.]+) ms, AvgRunTime = ([\d.]+) ms"
)
PARAMETERS = [
    "ModelPath",
    "ModelType",
    "InDataPath",
    "GroupInfoFile",
    "ConfigFilePath",
    "InDataType",
    "LoopCount",
    "DeviceType",
    "AccuracyThreshold",
    "CosineDistanceThreshold",
    "WarmUpLoopCount",
    "NumThreads",
    "InterOpParallelNum",
    "Fp16Priority",
    "EnableParallel",
    "calibDataPath",
    "EnableGLTexture",
    "cpuBindMode",
]


def test_the_lines_of_a_run_stand_in_the_official_order(native):
    run = native("--numThreads=3")
    assert run.code == 0
    assert run.err == ""
    assert [line.split(" = ")[0] for line in run.lines[:18]] == PARAMETERS
    assert run.lines[6:8] == ["LoopCount = 10", "DeviceType = CPU"]
    assert run.lines[8:10] == ["AccuracyThreshold = 0.5", "CosineDistanceThreshold = -1.1"]
    assert run.lines[17:19] == ["cpuBindMode = HIGHER_CPU", "start unified benchmark run"]
    assert re.fullmatch(r"PrepareTime = [\d.e+-]+ ms", run.lines[19])
    assert run.lines[20:22] == ["Running warm up loops...", "Running benchmark loops..."]
    name, threads, least, most, mean = LATENCY.fullmatch(run.lines[22]).groups()
    assert (name, threads) == ("model.ms", "3")
    assert float(least) <= float(mean) <= float(most)
    assert run.lines[23:] == ["Run Benchmark model.ms Success."]


def test_the_sleep_of_the_model_is_what_is_timed(native):
    run = native("--loopCount=3", "--resultFile=result.json", env={"FAKE_SLEEP_US": "2000"})
    samples = run.result["samples_ns"]
    assert len(samples) == 3
    assert min(samples) >= 2_000_000
    assert run.result["first_inference_ns"] >= 2_000_000


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--modelFile="], "modelPath is required"),
        (["--modelType=ONNX"], "Invalid model type: ONNX"),
        (["--device=GPU"], "Device type:GPU is not supported."),
        (["--device=Auto"], "Device type:Auto is not supported."),
        (["--loopCount=0"], "LoopCount:0 must be greater than 0"),
        (["--numThreads=-2"], "numThreads:-2 must be greater than 0"),
        (["--warmUpLoopCount=-1"], "WarmUpLoopCount:-1 must be greater than or equal to 0"),
        (["--cpuBindMode=3"], "cpuBindMode:3 must be 0, 1 or 2"),
        (["--enableParallel", "--numThreads=1"], "enableParallel needs numThreads greater than 1"),
        (["--benchmarkDataType=DOUBLE"], "Invalid benchmarkDataType: DOUBLE"),
        (["--cpuCoreList=0,,1"], "cpuCoreList:0,,1 is no list of cores"),
        (["--pinCores=-1"], "pinCores:-1 is no list of cores"),
        (["--inputShapes=1,a"], "inputShapes:1,a is no shape"),
        (["--inputShape=1,2"], "inputShape:1,2 is no name:d,d,d"),
        (
            ["--samplesFile=a", "--benchmarkDataFile=b"],
            "samplesFile and benchmarkDataFile exclude each other",
        ),
        (["--samplesFile=a", "--inDataFile=b"], "samplesFile and inDataFile exclude each other"),
        (
            ["--describe", "--outputsFile=a"],
            "describe excludes samplesFile, outputsFile and benchmarkDataFile",
        ),
        (
            ["--resultFile=model.ms"],
            "This file is read by the run and cannot be its result: model.ms",
        ),
    ],
)
def test_values_that_cannot_be_honoured_are_refused(native, flags, message):
    run = native(*flags)
    assert run.code == 255
    assert run.err.splitlines()[:2] == [message, "Benchmark init Error : -1"]
    assert re.fullmatch(r"Run Benchmark (model\.ms)? Failed : -1", run.err.splitlines()[-1])
    assert "Success" not in run.out


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        ("--bogus=1", "bogus is not a valid flag"),
        ("--modelfile=x", "modelfile is not a valid flag"),
        ("loopCount=1", "Failed: flag loopCount=1 is not valid."),
        ("--loopCount", "No value provided for non-boolean type: loopCount"),
        ("--no-loopCount", "no-loopCount is not a valid flag"),
        ("--loopCount=ten", "Invalid value for flag loopCount: ten"),
        ("--loopCount=99999999999", "Invalid value for flag loopCount: 99999999999"),
        ("--loopCount=", "Invalid value for flag loopCount: "),
        ("--accuracyThreshold=nan", "Invalid value for flag accuracyThreshold: nan"),
        ("--enableFp16=maybe", "Invalid value for flag enableFp16: maybe"),
        ("--perfProfiling=true", "perfProfiling:true is not supported by this runner."),
        ("--provider=tensorrt", "provider:tensorrt is not supported by this runner."),
    ],
)
def test_a_command_line_that_makes_no_sense_is_refused(native, flag, message):
    run = native(flag)
    assert run.code == 255
    assert run.err.splitlines()[0] == message
    assert run.out == ""


def test_help_goes_to_stderr_and_names_every_flag_of_ours(native):
    run = native("--help")
    assert run.code == 0
    assert run.out == ""
    for flag in [
        "modelFile",
        "resultFile",
        "samplesFile",
        "outputsFile",
        "pinCores",
        "describe",
        "runtime",
    ]:
        assert f"--{flag} " in run.err


def test_switches_may_be_negated_and_flags_end_at_two_dashes(native):
    log = native.directory / "log"
    run = native(
        "--enableFp16",
        "--no-enableFp16",
        "--",
        "--bogus",
        env={"FAKE_LOG": str(log)},
        runtime="fake",
    )
    assert run.code == 255  # the model stands after the two dashes
    assert "modelPath is required" in run.err
    run = native("--enableFp16", "--no-enableFp16", env={"FAKE_LOG": str(log)})
    assert run.code == 0
    assert "fp16=0" in log.read_text()


def test_settings_reach_the_runtime(native):
    log = native.directory / "log"
    run = native(
        "--numThreads=4",
        "--cpuBindMode=2",
        "--cpuCoreList=0,3",
        "--enableFp16=true",
        "--enableParallel=true",
        "--configFile=x.cfg",
        env={"FAKE_LOG": str(log)},
    )
    assert run.code == 0
    wanted = [
        "threads=4",
        "bind_mode=2",
        "core=0",
        "core=3",
        "parallel=1",
        "fp16=1",
        "device=0",
        "config=1",
        "type=0",
    ]
    assert sorted(log.read_text().split()) == sorted([*wanted, "destroyed=1"])
    assert "cpuBindMode = MID_CPU" in run.lines
    assert "core list: 0 3 " in run.lines


def test_profiling_prints_two_sorted_tables_with_tabs(native):
    run = native(
        "--timeProfiling=true", "--loopCount=4", "--warmUpLoopCount=5", "--resultFile=result.json"
    )
    assert run.code == 0
    start = run.lines.index("-" * 73)
    assert [cell.strip() for cell in run.lines[start + 1].split("\t")] == [
        "opName",
        "avg(ms)",
        "percent",
        "calledTimes",
        "opTotalTime",
        "",
    ]
    rows = [
        [cell.strip() for cell in line.split("\t")] for line in run.lines[start + 2 : start + 4]
    ]
    assert [row[0] for row in rows] == ["Default/a op", "Default/b-op"]
    assert [row[3] for row in rows] == ["4", "4"]
    assert sum(float(row[2]) for row in rows) == pytest.approx(1, abs=1e-5)
    second = run.lines.index("-" * 73, start + 1)
    assert [line.split("\t")[0].strip() for line in run.lines[second + 1 : second + 4]] == [
        "opType",
        "Conv2D",
        "ReLU",
    ]
    operators = run.result["operators"]
    assert [(op["name"], op["type"], op["calls"]) for op in operators] == [
        ("Default/b-op", "Conv2D", 4),
        ("Default/a op", "ReLU", 4),
    ]


def test_describe_builds_and_runs_nothing(native):
    run = native(
        "--describe",
        "--resultFile=result.json",
        env={"FAKE_INPUTS": "2", "FAKE_PREDICT_FAIL_AT": "0"},
    )
    assert run.code == 0
    assert run.lines[-4:-1] == [
        "Input 0: x0 float32 NHWC (1,4) 16 bytes",
        "Input 1: x1 float32 NHWC (1,4) 16 bytes",
        "Output 0: sum float32 NHWC (1,2) 8 bytes",
    ]
    assert run.result["samples_ns"] == []
    assert run.result["first_inference_ns"] is None


def test_a_killed_run_loses_no_line_and_leaves_no_result(native):
    (native.directory / "result.json").write_text("of an earlier run")
    run = native("--resultFile=result.json", env={"FAKE_KILL_AT": "5"})
    assert run.code == -9
    assert run.lines[-1] == "Running benchmark loops..."
    assert not (native.directory / "result.json").exists()


def test_pinning_takes_effect_and_leaves_binding_to_us(native):
    log = native.directory / "log"
    run = native("--pinCores=0", "--resultFile=result.json", env={"FAKE_LOG": str(log)})
    assert run.code == 0
    assert "bind_mode=0" in log.read_text()
    assert run.result["pinned_cores"] == [0]
    assert native("--pinCores=0", "--cpuBindMode=1").lines[17] == "cpuBindMode = HIGHER_CPU"
    refused = native("--pinCores=1023")
    assert refused.code == 255
    assert "Cannot pin to the cores 1023" in refused.err
