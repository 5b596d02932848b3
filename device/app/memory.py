"""Which devices refuse unsigned programs: found out once, remembered until the system changes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from device.device import DeviceFacts
from device.quote import safe_name
from pipeline.core import files
from pipeline.core.errors import PipelineError
from pipeline.core.places import cache_root


@dataclass(frozen=True)
class Refusals:
    """What is known of one device; ``system`` is what may let it change its mind."""

    path: Path
    system: str

    @classmethod
    def of(cls, facts: DeviceFacts) -> Refusals:
        """What is known of the device with these facts."""
        identity = files.sha256_json([facts.key, facts.where.value])[:16]
        name = f"{safe_name(facts.key, limit=40)}-{identity}.json"
        system = files.sha256_json([facts.build, facts.model, facts.debuggable])
        return cls(cache_root() / "refusals" / name, system)

    @property
    def known(self) -> bool:
        """Whether this device, with this system, refused a program before."""
        try:
            record = files.read_json(self.path)
        except (PipelineError, ValueError):
            return False
        return isinstance(record, dict) and record.get("system") == self.system

    def note(self, refused: bool) -> None:
        """Remember it, or forget it."""
        if refused:
            files.write_json(self.path, {"system": self.system})
        elif self.path.exists():
            with files.disk_errors(self.path):
                self.path.unlink(missing_ok=True)
