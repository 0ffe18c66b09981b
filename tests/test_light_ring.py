"""The tests that are not marked tf are collected where TensorFlow and Keras are not installed."""

from __future__ import annotations


def test_no_test_file_imports_tensorflow_or_keras_at_its_top(imported_by_collecting: list[str]) -> None:
    assert imported_by_collecting == []
