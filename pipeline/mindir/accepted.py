"""The operators of MindIR that the converter of MindSpore Lite 2.0 takes.

Read from the two tables that its library keeps: the operators of its own model format by name
(``MSOpsRegistry``), and those that it renames on the way in (``PrimitiveAdjustRegistry``). Training
and quantization operators are left out: a network that infers has none. So are LSTM and GRU, whose
weights its format lays out otherwise: what comes of MindSpore's crashes the runtime.
"""

from __future__ import annotations

_NAMES = """
Abs Activation AddFusion AddN AdderFusion Affine All ArgMaxFusion ArgMinFusion Attention
AudioSpectrogram AvgPoolFusion BatchNorm BatchToSpace BatchToSpaceND BiasAdd BroadcastTo Cast
Ceil Clip Concat ConstantOfShape Conv2DFusion Conv2dTransposeFusion Cos Crop CropAndResize
CumSum DepthToSpace DetectionPostProcess DivFusion Eltwise Elu EmbeddingLookupFusion Equal Erf
ExpFusion ExpandDims FftImag FftReal Fill Flatten Floor FloorDiv FloorMod FullConnection
FusedBatchNorm GLU Gather GatherD GatherNd Greater GreaterEqual GroupNormFusion
InstanceNorm InvertPermutation IsFinite L2NormalizeFusion LayerNormFusion LeakyRelu Less
LessEqual LinSpace Log Log1p LogSoftmax LogicalAnd LogicalNot LogicalOr LpNormalization Lrn
MatMulFusion MaxPoolFusion Maximum Mfcc Minimum Mod MulFusion Neg NonMaxSuppression NonZero
NotEqual OneHot OnesLike PReLUFusion PadFusion PowFusion PriorBox Range Rank RealDiv Reciprocal
ReduceFusion Reshape Resize ReverseSequence ReverseV2 Rfft Round Rsqrt ScaleFusion
ScatterElements ScatterNd ScatterNdUpdate Select Shape Sin Size SliceFusion Softmax
SpaceToBatch SpaceToBatchND SpaceToDepth SparseToDense Splice Split SplitWithOverlap Sqrt
Square SquaredDifference Squeeze Stack StridedSlice SubFusion TensorScatterAdd TileFusion
TopKFusion Transpose Tril Triu Unique Unsqueeze UnsortedSegmentSum Unstack Where ZerosLike

Add Adder ArgMaxWithValue ArgMinWithValue Argmax Argmin AvgPool BatchMatMul Conv2D
Conv2DTranspose Div DynamicShape Exp FusedBatchNormEx GeLU HSigmoid HSwish L2Normalize
LayerNorm MatMul MaxPool Mul PReLU Pad Pow ReLU ReLU6 ReduceASum ReduceAll ReduceMax ReduceMean
ReduceMin ReduceProd ReduceSum ReduceSumSquare ResizeBilinear ResizeNearestNeighbor Scale
Sigmoid Slice Softplus Sub Tanh Tile TopK

MakeTuple TupleGetItem
"""

LITE_2_0 = frozenset(_NAMES.split())
