"""Where the ``hdc`` command is."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from device.errors import HdcMissing
from pipeline.core.places import expand

#: Variables that name an SDK folder, and the ways from there to the folder of hdc.
_SDK_VARIABLES = (
    "OHOS_SDK_HOME",
    "OHOS_BASE_SDK_HOME",
    "OHOS_NDK_HOME",
    "DEVECO_SDK_HOME",
    "HOS_SDK_HOME",
    "HARMONYOS_SDK_HOME",
)
_BELOW_SDK = (
    "toolchains",
    "*/toolchains",
    "openharmony/toolchains",
    "default/openharmony/toolchains",
    "*/openharmony/toolchains",
    "openharmony/*/toolchains",
    "linux/*/toolchains",
    "sdk/default/openharmony/toolchains",
)
#: Usual places, below the home folder or absolute.
_PLACES = (
    "command-line-tools/sdk/default/openharmony/toolchains",
    "commandline-tools*/sdk/default/openharmony/toolchains",
    "*/command-line-tools/sdk/default/openharmony/toolchains",
    "DevEco-Studio*/sdk/default/openharmony/toolchains",
    "deveco-studio*/sdk/default/openharmony/toolchains",
    "Huawei/Sdk/openharmony/*/toolchains",
    "Huawei/Sdk/*/openharmony/toolchains",
    "OpenHarmony/Sdk/*/toolchains",
    "openharmony/sdk/*/toolchains",
    "ohos-sdk/linux/toolchains",
    "ohos-sdk/linux/*/toolchains",
    "Library/OpenHarmony/Sdk/*/toolchains",
)
_SYSTEM = ("/opt", "/usr/local", "/usr/lib")


def locate(
    named: str | Path | None = None, environment: Mapping[str, str] | None = None
) -> tuple[str, ...]:
    """The command by which hdc is started.

    ``named`` (a path, a command with arguments, or a name in PATH) wins, then ``$HDC``, PATH and
    the usual folders of DevEco Studio, its Command Line Tools and the OpenHarmony SDK. Raises
    ``HdcMissing``; a named one that is not there is never replaced by another.
    """
    env = os.environ if environment is None else environment
    search_path = env.get("PATH", os.defpath)
    if named is not None and str(named):
        return _from_name(str(named), search_path)
    if env.get("HDC"):
        return _from_name(env["HDC"], search_path)
    found = shutil.which("hdc", path=search_path)
    if found:
        return (found,)
    looked_at: list[str] = []
    for folder in _folders(env):
        looked_at.append(str(folder))
        for candidate in _newest_first(folder):
            if os.access(candidate, os.X_OK) and candidate.is_file():
                return (str(candidate),)
    raise HdcMissing(tuple(looked_at))


def _from_name(name: str, search_path: str) -> tuple[str, ...]:
    path = expand(Path(name))
    if path.is_dir():
        path = path / "hdc"
    if path.is_file():
        if not os.access(path, os.X_OK):
            raise HdcMissing(named=f"{path} is not executable")
        return (str(path.absolute()),)
    try:
        words = shlex.split(name)
    except ValueError:
        words = []
    program = shutil.which(words[0], path=search_path) if words else None
    if program is None:
        raise HdcMissing(named=f"no such command: {name}")
    return (program, *words[1:])


def _folders(env: Mapping[str, str]) -> Iterator[Path]:
    """Patterns of folders; the last part may hold ``*``."""
    for variable in _SDK_VARIABLES:
        if value := env.get(variable):
            yield from (Path(value) / below for below in _BELOW_SDK)
    homes = (home for home in (env.get("HOME"), *_SYSTEM) if home)
    yield from (Path(home) / place for home in homes for place in _PLACES)


def _newest_first(pattern: Path) -> list[Path]:
    parts = pattern.parts
    fixed = next((at for at, part in enumerate(parts) if "*" in part), len(parts))
    root = Path(*parts[:fixed])
    if fixed == len(parts):
        return [root / "hdc"]
    try:
        found = list(root.glob("/".join((*parts[fixed:], "hdc"))))
    except OSError:
        return []
    return sorted(found, key=_version_order, reverse=True)


def _version_order(path: Path) -> tuple[tuple[int, str], ...]:
    """Numbers in a path compare as numbers: 10 is newer than 9."""
    return tuple((int(part), "") if part.isdigit() else (-1, part) for part in path.parts)
