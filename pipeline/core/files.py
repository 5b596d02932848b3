"""Files that appear whole or not at all, and their hashes."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline.core.errors import LocalDiskFull, LocalFileError

_CHUNK = 1 << 20


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn the operating system's refusals while ``path`` is used into errors of ours."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise LocalDiskFull(path) from error
        where = Path(error.filename) if isinstance(error.filename, str) else path
        raise LocalFileError(where, error.strerror or type(error).__name__) from error


def write_bytes(path: Path, data: bytes) -> None:
    """Write ``data`` to ``path`` by way of a temporary file beside it, fsync and rename."""
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            os.chmod(name, 0o644)
            os.replace(name, path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def write_text(path: Path, text: str) -> None:
    """``write_bytes`` of UTF-8 text."""
    write_bytes(path, text.encode())


def write_json(path: Path, value: object) -> None:
    """Write ``value`` as sorted, indented JSON; NaN is refused, for no reader agrees on it."""
    write_text(path, json.dumps(value, indent=2, sort_keys=True, allow_nan=False) + "\n")


def read_json(path: Path) -> Any:
    """The JSON value in ``path``; ``ValueError`` when it is not JSON."""
    with disk_errors(path):
        text = path.read_bytes()
    return json.loads(text)


def sha256_file(path: Path) -> str:
    """Hex SHA-256 of a file's content."""
    digest = hashlib.sha256()
    with disk_errors(path), path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def sha256_json(value: object) -> str:
    """Hex SHA-256 of a JSON-able value, independent of the order of keys."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def copy_file(source: Path, target: Path) -> None:
    """Copy content, whole or not at all; the copy is readable and writable by its owner."""
    with disk_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:40]}.")
        os.close(handle)
        try:
            shutil.copyfile(source, name)
            os.chmod(name, 0o644)
            os.replace(name, target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def fsync_tree(folder: Path) -> None:
    """Flush every file below ``folder`` and the folders themselves to the disk."""
    with disk_errors(folder):
        for root, _, names in os.walk(folder):
            for entry in (*names, "."):
                handle = os.open(os.path.join(root, entry), os.O_RDONLY)
                try:
                    os.fsync(handle)
                finally:
                    os.close(handle)


def remove_tree(folder: Path) -> None:
    """Delete a folder and all below it; one that is not there is fine."""
    shutil.rmtree(folder, ignore_errors=True)
