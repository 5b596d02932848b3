"""The words that a recipe chooses from."""

from __future__ import annotations

from enum import Enum


class Quantization(str, Enum):
    """What is quantized: nothing, stored weights, weights with activations on the fly, or all."""

    NONE = "none"
    WEIGHT = "weight"
    DYNAMIC = "dynamic"
    FULL = "full"


class Quantizer(str, Enum):
    """Who quantizes: MindSpore Lite's converter, or the pipeline what the converter left float."""

    CONVERTER = "converter"
    PIPELINE = "pipeline"


class Grid(str, Enum):
    """Where the values lie that a weight can have: at equal steps, or where the weights are, with
    the least error for their number (codebook) or for the bits that they take (entropy)."""

    UNIFORM = "uniform"
    CODEBOOK = "codebook"
    ENTROPY = "entropy"


class Compression(str, Enum):
    """How quantized weights are stored: the smallest way that the runtime decodes, or as is."""

    AUTO = "auto"
    NONE = "none"


class ActivationMethod(str, Enum):
    """How full quantization finds the range of an activation from the calibration set."""

    MAX_MIN = "MAX_MIN"
    KL = "KL"
    REMOVAL_OUTLIER = "REMOVAL_OUTLIER"


class TargetDevice(str, Enum):
    """Whose kernels full quantization is for; the CPU's where none is named."""

    KIRIN = "KIRIN"
    NVGPU = "NVGPU"
    DSP = "DSP"
    ASCEND = "ASCEND"


class Strategy(str, Enum):
    """How later converters round weights (MAX_MIN, GPTQ), or what has a scale in dynamic
    quantization: all activations and each channel of weights (ALWC), or the reverse (ACWL)."""

    MAX_MIN = "MAX_MIN"
    GPTQ = "GPTQ"
    ALWC = "ALWC"
    ACWL = "ACWL"
