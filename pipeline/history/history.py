"""A history: results put into it and asked for, each once however often it comes."""

from __future__ import annotations

import json
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

from pipeline.history import samples as packing
from pipeline.history.database import connect, snapshot, sqlite_errors, transaction
from pipeline.history.errors import HistoryDamaged
from pipeline.history.result import COLUMNS, CONDITIONS, Conditions, Result

_BATCH = 500
_LONGEST_RECORD = 1 << 26

_OF_SERIES = ", ".join(f'series."{name}"' for name in CONDITIONS)
_OF_RESULT = ", ".join(f"result.{name}" for name in COLUMNS)
_INSERT_SERIES = "INSERT OR IGNORE INTO series ({}) VALUES ({})".format(
    ", ".join(f'"{name}"' for name in CONDITIONS), ", ".join("?" * len(CONDITIONS))
)
_FIND_SERIES = "SELECT number FROM series WHERE " + " AND ".join(
    f'"{name}" = ?' for name in CONDITIONS
)
_INSERT_RESULT = "INSERT OR IGNORE INTO result (series, {}) VALUES (?, {})".format(
    ", ".join(COLUMNS), ", ".join("?" * len(COLUMNS))
)
_MERGE = (
    "INSERT OR IGNORE INTO main.kept SELECT * FROM other.kept",
    "INSERT OR IGNORE INTO main.series ({0}) SELECT {0} FROM other.series".format(
        ", ".join(f'"{name}"' for name in CONDITIONS)
    ),
    "INSERT OR IGNORE INTO main.result (series, {}) SELECT mine.number, {} FROM other.result its "
    "JOIN other.series theirs ON theirs.number = its.series "
    "JOIN main.series mine ON {}".format(
        ", ".join(COLUMNS),
        ", ".join(f"its.{name}" for name in COLUMNS),
        " AND ".join(f'mine."{name}" = theirs."{name}"' for name in CONDITIONS),
    ),
)
_COUNT_OTHER = "SELECT count(*) FROM other.result"


@dataclass(frozen=True)
class Entry:
    """A result on its way in, with its whole record and every sample, where these are known."""

    result: Result
    record: Mapping[str, Any] | None = None
    samples: packing.Runs = ()


@dataclass(frozen=True)
class Added:
    """How many results were new, and how many were there already."""

    new: int
    known: int

    def as_json(self) -> dict[str, int]:
        """For ``--json``."""
        return {"new": self.new, "known": self.known}


@dataclass(frozen=True)
class Filter:
    """Which results; what is empty or None asks for nothing. ``device`` is a profile, a device's
    key or its model. ``since_ms`` is a time since 1970."""

    model: str | None = None
    recipe: str | None = None
    device: str | None = None
    where: str | None = None
    since_ms: int | None = None

    def words(self) -> str:
        """What is asked for, in words."""
        named = (self.model, self.recipe, self.device, self.where)
        return " ".join(name for name in named if name) or "anything"


