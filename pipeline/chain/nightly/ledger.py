"""What has arrived of a night so far: a file a case, whole or not there, to go on from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.chain.nightly.case import Arrived, Case
from pipeline.chain.nightly.matrix import Matrix
from pipeline.chain.nightly.publish import JUNIT
from pipeline.chain.run import MANIFEST, Run, go_on, start_folder
from pipeline.core import files
from pipeline.core.errors import LocalFileError
from pipeline.core.places import expand

COMMAND = "nightly"
_PLAN = "plan.json"


@dataclass(frozen=True)
class Ledger:
    """The cases of one night's folder."""

    run: Run

    def note(self, arrived: Arrived) -> None:
        """Keep a case; it is on the disk when this returns."""
        files.write_json(self._path(arrived.case), arrived.as_json())

    def arrived(self, cases: Sequence[Case]) -> dict[Case, Arrived]:
        """Those of ``cases`` that came; a file that is no record of its case is as none."""
        found = {}
        for case in cases:
            try:
                entry = Arrived.from_json(files.read_json(self._path(case)))
            except (LocalFileError, ValueError, KeyError, TypeError):
                continue
            if entry.case == case:
                found[case] = entry
        return found

    def _path(self, case: Case) -> Path:
        digest = files.sha256_json([case.model, case.recipe, case.device])[:16]
        return self.run.folder / "cases" / f"{digest}.json"


def finished(folder: Path, name: str) -> Iterator[tuple[str, dict[Case, Arrived]]]:
    """The finished nights called ``name`` that began before the one in ``folder``, newest first:
    their folder's name, and what arrived. One that cannot be read is as none."""
    for path in _newest(folder.parent, name, MANIFEST):
        if path.parent.name >= folder.name:
            continue
        try:
            night = files.read_json(path)
            if night["name"] != name or night["status"] != "done":
                continue
            entries = [Arrived.from_json(entry) for entry in night["cases"]]
        except (LocalFileError, ValueError, KeyError, TypeError, AttributeError):
            continue
        yield path.parent.name, {entry.case: entry for entry in entries}


def open_ledger(workspace: Path, name: str, matrix: Matrix, fresh: bool) -> Ledger:
    """The newest unfinished night of the same matrix, unless ``fresh``; else a new one."""
    workspace = expand(workspace).absolute()
    unfinished = None if fresh else _unfinished(workspace, name, matrix)
    if unfinished is not None:
        return Ledger(go_on(unfinished, COMMAND, workspace))
    run = start_folder(workspace, COMMAND, name)
    files.write_json(run.folder / _PLAN, {"digest": matrix.digest})
    return Ledger(run)


def _unfinished(workspace: Path, name: str, matrix: Matrix) -> Path | None:
    for plan in _newest(workspace, name, _PLAN):
        try:
            if files.read_json(plan)["digest"] != matrix.digest:
                continue
            # What it writes last: without it the night may lack its pages, or its history.
            finished = (plan.parent / JUNIT).is_file() and (
                files.read_json(plan.parent / MANIFEST).get("status") == "done"
            )
        except (LocalFileError, ValueError, KeyError, TypeError, AttributeError):
            continue
        return None if finished else plan.parent
    return None


def _newest(workspace: Path, name: str, file: str) -> list[Path]:
    """That file of all nights whose name begins so, the newest first."""
    return sorted(workspace.glob(f"*-{COMMAND}-{name}*/{file}"), reverse=True)
