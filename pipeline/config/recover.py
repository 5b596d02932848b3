"""How to train a network again so that it bears quantized weights: the section ``recover:``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from pipeline.config.data import FUNCTION, Locate, Preprocess, Source
from pipeline.config.document import Section
from pipeline.config.recover_words import Free, Train

_Positive = Annotated[float, Field(gt=0)]
_Amount = Annotated[float, Field(ge=0)]
_Part = Annotated[float, Field(ge=0, lt=1)]


def _or_function(*words: str) -> str:
    return f"^({'|'.join(words)})$|{FUNCTION}"


class Augment(Section):
    """How far training images are changed, each anew in each epoch; 0 is not at all.

    What comes into an image from outside of it is 0.
    """

    rotate: Annotated[float, Field(ge=0, le=180)] = Field(0.0, description="degrees, either way")
    shift: _Amount = Field(0.0, description="pixels, in each direction")
    scale: _Part = Field(0.0, description="part by which an image grows or shrinks at most")
    crop: _Part = Field(0.0, description="part of each side cut off at most, then enlarged again")
    flip: Literal["horizontal", "none"] = "none"
    noise: _Amount = Field(0.0, description="standard deviation, in the units of the input")

    @property
    def moves(self) -> bool:
        """Whether anything but noise is asked for, which takes images."""
        return bool(self.rotate or self.shift or self.scale or self.crop) or self.flip != "none"


class Distillation(Section):
    """Learning from the float network's own answers (Hinton et al., arXiv:1503.02531)."""

    weight: Annotated[float, Field(gt=0, le=1)] = Field(
        0.5, description="part of the loss that compares with the float network, not the labels"
    )
    temperature: _Positive = Field(2.0, description="divides the outputs of both before softmax")


class Recover(Section):
    """A short training with quantized weights. Functions are ``package.module:callable``."""

    data: Source = Field(description="the labelled training set")
    validation: Source | None = Field(
        None, description="labelled samples that choose the best epoch; the test set if absent"
    )
    recipes: tuple[str, ...] = Field(
        (), description="what `deploy` recovers; every recipe that misses a limit if absent"
    )
    free: tuple[Free, ...] = Field(
        tuple(Free),
        description="steps before training, each kept if it helps: channels of neighbouring layers "
        "brought to one range, batch norms' statistics and biases fitted to the quantized weights",
    )
    train: Train = Field(
        Train.IF_NEEDED,
        description="if-needed: where the accuracy is still below target_percent, or without it "
        "further below the float network's than limits.accuracy_drop_points",
    )
    epochs: Annotated[int, Field(ge=1, le=10_000)] = 6
    batch: Annotated[int, Field(ge=1, le=65535)] = 32
    seed: Annotated[int, Field(ge=0, lt=1 << 31)] = 0
    rate: _Positive = Field(1e-3, description="highest learning rate")
    optimizer: str = Field(
        "adam",
        pattern=_or_function("adam", "sgd"),
        description="adam, sgd (momentum 0.9), or a function (parameters, learning_rate=rates) "
        "that gives an nn.Optimizer",
    )
    schedule: str = Field(
        "cosine",
        pattern=_or_function("cosine", "constant"),
        description="cosine, constant, or a function (rate, steps) that gives a rate a step",
    )
    loss: str = Field(
        "cross_entropy",
        pattern=_or_function("cross_entropy"),
        description="softmax cross entropy, or a function (outputs, labels) that gives a scalar",
    )
    renew_steps: Annotated[int, Field(ge=1)] = Field(
        8, description="steps after which the levels are fitted to the weights anew"
    )
    statistics_epochs: Annotated[int, Field(ge=0)] = Field(
        1, description="epochs in which batch norm still learns its statistics; then they are kept"
    )
    target_percent: Annotated[float, Field(gt=0, le=100)] | None = Field(
        None, description="accuracy at which training ends early"
    )
    distillation: Distillation | None = None
    augment: Augment = Augment()

    @model_validator(mode="after")
    def _labelled(self) -> Recover:
        for name, source in (("data", self.data), ("validation", self.validation)):
            if source is not None and source.lacks_labels:
                raise ValueError(f"training needs labels: add `labels:` to `{name}:`")
        return self

    def located(self, at: Locate, preprocess: Preprocess | None) -> Recover:
        """With every path made absolute, and each source complete in itself."""
        return self.model_copy(
            update={
                "data": self.data.located(at, preprocess),
                "validation": self.validation and self.validation.located(at, preprocess),
            }
        )