class History:
    """An open history. All calls raise the errors of ``pipeline.history.errors``."""

    def __init__(self, path: Path, *, create: bool = False) -> None:
        self.path = path
        self._connection = connect(path, create=create)

    def __enter__(self) -> History:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def add(self, entries: Iterable[Entry]) -> Added:
        """Keep results, each once; several of them on the disk together, or none.

        Many at a time go in batches, so that others can write in between.
        """
        new = known = 0
        source = iter(entries)
        while batch := list(islice(source, _BATCH)):
            with sqlite_errors(self.path), transaction(self._connection):
                added = sum(self._add(entry) for entry in batch)
            new, known = new + added, known + len(batch) - added
        return Added(new, known)

    def find(self, asked: Filter | None = None, limit: int | None = None) -> Iterator[Result]:
        """Results, the newest first."""
        where, values = _condition(asked or Filter())
        query = (
            f"SELECT {_OF_SERIES}, {_OF_RESULT} FROM result JOIN series ON number = series "
            f"WHERE {where} ORDER BY time_ms DESC, id LIMIT ?"
        )
        with self._asked(query, (*values, -1 if limit is None else limit)) as rows:
            for row in rows:
                yield _result(row)

    def count(self) -> int:
        """How many results there are."""
        with self._asked("SELECT count(*) FROM result", ()) as rows:
            return int(next(rows)[0])

    def models(self) -> tuple[str, ...]:
        """The models that there are results of."""
        with self._asked("SELECT DISTINCT model FROM series ORDER BY model", ()) as rows:
            return tuple(row[0] for row in rows)

    def series(self, asked: Filter) -> tuple[tuple[int, Conditions], ...]:
        """The numbers and conditions of all series that fit; ``since_ms`` is not looked at."""
        where, values = _condition(asked, "")
        query = f"SELECT number, {_OF_SERIES} FROM series WHERE {where} ORDER BY number"
        with self._asked(query, values) as rows:
            return tuple((row[0], _conditions(row[1:])) for row in rows)

    def rows(self, query: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        """The rows of a query of one's own, at once."""
        with self._asked(query, values) as rows:
            return list(rows)

    def record(self, result: Result) -> Mapping[str, Any] | None:
        """The whole record of a result; None where there is none."""
        data = self._kept(result.record)
        if data is None:
            return None
        try:
            value = json.loads(zlib.decompressobj().decompress(data, _LONGEST_RECORD))
        except (zlib.error, ValueError) as error:
            raise HistoryDamaged(self.path, f"a record: {error}") from None
        assert isinstance(value, dict)
        return value

    def samples(self, result: Result) -> packing.Runs:
        """Every sample of a result, run by run; empty where they were not kept."""
        data = self._kept(result.samples)
        if data is None:
            return ()
        try:
            runs = packing.decode(data)
        except ValueError as error:
            raise HistoryDamaged(self.path, str(error)) from None
        if packing.digest(runs) != result.samples:
            raise HistoryDamaged(self.path, f"the samples of {result.id} are not those recorded")
        return runs

    def merge(self, other: Path) -> Added:
        """Add all that another history has; its file is not written, whatever its version."""
        with tempfile.TemporaryDirectory(prefix="pipeline-history.") as folder:
            copy = Path(folder) / "history.db"
            snapshot(other, copy)
            with sqlite_errors(self.path):
                self._connection.execute("ATTACH ? AS other", (str(copy),))
                try:
                    with transaction(self._connection):
                        new = [self._connection.execute(text).rowcount for text in _MERGE][-1]
                    (all_of_it,) = self._connection.execute(_COUNT_OTHER).fetchone()
                finally:
                    self._connection.execute("DETACH other")
        return Added(new, all_of_it - new)

    def check(self) -> None:
        """Look at every page of the file; raises HistoryDamaged."""
        with self._asked("PRAGMA integrity_check(1)", ()) as rows:
            (found,) = next(rows)
        if found != "ok":
            raise HistoryDamaged(self.path, str(found))

    def _add(self, entry: Entry) -> bool:
        conditions = tuple(getattr(entry.result.conditions, name) for name in CONDITIONS)
        execute = self._connection.execute
        execute(_INSERT_SERIES, conditions)
        (number,) = execute(_FIND_SERIES, conditions).fetchone()
        record = self._keep_record(entry.record) or entry.result.record
        kept = self._keep_samples(entry.samples) or entry.result.samples
        own = {name: getattr(entry.result, name) for name in COLUMNS}
        values = {**own, "record": record, "samples": kept}
        return bool(execute(_INSERT_RESULT, (number, *values.values())).rowcount)

    def _keep_record(self, record: Mapping[str, Any] | None) -> str:
        if record is None:
            return ""
        text = json.dumps(record, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()
        return self._keep(sha256(text).hexdigest(), zlib.compress(text, 9))

    def _keep_samples(self, runs: packing.Runs) -> str:
        return self._keep(packing.digest(runs), packing.encode(runs)) if runs else ""

    def _keep(self, key: str, data: bytes) -> str:
        self._connection.execute("INSERT OR IGNORE INTO kept VALUES (?, ?)", (key, data))
        return key

    def _kept(self, key: str) -> bytes | None:
        if not key:
            return None
        with self._asked("SELECT data FROM kept WHERE sha256 = ?", (key,)) as rows:
            found = next(rows, None)
        return None if found is None else bytes(found[0])

    @contextmanager
    def _asked(self, query: str, values: Sequence[object]) -> Iterator[Iterator[tuple[Any, ...]]]:
        with sqlite_errors(self.path), closing(self._connection.execute(query, values)) as rows:
            yield rows


def _condition(asked: Filter, time: str = "time_ms") -> tuple[str, tuple[object, ...]]:
    parts = ["1"]
    values: list[object] = []
    for name in ("model", "recipe", "where"):
        if value := getattr(asked, name):
            parts.append(f'series."{name}" = ?')
            values.append(value)
    if asked.device:
        parts.append("? IN (series.profile, series.device, series.device_model)")
        values.append(asked.device)
    if time and asked.since_ms is not None:
        parts.append(f"{time} >= ?")
        values.append(asked.since_ms)
    return " AND ".join(parts), tuple(values)


def _conditions(row: Sequence[Any]) -> Conditions:
    value = Conditions(*row)
    return Conditions(**{**value.__dict__, "fp16": bool(value.fp16)})


def _result(row: Sequence[Any]) -> Result:
    conditions, own = row[: len(CONDITIONS)], row[len(CONDITIONS) :]
    named = dict(zip(COLUMNS, own, strict=True))
    if named["repeatable"] is not None:
        named["repeatable"] = bool(named["repeatable"])
    return Result(conditions=_conditions(conditions), **named)
