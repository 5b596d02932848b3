"""``write_checkpoints.py FOLDER``: a checkpoint of each network, and some with more in them."""

import sys
from pathlib import Path

import mindspore
import nets
import numpy as np
from mindspore import Parameter, Tensor

folder = Path(sys.argv[1])
for name in ("Residual", "Mobile", "TwoInputs", "Attention", "Dense"):
    mindspore.set_seed(3)
    network = getattr(nets, name)()
    random = np.random.default_rng(3)
    for parameter in network.get_parameters():
        values = random.normal(size=parameter.shape) * 0.3
        if "variance" in parameter.name:
            values = 1 + abs(values)
        parameter.set_data(Tensor(values.astype("float32")))
    mindspore.save_checkpoint(network, str(folder / f"{name}.ckpt"))

dense = nets.Dense()
weight, bias = dense.get_parameters()


def save(name: str, **parameters: object) -> None:
    content = [{"name": key.replace("__", "."), "data": item} for key, item in parameters.items()]
    mindspore.save_checkpoint(content, str(folder / f"{name}.ckpt"))


one = Parameter(Tensor(np.zeros(1, "float32")))
save(
    "optimizer",
    fc__weight=weight, fc__bias=bias, moments__fc__weight=weight, global_step=one,
    learning_rate=one, moment1__fc__bias=bias,
)  # fmt: skip
save("wrapped", network__fc__weight=weight, network__fc__bias=bias)
save("half", fc__weight=Parameter(Tensor(np.zeros((4, 4), "float16"))), fc__bias=bias)
mindspore.save_checkpoint(dense, str(folder / "checked.ckpt"), crc_check=True)
