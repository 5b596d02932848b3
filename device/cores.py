"""The frequencies of a processor's cores, now or at most, in kHz.

sysfs tells them on boards and debug images; on consumer devices only ``hidumper --cpufreq``
does, which names the file of each core before its value.
"""

from __future__ import annotations

import re

_SYSFS = "/sys/devices/system/cpu/cpu[0-9]*/cpufreq"
_NAMED = re.compile(
    r"/cpu(\d{1,3})/cpufreq/(?:scaling|cpuinfo)_(cur|max)_freq(?::\s*(\d{1,9}))?\s*"
)
_HIGHEST_KHZ = 10_000_000
_MOST_CORES = 256


def current() -> str:
    """The command whose answer tells each core's frequency now."""
    return _question("scaling_cur_freq")


def top() -> str:
    """The command whose answer tells the highest frequency of each core."""
    return _question("cpuinfo_max_freq")


def read(answer: str, which: str) -> tuple[int | None, ...]:
    """The frequencies (``which``: ``cur`` or ``max``) in an answer, by the number of the core.

    None for a core that does not tell; empty when none does.
    """
    found: dict[int, int] = {}
    core: int | None = None
    for line in answer.splitlines():
        named = _NAMED.search(line)
        if named is not None:
            core = int(named[1]) if named[2] == which else None
            value = named[3]
        else:
            value = line.strip()
        if core is None or not value:
            continue
        if value.isascii() and value.isdigit() and 0 < int(value[:12]) <= _HIGHEST_KHZ:
            found.setdefault(core, int(value))
        core = None
    if not found or max(found) >= _MOST_CORES:
        return ()
    return tuple(found.get(number) for number in range(max(found) + 1))


def _question(name: str) -> str:
    # /dev/null is there so that grep names the file also when there is one core only.
    return f"grep . {_SYSFS}/{name} /dev/null 2>/dev/null || hidumper --cpufreq"
