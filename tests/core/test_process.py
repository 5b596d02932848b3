"""A program is run to its end or its deadline, and nothing of it stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import types
from pathlib import Path

import pytest

from pipeline.core import process
from pipeline.core.process import Completed, Ending, python_environment, run

_ENOUGH_S = 20.0
_HEARD = (signal.SIGINT, signal.SIGTERM)


def _shell(body: str, **options: object) -> Completed:
    return run(("/bin/sh", "-c", body), **{"deadline_s": _ENOUGH_S, **options})


def _lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


def _number_in(path: Path) -> int:
    until = time.monotonic() + _ENOUGH_S
    while not (path.is_file() and path.read_text().endswith("\n")):
        assert time.monotonic() < until
        time.sleep(0.01)
    return int(path.read_text())


def _dies(pid: int) -> bool:
    until = time.monotonic() + 2
    while _lives(pid) and time.monotonic() < until:
        time.sleep(0.01)
    return not _lives(pid)


def test_output_and_code_are_told():
    done = _shell("echo out; echo err >&2; exit 3")
    assert (done.stdout, done.stderr, done.returncode) == (b"out\n", b"err\n", 3)
    assert done.text == "out\nerr\n"
    assert done.ending is Ending.EXIT
    assert done.command[0] == "/bin/sh"
    assert 0 < done.duration_s < _ENOUGH_S


@pytest.mark.parametrize(
    ("body", "code", "how"),
    [
        ("exit 0", 0, "ended with code 0"),
        ("exit 255", 255, "ended with code 255"),
        ("kill -SEGV $$", -signal.SIGSEGV, "was ended by SIGSEGV"),
        ("kill -KILL $$", -signal.SIGKILL, "was ended by SIGKILL"),
        ("kill -40 $$", -40, "was ended by signal 40"),
    ],
)
def test_the_end_is_told_in_words(body, code, how):
    done = _shell(body)
    assert (done.returncode, done.how) == (code, how)


def test_output_that_is_no_text_is_text_all_the_same():
    assert _shell(r"printf '\377\376ok'").text == "��ok"


def test_a_program_gets_no_input_and_the_environment_is_added_to(monkeypatch):
    monkeypatch.setenv("INHERITED", "yes")
    done = _shell("cat; echo $INHERITED $ADDED", env={"ADDED": "too"})
    assert done.stdout == b"yes too\n"


def test_a_program_runs_where_it_is_told(tmp_path):
    assert _shell("pwd", cwd=tmp_path).stdout.decode().strip() == str(tmp_path)


@pytest.mark.parametrize("name", ["/nowhere/program", "no-such-program"])
def test_a_missing_program_is_an_os_error(name):
    with pytest.raises(FileNotFoundError):
        run((name,), deadline_s=1)


def test_a_program_that_may_not_be_run_is_an_os_error(tmp_path):
    (tmp_path / "text").write_text("no program")
    with pytest.raises(PermissionError):
        run((tmp_path / "text",), deadline_s=1)


def test_the_deadline_ends_it_and_its_output_so_far_is_kept():
    done = _shell("echo begun; sleep 60", deadline_s=0.2)
    assert done.ending is Ending.DEADLINE
    assert done.returncode == -signal.SIGKILL
    assert done.stdout == b"begun\n"
    assert 0.2 <= done.duration_s < 5
    assert done.how.startswith("was not done after 0.2")


def test_the_deadline_ends_also_who_does_not_listen():
    assert _shell("trap '' TERM INT HUP; sleep 60", deadline_s=0.2).ending is Ending.DEADLINE


@pytest.mark.parametrize(
    ("body", "ending"),
    [
        ("sleep 60 & echo $! > {0}; wait", Ending.DEADLINE),
        ("sleep 60 & echo $! > {0}", Ending.EXIT),
    ],
    ids=["at the deadline", "at its own end"],
)
@pytest.mark.parametrize("whole_group", [True, False], ids=["with its children", "alone"])
def test_children_go_with_it_unless_they_are_spared(tmp_path, body, ending, whole_group):
    note = tmp_path / "pid"
    done = _shell(body.format(note), deadline_s=0.3, kill_group=whole_group)
    child = _number_in(note)
    assert done.ending is ending
    try:
        assert _dies(child) if whole_group else _lives(child)
    finally:
        if not whole_group:
            os.kill(child, signal.SIGKILL)


def test_a_grandchild_that_keeps_the_output_open_does_not_hold_us_up():
    started = time.monotonic()
    done = _shell("(sleep 60; echo late) & echo now", kill_group=True)
    assert done.stdout == b"now\n"
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    "body", ["yes", "yes >&2", "head -c 100000 /dev/zero"], ids=["out", "err", "all at once"]
)
def test_output_without_end_ends_it(body):
    done = _shell(body, limit_bytes=50_000)
    assert done.ending is Ending.OUTPUT_LIMIT
    assert done.how == "wrote without end"
    assert max(len(done.stdout), len(done.stderr)) == 50_000


def test_output_up_to_the_limit_is_fine():
    done = _shell("head -c 50000 /dev/zero", limit_bytes=50_000)
    assert (done.ending, len(done.stdout)) == (Ending.EXIT, 50_000)


def test_each_line_is_seen_once_and_in_order():
    lines: list[str] = []
    done = _shell(r"printf 'a\n\nb'; sleep 0.2; printf 'c\r\n\377\nno end'", on_line=lines.append)
    assert lines == ["a", "", "bc\r", "�", "no end"]
    assert done.stdout.endswith(b"no end")


def test_a_line_is_seen_while_the_program_still_runs(tmp_path):
    go_on = tmp_path / "go on"
    done = _shell(
        f"echo ready; until [ -e '{go_on}' ]; do sleep 0.02; done",
        on_line=lambda line: go_on.write_text(line),
    )
    assert done.ending is Ending.EXIT


def test_ticks_come_some_times_a_second_and_once_at_the_end():
    ticks: list[float] = []
    _shell("sleep 0.3", on_tick=lambda: ticks.append(time.monotonic()))
    assert 3 <= len(ticks) <= 20
    ticks.clear()
    _shell("exit 0", on_tick=lambda: ticks.append(0.0))
    assert ticks


def test_whoever_listens_and_raises_ends_the_program(tmp_path):
    note = tmp_path / "pid"

    def refuse(line: str) -> None:
        raise ZeroDivisionError(line)

    with pytest.raises(ZeroDivisionError, match="hello"):
        _shell(f"echo $$ > {note}; echo hello; exec sleep 60", on_line=refuse)
    assert _dies(_number_in(note))


@pytest.mark.parametrize("number", _HEARD, ids=["Ctrl-C", "SIGTERM"])
def test_an_interruption_ends_program_and_children(tmp_path, number):
    note = tmp_path / "pid"
    body = f"sleep 60 & echo $! > {note}; wait"
    code = (
        "import signal, sys\n"
        "from pipeline.core import process\n"
        "signal.signal(signal.SIGTERM, signal.default_int_handler)\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "try:\n"
        "    process.run(('/bin/sh', '-c', sys.argv[1]), deadline_s=60)\n"
        "except KeyboardInterrupt:\n"
        "    sys.exit(7)\n"
    )
    environment = {**os.environ, **python_environment()}
    parent = subprocess.Popen([sys.executable, "-c", code, body], env=environment)
    child = _number_in(note)
    parent.send_signal(number)
    assert parent.wait(10) == 7
    assert _dies(child)


@pytest.mark.parametrize("number", _HEARD, ids=["Ctrl-C", "SIGTERM"])
def test_an_interruption_of_the_start_ends_the_program_too(tmp_path, monkeypatch, number):
    started: list[int] = []
    real = subprocess.Popen

    def interrupted(*arguments: object, **options: object) -> subprocess.Popen[bytes]:
        process = real(*arguments, **options)
        started.append(process.pid)
        signal.raise_signal(number)
        return process

    monkeypatch.setattr(subprocess, "Popen", interrupted)
    handlers = [signal.signal(each, signal.default_int_handler) for each in _HEARD]
    try:
        with pytest.raises(KeyboardInterrupt):
            _shell("sleep 60")
        assert [signal.getsignal(each) for each in _HEARD] == [signal.default_int_handler] * 2
    finally:
        for each, handler in zip(_HEARD, handlers, strict=True):
            signal.signal(each, handler)
    assert _dies(*started)


def test_every_program_of_every_thread_can_be_ended_at_once(tmp_path):
    endings: list[Completed] = []
    threads = [
        threading.Thread(
            target=lambda n=n: endings.append(_shell(f"echo $$ > {tmp_path}/{n}; exec sleep 60"))
        )
        for n in range(3)
    ]
    for thread in threads:
        thread.start()
    pids = [_number_in(tmp_path / str(n)) for n in range(3)]
    process.kill_all()
    for thread in threads:
        thread.join(10)
    assert all(map(_dies, pids))
    assert [done.returncode for done in endings] == [-signal.SIGKILL] * 3
    process.kill_all()  # nothing left to do


@pytest.mark.parametrize(
    ("body", "free", "lacked"),
    [
        ("echo fine", 1 << 30, False),
        ("echo 'cp: x: No space left on device' >&2; exit 1", 1 << 30, True),
        ("exit 1", 0, True),
        ("exit 1", 1 << 20, False),
    ],
    ids=["room", "its own words", "no room", "some room"],
)
def test_a_lack_of_space_is_noticed(monkeypatch, body, free, lacked):
    blocks = types.SimpleNamespace(f_bavail=free // 4096, f_frsize=4096)
    monkeypatch.setattr(os, "statvfs", lambda folder: blocks)
    assert _shell(body).lacked_space is lacked


def test_a_disk_that_cannot_be_asked_is_not_full(monkeypatch):
    def fail(folder: object) -> None:
        raise OSError

    monkeypatch.setattr(os, "statvfs", fail)
    assert not _shell("exit 1").lacked_space


def test_a_child_of_a_parent_that_is_killed_dies_with_it(tmp_path):
    note = tmp_path / "pid"
    child = (
        "import os, time\n"
        "from pipeline.core import process\n"
        "process.die_with_parent()\n"
        f"print(os.getpid(), file=open({str(note)!r}, 'w'))\n"
        "time.sleep(60)\n"
    )
    parent = (
        "import sys\n"
        "from pipeline.core import process\n"
        f"child = (sys.executable, '-c', {child!r})\n"
        "process.run(child, deadline_s=60, env=process.python_environment())\n"
    )
    environment = {**os.environ, **python_environment()}
    killed = subprocess.Popen([sys.executable, "-c", parent], env=environment)
    pid = _number_in(note)
    killed.kill()
    killed.wait()
    assert _dies(pid)


def test_no_file_stays_open():
    before = len(os.listdir("/proc/self/fd"))
    _shell("echo x", on_line=lambda line: None)
    _shell("sleep 9", deadline_s=0.05)
    with pytest.raises(FileNotFoundError):
        run(("/nowhere",), deadline_s=1)
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_python_child_finds_this_package_and_what_the_parent_found(tmp_path, monkeypatch):
    (tmp_path / "a_module_of_the_user.py").write_text("")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    done = run(
        (sys.executable, "-c", "import pipeline.core, a_module_of_the_user; print('ok')"),
        deadline_s=_ENOUGH_S,
        env=python_environment(),
        cwd=tmp_path,
    )
    assert done.stdout == b"ok\n", done.text
