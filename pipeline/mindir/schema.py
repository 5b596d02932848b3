"""The protobuf schema of MindIR, from the MindSpore that is installed.

MindSpore's own module is not imported: its package takes over a second to load, and what 2.7
carries was generated for a protobuf so old that newer ones refuse it. The schema itself, which that
file holds in serialized form, is the same for every protobuf.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import os
import re
import sys
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from pipeline.mindir.errors import MindSporeMissing

_SERIALIZED = re.compile(
    r"(?:AddSerializedFile\(|serialized_pb=)(b(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"))",
    re.DOTALL,
)
_PACKAGE = "mind_ir"


@lru_cache(maxsize=1)
def schema() -> Any:
    """A namespace of the message classes: ``ModelProto`` and its parts.

    Raises ``MindSporeMissing``.
    """
    package = importlib.util.find_spec("mindspore")
    if package is None or not package.submodule_search_locations:
        raise MindSporeMissing
    file = Path(package.submodule_search_locations[0], "train", "mind_ir_pb2.py")
    try:
        found = _SERIALIZED.search(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise MindSporeMissing(f"{file}: {error.strerror}") from error
    if found is None:
        raise MindSporeMissing(f"{file} holds no schema")
    if found.group().startswith("serialized_pb") and "google.protobuf" not in sys.modules:
        # A MindSpore of that age sets this itself, and cannot be imported after a faster one.
        os.environ.setdefault("PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION", "python")
    return _classes(ast.literal_eval(found.group(1)))


def _classes(serialized: bytes) -> SimpleNamespace:
    # In here: what MindSpore sets before protobuf is imported decides which protobuf it gets.
    descriptors = importlib.import_module("google.protobuf.descriptor_pb2")
    descriptor_pool = importlib.import_module("google.protobuf.descriptor_pool")
    message_factory = importlib.import_module("google.protobuf.message_factory")

    file = descriptors.FileDescriptorProto.FromString(serialized)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    if hasattr(message_factory, "GetMessageClass"):
        create = message_factory.GetMessageClass
    else:  # protobuf before 4.22
        create = message_factory.MessageFactory(pool).GetPrototype
    return SimpleNamespace(
        **{
            message.name: create(pool.FindMessageTypeByName(f"{_PACKAGE}.{message.name}"))
            for message in file.message_type
        }
    )
