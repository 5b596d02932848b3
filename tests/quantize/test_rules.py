"""Rules: which nodes they speak of, which of them wins, and what is said of one that is idle."""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from pipeline.config.recipe import Grid, Recipe, Rule
from pipeline.quantize.rules import (
    LayerSetting,
    Node,
    RuleUnmatched,
    matches,
    resolve,
    skipped,
)

CONV1 = Node("Default/conv1-Conv2d/Conv2D-op0", "Conv2DFusion")
CONV2 = Node("Default/block[0]-Cell/conv2-Conv2d/Conv2D-op1", "Conv2DFusion")
FC1 = Node("Default/fc1-Dense/MatMul-op0", "MatMulFusion")
FC2 = Node("Default/fc2-Dense/MatMul-op1", "FullConnection")
ONNX = Node("Gemm_3", "MatMulFusion")
NODES = [CONV1, CONV2, FC1, FC2, ONNX]
FC = {"scope": "fc1"}
PLAIN = LayerSetting(False, 8, Grid.UNIFORM, None, True, None)
BOOK = LayerSetting(False, 8, Grid.CODEBOOK, 256, None, None)


def _recipe(*rules: dict, **settings) -> Recipe:
    return Recipe(**{"quantization": "weight", "rules": rules, **settings})


@pytest.mark.parametrize(
    ("rule", "nodes"),
    [
        ({"scope": "Default/conv1*"}, [CONV1]),
        ({"scope": "Default/fc?-Dense/*"}, [FC1, FC2]),
        ({"scope": "*fc2*"}, [FC2]),
        ({"scope": "*"}, NODES),
        ({"scope": "Gemm_3"}, [ONNX]),
        ({"scope": "Gemm"}, []),
        ({"scope": "gemm_3"}, []),
        ({"scope": "conv1"}, [CONV1]),
        ({"scope": "conv1-Conv2d"}, [CONV1]),
        ({"scope": "conv"}, []),
        ({"scope": "block[0]"}, [CONV2]),
        ({"scope": "*block[0]*"}, [CONV2]),
        ({"scope": "*block[01]*"}, []),
        ({"scope": "Default"}, [CONV1, CONV2, FC1, FC2]),
        ({"scope": "Default/conv1-Conv2d"}, []),
        ({"scope": CONV1.name}, [CONV1]),
        ({"operator": "Conv2D"}, [CONV1, CONV2]),
        ({"operator": "Conv2DFusion"}, [CONV1, CONV2]),
        ({"operator": "Dense"}, [FC1, FC2, ONNX]),
        ({"operator": "MatMul"}, [FC1, FC2, ONNX]),
        ({"operator": "FullConnection"}, [FC2]),
        ({"operator": "Conv"}, []),
        ({"scope": "*op0", "operator": "Dense"}, [FC1]),
    ],
)
def test_which_nodes_a_rule_speaks_of(rule, nodes):
    assert [node for node in NODES if matches(Rule(**rule, skip=True), node)] == nodes


