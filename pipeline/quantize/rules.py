"""A recipe's rules applied to the nodes of a model: what each of them gets.

A later rule wins, key by key. ``bits`` and ``entries`` are one thing told in two ways: who tells
either last decides both. A range is of the whole weight, so it ends scales for each channel.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, TypeVar

from pipeline.config.recipe import Grid, Recipe, Rule, bits_of
from pipeline.config.recipe.parts import DEFAULT_STEP
from pipeline.core.errors import UsageError

#: What people call an operator, and what it may be in a converted model.
OPERATORS: Mapping[str, frozenset[str]] = {
    "Conv2D": frozenset({"Conv2DFusion"}),
    "Conv2DTranspose": frozenset({"Conv2dTransposeFusion"}),
    "Dense": frozenset({"MatMulFusion", "FullConnection"}),
    "MatMul": frozenset({"MatMulFusion", "FullConnection"}),
}
_MOST_NEAR = 3
_LEAST_ALIKE = 0.5

_T = TypeVar("_T")


@dataclass(frozen=True)
class Node:
    """A node of a converted model: its full name and its operator, ``Conv2DFusion``."""

    name: str
    operator: str


@dataclass(frozen=True)
class LayerSetting:
    """How a node's weight is quantized; ``entries`` is None for a uniform grid, ``range`` where
    the weights' own is taken, ``per_channel`` where a codebook is whichever serves better;
    ``step`` is an entropy grid's, in the weights' root mean square."""

    skip: bool
    bits: int
    grid: Grid
    entries: int | None
    per_channel: bool | None
    range: tuple[float, float] | None
    step: float | None = None

    @property
    def key(self) -> list[Any]:
        """What decides how a weight without an explicit range is stored. JSON-able."""
        return [self.bits, self.grid.value, self.entries, self.per_channel, self.step]


@dataclass(eq=False)
class RuleUnmatched(UsageError):
    """A rule, or a name of ``skip_nodes``, that no node of the model answers to.

    ``place`` is where it stands in the recipe's file, ``rules.0`` the first rule.
    """

    place: str
    wanted: str
    near: tuple[str, ...]

    @property
    def message(self) -> str:
        return f"`{self.place}` of the recipe matches no node of the model: {self.wanted}"

    @property
    def hint(self) -> str:
        if self.near:
            return f"did you mean {' or '.join(f'`{name}`' for name in self.near)}?"
        return "`pipeline inspect MODEL.ms` lists the nodes that a rule can name"


def resolve(recipe: Recipe, nodes: Sequence[Node]) -> Mapping[str, LayerSetting]:
    """The setting of every node, by name; ``recipe`` is of weights and has ``bits``.

    Raises RuleUnmatched.
    """
    matched = _matched(recipe, nodes)
    return {node.name: _setting(recipe, node.name, matched[node]) for node in nodes}


def skipped(recipe: Recipe, nodes: Sequence[Node]) -> tuple[str, ...]:
    """Names of the nodes that stay float, in the model's order: all that a converter, which knows
    no rules, must be told. Raises RuleUnmatched."""
    matched = _matched(recipe, nodes)
    names = (node.name for node in nodes if _skips(recipe, node.name, matched[node]))
    return tuple(dict.fromkeys(names))


def matches(rule: Rule, node: Node) -> bool:
    """Whether the rule speaks of the node."""
    return _in_scope(rule.scope, node.name) and _is_operator(rule.operator, node.operator)


def _matched(recipe: Recipe, nodes: Sequence[Node]) -> dict[Node, list[Rule]]:
    """The rules of each node, in the recipe's order; every rule has one."""
    found: dict[Node, list[Rule]] = {node: [] for node in nodes}
    names = {node.name for node in nodes}
    for index, name in enumerate(recipe.skip_nodes):
        if name not in names:
            raise RuleUnmatched(f"skip_nodes.{index}", f"`{name}`", _near_names(name, nodes))
    for index, rule in enumerate(recipe.rules):
        mine = [node for node in found if matches(rule, node)]
        if not mine:
            raise RuleUnmatched(f"rules.{index}", rule.words, _near(rule, nodes))
        for node in mine:
            found[node].append(rule)
    return found


