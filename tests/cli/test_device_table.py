"""Connected devices: each with what it is, what it has, and who uses it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rich.console import Console

from device.device import DeviceFacts
from device.hdc.holder import Holder
from device.hdc.messages import State
from device.targets import Target
from pipeline.chain.devices import Listed
from pipeline.cli import device_table

PHONE = DeviceFacts(
    key="K1",
    connection="USB",
    model="ABC-00",
    device_type="phone",
    api_level=18,
    abi="arm64-v8a",
    build="ABC 5.1.0.150",
    debuggable=False,
    cpu_features=("asimd", "asimdhp"),
    cores=8,
    core_khz=(1_530_000,) * 4 + (2_150_000,) * 3 + (2_830_000,),
    memory_bytes=12 << 30,
    free_storage_bytes=3 << 29,
)


def shown(*listed: Listed) -> str:
    console = Console(width=160)
    with console.capture() as capture:
        for part in device_table.devices(listed):
            console.print(part)
    return capture.get()


def entry(facts: DeviceFacts | None, problem: str | None = None, **more: object) -> Listed:
    target = Target("K1", "USB", State.CONNECTED)
    return Listed(target, facts, problem, ("phone",), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (
            PHONE,
            [
                "ABC-00, phone, API 18, arm64-v8a",
                "1 x 2.83 GHz + 3 x 2.15 GHz + 4 x 1.53 GHz, fp16, no dotprod",
                "12.0 GiB memory, 1.5 GiB free, ABC 5.1.0.150, not debuggable",
            ],
        ),
        (replace(PHONE, core_khz=(), cpu_features=()), ["8 cores"]),
        (replace(PHONE, abi="x86_64", cpu_features=("sse",)), ["4 x 1.53 GHz"]),
        (DeviceFacts("K1", "USB", debuggable=True), ["tells nothing", "debuggable"]),
    ],
)
def test_what_a_device_has(facts: DeviceFacts, words: list[str]) -> None:
    text = shown(entry(facts))
    assert [word for word in words if word not in text] == []


def test_features_of_another_architecture_are_not_missed() -> None:
    assert "dotprod" not in shown(entry(replace(PHONE, abi="x86_64", cpu_features=("sse",))))


def test_problem_and_holder() -> None:
    holder = Holder("ann", "lab", 7, "2026-01-01 00:00:00 UTC", "m", "1", "t")
    text = shown(entry(PHONE, holder=holder), entry(None, "offline"))
    assert "in use by ann@lab since 2026-01-01 00:00:00 UTC" in text and "offline" in text
    assert entry(PHONE, holder=holder).as_json()["held_by"] == {
        "who": "ann@lab", "since": "2026-01-01 00:00:00 UTC", "pid": 7,
    }  # fmt: skip
    assert entry(PHONE).as_json()["held_by"] is None
    assert "no device connected" in shown()
