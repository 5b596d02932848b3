"""The driver on a device that behaves."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from device.device import Device
from device.emulator import EmulatedSpec, create, hdc_command
from device.errors import CommandTooLong, HdcMissing, PullFailed
from device.hdc import names
from device.hdc.client import HdcClient
from device.hdc.device import HdcDevice
from pipeline.core.errors import FileMissing, LocalFileError


def test_it_is_a_device(driver):
    device: Device = driver
    assert device.key == "EMULATED-PHONE"


@pytest.mark.parametrize(
    "workdir", ["", "/", "/data", "data/x", "/data/../x", "/data/a b", "/data/x/"]
)
def test_bad_workdirs(client, workdir):
    with pytest.raises(ValueError, match="not a folder"):
        HdcDevice(client, "K", workdir=workdir)


def test_an_empty_key_is_never_sent(client, phone):
    with pytest.raises(ValueError, match="always named"):
        client.shell("", "true", deadline_s=1)


def test_a_missing_hdc():
    with pytest.raises(HdcMissing) as caught:
        HdcClient(("/no/such/hdc",)).version()
    assert caught.value.exit_code == 3
    with pytest.raises(HdcMissing, match="does not answer as hdc"):
        HdcClient(("true",)).version()


# run --------------------------------------------------------------------------------------


def test_run(driver):
    result = driver.run("echo out; echo err >&2; exit 5", deadline_s=5)
    assert (result.code, result.output, result.last_line) == (5, b"out\nerr\n", "err")
    assert 0 < result.duration_s < 5


def test_lines_come_while_it_runs(driver):
    seen: list[tuple[str, float]] = []
    started = time.monotonic()
    driver.run(
        "echo a; sleep 0.5; echo; echo b",
        deadline_s=5,
        on_line=lambda line: seen.append((line, time.monotonic() - started)),
    )
    assert [line for line, _ in seen] == ["a", "", "b"]
    assert seen[0][1] < 0.45 <= seen[2][1]


def test_standard_input_is_empty(driver):
    assert driver.run("cat; echo done", deadline_s=5).output == b"done\n"


def test_long_commands_go_as_a_script(driver, ours):
    long = "x='" + "y" * 70_000 + "'; echo ${#x}; ls -d /data/local; exit 3"
    with pytest.raises(CommandTooLong):
        driver.client.shell(driver.key, long, deadline_s=5)
    result = driver.run(long, deadline_s=5)
    assert (result.code, result.text) == (3, "70000\n/data/local\n")
    assert ours() == []


def test_no_process_is_left_after_an_exception(driver, phone):
    class Stop(Exception):
        pass

    def stop(line: str) -> None:
        raise Stop

    with pytest.raises(Stop):
        driver.run("echo go; sleep 1; touch /data/alive", deadline_s=5, on_line=stop)
    time.sleep(1.2)
    assert not (phone.root / "data/alive").exists()


# push -------------------------------------------------------------------------------------


def test_push_and_push_again(driver, model, phone):
    steps: list[tuple[int, int]] = []
    pushed = driver.push(model, on_progress=lambda done, total: steps.append((done, total)))
    size = model.stat().st_size
    assert pushed.sha256 == hashlib.sha256(model.read_bytes()).hexdigest()
    assert pushed.path.endswith(f"/objects/{pushed.sha256}/lenet.ms")
    assert (pushed.size_bytes, pushed.sent_bytes, steps) == (size, size, [(0, size), (size, size)])
    there = phone.root / pushed.path[1:]
    assert there.read_bytes() == model.read_bytes()
    assert there.stat().st_mode & 0o777 == 0o644
    again = driver.push(model)
    assert (again.path, again.sent_bytes) == (pushed.path, 0)


def test_push_makes_executable_also_what_is_there(driver, phone, tmp_path):
    tool = tmp_path / "tool"
    tool.write_text("#!/bin/sh\necho ran $1\n")
    plain = driver.push(tool)
    assert driver.run(f"{plain.path} x", deadline_s=5).code == 126
    executable = driver.push(tool, executable=True)
    assert executable.sent_bytes == 0
    assert driver.run(f"{executable.path} x", deadline_s=5).output == b"ran x\n"


def test_a_damaged_object_is_sent_again(driver, model, phone):
    pushed = driver.push(model)
    there = phone.root / pushed.path[1:]
    there.write_bytes(b"damaged")
    assert driver.push(model).sent_bytes == pushed.size_bytes
    assert there.read_bytes() == model.read_bytes()


@pytest.mark.parametrize(
    "name", ["a b.ms", "模型.ms", 'say "hi".ms', "tab\there.ms", "$(touch pwned);`id`'.ms", "-rf"]
)
def test_any_local_name_can_be_pushed(driver, phone, tmp_path, name):
    folder = tmp_path / 'quoted "folder"'
    folder.mkdir()
    source = folder / name
    source.write_bytes(name.encode())
    pushed = driver.push(source)
    assert (phone.root / pushed.path[1:]).read_bytes() == name.encode()
    assert driver.run(f"cat {pushed.path}", deadline_s=5).output == name.encode()


def test_empty_files_and_relative_paths(driver, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("empty").touch()
    assert driver.push(Path("empty")).size_bytes == 0


def test_nothing_to_push(driver, tmp_path):
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(FileMissing):
            driver.push(path)


def test_what_a_killed_push_left_is_removed(driver, model, ours, phone):
    done = subprocess.run(
        [sys.executable, "-c", "from device.hdc import names; print(names.take())"],
        stdout=subprocess.PIPE,
        check=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    incoming = phone.root / "data/local/tmp/mslite-pipeline/incoming"
    incoming.mkdir(parents=True)
    dead, alive = done.stdout.strip(), names.take()
    for name in (dead, alive, "ffffffff-1-1"):
        (incoming / name).touch()
    driver.push(model)
    assert sorted(os.listdir(incoming)) == sorted([alive, "ffffffff-1-1"])
    names.give_back(alive)
    driver.push(model)
    assert os.listdir(incoming) == ["ffffffff-1-1"]


# pull -------------------------------------------------------------------------------------


def test_pull(driver, phone, tmp_path):
    (phone.root / "data/local/tmp/r.json").write_bytes(b"{}" * 100)
    target = tmp_path / "new/folder/r.json"
    driver.pull("/data/local/tmp/r.json", target)
    assert target.read_bytes() == b"{}" * 100
    assert [path.name for path in target.parent.iterdir()] == ["r.json"]


@pytest.mark.parametrize("name", ["a b", "模型", "$(id)`id`';&*?", "\\x", "-rf"])
def test_pull_of_strange_names(driver, phone, tmp_path, name):
    (phone.root / "data" / name).write_bytes(b"x")
    folder = tmp_path / 'in "quotes"'
    driver.pull(f"/data/{name}", folder / "out")
    assert [path.name for path in folder.iterdir()] == ["out"]


@pytest.mark.parametrize("remote", ["/data/none", "/data", '/data/a"b'])
def test_pull_fails_and_keeps_what_is_here(driver, tmp_path, remote):
    target = tmp_path / "kept"
    target.write_bytes(b"mine")
    with pytest.raises(PullFailed):
        driver.pull(remote, target)
    assert target.read_bytes() == b"mine" and len(list(tmp_path.glob(".pull*"))) == 0


def test_pull_to_an_impossible_place(driver, phone, tmp_path):
    (phone.root / "data/x").write_bytes(b"x")
    (tmp_path / "file").touch()
    with pytest.raises(LocalFileError):
        driver.pull("/data/x", tmp_path / "file/below")


# scratch and clean ------------------------------------------------------------------------


def test_scratch_is_removed_whatever_happens(driver, phone):
    with driver.scratch() as folder:
        driver.run(f"mkdir {folder}/d; echo x >{folder}/d/f; chmod 400 {folder}/d/f", deadline_s=5)
        assert (phone.root / folder[1:] / "d/f").exists()
        with driver.scratch() as other:
            assert other != folder
    assert not (phone.root / folder[1:]).exists()
    with pytest.raises(KeyboardInterrupt), driver.scratch() as folder:
        raise KeyboardInterrupt
    assert not (phone.root / folder[1:]).exists()


def test_scratch_takes_over_from_a_killed_pipeline(driver, phone, home):
    program = f"""
