"""Pages in a real browser: they fit a phone, can be read, run no script and ask for nothing."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from pipeline.report.charts.pareto import pareto
from pipeline.report.document import (
    Code,
    Column,
    Figure,
    Folded,
    Page,
    Row,
    Section,
    Table,
    Tone,
    Verdict,
)
from pipeline.report.page import html as written
from pipeline.search.candidate import front
from tests.e2e.conftest import Cli
from tests.report import made

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
WIDTHS = (360, 1280)
THEMES = {"dark": 0, "light": 1}  # numbers of the browser's own setting
_POLICY = "default-src 'none';"

#: Runs within the page, and tells the page around it what a reader would see.
_LOOK = """
const told = { errors: [], blocked: [] };
addEventListener("error", (e) => told.errors.push(String(e.message)));
addEventListener("securitypolicyviolation", (e) => told.blocked.push(e.blockedURI));
const light = (colour) => {
  const parts = colour.match(/[\\d.]+/g).slice(0, 3).map((n) => n / 255)
    .map((n) => (n <= 0.04045 ? n / 12.92 : ((n + 0.055) / 1.055) ** 2.4));
  return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
};
const ground = (one) => {
  for (; one; one = one.parentElement) {
    const colour = getComputedStyle(one).backgroundColor;
    if (!colour.endsWith(", 0)")) return colour;
  }
};
const contrast = (one) => {
  const drawn = one.closest("svg") ? getComputedStyle(one).fill : getComputedStyle(one).color;
  const [low, high] = [light(drawn), light(ground(one))].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
};
addEventListener("load", () => {
  document.querySelectorAll("details").forEach((one) => (one.open = true));
  const width = document.documentElement.clientWidth;
  told.width = innerWidth;
  told.wide = document.documentElement.scrollWidth > width;
  told.theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  told.asked = performance.getEntriesByType("resource").map((one) => one.name);
  const texts = [...document.querySelectorAll("main *")].filter((one) =>
    [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim()));
  told.texts = texts.length;
  told.faint = texts.filter((one) => one.tagName !== "title" && contrast(one) < 4.5)
    .map((one) => one.outerHTML.slice(0, 120));
  const size = (one) => {
    const { a, b } = one.getScreenCTM();  // turned text too
    return parseFloat(getComputedStyle(one).fontSize) * Math.hypot(a, b);
  };
  told.small = texts.filter((one) => one.tagName === "text" && size(one) < 9).length;
  const named = (one) => document.getElementById(one.getAttribute("aria-labelledby"))?.textContent;
  told.unnamed = [...document.querySelectorAll("svg")].filter((one) => !named(one)).length;
  parent.postMessage(told, "*");
});
"""
_AROUND = """<!doctype html><meta charset="utf-8"><body><script>
const all = [];
addEventListener("message", (e) => {
  all.push(e.data);
  document.body.dataset.told = JSON.stringify(all);
});
</script>
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium to open pages with"),
]


def looked(page: str, theme: str, folder: Path) -> list[dict[str, Any]]:
    """What is seen of a page at each width."""
    assert page.count(_POLICY) == 1
    own = page.replace(_POLICY, f"{_POLICY} script-src 'unsafe-inline';")
    (folder / "page.html").write_text(
        own.replace("</title>", f"</title><script>{_LOOK}</script>", 1)
    )
    frames = "".join(
        f'<iframe src="page.html" width="{width}" height="700" style="border:0"></iframe>'
        for width in WIDTHS
    )
    around = folder / "around.html"
    around.write_text(_AROUND + frames)
    done = subprocess.run(
        [
            str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom",
            "--hide-scrollbars", "--allow-file-access-from-files", "--virtual-time-budget=5000",
            f"--user-data-dir={folder / 'profile'}",
            f"--blink-settings=preferredColorScheme={THEMES[theme]}", around.as_uri(),
        ],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    told = re.search(r'data-told="([^"]*)"', done.stdout)
    assert told, done.stderr[-2000:]
    found = sorted(json.loads(html.unescape(told[1])), key=lambda one: one["width"])
    assert [one["width"] for one in found] == list(WIDTHS)
    assert all(one["theme"] == theme for one in found)
    return found


def faults(page: str, theme: str, folder: Path) -> list[str]:
    """What is wrong with a page, in words."""
    found = []
    for one in looked(page, theme, folder):
        for name in ("errors", "blocked", "asked", "faint", "wide", "unnamed", "small"):
            if one[name]:
                found.append(f"{one['width']}: {name}: {one[name]}")
    return found


@pytest.mark.parametrize("theme", THEMES)
def test_a_real_report_can_be_read_anywhere(
    deployed: tuple[Cli, Any], theme: str, tmp_path: Path
) -> None:
    page = (Path(deployed[1]["run_folder"]) / "report.html").read_text("utf-8")
    assert faults(page, theme, tmp_path) == []


def test_what_is_wrong_with_a_page_is_found(tmp_path: Path) -> None:
    some = made.candidates(3)
    table = Table("t", [Column("x" * 400, numeric=False)], [Row(("y",), Tone.BAD)])
    figure = Figure(pareto(some, front(some), None, None), "c" * 300)
    parts = [table, figure, Folded("more", [Code("c", "z" * 400)])]
    page = written(Page("t", Verdict(Tone.BAD, "w", "s" * 300), [Section("s", parts)]))
    assert faults(page, "light", tmp_path) == []
    planted = page.replace("--quiet: #565d64", "--quiet: #b0b0b0").replace(
        "</main>",
        '<p style="width: 2000px">wide</p><img src="https://example.invalid/a.png" alt="">'
        "<script>nothing.at.all</script></main>",
    )
    found = " ".join(faults(planted, "light", tmp_path))
    for name in ("errors", "blocked", "faint", "wide"):
        assert f"360: {name}" in found, found
