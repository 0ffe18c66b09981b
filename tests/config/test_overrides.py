"""`-s key=value`: what it sets, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mlpcli.config.optimizers import SGD
from mlpcli.config.overrides import apply_override
from mlpcli.config.schema import Config
from mlpcli.config.sections import EarlyStopping
from mlpcli.config.yaml_reader import parse_yaml
from mlpcli.errors import ConfigError

DIGITS = "data: {source: digits}\n"
Read = Callable[..., Config]
Refusals = Callable[..., list[str]]


def after(text: str, *overrides: str) -> Any:
    document = parse_yaml(text, "my.yaml")
    for override in overrides:
        apply_override(document, override)
    return document.value


@pytest.mark.parametrize(
    ("text", "override", "result"),
    [
        ("a: 1", "a=2", {"a": 2}),
        ("a: 1", "b.c=2", {"a": 1, "b": {"c": 2}}),
        ("a: {b: 1}", "a.b=1e-3", {"a": {"b": 0.001}}),
        ("a: {b: 1}", "a.c=[128, 64]", {"a": {"b": 1, "c": [128, 64]}}),
        ("a: 1", "a={x: {y: 2}}", {"a": {"x": {"y": 2}}}),
        ("a: 1", "a=null", {"a": None}),
        ("a: 1", "a=", {"a": None}),
        ("a: 1", "a=b=c", {"a": "b=c"}),
        ("a: 1", "a='1'", {"a": "1"}),
        ("a: 1", " a = 3", {"a": 3}),
        ("a: [1, 2]", "a[1]=5", {"a": [1, 5]}),
        ("a: [[1, 2], 3]", "a[0][1]=5", {"a": [[1, 5], 3]}),
        ("a: [{b: 1}]", "a[0].b=2", {"a": [{"b": 2}]}),
        ("a: sgd", "a.momentum=0.9", {"a": {"name": "sgd", "momentum": 0.9}}),
        ("a: [dense]", "a[0].dense.units=3", {"a": [{"dense": {"units": 3}}]}),
        ("a: true", "a.patience=3", {"a": {"patience": 3}}),
        ("a: {b: }", "a.b.c=3", {"a": {"b": {"c": 3}}}),
        ("", "a.b=3", {"a": {"b": 3}}),
    ],
)
def test_one_value_is_set(text: str, override: str, result: object) -> None:
    assert after(text, override) == result


def test_the_last_override_wins() -> None:
    assert after("a: 1", "a=2", "a=3") == {"a": 3}
    assert after("a: 1", "a.b=2", "a={c: 3}", "a.d=4") == {"a": {"c": 3, "d": 4}}


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("epochs", "-s epochs: expected key=value, such as -s training.epochs=5"),
        ("=5", '-s =5: invalid key ""; write section.key or section.list[0]'),
        ("a..b=5", '-s a..b=5: invalid key "a..b"; write section.key or section.list[0]'),
        ("a[x]=5", '-s a[x]=5: invalid key "a[x]"; write section.key or section.list[0]'),
        ("[0]=5", '-s [0]=5: invalid key "[0]"; write section.key or section.list[0]'),
        ("a[2]=5", "-s a[2]=5: the list has 2 entries, counted from [0]"),
        ("a[2].b=5", "-s a[2].b=5: the list has 2 entries, counted from [0]"),
        ("a.b=5", "-s a.b=5: the list has 2 entries, counted from [0]"),
        ("n[0]=5", "-s n[0]=5: this is not a list, so it has no entries to set"),
        ("n[0].b=5", "-s n[0].b=5: this is not a list, so it has no entries to set"),
        ("n=012", "-s n=012: n: `012` is read as different numbers by different programs; write 12, or quote it"),
        ("n=&a 1", "-s n=&a 1: n: anchors and aliases (& and *) are not supported; write the value out"),
        ("n={a: 1, a: 2}", "-s n={a: 1, a: 2}: n: duplicate key, already set in line 1; delete one"),
        (".".join("a" * 51) + "=1", "is nested deeper than 50 levels"),
    ],
)
def test_a_malformed_override_is_refused(override: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        after("a: [1, 2]\nn: 1\n", override)
    assert message in str(caught.value)


def test_a_value_that_is_no_yaml_shows_the_place() -> None:
    with pytest.raises(ConfigError) as caught:
        after("a: 1", "a=[1, 2")
    assert str(caught.value) == "-s a=[1, 2: a: this `[` is never closed\n    [1, 2\n    ^"


def test_a_wrong_value_is_placed_at_the_override(refusals: Refusals) -> None:
    assert refusals(DIGITS + "training: {epochs: 3}\n", "training.epochs=0") == [
        "-s training.epochs=0: training.epochs: must be greater than 0 (got 0)"
    ]


def test_entries_of_a_replaced_list_are_placed_at_the_override(refusals: Refusals) -> None:
    """Although the file has a line for the entry that stood there before."""
    text = DIGITS + "model: {hidden_units: [64, 32]}\n"
    assert refusals(text, "model.hidden_units=[64, 0]") == [
        "-s model.hidden_units=[64, 0]: model.hidden_units[1]: must be greater than 0 (got 0)"
    ]


def test_the_rest_keeps_its_line(refusals: Refusals) -> None:
    text = DIGITS + "model:\n  hidden_units: [64, -1]\n  dropout: 0.1\n"
    assert refusals(text, "model.dropout=0.2") == [
        "my.yaml:3:22: model.hidden_units[1]: must be greater than 0 (got -1)"
    ]


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("training.epoch=5", 'training.epoch: unknown key; did you mean "epochs"?'),
        ("trainin.epochs=5", 'trainin: unknown key; did you mean "training"?'),
        ("epochs=5", "epochs: unknown key; it belongs in `training`"),
        ("training.optimizer.momentm=0.5", 'training.optimizer.momentm: unknown key; did you mean "momentum"?'),
    ],
)
def test_an_unknown_key_names_the_nearest(override: str, message: str, refusals: Refusals) -> None:
    assert refusals(DIGITS + "training: {optimizer: sgd}\n", override) == [f"-s {override}: {message}"]


def test_wrong_overrides_and_a_wrong_file_are_reported_together(refusals: Refusals) -> None:
    assert refusals(DIGITS + "seed: -1\n", "epochs", "training.epochs=0") == [
        "-s epochs: expected key=value, such as -s training.epochs=5",
        "-s training.epochs=0: training.epochs: must be greater than 0 (got 0)",
        "my.yaml:2:1: seed: must be at least 0 (got -1)",
    ]


@pytest.mark.parametrize("text", ["[1, 2]", "5", "word"])
def test_a_file_that_is_no_mapping_is_refused_as_without_overrides(text: str, refusals: Refusals) -> None:
    (problem,) = refusals(text, "training.epochs=5")
    assert "expected a mapping with data, model and training" in problem


def test_an_empty_file_can_be_filled_from_the_command_line(read: Read) -> None:
    assert read("", "data.source=digits", "seed=5").seed == 5


def test_switches_and_names_get_arguments(read: Read) -> None:
    config = read(
        DIGITS + "training: {optimizer: sgd, early_stopping: true}\n",
        "training.optimizer.momentum=0.9", "training.early_stopping.patience=3",
    )  # fmt: skip
    assert config.training.optimizer == SGD(momentum=0.9)
    assert config.training.early_stopping == EarlyStopping(patience=3)
