"""How long to wait for what, and which causes are worth a wait."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from device.errors import (
    ConnectionLost,
    DeviceConnecting,
    DeviceOffline,
    DeviceUnknown,
    HdcRefused,
)

_T = TypeVar("_T")


@dataclass(frozen=True)
class Patience:
    """How long to wait for what, in seconds."""

    #: A call that only asks; hdc itself takes up to 13.5 s to find its server unreachable.
    call_s: float = 20.0
    #: For causes that pass by themselves, as a channel that is being established (E000004).
    channel_s: float = 5.0
    #: For the first devices to be listed after hdc had to start its server.
    server_start_s: float = 3.0
    #: A listing slower than this had to start the server: 1.3 s, against 0.015 s without.
    server_started_s: float = 0.7
    #: Before each further attempt at a transfer that was cut or damaged.
    pauses_s: tuple[float, ...] = (0.3, 1.0)


def patiently(patience: Patience, once: Callable[[], _T], connect: Callable[[], bool] | None) -> _T:
    """Repeat ``once`` while hdc says that nothing was begun, for a reason that passes by itself.

    ``connect``, of a device on the network, connects it again; it is called once a cut.
    """
    until = time.monotonic() + patience.channel_s
    listed_by = 0.0
    pause = 0.1
    while True:
        began = time.monotonic()
        try:
            return once()
        except (DeviceConnecting, HdcRefused) as error:
            passing = isinstance(error, DeviceConnecting) or error.passes
            if not passing or time.monotonic() + pause > until:
                raise
        except (DeviceOffline, DeviceUnknown):
            may_connect, connect = connect, None
            if may_connect is not None and may_connect():
                continue
            if not listed_by and time.monotonic() - began > patience.server_started_s:
                # The call had to start hdc's server, which finds its devices by and by.
                listed_by = time.monotonic() + patience.server_start_s
            if time.monotonic() + pause > listed_by:
                raise
        except ConnectionLost:
            # What was cut may have done half of its work: whoever asked for it decides.
            if connect is not None:
                connect()
            raise
        time.sleep(pause)
        pause = min(pause * 2, 1.0)
