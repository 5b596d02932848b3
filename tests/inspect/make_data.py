"""Makes the model files of tests/inspect/data again:

    python -m tests.inspect.make_data CONVERTER_LITE FOLDER

One small network, trained on nothing: its checkpoint, its MindIR and ONNX exports, and what the
converter of MindSpore Lite 2.0 makes of it with each kind of quantization.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

_WEIGHTS = "[common_quant_param]\nquant_type=WEIGHT_QUANT\nbit_num={}\nmin_quant_weight_channel=0\n"
_FULL = """[common_quant_param]
quant_type=FULL_QUANT
bit_num=8
[data_preprocess_param]
calibrate_path=x:{}
calibrate_size=8
input_type=BIN
[full_quant_param]
activation_quant_method=MAX_MIN
"""


def make(converter: Path, folder: Path) -> None:
    """Write every file to ``folder``."""
    import mindspore
    from mindspore import Parameter, Tensor, nn

    from pipeline.mindir.document import load
    from pipeline.mindir.operators import InstalledDefinitions
    from pipeline.mindir.rewrite import rewrite

    random = np.random.RandomState(3)
    relu = nn.ReLU()
    network = nn.SequentialCell(
        nn.Conv2d(2, 8, 3, pad_mode="same", has_bias=True),
        relu,
        nn.Conv2d(8, 8, 3, pad_mode="same", group=8),
        relu,
        nn.MaxPool2d(2, 2),
        nn.Flatten(),
        nn.Dense(128, 10),
    )
    for parameter in network.get_parameters():
        values = random.randn(*parameter.shape) * 0.2
        parameter.set_data(Tensor(values.astype(np.float32)))
    x = Tensor(random.rand(1, 2, 8, 8).astype(np.float32))
    network.set_train(False)
    for kind in ("MINDIR", "ONNX"):
        mindspore.export(network, x, file_name=str(folder / "small"), file_format=kind)
    mindspore.save_checkpoint(network, str(folder / "small.ckpt"), crc_check=True)
    step = Parameter(Tensor(7, mindspore.int32), name="step")
    half = Parameter(Tensor(np.ones((2, 3), np.float16)), name="half")
    rows = [{"name": item.name, "data": item} for item in (step, half)]
    mindspore.save_checkpoint(
        rows, str(folder / "kinds.ckpt"), append_dict={"epoch": 3, "who": "x"}
    )
    mindspore.save_checkpoint(rows, str(folder / "encrypted.ckpt"), enc_key=b"0123456789abcdef")

    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        rewritten = rewrite(
            load(folder / "small.mindir"), InstalledDefinitions(), input_names=("x",)
        )
        (work / "v1.mindir").write_bytes(rewritten.data)
        (work / "samples").mkdir()
        for number in range(8):
            sample = random.rand(1, 8, 8, 2).astype(np.float32)
            sample.tofile(work / "samples" / f"{number}.bin")
        recipes = {f"weight_{bits}": _WEIGHTS.format(bits) for bits in range(1, 17)}
        recipes["fp32"] = recipes["fp16"] = ""
        recipes["dynamic_8"] = "[common_quant_param]\nquant_type=DYNAMIC_QUANT\nbit_num=8\n"
        recipes["full_8"] = _FULL.format(work / "samples")
        for recipe, text in recipes.items():
            command = [str(converter), "--fmk=MINDIR", f"--modelFile={work / 'v1.mindir'}"]
            command.append(f"--outputFile={folder / recipe}")
            if recipe == "fp16":
                command.append("--fp16=on")
            if text:
                (work / f"{recipe}.ini").write_text(text)
                command.append(f"--configFile={work / recipe}.ini")
            subprocess.run(command, check=True)
    for path in folder.iterdir():
        path.chmod(0o644)


if __name__ == "__main__":
    make(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve())
