"""Which devices a deployment to several goes to, and by which profile each is measured."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from device.emulator import EmulatedSpec, create, hdc_command
from device.errors import HdcMissing, NoDevice
from pipeline.chain.members import Call, Member, muster
from pipeline.config import places
from pipeline.config.profile import NamedProfile
from pipeline.core.events import Silent

PHONE, WATCH = places.profile("phone"), places.profile("watch")


class Heard(Silent):
    """A listener that keeps warnings."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def warning(self, text: str) -> None:
        self.warnings.append(text)


@pytest.fixture
def hdc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two phones and a watch, the second phone unauthorized."""
    monkeypatch.setenv("PIPELINE_CACHE", str(tmp_path / "cache"))
    home = tmp_path / "home"
    for key, kind in (("P1", "phone"), ("P2", "phone"), ("W1", "wearable"), ("F1", "fridge")):
        create(home, EmulatedSpec(key=key, device_type=kind, model=f"model {key}"))
    create(home, EmulatedSpec(key="P2")).set_state("Unauthorized")
    path = tmp_path / "hdc"
    path.write_text(f'#!/bin/sh\nexec {shlex.join(hdc_command(home))} "$@"\n')
    path.chmod(0o755)
    return path


@pytest.fixture
def call(hdc: Path) -> Callable[..., list[tuple[str, str | None, str | None]]]:
    def found(
        *profiles: NamedProfile, heard: Heard | None = None, **more: object
    ) -> list[tuple[str, str | None, str | None]]:
        asked = Call(profiles, hdc=hdc, **more)  # type: ignore[arg-type]
        return [told(one) for one in muster(asked, heard or Heard())]

    return found


def told(one: Member) -> tuple[str, str | None, str | None]:
    profile = one.profile.name if one.profile else None
    if one.connection is not None:
        assert one.connection.facts.model == f"model {one.label}"
    return one.label, profile, one.trouble.kind if one.trouble else None


def test_one_for_each_profile(call) -> None:
    assert call(PHONE, WATCH) == [("P1", "phone", None), ("W1", "watch", None)]


def test_keys_in_the_order_asked_for_and_each_once(call) -> None:
    found = call(PHONE, WATCH, targets=("W1", "P2", "W1", "P1", "F1", "X"))
    assert found == [
        ("W1", "watch", None),
        ("P2", None, "DeviceUnauthorized"),
        ("P1", "phone", None),
        ("F1", None, "DeviceMismatch"),
        ("X", None, "DeviceUnknown"),
    ]


def test_all_that_fit_and_those_that_might(call) -> None:
    heard = Heard()
    found = call(PHONE, WATCH, heard=heard, all_targets=True)
    assert found == [
        ("P1", "phone", None),
        ("P2", None, "DeviceUnauthorized"),
        ("W1", "watch", None),
    ]
    assert len(heard.warnings) == 1 and "F1" in heard.warnings[0]


def test_none_that_fits(call, hdc: Path) -> None:
    assert [one[0] for one in call(places.profile("tv"), all_targets=True)] == ["P2"]
    create(hdc.parent / "home", EmulatedSpec(key="P2")).set_state("Absent")
    with pytest.raises(NoDevice):
        call(places.profile("tv"), all_targets=True)
    assert call(places.profile("tv")) == [("tv", "tv", None)]  # to be emulated
    assert call(places.profile("tv"), emulate=False) == [("tv", "tv", "NoDevice")]


def test_a_device_of_two_profiles_is_measured_once(call, tmp_path: Path) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text("match: {device_types: [phone]}\n")
    heard = Heard()
    found = call(PHONE, places.profile(str(mine)), heard=heard)
    assert found == [("P1", "phone", None)]
    assert heard.warnings == ["P1 is measured as phone, not also as mine"]


def test_without_hdc(tmp_path: Path) -> None:
    asked = Call((PHONE,), targets=("P1",), hdc=tmp_path / "none")
    with pytest.raises(HdcMissing):
        muster(asked, Heard())
