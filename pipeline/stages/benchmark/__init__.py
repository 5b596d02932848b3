"""Benchmark stage: models on a device. Never reused: a latency is only true of its moment.

The outputs on the device are compared with this machine's first; a latency of wrong answers is
worth nothing. Then models take turns: one launch of each in every round, so that they meet the
same device.
"""

from pipeline.stages.benchmark.bench import Bench, bench
from pipeline.stages.benchmark.errors import RecordUnreadable, RunFailed, RunnerRefused
from pipeline.stages.benchmark.measurement import Measurement
from pipeline.stages.benchmark.plan import Mode, Plan, Settings, Wanted, plan_for
from pipeline.stages.benchmark.workload import Inputs, Workload

__all__ = [
    "Bench",
    "Inputs",
    "Measurement",
    "Mode",
    "Plan",
    "RecordUnreadable",
    "RunFailed",
    "RunnerRefused",
    "Settings",
    "Wanted",
    "Workload",
    "bench",
    "plan_for",
]
