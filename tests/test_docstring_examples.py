"""The examples in docstrings give what they show."""

from __future__ import annotations

import doctest
import importlib

import pytest

MODULES = [
    "text",
    "layers",
    "config.yaml_reader",
    "config.load_config",
    "tables.texts",
    "tables.dates",
    "tables.number_format",
    "tables.whole_numbers",
    "tables.other_files",
    "tables.column_encoders",
    "data.split",
    "data.targets",
    "model.layer_rules",
    "numpy_engine.metrics",
    "numpy_engine.schedules",
]


def docstrings(name: str) -> list[doctest.DocTest]:
    """The docstrings of a module that hold examples."""
    found = doctest.DocTestFinder().find(importlib.import_module(f"mlpcli.{name}"))
    return [docstring for docstring in found if docstring.examples]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_hold(name: str) -> None:
    said: list[str] = []
    for docstring in docstrings(name):
        doctest.DocTestRunner().run(docstring, out=said.append)
    assert "".join(said) == ""


def test_there_are_examples_to_learn_from() -> None:
    assert all(docstrings(name) for name in MODULES)
    assert sum(len(docstrings(name)) for name in MODULES) >= 10
