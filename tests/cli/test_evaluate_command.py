"""What `mlpcli evaluate` prints."""

from __future__ import annotations

from importlib import import_module

import pytest


def test_a_confusion_matrix_that_is_too_wide_has_numbers_that_its_rows_explain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Heads of 4, 11 and 5 columns and two blanks after each are 26 columns; two of a Hangul syllable."""
    module = import_module("mlpcli.cli.evaluate")
    columns, rows = ["true", "T-shirt/top", "가방"], [["T-shirt/top", "8", "1"], ["가방", "0", "9"]]
    monkeypatch.setattr(module, "result_width", lambda: 32)
    assert module._narrow(columns, rows) == (columns, rows)
    monkeypatch.setattr(module, "result_width", lambda: 31)
    assert module._narrow(columns, rows) == (
        ["true", "0", "1"], [["0: T-shirt/top", "8", "1"], ["1: 가방", "0", "9"]],
    )  # fmt: skip
    assert module._narrow([], []) == ([], [])
