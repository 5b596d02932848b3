"""Emulated devices drain, heat up at work and cool down, and links are as slow as they say."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.emulator import EmulatedSpec, Fault, FaultKind, create, vitals
from device.errors import ConnectionLost, DeviceUnknown
from device.hdc.device import HdcDevice

WORK = "sleep 0.3; : --modelFile=x"


def record(**values: object) -> dict[str, object]:
    spec = EmulatedSpec(**values).vitals()  # type: ignore[arg-type]
    return {
        "settings": spec,
        "at": 1000.0,
        "temperature_mc": spec["temperature_mc"],
        "battery_percent": spec["battery_percent"],
        "works": [],
    }


def test_heat_rises_with_work_and_goes_again():
    busy = {**record(rise_mc=20_000, settle_s=60), "works": [1]}
    minute = vitals.advance(busy, 1060.0)
    assert minute["temperature_mc"] == pytest.approx(30_000 + 20_000 * 0.632, rel=1e-3)
    hour = vitals.advance(minute, 4600.0)
    assert hour["temperature_mc"] == pytest.approx(50_000, rel=1e-3)
    assert vitals.thermal_level(hour) == 3
    rested = vitals.advance({**hour, "works": []}, 8200.0)
    assert rested["temperature_mc"] == pytest.approx(30_000, rel=1e-3)
    assert vitals.thermal_level(rested) == 0


@given(st.floats(0, 1e6), st.floats(0, 1e6))
def test_two_steps_are_one(first, second):
    busy = {**record(rise_mc=9000, work_drain_percent_per_h=3.0), "works": [1]}
    once = vitals.advance(busy, 1000 + first + second)
    twice = vitals.advance(vitals.advance(busy, 1000 + first), 1000 + first + second)
    assert twice["temperature_mc"] == pytest.approx(once["temperature_mc"], rel=1e-6)
    assert twice["battery_percent"] == pytest.approx(once["battery_percent"], abs=1e-6)


@pytest.mark.parametrize(
    ("settings", "busy", "percent"),
    [
        ({}, True, 80),
        ({"drain_percent_per_h": 5}, False, 75),
        ({"drain_percent_per_h": 5, "work_drain_percent_per_h": 20}, True, 55),
        ({"drain_percent_per_h": 500}, False, 0),
        ({"charging": True, "charge_percent_per_h": 10, "drain_percent_per_h": 5}, True, 90),
        ({"charging": True, "charge_percent_per_h": 100}, False, 100),
        ({"battery_percent": None, "drain_percent_per_h": 5}, True, None),
    ],
)
def test_the_battery_after_an_hour(settings, busy, percent):
    before = {**record(**settings), "works": [1] if busy else []}
    assert vitals.advance(before, 4600.0)["battery_percent"] == percent


def test_frequencies_are_spread_over_the_cores_and_fall_with_heat():
    hot = {**record(core_khz=(1_000_000, 2_000_000), thermal_level=2), "works": [1]}
    assert vitals.core_khz(hot, 4) == [
        (800_000, 1_000_000),
        (800_000, 1_000_000),
        (1_600_000, 2_000_000),
        (1_600_000, 2_000_000),
    ]
    assert vitals.core_khz(record(), 4) == []


@pytest.mark.parametrize("sysfs", [True, False])
def test_the_driver_reads_them_from_sysfs_or_hidumper(client, home, sysfs):
    create(home, EmulatedSpec(key="K", core_khz=(1_000_000, 2_000_000), sysfs=sysfs))
    device = HdcDevice(client, "K")
    found = device.facts()
    assert found.core_khz[-1] in (1_000_000, 2_000_000) and len(found.core_khz) == found.cores
    assert device.telemetry().cpu_khz[0] == found.core_khz[0]
    assert device.telemetry().free_memory_bytes


def test_a_run_heats_the_device_and_drains_it(client, home):
    spec = EmulatedSpec(
        key="K", rise_mc=30_000, settle_s=0.05, work_drain_percent_per_h=1e5, core_khz=(1_000_000,)
    )
    create(home, spec)
    device = HdcDevice(client, "K")
    assert device.telemetry().thermal_level == 0
    device.run(WORK, deadline_s=5)
    after = device.telemetry()
    assert (after.battery_percent or 0) < 75
    device.run("sleep 0.5", deadline_s=5)
    assert (device.telemetry().temperature_mc or 0) < 31_000


def test_work_is_seen_while_it_lasts(client, home):
    import threading

    create(home, EmulatedSpec(key="K", rise_mc=30_000, settle_s=0.05))
    device = HdcDevice(client, "K")
    worker = threading.Thread(target=device.run, args=(WORK.replace("0.3", "2"),), kwargs={
        "deadline_s": 9})  # fmt: skip
    worker.start()
    try:
        until = time.monotonic() + 5
        while (device.telemetry().thermal_level or 0) < 5 and time.monotonic() < until:
            time.sleep(0.05)
        assert worker.is_alive()
    finally:
        worker.join()


def test_vitals_can_be_planted(driver, phone):
    phone.set_vitals(battery_percent=7, charging=True, temperature_mc=47_500)
    found = driver.telemetry()
    assert (found.battery_percent, found.charging, found.thermal_level) == (7, True, 2)


def test_a_device_without_a_battery_has_a_gap(client, home):
    create(home, EmulatedSpec(key="K", battery_percent=None))
    found = HdcDevice(client, "K").telemetry()
    assert (found.battery_percent, found.charging) == (None, None)
    assert found.temperature_mc == 30_000


def test_services_are_listed(hdc, phone):
    listed = hdc("-t", phone.key, "shell", "hidumper -ls").stdout.split(b"\n")
    assert {b"BatteryService", b"ThermalService", b"PowerManagerService"} <= set(listed)


def test_a_slow_link_takes_its_time(hdc, home, tmp_path):
    create(home, EmulatedSpec(key="SLOW", link_bytes_per_s=1e6, link_latency_s=0.2))
    (tmp_path / "big").write_bytes(bytes(300_000))
    started = time.monotonic()
    sent = hdc("-t", "SLOW", "file", "send", str(tmp_path / "big"), "/data/local/tmp/big").stdout
    assert time.monotonic() - started > 0.5
    assert b"Size:300000" in sent


# faults that are no cut of hdc's ------------------------------------------------------------


def test_a_killed_run_ends_with_137(driver, phone):
    phone.set_fault(Fault(FaultKind.KILL_RUN, after_lines=2, containing="sleep"))
    done = driver.run("echo a; sleep 30; echo $?; sleep 0", deadline_s=20)
    assert done.text.split() == ["a", "Killed", "137"]
    assert phone.faults == []


def test_a_program_that_did_not_come_is_not_killed(driver, phone):
    phone.set_fault(Fault(FaultKind.KILL_RUN, after_lines=99))
    assert driver.run("echo a", deadline_s=5).text == "a\n"
    assert len(phone.faults) == 1


def test_a_killed_server_cuts_the_call_and_comes_back(driver, phone, home):
    from device.emulator import set_server

    set_server(home, start_s=0.05)
    watch = create(home, EmulatedSpec(key="10.0.0.2:5555", connection="TCP"))
    phone.set_fault(Fault(FaultKind.KILL_SERVER, after_lines=1))
    with pytest.raises(ConnectionLost):
        driver.run("echo a; sleep 9", deadline_s=5)
    assert watch.state == "Absent"
    assert driver.run("echo b", deadline_s=5).text == "b\n"


def test_a_reboot_ends_everything_and_the_device_comes_back(driver, phone):
    driver.run("sleep 60 >/dev/null 2>&1 &", deadline_s=5)
    phone.set_fault(Fault(FaultKind.REBOOT, after_lines=1, back_after_calls=2))
    with pytest.raises(ConnectionLost):
        driver.run("echo a; sleep 60", deadline_s=5)
    with pytest.raises(DeviceUnknown):
        driver.run("echo b", deadline_s=5)
    left = driver.run("for p in $(pidof sleep); do readlink /proc/$p/cwd; done", deadline_s=5)
    assert str(phone.root) not in left.text and left.text.strip() == ""


def test_one_on_the_network_stays_offline_after_a_reboot_until_it_is_connected(hdc, home):
    watch = create(home, EmulatedSpec(key="10.0.0.2:5555", connection="TCP"))
    watch.set_fault(Fault(FaultKind.REBOOT, after_lines=1))
    assert hdc("-t", watch.key, "shell", "echo a; sleep 9").stdout == b"a\n"
    assert b"\tTCP\tOffline\t" in hdc("list", "targets", "-v").stdout
    assert hdc("tconn", watch.key).stdout == b"Connect OK\r\n"
    assert hdc("-t", watch.key, "shell", "echo b").stdout == b"b\n"


@pytest.mark.parametrize("kind", [FaultKind.REBOOT, FaultKind.KILL_SERVER])
def test_a_push_that_is_cut_so(driver, phone, home, model, ours, kind):
    from device.emulator import set_server

    set_server(home, start_s=0.05)
    fault = Fault(kind, after_bytes=99, containing="file send", back_after_calls=0)
    phone.set_fault(fault)
    assert driver.push(model).sent_bytes > 0
    assert len(ours()) == 1
