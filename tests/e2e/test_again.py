"""What is done is not done again; what was interrupted goes on."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import DIGITS, QUICK, ROOT, Cli, environment

pytestmark = pytest.mark.slow


def stages(cli: Cli) -> dict[str, list[bool]]:
    manifest = json.loads((cli.workspace / "latest" / "manifest.json").read_text())
    reused: dict[str, list[bool]] = {}
    for line in manifest["stages"]:
        reused.setdefault(line["stage"], []).append(line["reused"])
    return reused


@pytest.fixture
def no_mindspore(tmp_path: Path) -> dict[str, str]:
    """An environment in which importing MindSpore fails."""
    (tmp_path / "poison").mkdir()
    (tmp_path / "poison" / "mindspore.py").write_text("raise RuntimeError('imported')\n")
    return {"PYTHONPATH": f"{tmp_path / 'poison'}:{ROOT}"}


def test_the_second_deployment_runs_the_benchmark_alone(
    copy: Cli, no_mindspore: dict[str, str]
) -> None:
    before = copy.models()
    done = copy("deploy", DIGITS, *QUICK, "--json", env=no_mindspore)
    assert done.code == 0, done.err
    assert all(all(reused) for reused in stages(copy).values())
    assert copy.models() == before
    assert {m["benchmark"]["sent_bytes"] for m in done.json["models"]} == {0}


def test_a_changed_recipe_redoes_only_what_depends_on_it(copy: Cli, tmp_path: Path) -> None:
    example = tmp_path / "digits"
    shutil.copytree(DIGITS.parent, example)
    shutil.copytree(ROOT / "configs", example / "configs")
    recipe = example / "configs" / "quantization" / "full-8.yaml"
    recipe.write_text(recipe.read_text().replace("KL", "MAX_MIN"))
    config = example / "deploy.yaml"
    config.write_text(config.read_text().replace("[../..]", f"[{ROOT}]"))
    first = copy("deploy", config, *QUICK, "--json")
    assert first.code == 0, first.err
    recipe.write_text(recipe.read_text().replace("MAX_MIN", "REMOVAL_OUTLIER"))
    second = copy("deploy", config, *QUICK, "--json")
    assert second.code == 0, second.err
    reused = stages(copy)
    assert reused["convert"].count(False) == 1
    assert reused["evaluate"].count(False) == 1
    assert all(all(reused[name]) for name in ("data", "checkpoint", "samples", "calibration"))
    sent = {m["name"]: m["benchmark"]["sent_bytes"] for m in second.json["models"]}
    assert [name for name, size in sent.items() if size] == ["full-8"]


def test_a_damaged_result_is_made_again_and_not_trusted(copy: Cli) -> None:
    before = copy.models()
    for model in (copy.workspace / ".store" / "convert").glob("*/model.ms"):
        model.chmod(0o644)
        model.write_bytes(model.read_bytes()[:1000])
    done = copy("deploy", DIGITS, *QUICK, "--json")
    assert done.code == 0, done.err
    assert copy.models() == before
    # Six lines, but fp32 is what the baseline has just made.
    assert stages(copy)["convert"].count(False) == 5


def test_killed_at_any_moment_the_next_call_finishes_it(
    deployed: tuple[Cli, Any], fresh: Cli
) -> None:
    expected = deployed[0].models()
    command = fresh.command("deploy", DIGITS, *QUICK, "--json")
    chance = random.Random(7)
    kills = 0
    for _ in range(8):
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        time.sleep(chance.uniform(0.2, 4.0))
        kills += process.poll() is None
        # The whole group, as when a machine goes down; children have groups of their own.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert kills >= 4
    done = fresh("deploy", DIGITS, *QUICK, "--json")
    assert done.code == 0, done.err
    assert fresh.models() == expected
    assert fresh.litter() == []


@pytest.mark.parametrize("after_s", [0.3, 1.0, 3.0, 6.0])
def test_ctrl_c_ends_it_at_once_and_keeps_what_is_finished(fresh: Cli, after_s: float) -> None:
    process = subprocess.Popen(
        fresh.command("deploy", DIGITS, *QUICK, "--json"),
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Also where who started the tests ignores Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    time.sleep(after_s)
    process.send_signal(signal.SIGINT)
    begun = time.monotonic()
    out, err = process.communicate(timeout=30)
    assert time.monotonic() - begun < 10
    # So early it may still be Python that starts, which ends with 1 and a traceback.
    early = after_s < 0.5
    assert process.returncode in (130, -signal.SIGINT, *([1] if early else [])), err
    assert "Traceback" not in err or early
    assert fresh.litter() == []
    if out:
        assert json.loads(out)["error"] == "Interrupted"
