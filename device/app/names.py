"""What the bench app is called; its own files (``device/bench_app``) say the same."""

from __future__ import annotations

BUNDLE = "org.mslite.bench"
MODULE = "entry"
ABILITY = "EntryAbility"
#: Of its lines in the system's log.
TAG = "MSLITE_BENCH"
#: Its files folder as ``hdc file -b`` names it.
FILES = f"data/storage/el2/base/haps/{MODULE}/files"
#: The first line of a request.
PROTOCOL = "mslite-bench 1"
