"""The worst mistakes: which they are, what is kept of them, and their picture."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import mlpcli
from mlpcli.data.dataset import Layout, Part
from mlpcli.errors import DataError, RunDirectoryError
from mlpcli.plotting.mistakes import MOST_PICTURES, mistakes_figure
from mlpcli.plotting.run_plots import draw_run
from mlpcli.scoring.mistakes import LARGEST_SIDE, MOST_MISTAKES, Rules, WorstMistakes
from mlpcli.tables.column_encoders import CategoryColumn, ValueColumn
from mlpcli.tables.preprocessing import plain_preprocessing

COLOURS = Rules(("red", "green", "blue"))


def rows_of(x: Any, y: Any, **more: Any) -> Part:
    return Part(np.asarray(x), np.asarray(y), np.arange(len(x)), **more)


def layout(shape: tuple[int, ...], **more: Any) -> Layout:
    return Layout(shape, COLOURS.class_names, more.pop("feature_names", None), **more)


def answers(found: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [tuple(one[key] for key in ("place", "true", "predicted", "probability")) for one in found["mistakes"]]


def test_the_most_confident_mistakes_come_first_whatever_the_batches() -> None:
    outputs = np.array([[0.9, 0.1, 0], [0.2, 0.5, 0.3], [0.1, 0.1, 0.8], [0.7, 0.2, 0.1]], np.float32)
    true = np.array([0, 2, 1, 1])
    whole, parted = WorstMistakes(COLOURS), WorstMistakes(COLOURS)
    whole.add(np.arange(4), true, outputs)
    for row in (3, 1, 2, 0):
        parted.add(np.array([row]), true[row : row + 1], outputs[row : row + 1])
    part = rows_of(np.zeros((4, 1)), true)
    expected = [("row 3", "green", "blue", 0.8), ("row 4", "green", "red", 0.7), ("row 2", "blue", "green", 0.5)]
    for worst in (whole, parted):
        found = worst.as_json(part, layout((1,)), "test")
        assert answers(found) == expected
        assert (found["wrong"], found["rows"], found["split"]) == (3, 4, "test")


def test_only_some_are_kept_and_all_are_counted() -> None:
    worst = WorstMistakes(Rules(("a", "b")))
    p = np.linspace(0.51, 0.99, 100, dtype=np.float32)[:, np.newaxis]
    worst.add(np.arange(100), np.zeros(100, np.int64), p)
    found = worst.as_json(rows_of(np.zeros((100, 2)), np.zeros(100)), layout((2,)), "test")
    assert (len(found["mistakes"]), found["wrong"]) == (MOST_MISTAKES, 100)
    assert answers(found)[0] == ("row 100", "a", "b", 0.99)


def test_of_one_output_the_threshold_decides_and_the_probability_is_that_of_the_answer() -> None:
    worst = WorstMistakes(Rules(("no", "yes"), threshold=0.3))
    worst.add(np.arange(3), np.array([0, 1, 1]), np.array([[0.4], [0.2], [0.9]], np.float32))
    found = worst.as_json(rows_of(np.zeros((3, 1)), np.zeros(3)), layout((1,)), "test")
    assert answers(found) == [("row 2", "yes", "no", 0.8), ("row 1", "no", "yes", 0.4)]


def test_of_numbers_the_largest_errors() -> None:
    worst = WorstMistakes(Rules(None))
    worst.add(np.arange(4), np.array([1.0, 2, 3, 4], np.float32), np.array([[1.5], [2], [-7], [np.nan]], np.float32))
    found = worst.as_json(rows_of(np.zeros((4, 1)), np.zeros(4)), layout((1,)), "test")
    assert answers(found)[1:] == [("row 3", "3", "-7.0000", None), ("row 1", "1", "1.5000", None)]
    assert answers(found)[0][:2] == ("row 4", "4")  # what is no number is the worst
    assert (found["predicts"], found["wrong"]) == ("number", 3)


def test_several_numbers_have_no_order_in_common() -> None:
    assert WorstMistakes.of({"task": "regression", "targets": 2}) is None
    assert WorstMistakes.of({"task": "regression", "targets": 1}) is not None


@pytest.mark.parametrize(
    ("pixels", "largest", "expected"),
    [
        (np.array([[0, 8], [16, 16]] * 2).repeat(2, axis=1), 16.0, [0, 0, 128, 128, 255, 255, 255, 255]),
        (np.full((4, 4, 1), 255, np.uint8), 255.0, [255] * 8),
        (np.linspace(0, 1, 16).reshape(4, 4), None, [0, 17, 34, 51, 68, 85, 102, 119]),
        (np.zeros((4, 4)), None, [0] * 8),
    ],
)
def test_a_picture_is_kept_as_png(pixels: Any, largest: float | None, expected: list[int]) -> None:
    picture = Image.open(io.BytesIO(base64.b64decode(one_wrong(pixels, largest)["picture"])))
    assert np.array(picture).ravel()[:8].tolist() == expected


def one_wrong(x: Any, pixel_max: float | None = None, **more: Any) -> dict[str, Any]:
    worst = WorstMistakes(COLOURS)
    worst.add(np.array([0]), np.array([1]), np.array([[0.9, 0.1, 0.0]]))
    part = rows_of(x[np.newaxis], [1], place=more.pop("place", None))
    found: dict[str, Any] = worst.as_json(part, layout(x.shape, pixel_max=pixel_max, **more), "test")["mistakes"][0]
    return found


def test_a_large_photo_becomes_small() -> None:
    picture = Image.open(io.BytesIO(base64.b64decode(one_wrong(np.zeros((300, 200, 3), np.uint8), 255.0)["picture"])))
    assert (picture.size, picture.mode) == ((64, LARGEST_SIDE), "RGB")


def test_the_cells_of_a_row() -> None:
    fitted = plain_preprocessing(("나이", "port"), None, ("y",))
    columns = (ValueColumn("나이", "number", 30.0, True), CategoryColumn("port", ("부산", "인천"), True, False))
    from dataclasses import replace

    fitted = replace(fitted, columns=columns)
    row = np.array([22.5, 0, 0, 1, 0], np.float32)
    assert one_wrong(row, preprocessing=fitted)["cells"] == [("나이", "22.5"), ("port", "인천")]
    assert one_wrong(np.array([1.0, 2.5]), feature_names=("a", "b"))["cells"] == [("a", "1"), ("b", "2.5")]
    assert "cells" not in one_wrong(np.array([1.0, 2.5]))


def test_a_row_is_named_by_its_place_while_the_file_is_there() -> None:
    def gone(row: int) -> str:
        raise DataError("people.csv: changed")

    assert one_wrong(np.zeros(1), place=lambda row: "/home/kim/people.csv:17")["place"] == "people.csv:17"
    assert one_wrong(np.zeros(1), place=lambda row: "cat/12.jpg")["place"] == "cat/12.jpg"
    assert one_wrong(np.zeros(1), place=gone)["place"] == "row 1"


def found_with(**cell: Any) -> dict[str, Any]:
    one = {"place": "사람.csv:17", "true": "예", "predicted": "아니요", "probability": 0.97, **cell}
    return {"split": "test", "rows": 360, "predicts": "classes", "wrong": 30, "mistakes": [one] * 25}


def texts(figure: Any) -> list[str]:
    return [text.get_text() for text in figure.axes[0].texts]


def test_the_gallery_has_a_picture_and_three_lines_each() -> None:
    figure = mistakes_figure(found_with(picture=one_wrong(np.eye(4) * 255, 255.0)["picture"]), "숫자")
    assert figure is not None
    assert texts(figure)[:3] == ["said 아니요, 97 %", "is 예", "사람.csv:17"]
    assert len(texts(figure)) == 3 * MOST_PICTURES
    mosaic = np.asarray(figure.axes[0].images[0].get_array())
    tile = mosaic[:100, 24:124, 0]
    assert (tile[:25, :25] == 255).all()  # the upper left pixel, 25 times as large
    assert (tile[:25, 25:] == 0).all()
    assert figure.get_suptitle().endswith("test: 30 of 360 rows are wrong; the most confident first")


def test_the_table_has_the_columns_that_fit() -> None:
    cells = [[f"열 {number}", "x" * 30] for number in range(40)]
    figure = mistakes_figure(found_with(cells=cells))
    assert figure is not None
    shown = texts(figure)
    assert shown[:5] == ["row", "true", "predicted", "probability", "열 0"]
    assert shown[5:].count("row") == 0
    assert figure.get_figwidth() < 12
    numbers = {**found_with(probability=None), "predicts": "number"}
    assert texts(mistakes_figure(numbers))[:6] == ["row", "true", "predicted", "사람.csv:17", "예", "아니요"]


def test_where_nothing_is_wrong_there_is_no_picture() -> None:
    assert mistakes_figure({**found_with(), "mistakes": []}) is None


def test_a_run_and_evaluate_write_it(tmp_path: Path) -> None:
    config = tmp_path / "c.yaml"
    config.write_text("data: {source: iris, test: 0.3}\ntraining: {engine: numpy, epochs: 1}\n", encoding="utf-8")
    result = mlpcli.train(config, run_dir=tmp_path / "run")
    stored = json.loads((result.run / "mistakes.json").read_text(encoding="utf-8"))
    right = result.evaluation["accuracy"] * stored["rows"]
    assert stored["wrong"] == stored["rows"] - round(right) > 0
    assert (result.run / "mistakes.png").exists()
    mlpcli.evaluate(result.run, output=tmp_path / "again")
    assert json.loads((tmp_path / "again" / "mistakes.json").read_text(encoding="utf-8")) == stored
    (result.run / "mistakes.json").write_text('{"mistakes": [{"place": 1}]}', encoding="utf-8")
    with pytest.raises(RunDirectoryError, match=r"mistakes\.json: is damaged"):
        draw_run(result.run, ["png"], ["mistakes"])
