"""Labels of images from a CSV file: a row ``name,label`` an image."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

from pipeline.core.errors import one_line
from pipeline.core.files import disk_errors
from pipeline.data.errors import LabelsInvalid

_NAMES = frozenset({"name", "file", "filename", "image", "path"})
_LABELS = frozenset({"label", "class"})
_WHOLE = re.compile(r"[0-9]{1,9}")

Row = tuple[int, str, str]


def read(path: Path, folder: Path) -> tuple[tuple[str, ...], tuple[int, ...], tuple[str, ...]]:
    """Names of images in ``folder``, their labels, and the classes where these have names.

    A first row of titles is skipped. Labels are whole numbers, or names whose sorted order
    numbers them. Raises LabelsInvalid with the line.
    """
    rows = _rows(path)
    lines: dict[str, int] = {}
    for line, name, _ in rows:
        if name in lines:
            raise LabelsInvalid(path, line, f"{name} stands in line {lines[name]} already")
        if "\0" in name or not (folder / name).is_file():
            raise LabelsInvalid(path, line, f"there is no image {name} in {folder}")
        lines[name] = line
    given = [label for _, _, label in rows]
    whole = [bool(_WHOLE.fullmatch(label)) for label in given]
    if all(whole):
        return tuple(lines), tuple(map(int, given)), ()
    if any(whole):
        odd = next(row for row, number in zip(rows, whole, strict=True) if not number)
        raise LabelsInvalid(path, odd[0], f"the label {odd[2]!r} is a name, others are numbers")
    classes = sorted(set(given))
    numbers = {label: number for number, label in enumerate(classes)}
    return tuple(lines), tuple(numbers[label] for label in given), tuple(classes)


def _rows(path: Path) -> list[Row]:
    with disk_errors(path):
        content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise LabelsInvalid(path, line, "not UTF-8 text") from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, skipinitialspace=True)
    rows: list[Row] = []
    try:
        for cells in reader:
            found = [cell.strip() for cell in cells]
            if not any(found) or (not rows and _are_titles(found)):
                continue
            if len(found) != 2 or not all(found):
                raise LabelsInvalid(path, reader.line_num, "not a row `name,label`")
            rows.append((reader.line_num, found[0], found[1]))
    except csv.Error as error:
        raise LabelsInvalid(path, reader.line_num, one_line(str(error))) from None
    if not rows:
        raise LabelsInvalid(path, 1, "no labels in it")
    return rows


def _are_titles(cells: list[str]) -> bool:
    return len(cells) == 2 and cells[0].lower() in _NAMES and cells[1].lower() in _LABELS
