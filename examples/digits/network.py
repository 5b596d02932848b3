"""LeNet-5 (LeCun et al., Gradient-based learning applied to document recognition, 1998).

With ReLU and max pooling in place of the paper's tanh and trainable subsampling.
"""

from mindspore import Tensor, nn


class LeNet5(nn.Cell):
    """Two convolutions and three dense layers.

    Input: float32 [N, 1, 28, 28], pixels in [0, 1]. Output: float32 [N, num_classes], logits.
    """

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5, pad_mode="pad", padding=2, has_bias=True)
        self.conv2 = nn.Conv2d(6, 16, 5, pad_mode="valid", has_bias=True)
        self.fc1 = nn.Dense(16 * 5 * 5, 120)
        self.fc2 = nn.Dense(120, 84)
        self.fc3 = nn.Dense(84, num_classes)
        self.relu = nn.ReLU()
        self.pool = nn.MaxPool2d(kernel_size=2, stride=2)
        self.flatten = nn.Flatten()

    def construct(self, images: Tensor) -> Tensor:
        """Logits of a batch of images."""
        features = self.pool(self.relu(self.conv1(images)))
        features = self.pool(self.relu(self.conv2(features)))
        features = self.flatten(features)
        features = self.relu(self.fc1(features))
        features = self.relu(self.fc2(features))
        return self.fc3(features)


def lenet5(num_classes: int = 10) -> LeNet5:
    """The network that ``lenet5.ckpt`` belongs to."""
    return LeNet5(num_classes)
