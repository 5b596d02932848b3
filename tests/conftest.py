"""For all tests: hypothesis in its settings."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

_SETTINGS = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("ci", derandomize=True, **_SETTINGS)
settings.register_profile("here", **_SETTINGS)
settings.load_profile("ci" if os.environ.get("CI") else "here")
