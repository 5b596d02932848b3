"""Manifests of every command and of both schemas, as results."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.core.files import sha256_file
from pipeline.history.errors import ResultsUnreadable
from pipeline.history.manifest import read

RUN = "20260131T040500-deploy-digits"
TIME_MS = 1_769_832_300_000
DEVICE = {
    "key": "FMR0223C13000649", "model": "a phone", "abi": "arm64-v8a", "cores": 8,
    "cpu_features": ["fphp", "asimddp"], "build": "5.1.0.150", "where": "device",
}  # fmt: skip
ONE_RUN = {
    "schema": 1, "verdict": "valid", "reason": None, "where": "device", "device": DEVICE,
    "runner": "pipeline-runner 1.0.0", "runner_sha256": "f3" * 32,
    "runtime": "/system/lib64/ndk/libmindspore_lite_ndk.so", "runtime_sha256": None,
    "threads": 2, "bind_mode": 1, "fp16": False, "load_ns": 5_700_000,
    "first_inference_ns": None, "peak_memory_bytes": 78_000_000,
    "latency_ns": {
        "n": 3, "p50_ns": 120.0, "p90_ns": 130.0, "p99_ns": 131.0,
        "intervals_99_ns": {"p50": [110, None]},
    },
}  # fmt: skip
TWO_RUNS = {
    **ONE_RUN, "schema": 2, "mode": "paced", "plan": {"interval_ms": 100.0}, "doubts": ["warm"],
    "repeatable": True, "pinned_cores": [4, 5], "beside": ["other"], "runs": [{}, {}],
    "over_runs": {"p50_ns": {"value": 121.0, "low": 115.0, "high": 127.0}},
    "instructions": None, "samples": "samples/full-8.json",
}  # fmt: skip
COUNTED = {
    **TWO_RUNS, "where": "emulated-arm64", "latency_ns": None, "over_runs": {}, "runs": [],
    "load_ns": None, "peak_memory_bytes": None,
    "instructions": {"cpu": "cortex-a76", "total": 1_234_567},
}  # fmt: skip


def row(record: dict[str, Any] | None, name: str = "full-8") -> dict[str, Any]:
    return {
        "name": name,
        "sha256": "ab" * 32,
        "size_bytes": 79_208,
        "accuracy_percent": 99.4429,
        "benchmark": record,
    }


def deployment(*rows: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "status": "done", "command": "deploy", "run": RUN, "name": "digits", "profile": "phone",
        "pipeline_version": "0.1.0", "models": list(rows), **more,
    }  # fmt: skip


def write(folder: Path, manifest: dict[str, Any]) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def keep_samples(folder: Path, content: dict[str, Any]) -> Path:
    (folder / "samples").mkdir(parents=True, exist_ok=True)
    path = folder / "samples" / "full-8.json"
    path.write_text(json.dumps(content))
    return path


def test_a_result_of_one_run(tmp_path):
    keep_samples(tmp_path, {"samples_ns": [110, 120, 131]})
    (entry,) = read(write(tmp_path, deployment(row(ONE_RUN))))
    result, conditions = entry.result, entry.result.conditions
    assert (result.run, result.time_ms) == (RUN, TIME_MS)
    assert (result.p50_ns, result.p50_low_ns, result.p50_high_ns) == (120.0, 110, None)
    assert (result.size_bytes, result.accuracy_percent) == (79_208, 99.4429)
    assert (result.runs_n, result.samples_n, result.repeatable) == (1, 3, None)
    assert (conditions.model, conditions.recipe, conditions.profile) == (
        "digits",
        "full-8",
        "phone",
    )
    assert (conditions.mode, conditions.runtime) == ("back-to-back", "libmindspore_lite_ndk.so")
    assert entry.samples == ((110, 120, 131),)
    assert entry.record == row(ONE_RUN)


def test_a_result_of_several_runs(tmp_path):
    file = keep_samples(
        tmp_path, {"runs": [{"record": {"samples_ns": [1, 2]}}, {"record": {"samples_ns": [3]}}]}
    )
    record = {**TWO_RUNS, "samples_sha256": sha256_file(file)}
    (entry,) = read(write(tmp_path, deployment(row(record))))
    result = entry.result
    assert (result.p50_ns, result.p50_low_ns, result.p50_high_ns) == (120.0, 115.0, 127.0)
    assert (result.runs_n, result.repeatable, result.doubts) == (2, True, "warm")
    assert result.conditions.mode == "paced every 100 ms"
    assert (result.conditions.cores, result.conditions.beside) == ("4,5", "other")
    assert entry.samples == ((1, 2), (3,))


def test_counted_instructions_have_no_times(tmp_path):
    (entry,) = read(write(tmp_path, deployment(row(COUNTED))))
    assert entry.result.instructions == 1_234_567
    assert (entry.result.p50_ns, entry.result.load_ns, entry.samples) == (None, None, ())


def test_what_was_only_converted_has_a_size_and_an_accuracy(tmp_path):
    (entry,) = read(write(tmp_path, deployment(row(None))))
    assert entry.result.size_bytes == 79_208
    assert (entry.result.verdict, entry.result.conditions.where) == ("", "")


def test_json_output_gives_the_very_results_of_the_manifest(tmp_path):
    manifest = deployment(row(ONE_RUN))
    printed = {**manifest, "run_folder": f"/elsewhere/runs/{RUN}"}
    del printed["run"]
    (tmp_path / "out.json").write_text(json.dumps(printed))
    (one,) = read(write(tmp_path / "run", manifest))
    (other,) = read(tmp_path / "out.json")
    assert one.result.id == other.result.id


def test_the_recipe_of_a_file_that_was_measured_by_itself_is_not_known(tmp_path):
    (entry,) = read(write(tmp_path, deployment(row(ONE_RUN, "digits"))))
    assert (entry.result.conditions.model, entry.result.conditions.recipe) == ("digits", "")
    manifest = deployment(row(ONE_RUN, "digits"), recipes={"digits": {}})
    (entry,) = read(write(tmp_path, manifest))
    assert entry.result.conditions.recipe == "digits"


def test_several_devices_are_told_apart_and_have_samples_of_their_own(tmp_path):
    sections = []
    for key in ("A", "B"):
        part = tmp_path / "devices" / key
        keep_samples(part, {"runs": [{"record": {"samples_ns": [ord(key)]}}]})
        record = {**TWO_RUNS, "device": {**DEVICE, "key": key}}
        report = deployment(row(record), run_folder=str(part), profile=f"profile {key}")
        sections.append({"label": key, "report": report})
    sections.append({"label": "C", "trouble": {"message": "gone"}})
    manifest = deployment(sections[0]["report"]["models"][0], devices=sections)
    one, other = read(write(tmp_path, manifest))
    assert (one.result.conditions.device, other.result.conditions.device) == ("A", "B")
    assert other.result.conditions.profile == "profile B"
    assert (one.samples, other.samples) == (((65,),), ((66,),))


def test_a_night_has_a_result_for_each_case_that_arrived(tmp_path):
    run = "20260131T040500-nightly-night"
    keep_samples(
        tmp_path / "devices" / "phone" / "digits", {"runs": [{"record": {"samples_ns": [7]}}]}
    )
    cases = [
        {"case": {"model": "digits", "recipe": "full-8", "device": "phone"}, "row": row(TWO_RUNS)},
        {"case": {"model": "digits", "recipe": "fp32", "device": "phone"}, "row": {}},
    ]
    manifest = {"status": "done", "run": run, "name": "night", "cases": cases}
    (entry,) = read(write(tmp_path, manifest))
    assert entry.result.run == run
    assert entry.result.conditions.model == "digits"
    assert entry.samples == ((7,),)


def test_equal_figures_of_two_runs_are_two_results(tmp_path):
    other = "20260131T040501-deploy-digits"
    (one,) = read(write(tmp_path, deployment(row(ONE_RUN))))
    (two,) = read(write(tmp_path, deployment(row(ONE_RUN), run=other)))
    assert one.result.id != two.result.id


def test_where_the_same_phone_is_emulated_matters(tmp_path):
    hardware = set()
    for features in (["avx2"], ["avx512f"]):
        record = copy.deepcopy(ONE_RUN)
        record["device"]["cpu_features"] = features
        (entry,) = read(write(tmp_path, deployment(row(record))))
        hardware.add(entry.result.conditions.hardware)
    assert len(hardware) == 2


def test_samples_that_are_gone_are_none_and_other_ones_are_refused(tmp_path):
    record = {**TWO_RUNS, "samples_sha256": "00" * 32}
    (entry,) = read(write(tmp_path, deployment(row(record))))
    assert entry.samples == ()
    keep_samples(tmp_path, {"runs": [{"record": {"samples_ns": [1]}}]})
    with pytest.raises(ResultsUnreadable, match="not the file that was recorded"):
        read(tmp_path)


@pytest.mark.parametrize("name", ["sha256", "size_bytes", "name"])
def test_a_row_that_lacks_something_is_refused(tmp_path, name):
    broken = row(ONE_RUN)
    del broken[name]
    with pytest.raises(ResultsUnreadable, match=name):
        read(write(tmp_path, deployment(broken)))


def test_a_folder_without_a_manifest_is_refused(tmp_path):
    with pytest.raises(ResultsUnreadable, match=r"manifest\.json"):
        read(tmp_path)
