"""Names for TensorFlow's scopes."""

from __future__ import annotations

import re

import pytest

from mlpcli.model.stack import safe_name, safe_names

SCOPE = re.compile(r"[A-Za-z0-9.][A-Za-z0-9_.\\/>-]*\Z")
"""What TensorFlow takes."""


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("hidden", "hidden"),
        ("hidden layer 1", "hidden_layer_1"),
        ("출력", "dense"),
        ("패션 MNIST 모델", "MNIST"),
        ("_private", "private"),
        ("a/b", "a_b"),
        ("...", "dense"),
        ("1st", "1st"),
    ],
)
def test_one_name(name: str, safe: str) -> None:
    assert safe_name(name, "dense") == safe
    assert SCOPE.match(safe)


@pytest.mark.parametrize(
    ("names", "safe"),
    [
        (["은닉", "출력"], ["dense", "dense_1"]),
        (["a b", "a_b", "a-b"], ["a_b", "a_b_1", "a-b"]),
        (["a_1", "a", "a"], ["a_1", "a", "a_2"]),
        (["input", "input"], ["input_1", "input_2"]),
    ],
)
def test_names_are_unique(names: list[str], safe: list[str]) -> None:
    assert safe_names(names, ["dense"] * len(names)) == safe
