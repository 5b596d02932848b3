"""Walls of a converter's log, boiled down to the line that matters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.errors import one_line
from pipeline.toolchain.log import boil_down


def _error(where: str, text: str, level: str = "ERROR") -> str:
    return f"[{level}] LITE(41,7f2a,converter_lite):2026-01-31-10:20:30.123.456 [{where}] {text}"


TOO_NEW = (
    "This software can only support the maximum mind ir version: 1, please install the latest "
    "version to support the mind ir version: 3"
)
TOO_SMALL = (
    "the input data is not consistent with model input, file_size: 4 input tensor size: 3136"
)

#: What the callers of whoever failed add.
ECHO = [
    _error("converter.cc:470", "HandleGraphCommon] Converter failed."),
    _error("cxx_api/converter.cc:361", "Convert] Convert model failed."),
    "ERROR [mindspore/lite/tools/converter/converter_lite.cc:61] main] Convert failed. Ret: x",
    "Convert failed. Ret: Common error code.",
]

LOGS = {
    "nothing": ([], "no output at all"),
    "blank lines": (["", "  ", "\t"], "no output at all"),
    "signs that cannot be printed": (["\0\0", "\x1b"], "no output at all"),
    "its last words": (["loading", "bye"], "bye"),
    "the first error, not its echo": (
        [
            "[WARNING] LITE(41,7f2a,x):2026 [a.cc:1] F] careful",
            _error("load.cc:12", "Load] parse failed"),
            *ECHO,
        ],
        "parse failed",
    ),
    "an unsupported operator": (
        [
            "===========================================",
            "UNSUPPORTED OP LIST:",
            "FMKTYPE: MINDIR, OP TYPE: Erfinv",
            "FMKTYPE: MINDIR, OP TYPE: BesselI0e",
            "FMKTYPE: MINDIR, OP TYPE: Erfinv",
            "===========================================",
            *ECHO,
        ],
        "the converter does not support: BesselI0e, Erfinv",
    ),
    "a MindIR that is too new": (
        [
            _error(
                "load_model.cc:90",
                f"LoadMindIR] {TOO_NEW}",
                "CRITICAL",
            ),
            *ECHO,
        ],
        TOO_NEW,
    ),
    "a key that is not known": (
        ["INPUT ILLEGAL: `bits` is not supported in [common_quant_param]", *ECHO],
        "INPUT ILLEGAL: `bits` is not supported in [common_quant_param]",
    ),
    "an input that is not there": (
        [
            _error("a.cc:1", "Init] init failed"),
            _error("b.cc:2", "Read] Cant find input:image"),
            *ECHO,
        ],
        "Cant find input:image",
    ),
    "too few files": (
        [_error("c.cc:3", "Check] file count less than calibrate size"), *ECHO],
        "file count less than calibrate size",
    ),
    "a sample of another size": (
        [
            _error("c.cc:4", f"Read] {TOO_SMALL}"),
            *ECHO,
        ],
        TOO_SMALL,
    ),
    "a crash that it caught": (
        ["encounter an unknown error, please verify the input model file", "Aborted"],
        "encounter an unknown error, please verify the input model file",
    ),
    "a flag that is not known": (
        ["infer is not a valid flag", "Usage: converter_lite"],
        "infer is not a valid flag",
    ),
    "a full disk": (
        ["ofstream: No space left on device", *ECHO],
        "ofstream: No space left on device",
    ),
    "colours and tabs": (["\x1b[31mError:\tno\x1b[0m"], "[31mError: no [0m"),
    "an error without text": ([_error("d.cc:1", "F] "), "the end"], "the end"),
}


@pytest.mark.parametrize(("lines", "expected"), LOGS.values(), ids=LOGS)
@pytest.mark.parametrize("line_break", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_the_line_that_matters_is_found(lines, expected, line_break):
    assert boil_down(line_break.join(lines)) == expected


def test_a_long_line_is_cut():
    assert boil_down("x" * 1000) == "x" * 300


pieces = st.sampled_from(
    [_error("a.cc:1", "F] "), "[ERROR] ", "FMKTYPE: MINDIR, OP TYPE: ", "INPUT ILLEGAL", "\n", "\r",
     "\0", "\x1b[0m", " ", "x", "\u2028", "Cant find input:", "]", "\ud800"]
)  # fmt: skip


@given(text=st.text() | st.lists(pieces, max_size=12).map("".join))
def test_any_output_gives_one_line_that_is_not_too_long(text):
    line = boil_down(text)
    assert line == one_line(line)
    assert 0 < len(line) <= 300
