"""Several writers at once, and writers that are killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from pipeline.core.process import python_environment
from pipeline.history.history import History
from tests.history.made import entry

WRITERS, EACH = 8, 25

WRITE = """
import sys
from pathlib import Path
from pipeline.history.history import History
from tests.history.made import entry
path, name, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
for number in range(count):
    with History(path, create=True) as history:
        history.add([entry(number, seed=name), entry(number, seed="all the same")])
    print(number, flush=True)
"""


def start(path: Path, name: str, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITE, str(path), name, str(count)],
        env={**os.environ, **python_environment()},
        stdout=subprocess.PIPE,
        text=True,
    )


def test_eight_writers_at_once_lose_nothing(tmp_path):
    """They also make the file together, and open it anew for each result."""
    path = tmp_path / "history.db"
    writers = [start(path, f"writer-{number}", EACH) for number in range(WRITERS)]
    assert [(writer.communicate(timeout=120), writer.returncode)[1] for writer in writers] == (
        [0] * WRITERS
    )
    with History(path) as history:
        history.check()
        expected = {
            entry(number, seed=seed).result.id
            for number in range(EACH)
            for seed in ("all the same", *(f"writer-{writer}" for writer in range(WRITERS)))
        }
        assert {found.id for found in history.find()} == expected
        assert history.count() == EACH * (WRITERS + 1)
        assert all(history.samples(found) for found in history.find())


def test_a_killed_writer_damages_nothing_and_loses_nothing_that_it_said_it_had_kept(tmp_path):
    path = tmp_path / "history.db"
    kept = 0
    for attempt in range(5):
        writer = start(path, f"attempt-{attempt}", 100_000)
        assert writer.stdout is not None
        said = [writer.stdout.readline() for _ in range(3)]
        time.sleep(0.003 * attempt)
        os.kill(writer.pid, signal.SIGKILL)
        said += writer.stdout.read().splitlines()
        assert writer.wait() == -signal.SIGKILL
        kept += len(said)
        with History(path, create=True) as history:
            history.check()
            mine = [one for one in history.find() if one.run.endswith(f"attempt-{attempt}")]
            # The last one may have been kept before it could be said.
            assert len(mine) - len(said) in (0, 1)
            assert all(history.samples(found) for found in mine)
    assert kept >= 15
