"""MindIR models built by hand, in the form that MindSpore 2.10 writes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from pipeline.mindir import document
from pipeline.mindir.operators import Argument, Operator
from pipeline.mindir.program import Program
from pipeline.mindir.schema import schema
from pipeline.mindir.values import DataType, to_attribute, to_tensor


class Model:
    """A graph with one input ``x``; operators are added in turn, the last is the output."""

    def __init__(self, shape: tuple[int, ...] = (1, 8, 4, 4), prefix: str = "7_1_net") -> None:
        self.prefix = prefix
        self.proto = schema().ModelProto(
            ir_version="1.1",
            producer_name="MindSpore",
            model_version="2.10.0",
            mind_ir_version=3,
            little_endian=True,
        )
        self.graph = self.proto.graph
        self.graph.name = prefix
        self.graph.attribute.append(to_attribute("compile_phase", f"export.{prefix}.140.0"))
        self.x = self.input("x", shape)

    def input(self, name: str, shape: tuple[int, ...], data_type: int = 1) -> str:
        item = self.graph.input.add(name=f"{self.prefix}:{name}")
        item.tensor.add(dims=shape, data_type=data_type)
        return item.name

    def parameter(self, name: str, value: np.ndarray) -> str:
        tensor = to_tensor(f"{self.prefix}:{name}", value)
        self.graph.parameter.append(tensor)
        return tensor.name

    def constant(self, value: Any) -> str:
        name = f"ValueNode_{self.prefix}{len(self.graph.node)}"
        node = self.graph.node.add(name=name, op_type="Constant", output=[name])
        if isinstance(value, str) and value == "UMONAD":
            node.attribute.add(name="value", type=schema().AttributeProto.UMONAD)
        else:
            node.attribute.append(to_attribute("value", value))
        return name

    def add(
        self,
        operator: str,
        *inputs: Any,
        shape: Any = None,
        attributes: Mapping[str, Any] | None = None,
        scope: str = "Default/block-Block",
        function: bool = True,
        data_type: int = 1,
    ) -> str:
        """Strings are names of values; everything else becomes a constant."""
        names = [item if isinstance(item, str) else self.constant(item) for item in inputs]
        number = len(self.graph.node)
        primitive = self.proto.primitives.add(name=f"{operator}:{number}", op_type=operator)
        kinds = schema().PrimitiveProto
        primitive.prim_type = kinds.PRIMITIVE_FUNCTION if function else kinds.PRIMITIVE
        for name, value in (attributes or {}).items():
            primitive.attribute.append(to_attribute(name, value))
        output = f"{self.prefix}:CNode_{number}:{number}"
        node = self.graph.node.add(
            name=output,
            output=[output],
            input=names,
            op_type=f"REF::{primitive.name}",
            domain=f"{scope}/{operator}-op{number}",
        )
        node.attribute.append(self._result(shape, data_type))
        node.node_attr.append(to_attribute("checkpoint", True))
        return output

    def _result(self, shape: Any, data_type: int) -> Any:
        kinds = schema().AttributeProto
        if shape is None:
            shape = tuple(self.graph.input[0].tensor[0].dims)
        if shape == "UMONAD":
            return kinds(name="shape", type=kinds.UMONAD)
        if shape and isinstance(shape[0], tuple):
            whole = kinds(name="shape", type=kinds.TUPLE)
            for item in shape:
                whole.values.append(self._result(item, data_type))
            return whole
        result = kinds(name="shape", type=kinds.TENSORS)
        result.tensors.add(dims=shape, data_type=data_type)
        return result

    def data(self, *outputs: str) -> bytes:
        """The file; without ``outputs`` the last operator's is the network's."""
        for name in outputs or (self.graph.node[-1].output[0],):
            node = next(item for item in self.graph.node if name in item.output)
            output = self.graph.output.add(name=name)
            result = node.attribute[0]
            if result.tensors:
                output.tensor.append(result.tensors[0])
            else:
                output.attr_info.CopyFrom(result)
        return self.proto.SerializeToString()

    def program(self, *outputs: str) -> Program:
        return document.parse(self.data(*outputs))


class Table:
    """Definitions as the installed MindSpore would give them."""

    _LAYOUT = Argument("data_format", {0: "NCHW", 1: "NHWC"})

    OPERATORS = (
        Operator("ReLU", ("input",), ()),
        Operator("Add", ("input", "other"), ()),
        Operator("BiasAdd", ("input_x", "bias"), (_LAYOUT,)),
        Operator("MatMul", ("a", "b"), (Argument("transpose_a"), Argument("transpose_b"))),
        Operator("BatchMatMul", ("a", "b"), (Argument("transpose_a"), Argument("transpose_b"))),
        Operator("ReduceMean", ("x", "axis"), (Argument("keep_dims"),)),
        Operator("ReduceMax", ("x", "axis"), (Argument("keep_dims"),)),
        Operator("Transpose", ("x", "perm"), ()),
        Operator("ExpandDims", ("x", "axis"), ()),
        Operator("Squeeze", ("x",), (Argument("axis"),)),
        Operator("Split", ("x",), (Argument("axis"), Argument("output_num"))),
        Operator("BatchNorm", None, (Argument("is_training"), _LAYOUT)),
        Operator(
            "Argmax",
            ("x",),
            (Argument("axis"), Argument("output_type", {35: DataType("int64")})),
        ),
        Operator(
            "AvgPool",
            ("x",),
            (
                Argument("kernel_size"),
                Argument("strides"),
                Argument("pad_mode", {0: "PAD", 1: "SAME", 2: "VALID"}),
                _LAYOUT,
            ),
        ),
        Operator("Div", ("input", "other"), ()),
        Operator("Pow", ("input", "exponent"), ()),
        Operator("SumExt", ("input", "dim", "keepdim", "dtype"), ()),
    )

    def find(self, name: str) -> Operator | None:
        return next((item for item in self.OPERATORS if item.name == name), None)


@pytest.fixture
def definitions() -> Table:
    return Table()


@pytest.fixture
def new_model() -> type[Model]:
    return Model
