"""Emulated devices, made and changed from Python."""

from __future__ import annotations

import re
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from device.emulator import store, system, vitals
from device.emulator.spec import EmulatedSpec, Fault
from pipeline.core.files import disk_errors, remove_tree, sha256_json

_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,60}")
#: Goes up when ``system.install`` makes something else of the same specification.
_GENERATION = 4


@dataclass(frozen=True)
class EmulatedDevice:
    """An emulated device that exists; ``key`` is what hdc lists it as."""

    home: Path
    device_id: str
    key: str

    @property
    def folder(self) -> Path:
        """All of it."""
        return self.home / "devices" / self.device_id

    @property
    def root(self) -> Path:
        """Its file system."""
        return self.folder / "root"

    def set_fault(self, *faults: Fault) -> None:
        """Plant faults beside those that are there; of one kind the older strikes first."""
        with store.Locked(str(self.folder)):
            record = store.load(self._path)
            for fault in faults:
                record["numbers"] += 1
                record["faults"].append({**fault.as_json(), "number": record["numbers"]})
            store.save(self._path, record)

    def clear_faults(self) -> None:
        """Take every fault away."""
        self._change(faults=[])

    def set_state(self, state: str, *, refused: bool = False, unreachable: bool = False) -> None:
        """Connected, Offline, Unauthorized (``refused``: for good) or Absent.

        One on the network that is ``unreachable`` cannot be connected again.
        """
        self._change(state=state, refused=refused, refuses=unreachable)

    def set_vitals(self, **values: float | bool | None) -> None:
        """Change what it is like, by the names of ``EmulatedSpec.vitals``: ``charging=True``."""
        vitals.change(str(self.folder), dict(values))

    def plan_apps(self, **values: int | str) -> None:
        """What befalls apps from now on.

        ``install`` and ``start``: the codes that refuse them; ``crash_after_lines`` and
        ``freeze_after_lines``: of what an app says, counted from 1; ``log_lines``: how many of
        them the system's log keeps; ``sandbox="closed"``: hdc does not get in.
        """
        store.save(str(self.folder / "apps.json"), dict(values))

    @property
    def state(self) -> str:
        """The state that the next call finds it in, faults aside."""
        return str(store.load(self._path)["state"])

    @property
    def faults(self) -> list[store.Record]:
        """The faults that have not struck yet, or strike always."""
        return list(store.load(self._path)["faults"])

    @property
    def connection(self) -> str:
        """USB or TCP."""
        return str(store.load(self._path)["connection"])

    @property
    def device_type(self) -> str:
        """What it says of itself: phone, tablet, wearable, default (a board)."""
        path = self.folder / "state" / "param" / "const.product.devicetype"
        return path.read_text().strip()

    @property
    def _path(self) -> str:
        return str(self.folder / "device.json")

    def _change(self, **values: object) -> None:
        with store.Locked(str(self.folder)):
            record = store.load(self._path)
            record.update(values)
            store.save(self._path, record)


def create(home: Path, spec: EmulatedSpec) -> EmulatedDevice:
    """The device of this specification, made if it is not there, changed if it was another.

    One that is there already is as it was, with its files, faults and state; when the
    specification changed, only its /data stays. Raises ``ValueError`` for a name or key that
    hdc could not list, ``LocalDiskFull`` and ``LocalFileError``.
    """
    if not _ID.fullmatch(spec.folder_name):
        raise ValueError(f"not a name for an emulated device: {spec.folder_name!r}")
    if not spec.key or any(char.isspace() or not char.isprintable() for char in spec.key):
        raise ValueError(f"not a key of a device: {spec.key!r}")
    home = home.absolute()
    device = EmulatedDevice(home, spec.folder_name, spec.key)
    digest = _digest(spec)
    path = str(device.folder / "device.json")
    with disk_errors(device.folder):
        device.folder.mkdir(parents=True, exist_ok=True)
        with store.Locked(str(device.folder)):
            if store.load(path).get("digest") != digest:
                system.install(device.folder, spec)
                store.save(path, _record(spec, digest))
    return device


def remove(home: Path, device_id: str) -> None:
    """Delete a device with all its files; one that is not there is fine."""
    if _ID.fullmatch(device_id):
        remove_tree(home.absolute() / "devices" / device_id)


def devices(home: Path) -> tuple[EmulatedDevice, ...]:
    """The devices that exist."""
    home = home.absolute()
    found = []
    for device_id in store.device_ids(str(home)):
        record = store.load(str(home / "devices" / device_id / "device.json"))
        found.append(EmulatedDevice(home, device_id, str(record["key"])))
    return tuple(found)


def set_server(
    home: Path,
    *,
    unreachable: bool = False,
    unreachable_s: float = 12.0,
    stopped: bool = False,
    start_s: float = 1.3,
    empty_lists: int = 0,
) -> None:
    """How the hdc server behaves: not at all after a wait, or not yet started.

    ``empty_lists``: how many listings or calls come before the first device is there.
    """
    home.mkdir(parents=True, exist_ok=True)
    with store.Locked(str(home)):
        store.save(
            str(home / "server.json"),
            {
                "unreachable": unreachable,
                "unreachable_s": unreachable_s,
                "stopped": stopped,
                "start_s": start_s,
                "empty_lists": empty_lists,
            },
        )


def hdc_command(home: Path) -> tuple[str, ...]:
    """The command that stands in for ``hdc``, with the devices of ``home`` connected to it."""
    script = Path(__file__).with_name("hdc.py")
    return (sys.executable, "-I", "-S", str(script), str(home.absolute()))


def _digest(spec: EmulatedSpec) -> str:
    values = {**asdict(spec), "runtime_library": str(spec.runtime_library)}
    return sha256_json([_GENERATION, sys.executable, __file__, values])


def _record(spec: EmulatedSpec, digest: str) -> store.Record:
    return {
        "digest": digest,
        "key": spec.key,
        "connection": spec.connection,
        "host": "localhost" if spec.connection == "TCP" else "unknown...",
        "state": "Connected",
        "refused": False,
        "storage_bytes": spec.storage_bytes,
        "link_bytes_per_s": spec.link_bytes_per_s,
        "link_latency_s": spec.link_latency_s,
        "faults": [],
        "numbers": 0,
    }
