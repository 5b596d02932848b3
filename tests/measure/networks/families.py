"""One small variant of each family of mindcv 0.3."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Variant:
    """A network of mindcv, the side of its square input, and whether it is quantized as well."""

    name: str
    side: int = 224
    quantize: bool = False


#: In the order of their cost, so that an interrupted run has seen as many as possible.
VARIANTS = (
    Variant("mobilenet_v1_025", 96, True),
    Variant("mobilenet_v2_035_96", 96, True),
    Variant("mobilenet_v3_small_075", 96, True),
    Variant("mnasnet_050", 96, True),
    Variant("shufflenet_v2_x0_5", 96, True),
    Variant("squeezenet1_1", 96, True),
    Variant("ghostnet_050", 96, True),
    Variant("resnet18", 64, True),
    Variant("shufflenet_v1_g3_05"),
    Variant("regnet_x_200mf"),
    Variant("convnextv2_atto"),
    Variant("edgenext_xx_small", 256),
    Variant("mobilevit_xx_small", 256),
    Variant("xcit_tiny_12_p16_224"),
    Variant("pvt_v2_b0"),
    Variant("pit_ti"),
    Variant("convit_tiny"),
    Variant("coat_lite_tiny"),
    Variant("rexnet_09"),
    Variant("efficientnet_b0"),
    Variant("visformer_tiny"),
    Variant("mixnet_s"),
    Variant("cmt_tiny", 160),
    Variant("crossvit_9", 240),
    Variant("poolformer_s12"),
    Variant("pvt_tiny"),
    Variant("repvgg_a0"),
    Variant("resnest14"),
    Variant("skresnet18"),
    Variant("seresnet18"),
    Variant("googlenet"),
    Variant("densenet121"),
    Variant("cait_xxs24_224"),
    Variant("mlp_mixer_s_p32"),
    Variant("swin_tiny"),
    Variant("swinv2_tiny_window8", 256),
    Variant("inception_v3", 299),
    Variant("xception", 299),
    Variant("res2net50"),
    Variant("resnetv2_50"),
    Variant("volo_d1"),
    Variant("halonet_50t", 256),
    Variant("BiT_resnet50"),
    Variant("hrnet_w32"),
    Variant("inception_v4", 299),
    Variant("dpn92"),
    Variant("repmlp_t224"),
    Variant("pnasnet", 331),
    Variant("nasnet_a_4x1056"),
    Variant("vit_b_32_224"),
    Variant("mae_b_16_224_finetune"),
    Variant("vgg11"),
)


def build(model_name: str) -> Any:
    """The network with mindcv's own random weights."""
    import mindcv

    return mindcv.create_model(model_name)
