"""Reading YAML: values as people mean them, places, and what is refused before it can do harm."""

from __future__ import annotations

import math
import tracemalloc
from typing import Any

import pytest

from mlpcli.config import yaml_reader
from mlpcli.config.yaml_reader import Document, parse_yaml
from mlpcli.errors import ConfigError


def value_of(text: str) -> Any:
    document = parse_yaml(text, "my.yaml")
    assert document.problems == []
    return document.value


def refusal_of(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse_yaml(text, "my.yaml")
    return str(caught.value)


def problems_in(text: str) -> list[str]:
    return [str(problem) for problem in parse_yaml(text, "my.yaml").problems]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001), ("1E-3", 0.001), ("1.5e3", 1500.0), ("1e3", 1000.0), (".5", 0.5), ("5.", 5.0),
        ("-2.5E+1", -25.0),
        ("12", 12), ("+5", 5), ("-7", -7), ("0", 0), ("0.0", 0.0), ("1.10", 1.1), ("00.5", 0.5),
        (".inf", math.inf), ("-.INF", -math.inf),
        ("true", True), ("True", True), ("FALSE", False), ("null", None), ("~", None), ("NULL", None),
        ("on", "on"), ("off", "off"), ("yes", "yes"), ("no", "no"), ("NO", "NO"), ("y", "y"), ("nan", "nan"),
        ("inf", "inf"),
        ("'12'", "12"), ('"true"', "true"), ("2024-01-02", "2024-01-02"), ("64#x", "64#x"), ("1.2.3", "1.2.3"),
        ("12 # note", 12),
        ("1_000.5", "1_000.5"), ("１２", "１２"), ("..inf", "..inf"), ("+.nan", "+.nan"), ('"a\\nb"', "a\nb"),
        ("C:\\data", "C:\\data"),
    ],
)  # fmt: skip
def test_scalars_are_those_of_yaml_1_2(text: str, value: object) -> None:
    found = value_of(f"key: {text}\n")["key"]
    assert (type(found), found) == (type(value), value)


def test_not_a_number_is_read_as_such() -> None:
    assert math.isnan(value_of("key: .nan")["key"])


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("012", "write 12,"), ("-012", "write -12,"), ("0o12", "write 10,"), ("0x1F", "write 31,"),
        ("0b11", "write 3,"),
        ("1_000", "write 1000,"), ("1:30", "write a plain decimal number,"),
        ("12:30:45", "write a plain decimal number,"),
        ("0o89", "write a plain decimal number,"),
    ],
)  # fmt: skip
def test_a_number_that_two_programs_read_differently_is_refused(text: str, remedy: str) -> None:
    document = parse_yaml(f"model:\n  units: [5, {text}]\n", "my.yaml")
    (problem,) = document.problems
    assert str(problem).startswith(f"my.yaml:2:14: model.units[1]: `{text}` is read as different numbers")
    assert remedy in problem.message
    assert document.unreadable == {("model", "units", 1)}


def test_such_a_number_in_quotes_is_a_text() -> None:
    assert value_of("key: '012'") == {"key": "012"}


def test_a_number_of_too_many_digits_is_refused_at_once() -> None:
    (problem,) = problems_in("seed: " + "9" * 200_000)
    assert problem == "my.yaml:1:7: seed: is a number of 200000 digits; shorten it"
    assert problems_in("seed: 0x" + "f" * 200_000) == ["my.yaml:1:7: seed: is a number of 200002 digits; shorten it"]


