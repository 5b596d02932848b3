"""Paced and sustained running: when inferences begin, when a run ends, and how it is stopped."""

from __future__ import annotations

import re
import resource
import signal
import subprocess
import time

import pytest

RESULT = "--resultFile=result.json"


def test_a_paced_run_begins_by_absolute_deadlines(native):
    run = native("--intervalMs=20", "--loopCount=12", RESULT, env={"FAKE_SLEEP_US": "3000"})
    assert run.code == 0, run.err
    record = run.result
    starts, samples = record["starts_ns"], record["samples_ns"]
    assert len(starts) == len(samples) == 12
    assert starts[0] == 0
    # None before its time, and lateness does not add up: the last is as close as the first.
    assert all(start >= index * 20e6 - 2e6 for index, start in enumerate(starts))
    assert record["interval_ns"] == 20_000_000
    assert record["span_ns"] == starts[-1] + samples[-1]
    assert min(samples) >= 3_000_000  # Predict alone: no waiting in it
    assert min(samples) < 15_000_000


def test_an_inference_that_overruns_makes_the_next_one_late(native):
    run = native("--intervalMs=4", "--loopCount=10", RESULT, env={"FAKE_SLEEP_US": "9000"})
    record = run.result
    assert record["late_starts"] == 9
    pairs = zip(record["starts_ns"][1:], record["starts_ns"], record["samples_ns"], strict=False)
    gaps = [start - before - sample for start, before, sample in pairs]
    assert min(gaps) < 2_000_000  # it begins at once


def test_a_run_goes_on_until_the_time_is_over_too(native):
    run = native("--durationS=0.25", "--loopCount=2", RESULT, env={"FAKE_SLEEP_US": "10000"})
    record = run.result
    assert record["span_ns"] >= 250_000_000
    assert record["inferences"] == len(record["samples_ns"]) == len(record["starts_ns"])
    assert 2 < record["inferences"] <= 25
    # The last one was needed: without it the time had not been reached.
    assert record["starts_ns"][-1] < 250_000_000
    assert (record["duration_ns"], record["sample_stride"]) == (250_000_000, 1)


def test_a_run_goes_on_until_the_count_is_reached_too(native):
    record = native("--durationS=0.001", "--loopCount=30", RESULT).result
    assert record["inferences"] == len(record["samples_ns"]) == 30


def test_without_a_mode_the_record_is_what_it_was(native):
    record = native(RESULT).result
    assert not {"starts_ns", "inferences", "sample_stride", "late_starts"} & set(record)
    assert (record["interval_ns"], record["duration_ns"]) == (0, 0)
    asked = native(RESULT, "--timestamps").result
    assert asked["starts_ns"] == sorted(asked["starts_ns"])
    assert asked["inferences"] == 10


def test_starts_of_samples_are_told_too(native):
    (native.directory / "in.bin").write_bytes(bytes(16 * 5))
    record = native("--samplesFile=in.bin", "--timestamps", RESULT).result
    assert len(record["starts_ns"]) == record["sample_count"] == 5


def test_a_very_long_run_keeps_every_nth_inference(timelines):
    kept, stride, seen, starts, extremes = timelines(3_000_000, 10)
    assert seen == 3_000_000
    assert stride == 4
    assert kept == 750_000
    assert starts == "in step"
    assert extremes == "1 3000000 4500001500000"


@pytest.mark.parametrize(
    ("count", "reserved", "kept", "stride"),
    [
        (5, 0, 5, 1),
        (10, 10, 10, 1),
        (11, 10, 11, 1),
        (1 << 20, 1, 1 << 20, 1),
        ((1 << 20) + 1, 1, (1 << 19) + 1, 2),
        (1_200_000, 600_000, 1_200_000, 1),  # twice what was asked for fits
        (1_200_001, 600_000, 600_001, 2),
        (2_097_155, 1_048_577, 1_048_578, 2),
    ],
)
def test_what_a_timeline_keeps(timelines, count, reserved, kept, stride):
    found, found_stride, seen, starts, _ = timelines(count, reserved)
    assert (found, found_stride, seen, starts) == (kept, stride, count, "in step")
    assert found >= min(count, reserved)