import os, signal
from device.hdc.client import HdcClient
from device.hdc.device import HdcDevice
device = HdcDevice(HdcClient({hdc_command(home)!r}), {phone.key!r})
def die(line):
    os.kill(os.getpid(), signal.SIGKILL)
with device.scratch() as folder:
    device.run("echo go; sleep 1.5; touch /data/alive", deadline_s=9, on_line=die)
"""
    subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    runs = phone.root / "data/local/tmp/mslite-pipeline/runs"
    assert len(os.listdir(runs)) == 1
    with driver.scratch() as folder:
        assert os.listdir(runs) == [folder.rpartition("/")[2]]
    time.sleep(1.7)
    assert not (phone.root / "data/alive").exists()


def test_clean_removes_ours_only(driver, phone, model):
    driver.push(model)
    tmp = phone.root / "data/local/tmp"
    (tmp / "theirs").touch()
    driver.clean()
    assert os.listdir(tmp) == ["theirs"]
    driver.clean()
    driver.push(model)
    (tmp / "mslite-pipeline/theirs").touch()
    driver.clean()
    assert os.listdir(tmp / "mslite-pipeline") == ["theirs"]


def test_a_key_full_of_shell_characters(home, client, tmp_path, monkeypatch, model):
    monkeypatch.chdir(tmp_path)
    key = "$(touch\tpwned)`id`;'\"&|*".replace("\t", "${IFS}")
    create(home, EmulatedSpec(key=key))
    device = HdcDevice(client, key)
    assert device.facts().key == key
    assert device.run("cat", deadline_s=5).code == 0
    assert device.push(model).sent_bytes > 0
    assert not (tmp_path / "pwned").exists()
