"""Networks trained for quantized weights, for real: what is won back, kept and repeated."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.conftest import DIGITS, ROOT, Cli, environment

pytestmark = [pytest.mark.xdist_group("e2e"), pytest.mark.slow]

CODE = """
import json, sys
from pathlib import Path
from pipeline.chain.recover import recover
from pipeline.config.recover import Recover
from pipeline.core.errors import PipelineError
from pipeline.core.events import Silent

class Lines(Silent):
    def finished(self, step, subject, *, reused, note, seconds):
        # Lines of several threads must not run into each other.
        sys.stdout.write(json.dumps([step, subject, reused]) + "\\n")
        sys.stdout.flush()

config, recipe, training, workspace = sys.argv[1:]
try:
    found = recover(Path(config), recipe=recipe, training=Recover.model_validate_json(training),
                    workspace=Path(workspace), listener=Lines()).as_json()
except PipelineError as error:
    found = {"error": type(error).__name__, "code": error.exit_code, "message": str(error)}
print(json.dumps(found), flush=True)
"""
SHORT = {"data": {"function": "examples.digits.data:train", "limit": 320}, "epochs": 3, "seed": 4}
ONE_BIT = "quantization: weight\nquantizer: pipeline\nbits: 1\nper_channel: true\n"
#: What the example's checkpoint was trained for.
ORIGINAL_EPOCHS = 30


def command(config: Path, recipe: object, training: dict[str, Any], workspace: Path) -> list[str]:
    words = (config, recipe, json.dumps(training), workspace)
    return [sys.executable, "-c", CODE, *map(str, words)]


def recover(*arguments: Any) -> tuple[Any, list[Any]]:
    """The JSON of the outcome, and what a listener was told had finished."""
    done = subprocess.run(
        command(*arguments),
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    *events, found = map(json.loads, done.stdout.splitlines())
    return found, events


def epochs_told(events: list[Any]) -> list[str]:
    return [subject.rpartition(" ")[2] for step, subject, _ in events if step == "epoch"]


def test_the_command_ends_with_code_1_where_a_limit_is_missed(fresh: Cli, tmp_path: Path) -> None:
    config = yaml.safe_load(DIGITS.with_name("recover.yaml").read_text())
    config["network"]["checkpoint"] = str(DIGITS.with_name("lenet5.ckpt"))
    config["python_path"] = [str(ROOT)]
    config["limits"] = {"accuracy_drop_points": 0}
    config["recover"] |= {"data": SHORT["data"], "epochs": 1, "rate": 1e-9, "free": []}
    path = tmp_path / "deploy.yaml"
    path.write_text(yaml.safe_dump(config))
    done = fresh("recover", path, "--recipe", "codebook-2", "--json")
    assert done.code == 1, done.err
    assert done.json["verdict"] == "not met" and done.json["failures"]


@pytest.fixture(scope="module")
def one_bit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recipes") / "one-bit.yaml"
    path.write_text(ONE_BIT)
    return path


@pytest.fixture(scope="module")
def unkilled(toolchain: None, one_bit: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    workspace = tmp_path_factory.mktemp("unkilled")
    return *recover(DIGITS, one_bit, SHORT, workspace), workspace


@pytest.mark.parametrize(
    ("recipe", "loses", "smaller", "before"),
    [("codebook-2", 0.5, 10, 0.5), ("one_bit", 3, 10, 10)],
)
def test_few_bits_come_near_the_float_network_in_a_fifth_of_the_epochs(
    toolchain: None,
    one_bit: Path,
    tmp_path: Path,
    recipe: str,
    loses: float,
    smaller: float,
    before: float,
) -> None:
    config = DIGITS.with_name("recover.yaml")
    how = yaml.safe_load(config.read_text())["recover"]
    float_percent = 100 * 357 / 359
    how |= {"train": "if-needed", "target_percent": float_percent - loses}
    found, events = recover(config, one_bit if recipe == "one_bit" else recipe, how, tmp_path)
    assert found["float_accuracy_percent"] == pytest.approx(float_percent, abs=1e-3)
    assert found["before_accuracy_percent"] <= float_percent - before
    assert found["accuracy_percent"] >= float_percent - loses - 1e-3
    assert abs(found["accuracy_percent"] - found["trained_accuracy_percent"]) <= 0.1
    assert found["agreement"]["cosine_min"] > 0.999
    assert found["size_bytes"] < found["float_bytes"] / smaller
    assert Path(found["model"]).stat().st_size == found["size_bytes"]
    # It ends at its target.
    epochs = found["epochs"]
    assert len(epochs) - 1 < ORIGINAL_EPOCHS / 5
    assert all(one["accuracy_percent"] < found["enough_percent"] for one in epochs[:-1])
    assert epochs_told(events)[-1] == f"{len(epochs) - 1}/{how['epochs']}"


def test_steps_without_training_win_back_a_part_and_only_what_helps_is_kept(unkilled: Any) -> None:
    found = unkilled[0]
    steps = {step["name"]: step for step in found["steps"]}
    assert list(steps) == ["as it is", "equalization", "statistics", "bias"]
    assert steps["statistics"]["note"] == "the network has no batch norm"
    assert steps["as it is"]["accuracy_percent"] == found["before_accuracy_percent"]
    best = 0.0
    for step in steps.values():
        percent = step["accuracy_percent"]
        assert step["kept"] is (percent is not None and percent > best)
        best = max(best, percent or 0.0)
    assert best > found["before_accuracy_percent"] + 10
    assert found["epochs"][0]["accuracy_percent"] == best


def test_what_is_unchanged_is_not_trained_again(unkilled: Any, one_bit: Path) -> None:
    found, events, workspace = unkilled
    assert epochs_told(events) == ["0/3", "1/3", "2/3", "3/3"]
    again, told = recover(DIGITS, one_bit, SHORT, workspace)
    assert all(reused for _, _, reused in told)
    assert again["checkpoint_sha256"] == found["checkpoint_sha256"]
    assert not list((workspace / ".recovering").iterdir())


def test_killed_after_an_epoch_it_goes_on_and_ends_the_same(unkilled: Any, tmp_path: Path) -> None:
    how, chosen = {**SHORT, "epochs": 2, "train": "always"}, Path("full-8")
    whole, _ = recover(DIGITS, chosen, how, unkilled[2])
    assert whole["agreement"]["cosine_min"] > 0.999
    assert abs(whole["accuracy_percent"] - whole["trained_accuracy_percent"]) <= 0.3
    assert whole["accuracy_percent"] >= whole["float_accuracy_percent"] - 0.2
    with subprocess.Popen(
        command(DIGITS, chosen, how, tmp_path),
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as running:
        assert running.stdout is not None
        for line in running.stdout:
            if '"epoch"' in line and f"1/{how['epochs']}" in line:
                os.kill(running.pid, signal.SIGKILL)
                break
    assert running.returncode == -signal.SIGKILL
    found, events = recover(DIGITS, chosen, how, tmp_path)
    first = epochs_told(events)[0]
    assert first == f"2/{how['epochs']}"
    assert found["checkpoint_sha256"] == whole["checkpoint_sha256"]
    assert [one["loss"] for one in found["epochs"]] == [one["loss"] for one in whole["epochs"]]
    assert Path(found["model"]).read_bytes() == Path(whole["model"]).read_bytes()


def test_a_deployment_recovers_what_misses_a_limit_and_does_it_once(
    fresh: Cli, one_bit: Path, tmp_path: Path
) -> None:
    config = yaml.safe_load(DIGITS.with_name("recover.yaml").read_text())
    config["network"]["checkpoint"] = str(DIGITS.with_name("lenet5.ckpt"))
    config["python_path"] = [str(ROOT)]
    config["recipes"] = ["fp32", str(one_bit)]
    config["limits"] = {"accuracy_drop_points": 30}
    config["recover"] |= {"data": SHORT["data"], "train": "if-needed"}
    path = tmp_path / "deploy.yaml"
    path.write_text(yaml.safe_dump(config))
    done = fresh("convert", path, "--json")
    assert done.code == 0, done.err
    float_model, small = done.json["models"]
    assert [float_model["recovered"], small["recovered"]] == [False, True]
    manifest = json.loads((Path(done.json["run_folder"]) / "manifest.json").read_text())
    (told,) = manifest["recovered"]
    assert told["before_accuracy_percent"] < manifest["checkpoint_accuracy_percent"] - 30
    assert told["accuracy_percent"] == pytest.approx(small["accuracy_percent"], abs=1e-3)
    assert Path(small["path"]).with_suffix(".ckpt").is_file()
    again = fresh("convert", path, "--json")
    manifest = json.loads((Path(again.json["run_folder"]) / "manifest.json").read_text())
    assert all(stage["reused"] for stage in manifest["stages"])
    assert again.json["models"][1]["sha256"] == small["sha256"]


def test_what_is_good_enough_already_is_not_trained(unkilled: Any, one_bit: Path) -> None:
    how = {**SHORT, "target_percent": 30, "free": []}
    found, events = recover(DIGITS, one_bit, how, unkilled[2])
    assert epochs_told(events) == ["0/3"]
    assert found["best_epoch"] == 0
    assert found["accuracy_percent"] == found["before_accuracy_percent"]


FUNCTIONS = "tests.recover.networks"


@pytest.mark.parametrize(
    ("more", "error", "code", "text"),
    [
        ({"loss": f"{FUNCTIONS}:broken"}, "TrainingDiverged", 5, "step 1 of epoch 1"),
        ({"loss": f"{FUNCTIONS}:brokken"}, "FunctionUnusable", 2, "did you mean `broken`"),
        ({"loss": f"{FUNCTIONS}:failing"}, "TrainingFailed", 4, "networks.py:"),
        ({"optimizer": f"{FUNCTIONS}:no_optimizer"}, "FunctionUnusable", 2, "gave a str"),
        ({"schedule": "nowhere:at_all"}, "FunctionUnusable", 2, "no module `nowhere`"),
        ({"batch": 400}, "TrainingSetUnfit", 5, "320 samples are less than a batch of 400"),
        ({"data": "examples.digits.data:nothing"}, "DataFunctionNotFound", 2, "nothing"),
    ],
)
def test_what_is_wrong_with_a_training_is_said(
    unkilled: Any, one_bit: Path, more: Any, error: str, code: int, text: str
) -> None:
    found, _ = recover(DIGITS, one_bit, {**SHORT, "free": [], **more}, unkilled[2])
    assert (found["error"], found["code"]) == (error, code)
    assert text in found["message"]


def test_batch_norms_that_the_converter_folds(
    toolchain: None, one_bit: Path, tmp_path: Path
) -> None:
    checkpoint = tmp_path / "normed.ckpt"
    code = [sys.executable, "-m", "tests.recover.networks", str(checkpoint)]
    subprocess.run(code, cwd=ROOT, env=environment(), check=True, capture_output=True)
    deployment = {
        "name": "normed",
        "network": {"factory": "tests.recover.networks:Normed", "checkpoint": str(checkpoint)},
        "inputs": [{"name": "images", "shape": [1, 1, 28, 28]}],
        "data": {"test": "examples.digits.data:test"},
        "recipes": ["fp32"],
        "python_path": [str(ROOT)],
    }
    config = tmp_path / "deploy.yaml"
    config.write_text(yaml.safe_dump(deployment))
    functions = {
        "loss": "tests.recover.networks:smoothed",
        "optimizer": "tests.recover.networks:momentum",
        "schedule": "tests.recover.networks:halves",
    }
    how = {**SHORT, **functions, "rate": 0.01, "distillation": {"weight": 0.1}}
    how |= {"train": "always"}
    found, _ = recover(config, one_bit, how, tmp_path / "runs")
    assert all(step["accuracy_percent"] is not None for step in found["steps"][2:])
    assert found["best_epoch"] > 0
    assert found["accuracy_percent"] > found["before_accuracy_percent"]
    assert abs(found["accuracy_percent"] - found["trained_accuracy_percent"]) <= 0.1
    manifest = json.loads((Path(found["run_folder"]) / "manifest.json").read_text())
    assert manifest["stages"][-2]["stage"] == "convert"
