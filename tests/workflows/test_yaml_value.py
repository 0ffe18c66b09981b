"""Values in YAML: quoted where somebody would read them as something else, and never otherwise."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mlpcli.config.yaml_reader import FORBIDDEN_CHARACTER, parse_yaml
from mlpcli.config.yaml_writer import in_a_comment, yaml_list, yaml_value


@pytest.mark.parametrize("text", ["species", "bill length", "종", "body_mass_g", "data/people.csv", "키 (cm)"])
def test_plain_names_stay_plain(text: str) -> None:
    assert yaml_value(text) == text


OTHERWISE = [
    *("", " x", "on", "no", "NO", "null", "1e3", "012", "12:30", "3", "3.0", "=", "a: b", "a #b", "#", "- x", "[a]"),
    *("a, b", "{a}", "'", '"', "a\nb", "\t", "*x", "&x", "!x", "%x", "@x", "`x`", "~", "<<", "?", "\u2028"),
    "2024-01-31",
]


@pytest.mark.parametrize("text", OTHERWISE)
def test_what_could_be_read_otherwise_is_quoted(text: str) -> None:
    written = yaml_value(text)
    assert written[0] in "'\"" and "\n" not in written
    assert parse_yaml(f"x: {written}  # comment", "").value == {"x": text}
    assert parse_yaml(f"x: [{written}, {written}]", "").value == {"x": [text, text]}


@given(st.lists(st.text().filter(lambda text: not FORBIDDEN_CHARACTER.search(text)), max_size=4))
def test_any_texts_survive_for_both_readers(texts: list[str]) -> None:
    line = f"names: {yaml_list(texts)}  # {in_a_comment(' '.join(texts))}"
    assert "\n" not in line
    assert parse_yaml(line, "").value == {"names": texts}
    assert yaml.safe_load(line) == {"names": texts}


@pytest.mark.parametrize(("value", "written"), [(3, "3"), (0.5, "0.5"), (True, "true"), ("true", "'true'")])
def test_other_values(value: object, written: str) -> None:
    assert yaml_value(value) == written  # type: ignore[arg-type]


def test_a_comment_is_one_line_that_yaml_can_hold() -> None:
    assert in_a_comment("a\nb\x00c\u2028 종") == r"a\nb\x00c\u2028 종"
