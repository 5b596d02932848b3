"""Questions that tell what a device is, and the reading of its answers.

The answers are a stranger's text: control characters go, lengths are cut, and what cannot be
read is a missing fact.
"""

from __future__ import annotations

from collections.abc import Mapping

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


def questions(folder: str) -> dict[str, str]:
    """The commands to run, by name; ``folder`` is where free storage is asked for.

    It need not be there yet; then its parent is asked about.
    """
    parent = folder.rpartition("/")[0] or "/"
    return {
        **{name: f"param get {key}" for name, key in _PARAMETERS.items()},
        "cpuinfo": "cat /proc/cpuinfo",
        "nproc": "nproc",
        "meminfo": "cat /proc/meminfo",
        "df": f"df -k {quote(folder)} 2>/dev/null || df -k {quote(parent)} || df -k /data",
    }


def read(key: str, connection: str, answers: Mapping[str, str]) -> DeviceFacts:
    """The facts in the ``answers`` to ``questions``."""
    parameter = {name: _parameter(answers.get(name, "")) for name in _PARAMETERS}
    cpuinfo = answers.get("cpuinfo", "")
    debuggable = parameter["debuggable"]
    return DeviceFacts(
        key=key,
        connection=connection,
        where=_where(parameter["emulated"]),
        model=parameter["model"],
        brand=parameter["brand"],
        device_type=parameter["device_type"],
        api_level=_integer(parameter["api"]),
        abi=parameter["abi"],
        os_version=parameter["dist"] or parameter["fullname"],
        build=parameter["build"],
        debuggable={"1": True, "true": True, "0": False, "false": False}.get(debuggable or ""),
        cpu_features=cpu_features(cpuinfo),
        cores=cpu_cores(cpuinfo) or _integer(answers.get("nproc")),
        memory_bytes=memory_bytes(answers.get("meminfo", "")),
        free_storage_bytes=free_bytes(answers.get("df", "")),
    )


def cpu_features(cpuinfo: str) -> tuple[str, ...]:
    """The flags of the first core that has any, in their order (ARM: Features, x86: flags)."""
    for line in cpuinfo.splitlines():
        name, colon, value = line.partition(":")
        if colon and name.strip() in ("Features", "flags") and value.strip():
            return tuple(one_line(value).split())
    return ()


def cpu_cores(cpuinfo: str) -> int | None:
    """How many ``processor : N`` lines there are; None for none."""
    named = (line.partition(":") for line in cpuinfo.splitlines())
    count = sum(name.strip() == "processor" and value.strip().isdigit() for name, _, value in named)
    return count or None


def memory_bytes(meminfo: str) -> int | None:
    """Total memory from /proc/meminfo, in bytes."""
    for line in meminfo.splitlines():
        name, _, value = line.partition(":")
        words = value.split()
        if name.strip() == "MemTotal" and words and (kib := _integer(words[0])) is not None:
            return kib * 1024
    return None


def free_bytes(df: str) -> int | None:
    """Available bytes from ``df -k FOLDER``; a long device name may have broken the line."""
    words = df.split()
    for place in range(len(words) - 1, 2, -1):
        if words[place].endswith("%") and words[place][:-1].isdigit():
            available = _integer(words[place - 1])
            return available * 1024 if available is not None else None
    return None


def _parameter(answer: str) -> str | None:
    text = one_line(answer)[:_LONGEST]
    absent = not text or "fail!" in text or "errNum" in text or "not found" in text
    return None if absent else text


def _integer(text: str | None) -> int | None:
    short = (text or "").strip()
    return int(short) if short.isascii() and short.isdigit() and len(short) < 19 else None


def _where(emulated: str | None) -> Where:
    if emulated is None:
        return Where.DEVICE
    # Anything that calls itself emulated is: an unknown value must not pass for a real device.
    return Where.EMULATED_ARM64 if emulated == "emulated-arm64" else Where.EMULATED_HOST
