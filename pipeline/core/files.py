"""Files that appear whole or not at all, and their hashes."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

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
        named = error.filename2 or error.filename  # of a rename, the name that it should get
        where = Path(named) if isinstance(named, str) else path
        raise LocalFileError(where, error.strerror or type(error).__name__) from error


@contextmanager
def appearing(path: Path) -> Iterator[IO[bytes]]:
    """A temporary file beside ``path`` that takes its name, whole, when the block ends well.

    It is flushed to the disk first, and readable and writable by its owner. When the block or
    anything after it fails, ``path`` is as it was and nothing else is left.
    """
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.")
        try:
            with os.fdopen(handle, "wb") as stream:
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
            os.chmod(name, 0o644)
            os.replace(name, path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def write_bytes(path: Path, data: bytes) -> None:
    """Write ``data`` to ``path``, whole or not at all."""
    with appearing(path) as stream:
        stream.write(data)


def write_text(path: Path, text: str) -> None:
    """``write_bytes`` of UTF-8 text."""
    write_bytes(path, text.encode())


def read_text(path: Path) -> str:
    """The text of a file of our own."""
    with disk_errors(path):
        return path.read_text(encoding="utf-8")


def write_json(path: Path, value: object) -> None:
    """Write ``value`` as sorted, indented JSON; NaN is refused, for no reader agrees on it."""
    write_text(path, json.dumps(value, indent=2, sort_keys=True, allow_nan=False) + "\n")


def append_json(path: Path, value: object) -> None:
    """Append ``value`` as one line of JSON, on the disk when this returns."""
    line = json.dumps(value, sort_keys=True, allow_nan=False) + "\n"
    with disk_errors(path), path.open("ab", buffering=0) as stream:
        stream.write(line.encode())
        os.fsync(stream.fileno())


def read_json(path: Path) -> Any:
    """The JSON value in ``path``; ``ValueError`` when it is not JSON."""
    with disk_errors(path):
        text = path.read_bytes()
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None


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
    """Copy content, whole or not at all."""
    with appearing(target) as stream, source.open("rb") as original:
        shutil.copyfileobj(original, stream, _CHUNK)


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


@contextmanager
def making(final: Path) -> Iterator[Path]:
    """An empty folder beside ``final``, for the one process that makes ``final`` now.

    Whoever comes later waits, so look first whether it is there. The folder, or what is left of
    it, is removed at the end; what a killed process left is removed at the start.
    """
    lock = final.with_name(f".{final.name}.lock")
    with disk_errors(lock):
        lock.parent.mkdir(parents=True, exist_ok=True)
        stream = lock.open("w")
    with stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        for leftover in final.parent.glob(f".{final.name}.*"):
            if leftover.is_dir():
                remove_tree(leftover)
        with disk_errors(final):
            folder = Path(tempfile.mkdtemp(dir=final.parent, prefix=f".{final.name}."))
        try:
            yield folder
        finally:
            remove_tree(folder)


def remove_tree(folder: Path) -> None:
    """Delete a folder and all below it; one that is not there is fine."""
    shutil.rmtree(folder, ignore_errors=True)
