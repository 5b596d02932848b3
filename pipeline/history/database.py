"""An SQLite file that several processes write at once, and that says what is wrong with it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from pipeline.core.errors import LocalDiskFull, LocalFileError, one_line
from pipeline.core.files import disk_errors
from pipeline.history.errors import (
    HistoryBusy,
    HistoryDamaged,
    HistoryNewer,
    HistoryReadOnly,
    NoHistory,
    NotAHistory,
)
from pipeline.history.schema import APPLICATION, MIGRATIONS, VERSION

#: How long a writer waits for the others.
PATIENCE_S = 30.0
#: A disk with less room than this is full; SQLite then speaks of an I/O error as well.
_FULL_BYTES = 1 << 20


def connect(path: Path, *, create: bool = False) -> sqlite3.Connection:
    """The history in ``path``, brought to today's version; a new one where ``create`` allows it.

    One that may only be read is read as it is; an older one of these in a copy in memory.
    Raises the errors of ``pipeline.history.errors``.
    """
    if not create and not os.path.isfile(path):
        raise NoHistory(path)
    with sqlite_errors(path):
        if os.path.exists(path) and not _writable(path):
            if create:
                raise HistoryReadOnly(path)
            return _reading(path)
        with disk_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, timeout=PATIENCE_S, isolation_level=None)
        try:
            _prepare(connection, path)
        except BaseException:
            connection.close()
            raise
        return connection


def snapshot(path: Path, target: Path) -> None:
    """Copy the history in ``path`` as it is now, brought to today's version; it stays as it is."""
    if not os.path.isfile(path):
        raise NoHistory(path)
    with (
        sqlite_errors(path),
        closing(_reading(path)) as source,
        sqlite_errors(target),
        closing(sqlite3.connect(target)) as copy,
    ):
        source.backup(copy)


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of the block is written, on the disk, or nothing; others wait meanwhile."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def sqlite_errors(path: Path) -> Iterator[None]:
    """Turn SQLite's complaints about ``path`` into errors of ours.

    By their texts: CPython 3.10 does not tell the codes.
    """
    try:
        yield
    except sqlite3.Error as error:
        text = one_line(str(error))
        if "full" in text or ("disk I/O" in text and _full(path)):
            raise LocalDiskFull(path) from error
        if "locked" in text or "busy" in text:
            raise HistoryBusy(path, PATIENCE_S) from error
        if "readonly" in text:
            raise HistoryReadOnly(path) from error
        if "not a database" in text:
            raise NotAHistory(path, "not an SQLite file") from error
        if "malformed" in text or "corrupt" in text or "no such" in text:
            raise HistoryDamaged(path, text) from error
        raise LocalFileError(path, text) from error


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("PRAGMA synchronous = FULL")
    if _version(connection, path) < VERSION:
        _write_ahead(connection)
        with transaction(connection):
            _migrate(connection, path)
    # Only now: while they are on, no table can be made anew.
    connection.execute("PRAGMA foreign_keys = ON")


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    """From the version that it has now: another process may have been here in the meantime."""
    version = _version(connection, path)
    for statements in MIGRATIONS[version:]:
        for statement in statements:
            connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION}")
    connection.execute(f"PRAGMA user_version = {VERSION}")


def _version(connection: sqlite3.Connection, path: Path) -> int:
    """The file's version; 0 for an empty one. Raises NotAHistory or HistoryNewer."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (objects,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if application != APPLICATION and (application or version or objects):
        raise NotAHistory(path, "another program's database")
    if version > VERSION:
        raise HistoryNewer(path, version, VERSION)
    return int(version)


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Turn the write-ahead log on; SQLite does not wait for others here, so this does."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def _reading(path: Path) -> sqlite3.Connection:
    if _writable(path):
        mode = "rw"  # nothing is written, but the last to leave may clear its log away
    elif os.path.exists(f"{path}-wal"):
        mode = "ro"
    else:
        mode = "ro&immutable=1"  # SQLite can make no lock here, and no log tells of a writer
    address = f"file:{quote(str(path.absolute()))}?mode={mode}"
    connection = sqlite3.connect(address, uri=True, timeout=PATIENCE_S, isolation_level=None)
    if _version(connection, path) == VERSION:
        return connection
    copy = sqlite3.connect(":memory:", isolation_level=None)
    connection.backup(copy)
    connection.close()
    _migrate(copy, path)
    return copy


def _writable(path: Path) -> bool:
    return os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)


def _full(path: Path) -> bool:
    try:
        return shutil.disk_usage(path.parent).free < _FULL_BYTES
    except OSError:
        return False