@pytest.mark.parametrize(
    ("recipe", "setting"),
    [
        (_recipe(), PLAIN),
        (_recipe(bits=3, per_channel=False), replace(PLAIN, bits=3, per_channel=False)),
        (_recipe(grid="codebook", bits=4), replace(BOOK, bits=4, entries=16)),
        (_recipe(grid="codebook", entries=12), replace(BOOK, bits=4, entries=12)),
        (_recipe(range=(-1, 1)), replace(PLAIN, per_channel=False, range=(-1.0, 1.0))),
        (
            _recipe({**FC, "grid": "codebook", "entries": 5}, {**FC, "bits": 2}),
            replace(BOOK, bits=2, entries=4),
        ),
        (
            _recipe({**FC, "entries": 5}, grid="codebook", bits=4),
            replace(BOOK, bits=3, entries=5),
        ),
        (
            _recipe({**FC, "grid": "uniform"}, grid="codebook", entries=5),
            replace(PLAIN, bits=3),
        ),
        (
            _recipe({**FC, "range": (0, 2)}, per_channel=True),
            replace(PLAIN, per_channel=False, range=(0.0, 2.0)),
        ),
        (
            _recipe({"operator": "Dense", "bits": 4}, {**FC, "per_channel": False}, bits=6),
            replace(PLAIN, bits=4, per_channel=False),
        ),
        (
            _recipe({**FC, "grid": "entropy", "step": 0.3}, per_channel=True),
            replace(PLAIN, grid=Grid.ENTROPY, per_channel=False, step=0.3),
        ),
        (
            _recipe({**FC, "grid": "uniform", "bits": 4}, grid="entropy"),
            replace(PLAIN, bits=4),
        ),
        (_recipe({"scope": "conv1", "bits": 4}), PLAIN),
    ],
    ids=[
        "nothing told", "recipe", "codebook", "entries", "range", "bits over entries",
        "entries over bits", "an even grid over a codebook", "range over channels", "two rules",
        "entropy", "an even grid over entropy",
        "another node",
    ],
)  # fmt: skip
def test_what_a_node_gets(recipe, setting):
    assert resolve(recipe, NODES)[FC1.name] == setting


@pytest.mark.parametrize("quantization", ["weight", "dynamic", "full"])
def test_a_converter_is_told_every_node_that_stays_float(quantization):
    recipe = _recipe(
        {"operator": "Dense", "skip": True},
        {"scope": "fc2", "skip": False},
        quantization=quantization,
        skip_nodes=(CONV2.name,),
    )
    assert skipped(recipe, NODES) == (CONV2.name, FC1.name, ONNX.name)


def test_a_skip_can_be_taken_back():
    recipe = _recipe({"scope": "conv1", "skip": False}, skip_nodes=(CONV1.name, FC1.name))
    assert skipped(recipe, NODES) == (FC1.name,)
    assert not resolve(recipe, NODES)[CONV1.name].skip


def test_a_search_for_bits_has_skips_and_no_settings():
    recipe = _recipe({"scope": "fc1", "skip": True}, mixed_bit={})
    assert skipped(recipe, NODES) == (FC1.name,)
    with pytest.raises(ValueError, match="without bits"):
        resolve(recipe, NODES)


@pytest.mark.parametrize(
    ("recipe", "message", "hint"),
    [
        (
            _recipe({"scope": "fc1", "bits": 4}, {"scope": "*conv3*", "bits": 2}),
            "`rules.1` of the recipe matches no node of the model: scope `*conv3*`",
            CONV1.name,
        ),
        (_recipe({"scope": "fc", "skip": True}), "scope `fc`", FC1.name),
        (_recipe({"scope": "Gem_3", "skip": True}), "`rules.0`", "`Gemm_3`"),
        (
            _recipe({"scope": "fc1", "operator": "Conv2D", "skip": True}),
            "scope `fc1`, operator `Conv2D`",
            "`MatMulFusion`",
        ),
        (_recipe({"operator": "MatMulFusoin", "bits": 4}), "operator", "`MatMulFusion`?"),
        (_recipe({"scope": "?" * 9, "bits": 4}), "scope `?????????`", "`pipeline inspect"),
        (
            _recipe(skip_nodes=(CONV1.name, "Default/conv1-Conv2d/Conv2D-op9")),
            "`skip_nodes.1` of the recipe matches no node",
            CONV1.name,
        ),
        (_recipe(skip_nodes=("fc1",)), "`skip_nodes.0`", FC1.name),
    ],
    ids=[
        "scope", "word", "onnx", "operator in scope", "operator", "nothing near", "skipped node",
        "skip_nodes are no scopes",
    ],
)  # fmt: skip
def test_a_rule_that_no_node_answers_to_is_an_error(recipe, message, hint):
    for call in (resolve, skipped):
        with pytest.raises(RuleUnmatched) as caught:
            call(recipe, NODES)
        assert message in caught.value.message
        assert hint in caught.value.hint


