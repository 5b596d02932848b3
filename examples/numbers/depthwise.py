"""A depthwise convolution that trains fast on a CPU.

MindSpore's CPU kernel takes the channels of all images one by one, which makes a training step of
this example four times as long. For small images the same sums are one matrix product a channel.
"""

from __future__ import annotations

import numpy as np
from mindspore import Tensor, nn, ops
from mindspore.common.initializer import HeNormal

SIZE = 3


@ops.constexpr
def taps(height: int, width: int, stride: int) -> Tensor:
    """Which pixel feeds which by which weight: float32 [9, height * width * pixels out], 0 or 1."""
    rows, columns = (
        np.array(
            [
                [[source == out + tap for out in range(0, side, stride)] for source in range(side)]
                for tap in (-1, 0, 1)
            ],
            np.float32,
        )
        for side in (height, width)
    )
    return Tensor(np.einsum("aij,bkl->abikjl", rows, columns).reshape(SIZE * SIZE, -1))


class Depthwise(nn.Conv2d):
    """A 3x3 filter for each channel by itself, zeros around the image.

    Input: [N, channels, H, W]. Output: [N, channels, H / stride, W / stride]. The operator is
    Conv2D as ever, but while training.
    """

    def __init__(self, channels: int, stride: int = 1) -> None:
        super().__init__(
            channels,
            channels,
            SIZE,
            stride,
            pad_mode="pad",
            padding=1,
            group=channels,
            weight_init=HeNormal(mode="fan_out"),
        )
        self.step = stride

    def construct(self, images: Tensor) -> Tensor:
        """The filtered images."""
        if not self.training:
            return super().construct(images)
        count, channels, height, width = images.shape
        pixels = images.reshape(count, channels, -1).transpose(1, 0, 2)
        weights = self.weight.reshape(channels, SIZE * SIZE)
        shares = ops.matmul(weights, taps(height, width, self.step))
        sums = ops.bmm(pixels, shares.reshape(channels, height * width, -1))
        return sums.transpose(1, 0, 2).reshape(
            count, channels, height // self.step, width // self.step
        )
