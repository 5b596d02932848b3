"""Names that the numbers in a ``.ms`` file stand for. Lists only ever grow at their end."""

from __future__ import annotations

_OPERATORS = """
Abs Activation ActivationGrad Adam AddFusion AdderFusion AddGrad AddN All ApplyMomentum
ArgMaxFusion ArgMinFusion Assert Assign AssignAdd AudioSpectrogram AvgPoolFusion AvgPoolGrad
BatchNorm BatchNormGrad BatchToSpace BatchToSpaceND BiasAdd BinaryCrossEntropy
BinaryCrossEntropyGrad BiasAddGrad BroadcastTo Cast Ceil Clip Concat Attention
Conv2DBackpropFilterFusion Conv2DBackpropInputFusion Conv2DFusion Conv2dTransposeFusion Cos
ConstantOfShape Crop CustomExtractFeatures CustomNormalize CustomPredict DeConv2DGradFilter
Depend DepthToSpace DetectionPostProcess DivFusion DivGrad Dropout DropoutGrad Elu Eltwise Equal
EmbeddingLookupFusion ExpFusion ExpandDims FakeQuantWithMinMaxVars
FakeQuantWithMinMaxVarsPerChannel FftReal FftImag Flatten FlattenGrad Floor FloorDiv FloorMod
Fill FullConnection FusedBatchNorm Gather GatherNd Greater GreaterEqual HashtableLookup
InstanceNorm LayerNormFusion LeakyRelu Less LessEqual Log LogGrad LogicalAnd LogicalNot LogicalOr
LpNormalization LRN LshProjection LSTM L2NormalizeFusion MatMulFusion Maximum MaximumGrad
MaxPoolFusion MaxPoolGrad SwitchLayer Mfcc Minimum MinimumGrad Mod MulFusion MulGrad Neg NegGrad
NotEqual NonMaxSuppression OneHot OnesLike PadFusion PartialFusion PowerGrad PowFusion PriorBox
PReLUFusion QuantDTypeCast Rank Range Reciprocal RealDiv ReduceFusion Reshape Resize
ReverseSequence ReverseV2 Rfft ROIPooling Round Rsqrt ScaleFusion ScatterNd SGD Shape
SigmoidCrossEntropyWithLogits SigmoidCrossEntropyWithLogitsGrad Sin SkipGram SliceFusion
SmoothL1Loss SmoothL1LossGrad Softmax SoftmaxCrossEntropyWithLogits SpaceToBatch SpaceToBatchND
SpaceToDepth SparseSoftmaxCrossEntropyWithLogits SparseToDense Split Sqrt Squeeze Square
SquaredDifference Stack StridedSlice SubFusion SubGrad Switch TensorListFromTensor
TensorListGetItem TensorListReserve TensorListSetItem TensorListStack TileFusion TopKFusion
Transpose Unique UnsortedSegmentSum Unsqueeze Unstack LSTMGrad Where ZerosLike Select
ScatterNdUpdate GRU NonZero InvertPermutation Size RandomStandardNormal CropAndResize Erf
StridedSliceGrad IsFinite LinSpace UniformReal AbsGrad RsqrtGrad SqrtGrad LayerNormGrad
ResizeGrad Splice LogSoftmax Call Custom CumSum SplitWithOverlap GenOP RaggedRange GLU
TensorArray TensorArrayRead TensorArrayWrite Affine AllGather ReduceScatter DynamicQuant
LSTMGradData LSTMGradWeight RandomNormal NLLLoss NLLLossGrad FormatTranspose GatherD
GroupNormFusion Log1p TensorScatterAdd SparseFillEmptyRows SparseReshape SparseSegmentSum
ScatterElements Triu Tril AdamWeightDecay FillV2
"""

#: ``PrimitiveType`` by number; 0 is none.
OPERATORS = ("NONE", *_OPERATORS.split())
#: The last operator of MindSpore Lite 2.0 and 2.1, which the phones of API 11 to 20 have.
LAST_OF_2_1 = 220

FORMATS = (
    "NCHW", "NHWC", "NHWC4", "HWKC", "HWCK", "KCHW", "CKHW", "KHWC", "CHWK", "HW", "HW4", "NC",
    "NC4", "NC4HW4", "NUM_OF_FORMAT", "NCDHW", "NWC", "NCW", "NC8HW8",
)  # fmt: skip

COMPRESSIONS = ("NONE", "INDEXING", "SPARSE", "FSE", "BITPACKING", "FSE_INT", "FSE_INFER")

QUANTIZATIONS = (
    "QUANT_NONE", "AwareTraining", "WeightQuant", "PostTraining", "QUANT_WEIGHT", "QUANT_ALL",
    "QUANT_DYNAMIC",
)  # fmt: skip

ACTIVATIONS = (
    "", "RELU", "SIGMOID", "RELU6", "ELU", "LEAKY_RELU", "ABS", "RELU1", "SOFTSIGN", "SOFTPLUS",
    "TANH", "SELU", "HSWISH", "HSIGMOID", "THRESHOLDRELU", "LINEAR", "HARD_TANH", "SIGN", "SWISH",
    "GELU", "FAST_GELU",
)  # fmt: skip

#: Where the converter took the network from.
FRAMEWORKS = ("TF", "CAFFE", "ONNX", "MINDIR", "TFLITE", "PYTORCH")

#: The field of an operator that says which activation it does at its end.
ACTIVATION_FIELD = {
    "Conv2DFusion": 10, "MaxPoolFusion": 7, "AvgPoolFusion": 7, "MatMulFusion": 2,
    "FullConnection": 3, "Activation": 0, "AddFusion": 0, "MulFusion": 0, "SubFusion": 0,
    "DivFusion": 0,
}  # fmt: skip


def named(names: tuple[str, ...], number: int, what: str) -> str:
    """The name of a number, ``<what> <number>`` when it is none of the list."""
    return names[number] if 0 <= number < len(names) else f"{what} {number}"


def operator(number: int) -> str:
    """The name of a ``PrimitiveType``, ``Op#<number>`` when it is not known."""
    return OPERATORS[number] if 0 <= number < len(OPERATORS) else f"Op#{number}"
