"""Networks as a user would write them, good and bad."""

import mindspore
from mindspore import nn, ops


class Residual(nn.Cell):
    """Convolution, batch norm, ReLU, an addition in place, a padded pool, a dense head."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, pad_mode="pad", padding=1)
        self.norm1 = nn.BatchNorm2d(8)
        self.relu = nn.ReLU()
        self.pool = nn.MaxPool2d(3, 2, pad_mode="pad", padding=1)
        self.conv2 = nn.Conv2d(8, 8, 3)
        self.norm2 = nn.BatchNorm2d(8)
        self.mean = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Dense(8, 5)

    def construct(self, x):
        x = self.pool(self.relu(self.norm1(self.conv1(x))))
        y = self.norm2(self.conv2(x))
        y += x
        return self.fc(self.mean(self.relu(y)).reshape(y.shape[0], -1))


class Mobile(nn.Cell):
    """Depthwise separable convolutions, ReLU6 and HSwish, a squeeze and excitation."""

    def __init__(self) -> None:
        super().__init__()
        self.deep = nn.Conv2d(8, 8, 3, stride=2, pad_mode="pad", padding=1, group=8)
        self.norm = nn.BatchNorm2d(8)
        self.relu6 = nn.ReLU6()
        self.point = nn.Conv2d(8, 16, 1, has_bias=True)
        self.squeeze = nn.Conv2d(16, 4, 1)
        self.excite = nn.Conv2d(4, 16, 1)
        self.hswish = nn.HSwish()
        self.hsigmoid = nn.HSigmoid()

    def construct(self, x):
        x = self.hswish(self.point(self.relu6(self.norm(self.deep(x)))))
        gate = ops.mean(x, (2, 3), True)
        x = x * self.hsigmoid(self.excite(self.squeeze(gate)))
        return ops.softmax(x.mean((2, 3)) / 2.0, axis=-1)


class TwoInputs(nn.Cell):
    """Two inputs, two outputs of different shapes, no batch in the second."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Dense(6, 4)

    def construct(self, left, right):
        both = self.fc(ops.cat((left, right), 1))
        return ops.softmax(both), both.sum()


class Attention(nn.Cell):
    """Layer norm, attention by matrix products, GELU."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm((8,))
        self.qkv = nn.Dense(8, 24)
        self.out = nn.Dense(8, 8)
        self.gelu = nn.GELU()

    def construct(self, x):
        q, k, v = ops.split(self.qkv(self.norm(x)), 8, -1)
        weights = ops.softmax(ops.matmul(q, k.swapaxes(-1, -2)) / 8**0.5)
        return self.gelu(self.out(ops.matmul(weights, v)))


class Dense(nn.Cell):
    """The smallest of all."""

    def __init__(self, width=4) -> None:
        super().__init__()
        self.fc = nn.Dense(4, width)

    def construct(self, x):
        return self.fc(x)


class Branching(Dense):
    """What runs depends on values."""

    def construct(self, x):
        if ops.reduce_sum(x) > 0:
            return self.fc(x)
        return x


class Mirrored(Dense):
    """An operator that the converter lacks."""

    def construct(self, x):
        return self.fc(ops.lgamma(x))


class Dynamic(Dense):
    """Python that the graph compiler does not take."""

    def construct(self, x):
        try:
            return self.fc(x)
        except ValueError:
            return x


class NotANumber(Dense):
    """Logarithms of negative numbers."""

    def construct(self, x):
        return ops.log(self.fc(x) - 1000)


def raises():
    depth = [1, 2, 3]
    return depth[7]


def leaves():
    raise SystemExit("go away")


def crashes():
    import os

    os.abort()


def vanishes():
    import os

    print("about to go")
    os._exit(0)


def hangs():
    import time

    print("this will take a while", flush=True)
    time.sleep(600)


def nothing():
    return None


def cell_class():
    return Dense


VERSION = mindspore.__version__
