"""Who holds a device: a record that this machine and others can read."""

from __future__ import annotations

import getpass
import json
import os
import secrets
import socket
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timezone
from pathlib import Path

from device.hdc import names
from device.quote import safe_name
from pipeline.core.errors import one_line

_LONGEST = 2000


@dataclass(frozen=True)
class Holder:
    """A process that holds a device.

    ``machine`` is where ``pid`` means something, ``began`` tells the process from a later one of
    the same number, ``token`` one lease from the next.
    """

    user: str
    host: str
    pid: int
    since: str
    machine: str
    began: str
    token: str

    @classmethod
    def current(cls) -> Holder:
        """This process, from now on."""
        return cls(
            user=safe_name(_user(), limit=40),
            host=safe_name(socket.gethostname(), limit=60),
            pid=os.getpid(),
            since=datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC"),
            machine=names.machine(),
            began=_began(os.getpid()),
            token=secrets.token_hex(8),
        )

    def as_text(self) -> str:
        """The record as one line."""
        return json.dumps(asdict(self), sort_keys=True)

    @property
    def who(self) -> str:
        """The user and the computer."""
        return f"{self.user}@{self.host}"

    @property
    def is_here(self) -> bool:
        """Whether it is a process of this machine."""
        return self.machine == names.machine()

    @property
    def has_ended(self) -> bool:
        """Whether it is known to have ended; of another machine nobody here can know."""
        if not self.is_here:
            return False
        return not names.is_alive(self.pid) or _began(self.pid) != self.began


def read(text: str) -> Holder | None:
    """The holder in a record, which may be a stranger's; None for one that is none."""
    try:
        values = json.loads(text[:_LONGEST])
    except (ValueError, RecursionError):
        return None
    if not isinstance(values, dict) or set(values) != {field.name for field in fields(Holder)}:
        return None
    pid = values.pop("pid")
    if type(pid) is not int or not all(isinstance(value, str) for value in values.values()):
        return None
    return Holder(pid=pid, **{name: one_line(value)[:100] for name, value in values.items()})


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return str(os.getuid())


def _began(pid: int) -> str:
    """When a process began, in ticks since the machine did (field 22 of proc(5) stat)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""
