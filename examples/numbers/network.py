"""MobileNetV2 (Sandler et al., MobileNetV2: Inverted Residuals and Linear Bottlenecks, 2018).

The paper's widths and depths; fewer strides, for images of 32x64 pixels in place of 224x224.
"""

from mindspore import Tensor, nn
from mindspore.common.initializer import HeNormal, Normal

from examples.numbers.depthwise import Depthwise

STEM_CHANNELS, STEM_SIZE, STEM_STRIDE = 32, 5, 4
HEAD_CHANNELS = 1280
#: The paper's table 2 but for the strides: expansion, channels, blocks, stride of the first block.
#: 32x64 pixels become 8x16 in the stem, then 4x8 and 2x4.
STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 1),
    (6, 96, 3, 1),
    (6, 160, 3, 1),
    (6, 320, 1, 1),
)


def convolution(channels: int, out: int, size: int, stride: int = 1) -> nn.Conv2d:
    """A convolution that keeps the size of the image but for its stride."""
    init = HeNormal(mode="fan_out")
    return nn.Conv2d(
        channels, out, size, stride, pad_mode="pad", padding=size // 2, weight_init=init
    )


def activated(convolve: nn.Conv2d) -> list[nn.Cell]:
    """A convolution, its norm and its activation."""
    return [convolve, nn.BatchNorm2d(convolve.out_channels), nn.ReLU6()]


class InvertedResidual(nn.Cell):
    """Widen, filter each channel by itself, narrow without an activation.

    Input: [N, channels, H, W]. Output: [N, out, H / stride, W / stride]; the input is added to it
    where both have the same shape.
    """

    def __init__(self, channels: int, out: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = channels * expansion
        self.residual = stride == 1 and channels == out
        self.body = nn.SequentialCell(
            *(activated(convolution(channels, wide, 1)) if expansion > 1 else []),
            *activated(Depthwise(wide, stride)),
            convolution(wide, out, 1),
            nn.BatchNorm2d(out),
        )

    def construct(self, features: Tensor) -> Tensor:
        """Features of the next block."""
        narrow = self.body(features)
        return features + narrow if self.residual else narrow


class MobileNetV2(nn.Cell):
    """A stem, seventeen inverted residuals, a head, the mean over the image, one dense layer.

    Input: float32 [N, 1, 32, 64], pixels in [0, 1]. Output: float32 [N, num_classes], logits.
    """

    def __init__(self, num_classes: int = 100) -> None:
        super().__init__()
        channels = STEM_CHANNELS
        layers = activated(convolution(1, channels, STEM_SIZE, STEM_STRIDE))
        for expansion, out, blocks, stride in STAGES:
            for block in range(blocks):
                layers.append(InvertedResidual(channels, out, 1 if block else stride, expansion))
                channels = out
        self.features = nn.SequentialCell(
            *layers, *activated(convolution(channels, HEAD_CHANNELS, 1))
        )
        self.classifier = nn.Dense(HEAD_CHANNELS, num_classes, weight_init=Normal(0.01))

    def construct(self, images: Tensor) -> Tensor:
        """Logits of a batch of images."""
        return self.classifier(self.features(images).mean((2, 3)))


def mobilenetv2(num_classes: int = 100) -> MobileNetV2:
    """The network that ``mobilenetv2.ckpt`` belongs to."""
    return MobileNetV2(num_classes)
