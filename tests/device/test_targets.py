"""Exactly one connected device, and why not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from device import errors
from device.emulator import EmulatedSpec, Fault, FaultKind, create, set_server
from device.hdc.messages import State
from device.hdc.patience import Patience
from device.targets import choose, list_targets


@pytest.fixture
def add(home):
    def create_device(key: str, device_type: str = "phone", connection: str = "USB"):
        spec = EmulatedSpec(key=key, device_type=device_type, connection=connection)
        return create(home, spec)

    return create_device


@pytest.fixture
def phone_chosen(client):
    def call(key: str | None = None):
        return choose(
            client, key=key, matches=lambda facts: facts.device_type == "phone", wanted="phone"
        )

    return call


def test_list(add, client):
    add("K1").set_state("Offline")
    add("10.0.0.2:5555", connection="TCP")
    found = [(one.key, one.connection, one.state) for one in list_targets(client)]
    assert found == [
        ("10.0.0.2:5555", "TCP", State.CONNECTED),
        ("K1", "USB", State.OFFLINE),
    ]


def test_the_one_that_fits(add, phone_chosen):
    add("P")
    add("W", "wearable", "TCP")
    assert phone_chosen().key == "P"


def test_none(phone_chosen, home):
    with pytest.raises(errors.NoDevice) as caught:
        phone_chosen()
    assert caught.value.message == "no device is connected (wanted: phone)"
    assert "list targets" in caught.value.hint and caught.value.exit_code == 3


def test_none_that_fits_says_why(add, phone_chosen):
    add("W", "wearable")
    add("O").set_state("Offline")
    add("U").set_state("Unauthorized")
    add("R").set_state("Unauthorized", refused=True)
    with pytest.raises(errors.NoDevice) as caught:
        phone_chosen()
    reasons = dict(caught.value.rejected)
    assert reasons["O"] == "offline" and reasons["U"] == "unauthorized"
    assert reasons["R"] == "unauthorized, refused on the device"
    assert "wearable" in reasons["W"] and "API 20" in reasons["W"]
    assert "O: offline" in caught.value.message


def test_several(add, phone_chosen):
    add("P1")
    add("P2")
    with pytest.raises(errors.SeveralDevices) as caught:
        phone_chosen()
    assert "P1" in caught.value.message and "P2" in caught.value.message
    assert "--target P1" in caught.value.hint
    assert phone_chosen("P2").key == "P2"


def test_a_named_one_has_to_fit(add, phone_chosen):
    add("W", "wearable")
    with pytest.raises(errors.DeviceMismatch, match="wearable"):
        phone_chosen("W")


@pytest.mark.parametrize(
    ("state", "refused", "kind"),
    [
        ("Offline", False, errors.DeviceOffline),
        ("Unauthorized", False, errors.DeviceUnauthorized),
        ("Unauthorized", True, errors.DeviceUnauthorized),
        ("Absent", False, errors.DeviceUnknown),
    ],
)
def test_a_named_one_that_cannot_be_used(add, phone_chosen, state, refused, kind):
    add("OTHER")
    add("P").set_state(state, refused=refused)
    with pytest.raises(kind) as caught:
        phone_chosen("P")
    assert getattr(caught.value, "refused", refused) is refused
    if kind is errors.DeviceUnknown:
        assert "OTHER" in caught.value.message


def test_a_named_address_is_connected_first(add, phone_chosen):
    for state in ("Absent", "Offline"):
        add("10.0.0.2:5555", connection="TCP").set_state(state)
        device = phone_chosen("10.0.0.2:5555")
        assert (device.key, device.connection) == ("10.0.0.2:5555", "TCP")
    with pytest.raises(errors.DeviceUnknown):
        phone_chosen("10.0.0.3:5555")


def test_no_server(home, client, phone_chosen):
    set_server(home, unreachable=True, unreachable_s=0.01)
    with pytest.raises(errors.HdcServerUnreachable):
        phone_chosen()


def test_devices_are_waited_for_after_the_server_started(add, home, phone_chosen):
    add("P")
    set_server(home, stopped=True, start_s=0.8, empty_lists=2)
    assert phone_chosen().key == "P"


def test_an_empty_list_of_a_running_server_is_believed_at_once(add, home, client):
    add("P")
    set_server(home, empty_lists=1)
    sure = replace(client, patience=Patience(server_started_s=5))
    assert list_targets(sure) == []


def test_a_device_that_vanishes_meanwhile(add, phone_chosen):
    add("P").set_fault(Fault(FaultKind.VANISH, times=None, after_calls=1))
    with pytest.raises(errors.NoDevice, match="not connected"):
        phone_chosen()