def _in_scope(scope: str | None, name: str) -> bool:
    if scope is None or fnmatchcase(name, _glob(scope)):
        return True
    return not any(sign in scope for sign in "*?/") and scope in _steps(name)


def _glob(scope: str) -> str:
    """Only ``*`` and ``?`` are signs: node names may have brackets."""
    return scope.replace("[", "[[]")


def _steps(name: str) -> Iterator[str]:
    """The steps of a node's name, whole and without the class that MindSpore appends."""
    for step in name.split("/"):
        yield step
        yield step.partition("-")[0]


def _is_operator(wanted: str | None, operator: str) -> bool:
    return wanted is None or operator in OPERATORS.get(wanted, {wanted})


def _setting(recipe: Recipe, name: str, rules: Sequence[Rule]) -> LayerSetting:
    bits, entries = _width(recipe, rules)
    grid = _last([rule.grid for rule in rules], recipe.grid)
    limits = _last([rule.range for rule in rules], recipe.range)
    told = [rule.per_channel for rule in rules if rule.per_channel is not None]
    per_channel = told[-1] if told else recipe.per_channel
    if grid is Grid.ENTROPY:
        per_channel, limits = False, None
    elif per_channel is None and grid is Grid.UNIFORM:
        per_channel = True
    return LayerSetting(
        skip=_skips(recipe, name, rules),
        bits=bits,
        grid=grid,
        entries=(entries or 2**bits) if grid is Grid.CODEBOOK else None,
        per_channel=per_channel if limits is None else False,
        range=limits,
        step=_last([rule.step for rule in rules], recipe.step or DEFAULT_STEP)
        if grid is Grid.ENTROPY
        else None,
    )


def _skips(recipe: Recipe, name: str, rules: Sequence[Rule]) -> bool:
    return _last([rule.skip for rule in rules], name in recipe.skip_nodes)


def _width(recipe: Recipe, rules: Sequence[Rule]) -> tuple[int, int | None]:
    """Bits, and entries where they were told."""
    tellers: tuple[Rule | Recipe, ...] = (*reversed(rules), recipe)
    for teller in tellers:
        if teller.entries is not None:
            return bits_of(teller.entries), teller.entries
        if teller.bits is not None:
            return teller.bits, None
    raise ValueError("a recipe without bits is not one of layers' settings")


def _last(told: Sequence[_T | None], default: _T) -> _T:
    return next((value for value in reversed(told) if value is not None), default)


def _near(rule: Rule, nodes: Sequence[Node]) -> tuple[str, ...]:
    """What of the model the rule may have meant: operators where only its operator is wrong."""
    in_scope = [node for node in nodes if _in_scope(rule.scope, node.name)]
    if rule.operator is not None and in_scope:
        there = {node.operator for node in in_scope}
        return _alike(rule.operator, {name: name for name in sorted(there)}) or tuple(sorted(there))
    return _near_names(rule.scope or "", nodes)


def _near_names(wanted: str, nodes: Sequence[Node]) -> tuple[str, ...]:
    """Names of nodes that are alike, as a whole or in a step."""
    words = {}
    for node in reversed(nodes):
        words.update(dict.fromkeys((*_steps(node.name), node.name), node.name))
    return _alike(wanted.strip("*?/"), words)


def _alike(word: str, names: Mapping[str, str]) -> tuple[str, ...]:
    close = difflib.get_close_matches(word, list(names), n=2 * _MOST_NEAR, cutoff=_LEAST_ALIKE)
    return tuple(dict.fromkeys(names[each] for each in close))[:_MOST_NEAR]
