"""What the terminal shows of a training."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from pipeline.chain.recover import Recovered
from pipeline.cli import recover_tables
from pipeline.stages.recover.state import Epoch, Step

FOUND = Recovered(
    name="digits",
    recipe="one-bit",
    run_folder=Path("runs/x"),
    float_percent=99.0,
    before_percent=58.0,
    trained_percent=98.0,
    after_percent=98.0,
    n=100,
    size_bytes=1000,
    float_bytes=16000,
    epochs=(Epoch(0, None, 58, 100, 1.0), Epoch(1, 0.5, 98, 100, 2.0), Epoch(2, 0.4, 97, 100, 2.0)),
    best_epoch=1,
    seconds=5.0,
    checkpoint=Path("x.ckpt"),
    checkpoint_sha256="0" * 64,
    model=Path("x.ms"),
    failures=(),
    steps=(
        Step("as it is", 58, 100, True, "", 1.0),
        Step("equalization", 61, 100, True, "", 1.0),
        Step("statistics", None, 100, False, "the network has no batch norm", 0.0),
        Step("bias", 60, 100, False, "", 1.0),
    ),
    enough_percent=98.5,
)


def shown(value: Recovered) -> str:
    console = Console(width=120, record=True, file=io.StringIO())
    for part in recover_tables.recovered(value):
        console.print(part)
    return console.export_text()


def test_epochs_models_and_verdict() -> None:
    lines = shown(FOUND).splitlines()
    rows = {words[0]: words for line in lines if (words := line.split())}
    assert rows["0"][1:] == ["58.00", "%", "1.0", "untrained"]
    assert rows["1"][1:] == ["0.5000", "98.00", "%", "2.0", "best"]
    assert rows["equalization"][1:] == ["61.00", "%", "1.0", "kept"]
    assert rows["bias"][1:] == ["60.00", "%", "1.0", "not", "kept"]
    assert "no batch norm" in " ".join(rows["statistics"])
    assert any("one-bit, before" in line and "-41.00" in line for line in lines)
    assert any("one-bit, recovered" in line and "16.00x" in line for line in lines)
    assert "recovered: -1.00 points against the float network (2 epochs in 5 s)" in lines


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (replace(FOUND, failures=("accuracy fell by 1.00 points",)), "limit not met: accuracy"),
        (replace(FOUND, before_percent=None), "unusable"),
    ],
)
def test_a_missed_limit_and_an_unusable_model_are_named(value: Recovered, text: str) -> None:
    assert text in shown(value)


def test_without_training_there_are_no_epochs_to_show() -> None:
    text = shown(replace(FOUND, epochs=FOUND.epochs[:1], best_epoch=0))
    assert "without training" in text and "loss" not in text


def test_json_says_what_was_met() -> None:
    assert FOUND.as_json()["verdict"] == "met"
    assert replace(FOUND, failures=("x",)).as_json()["verdict"] == "not met"
    assert FOUND.as_json()["accuracy_drop_points"] == 1.0
    assert [epoch["loss"] for epoch in FOUND.as_json()["epochs"]] == [None, 0.5, 0.4]
    assert [step["kept"] for step in FOUND.as_json()["steps"]] == [True, True, False, False]
    assert FOUND.as_json()["steps"][2]["accuracy_percent"] is None
