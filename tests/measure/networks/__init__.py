"""The networks of the coverage table: which there are, and how each is built.

Nothing here imports MindSpore; the factories do, in a process of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.measure.networks import families

_BY_HAND = "tests.measure.networks.by_hand:"


@dataclass(frozen=True)
class Network:
    """A network to try.

    ``inputs`` has name, shape (batch of 1 included) and numpy dtype of each. ``quantize``: it is
    among those that ``--quant`` quantizes. ``refused``: what the refusal names, where the network
    is there to be refused.
    """

    name: str
    group: str
    factory: str
    inputs: tuple[tuple[str, tuple[int, ...], str], ...]
    arguments: Mapping[str, object] = field(default_factory=dict)
    quantize: bool = False
    refused: str = ""


def _by_hand(
    name: str, *shapes: tuple[int, ...], refused: str = "", quantize: bool = True
) -> Network:
    inputs = tuple((f"input_{n}", shape, "float32") for n, shape in enumerate(shapes))
    factory = _BY_HAND + name
    return Network(name, "by hand", factory, inputs, quantize=quantize, refused=refused)


BY_HAND = (
    _by_hand("lstm_cell", (1, 16, 24)),
    _by_hand("gru_cell", (1, 16, 24)),
    _by_hand("nn_lstm", (1, 16, 24), refused="LSTM", quantize=False),
    _by_hand("transformer_block", (1, 32, 64)),
    _by_hand("transformer_mint", (1, 32, 64)),
    _by_hand("unet", (1, 3, 64, 64)),
    _by_hand("depthwise_autoencoder", (1, 1, 64, 64)),
    _by_hand("keyword_spotting", (1, 1, 49, 40)),
    _by_hand("two_inputs", (1, 3, 32, 32), (1, 12)),
    _by_hand("small_resnet", (1, 3, 32, 32)),
    _by_hand("channels_last", (1, 32, 24, 3)),
    _by_hand("conv1d_wave", (1, 1, 1024)),
    Network(
        "token_classifier", "by hand", f"{_BY_HAND}token_classifier",
        (("tokens", (1, 24), "int32"),),
    ),
)  # fmt: skip

FAMILIES = tuple(
    Network(
        variant.name,
        "mindcv",
        "tests.measure.networks.families:build",
        (("image", (1, 3, variant.side, variant.side), "float32"),),
        {"model_name": variant.name},
        variant.quantize,
    )
    for variant in families.VARIANTS
)

NETWORKS = (*BY_HAND, *FAMILIES)
