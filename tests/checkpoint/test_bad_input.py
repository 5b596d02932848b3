"""What users get wrong: each an error of its own, one line, with a hint and an exit code."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.core.errors import PipelineError, ToolchainError, UsageError
from pipeline.stages.checkpoint import errors
from pipeline.stages.checkpoint.export import ExportRequest, InputSpec, export_checkpoint
from tests.checkpoint.conftest import USER


@dataclass(frozen=True)
class Bad:
    """A request that fails: how it differs from a good one, and what is said of it."""

    error: type[PipelineError]
    message: str
    hint: str = ""
    network: str = "Dense"
    replaced: dict[str, Any] = field(default_factory=dict)
    checkpoint: str = ""
    deadline_s: float = 60
    exit_code: int = 2


#: What MindSpore dumps where it stands; not ours if it was there before.
HAD_RANK_0 = Path("rank_0").exists()

CASES = {
    "no checkpoint": Bad(
        errors.CheckpointMissing,
        r"checkpoint not found: .*/nowhere\.ckpt",
        "train the network first",
        checkpoint="nowhere.ckpt",
    ),
    "a text file": Bad(
        errors.NotACheckpoint,
        r".*/text\.ckpt is not a MindSpore checkpoint: it is a text file",
        "mindspore.save_checkpoint",
        checkpoint="text.ckpt",
    ),
    "an empty file": Bad(errors.NotACheckpoint, r".*: the file is empty", checkpoint="empty.ckpt"),
    "half a checkpoint": Bad(
        errors.NotACheckpoint,
        r".*: it is cut short: \d+ bytes, parameter \d+ ends at \d+",
        "copied whole",
        checkpoint="cut.ckpt",
    ),
    "PyTorch's": Bad(errors.NotACheckpoint, r".*\(PyTorch writes these\)", checkpoint="torch.ckpt"),
    "damaged": Bad(
        errors.NotACheckpoint, r".*/damaged\.ckpt is not .* damaged.*", checkpoint="damaged.ckpt"
    ),
    "another network's": Bad(
        errors.CheckpointMismatch,
        r".*/Dense\.ckpt does not fit nets:TwoInputs: "
        r"different: fc\.weight is float32 \[4, 4\] in the checkpoint and float32 \[4, 6\] .*",
        "another network",
        network="TwoInputs",
        checkpoint="Dense.ckpt",
    ),
    "another network's, all wrong": Bad(
        errors.CheckpointMismatch,
        r".*/Mobile\.ckpt does not fit nets:Dense: missing: fc\.weight, fc\.bias; left over: "
        r"deep\.weight, norm\.moving_mean, norm\.moving_variance, norm\.gamma, norm\.beta, "
        r"point\.weight, point\.bias, squeeze\.weight, excite\.weight",
        checkpoint="Mobile.ckpt",
    ),
    "saved with a wrapper": Bad(
        errors.CheckpointMismatch,
        r".*missing: fc\.weight, fc\.bias; left over: network\.fc\.weight, network\.fc\.bias",
        "every name in the checkpoint begins with 'network.'",
        checkpoint="wrapped.ckpt",
    ),
    "of another type": Bad(
        errors.CheckpointMismatch,
        r".*fc\.weight is float16 \[4, 4\] in the checkpoint and float32 \[4, 4\] in the network",
        checkpoint="half.ckpt",
    ),
    "of another width": Bad(
        errors.CheckpointMismatch,
        r".*fc\.weight is .*; .*|.*fc\.bias is float32 \[4\] .* and float32 \[7\] in the network",
        "other arguments",
        replaced={"arguments": {"width": 7}},
    ),
    "no colon": Bad(
        errors.FactoryNotFound,
        r"no network nets\.Dense: it is not of the form package\.module:callable",
        replaced={"factory": "nets.Dense"},
    ),
    "no module": Bad(
        errors.FactoryNotFound,
        r"no network nowhere\.nets:Dense: there is no module `nowhere` in .*",
        "python_path",
        replaced={"factory": "nowhere.nets:Dense"},
    ),
    "no attribute": Bad(
        errors.FactoryNotFound,
        r"no network nets:Residul: the module `nets` has no `Residul`; did you mean `Residual`\?",
        replaced={"factory": "nets:Residul"},
    ),
    "not callable": Bad(
        errors.FactoryNotFound,
        r".*`nets:VERSION` is a str, not a function or class",
        replaced={"factory": "nets:VERSION"},
    ),
    "raises": Bad(
        errors.FactoryFailed,
        rf"nets:raises raised IndexError at {USER}/nets\.py:\d+: list index out of range",
        "log",
        network="raises",
    ),
    "leaves": Bad(
        errors.FactoryFailed, r"nets:leaves raised SystemExit at .*: go away", network="leaves"
    ),
    "wrong argument": Bad(
        errors.FactoryFailed,
        r"nets:Dense raised TypeError.*unexpected keyword argument 'depth'",
        replaced={"arguments": {"depth": 3}},
    ),
    "imports what is not there": Bad(
        errors.FactoryFailed,
        rf".*raised ModuleNotFoundError at {USER}/needy\.py:3: No module named 'no_such_library'",
        replaced={"factory": "needy:network"},
    ),
    "syntax error": Bad(
        errors.FactoryFailed,
        r"broken:network raised SyntaxError at .*/broken\.py:1: .*",
        replaced={"factory": "broken:network"},
    ),
    "returns nothing": Bad(
        errors.NotACell, r"nets:nothing returned None, not a mindspore\.nn\.Cell", network="nothing"
    ),
    "returns a class": Bad(
        errors.NotACell, r"nets:cell_class returned the class Dense, .*", network="cell_class"
    ),
    "wrong shape": Bad(
        errors.InputMismatch,
        r"nets:Residual does not run on the configured input in0 float32 \[1, 4\]: For .*",
        "inputs (name, shape with batch 1, dtype)",
        network="Residual",
        replaced={"inputs": (InputSpec("in0", (1, 4), "float32"),), "samples": "dense"},
    ),
    "too few inputs": Bad(
        errors.InputMismatch,
        r"nets:TwoInputs does not run on .*missing 1 required positional argument: 'right'",
        network="TwoInputs",
        replaced={"inputs": (InputSpec("in0", (1, 4), "float32"),), "samples": "dense"},
    ),
    "samples of another shape": Bad(
        errors.SamplesUnfit,
        r"samples .*: a sample has shape \[4\] where input in0 float32 \[1, 5\] has 5 elements",
        replaced={"inputs": (InputSpec("in0", (1, 5), "float32"),)},
    ),
    "samples of another type": Bad(
        errors.SamplesUnfit,
        r"samples .*: its type is float32 where input in0 int32 \[1, 4\] is int32",
        replaced={"inputs": (InputSpec("in0", (1, 4), "int32"),)},
    ),
    "no samples": Bad(
        errors.SamplesUnfit,
        r"samples /nowhere\.npy: not a \.npy file that can be read .*",
        replaced={"samples": (Path("/nowhere.npy"),)},
    ),
    "answers NaN": Bad(
        errors.ReferenceNotFinite,
        r"nets:NotANumber itself answers with NaN .*: 36 values of output 0, first for sample 0",
        "diverged",
        network="NotANumber",
    ),
    "Python in construct": Bad(
        errors.ExportFailed,
        r"MindSpore cannot export nets:Dynamic at .*nets\.py:\d+: .+",
        network="Dynamic",
        exit_code=4,
    ),
    "branches": Bad(
        errors.OperatorUnsupported,
        r".*operator Switch at Default.*what runs next depends on values.*",
        "ops.where",
        network="Branching",
        exit_code=4,
    ),
    "operators that the converter lacks": Bad(
        errors.OperatorUnsupported,
        r".*Lgamma at Default.*the converter has no such operator.*",
        network="Mirrored",
        exit_code=4,
    ),
    "crashes": Bad(
        errors.WorkerCrashed,
        r"the process that ran nets:crashes died \(SIGABRT\)",
        "its last words are in",
        network="crashes",
        exit_code=4,
    ),
    "vanishes": Bad(
        errors.WorkerCrashed,
        r".*exited with code 0 and no answer.*",
        network="vanishes",
        exit_code=4,
    ),
    "hangs": Bad(
        errors.WorkerTimeout,
        r"nets:hangs was not exported within 6 s",
        "wait for something",
        network="hangs",
        deadline_s=6,
        exit_code=4,
    ),
    "no MindSpore": Bad(
        errors.MindSporeMissing,
        r"MindSpore cannot be used: it is not installed",
        "pip install",
        replaced={"python_path": "mindspore absent"},
        exit_code=4,
    ),
    "a broken MindSpore": Bad(
        errors.MindSporeMissing,
        r"MindSpore cannot be used: libgomp\.so\.1: cannot open shared object file",
        replaced={"python_path": "mindspore damaged"},
        exit_code=4,
    ),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bad")


@pytest.fixture(scope="module")
def caught(
    request_for: Callable[..., ExportRequest], checkpoints: Path, folder: Path
) -> dict[str, Future[Any]]:
    """What came of every case; two run at a time."""
    libraries = _fake_mindspores(folder)

    def run(name: str, bad: Bad) -> tuple[Any, str]:
        replaced = dict(bad.replaced)
        if replaced.get("samples") == "dense":
            replaced["samples"] = request_for("Dense").samples
        if isinstance(replaced.get("python_path"), str):
            replaced["python_path"] = (libraries[replaced["python_path"]], USER)
        if replaced.get("factory") == "broken:network":
            broken = folder / "broken.py"
            broken.write_bytes((USER / "broken.py.txt").read_bytes())
            replaced["python_path"] = (folder,)
        if bad.checkpoint:
            replaced["checkpoint"] = checkpoints / bad.checkpoint
        request = request_for(bad.network, **replaced)
        log = folder / f"{name}.log"
        try:
            export_checkpoint(request, folder / name, deadline_s=bad.deadline_s, log=log)
        except PipelineError as error:
            return error, log.read_text() if log.exists() else ""
        return None, log.read_text()

    with ThreadPoolExecutor(2) as pool:
        return {name: pool.submit(run, name, bad) for name, bad in CASES.items()}


def _fake_mindspores(folder: Path) -> dict[str, Path]:
    texts = {
        "mindspore absent": "raise ModuleNotFoundError('no mindspore', name='mindspore')\n",
        "mindspore damaged": "raise ImportError('libgomp.so.1: cannot open shared object file')\n",
    }
    for name, text in texts.items():
        package = folder / name / "mindspore"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text(text)
    return {name: folder / name for name in texts}


@pytest.mark.parametrize("name", CASES)
def test_each_has_its_error(caught, name):
    bad = CASES[name]
    error, _ = caught[name].result()
    assert type(error) is bad.error, error
    assert re.fullmatch(bad.message, str(error)), str(error)
    assert bad.hint in error.hint
    assert error.exit_code == bad.exit_code
    assert isinstance(error, UsageError if bad.exit_code == 2 else ToolchainError)
    for text in (str(error), error.hint):
        assert "\n" not in text
        assert "Traceback" not in text
        assert len(text) < 1000


def test_the_log_keeps_the_whole(caught):
    for name in ("raises", "wrong shape", "Python in construct", "imports what is not there"):
        _, log = caught[name].result()
        assert "Traceback (most recent call last)" in log, name
    assert "this will take a while" in caught["hangs"].result()[1]
    assert "about to go" in caught["vanishes"].result()[1]


def test_nothing_is_left(caught, folder):
    for name in CASES:
        caught[name].result()
        assert not any((folder / name).glob("*")), name
    assert Path("rank_0").exists() is HAD_RANK_0


@pytest.mark.parametrize(
    "error",
    [
        errors.CheckpointMismatch(Path("/a.ckpt"), "a:b", ("x",), ("y", "z"), ("w is",)),
        errors.NotACheckpoint(Path("/a.ckpt"), "text"),
        errors.ReferenceNotFinite("a:b", 0, 3, 1),
        errors.OperatorUnsupported((errors.Unmapped("A", "Default/b", "why", "do"),)),
        errors.MindSporeMissing(),
    ],
)
def test_errors_cross_from_the_worker_as_they_are(error):
    back = errors.decode(errors.encode(error))
    assert type(back) is type(error)
    assert (str(back), back.hint, back.facts()) == (str(error), error.hint, error.facts())


def test_samples_of_different_counts(request_for, samples, tmp_path):
    left, right = samples(((1, 2), (1, 4)))
    fewer = tmp_path / "fewer.npy"
    np.save(fewer, np.load(right)[:5])
    request = request_for("TwoInputs", samples=(left, fewer))
    with pytest.raises(errors.SamplesUnfit, match=r"5 samples where .* has 9"):
        export_checkpoint(request, tmp_path / "out", deadline_s=60, log=tmp_path / "log")
