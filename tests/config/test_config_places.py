"""A name becomes a file, a path stays one, and what is not there is told with what is."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.config import places
from pipeline.config.document import load
from pipeline.config.errors import NameUnknown, NoConfig, RecipeTwice
from pipeline.config.profile import Binding, Profile
from pipeline.core.errors import FileMissing, UsageError
from tests.config.conftest import GOOD

CONFIGS = Path(__file__).parents[2] / "configs"
ROOT = CONFIGS.parent


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path_factory, monkeypatch):
    """A working folder without configurations."""
    monkeypatch.chdir(tmp_path_factory.mktemp("empty"))


@pytest.mark.parametrize(
    "path", sorted((CONFIGS / "devices").glob("*.yaml")), ids=lambda path: path.stem
)
def test_every_profile_that_comes_along_is_whole(path):
    named = places.profile(path.stem)
    assert named.path.samefile(path)
    assert named.profile.description
    parameters = named.profile.emulated.parameters
    assert parameters["const.product.devicetype"] in named.profile.match.device_types
    assert int(parameters["const.ohos.apiversion"]) >= (named.profile.match.min_api_level or 0)
    assert named.profile.plan.samples >= 662  # enough for p99


def test_every_recipe_that_comes_along_is_found_by_its_name():
    names = places.names("quantization")
    assert set(names) == {path.stem for path in (CONFIGS / "quantization").glob("*.yaml")}
    for name in names:
        assert places.recipe(name).name == name


def test_the_example_is_the_default_in_the_checkout(monkeypatch):
    monkeypatch.chdir(ROOT)
    loaded = places.deployment(None)
    assert loaded.path == ROOT / "examples/digits/deploy.yaml"
    assert loaded.deployment.network.checkpoint.is_file()
    assert [named.name for named in loaded.recipes] == list(loaded.deployment.recipes)


def test_a_deploy_yaml_of_ones_own_comes_before_the_example(write, monkeypatch, tmp_path):
    write(GOOD)
    write(GOOD.replace("digits", "example"), "examples/digits/deploy.yaml")
    monkeypatch.chdir(tmp_path)
    assert places.deployment(None).deployment.name == "digits"
    (tmp_path / "deploy.yaml").unlink()
    assert places.deployment(None).deployment.name == "example"


def test_no_configuration_at_all_is_told_with_where_it_was_looked_for():
    with pytest.raises(NoConfig, match=r"no deploy\.yaml or examples/digits/deploy\.yaml"):
        places.deployment(None)


def test_relative_paths_start_at_the_file_that_names_them(write, tmp_path):
    path = write(
        GOOD + "python_path: [., src]\ntoolchain: ../lite\nhdc: /sdk/hdc\n", "project/deploy.yaml"
    )
    found = places.deployment(path).deployment
    assert found.network.checkpoint == tmp_path / "project/lenet5.ckpt"
    assert found.data.calibration.file == tmp_path / "project/more.npz"
    assert found.python_path == (tmp_path / "project", tmp_path / "project/src")
    assert found.toolchain == tmp_path / "project/../lite"
    assert found.hdc == Path("/sdk/hdc")


def test_files_of_a_function_and_the_default_python_path_are_located_too(write, tmp_path):
    path = write(GOOD.replace("data:test", "{function: data:test, files: [digits.csv]}"))
    found = places.deployment(path).deployment
    assert found.data.test.files == (tmp_path / "digits.csv",)
    assert found.python_path == (tmp_path,)


@pytest.mark.parametrize(
    ("named", "expected"),
    [("~/net.ckpt", "/home/me/net.ckpt"), ("~no-such-user/net.ckpt", "{}/~no-such-user/net.ckpt")],
)
def test_a_home_in_a_path_is_resolved_where_there_is_one(
    write, tmp_path, monkeypatch, named, expected
):
    monkeypatch.setenv("HOME", "/home/me")
    found = places.deployment(write(GOOD.replace("lenet5.ckpt", named))).deployment
    assert found.network.checkpoint == Path(expected.format(tmp_path))


@pytest.mark.parametrize(
    ("find", "name", "meant", "known"),
    [
        (places.recipe, "wieght-8", "weight-8", "full-8"),
        (places.recipe, "int4", None, "full-8"),
        (places.recipe, "", None, "fp32"),
        (places.recipe, "x" * 300, None, "fp32"),
        (places.profile, "fone", "phone", "watch"),
        (places.profile, "fridge", None, "tablet"),
    ],
)
def test_an_unknown_name_is_told_with_those_there_are(find, name, meant, known):
    with pytest.raises(NameUnknown, match=f"unknown (recipe|device) `{name}`") as caught:
        find(name)
    hint = caught.value.hint
    assert known in hint.partition("there are: ")[2]
    assert hint.startswith(f"did you mean `{meant}`? " if meant else "there are: ")


def test_a_configuration_folder_near_the_deployment_comes_first(write, tmp_path):
    write("description: mine\nquantization: weight\nbits: 4", "configs/quantization/weight-8.yaml")
    write("quantization: weight\nbits: 2", "configs/quantization/mine.yaml")
    path = write(GOOD.replace("[fp32, full-8]", "[weight-8, mine, fp32]"), "a/b/deploy.yaml")
    recipes = [named.recipe for named in places.deployment(path).recipes]
    assert [recipe.bits for recipe in recipes] == [4, 2, 8]
    assert "mine" in places.names("quantization", near=tmp_path)
    assert "mine" not in places.names("quantization")


@pytest.mark.parametrize(("depth", "found"), [(3, True), (4, False)])
def test_a_configuration_folder_is_found_three_folders_up(write, tmp_path, depth, found):
    write("quantization: weight", "configs/quantization/mine.yaml")
    near = tmp_path.joinpath(*"abcd"[:depth])
    assert ("mine" in places.names("quantization", near=near)) is found


def test_an_installed_package_has_its_configurations_within():
    assert Path(places.__file__).parents[1] / "configs" == places._PACKAGED
    assert '"configs" = "pipeline/configs"' in (ROOT / "pyproject.toml").read_text()


def test_configurations_of_the_working_folder_are_found_too(write, monkeypatch, tmp_path):
    write("quantization: weight\nbits: 3", "configs/quantization/three.yaml")
    monkeypatch.chdir(tmp_path)
    assert places.recipe("three").recipe.bits == 3


@pytest.mark.parametrize("name", ["recipes/mine.yaml", "mine.yaml", "./recipes/mine.yaml"])
def test_a_path_to_a_recipe_is_taken_as_it_is(write, tmp_path, name):
    write("quantization: weight\nbits: 5", name)
    named = places.recipe(name, near=tmp_path)
    assert (named.name, named.recipe.bits) == ("mine", 5)


def test_a_path_to_a_recipe_that_is_not_there_is_told(tmp_path):
    with pytest.raises(FileMissing, match=r"recipe not found: .*/nothing\.yaml"):
        places.recipe("nothing.yaml", near=tmp_path)


def test_recipes_of_the_command_line_replace_those_of_the_file(write):
    loaded = places.deployment(write(GOOD), ["weight-8", "weight-8", "fp16"])
    assert [named.name for named in loaded.recipes] == ["weight-8", "fp16"]


def test_two_recipe_files_of_one_name_are_refused(write):
    write("quantization: weight", "mine/fp32.yaml")
    path = write(GOOD.replace("[fp32, full-8]", "[fp32, mine/fp32.yaml]"))
    with pytest.raises(RecipeTwice, match="recipe `fp32` is named twice"):
        places.deployment(path)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("run: {threads: 0}", "run.threads"),
        ("run: {binding: little}", "'none', 'big' or 'middle'"),
        ("plan: {samples: 0}", "plan.samples"),
        ("plan: {warm_up: -1}", "plan.warm_up"),
        ("plan: {deadline_s: 0}", "plan.deadline_s"),
        ("plan: {deadline_s: .inf}", "finite"),
        ("limits: {latency_p90_ms: 0}", "limits.latency_p90_ms"),
        ("emulated: {parameters: {const.ohos.apiversion: 18}}", "valid string"),
        ("folder: data/local", "folder"),
        ("folder: /", "folder"),
        ("folder: //", "folder"),
        ("folder: /data/../etc", "folder"),
        ("folder: /data/.", "folder"),
        ("folder: /data/a b", "folder"),
        ('folder: "/data/x\\n"', "folder"),
        ("thread: 2", "not a known key"),
    ],
)
def test_a_profile_that_cannot_be_used_is_refused(write, content, text):
    with pytest.raises(UsageError, match=text):
        load(write(content, "mine.yaml"), Profile, "device profile")


@pytest.mark.parametrize("folder", ["/data/local/tmp/mine", "/d", "/data/a-b_c.d/e2"])
def test_a_folder_on_the_device_may_be_chosen(write, folder):
    profile = load(write(f"folder: {folder}", "mine.yaml"), Profile, "device profile")
    assert profile.folder == folder


def test_bindings_are_numbered_as_the_benchmark_tool_does():
    assert [(each.value, each.number) for each in Binding] == [
        ("none", 0),
        ("big", 1),
        ("middle", 2),
    ]
