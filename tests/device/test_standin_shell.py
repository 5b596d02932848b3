"""The stand-in's remote shell: arguments, streams, paths, tools, and how it ends."""

from __future__ import annotations

import resource
import signal
import subprocess
import time
from pathlib import Path

import pytest

from device.emulator import EmulatedSpec, Fault, FaultKind, create, hdc_command
from device.emulator.paths import ToDevice, file_on_host, to_host
from device.emulator.shell import joined


@pytest.fixture
def shell(hdc, phone):
    return lambda *command, **options: hdc("-t", phone.key, "shell", *command, **options).stdout


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        (["echo a"], "echo a"),
        (["echo", "a"], "echo a"),
        (["echo", "a  b"], 'echo "a  b"'),
        (["echo", 'a "b" c'], 'echo "a "b" c"'),
        (["a b", "c d"], 'a b" "c d'),
        (['"ab"'], "ab"),
        (['"a b" "c d"'], '"a b" "c d"'),
    ],
)
def test_arguments_are_joined_as_hdc_joins_them(arguments, command):
    assert joined(arguments) == command


def test_code_is_always_0_and_streams_are_merged(hdc, phone):
    done = hdc("-t", phone.key, "shell", "echo out; echo err >&2; exit 3")
    assert (done.stdout, done.stderr, done.returncode) == (b"out\nerr\n", b"", 0)


def test_too_long_a_command_prints_nothing(shell):
    fits = "echo " + "x" * (61_437 - 5)
    assert shell(fits) == b"x" * (61_437 - 5) + b"\n"
    assert shell(fits + "x") == b""


def test_bytes_come_as_they_are(shell):
    assert shell("printf '\\001\\377\\r\\n\\n'") == b"\x01\xff\r\n\n"


def test_a_command_that_reads_standard_input_hangs(shell):
    with pytest.raises(subprocess.TimeoutExpired):
        shell("cat", timeout=0.5)
    assert shell("cat </dev/null; echo done") == b"done\n"


def test_children_that_hold_the_output_are_waited_for(shell):
    started = time.monotonic()
    assert shell("(sleep 0.4; echo late) & echo early") == b"early\nlate\n"
    assert time.monotonic() - started >= 0.4


def test_a_killed_client_ends_the_shell_and_not_its_children(home, phone):
    mark = phone.root / "data/child"
    command = "(sleep 1.5; touch /data/child) >/dev/null 2>&1 & sleep 1.5; touch /data/shell"
    _killed_after(home, phone, command, 0.8)
    time.sleep(1.2)
    assert mark.exists() and not (phone.root / "data/shell").exists()


def test_exec_dies_with_the_client(home, phone):
    _killed_after(home, phone, "echo $$ >/data/pid; exec sleep 20", 1.0)
    pid = int((phone.root / "data/pid").read_text())
    until = time.monotonic() + 5
    while Path(f"/proc/{pid}").exists():
        assert time.monotonic() < until
        time.sleep(0.02)


def _killed_after(home: Path, phone: object, command: str, seconds: float) -> None:
    client = subprocess.Popen(
        [*hdc_command(home), "-t", phone.key, "shell", command], stdout=subprocess.DEVNULL
    )
    time.sleep(seconds)
    client.send_signal(signal.SIGKILL)
    client.wait()


def test_frozen_devices_are_still_listed(hdc, phone, shell):
    phone.set_fault(Fault(FaultKind.FREEZE, times=None))
    with pytest.raises(subprocess.TimeoutExpired):
        shell("true", timeout=0.5)
    assert hdc("list", "targets").stdout == b"EMULATED-PHONE\n"


def test_cut_after_lines(phone, shell):
    phone.set_fault(Fault(FaultKind.CUT_SHELL, after_lines=3, containing="seq"))
    assert shell("echo 1") == b"1\n"
    assert shell("seq 100") == b"1\n2\n3\n"
    assert shell("seq 4") == b"1\n2\n3\n4\n"


def test_a_cut_waits_for_an_output_that_is_long_enough(phone, shell):
    phone.set_fault(Fault(FaultKind.CUT_SHELL, after_lines=3))
    assert shell("seq 2") == b"1\n2\n"
    assert shell("seq 5") == b"1\n2\n3\n"
    assert phone.faults == []


# its own file system and tools ------------------------------------------------------------


def test_the_device_has_its_own_files(phone, shell):
    assert shell("echo x >/data/local/tmp/f; cat /data/local/tmp/f") == b"x\n"
    assert (phone.root / "data/local/tmp/f").read_text() == "x\n"
    assert shell("cd /data/local/tmp && pwd && ls") == b"/data/local/tmp\nf\n"
    assert shell("ls /home /root /work 2>&1 | grep -c 'No such'") == b"3\n"


