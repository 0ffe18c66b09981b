from __future__ import annotations

import pytest

from mlpcli.plotting.wrapped_text import wrapped


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("digits", 6, ["digits"]),
        ("", 6, [""]),
        ("digits-long run", 6, ["digits", "-long", "run"]),
        ("one two three", 7, ["one two", "three"]),
        ("lr=0.01, seed=1", 8, ["lr=0.01,", "seed=1"]),
        ("패션 의류 실험", 10, ["패션 의류", "실험"]),  # 2 * 2 + 1 + 2 * 2 = 9
        ("패션의류실험", 10, ["패션의류실", "험"]),
        ("a 패션의류실험", 10, ["a", "패션의류실", "험"]),
    ],
)
def test_wrapped(text: str, width: int, lines: list[str]) -> None:
    assert wrapped(text, width).split("\n") == lines
