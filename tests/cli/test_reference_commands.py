"""The reference commands in processes of their own."""

from __future__ import annotations

import json

from tests.history.test_manifest import ONE_RUN, deployment, row, write


def test_the_commands(pipeline, folder):
    write(folder / "run", deployment(row(ONE_RUN)))
    assert pipeline("reference", "check", "run").code == 5
    made = pipeline("reference", "update", "run", "--reason", "first", "--owner", "me", "--json")
    (changes,) = made.json["changes"].values()
    assert {one["verdict"] for one in changes} == {"no reference"}
    assert pipeline("reference", "check", "run", "--json").json["verdict"] == "passed"
    write(folder / "run", deployment({**row(ONE_RUN), "size_bytes": 99_999}))
    worse = pipeline("reference", "check", "run")
    assert worse.code == 1
    assert "size_bytes is 99999, worse than 79208 +-792.1 (me)" in worse.err
    assert pipeline("reference", "update", "run").code == 2
    assert pipeline("reference", "update", "run", "--reason", " ").code == 2
    assert json.loads(pipeline("schema", "references").out)["title"] == "References"
