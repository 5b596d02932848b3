"""The app's ArkTS passes the compiler's own TypeScript and linter, which do find what is wrong."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from pipeline.core.files import making, sha256_file
from pipeline.core.places import cache_root
from tests.bench_app import build

pytestmark = pytest.mark.network

CHECK = build.APP / "check"


@pytest.fixture(scope="session")
def modules() -> Path:
    """The checker's packages: in the cache, fetched by npm as package-lock.json says."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("node and npm are not installed")
    final = cache_root() / "npm" / sha256_file(CHECK / "package-lock.json")[:24]
    with making(final) as folder:
        if not final.is_dir():
            for name in ("package.json", "package-lock.json"):
                shutil.copyfile(CHECK / name, folder / name)
            done = subprocess.run(
                ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
                cwd=folder,
                capture_output=True,
                text=True,
                timeout=300,
                check=False,
            )
            if done.returncode != 0 and not os.environ.get("CI"):
                pytest.skip("the checker is not in the cache and cannot be fetched")
            assert done.returncode == 0, done.stderr
            folder.rename(final)
    return final / "node_modules"


def check(modules: Path, *more: Path) -> subprocess.CompletedProcess[str]:
    command = ["node", CHECK / "check.js", modules, *more]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_the_app_has_no_problem(modules: Path) -> None:
    done = check(modules)
    assert (done.returncode, done.stdout) == (0, "2 files, 0 problems\n"), done.stdout + done.stderr


WRONG = """\
import { UIAbility, Want } from '@kit.AbilityKit';
import bench from 'libbench.so';
let anything: any = 1;
const literal = { a: 1 };
function dynamic(want: Want): void {
  want['key'] = literal;
  delete want.bundleName;
  const line: number = bench.lastLine();
  bench.absent(anything, line);
}
export class Other extends UIAbility {
  onCreate(want: Want): void { dynamic(want); this.context.absent(); }
}
@Component
export struct Page {
  build() { Column() { Text(1).fontColour('x') } }
}
"""
FOUND = {
    "any": (3, "arkts-no-any-unknown"),
    "an untyped literal": (4, "arkts-no-untyped-obj-literals"),
    "a dynamic property": (6, "can't be used to index type 'Want'"),
    "delete": (7, "arkts-no-delete"),
    "a wrong type of the module's": (8, "Type 'string' is not assignable to type 'number'"),
    "what the module lacks": (9, "Property 'absent' does not exist"),
    "what the system lacks": (12, "does not exist on type 'UIAbilityContext'"),
    "a component's argument": (16, "not assignable to parameter of type 'string'"),
    "a component's attribute": (16, "Property 'fontColour' does not exist"),
}


@pytest.fixture(scope="module")
def complaints(modules: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    wrong = tmp_path_factory.mktemp("wrong") / "Wrong.ets"
    wrong.write_text(WRONG)
    done = check(modules, wrong)
    assert done.returncode == 1
    return [line for line in done.stdout.splitlines() if "Wrong.ets" in line]


@pytest.mark.parametrize(("line", "text"), FOUND.values(), ids=FOUND)
def test_what_is_wrong_is_found(complaints: list[str], line: int, text: str) -> None:
    assert any(f"Wrong.ets:{line}:" in one and text in one for one in complaints), complaints
