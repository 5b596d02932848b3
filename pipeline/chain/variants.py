"""Models measured in several ways in one session: a sweep of settings, or an older one beside."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipeline.chain import measure
from pipeline.chain.compare import Comparison, compared
from pipeline.chain.run import Run
from pipeline.config.profile import Binding
from pipeline.core import files
from pipeline.core.errors import NoDataError, UsageError
from pipeline.history import manifest as manifests
from pipeline.stages.benchmark import Inputs, Measurement, Settings, Workload
from pipeline.toolchain.toolchain import Toolchain

#: What an older model's name ends with.
BEFORE = " before"


@dataclass(eq=False)
class BadSweep(UsageError):
    """``--sweep`` cannot be understood."""

    text: str
    reason: str

    @property
    def message(self) -> str:
        return f"--sweep {self.text}: {self.reason}"

    @property
    def hint(self) -> str:
        return "say threads=1,2,4 or cores=0-3,4-7 (4+6: two of them) or binding=none,big,middle"


@dataclass(eq=False)
class BaselineGone(NoDataError):
    """The older run's model is not there any more, or is another."""

    model: str
    folder: Path

    @property
    def message(self) -> str:
        return f"{self.folder} has no {self.model} that could be measured again"

    @property
    def hint(self) -> str:
        return "name a run folder of `pipeline deploy` whose models/ are still there"


def swept(workloads: Sequence[Workload], sweep: Sequence[str], usual: Settings) -> list[Workload]:
    """Each workload with every combination of the values that ``sweep`` names.

    An item is ``threads=1,2,4``, ``cores=0-3,4+6`` or ``binding=none,big``; what it does not name
    is as in ``usual``. Raises BadSweep.
    """
    if not sweep:
        return list(workloads)
    axes = [_axis(text) for text in sweep]
    names = [name for name, _ in axes]
    if len({*names}) < len(names):
        raise BadSweep(sweep[-1], "that is named twice")
    found = []
    for workload in workloads:
        for values in itertools.product(*(values for _, values in axes)):
            settings = usual
            for name, value in zip(names, values, strict=True):
                settings = _AXES[name](settings, value)
            label = " ".join(f"{name}={value}" for name, value in zip(names, values, strict=True))
            found.append(replace(workload, name=f"{workload.name} {label}", settings=settings))
    return found


def older(
    workloads: Sequence[Workload], folder: Path, inputs: Inputs, tools: Toolchain, run: Run
) -> tuple[list[Workload], dict[str, Mapping[str, Any]]]:
    """The same models out of an earlier run's folder, and their entries in its manifest.

    Raises BaselineGone and ResultsUnreadable.
    """
    content, where = manifests.load(folder)
    if where is None:
        raise BaselineGone("models folder", folder)
    entries = {row.value["name"]: row.value for row in manifests.rows(content, where)}
    found = []
    for workload in workloads:
        entry = entries.get(workload.name)
        path = where / "models" / Path(entry["path"]).name if entry else None
        if entry is None or path is None or not path.is_file():
            raise BaselineGone(workload.name, folder)
        if files.sha256_file(path) != entry["sha256"]:
            raise BaselineGone(workload.name, folder)
        name = f"{workload.name}{BEFORE}"
        found.append(measure.file_workload(path, name, inputs, tools, run, workload.fp16))
    return found, entries


def against(
    folder: Path,
    run: Run,
    entries: Mapping[str, Mapping[str, Any]],
    measurements: Sequence[Measurement],
    accuracies: Mapping[str, Mapping[str, Any]],
) -> Comparison:
    """Each model against the older one that took turns with it.

    ``accuracies``: the manifest's entries of the newer models, where they were deployed.
    """
    by_name = {one.workload.name: one for one in measurements}
    models = []
    for name, new in by_name.items():
        if name.endswith(BEFORE):
            continue
        old = by_name[f"{name}{BEFORE}"]
        models.append(
            compared(
                name, _entry(old, entries[name]), _entry(new, accuracies.get(name)), paired=True
            )
        )
    return Comparison(str(folder), str(run.folder), tuple(models), paired=True)


def _entry(one: Measurement, known: Mapping[str, Any] | None) -> dict[str, Any]:
    quality = {key: known.get(key) for key in ("accuracy_percent", "n")} if known else {}
    return {**quality, "size_bytes": one.workload.size_bytes, "benchmark": one.as_json()}


def _axis(text: str) -> tuple[str, list[str]]:
    name, sign, values = text.partition("=")
    if name not in _AXES or not sign:
        raise BadSweep(text, "only threads, cores and binding can be swept")
    found = [value.strip() for value in values.split(",")]
    for value in found:
        try:
            _AXES[name](Settings(), value)
        except ValueError:
            raise BadSweep(text, f"{value!r} is no value of {name}") from None
    return name, found


def _threads(settings: Settings, value: str) -> Settings:
    number = int(value)
    if not 1 <= number <= 64:
        raise ValueError(value)
    return replace(settings, threads=number)


def _cores(settings: Settings, value: str) -> Settings:
    """Bound from outside, so the runtime binds nothing by itself."""
    cores: list[int] = []
    for part in value.split("+"):
        first, dash, last = part.partition("-")
        cores += range(int(first), int(last if dash else first) + 1)
    if not cores or min(cores) < 0 or max(cores) > 255 or len({*cores}) < len(cores):
        raise ValueError(value)
    return replace(settings, pin_cores=tuple(cores), bind_mode=Binding.NONE.number)


def _binding(settings: Settings, value: str) -> Settings:
    return replace(settings, bind_mode=Binding(value).number)


_AXES: Mapping[str, Callable[[Settings, str], Settings]] = {
    "threads": _threads,
    "cores": _cores,
    "binding": _binding,
}
