"""Writes a history of today's version into data/, to be read by later ones.

    python -m tests.history.make_data

Run once for each version, before the next one begins; the files are not to be made again.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pipeline.history.history import History
from pipeline.history.schema import VERSION
from tests.history.made import PHONE, entry

DATA = Path(__file__).with_name("data")


def main() -> None:
    DATA.mkdir(exist_ok=True)
    with History(DATA / f"version-{VERSION}.db", create=True) as history:
        history.add(entry(night) for night in range(10))
        history.add(entry(night, replace(PHONE, recipe="fp32")) for night in range(3))


if __name__ == "__main__":
    main()
