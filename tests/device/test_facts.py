"""Facts and telemetry, read from whatever a device answers."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device import cores, facts, sections, telemetry
from device.device import Where

ARM = """processor\t: 0
BogoMIPS\t: 38.40
Features\t: fp asimd evtstrm asimdhp asimddp
CPU part\t: 0xd46

processor\t: 1
Features\t: fp asimd
"""


def test_cpuinfo():
    assert facts.cpu_features(ARM) == ("fp", "asimd", "evtstrm", "asimdhp", "asimddp")
    assert facts.cpu_cores(ARM) == 2
    assert facts.cpu_features("flags\t\t: fpu sse") == ("fpu", "sse")
    assert (
        facts.cpu_features("cat: /proc/cpuinfo: Permission denied"),
        facts.cpu_cores("Processor : x"),
    ) == ((), None)


def test_features_that_matter():
    found = facts.read("K", "USB", {"cpuinfo": ARM})
    assert (found.has_fp16, found.has_dotprod) == (True, True)
    plain = facts.read("K", "USB", {"cpuinfo": "Features : fp asimd"})
    assert (plain.has_fp16, plain.has_dotprod) == (False, False)
    silent = facts.read("K", "USB", {})
    assert (silent.has_fp16, silent.has_dotprod) == (None, None)


SYSFS = """/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq:1530000
/sys/devices/system/cpu/cpu1/cpufreq/cpuinfo_max_freq:1530000
/sys/devices/system/cpu/cpu10/cpufreq/cpuinfo_max_freq:2486000
"""
HIDUMPER = """
-------------------------------[cpufreq]-------------------------------

cmd is: cat /sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_cur_freq

826000

cmd is: cat /sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq

1530000

cmd is: cat /sys/devices/system/cpu/cpu1/cpufreq/cpuinfo_cur_freq

cat: permission denied

cmd is: cat /sys/devices/system/cpu/cpu1/cpufreq/cpuinfo_max_freq

