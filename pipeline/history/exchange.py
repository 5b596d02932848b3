"""Results out of a history and into another: CSV for a spreadsheet, JSON for anything else."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pipeline.core import files
from pipeline.core.errors import PipelineError
from pipeline.history import manifest, samples
from pipeline.history.errors import NotAHistory, ResultsUnreadable
from pipeline.history.history import Added, Entry, History
from pipeline.history.result import COLUMNS, CONDITIONS, Result

_SCHEMA = 1
_SQLITE = b"SQLite format 3\0"


def as_csv(results: Iterable[Result]) -> Iterator[str]:
    """Lines of CSV, the names of the fields first; what is not known is empty."""
    names = (*CONDITIONS, *COLUMNS)
    yield _line(names)
    for result in results:
        value = result.as_json()
        yield _line("" if value[name] is None else value[name] for name in names)


def as_json(history: History, results: Iterable[Result], whole: bool) -> Iterator[str]:
    """Pieces of one JSON object, which ``add_from`` reads; ``whole`` with records and samples."""
    yield f'{{"schema": {_SCHEMA}, "results": ['
    for number, result in enumerate(results):
        value = result.as_json()
        if whole:
            value["whole_record"] = history.record(result)
            value["samples_ns"] = history.samples(result)
        yield ("," if number else "") + "\n  " + json.dumps(value, allow_nan=False)
    yield "\n]}\n"


def add_from(history: History, path: Path) -> Added:
    """Add what a run folder, a manifest, an export or another history holds.

    Raises ResultsUnreadable, or what is wrong with a database.
    """
    if path.is_file() and _begins(path, _SQLITE):
        return history.merge(path)
    if path.is_file() and path.suffix == ".db":
        raise NotAHistory(path, "not an SQLite file")
    if path.is_file() and (exported := _exported(path)) is not None:
        return history.add(exported)
    if not path.exists():
        raise ResultsUnreadable(path, "there is no such file or folder")
    return history.add(manifest.read(path))


def _exported(path: Path) -> list[Entry] | None:
    """The entries of an export; None where the file is something else."""
    try:
        value = files.read_json(path)
        if not isinstance(value, dict) or not isinstance(value.get("results"), list):
            return None
        if value.get("schema") != _SCHEMA:
            raise ValueError(f"unknown schema {value.get('schema')!r:.40}")
        return [_entry(item) for item in value["results"]]
    except PipelineError as error:
        raise ResultsUnreadable(path, str(error)) from None
    except (ValueError, TypeError) as error:
        raise ResultsUnreadable(path, str(error)) from None


def _entry(item: Mapping[str, Any]) -> Entry:
    if not isinstance(item, dict):
        raise ValueError("a result is no object")
    runs = tuple(tuple(run) for run in item.get("samples_ns") or ())
    record = item.get("whole_record")
    if record is not None and not isinstance(record, dict):
        raise ValueError("a record is no object")
    samples.check(runs)
    json.dumps(record, allow_nan=False)
    return Entry(Result.from_json({**item, "record": "", "samples": ""}), record, runs)


def _begins(path: Path, mark: bytes) -> bool:
    with files.disk_errors(path), path.open("rb") as stream:
        return stream.read(len(mark)) == mark


def _line(values: Iterable[Any]) -> str:
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerow(values)
    return stream.getvalue()
