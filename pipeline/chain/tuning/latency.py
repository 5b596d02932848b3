"""The fastest model: whole recipes, then full quantization with some layers left in float.

Every candidate within the limit is measured on the device, one at a time. Which layers are worth
their casts to and from int8 is seen by leaving them out: one more or one less of them at a time,
from the fastest so far.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from pipeline.chain import measure
from pipeline.chain.build import Build, Built
from pipeline.chain.targets import Connection
from pipeline.chain.tuning.session import Session, Tried
from pipeline.config.profile import NamedProfile
from pipeline.config.recipe import NamedRecipe, Quantization, Recipe
from pipeline.inspect.look import look
from pipeline.search.candidate import Candidate
from pipeline.stages.convert import Model

RECIPES = (
    "fp32", "fp16", "dynamic-8", "full-8", "full-8-max-min", "full-8-removal-outlier",
    "full-8-per-tensor",
)  # fmt: skip
#: A gain that is smaller is taken for noise.
_LEAST_GAIN = 0.02

_Skips = frozenset[str]


def search(session: Session, connection: Connection, profile: NamedProfile) -> None:
    """Fill the session with candidates that are measured on the device."""
    device = _Device(session, connection, profile)
    full: Tried | None = None
    # All first: what is measured must not share the machine with conversions.
    for tried in list(session.whole()):
        candidate = device.measured(tried)
        session.note(candidate, "recipes")
        if candidate.settings.get("quantization") != Quantization.FULL.value:
            continue
        better = full is None or _rank(session, candidate) < _rank(session, full.candidate)
        if tried.model is not None and better:
            full = replace(tried, candidate=candidate)
    if full is not None and full.model is not None and session.goes_on:
        _leave_out(session, device, full.candidate, full.model)


def _leave_out(session: Session, device: _Device, full: Candidate, model: Model) -> None:
    """From the best full quantization on: other sets of layers in float."""
    there = {node.name for node in look(session.ground.baseline.path).operators}
    nodes = [
        node.name
        for node in look(model.path).operators
        if node.quantization == "QUANT_ALL" and node.name in there
    ]
    best, current = full, frozenset[str]()
    tried = {current}
    while session.goes_on:
        step: tuple[Candidate, _Skips] | None = None
        for skips in _neighbours(current, nodes):
            if not session.goes_on:
                return
            if skips in tried or len(skips) == len(nodes):
                continue
            tried.add(skips)
            candidate = device.measured(session.convert(_without(full, skips)))
            session.note(candidate, "layers in float")
            if _rank(session, candidate) < _rank(session, best, 1 - _LEAST_GAIN):
                best, step = candidate, (candidate, skips)
        if step is None:
            session.exhausted = True
            return
        current = step[1]


def _neighbours(skips: _Skips, nodes: list[str]) -> Iterator[_Skips]:
    for node in nodes:
        yield skips ^ {node}


def _without(full: Candidate, skips: _Skips) -> NamedRecipe:
    settings = {**full.settings, "skip_nodes": sorted(skips)}
    name = f"{full.name}-without-{len(skips)}"
    return NamedRecipe(name=name, path=Path("recipe.yaml"), recipe=Recipe.model_validate(settings))


def _rank(session: Session, candidate: Candidate, factor: float = 1.0) -> tuple[bool, float]:
    """Within the limit first, there the fastest; else the most accurate."""
    met = session.limit.met(candidate)
    if met:
        return (False, factor * candidate.value(session.objective))
    return (True, -candidate.percent)


class _Device:
    """Measures what is within the limit."""

    def __init__(self, session: Session, connection: Connection, profile: NamedProfile) -> None:
        self._session = session
        self._connection = connection
        self._profile = profile
        ground = session.ground
        rows = ground.source.reference.chosen
        self._inputs, self._rows = measure.real_inputs(ground.samples, rows, session.builder.run)

    def measured(self, tried: Tried) -> Candidate:
        """The candidate with its latency, where it is within the limit."""
        candidate = tried.candidate
        if not self._session.limit.met(candidate) or tried.model is None or tried.accuracy is None:
            return candidate
        ground, run = self._session.ground, self._session.builder.run
        recipe = Recipe.model_validate(candidate.settings)
        named = NamedRecipe(name=candidate.name, path=Path("recipe.yaml"), recipe=recipe)
        number = len(self._session.candidates) + 1
        kept = run.keep_model(tried.model.path, f"candidate-{number}.ms")
        built = Built(named, tried.model, tried.accuracy, kept)
        made = Build(ground.source, ground.baseline, ground.samples, (built,), ground.toolchain)
        facts = self._connection.facts
        (found,) = measure.run_all(
            self._connection,
            [measure.built_workload(built, made, self._rows, facts)],
            self._inputs,
            ground.toolchain,
            self._profile.profile,
            run,
            self._session.builder.listener,
        )
        kept.unlink()
        if found.invalid:
            return replace(candidate, failed=found.invalid)
        assert found.latency is not None  # an emulated processor is refused before
        return replace(candidate, latency_p50_ns=float(found.latency.p50_ns))
