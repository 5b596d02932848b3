"""Many small files to a device: those that are missing go together, as one archive.

Each is hashed by the device before it gets its name, as one that is pushed alone. The archive is
a tar file; a device without tar cuts the files out of it, for where they begin is known here.
"""

from __future__ import annotations

import tarfile
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from device.device import Pushed
from device.errors import ConnectionLost, HdcRefused, PushFailed, RemoteDiskFull
from device.hdc import names
from device.hdc.attempts import DamagedError
from device.hdc.parcel import Parcel, deliver, tidy
from device.hdc.push import push, sendable
from device.hdc.remote import Remote
from device.quote import quote
from pipeline.core.files import disk_errors

#: Larger files are worth a transfer of their own.
SMALL_BYTES = 1 << 20
#: Files of one archive: the command that names them all has to stay one that hdc carries.
_MOST = 200
_BLOCK = tarfile.BLOCKSIZE
_OTHER_HASH = 92


def push_all(remote: Remote, sources: Sequence[Path]) -> tuple[Pushed, ...]:
    """See ``Device.push_all``."""
    parcels = [Parcel.of(source) for source in sources]
    # Equal files of one name are one file there.
    small = list({one.place: one for one in parcels if one.size_bytes <= SMALL_BYTES}.values())
    sent: dict[str, float] = {}
    for start in range(0, len(small), _MOST):
        sent |= _deliver(remote, small[start : start + _MOST])
    return tuple(
        _pushed(remote, one, sent)
        if one.size_bytes <= SMALL_BYTES
        else push(remote, one.source, executable=False, on_progress=None)
        for one in parcels
    )


def _pushed(remote: Remote, parcel: Parcel, sent: dict[str, float]) -> Pushed:
    seconds = sent.get(parcel.place)
    sent_bytes = parcel.size_bytes if seconds is not None else 0
    return Pushed(parcel.path(remote), parcel.sha256, parcel.size_bytes, sent_bytes, seconds or 0.0)


def _deliver(remote: Remote, parcels: Sequence[Parcel]) -> dict[str, float]:
    """Get them there; for each that had to be sent, its share of the seconds."""
    started = time.monotonic()
    sent: set[str] = set()

    def once() -> None:
        # Asked at each attempt: the cut may have hit the answer and not the files.
        missing = _missing(remote, parcels)
        sent.update(one.place for one in missing)
        if missing:
            _send(remote, missing)

    deliver(remote, once, f"{len(parcels)} small files")
    seconds = time.monotonic() - started
    return {place: seconds / len(sent) for place in sent}


def _missing(remote: Remote, parcels: Sequence[Parcel]) -> list[Parcel]:
    """Which of them the device does not have, whole."""
    incoming, objects = quote(remote.incoming), quote(remote.objects)
    places = " ".join(parcel.place for parcel in parcels)
    answer = remote.must(
        f"mkdir -p {incoming} {objects} && ls {incoming} && cd {objects} && "
        f"{{ sha256sum {places} 2>/dev/null; true; }}",
        deadline_s=remote.deadlines.hashing(_total(parcels)),
    )
    lines = answer.text.splitlines()
    tidy(remote, lines)
    there = {tuple(line.split()) for line in lines}
    return [one for one in parcels if (one.sha256, one.place) not in there]


def _send(remote: Remote, parcels: Sequence[Parcel]) -> None:
    archive, folder = names.take(), names.take()
    try:
        with (
            _packed(parcels) as packed,
            sendable(remote, packed.path) as local,
            _explained(remote, parcels),
        ):
            remote.client.file_send(
                remote.key,
                local,
                f"{remote.incoming}/{archive}",
                deadline_s=remote.deadlines.transfer(packed.path.stat().st_size),
            )
            _settle(remote, parcels, packed, archive, folder)
    except BaseException:
        remote.forget(f"{remote.incoming}/{archive}", f"{remote.incoming}/{folder}")
        raise
    finally:
        names.give_back(archive)
        names.give_back(folder)


def _settle(
    remote: Remote, parcels: Sequence[Parcel], packed: _Packed, archive: str, folder: str
) -> None:
    """Unpack the archive, and give each file its name if all are whole."""
    cuts = "; ".join(
        f"cut {index} {offset + 1} {parcel.size_bytes}"
        for index, (parcel, offset) in enumerate(zip(parcels, packed.offsets, strict=True))
    )
    checks = "; ".join(f"check {index} {one.sha256}" for index, one in enumerate(parcels))
    moves = "; ".join(f"place {index} {one.place}" for index, one in enumerate(parcels))
    result = remote.ask(
        f"cd {quote(remote.incoming)} && mkdir {folder} || exit 1; "
        f"cut() {{ tail -c +$2 {archive} | head -c $3 >{folder}/$1; }}; "
        f'check() {{ h=$(sha256sum <{folder}/$1) && [ "${{h%% *}}" = $2 ] '
        f"|| exit {_OTHER_HASH}; }}; "
        f"place() {{ chmod 644 {folder}/$1 && mkdir -p ../objects/${{2%/*}} && "
        f"mv -f {folder}/$1 ../objects/$2 || exit 1; }}; "
        f"tar -xf {archive} -C {folder} 2>/dev/null || {{ {cuts}; }}; "
        f"{checks}; {moves}; rm -rf {archive} {folder}",
        deadline_s=remote.deadlines.hashing(3 * _total(parcels)),
    )
    if result.code == 0:
        return
    if "no space left" in result.text.lower():
        raise RemoteDiskFull(remote.key, f"{len(parcels)} small files", _total(parcels))
    if result.code == _OTHER_HASH:
        raise DamagedError
    reason = result.last_line or f"the device's shell ended with {result.code}"
    raise PushFailed(remote.key, f"{len(parcels)} small files", reason)


@dataclass(frozen=True)
class _Packed:
    """A tar file, and where in it each file begins, in bytes."""

    path: Path
    offsets: tuple[int, ...]


@contextmanager
def _packed(parcels: Sequence[Parcel]) -> Iterator[_Packed]:
    """The files as one, each under its number."""
    offsets = []
    with tempfile.TemporaryDirectory(prefix="mslite-bundle-") as folder:
        path = Path(folder) / "bundle.tar"
        with disk_errors(path), tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as archive:
            for index, parcel in enumerate(parcels):
                info = tarfile.TarInfo(str(index))
                info.size = parcel.size_bytes
                offsets.append(archive.offset + _BLOCK)
                with parcel.source.open("rb") as stream:
                    archive.addfile(info, stream)
        yield _Packed(path, tuple(offsets))


@contextmanager
def _explained(remote: Remote, parcels: Sequence[Parcel]) -> Iterator[None]:
    """Say of what hdc's complaint is."""
    what = f"{len(parcels)} small files"
    try:
        yield
    except HdcRefused as error:
        raise PushFailed(remote.key, what, error.text) from error
    except RemoteDiskFull as error:
        raise RemoteDiskFull(remote.key, what, _total(parcels)) from error
    except ConnectionLost as error:
        raise ConnectionLost(remote.key, f"the push of {what}", error.last_line) from error


def _total(parcels: Sequence[Parcel]) -> int:
    return sum(parcel.size_bytes for parcel in parcels)
