"""``hdc file send`` and ``hdc file recv`` of an emulated device."""

from __future__ import annotations

import os
import time

from device.emulator import texts
from device.emulator.paths import file_on_host
from device.emulator.shell import freeze
from device.emulator.store import Record, Stored

_CHUNK = 4 << 20
#: What cuts a transfer, whichever way it goes.
_CUTS = ("kill-server", "reboot")
_FLAGS = ("-a", "-sync", "-z", "-m")
_VALUES = ("-cwd", "-b")
_WRITABLE = ("/data", "/storage")


class RefusedError(Exception):
    """A file that cannot be transferred; the argument is hdc's text."""


class CutError(Exception):
    """The connection broke."""


def transfer(device: Stored, way: str, arguments: list[str]) -> str:
    """Do it; what hdc prints."""
    paths: list[str] = []
    cwd, bundle = os.getcwd(), ""
    at = 0
    while at < len(arguments):
        word = arguments[at]
        if word in _VALUES:
            cwd = arguments[at + 1] if word == "-cwd" and at + 1 < len(arguments) else cwd
            bundle = arguments[at + 1] if word == "-b" and at + 1 < len(arguments) else bundle
            at += 1
        elif word.startswith("-") and word not in _FLAGS and not paths:
            return texts.UNKNOWN_OPTION.format(option=word)
        elif word not in _FLAGS:
            paths.append(word)
        at += 1
    if len(paths) < 2:
        return texts.NO_REMOTE_PATH if paths else texts.NO_PATHS
    source, target = paths[0], paths[1]
    for path in (source, target):
        if any(char in path for char in '"\t\n'):
            return texts.NO_SUCH_FILE.format(path=path)
    if bundle:
        from device.emulator.app import RefusedError as Closed
        from device.emulator.app import inside

        try:
            if way == "send":
                target = inside(device, bundle, target)
            else:
                source = inside(device, bundle, source)
        except Closed as refusal:
            return str(refusal)
    job = _Job(device, way == "send", keep_mode="-m" in arguments)
    return job.run(source, target, cwd)


