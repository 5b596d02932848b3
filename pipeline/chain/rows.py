"""A built model and its measurement as a row of the report, held against the limits."""

from __future__ import annotations

from pipeline.chain import gates
from pipeline.chain.build import Build, Built
from pipeline.chain.culprit import Search
from pipeline.chain.report import Quality, Row
from pipeline.config.places import LoadedDeployment
from pipeline.config.profile import NamedProfile
from pipeline.stages.benchmark import Measurement


def row(
    loaded: LoadedDeployment,
    made: Build,
    built: Built,
    search: Search,
    profile: NamedProfile | None = None,
    measurement: Measurement | None = None,
) -> Row:
    """A model's row: what it knows, how it ran on a device, and which limits it misses."""
    drop = made.source.percent - built.accuracy.percent
    limits, parity = loaded.deployment.limits, built.model.parity
    departs = gates.departs(limits, parity)
    culprit = search.look(built, limits.min_cosine) if departs else None
    failures = list(gates.model_failures(limits, drop, parity, culprit))
    if profile is not None and measurement is not None:
        failures += gates.device_failures(profile.profile.limits, measurement)
    return Row(
        name=built.recipe.name,
        path=built.kept,
        sha256=built.model.sha256,
        size_bytes=built.model.size_bytes,
        fp16=built.recipe.recipe.fp16,
        quality=Quality(
            times_smaller=made.baseline.size_bytes / built.model.size_bytes,
            correct=built.accuracy.correct,
            n=built.accuracy.n,
            drop_points=drop,
            parity=parity,
            host_samples_per_s=built.accuracy.samples_per_s,
            draws=built.draws,
        ),
        measurement=measurement,
        failures=tuple(failures),
        culprit=culprit,
        recovered=built.recovered is not None,
    )
