"""For all tests: hypothesis and oneDNN in their settings, and the order."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

# oneDNN's own choice on AVX-512 machines makes MindSpore's small convolutions ten times slower.
os.environ.setdefault("ONEDNN_MAX_CPU_ISA", "AVX2")

_SETTINGS = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("ci", derandomize=True, **_SETTINGS)
settings.register_profile("here", **_SETTINGS)
settings.load_profile("ci" if os.environ.get("CI") else "here")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow files first, so that no process is left alone with one at the end."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
