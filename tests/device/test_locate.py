"""hdc is found where it was named, then in $HDC, PATH and the SDK folders, in this order."""

from __future__ import annotations

import pytest

from device.errors import HdcMissing
from device.hdc.locate import locate


def program(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def env(tmp_path):
    (tmp_path / "bin").mkdir()
    return {"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path / "home")}


def test_nowhere(env):
    with pytest.raises(HdcMissing) as caught:
        locate(None, env)
    assert "HDC" in caught.value.hint and caught.value.looked_at


def test_order(env, tmp_path):
    sdk = program(tmp_path / "home/command-line-tools/sdk/default/openharmony/toolchains/hdc")
    assert locate(None, env) == (str(sdk),)
    in_path = program(tmp_path / "bin/hdc")
    assert locate(None, env) == (str(in_path),)
    by_variable = program(tmp_path / "variable/hdc")
    assert locate(None, {**env, "HDC": str(by_variable)}) == (str(by_variable),)
    named = program(tmp_path / "named hdc")
    assert locate(str(named), {**env, "HDC": str(by_variable)}) == (str(named),)
    assert locate(named, env) == (str(named),)


def test_a_named_one_is_never_replaced(env, tmp_path):
    program(tmp_path / "bin/hdc")
    with pytest.raises(HdcMissing, match="no such command"):
        locate(str(tmp_path / "none"), env)
    (tmp_path / "text").write_text("x")
    with pytest.raises(HdcMissing, match="not executable"):
        locate(str(tmp_path / "text"), env)
    with pytest.raises(HdcMissing):
        locate("'unclosed", env)


def test_a_command_with_arguments_and_a_folder(env, tmp_path):
    program(tmp_path / "bin/wrapper")
    assert locate("wrapper --to hdc", env) == (str(tmp_path / "bin/wrapper"), "--to", "hdc")
    assert locate(str(program(tmp_path / "toolchains/hdc").parent), env)[0].endswith("/hdc")


def test_the_newest_sdk_wins(env, tmp_path):
    for version in ("9", "20", "12"):
        program(tmp_path / f"sdk/{version}/toolchains/hdc")
    found = locate(None, {**env, "OHOS_SDK_HOME": str(tmp_path / "sdk")})
    assert found == (str(tmp_path / "sdk/20/toolchains/hdc"),)