def test_a_long_run_says_now_and_then_that_it_lives(native):
    run = native("--intervalMs=2500", "--loopCount=2", "--warmUpLoopCount=0")
    assert run.code == 0
    told = [line for line in run.lines if line.startswith("Progress")]
    assert len(told) == 1  # after two seconds, in the middle of the pause
    assert re.fullmatch(r"Progress: benchmark, 1 inferences in 2\.\d s", told[0])
    # The official lines are where they were.
    assert [line for line in run.lines if line not in told][20:22] == [
        "Running warm up loops...",
        "Running benchmark loops...",
    ]


def _start(native, *flags: str, env: dict[str, str]) -> subprocess.Popen:
    command = [str(native.runner), f"--runtime={native.libraries['fake']}"]
    return subprocess.Popen(
        [*command, f"--modelFile={native.model}", RESULT, *flags],
        cwd=native.directory,
        env={"ASAN_OPTIONS": "detect_leaks=0", **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _await(process: subprocess.Popen, line: str) -> None:
    assert process.stdout is not None
    for read in process.stdout:
        if read.startswith(line):
            return
    raise AssertionError(f"the runner never said {line!r}")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize(
    "mode",
    [["--durationS=60"], ["--intervalMs=60000"], ["--loopCount=1000000"]],
    ids=["sustained", "paced", "counted"],
)
def test_a_run_that_is_stopped_leaves_a_failed_record(native, mode, number):
    (native.directory / "result.json").write_text("of an earlier run")
    process = _start(native, *mode, "--outputsFile=out.bin", env={"FAKE_SLEEP_US": "500"})
    _await(process, "Running benchmark")
    time.sleep(0.1)
    process.send_signal(number)
    out, err = process.communicate(timeout=10)
    assert process.returncode == 255
    assert "Success" not in out
    assert err.splitlines()[-1] == "Run Benchmark model.ms Failed : -1"
    run = native("--version")
    record = run.result
    assert record["status"] == "failed"
    assert record["error"] == {
        "stage": "stop", "code": -1, "message": f"Stopped by signal {int(number)}"
    }  # fmt: skip
    assert record["samples_ns"]
    assert sorted(path.name for path in native.directory.iterdir()) == ["model.ms", "result.json"]


def test_a_runtime_that_hangs_does_not_keep_the_runner_from_ending(native):
    process = _start(native, env={"FAKE_HANG": "1"})
    _await(process, "Running warm up")
    for _ in range(2):  # the first asks; the runtime does not come back, so the second kills
        time.sleep(0.1)
        process.terminate()
    process.communicate(timeout=10)
    assert process.returncode == -signal.SIGTERM
    assert [path.name for path in native.directory.iterdir()] == ["model.ms"]


def test_a_full_disk_after_a_sustained_run_leaves_no_record(native):
    def limit_file_size() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    run = native("--durationS=0.05", "--loopCount=2000", RESULT, preexec_fn=limit_file_size)
    assert run.code == 255
    assert "Cannot write result.json: File too large" in run.err
    assert "Success" not in run.out
    assert [path.name for path in native.directory.iterdir()] == ["model.ms"]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--intervalMs=-1"], "intervalMs must be 0, or from 0.001 to 3600000"),
        (["--intervalMs=0.0001"], "intervalMs must be 0, or from 0.001 to 3600000"),
        (["--intervalMs=1e9"], "intervalMs must be 0, or from 0.001 to 3600000"),
        (["--intervalMs=nan"], "Invalid value for flag intervalMs: nan"),
        (["--durationS=-1"], "durationS must be from 0 to 604800"),
        (["--durationS=604801"], "durationS must be from 0 to 604800"),
        (["--durationS=5s"], "Invalid value for flag durationS: 5s"),
        (["--durationS=1", "--samplesFile=a"], "intervalMs and durationS exclude samplesFile"),
        (["--intervalMs=1", "--describe"], "intervalMs and durationS exclude samplesFile"),
        (["--durationS=1", "--dumpDir=d"], "intervalMs and durationS exclude samplesFile"),
        (["--timestamps", "--benchmarkDataFile=a"], "timestamps and alsoLoad exclude describe"),
        (["--alsoLoad=a", "--describe"], "timestamps and alsoLoad exclude describe"),
    ],
)
def test_modes_that_make_no_sense_are_refused(native, flags, message):
    run = native(*flags, RESULT)
    assert run.code == 255
    assert message in run.err
    assert not (native.directory / "result.json").exists()