2486000
"""


@pytest.mark.parametrize(
    ("text", "which", "khz"),
    [
        (SYSFS, "max", (1530000, 1530000, *[None] * 8, 2486000)),
        (SYSFS, "cur", ()),
        (HIDUMPER, "max", (1530000, 2486000)),
        (HIDUMPER, "cur", (826000,)),
        (SYSFS.replace("1530000", "99999999999999999999"), "max", (*[None] * 10, 2486000)),
        (SYSFS.replace("cpu10", "cpu999"), "max", ()),
        ("grep: /sys: Permission denied\nsh: hidumper: not found", "max", ()),
    ],
)
def test_core_frequencies(text, which, khz):
    assert cores.read(text, which) == khz


def test_clusters_are_told_by_their_top_frequency():
    found = facts.read("K", "USB", {"frequency": HIDUMPER + SYSFS.replace("cpu1/", "cpu2/")})
    assert found.clusters == ((2, 2486000), (2, 1530000))
    assert found.cores == 11


@pytest.mark.parametrize(
    "answers",
    [
        {"api": "99999", "nproc": "1000000"},
        {"meminfo": "MemTotal: 999999999999999999 kB"},
        {"df": "x 1 1 999999999999999999 1% /"},
        {"cpuinfo": "processor : 1\n" * 5000},
    ],
)
def test_absurd_numbers_are_missing_facts(answers):
    assert facts.read("K", "USB", answers) == facts.DeviceFacts("K", "USB")


def test_endless_flags_are_cut():
    found = facts.read("K", "USB", {"cpuinfo": "Features : " + "a " * 9000 + "b" * 9000})
    assert len(found.cpu_features) <= 500


@pytest.mark.parametrize(
    ("text", "free"),
    [
        ("Filesystem 1K-blocks Used Available Use% Mounted on\n/dev/x 100 40 60 40% /data", 61440),
        ("Filesystem 1K-blocks Used Available Use% Mounted on\n/dev/very/long\n 9 4 5 4% /d", 5120),
        ("df: /data: No such file or directory", None),
        ("", None),
    ],
)
def test_df(text, free):
    assert facts.free_bytes(text) == free


def test_missing_facts_are_none():
    answers = {"model": 'Get parameter "x" fail! errNum is:106!', "api": "twelve"}
    found = facts.read("K", "USB", answers)
    assert found == facts.DeviceFacts("K", "USB")
    assert found.summary == "a device that tells nothing of itself"


@pytest.mark.parametrize(
    ("answer", "where"),
    [
        ('Get parameter "x" fail! errNum is:106!', Where.DEVICE),
        ("emulated-host", Where.EMULATED_HOST),
        ("emulated-arm64", Where.EMULATED_ARM64),
        ("something else", Where.EMULATED_HOST),
    ],
)
def test_where(answer, where):
    assert facts.read("K", "USB", {"emulated": answer}).where is where


@given(st.dictionaries(st.sampled_from([*facts.questions("/data/x")]), st.text()))
def test_no_answer_breaks_the_facts(answers):
    found = facts.read("K", "USB", answers)
    json.dumps(found.as_json())
    assert found.summary.isprintable()


def test_facts_of_the_emulated_device(driver):
    found = driver.facts()
    assert (found.key, found.connection, found.where) == (driver.key, "USB", Where.EMULATED_HOST)
    assert (found.device_type, found.api_level, found.debuggable) == ("phone", 20, True)
    assert found.abi and found.cores and found.memory_bytes and found.free_storage_bytes
    assert found.as_json()["where"] == "emulated-host"


BATTERY = "---[ability]---\n\ncapacity: 81\nchargingStatus: 1\ntemperature: 280\nvoltage: 4496732\n"
THERMAL = "Type: Battery\nTemperature: 29\nType: soc_thermal\nTemperature: 41250\n"


def test_telemetry():
    found = telemetry.read({"battery": BATTERY, "thermal": THERMAL, "level": "ThermalLevel: 2"})
    assert (found.temperature_mc, found.battery_percent, found.charging) == (41250, 81, True)
    assert found.thermal_level == 2
    assert found.sensors_mc == {"Battery": 29000, "soc_thermal": 41250}
    assert found.raw["thermal"] == THERMAL


def test_frequencies_and_memory():
    memory = "MemTotal: 8 kB\nMemFree: 1 kB\nMemAvailable: 4 kB\n"
    found = telemetry.read({"frequency": HIDUMPER, "memory": memory})
    assert (found.cpu_khz, found.free_memory_bytes) == ((826000,), 4096)


def test_sensors_that_lie_are_gaps():
    lies = "Type: soc\nTemperature: 999999999\nType: gpu\nTemperature: 41000\n"
    found = telemetry.read({"thermal": lies, "battery": "temperature: 99999\ncapacity: 101\n"})
    assert (found.sensors_mc, found.temperature_mc) == ({"gpu": 41000}, None)
    assert found.battery_percent is None


def test_telemetry_has_gaps():
    only = telemetry.read({"battery": BATTERY})
    assert (only.temperature_mc, only.thermal_level) == (28000, None)
    nothing = telemetry.read({"battery": "sh: hidumper: not found"})
    assert (nothing.temperature_mc, nothing.battery_percent, nothing.charging) == (None,) * 3


@given(st.dictionaries(st.sampled_from([*telemetry.QUESTIONS]), st.text()))
def test_no_answer_breaks_the_telemetry(answers):
    json.dumps(telemetry.read(answers).as_json())


def test_telemetry_of_the_emulated_device(driver):
    found = driver.telemetry()
    assert (found.temperature_mc, found.battery_percent, found.charging) == (30000, 80, False)
    assert found.thermal_level == 0


def test_sections_do_not_mix():
    text = "\nM a\n1\n\n2\n\nM b\n\nM c\nM3\n"
    assert sections.split(text, "M") == {"a": "1\n\n2", "b": "", "c": "M3"}


def test_a_failing_question_leaves_the_others(driver):
    script = sections.script({"a": "exit 3", "b": "if", "c": "echo x"}, "M")
    assert sections.split(driver.run(script, deadline_s=5).text, "M")["c"] == "x"
