"""A folder of images: which there are, in a fixed order, with their labels and their hash."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.config.data import Source
from pipeline.core import files
from pipeline.data import labels
from pipeline.data.errors import ImagesInvalid, ImageUnusable

_Folders = frozenset[tuple[int, int]]


@dataclass(frozen=True)
class Listing:
    """Images by their names within ``folder``, and for each a label, where they have any.

    ``classes``: what the labels mean, where they are not numbers in the first place.
    """

    folder: Path
    names: tuple[str, ...]
    labels: tuple[int, ...] | None
    classes: tuple[str, ...] = ()

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files."""
        return tuple(self.folder / name for name in self.names)

    def of(self, rows: Sequence[int]) -> Listing:
        """Some of them."""
        chosen = tuple(self.labels[row] for row in rows) if self.labels is not None else None
        return Listing(self.folder, tuple(self.names[row] for row in rows), chosen, self.classes)


def listing(source: Source) -> Listing:
    """The images that ``source`` names: sorted, or in the order of its CSV.

    With ``limit`` a choice that is the same each time and balanced over the classes. Raises
    ImagesInvalid, ImageUnusable or LabelsInvalid.
    """
    assert source.images is not None  # it is one of images
    found = _all(source, source.images)
    if not found.names:
        raise ImagesInvalid(source.images, "there are none")
    if source.limit is None or source.limit >= len(found.names):
        return found
    from pipeline.data import choice

    return found.of(choice.choose(len(found.names), source.limit, 0, found.labels))


def fingerprint(found: Listing) -> str:
    """A hash of all images: names, contents, labels. 1 GB/s or so; threads make it slower."""
    digests = [files.sha256_file(path) for path in found.paths]
    return files.sha256_json([found.names, digests, found.labels, found.classes])


def _all(source: Source, folder: Path) -> Listing:
    if source.label_file is not None:
        return Listing(folder, *labels.read(source.label_file, folder))
    names = tuple(_walk(folder, "", frozenset({_identity(folder)})))
    if source.labels is None:
        return Listing(folder, names, None)
    stray = next((name for name in names if "/" not in name), None)
    if stray is not None:
        raise ImagesInvalid(folder, f"{stray} is in no class's folder")
    classes = tuple(entry.name for entry in _visible(folder) if entry.is_dir())
    numbers = {name: number for number, name in enumerate(classes)}
    return Listing(folder, names, tuple(numbers[name.partition("/")[0]] for name in names), classes)


def _walk(folder: Path, prefix: str, above: _Folders) -> Iterator[str]:
    for entry in _visible(folder):
        path = Path(entry.path)
        if entry.is_dir():
            identity = _identity(path)
            if identity not in above:  # a link may lead back up
                yield from _walk(path, f"{prefix}{entry.name}/", above | {identity})
        elif entry.is_file():
            yield prefix + entry.name
        else:
            raise ImageUnusable(path, "it is not a file")


def _visible(folder: Path) -> list[os.DirEntry[str]]:
    with files.disk_errors(folder), os.scandir(folder) as found:
        shown = [entry for entry in found if not entry.name.startswith(".")]
    return sorted(shown, key=lambda entry: entry.name)


def _identity(folder: Path) -> tuple[int, int]:
    with files.disk_errors(folder):
        status = folder.stat()
    return status.st_dev, status.st_ino
