"""Where tools are kept, and homes in paths."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.core.places import cache_root, expand


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"PIPELINE_CACHE": "/cache"}, "/cache"),
        ({"PIPELINE_CACHE": "~/tools"}, "/home/me/tools"),
        ({"PIPELINE_CACHE": "near"}, "{cwd}/near"),
        ({"PIPELINE_CACHE": "~no-such-user/x"}, "{cwd}/~no-such-user/x"),
        ({"XDG_CACHE_HOME": "/xdg"}, "/xdg/mslite-pipeline"),
        ({"XDG_CACHE_HOME": ""}, "/home/me/.cache/mslite-pipeline"),
        ({"PIPELINE_CACHE": "", "XDG_CACHE_HOME": "/xdg"}, "/xdg/mslite-pipeline"),
        ({}, "/home/me/.cache/mslite-pipeline"),
    ],
    ids=str,
)
def test_the_cache_is_where_the_environment_says(monkeypatch, environment, expected):
    for name in ("PIPELINE_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/home/me")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert cache_root() == Path(expected.format(cwd=Path.cwd()))


@pytest.mark.parametrize(
    ("path", "expected"),
    [("~/a", "/home/me/a"), ("a/~", "a/~"), ("~no-such-user/a", "~no-such-user/a"), ("/a", "/a")],
)
def test_a_home_that_is_not_there_is_left_as_it_is(monkeypatch, path, expected):
    monkeypatch.setenv("HOME", "/home/me")
    assert expand(Path(path)) == Path(expected)
