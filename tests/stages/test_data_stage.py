"""The data stage: fetched once, again when a source file changes, and told when one is missing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipeline.config.deployment import Source
from pipeline.core.errors import FileMissing
from pipeline.data.errors import DataFunctionFailed
from pipeline.stages.data import DataStage
from pipeline.stages.stage import run_stage

_MODULE = "import users_numbers\n\n\ndef test():\n    return users_numbers.some(), None\n"


def _stage(tmp_path: Path, **source: object) -> DataStage:
    return DataStage(Source(**source), (tmp_path,), "test", tmp_path / "logs")


@pytest.fixture
def module(tmp_path: Path) -> Path:
    """A data function; gives the module of numbers that it imports."""
    (tmp_path / "users_data.py").write_text(_MODULE)
    numbers = tmp_path / "users_numbers.py"
    numbers.write_text("import numpy as np\n\n\ndef some():\n    return np.ones((3, 2))\n")
    return numbers


def test_data_are_fetched_again_when_a_module_changes_that_was_imported(
    module, tmp_path, store, heard
):
    stage = _stage(tmp_path, function="users_data:test")
    first = run_stage(store, stage, heard)
    assert (first.artefact.count, first.artefact.sample_shapes) == (3, ((2,),))
    assert run_stage(store, stage, heard).reused
    module.write_text(module.read_text().replace("(3, 2)", "(5, 2)"))
    again = run_stage(store, stage, heard)
    assert (again.reused, again.artefact.count) == (False, 5)
    assert heard.lines[-1][-1] == "5 samples"


def test_data_are_fetched_again_when_a_named_file_changes(module, tmp_path, store, heard):
    extra = tmp_path / "extra.csv"
    extra.write_text("1")
    stage = _stage(tmp_path, function="users_data:test", files=(extra,))
    run_stage(store, stage, heard)
    extra.write_text("2")
    assert not run_stage(store, stage, heard).reused


def test_an_npz_is_fetched_again_when_it_changes(tmp_path, store, heard):
    path = tmp_path / "set.npz"
    np.savez(path, inputs=np.ones((2, 1)))
    stage = _stage(tmp_path, file=path)
    run_stage(store, stage, heard)
    np.savez(path, inputs=np.ones((4, 1)))
    assert run_stage(store, stage, heard).artefact.count == 4


@pytest.mark.parametrize(
    "source", [{"file": Path("no.npz")}, {"function": "a:b", "files": (Path("no.npz"),)}]
)
def test_a_missing_file_is_told_before_any_work(tmp_path, store, heard, source):
    with pytest.raises(FileMissing, match=r"test data not found: no\.npz"):
        run_stage(store, _stage(tmp_path, **source), heard)


def test_the_log_of_a_failure_is_kept(tmp_path, store, heard):
    (tmp_path / "users_broken.py").write_text("def test():\n    print('so far')\n    1 / 0\n")
    with pytest.raises(
        DataFunctionFailed, match=r"users_broken\.py:3: ZeroDivisionError"
    ) as caught:
        run_stage(store, _stage(tmp_path, function="users_broken:test"), heard)
    assert caught.value.log == tmp_path / "logs" / "data-test.log"
    assert "so far" in caught.value.log.read_text()
