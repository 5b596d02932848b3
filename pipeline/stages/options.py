"""Options stage: for every weight of a model the forms in which it may be stored."""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.core import files
from pipeline.core.errors import LocalDiskFull
from pipeline.core.events import Listener
from pipeline.quantize.modelfile import ModelFile
from pipeline.quantize.quantizer import QUANTIZER_VERSION
from pipeline.search.options import Option, from_record, ladder
from pipeline.stages import child
from pipeline.stages.convert import Model
from pipeline.toolchain.errors import HostRunFailed

_DEADLINE_S = 3600.0


@dataclass(frozen=True)
class OptionsStage:
    """Quantize each weight of the float model ``baseline`` in each way; in several processes."""

    baseline: Model
    workers: int = 0
    name: str = "options"

    @property
    def subject(self) -> str:
        return self.baseline.recipe

    def settings(self) -> Mapping[str, Any]:
        return {
            "model": self.baseline.sha256,
            "quantizer": QUANTIZER_VERSION,
            "ladder": [one.key for one in ladder()],
        }

    def execute(self, folder: Path, listener: Listener) -> Mapping[str, Any]:
        weights = ModelFile(self.baseline.path).weights
        count = self.workers or os.cpu_count() or 1
        # The largest go to whoever has least to do.
        shares: list[list[int]] = [[] for _ in range(count)]
        loads = [0] * count
        for weight in sorted(weights, key=lambda one: -one.elements):
            least = loads.index(min(loads))
            shares[least].append(weight.tensor)
            loads[least] += weight.elements
        with ThreadPoolExecutor(count) as pool:
            jobs = [
                pool.submit(self._ask, folder, number, share) for number, share in enumerate(shares)
            ]
            for job in jobs:
                job.result()
        return {"tensors": [weight.tensor for weight in weights]}

    def load(self, folder: Path, facts: Mapping[str, Any]) -> dict[int, tuple[Option, ...]]:
        found = {}
        for tensor in facts["tensors"]:
            data = (folder / f"{tensor}.bin").read_bytes()
            records = files.read_json(folder / f"{tensor}.json")["options"]
            found[tensor] = tuple(from_record(record, data) for record in records)
        return found

    def note(self, facts: Mapping[str, Any]) -> str:
        return f"{len(facts['tensors'])} weights"

    def _ask(self, folder: Path, number: int, tensors: list[int]) -> None:
        if not tensors:
            return
        scratch = folder / f"scratch{number}"
        scratch.mkdir()
        request = {"model": str(self.baseline.path), "folder": str(folder), "tensors": tensors}
        answer, done = child.ask(
            "pipeline.search.worker", request, scratch, _DEADLINE_S, child.environment(scratch)
        )
        files.remove_tree(scratch)
        if answer is None:
            if done.lacked_space:
                raise LocalDiskFull(folder)
            raise HostRunFailed(self.baseline.recipe, f"the quantizer's process {done.how}")
        if answer["status"] == "disk full":
            raise LocalDiskFull(Path(answer["path"]))
