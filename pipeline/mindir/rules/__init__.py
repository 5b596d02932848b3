"""The substitutions: operators that version 1 lacks, in terms of those that it has.

A rule gets the scene and the node and returns the name of the value that stands for the node's
output: its own when it changed the node, another when it put something else in its place. It
raises ``Unmappable`` rather than change what the network computes.
"""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.mindir.rules import activations, numbers, pools, products, shapes, views
from pipeline.mindir.rules.rule import Rule

__all__ = ["RULES", "Rule"]

#: By operator: what stands for it in version 1.
RULES: Mapping[str, Rule] = {
    "Muls": numbers.with_number("Mul"),
    "Divs": numbers.with_number("Div"),
    "InplaceMul": numbers.with_number("Mul"),
    "InplaceMuls": numbers.with_number("Mul"),
    "InplaceDiv": numbers.with_number("Div"),
    "InplaceDivs": numbers.with_number("Div"),
    "AddExt": numbers.with_alpha("Add"),
    "SubExt": numbers.with_alpha("Sub"),
    "InplaceAddExt": numbers.with_alpha("Add"),
    "InplaceAddsExt": numbers.with_alpha("Add"),
    "InplaceSubExt": numbers.with_alpha("Sub"),
    "InplaceSubScalar": numbers.with_alpha("Sub"),
    "SumExt": numbers.reduction("ReduceSum"),
    "MeanExt": numbers.reduction("ReduceMean"),
    "ClampScalar": numbers.clamp,
    "MatMulExt": products.matmul,
    "Dense": products.dense,
    "FlattenExt": shapes.reshape,
    "Split": shapes.split_sizes,
    "Transpose": shapes.transpose,
    "View": shapes.reshape,
    "BroadcastToView": shapes.broadcast,
    "ExpandDimsView": views.expand,
    "TransposeView": views.transpose,
    "TransposeExt": views.swap,
    "TransposeExtView": views.swap,
    "Narrow": views.narrow,
    "NarrowView": views.narrow,
    "SelectExt": views.select,
    "SelectExtView": views.select,
    "SliceExt": views.strided,
    "SliceExtView": views.strided,
    "Chunk": views.chunks,
    "ChunkView": views.chunks,
    "SplitTensor": views.parts,
    "SplitTensorView": views.parts,
    "SplitWithSize": views.sized_parts,
    "SplitWithSizeView": views.sized_parts,
    "UnstackExt": views.unstack,
    "UnstackExtView": views.unstack,
    "LpNorm": numbers.norm,
    "AdaptiveAvgPool2D": pools.adaptive_average,
    "MaxPool3DWithArgmax": pools.flat_pool("MaxPool"),
    "AvgPool3D": pools.flat_pool("AvgPool"),
    "ArgMaxWithValue": numbers.best_with_index("Argmax", "ReduceMax"),
    "ArgMinWithValue": numbers.best_with_index("Argmin", "ReduceMin"),
    "ResizeBilinearV2": shapes.resize("ResizeBilinear"),
    "ResizeNearestNeighborV2": shapes.resize("ResizeNearestNeighbor"),
    "ResizeNearestNeighbor": shapes.resize("ResizeNearestNeighbor"),
    "PadV3": shapes.pad,
    "MatMul": products.transposed_operands,
    "BatchMatMul": products.transposed_operands,
    "ReduceMax": numbers.largest,
    "SiLU": activations.silu,
    "Mish": activations.mish,
    "GeLU": activations.gelu,
    "AvgPool": pools.average_pool,
    "AdaptiveMaxPool2D": pools.adaptive_maximum,
    "GroupNorm": activations.group_norm,
    **dict.fromkeys(
        (
            "Add",
            "Sub",
            "Mul",
            "Div",
            "RealDiv",
            "FloorDiv",
            "Mod",
            "FloorMod",
            "Maximum",
            "Minimum",
            "Equal",
            "NotEqual",
            "Less",
            "LessEqual",
            "Greater",
            "GreaterEqual",
        ),
        numbers.same_types,
    ),
    "Identity": shapes.identity,
    "BroadcastTo": shapes.broadcast,
    "make_list": shapes.make_tuple,
    "Pow": numbers.power,
    "TupleGetItem": shapes.item_of_tuple,
    "Squeeze": shapes.squeeze,
}
