"""The table of versions, what is refused by it, and the packages that it is for."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.chain import doctor
from pipeline.config.recipe import Recipe
from pipeline.core.events import Silent
from pipeline.toolchain import toolchain, versions
from pipeline.toolchain.converter import convert
from pipeline.toolchain.ini import config_text
from pipeline.toolchain.versions import (
    SECTIONS,
    Key,
    Knowledge,
    MindirBeyondConverter,
    RecipeBeyondConverter,
)
from tests.fakes import fake_toolchain

CONVERTER = "tools/converter/converter/converter_lite"
LIBRARY = "tools/converter/lib/libmindspore_converter.so"
RUNTIME = "runtime/lib/libmindspore-lite.so"


@pytest.mark.parametrize(
    ("version", "number"),
    [("2.0.0", (2, 0)), ("2.10.1", (2, 10)), ("2.3.0rc1", (2, 3)), ("2", None), ("unknown", None)],
)
def test_numbers(version, number):
    assert versions.number_of(version) == number


@pytest.mark.parametrize(
    ("version", "section", "key", "known"),
    [
        ("2.0.0", "common_quant_param", "bit_num", Knowledge.YES),
        ("2.0.0", "common_quant_param", "workspace", Knowledge.NO),
        ("2.0.0", "mixed_bit_weight_quant_param", "workspace", Knowledge.YES),
        ("2.3.0", "mixed_bit_weight_quant_param", "workspace", Knowledge.UNKNOWN),
        ("2.7.0", "mixed_bit_weight_quant_param", "workspace", Knowledge.NO),
        ("2.7.0", "common_quant_param", "workspace", Knowledge.YES),
        ("2.0.0", "weight_quant_param", "per_channel", Knowledge.NO),
        ("2.3.0", "weight_quant_param", "per_channel", Knowledge.UNKNOWN),
        ("2.10.0", "weight_quant_param", "per_channel", Knowledge.YES),
        ("2.8.0", "full_quant_param", "enable_all_ops", Knowledge.NO),
        ("2.9.0", "full_quant_param", "enable_all_ops", Knowledge.YES),
        ("2.0.0", "dynamic_quant_param", "quant_strategy", Knowledge.NO),
        ("2.1.0", "dynamic_quant_param", "quant_strategy", Knowledge.YES),
        ("unknown", "common_quant_param", "bit_num", Knowledge.YES),
        ("unknown", "full_quant_param", "smooth_alpha", Knowledge.UNKNOWN),
        ("2.10.0", "full_quant_param", "nonsense", Knowledge.NO),
        ("2.10.0", "nonsense", "bit_num", Knowledge.NO),
    ],
)
def test_who_knows_what(version, section, key, known):
    assert versions.knows(version, section, key) is known


def test_what_is_known_is_never_forgotten_but_where_it_says_so():
    for section in SECTIONS.values():
        for name, key in section.items():
            seen = [key.known_to((2, minor)) for minor in range(11)]
            if key.gone is None:
                assert seen == sorted(seen, key=_order), name


def _order(known: Knowledge) -> int:
    return (Knowledge.NO, Knowledge.UNKNOWN, Knowledge.YES).index(known)


@pytest.mark.parametrize(
    ("version", "section", "key", "since"),
    [
        ("2.0.0", "weight_quant_param", "bias_correction", "2.7"),
        ("2.0.0", "dynamic_quant_param", "quant_strategy", "2.1"),
        # Without knowing that the section is there, nobody would say that it was ignored.
        ("unknown", "dynamic_quant_param", "quant_strategy", "2.1"),
        ("2.8.0", "full_quant_param", "enable_all_ops", "2.9"),
        ("2.7.0", "mixed_bit_weight_quant_param", "workspace", ""),
        ("2.7.0", "full_quant_param", "nonsense", ""),
    ],
)
def test_what_a_version_has_not_is_refused_with_the_reason(version, section, key, since):
    with pytest.raises(RecipeBeyondConverter) as caught:
        versions.require(version, section, key)
    assert f"`{key}` of [{section}]" in str(caught.value)
    assert f"MindSpore Lite {version}" in str(caught.value)
    assert (
        f"{since} or newer" in caught.value.hint if since else "leave it out" in caught.value.hint
    )


def test_a_key_that_may_be_there_is_left_to_the_converter_to_judge():
    versions.require("2.3.0", "weight_quant_param", "per_channel")
    versions.require("unknown", "full_quant_param", "smooth_alpha")


@pytest.mark.parametrize("version", ["2.0.0", "2.3.0", "2.7.0", "2.10.0", "2.11.0", "unknown"])
@pytest.mark.parametrize("way", ["weight", "dynamic", "full"])
def test_every_version_takes_what_recipes_say(version, way):
    recipe = Recipe(quantization=way)
    assert config_text(recipe, {"x": "c"}, 3, version) == config_text(recipe, {"x": "c"}, 3)


def test_a_recipe_that_needs_more_is_refused_before_the_converter_is_called(tmp_path, monkeypatch):
    from pipeline.toolchain.converter import Conversion, Graph

    narrow = {**SECTIONS, "full_quant_param": {"bias_correction": Key((2, 7), lacking=(2, 6))}}
    monkeypatch.setattr(versions, "SECTIONS", narrow)
    (tmp_path / "net.mindir").write_bytes(b"a graph")
    (tmp_path / "out").mkdir()
    tools = fake_toolchain(tmp_path / "lite", converter="touch called; exit 1")
    recipe = Recipe(quantization="full", bias_correction=True)
    conversion = Conversion("mine", Graph(tmp_path / "net.mindir"), recipe)
    with pytest.raises(RecipeBeyondConverter, match="`bias_correction`"):
        convert(_of_version(tools, "2.3.0"), conversion, tmp_path / "out/model.ms", tmp_path / "l")
    assert not list(tmp_path.rglob("called"))


def _of_version(tools: toolchain.Toolchain, version: str) -> toolchain.Toolchain:
    from dataclasses import replace

    return replace(tools, version=version)


@pytest.mark.parametrize(
    ("version", "mindir", "most"), [("2.0.0", 2, 1), ("2.0.0", 3, 1), ("2.2.11", 2, 1)]
)
def test_a_mindir_that_is_too_new_is_refused(version, mindir, most):
    with pytest.raises(MindirBeyondConverter) as caught:
        versions.check_mindir(version, mindir)
    assert f"reads up to {most}" in str(caught.value)


@pytest.mark.parametrize(
    ("version", "mindir"), [("2.0.0", 0), ("2.0.0", 1), ("2.3.0", 2), ("2.7.0", 3), ("unknown", 3)]
)
def test_a_mindir_that_may_be_read_is_let_through(version, mindir):
    versions.check_mindir(version, mindir)


def test_the_table_has_every_version():
    rows = versions.table()
    assert [row.version for row in rows] == [f"2.{minor}" for minor in range(11)]
    assert rows[0].summary == ("2.0: MindIR up to 1, not 2; weight 1 to 16 bits, dynamic 8, full 8")
    assert "with smoothing" in rows[7].summary
    assert "newer not known" in rows[7].summary
    assert rows[3].as_json()["not_known"]["weight_quant_param"] == [
        "quant_strategy", "max_segments", "per_channel", "bias_correction",
    ]  # fmt: skip
    assert not rows[0].unknown
    assert versions.of("2.11.0").note == "newer than the table"
    assert versions.of("unknown").note == "not in the table"


@pytest.mark.parametrize(
    ("version", "level", "told"),
    [
        ("2.0.0", 12, None),
        ("2.1.0", 11, None),
        ("2.0.0", 9, "is based on 1.5"),
        ("2.3.0", 12, "is based on 2.1"),
        ("2.2.0", 18, "is most likely based on 2.1"),
        ("2.7.1", 23, None),
        ("2.8.0", 23, "is most likely based on 2.7"),
        ("2.7.0", 10, None),  # nothing is known of that runtime
        ("2.7.0", 21, None),
        ("unknown", 12, None),
        ("2.7.0", None, None),
    ],
)
def test_a_converter_newer_than_the_runtime(version, level, told):
    text = versions.newer_than_runtime(version, level)
    if told is None:
        assert text is None
    else:
        assert text is not None
        assert f"MindSpore Lite {version}" in text
        assert f"API {level}" in text
        assert told in text


@pytest.fixture
def tree(tmp_path: Path, cache: Path, compilers: object):
    """A fake unpacked package, of a name and with what its converter and its libraries hold."""

    def make(name: str, **contents: str) -> Path:
        home = tmp_path / name
        for part in (CONVERTER, LIBRARY, RUNTIME):
            (home / part).parent.mkdir(parents=True)
            (home / part).write_text(contents.get(Path(part).name.partition(".")[0], "\0ELF"))
        return home

    return make


def _resolve(home: Path, sources: Path) -> toolchain.Toolchain:
    return toolchain.resolve(home, sources, Silent())


@pytest.mark.parametrize("where", ["converter_lite", "libmindspore_converter"])
def test_a_converter_that_knows_save_types_is_told_to_write_ms(tree, sources, where):
    """The package for servers would write .mindir; it has the name and the layout of the other."""
    home = tree("mindspore-lite-2.3.1-linux-x64", **{where: "a\0saveType\0b"})
    found = _resolve(home, sources)
    assert found.converter_flags == ("--saveType=MINDIR_LITE",)
    assert found.version == "2.3.1"


def test_a_converter_that_does_not_know_them_is_not_told(tree, sources):
    assert _resolve(tree("mindspore-lite-2.0.0-linux-x64"), sources).converter_flags == ()


def test_the_flags_reach_the_converter(tmp_path):
    from dataclasses import replace

    from pipeline.toolchain.converter import Conversion, Graph

    (tmp_path / "net.mindir").write_bytes(b"a graph")
    (tmp_path / "out").mkdir()
    tools = replace(fake_toolchain(tmp_path / "lite"), converter_flags=("--saveType=MINDIR_LITE",))
    conversion = Conversion("mine", Graph(tmp_path / "net.mindir"), Recipe(fp16=True))
    convert(tools, conversion, tmp_path / "out" / "model.ms", tmp_path / "log")
    assert (
        (tmp_path / "log").read_text().splitlines()[0].endswith("--fp16=on --saveType=MINDIR_LITE")
    )


@pytest.mark.parametrize(
    ("name", "runtime", "version"),
    [
        ("mindspore-lite-2.6.0-linux-aarch64", "", "2.6.0"),
        ("mindspore-lite-2.3.0rc2-linux-x64", "MindSpore Lite 2.9.0", "2.3.0rc2"),
        ("lite", "\0MindSpore Lite 2.7.1\0", "2.7.1"),
        ("lite", "\0ELF", "unknown"),
        ("lite", "", "unknown"),
    ],
)
def test_the_version_is_told_by_the_folder_or_the_runtime(tree, name, runtime, version):
    contents = {"libmindspore-lite": runtime}
    assert toolchain.version_of(tree(name, **contents)) == version


@pytest.mark.parametrize(
    ("name", "state", "found", "todo"),
    [
        (None, doctor.State.OK, "2.0.0: MindIR up to 1, not 2; weight 1 to 16 bits", ""),
        ("mindspore-lite-2.1.0-linux-x64", doctor.State.OK, "2.1.0: ", ""),
        ("mindspore-lite-2.7.0-linux-x64", doctor.State.OPTIONAL, "2.7.0: ", "API 11 to 20: "),
        ("mindspore-lite-2.10.0-linux-x64", doctor.State.OPTIONAL, "2.10.0: ", "20, 23 to 26: "),
    ],
)
def test_doctor_tells_what_the_converter_takes(monkeypatch, tree, name, state, found, todo):
    monkeypatch.delenv("MSLITE_HOME", raising=False)
    if name is not None:
        monkeypatch.setenv("MSLITE_HOME", str(tree(name)))
    (check,) = (one for one in doctor.doctor(Path("/nowhere/hdc")) if one.name == "converter")
    assert check.state is state
    assert check.found.startswith(found)
    assert todo in check.todo
