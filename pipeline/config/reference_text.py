"""A file of references edited as text: what is not changed stays as it was, comments too."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import yaml

#: What may stand in YAML as it is: no sign that means something, in a list within brackets either.
_PLAIN = re.compile(r"[A-Za-z][\w./()+-]*(?: [\w./()+-]+)*")

Scalar = str | int | float
Values = Mapping[str, Scalar]


@dataclass(frozen=True)
class _Edit:
    """``text[start:end]`` becomes ``new``."""

    start: int
    end: int
    new: str


def changed(text: str, entries: Mapping[int, Values], more: Sequence[Values]) -> str:
    """The text with keys of some entries of ``references:`` set, by index, and ``more`` entries
    behind them.

    ``ValueError`` where the text's form does not allow it.
    """
    root = yaml.compose(text, yaml.SafeLoader)
    if root is None:
        return text + _new_list(text, more)
    if not isinstance(root, yaml.MappingNode):
        raise ValueError("the file holds no keys")
    listed = _value(root, "references")
    if listed is None or (isinstance(listed, yaml.ScalarNode) and listed.value in ("", "null")):
        if listed is not None or root.flow_style:
            raise ValueError("`references:` is empty; remove the key")
        return text + _new_list(text, more)
    if not isinstance(listed, yaml.SequenceNode):
        raise ValueError("`references:` is no list")
    edits = [
        edit for index, values in entries.items() for edit in _set(text, listed, index, values)
    ]
    if more:
        edits.append(_append(text, listed, more))
    # From the end, so that places before stay; of one place the later edit comes behind.
    edits.sort(key=lambda edit: edit.start)
    for edit in reversed(edits):
        text = text[: edit.start] + edit.new + text[edit.end :]
    return text


def scalar(value: Scalar) -> str:
    """A value as YAML that reads back as the same."""
    if isinstance(value, str):
        plain = _PLAIN.fullmatch(value) and yaml.safe_load(value) == value
        return value if plain else _quoted(value)
    if isinstance(value, int):
        return str(value)
    short = repr(value)
    return f"{value:.12f}".rstrip("0") if "e" in short else short


def _quoted(text: str) -> str:
    """As JSON does it, which is YAML too but for signs that nobody sees."""
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(sign if sign.isprintable() else f"\\U{ord(sign):08x}" for sign in quoted)


def _value(node: yaml.MappingNode, key: str) -> yaml.Node | None:
    return next((value for name, value in node.value if name.value == key), None)


def _set(text: str, listed: yaml.SequenceNode, index: int, values: Values) -> list[_Edit]:
    entry = listed.value[index]
    if not isinstance(entry, yaml.MappingNode) or not entry.value:
        raise ValueError(f"entry {index + 1} is no mapping")
    edits = []
    added = []
    for key, value in values.items():
        node = _value(entry, key)
        if node is None:
            added.append(f"{key}: {scalar(value)}")
        else:
            edits.append(_Edit(*_span(text, node), scalar(value)))
    if added:
        edits.append(_behind(text, entry, added))
    return edits


def _behind(text: str, entry: yaml.MappingNode, added: Sequence[str]) -> _Edit:
    """New keys at the end of an entry."""
    if entry.flow_style:
        end = entry.value[-1][1].end_mark.index
        return _Edit(end, end, "".join(f", {line}" for line in added))
    indent = " " * entry.value[0][0].start_mark.column
    place, before = _next_line(text, entry)
    return _Edit(place, place, before + "".join(f"{indent}{line}\n" for line in added))


def _append(text: str, listed: yaml.SequenceNode, more: Sequence[Values]) -> _Edit:
    if listed.flow_style and listed.value:
        end = listed.end_mark.index - 1
        return _Edit(end, end, "".join(f", {_flow(values)}" for values in more))
    if listed.flow_style:  # an empty one
        lines = "".join(_block(values, "  ") for values in more)
        return _Edit(listed.start_mark.index, listed.end_mark.index, "\n" + lines.rstrip("\n"))
    indent = " " * listed.start_mark.column
    place, before = _next_line(text, listed)
    return _Edit(place, place, before + "".join(_block(values, indent) for values in more))


def _new_list(text: str, more: Sequence[Values]) -> str:
    before = "" if not text or text.endswith("\n") else "\n"
    return before + "references:\n" + "".join(_block(values, "  ") for values in more)


def _block(values: Values, indent: str) -> str:
    lines = [f"{key}: {scalar(value)}" for key, value in values.items()]
    return f"{indent}- {lines[0]}\n" + "".join(f"{indent}  {line}\n" for line in lines[1:])


def _flow(values: Values) -> str:
    return "{" + ", ".join(f"{key}: {scalar(value)}" for key, value in values.items()) + "}"


def _last(node: yaml.Node) -> yaml.Node:
    """The last node in a node that has a text of its own: a scalar, or what is in brackets."""
    while isinstance(node, yaml.CollectionNode) and node.value and not node.flow_style:
        item = node.value[-1]
        node = item[1] if isinstance(node, yaml.MappingNode) else item
    return node


def _next_line(text: str, node: yaml.CollectionNode) -> tuple[int, str]:
    """Where the line after the last text of a node begins, and what must be put before that."""
    _, end = _span(text, _last(node))
    found = text.find("\n", end)
    return (found + 1, "") if found >= 0 else (len(text), "\n")


def _span(text: str, node: yaml.Node) -> tuple[int, int]:
    """Where a scalar's own text is: a block scalar's mark is at the next line's beginning."""
    start, end = node.start_mark.index, node.end_mark.index
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
