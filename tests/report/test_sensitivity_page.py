"""The page of each layer alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.report.sensitivity import Layers, sensitivity_page
from pipeline.search.sensitivity import LayerCost
from tests.report import made


def layers(count: int) -> Layers:
    return Layers("flowers", "weight-4", 97.5, 1200, made.costs(count), made.spreads(count), "host")


def test_the_verdict_names_the_costliest() -> None:
    shown = [
        LayerCost("Default/fc1-Dense/MatMul-op0", "MatMul", "4 bits", 8, 4, 0.1, 0.9, 0.95),
        LayerCost("Default/fc2-Dense/MatMul-op0", "MatMul", "4 bits", 8, 4, 0.4, 0.9, 0.75),
        LayerCost("Default/fc3-Dense/MatMul-op0", "MatMul", "4 bits", 8, 4, failed="it crashed"),
    ]
    text = made.read(sensitivity_page(replace(layers(0), costs=shown), made.AGAIN)).text
    assert "Costs most: fc2 with 1 - cosine of 0.25 and +0.40 points of accuracy lost" in text
    assert "3 layers, each alone, 1,200 samples on host; the float model has 97.50 %" in text
    assert "without figures: 1" in text and "failed: it crashed" in text
    assert "in the order of the model, each as 4 bits" in text


def test_settings_are_a_column_where_they_differ() -> None:
    first, second = made.costs(2)
    differ = replace(layers(0), costs=[first, replace(second, setting="codebook of 8")])
    text = made.read(sensitivity_page(differ, made.AGAIN)).text
    assert "stored as" in text and "codebook of 8" in text


def test_weights_and_activations_are_apart() -> None:
    weights = made.spreads(3)
    both = [*weights, *(replace(one, kind="activation") for one in weights)]
    seen = made.read(sensitivity_page(replace(layers(3), spreads=both), made.AGAIN))
    assert "How weight values are spread" in seen.text
    assert "How activation values are spread" in seen.text
    assert seen.tags.count("figure") == 4
    none = made.read(sensitivity_page(replace(layers(3), spreads=()), made.AGAIN))
    assert none.tags.count("figure") == 2


def test_noise_is_drawn_only_where_it_is_known() -> None:
    unknown = [replace(cost, sqnr_db=None) for cost in made.costs(3)]
    wished = replace(layers(3), costs=unknown, spreads=())
    assert made.read(sensitivity_page(wished, made.AGAIN)).tags.count("figure") == 1


def test_failures_alone_are_told() -> None:
    failed = [replace(cost, failed="it crashed") for cost in made.costs(2)]
    text = sensitivity_page(replace(layers(2), costs=failed), made.AGAIN)
    assert "No layer has figures." in made.read(text).text
    assert 'class="verdict bad"' in text


@pytest.mark.parametrize("name", made.HOSTILE)
def test_hostile_names_stay_text(name: str) -> None:
    (cost,), (spread,) = made.costs(1), made.spreads(1)
    shown = [
        replace(cost, node=name, operator=name, setting=name),
        replace(cost, node=name, failed=name),
    ]
    wished = Layers(name, name, 1.0, 1, shown, [replace(spread, name=name)], name)
    made.read(sensitivity_page(wished, made.AGAIN))


def test_60_layers_stay_below_a_megabyte_and_more_are_not_drawn() -> None:
    text = sensitivity_page(replace(layers(60), spreads=made.spreads(61)), made.AGAIN)
    assert len(text.encode()) < 1_000_000
    assert "The first 60 of 61 layers." in text


def test_the_same_input_gives_the_same_page() -> None:
    assert sensitivity_page(layers(4), made.AGAIN) == sensitivity_page(layers(4), made.AGAIN)
