"""Preprocessing out of a model file from a stranger: whatever is wrong is told, and nothing else happens."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from mlpcli.tables.preprocessing import Preprocessing

GOOD: dict[str, Any] = {
    "columns": [
        {"name": "age", "kind": "number", "fill": 3.5, "indicator": True},
        {"name": "색", "kind": "category", "categories": ["빨강"], "other": True, "missing": False},
    ],
    "target": {"name": "y", "class_names": ["a", "b"], "positions": False},
    "options": {"separator": ",", "encoding": "utf-8", "na_values": ["?"]},
    "missing": "impute",
}


def test_the_good_one_is_read() -> None:
    preprocessing = Preprocessing.from_json(copy.deepcopy(GOOD))
    assert preprocessing.as_json() == GOOD
    assert preprocessing.feature_names == ("age", "age is missing", "색 = 빨강", "색 = (other)")


def _set(*path: Any, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(stored: dict[str, Any]) -> None:
        place: Any = stored
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_set("columns", value=[]), "columns should be a list that is not empty"),
        (_set("columns", value={}), "columns should be a list"),
        (_set("columns", 0, value="age"), "a column has a kind that is not known"),
        (_set("columns", 0, "kind", value="lambda"), "a column has a kind that is not known"),
        (_set("columns", 0, "kind", value=["number"]), "a column has a kind that is not known"),
        (_set("columns", 0, "fill", value=float("nan")), "fill should be a finite number"),
        (_set("columns", 0, "fill", value=10**400), "fill should be a finite number"),
        (_set("columns", 0, "fill", value=True), "fill should be a finite number"),
        (_set("columns", 0, "fill", value="3"), "fill should be a finite number"),
        (_set("columns", 0, "indicator", value=1), "indicator should be true or false"),
        (_set("columns", 0, "more", value=1), "a number should hold name, kind, fill, indicator"),
        (_set("columns", 0, "name", value=3), "a name should be text"),
        (_set("columns", 0, "name", value="색"), "two columns have the same name"),
        (_set("columns", 1, "categories", value=["a", "a"]), "categories holds a text twice"),
        (_set("columns", 1, "categories", value=["a", 1]), "categories should be text"),
        (_set("columns", 1, "categories", value="ab"), "categories should be a list of texts"),
        (_set("columns", 1, value={**GOOD["columns"][1], "categories": [], "other": False}), "has no categories"),
        (_set("target", value=None), "target should hold name, class_names, positions"),
        (_set("target", "class_names", value=[]), "class_names is empty"),
        (_set("target", "name", value=1), "the target's name should be text"),
        (_set("options", "separator", value=", "), "separator should be one character"),
        (_set("options", "encoding", value=7), "encoding should be text"),
        (_set("options", "na_values", value=None), "na_values should be a list of texts"),
        (_set("missing", value="ignore"), "missing should be impute, drop or error"),
        (_set("missing", value=[]), "missing should be impute, drop or error"),
        (_set("version", value=2), "it should hold columns, target, options, missing"),
    ],
)
def test_what_is_wrong_is_told(change: Callable[[dict[str, Any]], None], message: str) -> None:
    stored = copy.deepcopy(GOOD)
    change(stored)
    with pytest.raises(ValueError, match=message):
        Preprocessing.from_json(stored)


@pytest.mark.parametrize("value", [None, [], "x", 3])
def test_what_is_no_mapping_is_told(value: Any) -> None:
    with pytest.raises(ValueError, match="it should hold columns"):
        Preprocessing.from_json(value)