def test_every_value_knows_its_place() -> None:
    document = parse_yaml("# a comment\ndata:\n  source: x\nlayers:\n  - dense: {units: 3}\n  - flatten\n", "my.yaml")
    assert document.places == {
        (): (2, 1),
        ("data",): (2, 1),
        ("data", "source"): (3, 3),
        ("layers",): (4, 1),
        ("layers", 0): (5, 5),
        ("layers", 0, "dense"): (5, 5),
        ("layers", 0, "dense", "units"): (5, 13),
        ("layers", 1): (6, 5),
    }


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: 1\nb: 2\na: 3\n", "my.yaml:3:1: a: duplicate key, already set in line 1; delete one"),
        ("m:\n  a: 1\n  a: 1\n", "my.yaml:3:3: m.a: duplicate key, already set in line 2; delete one"),
        ("- x: {a: 1,\n  'a': 2}\n", "my.yaml:2:3: [0].x.a: duplicate key, already set in line 1; delete one"),
        ("m:\n  <<: {a: 1}\n", "my.yaml:2:3: m: merge keys (<<) are not supported; write the values out"),
        ("? [a]\n: 2\n", "my.yaml:1:3: a key must be a word, not a list or mapping"),
        ('"a\\0b": 2\n', "my.yaml:1:1: the key contains a control character; delete it"),
        ('m: "a\\x1bb"\n', "my.yaml:1:4: m: contains the character '\\x1b'; delete it"),
        ('m: "\\ud800"\n', "my.yaml:1:4: m: contains the character '\\ud800'; delete it"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_one_place_does_not_stop_the_reading(text: str, problem: str) -> None:
    assert problems_in(text) == [problem]


def test_of_duplicate_keys_the_first_is_kept() -> None:
    assert parse_yaml("a: 1\na: 2\na: 3\n", "my.yaml").value == {"a": 1}
    assert len(problems_in("a: 1\na: 2\na: 3\n")) == 2


BILLION_LAUGHS = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 15))
MERGE_BOMB = "m0: &m0 {x: 1}\n" + "".join(
    f"m{n}: &m{n}\n  <<: [{', '.join([f'*m{n - 1}'] * 9)}]\n" for n in range(1, 9)
)


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("a: &x 1\n", "my.yaml:1:4: anchors and aliases"),
        ("a: *x\n", "my.yaml:1:4: anchors and aliases"),
        ("&a [*a]\n", "my.yaml:1:1: anchors and aliases"),
        (BILLION_LAUGHS, "my.yaml:1:5: anchors and aliases"),
        (MERGE_BOMB, "my.yaml:1:5: anchors and aliases"),
        ("a: 1\nb: !!python/object/apply:os.system [ls]\n", "my.yaml:2:4: tags (tag:yaml.org,2002:python/object/apply"),
        ("a: !!binary aGk=\n", "my.yaml:1:4: tags (tag:yaml.org,2002:binary) are not supported; write a plain value"),
        ("a: !x 1\n", "my.yaml:1:4: tags (!x)"),
        ("a: 1\n---\nb: 1\n", "my.yaml:2:1: a second document (---) begins; a config is one document"),
        ("a: " + "[" * 5000, "my.yaml:1:53: is nested deeper than 50 levels"),
        ("\n".join(" " * n + "a:" for n in range(60)), "my.yaml:51:51: is nested deeper than 50 levels"),
        ("# " + "x" * (1 << 20), "my.yaml:1:1: is larger than 1 MiB"),
    ],
)
def test_harmful_yaml_is_refused_where_it_begins(text: str, start: str) -> None:
    assert refusal_of(text).startswith(start)


@pytest.mark.parametrize("text", [BILLION_LAUGHS, MERGE_BOMB], ids=["laughs", "merge"])
def test_a_bomb_is_refused_before_it_takes_memory(text: str) -> None:
    tracemalloc.start()
    try:
        refusal_of(text)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 5_000_000


def test_too_many_values_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    assert yaml_reader.MOST_VALUES == 50_000
    monkeypatch.setattr(yaml_reader, "MOST_VALUES", 500)
    assert "has more than 500 values" in refusal_of("[" + "1," * 600 + "]")
    assert len(value_of("[" + "1," * 400 + "]")) == 400


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "---\n", "--- # nothing\n...\n"])
def test_nothing_is_none(text: str) -> None:
    assert value_of(text) is None


@pytest.mark.parametrize("text", ["---\na: 1\n", "a: 1\n...\n", "%YAML 1.2\n---\na: 1\n", "a: 1\r\n", "a: 1", "{a: 1}"])
def test_one_document_is_read_in_every_dress(text: str) -> None:
    assert value_of(text) == {"a": 1}


def test_fifty_levels_are_read() -> None:
    assert value_of("a: " + "[" * 49 + "]" * 49)["a"][0][0][0] != []


def test_a_problem_is_placed_at_the_nearest_key() -> None:
    document = parse_yaml("model:\n  units: [1]\n", "my.yaml")
    assert str(document.problem_at(("model", "units", 0), "no")) == "my.yaml:2:11: model.units[0]: no"
    assert str(document.problem_at(("model", "units", 7, "x"), "no")) == "my.yaml:2:3: model.units[7].x: no"
    assert str(document.problem_at(("data",), "no")) == "my.yaml:1:1: data: no"
    assert str(Document("my.yaml").problem_at(("data",), "no")) == "my.yaml:1:1: data: no"


def test_a_key_in_a_message_is_short_and_harmless() -> None:
    document = parse_yaml(f'"{"x" * 900}": 1\n', "my.yaml")
    assert len(str(document.problem_at(("x" * 900,), "no"))) < 80
    assert str(document.problem_at(("a\u202eb",), "no")) == "my.yaml:1:1: a\\u202eb: no"
