"""Nothing that is quoted is ever executed, here or on the device."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from device.quote import is_plain_path, is_sendable, quote, safe_name

nasty = st.text(
    st.one_of(
        st.sampled_from(list("'\"\\`$(){}[]<>|&;*?!~#%^=+-@ \t\n\r/.:,")),
        st.characters(exclude_categories=["Cs"], exclude_characters="\0"),
    ),
    max_size=40,
)


@given(st.lists(nasty, min_size=1, max_size=20))
@settings(max_examples=60, deadline=None)
def test_words_survive_a_shell(words):
    command = "printf '%s\\0' " + " ".join(quote(word) for word in words)
    done = subprocess.run(["sh", "-c", command], stdout=subprocess.PIPE, check=True)
    assert done.stdout.decode().split("\0")[:-1] == words


@given(words=st.lists(nasty, min_size=1, max_size=20))
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_words_survive_the_way_to_the_device(driver, words):
    command = "printf '%s\\0' " + " ".join(quote(word) for word in words)
    result = driver.run(command, deadline_s=5)
    assert result.code == 0
    assert result.output.decode().split("\0")[:-1] == words


@given(word=nasty)
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_one_word_survives(driver, word):
    assert driver.run("printf %s " + quote(word), deadline_s=5).output.decode() == word


def test_a_nul_is_refused():
    with pytest.raises(ValueError, match="NUL"):
        quote("a\0b")


@given(st.text())
def test_safe_names_are_safe(name):
    safe = safe_name(name)
    assert 0 < len(safe) <= 80 and safe[0] not in "-."
    assert quote(safe) == safe and "/" not in safe and is_sendable(safe)


def test_safe_names_keep_the_extension():
    assert safe_name("my model.ms") == "my_model.ms"
    assert safe_name("x" * 200 + ".ms").endswith("x.ms")
    assert safe_name("模型") == "__"
    assert safe_name("..") == "file"


@pytest.mark.parametrize(
    ("path", "plain"),
    [
        ("/data/local/tmp", True),
        ("/data/../etc", False),
        ("data", False),
        ("/data/", False),
        ("/a b", False),
        ("/a/-rf", False),
        ("/", False),
        ("/a$b", False),
    ],
)
def test_plain_paths(path, plain):
    assert is_plain_path(path) is plain