def test_parameters(shell):
    assert shell("param get const.product.devicetype") == b"phone\n"
    assert shell("param get no.such") == b'Get parameter "no.such" fail! errNum is:106!\n'
    assert b"const.pipeline.emulated = emulated-host\n" in shell("param get")


def test_awk_is_absent(shell):
    assert b"not found" in shell("awk 1")


def test_scripts_see_the_device_too(phone, shell):
    (phone.root / "data/s.sh").write_text("ls '/data/local'; echo $1 /data/x; exit 4\n")
    assert shell("sh /data/s.sh arg; echo $?") == b"tmp\narg /data/x\n4\n"


def test_the_runtime_library_is_found(home, hdc, tmp_path):
    library = tmp_path / "libreal.so"
    library.write_bytes(b"ELF")
    device = create(home, EmulatedSpec(key="WITH", runtime_library=library))
    out = hdc("-t", "WITH", "shell", "cat $LD_LIBRARY_PATH/libmindspore_lite_ndk.so").stdout
    assert out == b"ELF"
    path = device.root / "system/lib64/ndk/libmindspore_lite_ndk.so"
    assert path.is_symlink() and path.resolve() == library.resolve()


def test_a_home_full_of_shell_characters(tmp_path):
    home = tmp_path / "ho me;$(touch pwned)'\""
    device = create(home, EmulatedSpec(key="K"))
    done = subprocess.run(
        [
            *hdc_command(home),
            "-t",
            "K",
            "shell",
            "cd /data && pwd && echo x >/data/f && ls -d /data/f",
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        cwd=tmp_path,
    )
    assert done.stdout == b"/data\n/data/f\n"
    assert (device.root / "data/f").exists() and not (tmp_path / "pwned").exists()


@pytest.mark.parametrize(
    ("command", "moved"),
    [
        ("cat /data/a", "cat /R/data/a"),
        ("x=/data:/system/lib", "x=/R/data:/R/system/lib"),
        ("cat '/data/a' >\"/data/b\"", "cat '/R/data/a' >\"/R/data/b\""),
        ("--model=/data/a,/data/b", "--model=/R/data/a,/R/data/b"),
        ("cat </dev/null 2>/dev/null", "cat </dev/null 2>/dev/null"),
        ("cat /proc/cpuinfo /proc/1/stat", "cat /R/proc/cpuinfo /proc/1/stat"),
        ("cat /device/x /process", "cat /R/device/x /R/process"),
        ("ls a/data ./data ../data ~/data $X/data ${X}/data", None),
        ("cat /R/data/a", None),
        ("sed s/a/b/ x; echo $((4 / 2))", None),
        ("cat /模型", "cat /R/模型"),
    ],
)
def test_moving_paths(command, moved):
    assert to_host(command, "/R") == (moved or command)


def test_files_never_leave_the_root():
    assert file_on_host("/../../etc/passwd", "/R") == "/R/etc/passwd"
    assert file_on_host("data/x", "/R") == "/R/data/x"


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_output_is_mapped_back_across_pieces(size):
    text = b"a /root/x/data /root/x /root/y /root/x/"
    mapping = ToDevice("/root/x")
    pieces = [mapping.feed(text[at : at + size]) for at in range(0, len(text), size)]
    assert b"".join([*pieces, mapping.finish()]) == b"a /data  /root/y /"


def test_starting_costs_little(hdc, phone):
    def cpu_s() -> float:
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    seconds = []
    for _ in range(7):
        before = cpu_s()
        hdc("list", "targets")
        seconds.append(cpu_s() - before)
    assert min(seconds) < 0.06


def test_creating_twice_keeps_files_and_faults(home, phone):
    (phone.root / "data/kept").write_text("x")
    phone.set_fault(Fault(FaultKind.FREEZE))
    again = create(home, EmulatedSpec(key=phone.key))
    assert again == phone and len(again.faults) == 1
    changed = create(home, EmulatedSpec(key=phone.key, model="new"))
    assert changed.faults == [] and (phone.root / "data/kept").exists()


def test_faults_count_right_in_many_processes(home, phone):
    phone.set_fault(Fault(FaultKind.ESTABLISHING, times=12))
    calls = [
        subprocess.Popen(
            [*hdc_command(home), "-t", phone.key, "shell", "echo up"], stdout=subprocess.PIPE
        )
        for _ in range(20)
    ]
    outputs = [call.communicate(timeout=20)[0] for call in calls]
    assert sum(b"E000004" in text for text in outputs) == 12
    assert outputs.count(b"up\n") == 8
