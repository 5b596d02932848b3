"""The run folder: one for every command that makes something, with a manifest to trace it by."""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pipeline.core import files
from pipeline.core.errors import NoDataError, PipelineError
from pipeline.core.places import expand
from pipeline.core.store import Store

WORKSPACE = Path("runs")
MANIFEST = "manifest.json"
_LATEST = "latest"
_SCHEMA = 1


@dataclass(eq=False)
class NothingDeployed(NoDataError):
    """There is no earlier deployment to take the model from."""

    workspace: Path

    @property
    def message(self) -> str:
        return f"nothing has been deployed in {self.workspace} yet"

    @property
    def hint(self) -> str:
        return "run `pipeline deploy` first, or name a model: pipeline benchmark MODEL.ms"


@dataclass
class Run:
    """A run folder that is being filled. ``stages`` are the manifest's lines so far."""

    folder: Path
    command: str
    workspace: Path
    started: float = field(default_factory=time.monotonic)
    stages: list[dict[str, Any]] = field(default_factory=list)

    @property
    def logs(self) -> Path:
        """Where the tools' output goes."""
        return self.folder / "logs"

    @property
    def samples(self) -> Path:
        """Where the runner's own records go, with every sample."""
        return self.folder / "samples"

    @property
    def store(self) -> Store:
        """Results of stages, shared by all runs of the workspace."""
        return Store(self.workspace / ".store")

    def part(self, *names: str) -> Run:
        """A folder inside this one for one of several models or devices; one manifest for all."""
        inner = replace(self, folder=self.folder.joinpath(*names))
        _furnish(inner.folder)
        return inner

    def keep_model(self, source: Path, name: str) -> Path:
        """Copy a model into the folder as ``name``."""
        target = self.folder / "models" / name
        files.copy_file(source, target)
        return target

    def finish(self, content: Mapping[str, Any]) -> Path:
        """Write the manifest; from then on the run is the workspace's latest."""
        path = self.folder / MANIFEST
        files.write_json(path, {**self._head(), **content, "stages": self.stages})
        link = self.workspace / f".{_LATEST}.{os.getpid()}"
        with files.disk_errors(link):
            link.unlink(missing_ok=True)
            link.symlink_to(self.folder.name)
            os.replace(link, self.workspace / _LATEST)
        return path

    def fail(self, error: BaseException) -> None:
        """Leave a record of what stopped the run; the latest run stays the one before."""
        content: dict[str, Any] = {"status": "failed", "error": type(error).__name__}
        if isinstance(error, PipelineError):
            content |= {"message": str(error), "hint": error.hint, "facts": error.facts()}
        with suppress(PipelineError):  # on a full disk the first error is the one to tell
            files.write_json(
                self.folder / MANIFEST, {**self._head(), **content, "stages": self.stages}
            )

    def _head(self) -> dict[str, Any]:
        return {
            "schema": _SCHEMA,
            "command": self.command,
            "run": self.folder.name,
            "seconds": round(time.monotonic() - self.started, 3),
            "pipeline_version": pipeline_version(),
            "python": platform.python_version(),
            "host": {
                "system": platform.platform(),
                "machine": platform.machine(),
                "cpus": os.cpu_count(),
            },
            "argv": sys.argv[1:],
        }


@contextmanager
def start(workspace: Path, command: str, name: str) -> Iterator[Run]:
    """A fresh run folder ``<time>-<command>-<name>``; what stops the run is recorded in it."""
    run = start_folder(workspace, command, name)
    with recorded(run):
        yield run


@contextmanager
def recorded(run: Run) -> Iterator[None]:
    """What stops the block is recorded in the run's manifest."""
    try:
        yield
    except BaseException as error:
        run.fail(error)
        raise


def go_on(folder: Path, command: str, workspace: Path) -> Run:
    """A run that was interrupted, to be finished in its own folder."""
    _furnish(folder)
    return Run(folder, command, workspace)


def start_folder(workspace: Path, command: str, name: str) -> Run:
    """A fresh run folder; ``start`` also records what stops the run."""
    stamp = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%S")
    workspace = expand(workspace).absolute()
    with files.disk_errors(workspace):
        workspace.mkdir(parents=True, exist_ok=True)
        for number in range(1, 1000):
            suffix = f"-{number}" if number > 1 else ""
            folder = workspace / f"{stamp}-{command}-{name}{suffix}"
            try:
                folder.mkdir()
                break
            except FileExistsError:
                continue
    _furnish(folder)
    return Run(folder, command, workspace)


def _furnish(folder: Path) -> None:
    with files.disk_errors(folder):
        for part in ("inputs", "logs", "models", "samples"):
            (folder / part).mkdir(parents=True, exist_ok=True)


def latest_deployment(workspace: Path) -> tuple[Path, Mapping[str, Any]]:
    """Folder and manifest of the newest deployment that came to its end.

    Raises NothingDeployed.
    """
    workspace = expand(workspace).absolute()
    for path in sorted(workspace.glob(f"*/{MANIFEST}"), reverse=True):
        if path.parent.name == _LATEST:
            continue
        try:
            manifest = files.read_json(path)
            if manifest["command"] == "deploy" and manifest["status"] == "done":
                return path.parent, manifest
        except (ValueError, KeyError, TypeError):
            continue
    raise NothingDeployed(workspace)


def pipeline_version() -> str:
    """The installed version of this package."""
    try:
        return importlib.metadata.version("mslite-pipeline")
    except importlib.metadata.PackageNotFoundError:
        return "unknown"
