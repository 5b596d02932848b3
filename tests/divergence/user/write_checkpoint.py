"""``write_checkpoint.py FILE``: the network with random weights and sane statistics, and beside it
the same as ONNX."""

import sys

import mindspore
import nets
import numpy as np
from mindspore import Tensor

network = nets.Net()
random = np.random.default_rng(7)
for parameter in network.get_parameters():
    fan_in = int(np.prod(parameter.shape[1:])) or 1
    values = random.normal(size=parameter.shape) * np.sqrt(2 / fan_in)
    if "variance" in parameter.name or "gamma" in parameter.name:
        values = 1 + 0.2 * np.abs(random.normal(size=parameter.shape))
    elif len(parameter.shape) == 1:
        values = 0.1 * random.normal(size=parameter.shape)
    parameter.set_data(Tensor(values.astype("float32")))
mindspore.save_checkpoint(network, sys.argv[1])
network.set_train(False)
images = Tensor(np.zeros((1, 3, 12, 12), np.float32))
mindspore.export(network, images, file_name=sys.argv[1], file_format="ONNX")
