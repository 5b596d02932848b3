"""What ONNX lets a file leave out and the converter does not, written into a copy of the file.

The converter of MindSpore Lite 2.0 stops at a convolution without ``strides`` or ``dilations``,
whose default is 1 along each axis, and at a pooling with ``dilations``, even where they are that
default. Defaults: https://onnx.ai/onnx/operators
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.core import files
from pipeline.inspect import encode
from pipeline.inspect.look import look
from pipeline.inspect.source import MOST_DIMENSIONS, Source, opened
from pipeline.inspect.wire import BYTES, Message, fields

# Fields of ModelProto, GraphProto, NodeProto and AttributeProto.
_GRAPH = 7
_NODES = 1
_INPUT, _TYPE, _ATTRIBUTES, _DOMAIN = 1, 4, 5, 7
_NAME, _STRING, _INTEGERS, _FORM, _GRAPHS = 1, 4, 8, 20, (6, 11)
_FORM_INTEGERS = 7

_CONVOLUTIONS = ("Conv", "ConvTranspose")
_POOLS = ("MaxPool", "AveragePool")
#: Axes that are no place: batch and channel.
_OTHER_AXES = 2

#: What stands where a field's content was; None where it stays.
Change = Callable[[int, int], bytes | None]


def complete(path: Path, target: Path) -> bool:
    """Write ``path`` to ``target`` with those defaults, and tell whether there was any need.

    Weights in other files stay there. Raises what ``look`` and ``files.write_bytes`` do.
    """
    written = _completed(path)
    if written is not None:
        files.write_bytes(target, written)
    return written is not None


def is_complete(path: Path) -> bool:
    """Whether ``complete`` would have nothing to do."""
    return _completed(path) is None


def _completed(path: Path) -> bytes | None:
    found = look(path)
    shapes = {tensor.name: tensor.shape for tensor in (*found.computed, *found.tensors)}
    with opened(path) as source:
        return _Writer(source, shapes).model()


@dataclass(frozen=True)
class _Writer:
    source: Source
    shapes: Mapping[str, tuple[int, ...] | None]

    def model(self) -> bytes | None:
        """The file's new content, None where nothing changes."""
        return self._changed(0, self.source.size, {_GRAPH: self._graph})

    def _graph(self, begin: int, end: int) -> bytes | None:
        return self._changed(begin, end, {_NODES: self._node})

    def _node(self, begin: int, end: int) -> bytes | None:
        node = Message(self.source, begin, end, (_INPUT, _TYPE, _ATTRIBUTES, _DOMAIN))
        known = dict(self._attributes(node))
        kind = node.text(_TYPE) if node.text(_DOMAIN) in ("", "ai.onnx") else ""
        needless = _is_needless(kind, known)

        def attribute(first: int, last: int) -> bytes | None:
            if needless and self._name(first, last) == "dilations":
                return b""
            return self._changed(first, last, dict.fromkeys(_GRAPHS, self._graph))

        changed = self._changed(begin, end, {_ATTRIBUTES: attribute})
        weight = node.texts(_INPUT)[1:2]
        kernel = self.shapes.get(weight[0]) if weight else None
        missing = b"".join(
            encode.message((_ATTRIBUTES, _numbers(name, values)))
            for name, values in _defaults(kind, known, kernel)
        )
        if not missing:
            return changed
        return (self.source.data[begin:end] if changed is None else changed) + missing

    def _attributes(self, node: Message) -> Iterator[tuple[str, tuple[int, ...] | str]]:
        for item in node.messages(_ATTRIBUTES, (_NAME, _STRING, _INTEGERS)):
            text = item.text(_STRING) if item.text(_NAME) == "auto_pad" else ""
            yield item.text(_NAME), text or item.integers(_INTEGERS, 2 * MOST_DIMENSIONS)

    def _name(self, begin: int, end: int) -> str:
        return Message(self.source, begin, end, (_NAME,)).text(_NAME)

    def _changed(self, begin: int, end: int, changes: Mapping[int, Change]) -> bytes | None:
        """The message with the content of fields changed; an empty one takes its field away."""
        data, parts, kept, at = self.source.data, list[bytes](), begin, begin
        for number, form, first, after in fields(self.source, begin, end):
            new = changes[number](first, after) if form == BYTES and number in changes else None
            if new is not None:
                head = encode.header(number, len(new)) if new else b""
                parts += [data[kept:at], head, new]
                kept = after
            at = after
        return b"".join([*parts, data[kept:end]]) if parts else None


def _is_needless(kind: str, known: Mapping[str, tuple[int, ...] | str]) -> bool:
    return kind in _POOLS and all(size == 1 for size in known.get("dilations", ()))


def _defaults(
    kind: str, known: Mapping[str, tuple[int, ...] | str], weight: tuple[int, ...] | None
) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Names and values of what such a node leaves out; nothing where its axes are not known."""
    if kind not in (*_CONVOLUTIONS, *_POOLS):
        return
    kernel = known.get("kernel_shape") or (weight or ())[_OTHER_AXES:]
    if not kernel or isinstance(kernel, str) or any(size < 1 for size in kernel):
        return
    axes = len(kernel)
    wanted = {"kernel_shape": tuple(kernel), "strides": (1,) * axes}
    if kind in _CONVOLUTIONS:
        wanted["dilations"] = (1,) * axes
    if known.get("auto_pad", "NOTSET") == "NOTSET":
        wanted["pads"] = (0,) * (2 * axes)
    yield from ((name, values) for name, values in wanted.items() if name not in known)


def _numbers(name: str, values: tuple[int, ...]) -> bytes:
    """An attribute of whole numbers."""
    several = ((_INTEGERS, value) for value in values)
    return encode.message((_NAME, name), *several, (_FORM, _FORM_INTEGERS))