class _Job:
    """One transfer: counts, faults and the space that is left."""

    def __init__(self, device: Stored, sending: bool, keep_mode: bool) -> None:
        self._device = device
        self._sending = sending
        self._keep_mode = keep_mode
        self._size = 0
        self._count = 0
        self._failed: list[str] = []
        self._faults: dict[str, Record] = {}
        ways = (
            ("cut-push", "corrupt-push", "disk-full") if sending else ("cut-pull", "corrupt-pull")
        )
        for kind in (*ways, "freeze", *_CUTS):
            if fault := device.strike(kind):
                self._faults[kind] = fault
        self._free = self._free_bytes() if sending else None
        self._rate = device.record.get("link_bytes_per_s")

    def run(self, source: str, target: str, cwd: str) -> str:
        started = time.monotonic()
        root = self._device.files
        try:
            if self._sending:
                from_path, to_path = os.path.join(cwd, source), file_on_host(target, root)
            else:
                from_path, to_path = file_on_host(source, root), os.path.join(cwd, target)
            self._all(from_path, source, to_path, target)
        except CutError:
            return self._after_cut()
        except RefusedError as refusal:
            self._failed.append(str(refusal))
        text = "".join(self._failed)
        if self._count:
            ms = max(1, round((time.monotonic() - started) * 1000))
            rate = self._size / 1000 / (ms / 1000)
            text += texts.FINISHED.format(size=self._size, count=self._count, ms=ms, rate=rate)
            text += "\r\n" if self._sending else "\n"
        return text

    def _all(self, source: str, source_name: str, target: str, target_name: str) -> None:
        if not os.path.isdir(source):
            if os.path.isdir(target):
                name = os.path.basename(source)
                target, target_name = os.path.join(target, name), f"{target_name}/{name}"
            self._one(source, source_name, target, target_name)
            return
        if os.path.isdir(target):
            # A folder that is sent onto an existing one lands inside it.
            target = os.path.join(target, os.path.basename(source.rstrip("/")))
        for folder, _, names in os.walk(source):
            inner = os.path.relpath(folder, source)
            os.makedirs(os.path.join(target, inner), exist_ok=True)
            for name in sorted(names):
                path = os.path.join(folder, name)
                try:
                    self._one(path, path, os.path.join(target, inner, name), target_name)
                except RefusedError as refusal:
                    self._failed.append(str(refusal))

    def _one(self, source: str, source_name: str, target: str, target_name: str) -> None:
        try:
            mode = os.stat(source).st_mode
        except OSError:
            raise RefusedError(texts.NO_SUCH_FILE.format(path=source_name)) from None
        # The permission bits are read, not tried: as root everything would be allowed.
        if not mode & 0o444:
            raise RefusedError(texts.NO_PERMISSION.format(path=source_name))
        self._check_target(target, target_name)
        done = self._copy(source, target)
        if self._sending:
            os.chmod(target, mode & 0o777 if self._keep_mode else 0o644)
        self._size += done
        self._count += 1

    def _check_target(self, target: str, name: str) -> None:
        folder = os.path.dirname(target)
        if not os.path.isdir(folder):
            raise RefusedError(texts.NO_SUCH_FILE.format(path=name))
        if self._sending:
            inner = "/" + os.path.relpath(target, self._device.files)
            if not inner.startswith(tuple(f"{place}/" for place in _WRITABLE)):
                raise RefusedError(texts.READ_ONLY.format(path=name))
        locked = os.path.exists(target) and not os.stat(target).st_mode & 0o222
        if locked or not os.stat(folder).st_mode & 0o222:
            raise RefusedError(texts.NO_PERMISSION.format(path=name))

    def _copy(self, source: str, target: str) -> int:
        corrupt = self._faults.pop("corrupt-push", None) or self._faults.pop("corrupt-pull", None)
        total = os.stat(source).st_size
        done = 0
        reading = os.open(source, os.O_RDONLY)
        writing = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        try:
            while piece := os.read(reading, self._chunk()):
                if corrupt:
                    at = min(corrupt["after_bytes"], len(piece) - 1)
                    piece = piece[:at] + bytes([piece[at] ^ 0xFF]) + piece[at + 1 :]
                    corrupt = None
                done += self._write(writing, piece, done, total)
            self._write(writing, b"", done, total)
            if corrupt:
                os.write(writing, b"?")
        finally:
            os.close(reading)
            os.close(writing)
        return done

    def _chunk(self) -> int:
        """Bytes at a time: those of a twentieth of a second on a slow link."""
        return min(_CHUNK, max(4096, int(self._rate / 20))) if self._rate else _CHUNK

    def _write(self, writing: int, piece: bytes, done: int, total: int) -> int:
        for kind in ("cut-push", "cut-pull", "freeze", *_CUTS):
            fault = self._faults.get(kind)
            if fault and (done + len(piece) > fault["after_bytes"] or done == total):
                os.write(writing, piece[: max(0, fault["after_bytes"] - done)])
                if kind == "freeze":
                    freeze()
                self._device.change_state(fault)
                raise CutError
        if self._free is not None and len(piece) > self._free:
            os.write(writing, piece[: self._free])
            raise RefusedError(texts.STOPPED.format(done=done + self._free, total=total))
        if self._rate:
            time.sleep(len(piece) / self._rate)
        written = os.write(writing, piece)
        if self._free is not None:
            self._free -= written
        return written

    def _free_bytes(self) -> int | None:
        if fault := self._faults.pop("disk-full", None):
            return int(fault["after_bytes"])
        limit = self._device.record.get("storage_bytes")
        if limit is None:
            return None
        used = 0
        for folder, _, names in os.walk(os.path.join(self._device.files, "data")):
            used += sum(os.lstat(os.path.join(folder, name)).st_size for name in names)
        return max(0, int(limit) - used)

    def _after_cut(self) -> str:
        if not self._sending:
            return ""
        now = time.strftime("%Y-%m-%d %H:%M:%S")
        return texts.CHANNEL_GONE.format(now=now, channel=os.getpid())
