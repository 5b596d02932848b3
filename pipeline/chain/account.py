"""The report of a run on devices, written from what its folder and the history hold."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.chain import history as histories
from pipeline.chain.nightly import publish
from pipeline.chain.run import WORKSPACE
from pipeline.chain.spreads import weight_spread
from pipeline.core import files
from pipeline.core.errors import PipelineError
from pipeline.core.events import Listener
from pipeline.core.places import expand
from pipeline.history import manifest as manifests
from pipeline.history.errors import ResultsUnreadable
from pipeline.history.history import Filter
from pipeline.history.record import samples
from pipeline.history.result import Figure
from pipeline.inspect.look import look
from pipeline.quantize.modelfile import ModelFile
from pipeline.report.charts.trends import Line
from pipeline.report.deployment import Deployment, deployment_page
from pipeline.report.document import Again, Page
from pipeline.report.grids import Looked
from pipeline.report.markdown import markdown
from pipeline.report.model import Json, Model
from pipeline.report.page import html
from pipeline.report.words import milliseconds, percent
from pipeline.search.sensitivity import Spread

_NIGHTS = 90
_MOST_TRENDS = 6
#: A larger model's weights take longer to count than anybody looks at them.
_MOST_BYTES = 64 << 20
_MOST_LOOKED = 8


@dataclass(frozen=True)
class Written:
    """The files of a report."""

    pages: tuple[Path, ...]

    def as_json(self) -> dict[str, Any]:
        """For ``--json``."""
        return {"status": "done", "pages": [str(path) for path in self.pages]}


def report(
    run: Path | None = None, *, history: Path | None = None, workspace: Path = WORKSPACE
) -> Written:
    """Write ``report.html`` and ``report.md`` of a deployment, benchmark or night (the latest run,
    when None).

    Of one to several devices, each has its own in its folder. ``history`` is the file that trends
    are taken from; the workspace's when None. Raises ResultsUnreadable.
    """
    folder = expand(run or workspace / "latest").resolve()
    content, _ = manifests.load(folder)
    place = histories.place(history, folder.parent)
    try:
        if "cases" in content:
            return Written(publish.write(content, folder, place))
        return Written(tuple(_written(content, folder, place)))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ResultsUnreadable(folder, f"{type(error).__name__}: {error}") from None


def tell(folder: Path, history: Path | None, listener: Listener) -> None:
    """``report`` of a run that has just ended; one that cannot be written is a warning."""
    try:
        report(folder, history=history)
    except PipelineError as error:
        listener.warning(f"no report: {error}; later: pipeline report {shlex.quote(str(folder))}")


def _written(content: Json, folder: Path, history: Path) -> Iterator[Path]:
    if "devices" not in content:
        yield from _pages(_page(content, folder, folder, history), folder)
        return
    for section in content["devices"]:
        if one := section.get("report"):
            part = folder / "devices" / Path(one["run_folder"]).name
            yield from _pages(_page({**content, **one}, part, folder, history), part)


def _pages(page: Page, folder: Path) -> Iterator[Path]:
    for name, write in ((publish.HTML, html), (publish.MARKDOWN, markdown)):
        path = folder / name
        files.write_text(path, write(page))
        yield path


def _page(content: Json, part: Path, folder: Path, history: Path) -> Page:
    models = [
        Model(row, samples(part, row["name"], row["benchmark"]) if row.get("benchmark") else ())
        for row in content["models"]
    ]
    found = Deployment(
        content,
        models,
        _limit(content),
        tuple(_spreads(content, folder)),
        tuple(_lines(content, history)),
        tuple(_looked(content, folder)),
    )
    return deployment_page(found, _again(content))


def _limit(content: Json) -> float | None:
    allowed = ((content.get("settings") or {}).get("limits") or {}).get("accuracy_drop_points")
    own = content.get("checkpoint_accuracy_percent")
    return None if allowed is None or own is None else own - allowed


def _spreads(content: Json, folder: Path) -> Iterator[Spread]:
    """The weights of the model without quantization, where it is one of the run's."""
    for row in content["models"]:
        path = folder / "models" / Path(row["path"]).name
        if row["name"] == "fp32" and path.is_file() and path.stat().st_size <= _MOST_BYTES:
            model = ModelFile(path)
            for weight in model.weights:
                values = model.values(weight)
                yield weight_spread(weight.node, values, values)


def _looked(content: Json, folder: Path) -> Iterator[Looked]:
    """What is in the run's own models; those measured where they lie are not looked into again."""
    for row in content["models"][:_MOST_LOOKED]:
        path = folder / "models" / Path(row["path"]).name
        if path.is_file() and path.stat().st_size <= _MOST_BYTES:
            with suppress(PipelineError):  # a report without it is better than none
                yield Looked(row["name"], look(path))


def _lines(content: Json, history: Path) -> Iterator[Line]:
    if not history.is_file():
        return
    shown: tuple[tuple[Figure, Callable[[float], str]], ...] = (
        (Figure.P50, milliseconds),
        (Figure.INSTRUCTIONS, lambda value: f"{value / 1e6:.4g} M"),
        (Figure.ACCURACY, percent),
    )
    count = 0
    for figure, words in shown:
        for row in content["models"]:
            asked = Filter(model=content["name"], recipe=row["name"])
            try:
                found = histories.trend(history, asked, figure, _NIGHTS)
            except PipelineError:
                continue
            for one in found:
                where = one.conditions.where
                same = not where or where == content.get("where")
                if count < _MOST_TRENDS and same and len(one.points) > 1:
                    count += 1
                    played = f" (EMULATED, {where})" if where not in ("", "device") else ""
                    yield Line.of(one, f"{row['name']}: {figure.value}{played}", words)
                break  # the newest series is that of this device


def _again(content: Json) -> Again:
    command = shlex.join(["pipeline", *(str(part) for part in content.get("argv") or ())])
    toolchain = content.get("toolchain") or {}
    versions = {
        "pipeline": str(content.get("pipeline_version", "")),
        "MindSpore Lite": str(toolchain.get("version", "")),
        "Python": str(content.get("python", "")),
        "host": str((content.get("host") or {}).get("system", "")),
    }
    hashes = {row["name"]: str(row["sha256"]) for row in content["models"]}
    for name in ("checkpoint", "model_file", "config"):
        if digest := (content.get(name) or {}).get("sha256"):
            hashes[name] = str(digest)
    if identity := toolchain.get("identity"):
        hashes["toolchain"] = str(identity)
    return Again(command, {name: value for name, value in versions.items() if value}, hashes)
