"""Networks as people write them who do not take theirs from a library."""

from __future__ import annotations

from typing import Any

import mindspore
import numpy as np
from mindspore import Parameter, Tensor, mint, nn, ops


def _weight(name: str, *shape: int) -> Parameter:
    values = np.random.default_rng(len(name) + sum(shape)).normal(0, 0.2, shape)
    return Parameter(Tensor(values.astype(np.float32)), name=name)


class LstmCell(nn.Cell):
    """LSTM of basic operators, unrolled over the steps; [N, steps, features] to classes."""

    def __init__(self, features: int = 24, hidden: int = 32, classes: int = 6) -> None:
        super().__init__()
        self.hidden = hidden
        self.inner = _weight("inner", features, 4 * hidden)
        self.recurrent = _weight("recurrent", hidden, 4 * hidden)
        self.bias = _weight("bias", 4 * hidden)
        self.head = nn.Dense(hidden, classes)

    def construct(self, values: Any) -> Any:
        state = ops.zeros((values.shape[0], self.hidden), mindspore.float32)
        memory = state
        for step in range(values.shape[1]):
            gates = ops.matmul(values[:, step], self.inner)
            gates = gates + ops.matmul(state, self.recurrent) + self.bias
            first, forget, cell, last = ops.chunk(gates, 4, axis=1)
            memory = ops.sigmoid(forget) * memory + ops.sigmoid(first) * ops.tanh(cell)
            state = ops.sigmoid(last) * ops.tanh(memory)
        return self.head(state)


class GruCell(nn.Cell):
    """GRU of basic operators, all steps returned beside the last state."""

    def __init__(self, features: int = 24, hidden: int = 32) -> None:
        super().__init__()
        self.hidden = hidden
        self.inner = nn.Dense(features, 3 * hidden)
        self.recurrent = nn.Dense(hidden, 3 * hidden)

    def construct(self, values: Any) -> Any:
        state = ops.zeros((values.shape[0], self.hidden), mindspore.float32)
        states = []
        for step in range(values.shape[1]):
            left = ops.split(self.inner(values[:, step]), self.hidden, axis=1)
            right = ops.split(self.recurrent(state), self.hidden, axis=1)
            reset, update = ops.sigmoid(left[0] + right[0]), ops.sigmoid(left[1] + right[1])
            new = ops.tanh(left[2] + reset * right[2])
            state = (1 - update) * new + update * state
            states.append(state)
        return ops.stack(states, axis=1), state


class TransformerBlock(nn.Cell):
    """Encoder block: attention of several heads and a feed-forward part, each with a residual."""

    def __init__(self, width: int = 64, heads: int = 4) -> None:
        super().__init__()
        self.heads, self.depth = heads, width // heads
        self.before = nn.LayerNorm((width,))
        self.between = nn.LayerNorm((width,))
        self.query, self.key, self.value = (nn.Dense(width, width) for _ in range(3))
        self.mix = nn.Dense(width, width)
        self.up, self.down = nn.Dense(width, 4 * width), nn.Dense(4 * width, width)
        self.bend = nn.GELU(approximate=False)

    def construct(self, values: Any) -> Any:
        normal = self.before(values)
        query, key, value = (self._split(f(normal)) for f in (self.query, self.key, self.value))
        scores = ops.matmul(query, key.swapaxes(-1, -2)) / (self.depth**0.5)
        mixed = ops.matmul(ops.softmax(scores, axis=-1), value).transpose(0, 2, 1, 3)
        values = values + self.mix(mixed.reshape(values.shape))
        return values + self.down(self.bend(self.up(self.between(values))))

    def _split(self, values: Any) -> Any:
        batch, steps, _ = values.shape
        return values.reshape(batch, steps, self.heads, self.depth).transpose(0, 2, 1, 3)


