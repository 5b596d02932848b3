"""Pages as a browser and axe-core see them. Run by hand; not collected by pytest.

    npm install --prefix FOLDER axe-core puppeteer-core      # anywhere outside of the project
    python -m tests.measure.pages FOLDER WORKSPACE [PICTURES] > tests/measure/pages.md

Opens every ``report.html`` below WORKSPACE, and a night of 90 made-up cases, in headless Chromium:
at desktop and phone width, light and dark, everything unfolded. Tells what axe-core finds, errors
of scripts, requests to anything but the page itself, and what is wider than the screen. PICTURES
gets a screenshot of each look and a print to PDF. Ends with 1 when something serious is found, or
when nothing is found in a page that has faults on purpose.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.report import test_night_page

_SCRIPT = Path(__file__).with_suffix(".mjs")
_STAMP = re.compile(r"\d{8}T\d{6}-")
_IMPACTS = ("critical", "serious", "moderate", "minor")
_PLANTED = "00-planted"
_FAULTS = """<h4>after h2</h4><img src="https://planted.invalid/x.png">
<p style="color: #aaa; background: #fff; width: 3000px">faint and wide</p>"""


def main() -> int:
    modules, workspace = map(Path, sys.argv[1:3])
    pictures = sys.argv[3] if len(sys.argv) > 3 else "-"
    chromium = shutil.which("chromium") or shutil.which("google-chrome") or "chromium"
    with tempfile.TemporaryDirectory() as folder:
        pages = _gathered(workspace, Path(folder))
        command = ["node", str(_SCRIPT), str(modules), chromium, pictures, *map(str, pages)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(done.stderr)
        found = json.loads(done.stdout)
        planted = [one for one in found["all"] if Path(one["page"]).stem == _PLANTED]
        looks = [one for one in found["all"] if one not in planted]
        _tell(found["version"], looks)
    return int(any(map(_bad, looks)) or not all(map(_bad, planted)))


def _bad(look: Any) -> bool:
    grave = [one for one in look["violations"] if one["impact"] in _IMPACTS[:2]]
    return bool(grave or look["errors"] or look["requests"] or look["wide"])


def _gathered(workspace: Path, folder: Path) -> list[Path]:
    """Copies of all pages, each called by the run it is of, and one with faults."""
    for source in sorted(workspace.rglob("report.html")):
        parts = source.parent.relative_to(workspace).parts
        if not any(workspace.joinpath(*parts[:at]).is_symlink() for at in range(1, len(parts) + 1)):
            number = len(list(folder.iterdir())) + 1
            options = re.findall(
                r"(--(?:sustain|every|profile|baseline)\b)", source.read_text("utf-8")
            )
            run = "-".join(_STAMP.sub("", part) for part in parts)
            name = " ".join([run, *dict.fromkeys(options)])
            shutil.copy(source, folder / f"{number:02}-{name}.html")
    whole = test_night_page.page()
    (folder / "90-night-of-90-cases.html").write_text(whole, "utf-8")
    planted = whole.replace("default-src 'none'", "default-src 'none'; img-src *")
    planted = planted.replace("</main>", f"{_FAULTS}</main>")
    (folder / f"{_PLANTED}.html").write_text(planted, "utf-8")
    return sorted(folder.iterdir())


def _tell(version: str, looks: Sequence[Any]) -> None:
    print("# Pages in a browser\n\nMade by `python -m tests.measure.pages`.\n")
    print(
        f"{version}, axe-core {looks[0]['axe']}. Each page is opened {_looks(looks)}, everything "
        "unfolded; figures are sums over these looks. *wide*: elements beyond the edge of the "
        "screen that do not scroll within. *unsure*: what axe-core cannot judge, here the contrast "
        "of text on pictures, which tests/report and tests/e2e/test_pages.py compute.\n"
    )
    names = ("page", "bytes", *_IMPACTS, "unsure", "wide", "requests", "script errors")
    print(f"| {' | '.join(names)} |\n|---|{'--:|' * (len(names) - 1)}")
    for page in dict.fromkeys(look["page"] for look in looks):
        mine = [look for look in looks if look["page"] == page]
        impacts = Counter(one["impact"] for look in mine for one in look["violations"])
        unsure = {one["id"] for look in mine for one in look["unsure"]}
        counts = (sum(len(look[name]) for look in mine) for name in ("wide", "requests", "errors"))
        cells = [
            Path(page).stem[3:], f"{Path(page).stat().st_size:,}",
            *(impacts[name] for name in _IMPACTS), ", ".join(sorted(unsure)), *counts,
        ]  # fmt: skip
        print(f"| {' | '.join(map(str, cells))} |")
    findings = {
        f"- {Path(look['page']).stem[3:]}, {look['width']} px, {look['theme']}: {one['impact']}, "
        f"{one['id']}: {one['help']}"
        for look in looks
        for one in look["violations"]
    }
    nothing = "axe-core finds nothing; in a page with faults on purpose it finds them."
    print("\n" + ("\n".join(sorted(findings)) or nothing))


def _looks(looks: Sequence[Any]) -> str:
    seen = dict.fromkeys(f"{look['width']} px wide, {look['theme']}" for look in looks)
    return f"{len(seen)} times ({'; '.join(seen)})"


if __name__ == "__main__":
    sys.exit(main())
