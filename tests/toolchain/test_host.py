"""A model is run on this machine in one process, and what comes back is checked."""

from __future__ import annotations

import array
import errno
import json
from pathlib import Path

import pytest

from pipeline.core.errors import LocalDiskFull, ToolchainError
from pipeline.toolchain import host
from pipeline.toolchain.errors import HostRunFailed, ModelUnusable
from tests.fakes import IMAGE, SCORES, fake_toolchain, model_bytes

_RECORD = """\
import sys, json

flags = dict(part[2:].partition("=")[::2] for part in sys.argv[1:])
open(flags["resultFile"], "w").write({record!r})
sys.exit({code})
"""


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "lenet 5.ms"
    path.write_bytes(model_bytes(factor=2.0))
    return path


def test_a_model_tells_its_inputs_and_outputs(tmp_path, model):
    found = host.describe(fake_toolchain(tmp_path), model)
    assert (found.inputs, found.outputs) == ((IMAGE,), (SCORES,))
    assert found.runtime == str(tmp_path / "libruntime.so")
    assert found.samples_ns == ()  # nothing was run


def test_every_sample_is_run_once(tmp_path, model):
    samples = tmp_path / "samples.bin"
    samples.write_bytes(array.array("f", range(8)).tobytes())
    found = host.infer(fake_toolchain(tmp_path), model, (samples,), tmp_path / "out.bin")
    assert len(found.samples_ns) == 2
    assert (found.threads, found.bind_mode, found.warm_up) == (1, 0, 0)
    outputs = array.array("f", (tmp_path / "out.bin").read_bytes())
    assert outputs.tolist() == [0.0, 2.0, 4.0, 8.0, 10.0, 12.0]


def _failed(stage: str) -> str:
    """The record of a run that failed, and the code that goes with it."""
    error = {"stage": stage, "code": -1, "message": "corrupt"}
    record = json.dumps({"schema": 1, "status": "failed", "error": error})
    return _RECORD.format(record=record, code=1)


FAILURES = {
    "a crash": ("kill -SEGV $$", HostRunFailed, "was ended by SIGSEGV"),
    "an error code": (
        "echo no runtime >&2; exit 3",
        HostRunFailed,
        "ended with code 3: no runtime",
    ),
    "silence": ("exit 0", HostRunFailed, "ended with code 0: no output at all"),
    "a hang": ("sleep 60", HostRunFailed, "was not done after 0."),
    "output without end": ("exec yes", HostRunFailed, "wrote without end"),
    "a full disk": (
        "echo 'x: No space left on device' >&2; exit 1",
        LocalDiskFull,
        "no space left",
    ),
    "a recorded failure": (_failed("load"), ModelUnusable, "load: corrupt"),
    "outputs that cannot be written": (_failed("output"), HostRunFailed, "corrupt"),
    "a record of garbage": (
        _RECORD.format(record="garbage", code=0),
        HostRunFailed,
        "not a runner's record",
    ),
    "an empty record": (_RECORD.format(record="", code=0), HostRunFailed, "not a runner's record"),
}


@pytest.mark.parametrize(("body", "kind", "text"), FAILURES.values(), ids=FAILURES)
def test_a_run_that_fails_is_told(tmp_path, model, body, kind, text, small_output_limit):
    toolchain = fake_toolchain(tmp_path, runner=body)
    deadline_s = 0.3 if "sleep" in body else 20.0
    with pytest.raises(ToolchainError, match=text) as caught:
        host.describe(toolchain, model, deadline_s)
    assert type(caught.value) is kind


def test_a_success_that_is_followed_by_a_crash_is_none(tmp_path, model):
    good = fake_toolchain(tmp_path / "good").runner
    toolchain = fake_toolchain(tmp_path, runner=f'{good} "$@"; kill -SEGV $$')
    with pytest.raises(HostRunFailed, match="was ended by SIGSEGV after it had recorded success"):
        host.describe(toolchain, model)


def test_no_file_of_a_run_stays(tmp_path, model, monkeypatch):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    host.describe(fake_toolchain(tmp_path), model)
    with pytest.raises(HostRunFailed):
        host.describe(fake_toolchain(tmp_path, runner="exit 1"), model)
    assert not list(scratch.iterdir())


def test_a_runner_that_is_not_there_is_an_os_error(tmp_path, model):
    toolchain = fake_toolchain(tmp_path)
    toolchain.runner.unlink()
    with pytest.raises(OSError, match="runner") as caught:
        host.describe(toolchain, model)
    assert caught.value.errno == errno.ENOENT
