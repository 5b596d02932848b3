"""The first layer that differs, looked for where a model missed its limit on outputs.

Nothing that goes wrong in the search stops a deployment: then it is said why nothing was found.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

from pipeline.chain import given as giving
from pipeline.chain.build import Build, Built
from pipeline.chain.divergence import from_source, sees_into
from pipeline.chain.probe import Probe, default_threshold, from_model
from pipeline.config.deployment import Deployment
from pipeline.core.errors import NoDataError, one_line
from pipeline.stages.convert import Runtime
from pipeline.stages.divergence import Divergence, Layer
from pipeline.stages.worst import worst_sample

_TOTAL_S = 300.0


@dataclass(frozen=True)
class Culprit:
    """What the search gave: one line, and the layer that it names, if it found one."""

    text: str
    layer: Layer | None = None

    def as_json(self) -> dict[str, object]:
        """For ``--json``."""
        return {"message": self.text, "layer": self.layer.as_json() if self.layer else None}


@dataclass(eq=False)
class OutOfTime(NoDataError):
    """The search was to take no longer."""

    seconds: float

    @property
    def message(self) -> str:
        return f"the {self.seconds:g} s for it were over"

    @property
    def hint(self) -> str:
        return "pipeline diff looks for it without that limit"


@dataclass
class Search:
    """Looks into the models of one deployment, for ``total_s`` seconds in all."""

    deployment: Deployment
    made: Build
    logs: Path
    total_s: float = _TOTAL_S
    _spent_s: float = field(default=0.0, init=False)

    def look(self, built: Built, least_cosine: float) -> Culprit:
        """The first layer of ``built`` whose cosine is under what its recipe lets expect, or under
        ``least_cosine`` where that is more, on the sample where its outputs are furthest off."""
        started = time.monotonic()
        try:
            found = self._find(built, least_cosine)
        except Exception as error:  # whatever it is: the deployment went well
            return Culprit(f"the first layer that differs was not found: {_told(error)}")
        finally:
            self._spent_s += time.monotonic() - started
        return Culprit(_sentence(found), found.first)

    def _find(self, built: Built, least_cosine: float) -> Divergence:
        self._left_s()
        model = built.model
        threshold = max(least_cosine, default_threshold(model.path))
        log = self.logs / f"diff-{built.recipe.name}.log"
        with tempfile.TemporaryDirectory(prefix="pipeline-diff-") as name:
            folder = Path(name)
            reference = self.made.source.reference
            worst = worst_sample(model, reference, self.made.toolchain, folder, self._left_s())
            # Two runs to come, of the model and of what it is compared with.
            probe = Probe(built.kept, self.made.toolchain, log, threshold, self._left_s() / 2)
            if sees_into(self.deployment):
                samples = giving.rows(reference.inputs, worst, folder)
                return from_source(probe, self.deployment, samples)
            baseline = self.made.baseline
            if baseline.sha256 == model.sha256 and reference.runtime is not Runtime.FP32_MODEL:
                raise _Unseen(reference.runtime.value)
            files = giving.laid_out(reference, worst, baseline.inputs, folder)
            found = from_model(probe, baseline.path, files)
            return replace(found, reference="its fp32 model")

    def _left_s(self) -> float:
        left = self.total_s - self._spent_s
        if left <= 0:
            raise OutOfTime(self.total_s)
        return left


@dataclass(eq=False)
class _Unseen(NoDataError):
    runtime: str

    @property
    def message(self) -> str:
        return f"it is the fp32 model itself, and {self.runtime} does not show values within"

    @property
    def hint(self) -> str:
        return "deploy the network from its checkpoint"


def _sentence(found: Divergence) -> str:
    if found.first is not None or (costliest := found.costliest) is None:
        return found.message
    return f"{found.message}; most is lost in {costliest.layer} ({costliest.lost:.5f})"


def _told(error: Exception) -> str:
    return one_line(str(error)) or type(error).__name__
