from __future__ import annotations

import pytest

from mlpcli.plotting.style import drawing_style, fonts_for, new_figure, set_title, title_width
from mlpcli.text import wrapped


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("digits", 6, ["digits"]),
        ("", 6, [""]),
        ("digits-long run", 6, ["digits", "-long", "run"]),
        ("digits-long run", 8, ["digits-", "long run"]),
        ("R² -12.12, MAE 139,918", 9, ["R²", "-12.12,", "MAE", "139,918"]),
        ("lr 1e-5", 4, ["lr", "1e-5"]),
        ("one two three", 7, ["one two", "three"]),
        ("lr=0.01, seed=1", 8, ["lr=0.01,", "seed=1"]),
        ("패션 의류 실험", 10, ["패션 의류", "실험"]),  # 2 * 2 + 1 + 2 * 2 = 9
        ("패션의류실험", 10, ["패션의류실", "험"]),
        ("a 패션의류실험", 10, ["a", "패션의류실", "험"]),
    ],
)
def test_wrapped(text: str, width: int, lines: list[str]) -> None:
    assert wrapped(text, width).split("\n") == lines


@pytest.mark.parametrize("text", ["test: R² 0.4275, MAE 51.78, RMSE 62.62 on 88 rows", "DIGITS-2 WITH ADAM", "무게"])
def test_the_width_of_a_title_is_a_little_too_large(text: str, hangul_font: None) -> None:
    with drawing_style(fonts_for([text]).families):
        figure = new_figure(10, 2)
        set_title(figure, text)
        title = figure.texts[0]
        ems = title.get_window_extent().width / figure.dpi * 72 / 13
    assert 0.7 < ems / title_width(text) <= 1.0
