"""A trained MindSpore checkpoint to a quantized model that is proved on a HarmonyOS device.

All that the command line does, from Python::

    import pipeline

    report = pipeline.deploy("deploy.yaml", device="phone")
    for row in report.rows:
        print(row.name, row.size_bytes, row.quality.percent, row.measurement.latency.p50_ns)

Quantizing one way after another::

    quantizer = pipeline.Quantizer("deploy.yaml")
    quantizer.set(-1, 1, 8)
    quantizer.set(scope="fc1", grid="codebook", entries=8)
    model = quantizer.quantize()
    model.save("model.ms")

Each call raises ``pipeline.PipelineError``, whose ``message``, ``hint`` and ``exit_code`` say what
is wrong, what to do, and what the command line would end with. Nothing is imported before it is
used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.chain.benchmark import benchmark as benchmark
    from pipeline.chain.deploy import convert as convert
    from pipeline.chain.deploy import deploy as deploy
    from pipeline.chain.devices import devices as devices
    from pipeline.chain.doctor import doctor as doctor
    from pipeline.chain.fleet import deploy_fleet as deploy_fleet
    from pipeline.chain.modelset import benchmark_together as benchmark_together
    from pipeline.chain.modelset import deploy_set as deploy_set
    from pipeline.chain.quantizer import Quantizer as Quantizer
    from pipeline.chain.recover import Recovered as Recovered
    from pipeline.chain.recover import recover as recover
    from pipeline.chain.report import Report as Report
    from pipeline.chain.sensitivity import sensitivity as sensitivity
    from pipeline.chain.tune import tune as tune
    from pipeline.core.errors import ExitCode as ExitCode
    from pipeline.core.errors import PipelineError as PipelineError

_HOMES = {
    "benchmark": "pipeline.chain.benchmark",
    "benchmark_together": "pipeline.chain.modelset",
    "convert": "pipeline.chain.deploy",
    "deploy": "pipeline.chain.deploy",
    "deploy_fleet": "pipeline.chain.fleet",
    "deploy_set": "pipeline.chain.modelset",
    "devices": "pipeline.chain.devices",
    "doctor": "pipeline.chain.doctor",
    "recover": "pipeline.chain.recover",
    "sensitivity": "pipeline.chain.sensitivity",
    "tune": "pipeline.chain.tune",
    "Quantizer": "pipeline.chain.quantizer",
    "Recovered": "pipeline.chain.recover",
    "Report": "pipeline.chain.report",
    "ExitCode": "pipeline.core.errors",
    "PipelineError": "pipeline.core.errors",
}

__all__ = [
    "ExitCode",
    "PipelineError",
    "Quantizer",
    "Recovered",
    "Report",
    "benchmark",
    "benchmark_together",
    "convert",
    "deploy",
    "deploy_fleet",
    "deploy_set",
    "devices",
    "doctor",
    "recover",
    "sensitivity",
    "tune",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'pipeline' has no attribute {name!r}")
    return getattr(importlib.import_module(home), name)
