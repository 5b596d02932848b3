"""The smallest model: whole recipes, each layer alone, then a form for each layer.

What an error in a layer does is guessed in three ways: as if the same part of noise did the same
harm everywhere, as measured on each layer alone, and between both.
"""

from __future__ import annotations

import math

from pipeline.chain.layers import Layers, recipe_of
from pipeline.chain.parallel import gather, workers
from pipeline.chain.tuning.session import Session
from pipeline.search.candidate import Candidate
from pipeline.search.choice import Choice, SizeSearch
from pipeline.search.options import Layer
from pipeline.stages.evaluate import Accuracy
from pipeline.stages.stage import Outcome
from pipeline.stages.trial import Trial

#: Recipes that are tried as a whole before any search, those that calibrate only with data for it.
RECIPES = (
    "weight-8", "weight-6", "weight-4", "codebook-4", "codebook-3", "codebook-2",
    "entropy-fine", "entropy-medium", "entropy-coarse", "mixed-bit", "mixed-bit-auto",
    "fp16", "dynamic-8", "full-8", "full-8-max-min", "full-8-removal-outlier",
)  # fmt: skip
#: Bits a weight at which each layer is tried alone, to see what an error in it does: few enough to
#: move the outputs, too many to upset them, for it is the slope at small errors that is asked for.
_PROBE_BITS = 5.0


def search(session: Session, outputs: Accuracy) -> None:
    """Fill the session; ``outputs`` are the float model's."""
    for tried in session.whole():
        session.note(tried.candidate, "recipes")
    if not session.goes_on:
        return
    layers = Layers(session.builder, session.ground, outputs, session.judge)
    measured = _costs(layers, session.budget.jobs)
    alike = {node: 1 / max(layers.power(node), 1e-30) for node in layers.options}
    both = {node: math.sqrt(measured[node] * alike[node]) for node in layers.options}
    known, most = session.best, math.inf
    if known is not None and session.limit.met(known):
        most = known.size_bytes - layers.other_bytes
    size = SizeSearch(layers.options, (alike, both, measured), most)
    with workers(session.budget.jobs) as pool:
        while session.goes_on:
            batch = size.propose(session.room)
            if not batch:
                session.exhausted = True
                return
            phase = size.phase
            waiting = [
                (choice, pool.submit(layers.trial, "search", _picked(layers, choice)))
                for choice in batch
            ]
            for choice, job in waiting:
                gather(job)
                candidate = _candidate(session, layers, choice, job.result())
                good = session.limit.met(candidate)
                size.tell(choice, candidate.size_bytes, good)
                session.note(candidate, phase)


def _costs(layers: Layers, jobs: int) -> dict[str, float]:
    """What an error in the weights of each layer does to the outputs, from each layer alone."""
    probes = {node: layers.near(node, _PROBE_BITS) for node in layers.options}
    assert layers.few  # made once, before several ask for it
    with workers(jobs) as pool:
        waiting = {
            node: pool.submit(layers.probe, f"{node} alone", {node: probe})
            for node, probe in probes.items()
        }
        gather(*waiting.values())
    return {
        node: max(waiting[node].result().artefact.distortion, 1e-9) / max(probe.error, 1e-30)
        for node, probe in probes.items()
    }


def _picked(layers: Layers, choice: Choice) -> dict[str, Layer]:
    pairs = zip(layers.options.items(), choice, strict=True)
    return {node: options[number] for (node, options), number in pairs}


def _candidate(
    session: Session, layers: Layers, choice: Choice, outcome: Outcome[Trial]
) -> Candidate:
    trial = outcome.artefact
    name = session.builder.loaded.deployment.name
    return Candidate(
        f"trial-{len(session.candidates) + 1}",
        recipe_of(_picked(layers, choice), f"found by pipeline tune for {name}"),
        trial.size_bytes,
        trial.correct,
        trial.n,
        trial.cosine_mean,
        failed=trial.failed,
        seconds=outcome.seconds,
        reused=outcome.reused,
    )