class TransformerMint(nn.Cell):
    """An encoder block written with ``mindspore.mint``, MindSpore's newest operators."""

    def __init__(self, width: int = 64, heads: int = 4) -> None:
        super().__init__()
        self.heads, self.depth = heads, width // heads
        self.norm = nn.LayerNorm((width,))  # mint's has no CPU kernel
        self.project = mint.nn.Linear(width, 3 * width)
        self.mix = mint.nn.Linear(width, width)
        self.up, self.down = mint.nn.Linear(width, 2 * width), mint.nn.Linear(2 * width, width)

    def construct(self, values: Any) -> Any:
        batch, steps, width = values.shape
        parts = mint.chunk(self.project(self.norm(values)), 3, dim=-1)
        query, key, value = (
            mint.transpose(part.reshape(batch, steps, self.heads, self.depth), 1, 2)
            for part in parts
        )
        scores = mint.matmul(query, mint.transpose(key, 2, 3)) / (self.depth**0.5)
        mixed = mint.matmul(mint.nn.functional.softmax(scores, dim=-1), value)
        values = values + self.mix(mint.transpose(mixed, 1, 2).reshape(batch, steps, width))
        return mint.mean(values + self.down(mint.nn.functional.silu(self.up(values))), 1)


def _double(inside: int, outside: int) -> nn.SequentialCell:
    return nn.SequentialCell(
        nn.Conv2d(inside, outside, 3, has_bias=False), nn.BatchNorm2d(outside), nn.ReLU(),
        nn.Conv2d(outside, outside, 3, has_bias=False), nn.BatchNorm2d(outside), nn.ReLU(),
    )  # fmt: skip


class UNet(nn.Cell):
    """Segmentation: two steps down, two up by transposed convolution, joined across."""

    def __init__(self, width: int = 12, classes: int = 4) -> None:
        super().__init__()
        self.first, self.second = _double(3, width), _double(width, 2 * width)
        self.bottom = _double(2 * width, 4 * width)
        self.pool = nn.MaxPool2d(2, 2)
        self.up_second = nn.Conv2dTranspose(4 * width, 2 * width, 2, 2, has_bias=True)
        self.up_first = nn.Conv2dTranspose(2 * width, width, 2, 2, has_bias=True)
        self.joined_second, self.joined_first = (
            _double(4 * width, 2 * width),
            _double(2 * width, width),
        )
        self.head = nn.Conv2d(width, classes, 1, has_bias=True)

    def construct(self, image: Any) -> Any:
        first = self.first(image)
        second = self.second(self.pool(first))
        bottom = self.bottom(self.pool(second))
        second = self.joined_second(ops.concat((self.up_second(bottom), second), axis=1))
        first = self.joined_first(ops.concat((self.up_first(second), first), axis=1))
        return self.head(first)


def _separable(inside: int, outside: int, stride: int = 1) -> nn.SequentialCell:
    return nn.SequentialCell(
        nn.Conv2d(inside, inside, 3, stride, group=inside, has_bias=False),
        nn.BatchNorm2d(inside), nn.ReLU6(),
        nn.Conv2d(inside, outside, 1, has_bias=False), nn.BatchNorm2d(outside), nn.ReLU6(),
    )  # fmt: skip


