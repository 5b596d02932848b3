"""What the tests of tools share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipeline.core import process
from tests.fakes import write_program


@pytest.fixture
def small_output_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs may write one mebibyte, so that endless output ends soon."""
    run: Callable[..., Any] = process.run
    monkeypatch.setattr(process, "run", lambda *a, **k: run(*a, limit_bytes=1 << 20, **k))


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of tools of this test's own."""
    path = tmp_path / "cache"
    monkeypatch.setenv("PIPELINE_CACHE", str(path))
    return path


@dataclass(frozen=True)
class Compilers:
    """Stand-ins for gcc and g++ that write what they are to make, and note each call."""

    folder: Path

    def behave(self, body: str) -> None:
        """Let both do ``body`` from now on, a shell's, in which ``$output`` is their output."""
        note = (
            f"echo \"$0 $*\" >> '{self.folder}/calls'\n"
            'while [ $# -gt 0 ]; do [ "$1" = -o ] && output=$2; shift; done\n'
        )
        for name in ("gcc", "g++"):
            write_program(self.folder, name, note + body)

    @property
    def calls(self) -> list[str]:
        """The programs that were called, with their arguments."""
        note = self.folder / "calls"
        return note.read_text().splitlines() if note.exists() else []


@pytest.fixture
def compilers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Compilers:
    """Found before the real ones."""
    found = Compilers(tmp_path / "compilers")
    found.behave('echo built > "$output"')
    monkeypatch.setenv("PATH", f"{found.folder}:/usr/bin:/bin")
    return found


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """The runner's sources, as small as can be."""
    path = tmp_path / "sources"
    path.mkdir()
    (path / "main.c").write_text("int main(void) { return 0; }\n")
    (path / "oh_ai.h").write_text("/* declarations */\n")
    return path
