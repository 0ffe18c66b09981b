from __future__ import annotations

import pytest

from mlpcli.plotting.style import number
from mlpcli.text import display_width, one_line


@pytest.mark.parametrize(
    ("text", "longest", "line"),
    [
        ("Ankle boot", 60, "Ankle boot"),
        ("새\n(조류)\t\x00", 60, "새 (조류)"),
        ("\ud800x", 60, "x"),
        ("a" * 10, 10, "a" * 10),
        ("a" * 11, 10, "a" * 9 + "…"),
        ("가나다라마바", 10, "가나다라…"),  # two Latin letters wide each: 4 * 2 + 1 = 9
        (7, 60, "7"),
    ],
)
def test_one_line(text: object, longest: int, line: str) -> None:
    assert one_line(text, longest) == line


def test_hangul_is_twice_as_wide() -> None:
    assert display_width("MNIST 모델") == 6 + 4


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.97222, "0.9722"),
        (12.3456, "12.35"),
        (3.0, "3"),
        (1.23e-05, "1.23e-05"),
        (9999.0, "9999"),
        (-139918.4, "-139,918"),
        (2e9, "2e+09"),
    ],
)
def test_number(value: float, text: str) -> None:
    assert number(value) == text
