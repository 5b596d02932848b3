"""The records of the coverage run as a Markdown table."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

#: The least cosine similarity of a model that counts as equal to its network.
EQUAL = 0.9999

_HEAD = (
    "| network | input | parameters | exported | converted | cosine, least "
    "| largest error | of the largest output | what stops it |\n"
    "|---|---|--:|:-:|:-:|--:|--:|--:|---|\n"
)
_QUANTIZED = (
    "| network | recipe | converts, loads, runs | smaller | cosine, least | mean "
    "| what stops it |\n"
    "|---|---|:-:|--:|--:|--:|---|\n"
)
_LONGEST = 220

#: The folders of a file's absolute path, of no meaning elsewhere.
_FOLDERS = re.compile(r"(?<!\w)/(?:[\w.+-]+/)+")

Record = Mapping[str, Any]


def text(records: Sequence[Record], untried: Sequence[str], *, mindspore: str, lite: str) -> str:
    """The whole file: the summary, the networks, and the quantized ones when there are any."""
    made = (
        "Made by `python -m tests.measure.coverage`"
        f" with MindSpore {mindspore} and MindSpore Lite {lite}."
    )
    parts = [
        made,
        _summary(records),
        _HEAD + "".join(map(_row, records)),
    ]
    if untried:
        parts.insert(2, f"Not tried in this run: {', '.join(f'`{name}`' for name in untried)}.")
    quantized = [_quantized(record, name) for record in records for name in _recipes(record)]
    if quantized:
        parts.append(_quantized_summary(records) + "\n\n" + _QUANTIZED + "".join(quantized))
    return "\n\n".join(part.rstrip("\n") for part in parts) + "\n"


def passed(record: Record) -> bool:
    """Whether the model equals its network, or was refused by name as it should be."""
    if not record:
        return False
    if record["refused"]:
        failed = record.get("failed", {})
        return failed.get("stage") == "rewrite" and record["refused"] in failed["reason"]
    return "parity" in record and record["parity"]["cosine_min"] >= EQUAL


def verdict(record: Record) -> str:
    """One line about one network."""
    seconds = f"{record['seconds']:.0f} s"
    if "failed" in record:
        return f"stopped at {record['failed']['stage']}: {record['failed']['reason']} ({seconds})"
    parity = record["parity"]
    return (
        f"cosine {parity['cosine_min']:.7f}, largest error {parity['max_abs_error']:.2g}, "
        f"{_relative(record):.1e} of the largest output ({seconds})"
    )


def _summary(records: Sequence[Record]) -> str:
    tried = [record for record in records if not record["refused"]]
    itself = [record for record in tried if _stage(record) not in ("MindSpore itself", "weights")]
    exported = [record for record in itself if _stage(record) != "export"]
    equal = [record for record in exported if passed(record)]
    refused = [record for record in records if record["refused"] and passed(record)]
    share = 100 * len(equal) / max(1, len(exported))
    summary = (
        f"Of {len(tried)} networks MindSpore runs {len(itself)} and exports {len(exported)}; "
        f"**{len(equal)} of those ({share:.0f} %) convert and equal it** (cosine at least {EQUAL} "
        "on each of 8 random inputs)."
    )
    names = ", ".join(f"`{record['name']}`" for record in refused)
    return f"{summary} Refused by name, as it must be: {names}." if names else summary


def _row(record: Record) -> str:
    stage = _stage(record)
    reached = "parameters" in record or stage == "rewrite"
    shapes = ", ".join("x".join(map(str, shape)) for shape in record["shapes"])
    parity = record.get("parity")
    figures = ["", "", ""]
    if parity:
        figures = [
            f"{parity['cosine_min']:.7f}",
            f"{parity['max_abs_error']:.2g}",
            f"{_relative(record):.1e}",
        ]
    why = ""
    if stage:
        why = f"{stage}: {record['failed']['reason']}"
    elif not passed(record):
        why = "outputs differ"
    cells = [
        f"`{record['name']}`",
        shapes,
        f"{record['parameters']:,}" if "parameters" in record else "",
        "yes" if reached else "no",
        "yes" if parity or stage == "run" else "no",
        *figures,
        _cell(why),
    ]
    return f"| {' | '.join(cells)} |\n"


def _quantized_summary(records: Sequence[Record]) -> str:
    rows = [record["quantized"] for record in records if record.get("quantized")]
    counts = []
    for name in dict.fromkeys(name for row in rows for name in sorted(row, reverse=True)):
        found = [row[name] for row in rows if name in row]
        good = [item for item in found if "parity" in item]
        counts.append(f"{name}: {len(good)} of {len(found)} convert, load and run")
    return "Quantized, against the network in float: " + "; ".join(counts) + "."


def _recipes(record: Record) -> Sequence[str]:
    return sorted(record.get("quantized", ()), reverse=True)


def _quantized(record: Record, name: str) -> str:
    item = record["quantized"][name]
    parity = item.get("parity")
    cells = [f"`{record['name']}`", name, "yes" if parity else "no", "", "", "", ""]
    if parity:
        cells[3] = f"{record['size_bytes'] / item['size_bytes']:.1f}x"
        cells[4:6] = [f"{parity['cosine_min']:.5f}", f"{parity['cosine_mean']:.5f}"]
    else:
        cells[6] = _cell(f"{item['failed']['stage']}: {item['failed']['reason']}")
    return f"| {' | '.join(cells)} |\n"


def _relative(record: Record) -> float:
    return float(record["parity"]["max_abs_error"] / record["largest_output"])


def _stage(record: Record) -> str:
    return str(record["failed"]["stage"]) if "failed" in record else ""


def _cell(reason: str) -> str:
    flat = _FOLDERS.sub("", " ".join(reason.split())).replace("|", "\\|")
    return flat if len(flat) <= _LONGEST else flat[: _LONGEST - 1] + "…"
