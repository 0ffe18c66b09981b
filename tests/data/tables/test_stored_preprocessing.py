"""Preprocessing out of a model file from a stranger: whatever is wrong is told, and nothing else happens."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from pydantic import ValidationError

from mlpcli.tables.preprocessing import Preprocessing

FORMATS: dict[str, Any] = {
    "age": {
        "number": {"decimal": ",", "unit": "세", "unit_first": False, "grouped": True},
        "date": None,
        "gaps": ["-"],
        "values": [],
    },
    "색": {"number": None, "date": {"form": "text", "order": "dmy", "pattern": ""}, "gaps": [], "values": ["None"]},
}
GOOD: dict[str, Any] = {
    "columns": [
        {"name": "age", "kind": "number", "fill": 3.5, "indicator": True, "low": 1.0, "high": 9.5},
        {"name": "색", "kind": "category", "categories": ["빨강"], "other": True, "missing": False, "rare": ["청록"]},
    ],
    "target": {"name": "y", "class_names": ["a", "b"], "positions": False},
    "options": {"separator": ",", "encoding": "utf-8", "na_values": ["?"], "formats": FORMATS},
    "missing": "impute",
}


def test_the_good_one_is_read() -> None:
    preprocessing = Preprocessing.from_json(copy.deepcopy(GOOD))
    assert preprocessing.as_json() == GOOD
    assert preprocessing.feature_names == ("age", "age is missing", "색 = 빨강", "색 = (other)")


def changed(path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    stored = copy.deepcopy(GOOD)
    place: Any = stored
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return stored


@pytest.mark.parametrize(
    ("path", "value", "found"),
    [
        (("columns",), [], "too_short"),
        (("columns",), {}, "tuple_type"),
        (("columns", 0), "age", "model_type"),
        (("columns", 0, "kind"), "lambda", "literal_error"),
        (("columns", 0, "kind"), ["number"], "literal_error"),
        (("columns", 0, "kind"), "category", "missing"),
        (("columns", 0, "fill"), float("nan"), "finite_number"),
        (("columns", 0, "fill"), 1e39, "less_than_equal"),
        (("columns", 0, "fill"), 10**400, "float_type"),
        (("columns", 0, "fill"), True, "float_type"),
        (("columns", 0, "fill"), "3", "float_type"),
        (("columns", 0, "indicator"), 1, "bool_type"),
        (("columns", 0, "more"), 1, "extra_forbidden"),
        (("columns", 0, "name"), 3, "string_type"),
        (("columns", 1, "categories"), ["a", 1], "string_type"),
        (("columns", 1, "categories"), "ab", "tuple_type"),
        (("target",), None, "model_type"),
        (("target", "class_names"), [], "too_short"),
        (("target", "name"), 1, "string_type"),
        (("options", "separator"), ", , ,", "string_too_long"),
        (("options", "encoding"), 7, "string_type"),
        (("options", "na_values"), 3, "tuple_type"),
        (("missing",), "ignore", "literal_error"),
        (("missing",), [], "literal_error"),
        (("version",), 2, "extra_forbidden"),
    ],
)
def test_the_wrong_field_is_found(path: tuple[Any, ...], value: Any, found: str) -> None:
    with pytest.raises(ValidationError) as raised:
        Preprocessing.from_json(changed(path, value))
    (first, *_) = raised.value.errors()
    assert first["type"] == found
    keys = [key for key in first["loc"] if key not in ("ValueColumn", "CategoryColumn")]
    assert keys[: len(path)] == list(path) or found == "missing"


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("columns", 0, "name"), "색", "two columns have the same name"),
        (("columns", 1, "categories"), ["a", "a"], "holds a text twice"),
        (("columns", 1), {**GOOD["columns"][1], "categories": [], "other": False}, "has no categories"),
        (("columns", 0, "kind"), "lambda", "should be 'number', 'category', 'boolean' or 'date'"),
    ],
)
def test_what_is_wrong_is_told(path: tuple[Any, ...], value: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Preprocessing.from_json(changed(path, value))


@pytest.mark.parametrize("value", [None, [], "x", 3])
def test_what_is_no_mapping_is_told(value: Any) -> None:
    with pytest.raises(ValidationError, match="should be a valid dictionary"):
        Preprocessing.from_json(value)


def test_a_text_for_missing_values_may_be_given_twice() -> None:
    """The config takes it, and so must the model file."""
    assert Preprocessing.from_json(changed(("options", "na_values"), ["?", "?"])).options.na_values == ("?", "?")


def test_a_file_of_version_0_2_reads_cells_as_it_did() -> None:
    """It has no formats, and an empty list of na_values meant the usual ones."""
    old = copy.deepcopy(GOOD)
    old["options"] = {"separator": ",", "encoding": "utf-8", "na_values": []}
    options = Preprocessing.from_json(old).options
    assert (options.na_values, options.formats) == (None, {})
    assert "NA" in options.gap_words
