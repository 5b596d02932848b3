"""Pages of MindSpore's messages to one line."""

from __future__ import annotations

import pytest

from pipeline.stages.checkpoint.mindspore_text import boil_down, is_missing_kernel, place

RULE = "-" * 52
STACK = (
    f"\n\n{RULE}\n- C++ Call Stack: (For framework developers)\n{RULE}\nmindspore/ops/a.cc:2 F\n"
)
COMPILER = f"""For 'MatMul' the dimensions must be equal, but got 'x1_col': 240 and 'x2_row': 400.
{STACK}
{RULE}
- The Traceback of Net Construct Code:
{RULE}
# 0 In file /home/me/net.py:31, 29~47
        features = self.relu(self.fc1(features))
                             ^~~~~~~~~~~~~~~~~~
# 1 In file /home/me/net.py:33, 29~37
        features = self.relu(self.fc1(features))
# 2 In file /venv/lib/site-packages/mindspore/nn/layer/basic.py:807, 12~39
        x = self.matmul(x, self.weight)
 (See file '/tmp/rank_0/om/analyze_fail.ir' for more details.)
"""
KERNEL = f"""{RULE}
- The Traceback of Net Construct Code:
{RULE}
# 0 In file /a.py:3, 1~2

{RULE}
- Kernel select failed:
{RULE}
Unsupported op [X] on CPU.
"""


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            f"For 'Conv2D', C_in is wrong: 1, but got 3.{STACK}",
            "For 'Conv2D', C_in is wrong: 1, but got 3.",
        ),
        (
            f"For [Conv2D], types must be same.\nname:[w]:Float32.\nname:[x]:Int32.{STACK}",
            "For [Conv2D], types must be same. name:[w]:Float32. name:[x]:Int32.",
        ),
        (
            COMPILER,
            "For 'MatMul' the dimensions must be equal, but got 'x1_col': 240 and 'x2_row': 400.",
        ),
        (
            KERNEL,
            "Unsupported op [X] on CPU.",
        ),
        (
            "Unsupported statement 'Try'.\nMore details please refer to syntax support at https://x",
            "Unsupported statement 'Try'.",
        ),
        ("", "it gave no reason"),
        (STACK, "it gave no reason"),
        ("x" * 1000, "x" * 297 + "..."),
    ],
)
def test_boil_down(text, line):
    assert boil_down(text) == line


def test_place_is_the_innermost_line_of_the_users():
    assert place(COMPILER) == "/home/me/net.py:33"
    assert (
        place("# In file /home/me/net.py:107~111, 4~20\n    def construct") == "/home/me/net.py:107"
    )
    assert place("For 'MatMul' nothing is said") == ""


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("The kernel Conv2DExt unregistered.", True),
        ("'repeat' is not supported on this device.", True),
        ("For 'Conv2D', C_in is wrong", False),
    ],
)
def test_missing_kernels(text, missing):
    assert is_missing_kernel(text) is missing
