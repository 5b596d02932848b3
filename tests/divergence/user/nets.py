"""A small network with what converters merge: norms, activations, a shortcut, a cell used twice."""

from mindspore import Tensor, nn, ops


class Block(nn.Cell):
    """Two convolutions and a shortcut; the last activation is a function, not a cell."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3)
        self.norm1 = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU()
        self.conv2 = nn.Conv2d(channels, channels, 3)
        self.norm2 = nn.BatchNorm2d(channels)

    def construct(self, features: Tensor) -> Tensor:
        """Of the shape of ``features``."""
        inner = self.relu(self.norm1(self.conv1(features)))
        return ops.relu(self.norm2(self.conv2(inner)) + features)


class Net(nn.Cell):
    """Input: float32 [N, 3, 12, 12]. Output: float32 [N, 5]."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.SequentialCell(
            nn.Conv2d(3, 8, 3, has_bias=True), nn.BatchNorm2d(8), nn.ReLU6()
        )
        self.blocks = nn.SequentialCell(Block(8), Block(8))
        self.depthwise = nn.Conv2d(8, 8, 3, group=8, pad_mode="pad", padding=1)
        self.sigmoid = nn.Sigmoid()
        self.pool = nn.MaxPool2d(2, 2)
        self.flatten = nn.Flatten()
        self.fc1 = nn.Dense(8 * 3 * 3, 16)
        self.fc2 = nn.Dense(16, 5)

    def construct(self, images: Tensor) -> Tensor:
        """Scores of a batch of images."""
        features = self.pool(self.blocks(self.stem(images)))
        gate = self.sigmoid(self.depthwise(features))
        features = self.pool(features * gate)
        return self.fc2(self.sigmoid(self.fc1(self.flatten(features))))
