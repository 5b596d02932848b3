"""The experiment: its plan, what is kept of it, its table, and that it goes on where it stopped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from examples.experiment import runner, speed_table
from examples.experiment.claims import claims
from examples.experiment.plan import FLIPPED_WAY, WAYS, Augmentation, Cell, Plan
from examples.experiment.result import Result, chosen, spread, summaries
from examples.experiment.runner import Experiment, run
from examples.experiment.samples import Samples
from examples.experiment.speed import Graphs, Speed
from examples.experiment.table import (
    BEGIN,
    END,
    Circumstances,
    NoPlaceForTable,
    markdown,
    put,
)
from pipeline.config.recover import Recover
from pipeline.core.errors import FileMissing
from pipeline.statistics.ratios import Estimate

ABOUT = Circumstances("digits", 359, 2, 30, 6)
RESULT = Result(
    seed=1,
    way="codebook-2",
    augmentation=Augmentation.NONE,
    float_percent=99.0,
    float_bytes=250_000,
    quantized_percent=90.0,
    quantized_bytes=25_100,
    tuned_percent=98.5,
    tuned_bytes=25_000,
    n=359,
    curve=(89.0, 97.0, 98.0),
    seconds=3.5,
    quantized_model="runs/a.ms",
    tuned_model="runs/b.ms",
    tuned_checkpoint="runs/b.ckpt",
)


def test_every_cell_is_planned_once_and_seed_by_seed() -> None:
    plan = Plan()
    cells = plan.cells()
    assert len({cell.name for cell in cells}) == len(cells)
    assert [cell.seed for cell in cells] == sorted(cell.seed for cell in cells)
    assert len(plan.seeds) >= 5
    for seed in plan.seeds:
        for way in WAYS.values():
            tried = {c.augmentation for c in cells if c.seed == seed and c.way == way}
            assert Augmentation.NONE in tried
            few = way.bits <= 3 or way.name == "full-8"
            assert (Augmentation.MOVED in tried) is few
            assert (Augmentation.FLIPPED in tried) is (way.name == FLIPPED_WAY)


@pytest.mark.parametrize("epochs", [1, 5, 10, 30, 101])
def test_fine_tuning_is_as_short_as_published(epochs: int) -> None:
    assert Plan(epochs=epochs).tuning_epochs <= max(1, epochs / 5)
    assert Plan(epochs=epochs).tuning_epochs >= epochs / 10


@pytest.mark.parametrize("augmentation", Augmentation)
def test_a_training_is_one_that_the_pipeline_knows(augmentation: Augmentation) -> None:
    cell = Cell(7, WAYS["codebook-2"], augmentation)
    settings = Recover.model_validate({"data": "a:b", **Plan().training(cell)})
    assert settings.seed == 7
    assert settings.augment.moves is (augmentation is not Augmentation.NONE)
    assert (settings.augment.flip == "none") is (augmentation is not Augmentation.FLIPPED)


def test_ways_name_recipes_that_are_there() -> None:
    for way in WAYS.values():
        path = Path(way.recipe)
        assert path.is_file() if path.suffix else not path.parent.name


def test_a_result_comes_back_from_its_file() -> None:
    for one in (RESULT, replace(RESULT, quantized_percent=None, quantized_model=None)):
        assert Result.from_json(one.to_json()) == one
    with pytest.raises(KeyError):
        Result.from_json({})


def test_spreads() -> None:
    assert spread([1.0, 2.0, 3.0]) == spread([3.0, 1.0, 2.0])
    assert (spread([1.0, 2.0, 3.0]).mean, spread([1.0, 2.0, 3.0]).deviation) == (2.0, 1.0)
    assert spread([5.0]).deviation is None
    with pytest.raises(ValueError, match="no values"):
        spread([])


def test_the_validation_set_chooses_not_the_test_set() -> None:
    worse = replace(
        RESULT, augmentation=Augmentation.MOVED, curve=(89.0, 98.5, 90.0), tuned_percent=95.0
    )
    assert chosen([RESULT, worse]) is worse
    (one,) = summaries([RESULT, worse])
    assert one.lost.mean == 4.0 and one.chosen.mean == 95.0
    assert one.tuned[Augmentation.NONE].mean == 98.5


def test_one_unusable_model_is_not_averaged_away() -> None:
    (one,) = summaries(
        [RESULT, replace(RESULT, seed=2, quantized_percent=None, quantized_bytes=None)]
    )
    assert one.quantized is None and one.quantized_bytes is None
    assert one.tuned[Augmentation.NONE].n == 2
    assert "| unusable |" in markdown([one], ABOUT, {})


def test_the_table_has_the_published_figures_first_then_ours() -> None:
    found = summaries([RESULT, replace(RESULT, seed=2, tuned_percent=98.7)])
    lines = markdown(found, ABOUT, {"full-8": "refused"}).splitlines()
    assert lines[2] == (
        "| *published: 8 bits, uniform* | 100 MB to 10 MB | 10x | 95 % | 90 % |  | 93 % | 2 |"
    )
    assert lines[3] == (
        "| 2 bits, codebook | 25,000 | 10.00x | 99.00 ± 0.00 % | 90.00 ± 0.00 % "
        "| 98.60 ± 0.14 % |  | **0.40 ± 0.14** |"
    )
    assert len({line.count("|") for line in lines[:4]}) == 1
    text = "\n".join(lines)
    assert "2 bits, codebook within 1: yes, 0.40" in text
    assert "10x smaller within 0.5: yes, 0.40" in text
    assert "Not run: full-8: refused." in text


def test_what_is_not_met_is_said() -> None:
    found = summaries([replace(RESULT, tuned_percent=97.0)])
    judged = claims(found)
    assert [one.met for one in judged] == [False, False]
    assert "within 1: **no**, 2.00" in markdown(found, ABOUT, {})


def test_the_largest_of_those_that_are_small_enough_counts_as_ten_times_smaller() -> None:
    small = replace(RESULT, way="codebook-1", tuned_bytes=12_000, tuned_percent=90.0)
    large = replace(RESULT, way="codebook-4", tuned_bytes=30_000)
    judged = {one.text: one.way for one in claims(summaries([RESULT, small, large]))}
    assert judged["10x smaller"] == "codebook-2"


def test_the_table_is_put_between_its_marks(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    for text in ("| new |\n", "| newer |\n"):
        put(page, text)
        assert page.read_text() == f"before\n{BEGIN}\n{text}{END}\nafter\n"


@pytest.mark.parametrize(
    "text",
    ["", "no marks\n", f"{END}\n{BEGIN}\n", f"{BEGIN}\n", f"{BEGIN}\n{END}\n{BEGIN}\n{END}\n"],
)
def test_a_page_without_a_place_is_left_alone(text: str, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(text)
    with pytest.raises(NoPlaceForTable) as caught:
        put(page, "table")
    assert caught.value.exit_code == 2 and BEGIN in caught.value.hint
    assert page.read_text() == text


def speed(where: str, counted: bool) -> Speed:
    counts = {"float": 1000, "quantized": 1500, "fine-tuned": 1500} if counted else {}
    latencies = {"float": 2e6, "quantized": 1e6, "fine-tuned": 1.5e6}
    return Speed("full-8", where, latencies, Estimate(1.5, 1.4, 1.6), counts, "cortex-a76")


@pytest.mark.parametrize(
    ("shown", "lines"),
    [
        ([], []),
        (
            [speed("device", counted=False)],
            ["8 bits, full int8: p50 (device) | 2 ms | 1 ms | 1.5 ms | 1.500 (1.400"],
        ),
        (
            [speed("emulated-host", counted=True)],
            [
                "ARM64 instructions (cortex-a76, emulated) | 1,000 | 1,500 | 1,500 | 1.0000 |",
                "p50 (emulated-host, so the ratio only) |  |  |  | 1.500 (1.400 to 1.600) |",
            ],
        ),
    ],
)
def test_speed_is_told_with_where_it_is_from(shown: list[Speed], lines: list[str]) -> None:
    text = speed_table.markdown(shown, Graphs(4, 3, 1.25))
    assert "| published: seconds on a phone | 0.1 s | 0.05 s | 0.06 s | 1.2 |" in text
    assert "3 of 4 fine-tuned models" in text and "1.2 % away" in text
    assert all(line in text for line in lines)
    assert ("2 ms" in text) is any(one.on_device for one in shown)


Run = Callable[[Experiment, Cell], Result]


@pytest.fixture
def experiment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Experiment:
    """Four cells whose networks need no training."""
    monkeypatch.setattr(runner, "_train", lambda *_: None)
    ways = (WAYS["uniform-2"], WAYS["codebook-1"])
    return Experiment(Plan(seeds=(1,), ways=ways), Samples("digits", tmp_path, "d"), tmp_path)


def counted(calls: list[str], stop_at: int = 0) -> Run:
    def one(experiment: Experiment, cell: Cell) -> Result:
        calls.append(cell.name)
        if len(calls) == stop_at:
            raise KeyboardInterrupt
        model = f"{cell.name}.ms"
        experiment.path(model).write_bytes(b"model")
        return replace(
            RESULT,
            way=cell.way.name,
            augmentation=cell.augmentation,
            tuned_model=model,
        )

    return one


def test_an_interrupted_experiment_goes_on(
    experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    monkeypatch.setattr(runner, "_run", counted(calls, stop_at=3))
    with pytest.raises(KeyboardInterrupt):
        run(experiment, lambda _: None)
    outcome = run(experiment, lambda _: None)
    names = [cell.name for cell in experiment.plan.cells()]
    assert calls == [*names[:3], *names[2:]]
    assert [one.way for one in outcome.results] == [
        cell.way.name for cell in experiment.plan.cells()
    ]
    assert run(experiment, lambda _: None).results == outcome.results and len(calls) == 5


def test_the_quantized_state_is_not_recovered(experiment: Experiment) -> None:
    cell = experiment.plan.cells()[0]
    plain, tuned = (
        yaml.safe_load(runner.configure(experiment, cell, tuned=tuned).read_text())
        for tuned in (False, True)
    )
    assert tuned.pop("recover")["train"] == "always"
    assert plain == tuned


@pytest.mark.parametrize(
    "spoil",
    [
        lambda e: replace(e, plan=replace(e.plan, epochs=31)),
        lambda e: replace(e, samples=replace(e.samples, digest="other")),
        lambda e: [path.write_text("{") for path in e.folder.glob("cells/*")] and e,
        lambda e: [path.write_text("{}") for path in e.folder.glob("cells/*")] and e,
        lambda e: [path.unlink() for path in e.folder.glob("*.ms")] and e,
    ],
    ids=["other epochs", "other images", "cut short", "empty", "models gone"],
)
def test_what_no_longer_holds_is_run_again(
    experiment: Experiment,
    monkeypatch: pytest.MonkeyPatch,
    spoil: Callable[[Experiment], Experiment],
) -> None:
    calls: list[str] = []
    monkeypatch.setattr(runner, "_run", counted(calls))
    run(experiment, lambda _: None)
    run(spoil(experiment), lambda _: None)
    assert len(calls) == 8


def test_a_cell_that_fails_is_told_and_does_not_stop_the_others(
    experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = counted([])

    def failing(experiment: Experiment, cell: Cell) -> Result:
        if cell.way.name == "uniform-2":
            raise FileMissing(Path("x.npz"))
        return whole(experiment, cell)

    monkeypatch.setattr(runner, "_run", failing)
    told: list[str] = []
    outcome = run(experiment, told.append)
    assert len(outcome.results) == len(outcome.failed) == 2
    assert any("file not found: x.npz" in line for line in told)


def test_the_readme_has_a_place_for_the_table(tmp_path: Path) -> None:
    page = tmp_path / "README.md"
    page.write_bytes((runner.ROOT / "README.md").read_bytes())
    put(page, "| new |\n")
    assert f"{BEGIN}\n| new |\n{END}\n" in page.read_text()
