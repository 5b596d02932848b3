"""What is built for devices: programs that their loader can start, small, always the same."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from tests.runner_cross.conftest import RUNNER_SOURCES, Built, compile_for
from tests.runner_cross.elf import read_elf

#: Functions of the C library that OpenHarmony exports, from 3.2 to 7.0 (libc.map.txt of its
#: third_party_musl). Look there before you add one: what is missing keeps the runner from starting.
EXPORTED = frozenset(
    """
    __errno_location __libc_start_main __tls_get_addr _exit access calloc clock_gettime
    clock_nanosleep close dladdr dlerror dlopen dlsym fclose ferror fflush fgets fileno fopen
    fprintf fputc fread free frexp fstat fsync fwrite getenv getline getrusage ldexp lrint lstat
    malloc memcpy memset mkdir mmap open printf pthread_mutex_lock pthread_mutex_unlock putchar
    puts qsort realloc rename rewind sched_setaffinity setvbuf sigaction signal snprintf stat
    stderr stdout strchr strcmp strcspn strdup strerror strlen strncmp strrchr strspn strtod
    strtoll strtoull unlink vsnprintf
    """.split()
)


def test_a_device_can_start_the_runner(built: Built) -> None:
    elf = read_elf(built.runner)
    assert (elf.machine, elf.bits) == (built.target.machine, built.target.bits)
    assert elf.kind == "shared"  # position independent: OpenHarmony starts no other programs
    assert elf.interpreter == built.target.loader
    assert elf.needed == ("libc.so",)
    assert not elf.has_run_path
    assert built.runner.stat().st_size < 300_000


def test_a_device_has_all_that_the_runner_calls(built: Built) -> None:
    assert {_plain(name) for name in read_elf(built.runner).imports} <= EXPORTED


def _plain(name: str) -> str:
    """The name without what 32-bit musl adds to functions that take a 64-bit time."""
    changed = re.fullmatch(r"__(\w+?)(_time)?64", name)
    return changed[1] if changed else name


def test_nothing_of_this_machine_is_in_it(built: Built) -> None:
    data = built.runner.read_bytes()
    assert str(RUNNER_SOURCES).encode() not in data
    assert b"libmindspore_lite_ndk.so" in data


def test_the_same_sources_give_the_same_bytes(
    built: Built, zig_caches: Path, tmp_path: Path
) -> None:
    again = tmp_path / "elsewhere" / "runner"
    moved = tmp_path / "sources"
    moved.mkdir()
    for source in (*RUNNER_SOURCES.glob("*.c"), *RUNNER_SOURCES.glob("*.h")):
        (moved / source.name).write_bytes(source.read_bytes())
    if built.target.bits == 32:
        return  # one target is enough: this compiles everything again
    command = tuple(
        part.replace(str(RUNNER_SOURCES), str(moved)) for part in built.target.compiler()
    )
    compile_for(again, command, zig_caches)
    assert again.read_bytes() == built.runner.read_bytes()


def test_our_reading_of_programs_fits_this_machine() -> None:
    elf = read_elf(Path(sys.executable).resolve())
    assert elf.bits == (64 if sys.maxsize > 1 << 32 else 32)
    assert elf.interpreter is not None
    assert any(name.startswith("libc.") for name in elf.needed)


@pytest.mark.parametrize("data", [b"", b"#!/bin/sh\n", b"\x7fELF\x02\x02" + bytes(64)])
def test_what_is_no_program_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(data)
    with pytest.raises((ValueError, IndexError), match=r"no little-endian ELF|range"):
        read_elf(path)
