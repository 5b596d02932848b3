"""Questions that tell what a device is, and the reading of its answers.

The answers are a stranger's text: control characters go, lengths are cut, and what cannot be
read is a missing fact.
"""

from __future__ import annotations

from collections.abc import Mapping

from device import cores
from device.device import DeviceFacts, Where
from device.quote import quote
from pipeline.core.errors import one_line

#: The parameter by which an emulated device gives itself away.
EMULATED = "const.pipeline.emulated"

_PARAMETERS = {
    "model": "const.product.model",
    "brand": "const.product.brand",
    "device_type": "const.product.devicetype",
    "api": "const.ohos.apiversion",
    "abi": "const.product.cpu.abilist",
    "dist": "const.product.os.dist.version",
    "fullname": "const.ohos.fullname",
    "build": "const.product.software.version",
    "debuggable": "const.debuggable",
    "emulated": EMULATED,
}
_LONGEST = 200
_MOST_FLAGS = 500
#: What no device has; a larger number is a mistake or a lie.
_HIGHEST_API, _MOST_CORES, _MOST_BYTES = 1000, 1024, 1 << 50


def questions(folder: str) -> dict[str, str]:
    """The commands to run, by name; ``folder`` is where free storage is asked for.

    It need not be there yet; then its parent is asked about.
    """
    parent = folder.rpartition("/")[0] or "/"
    return {
        **{name: f"param get {key}" for name, key in _PARAMETERS.items()},
        "cpuinfo": "cat /proc/cpuinfo",
        "nproc": "nproc",
        "frequency": cores.top(),
        "meminfo": "cat /proc/meminfo",
        "df": f"df -k {quote(folder)} 2>/dev/null || df -k {quote(parent)} || df -k /data",
    }


def read(key: str, connection: str, answers: Mapping[str, str]) -> DeviceFacts:
    """The facts in the ``answers`` to ``questions``."""
    parameter = {name: _parameter(answers.get(name, "")) for name in _PARAMETERS}
    cpuinfo = answers.get("cpuinfo", "")
    core_khz = cores.read(answers.get("frequency", ""), "max")
    counted = cpu_cores(cpuinfo) or _integer(answers.get("nproc"), 1, _MOST_CORES)
    debuggable = parameter["debuggable"]
    return DeviceFacts(
        key=key,
        connection=connection,
        where=_where(parameter["emulated"]),
        model=parameter["model"],
        brand=parameter["brand"],
        device_type=parameter["device_type"],
        api_level=_integer(parameter["api"], 1, _HIGHEST_API),
        abi=parameter["abi"],
        os_version=parameter["dist"] or parameter["fullname"],
        build=parameter["build"],
        debuggable={"1": True, "true": True, "0": False, "false": False}.get(debuggable or ""),
        cpu_features=cpu_features(cpuinfo),
        cores=counted or len(core_khz) or None,
        core_khz=core_khz,
        memory_bytes=memory(answers.get("meminfo", ""), "MemTotal"),
        free_storage_bytes=free_bytes(answers.get("df", "")),
    )


def cpu_features(cpuinfo: str) -> tuple[str, ...]:
    """The flags of the first core that has any, in their order (ARM: Features, x86: flags)."""
    for line in cpuinfo.splitlines():
        name, colon, value = line.partition(":")
        if colon and name.strip() in ("Features", "flags") and value.strip():
            flags = one_line(value).split()[:_MOST_FLAGS]
            return tuple(flag for flag in flags if len(flag) <= _LONGEST)
    return ()


def cpu_cores(cpuinfo: str) -> int | None:
    """How many ``processor : N`` lines there are; None for none."""
    named = (line.partition(":") for line in cpuinfo.splitlines())
    count = sum(name.strip() == "processor" and value.strip().isdigit() for name, _, value in named)
    return count if 0 < count <= _MOST_CORES else None


def memory(meminfo: str, name: str) -> int | None:
    """A line of /proc/meminfo, as ``MemTotal`` or ``MemAvailable``, in bytes."""
    for line in meminfo.splitlines():
        label, _, value = line.partition(":")
        if label.strip() == name and (words := value.split()):
            return _bytes(words[0])
    return None


def free_bytes(df: str) -> int | None:
    """Available bytes from ``df -k FOLDER``; a long device name may have broken the line."""
    words = df.split()
    for place in range(len(words) - 1, 2, -1):
        if words[place].endswith("%") and words[place][:-1].isdigit():
            return _bytes(words[place - 1])
    return None


def _bytes(kib: str) -> int | None:
    return None if (count := _integer(kib, 0, _MOST_BYTES >> 10)) is None else count * 1024


def _parameter(answer: str) -> str | None:
    text = one_line(answer)[:_LONGEST]
    absent = not text or "fail!" in text or "errNum" in text or "not found" in text
    return None if absent else text


def _integer(text: str | None, least: int, most: int) -> int | None:
    short = (text or "").strip()
    readable = short.isascii() and short.isdigit() and len(short) < 19
    return int(short) if readable and least <= int(short) <= most else None


def _where(emulated: str | None) -> Where:
    if emulated is None:
        return Where.DEVICE
    # Anything that calls itself emulated is: an unknown value must not pass for a real device.
    return Where.EMULATED_ARM64 if emulated == "emulated-arm64" else Where.EMULATED_HOST
