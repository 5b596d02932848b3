"""The tables of a history, and how an older one becomes today's."""

from __future__ import annotations

#: SQLite's mark of whose file it is: "MSLH".
APPLICATION = 0x4D534C48

_FIRST = (
    # What a trend is asked by: small, so that a question is answered here first.
    """
    CREATE TABLE series (
        number INTEGER PRIMARY KEY,
        model TEXT NOT NULL, recipe TEXT NOT NULL, profile TEXT NOT NULL,
        "where" TEXT NOT NULL, device TEXT NOT NULL, device_model TEXT NOT NULL,
        hardware TEXT NOT NULL, runner TEXT NOT NULL, runtime TEXT NOT NULL,
        mode TEXT NOT NULL, threads INTEGER NOT NULL, binding INTEGER NOT NULL,
        fp16 INTEGER NOT NULL,
        UNIQUE (model, recipe, profile, "where", device, device_model, hardware, runner, runtime,
                mode, threads, binding, fp16)
    )
    """,
    # In the order of its key on the disk: the nights of a series lie beside each other.
    """
    CREATE TABLE result (
        series INTEGER NOT NULL REFERENCES series,
        time_ms INTEGER NOT NULL, id TEXT NOT NULL, run TEXT NOT NULL,
        model_sha256 TEXT NOT NULL, size_bytes INTEGER, accuracy_percent REAL,
        p50_ns REAL, p50_low_ns REAL, p50_high_ns REAL, p90_ns REAL, p99_ns REAL,
        samples_n INTEGER, load_ns INTEGER, first_inference_ns INTEGER,
        peak_memory_bytes INTEGER, instructions INTEGER,
        verdict TEXT NOT NULL, reason TEXT NOT NULL, device_build TEXT NOT NULL,
        pipeline_version TEXT NOT NULL, record TEXT NOT NULL, samples TEXT NOT NULL,
        PRIMARY KEY (series, time_ms, id)
    ) WITHOUT ROWID
    """,
    "CREATE UNIQUE INDEX result_id ON result (id)",
    "CREATE INDEX result_time ON result (time_ms)",
    # Whole records and samples, by the hash of their content: once, whoever has them.
    "CREATE TABLE kept (sha256 TEXT PRIMARY KEY, data BLOB NOT NULL)",
)

_SECOND = (
    # Other models in memory and bound cores are conditions too; the index can be renewed later.
    """
    CREATE TABLE series_2 (
        number INTEGER PRIMARY KEY,
        model TEXT NOT NULL, recipe TEXT NOT NULL, profile TEXT NOT NULL,
        "where" TEXT NOT NULL, device TEXT NOT NULL, device_model TEXT NOT NULL,
        hardware TEXT NOT NULL, runner TEXT NOT NULL, runtime TEXT NOT NULL,
        mode TEXT NOT NULL, threads INTEGER NOT NULL, binding INTEGER NOT NULL,
        fp16 INTEGER NOT NULL, cores TEXT NOT NULL, beside TEXT NOT NULL
    )
    """,
    "INSERT INTO series_2 SELECT *, '', '' FROM series",
    "DROP TABLE series",
    "ALTER TABLE series_2 RENAME TO series",
    """
    CREATE UNIQUE INDEX series_once ON series (
        model, recipe, profile, "where", device, device_model, hardware, runner, runtime, mode,
        threads, binding, fp16, cores, beside
    )
    """,
    # Since results are of several runs.
    "ALTER TABLE result ADD COLUMN runs_n INTEGER",
    "ALTER TABLE result ADD COLUMN repeatable INTEGER",
    "ALTER TABLE result ADD COLUMN doubts TEXT NOT NULL DEFAULT ''",
)

#: The statements that lead from each version to the next; version 0 is an empty file.
MIGRATIONS = (_FIRST, _SECOND)
VERSION = len(MIGRATIONS)
