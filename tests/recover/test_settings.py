"""The section ``recover:``, what cannot be recovered, and what is told of an epoch."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from pipeline.chain.recover import recover
from pipeline.chain.recovery import wanted
from pipeline.config import places
from pipeline.config.recipe import NamedRecipe, Recipe
from pipeline.config.recover import Recover
from pipeline.core.events import Silent
from pipeline.stages.recover import errors
from pipeline.stages.recover.request import EPOCH, PROGRESS, STEP
from pipeline.stages.recover.state import Epoch, Step
from pipeline.stages.recover.teller import Teller

ROOT = Path(__file__).parents[2]
DATA = {"data": "package.module:train"}


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"optimizer": "sgd", "schedule": "constant", "loss": "mine.losses:focal"},
        {"optimizer": "mine.optimizers:lamb", "schedule": "mine.rates:warm"},
        {"augment": {"rotate": 10, "flip": "horizontal"}, "distillation": {"weight": 0.3}},
    ],
)
def test_what_may_be_said(more: dict[str, Any]) -> None:
    assert Recover.model_validate({**DATA, **more}).augment.moves is ("augment" in more)


@pytest.mark.parametrize(
    "wrong",
    [
        {"data": "x.npy"},
        {"validation": {"images": "folder"}},
        {"optimizer": "adamw"},
        {"schedule": "cosine-ish"},
        {"loss": "no function"},
        {"epochs": 0},
        {"rate": 0},
        {"augment": {"flip": "vertical"}},
        {"augment": {"crop": 1}},
        {"distillation": {"weight": 1.5}},
        {"renew": 3},
    ],
)
def test_what_may_not(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Recover.model_validate({**DATA, **wrong})


def test_paths_are_made_absolute() -> None:
    how = Recover.model_validate({"data": "train.npz", "validation": "val.npz"})
    found = how.located(lambda path: Path("/there") / path, None)
    assert found.data.file == Path("/there/train.npz")
    assert found.validation is not None and found.validation.file == Path("/there/val.npz")


@pytest.mark.parametrize(
    ("config", "recipe", "training", "reason"),
    [
        ("network", "codebook-2", None, "has no `recover:`"),
        ("network", "weight-8", DATA, "the converter quantizes"),
        ("network", "fp32", DATA, "the converter quantizes"),
        ("network", "full-8-per-tensor", DATA, "evens out the channels"),
        ("model", "codebook-2", DATA, "only a MindSpore network"),
    ],
)
def test_what_cannot_be_recovered_is_said_before_any_work(
    config: str, recipe: str, training: Any, reason: str, tmp_path: Path
) -> None:
    path = ROOT / "examples" / "digits" / "deploy.yaml"
    if config == "model":
        path = tmp_path / "deploy.yaml"
        path.write_text("name: x\nmodel: net.onnx\ndata: {test: x.npz}\n")
    how = Recover.model_validate(training) if training else None
    with pytest.raises(errors.NotRecoverable, match=reason):
        recover(path, recipe=recipe, training=how, workspace=tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    "error",
    [
        errors.WeightUnmatched("conv.weight", "Default/conv", "why"),
        errors.ActivationUnmatched("Default/conv", "why"),
        errors.NothingToRecover("fp32"),
        errors.FunctionUnusable("loss", "a.b:c", "why", "x.py:3"),
        errors.TrainingSetUnfit("set", "why"),
        errors.TrainingDiverged(2, 3),
        errors.TrainingFailed("a:b", "why"),
        errors.checkpoint.FactoryNotFound("a:b", "why"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_cross_from_the_worker(error: Any) -> None:
    back: Any = errors.decode(json.loads(json.dumps(errors.encode(error))))
    assert type(back) is type(error) and asdict(back) == asdict(error)
    assert back.message and back.hint and "\n" not in str(back)


def named(recipe: str) -> NamedRecipe:
    settings = {"quantization": "weight", "quantizer": "pipeline"}
    if recipe == "fp32":
        settings = {}
    return NamedRecipe(name=recipe, path=Path("x"), recipe=Recipe.model_validate(settings))


@pytest.mark.parametrize(
    ("listed", "recipe", "missed", "recovers"),
    [
        ((), "two-bits", True, True),
        ((), "two-bits", False, False),
        ((), "fp32", True, False),
        (("two-bits",), "two-bits", False, True),
        (("other",), "two-bits", True, False),
    ],
)
def test_a_deployment_recovers_what_is_listed_or_misses_a_limit(
    listed: tuple[str, ...], recipe: str, missed: bool, recovers: bool
) -> None:
    loaded = places.deployment(ROOT / "examples" / "digits" / "recover.yaml", ())
    how = loaded.deployment.recover
    assert how is not None
    changed = loaded.deployment.model_copy(
        update={"recover": how.model_copy(update={"recipes": listed})}
    )
    found = wanted(replace(loaded, deployment=changed), named(recipe), missed=missed)
    assert (found is not None) is recovers


def test_a_listed_recipe_that_cannot_be_recovered_is_an_error() -> None:
    loaded = places.deployment(ROOT / "examples" / "digits" / "recover.yaml", ())
    how = Recover.model_validate({**DATA, "recipes": ["fp32"]})
    changed = loaded.deployment.model_copy(update={"recover": how})
    with pytest.raises(errors.NotRecoverable, match="fp32"):
        wanted(replace(loaded, deployment=changed), named("fp32"), missed=False)


class Heard(Silent):
    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []

    def progress(self, step: str, subject: str, done: float, total: float) -> None:
        self.told.append((step, done, total))

    def finished(self, step: str, subject: str, *, reused: bool, note: str, seconds: float) -> None:
        self.told.append((step, subject, note))


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("something that a user's function prints", []),
        (
            EPOCH + json.dumps(asdict(Epoch(0, None, 8, 10, 9.0))),
            [("epoch", "codebook-2 0/4", "80.00 % of 10, untrained")],
        ),
        (
            EPOCH + json.dumps(asdict(Epoch(1, 0.25, 9, 10, 2.0))),
            [
                ("epoch", "codebook-2 1/4", "90.00 % of 10, loss 0.2500, 6 s left"),
                ("recover", 1, 4),
            ],
        ),
        (PROGRESS + "[1.5, 4]", [("recover", 1.5, 4)]),
        (
            STEP + json.dumps(asdict(Step("bias", 7, 10, False, "", 1.0))),
            [("step", "codebook-2 bias", "70.00 % of 10, not kept")],
        ),
        (
            STEP + json.dumps(asdict(Step("statistics", None, 10, False, "no norm", 0.0))),
            [("step", "codebook-2 statistics", "not tried: no norm")],
        ),
    ],
    ids=["other", "before", "epoch", "progress", "step", "not-tried"],
)
def test_a_listener_hears_what_the_worker_says(line: str, told: list[Any]) -> None:
    heard = Heard()
    Teller("codebook-2", 4, heard).hear(line)
    assert heard.told == told
