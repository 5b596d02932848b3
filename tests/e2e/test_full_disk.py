"""A disk that fills up at any write: a clear error, nothing trusted that is not whole."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import DIGITS, QUICK, Cli

pytestmark = pytest.mark.slow


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, made as large or small as a test wants."""
    place = tmp_path / "disk"
    place.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)],
        capture_output=True,
        check=False,
    )
    if made.returncode != 0:
        pytest.skip("only root may mount a small file system")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def resize(place: Path, kib: int) -> None:
    subprocess.run(["mount", "-o", f"remount,size={kib}k", str(place)], check=True)


@pytest.mark.parametrize("where", ["workspace", "temporary files"])
def test_the_disk_fills_up_at_ever_later_writes(
    deployed: tuple[Cli, Any], small_disk: Path, tmp_path: Path, where: str
) -> None:
    expected = deployed[0].models()
    everything = where == "workspace"
    cli = Cli((small_disk if everything else tmp_path) / "runs")
    env = {"TMPDIR": str(small_disk)}
    failed = 0
    for kib in (4, 200, 500, 1400, 2600, 3500):
        resize(small_disk, kib)
        done = cli("deploy", DIGITS, *QUICK, "--json", env=env)
        if done.code == 0:
            break
        failed += 1
        assert done.code in (3, 4), (kib, done.err)
        assert "space" in done.err.splitlines()[-2], (kib, done.err)
        assert done.err.splitlines()[-1].startswith("hint: ")
        assert cli.litter() == []
    assert failed >= 3 if everything else failed >= 1
    resize(small_disk, 64 << 10)
    done = cli("deploy", DIGITS, *QUICK, "--json", env=env)
    assert done.code == 0, done.err
    assert cli.models() == expected
    shutil.rmtree(cli.workspace)