def test_a_model_without_nodes_has_none_to_match():
    assert resolve(_recipe(), []) == {}
    with pytest.raises(RuleUnmatched):
        resolve(_recipe({"scope": "*", "bits": 4}), [])


def _one_of(*choices: dict) -> st.SearchStrategy[dict]:
    return st.one_of(*(st.fixed_dictionaries(choice) for choice in choices))


_NARROW, _EVEN, _BOOK = st.integers(1, 8), st.just("uniform"), st.just("codebook")
_layer = st.builds(
    lambda width, scales: {**width, **scales},
    _one_of(
        {},
        {"bits": _NARROW},
        {"grid": _EVEN, "bits": st.integers(1, 16)},
        {"grid": _BOOK, "bits": _NARROW},
        {"grid": _BOOK, "entries": st.integers(2, 256)},
    ),
    _one_of(
        {},
        {"per_channel": st.booleans()},
        {"range": st.sampled_from([(-1.0, 1.0), (0.0, 2.5)])},
    ),
)


def _rules(*scopes: str) -> st.SearchStrategy[list[dict]]:
    which = _one_of(
        {"scope": st.sampled_from(scopes)},
        {"operator": st.sampled_from(["Conv2D", "Dense", "MatMul", "FullConnection"])},
    )
    rule = st.builds(
        lambda which, layer, skip: {**which, **(layer if layer and not skip else {"skip": skip})},
        which,
        _layer,
        st.booleans(),
    )
    return st.lists(rule, max_size=5)


_MATCHING = ("*", "conv1", "fc1", "*fc*", "Gemm_?")


def _made(rules: list[dict], layer: dict) -> Recipe:
    try:
        return _recipe(*rules, **layer)
    except ValidationError:
        assume(False)
        raise


@given(rules=_rules(*_MATCHING, "fc9", "op?"), layer=_layer)
def test_the_last_rule_that_matches_and_tells_a_key_decides_it(rules, layer):
    recipe = _made(rules, layer)
    try:
        found = resolve(recipe, NODES)
    except RuleUnmatched as error:
        index = int(error.place.removeprefix("rules."))
        assert not any(matches(recipe.rules[index], node) for node in NODES)
        return
    assert list(found) == [node.name for node in NODES]
    for node in NODES:
        mine = [rule for rule in recipe.rules if matches(rule, node)]
        for key, default in (("skip", False), ("grid", recipe.grid), ("range", recipe.range)):
            expected = default
            for rule in mine:
                told = getattr(rule, key)
                expected = expected if told is None else told
            assert getattr(found[node.name], key) == expected


@given(rules=_rules(*_MATCHING), layer=_layer)
def test_every_setting_can_be_carried_out(rules, layer):
    recipe = _made(rules, layer)
    for setting in resolve(recipe, NODES).values():
        assert 1 <= setting.bits <= 16
        if setting.grid is Grid.CODEBOOK:
            assert setting.entries is not None
            assert 2 <= setting.entries <= 256
            assert setting.bits == math.ceil(math.log2(setting.entries))
        else:
            assert setting.entries is None
        assert not (setting.per_channel and setting.range)


@given(rules=_rules(*_MATCHING), layer=_layer)
def test_what_is_skipped_is_the_same_for_both_quantizers(rules, layer):
    recipe = _made(rules, layer)
    settings = resolve(recipe, NODES)
    assert set(skipped(recipe, NODES)) == {name for name, one in settings.items() if one.skip}


@given(scope=st.text(min_size=1, max_size=12), names=st.lists(st.text(max_size=12), max_size=6))
def test_any_text_is_a_scope_and_any_name_a_node(scope, names):
    nodes = [Node(name, "Conv2DFusion") for name in names]
    recipe = _recipe({"scope": scope, "skip": True})
    if scope in names:
        assert scope in skipped(recipe, nodes)
    with suppress(RuleUnmatched):
        assert skipped(recipe, nodes)
