"""The file system and the tools of an emulated device."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from device.emulator import app, vitals
from device.emulator.spec import EmulatedSpec

#: What toybox and mksh bring on a device; awk is not among it.
_TOOLS = (
    "basename cat chmod cksum cmp cp cut date dd dirname du echo env expr false find fold grep "
    "egrep head hostname id kill ln ls md5sum mkdir mkfifo mktemp mv nice nl nohup nproc od paste "
    "pidof pgrep pkill printf ps pwd readlink realpath rm rmdir sed seq setsid sha1sum sha256sum "
    "sha512sum sleep sort split stat sync tac tail tar taskset tee test timeout top touch tr true "
    "truncate uname uniq wc which whoami xargs xxd yes"
).split()

_PARAM = """#!/bin/sh
[ "$1" = get ] || { echo "Unknown param command"; exit 1; }
cd "$EMULATED_STATE/param" || exit 1
if [ $# -eq 1 ]; then
  for key in *; do echo "$key = $(cat "$key")"; done
elif [ -f "./$2" ]; then
  cat "./$2"
else
  echo "Get parameter \\"$2\\" fail! errNum is:106!"
fi
"""

_HIDUMPER = """#!/bin/sh
service= option=
while [ $# -gt 0 ]; do
  case "$1" in
    -s) service=$2; shift ;;
    -a) ;;
    *) option=$1 ;;
  esac
  shift
done
[ "$option" = -ls ] && { echo; echo "System ability list:"; cd "$EMULATED_STATE/hidumper"
  for name in [A-Z]*; do echo "${name%% *}"; done | uniq; exit 0; }
printf '\\n-------------------------------[ability]-------------------------------\\n\\n\\n'
echo "----------------------------------$service---------------------------------"
cat "$EMULATED_STATE/hidumper/$service $option" 2>/dev/null
exit 0
"""

_DF = """#!/bin/sh
path=/data
for word in "$@"; do case "$word" in -*) ;; *) path=$word ;; esac; done
[ "$path" = /data ] || [ -e "$path" ] ||
  { echo "df: '$path': No such file or directory"; exit 1; }
used=$(du -sk "$EMULATED_ROOT/data" | cut -f1)
if [ -n "$EMULATED_STORAGE_KIB" ]; then
  total=$EMULATED_STORAGE_KIB
else
  free=$(stat -f -c '%a %S' "$EMULATED_ROOT")
  total=$((${free% *} * (${free#* } / 512) / 2 + used))
fi
left=$((total - used)); [ $left -ge 0 ] || left=0
echo "Filesystem       1K-blocks    Used Available Use% Mounted on"
echo "/dev/block/dm-9 $total $used $left $((total > 0 ? used * 100 / total : 100))% /data"
"""

_SH = """#!/bin/sh
case "$1" in -*|+*|'') exec /bin/sh "$@" ;; esac
[ -r "$1" ] || exec /bin/sh "$@"
moved=$(mktemp) && {python} -I -S {mover} "$EMULATED_ROOT" <"$1" >"$moved" || exit 126
shift
/bin/sh "$moved" "$@"
code=$?
rm -f "$moved"
exit $code
"""


def install(folder: Path, spec: EmulatedSpec) -> None:
    """Make the root and the state of a device, or bring them up to date; /data stays."""
    root = folder / "root"
    for inner in ("data/local/tmp", "proc", "sys", "tmp", "system/lib64/ndk", "system/bin"):
        (root / inner).mkdir(parents=True, exist_ok=True)
    _link(root / "bin", Path("system/bin"))
    of_apps = app.scripts(sys.executable, signed_only=spec.signed_only)
    _install_tools(root / "system/bin", {**of_apps, **spec.tools})
    cpuinfo = spec.cpuinfo if spec.cpuinfo is not None else _host_file("/proc/cpuinfo")
    (root / "proc/cpuinfo").write_text(cpuinfo)
    (root / "proc/meminfo").write_text(_meminfo(spec.memory_bytes))
    library = root / "system/lib64/ndk/libmindspore_lite_ndk.so"
    if spec.runtime_library is not None:
        _link(library, spec.runtime_library.absolute())
    else:
        library.unlink(missing_ok=True)
    _fill(folder / "state/param", spec.all_parameters(), end="\n")
    for stale in (folder / "state/hidumper", root / "sys"):
        shutil.rmtree(stale, ignore_errors=True)
    (root / "sys").mkdir()
    vitals.reset(str(folder), spec.vitals())


def _install_tools(folder: Path, more: Mapping[str, str]) -> None:
    for name in _TOOLS:
        found = shutil.which(name)
        if found:
            _link(folder / name, Path(found))
    mover = Path(__file__).with_name("move_paths.py")
    shell = _SH.replace("{python}", shlex.quote(sys.executable))
    shell = shell.replace("{mover}", shlex.quote(str(mover)))
    scripts = {"param": _PARAM, "hidumper": _HIDUMPER, "df": _DF, "sh": shell, **more}
    for name, text in scripts.items():
        path = folder / name
        temporary = folder / f".{name}.{os.getpid()}"
        temporary.write_text(text)
        temporary.chmod(0o755)
        temporary.replace(path)


def _fill(folder: Path, files: dict[str, str], *, end: str) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(text + end)


def _link(path: Path, target: Path) -> None:
    if path.is_symlink() and Path(os.readlink(path)) == target:
        return
    path.unlink(missing_ok=True)
    path.symlink_to(target)


def _meminfo(memory_bytes: int | None) -> str:
    if memory_bytes is None:
        return _host_file("/proc/meminfo")
    kib = memory_bytes // 1024
    return (
        f"MemTotal:       {kib} kB\nMemFree:        {kib // 2} kB\nMemAvailable:   {kib // 2} kB\n"
    )


def _host_file(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""