class DepthwiseAutoencoder(nn.Cell):
    """Depthwise separable convolutions down and, after resizing, up; the image comes out."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.SequentialCell(
            nn.Conv2d(1, 8, 3, 2, has_bias=True), nn.ReLU6(),
            _separable(8, 16, 2), _separable(16, 32, 2),
        )  # fmt: skip
        self.steps = nn.CellList([_separable(32, 16), _separable(16, 8), _separable(8, 8)])
        self.head = nn.Conv2d(8, 1, 3, has_bias=True)

    def construct(self, image: Any) -> Any:
        code = self.encoder(image)
        for step in self.steps:
            height, width = code.shape[-2:]
            code = step(ops.interpolate(code, size=(2 * height, 2 * width), mode="nearest"))
        return ops.sigmoid(self.head(code))


class KeywordSpotting(nn.Cell):
    """DS-CNN over 49 frames of 40 features (Zhang et al. 2017), four times narrower."""

    def __init__(self, width: int = 32, words: int = 12) -> None:
        super().__init__()
        self.features = nn.SequentialCell(
            nn.Conv2d(1, width, (10, 4), 2, has_bias=False), nn.BatchNorm2d(width), nn.ReLU(),
            *(_separable(width, width) for _ in range(4)),
        )  # fmt: skip
        self.head = nn.Dense(width, words)

    def construct(self, frames: Any) -> Any:
        return ops.softmax(self.head(self.features(frames).mean((2, 3))), axis=-1)


class TwoInputs(nn.Cell):
    """An image and a vector of facts; a class and a number come out."""

    def __init__(self) -> None:
        super().__init__()
        self.image = nn.SequentialCell(
            nn.Conv2d(3, 16, 3, 2, has_bias=False), nn.BatchNorm2d(16), nn.LeakyReLU(),
            nn.MaxPool2d(2, 2), nn.Flatten(), nn.Dense(16 * 64, 32),
        )  # fmt: skip
        self.facts = nn.SequentialCell(nn.Dense(12, 32), nn.Tanh())
        self.kind, self.number = nn.Dense(64, 5), nn.Dense(64, 1)

    def construct(self, image: Any, facts: Any) -> Any:
        joined = ops.concat((self.image(image), self.facts(facts)), axis=1)
        return self.kind(joined), self.number(joined)


class _Residual(nn.Cell):
    def __init__(self, inside: int, outside: int, stride: int) -> None:
        super().__init__()
        self.body = nn.SequentialCell(
            nn.Conv2d(inside, outside, 3, stride, has_bias=False), nn.BatchNorm2d(outside),
            nn.ReLU(), nn.Conv2d(outside, outside, 3, has_bias=False), nn.BatchNorm2d(outside),
        )  # fmt: skip
        self.short = nn.SequentialCell(
            nn.Conv2d(inside, outside, 1, stride, has_bias=False), nn.BatchNorm2d(outside)
        )

    def construct(self, values: Any) -> Any:
        return ops.relu(self.body(values) + self.short(values))


class TokenClassifier(nn.Cell):
    """Words as numbers: an embedding, its mean over the text and two dense layers."""

    def __init__(self, words: int = 100, width: int = 16) -> None:
        super().__init__()
        self.embedding = nn.Embedding(words, width)
        self.layers = nn.SequentialCell(nn.Dense(width, 32), nn.ReLU(), nn.Dense(32, 4))

    def construct(self, tokens: Any) -> Any:
        return self.layers(self.embedding(tokens).mean(1))


class ChannelsLast(nn.Cell):
    """Images as cameras and Pillow give them, [N, height, width, channels]: turned first."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.SequentialCell(
            nn.Conv2d(3, 8, 3, 2, has_bias=True), nn.ReLU(),
            nn.Conv2d(8, 16, 3, 2, has_bias=True), nn.ReLU(),
        )  # fmt: skip
        self.head = nn.Dense(16, 5)

    def construct(self, image: Any) -> Any:
        return self.head(self.layers(image.transpose(0, 3, 1, 2)).mean((2, 3)))


class NnLstm(nn.Cell):
    """MindSpore's own LSTM layer."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.LSTM(24, 32, batch_first=True)
        self.head = nn.Dense(32, 6)

    def construct(self, values: Any) -> Any:
        return self.head(self.layer(values)[0][:, -1])


def lstm_cell() -> nn.Cell:
    return LstmCell()


def gru_cell() -> nn.Cell:
    return GruCell()


def nn_lstm() -> nn.Cell:
    return NnLstm()


def transformer_block() -> nn.Cell:
    return TransformerBlock()


def transformer_mint() -> nn.Cell:
    return TransformerMint()


def unet() -> nn.Cell:
    return UNet()


def depthwise_autoencoder() -> nn.Cell:
    return DepthwiseAutoencoder()


def keyword_spotting() -> nn.Cell:
    return KeywordSpotting()


def two_inputs() -> nn.Cell:
    return TwoInputs()


def small_resnet() -> nn.Cell:
    """Three residual blocks for images of 32x32."""
    return nn.SequentialCell(
        nn.Conv2d(3, 16, 3, has_bias=False), nn.BatchNorm2d(16), nn.ReLU(),
        _Residual(16, 16, 1), _Residual(16, 32, 2), _Residual(32, 64, 2),
        nn.AvgPool2d(8), nn.Flatten(), nn.Dense(64, 10),
    )  # fmt: skip


def conv1d_wave() -> nn.Cell:
    """Convolutions over a wave of 1,024 samples."""
    return nn.SequentialCell(
        nn.Conv1d(1, 16, 9, 4, has_bias=True), nn.ReLU(),
        nn.Conv1d(16, 32, 9, 4, has_bias=True), nn.ReLU(),
        nn.MaxPool1d(4, 4), nn.Flatten(), nn.Dense(32 * 16, 8),
    )  # fmt: skip


def channels_last() -> nn.Cell:
    return ChannelsLast()


def token_classifier() -> nn.Cell:
    return TokenClassifier()
