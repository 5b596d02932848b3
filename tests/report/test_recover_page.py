"""The page of a recovery."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.report.recover import FreeStep, Recovery, recover_page
from pipeline.stages.recover.state import Epoch
from tests.report import made

EPOCHS = (
    Epoch(0, None, 80, 100, 1.0),
    Epoch(1, 0.5, 95, 100, 2.0),
    Epoch(2, 0.2, 94, 100, 2.0),
)
FOUND = Recovery(
    name="flowers",
    recipe="codebook-2",
    float_percent=98.5,
    before_percent=81.25,
    after_percent=96.75,
    n=400,
    float_bytes=250_000,
    size_bytes=17_000,
    epochs=EPOCHS,
    best_epoch=1,
    steps=(
        FreeStep("bias correction", 83.0, kept=True),
        FreeStep("batch norm", None, kept=False, note="the network has none"),
    ),
)


def text(found: Recovery) -> str:
    return made.read(recover_page(found, made.AGAIN)).text


def test_the_verdict_has_the_figures() -> None:
    told = (
        "Recovered: codebook-2 has 96.75 % of 400 samples, -1.75 points against the float network"
    )
    assert f"{told}, 14.71x smaller; before 81.25 % (2 epochs in 5 s)." in text(FOUND)
    assert made.AGAIN.command in text(FOUND)


def test_steps_and_epochs_are_told_in_order() -> None:
    page = recover_page(FOUND, made.AGAIN)
    marks = ["Before and after", "bias correction", "the network has none", "Training", "0.5000"]
    places = [page.index(f"{mark}<") for mark in marks]
    assert places == sorted(places)
    kept = '<tr class="good"><th scope="row" class="n">1</th><td class="n">0.5000</td>'
    assert kept in page and page.count('tr class="good"') == 2
    assert page.count("<figure>") == 1


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"before_percent": None}, ["before it was no usable model", "unusable"]),
        ({"failures": ("accuracy is 1.75 points down",)}, ["Limit not met: accuracy is 1.75"]),
        ({"epochs": EPOCHS[:1], "best_epoch": 0}, ["(without training)", "Nothing was trained"]),
        ({"epochs": (), "best_epoch": 0}, ["(without training)", "Nothing was trained"]),
        ({"after_percent": 100.0}, ["+1.50 points against"]),
    ],
)
def test_other_endings(changed: dict[str, object], words: list[str]) -> None:
    told = text(replace(FOUND, **changed))  # type: ignore[arg-type]
    assert all(word in told for word in words)


def test_without_steps_there_is_no_section_of_them() -> None:
    assert "Without training" in text(FOUND)
    assert "Without training" not in text(replace(FOUND, steps=()))


@pytest.mark.parametrize("name", made.HOSTILE)
def test_hostile_names_stay_text(name: str) -> None:
    step = FreeStep(name, None, kept=False, note=name)
    found = replace(FOUND, name=name, recipe=name, steps=(step,), failures=(name,))
    made.read(recover_page(replace(found, epochs=()), made.AGAIN))
