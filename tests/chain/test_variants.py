"""Sweeps of settings, as the command line names them, and baselines that are gone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.chain.variants import BadSweep, BaselineGone, older, swept
from pipeline.core.files import sha256_file
from pipeline.stages.benchmark import Inputs, Settings, Workload

USUAL = Settings(threads=2, bind_mode=1)
MODEL = Workload("m", Path("m.ms"), "hash", 1, ())


def test_without_a_sweep_nothing_changes():
    assert swept([MODEL], (), USUAL) == [MODEL]


def test_every_combination_is_measured_and_named():
    found = swept([MODEL], ["threads=1,4", "cores=0-1,4+6-7"], USUAL)
    assert [one.name for one in found] == [
        "m threads=1 cores=0-1",
        "m threads=1 cores=4+6-7",
        "m threads=4 cores=0-1",
        "m threads=4 cores=4+6-7",
    ]
    assert found[0].settings == Settings(1, 0, (0, 1))
    assert found[3].settings == Settings(4, 0, (4, 6, 7))


def test_bindings_have_the_numbers_of_the_runtime():
    found = swept([MODEL], ["binding=none,big,middle"], USUAL)
    assert [one.settings.bind_mode for one in found if one.settings] == [0, 1, 2]


@pytest.mark.parametrize(
    "text",
    ["threads", "threads=", "threads=0", "threads=65", "threads=1,x", "cores=1-", "cores=3-1",
     "cores=0+0", "cores=999", "binding=large", "colour=red", "=1", ""],
)  # fmt: skip
def test_what_is_no_sweep_is_refused(text):
    with pytest.raises(BadSweep):
        swept([MODEL], [text], USUAL)


def test_an_axis_is_named_once():
    with pytest.raises(BadSweep, match="twice"):
        swept([MODEL], ["threads=1", "threads=2"], USUAL)


def _run(folder: Path, content: bytes | None, sha256: str | None = None) -> Path:
    (folder / "models").mkdir(parents=True)
    path = folder / "models" / "d.m.ms"
    if content is not None:
        path.write_bytes(content)
        sha256 = sha256 or sha256_file(path)
    entry = {"name": "m", "path": str(path), "sha256": sha256, "size_bytes": 3}
    manifest: dict[str, Any] = {"status": "done", "name": "d", "run": "r", "models": [entry]}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


@pytest.mark.parametrize(
    ("content", "sha256", "name"),
    [(None, "00", "m"), (b"new", "00", "m"), (b"old", None, "other")],
    ids=["gone", "another", "unknown"],
)
def test_a_baseline_that_is_not_there_is_told(tmp_path, content, sha256, name):
    folder = _run(tmp_path / "run", content, sha256)
    asked = Workload(name, Path("m.ms"), "hash", 1, ())
    nothing: Any = None
    with pytest.raises(BaselineGone, match="measured again"):
        older([asked], folder, Inputs((), 1), nothing, nothing)
