"""Values that would ruin training, and values that may spoil it."""

from __future__ import annotations

import re

import numpy as np
import pytest

from mlpcli.data import arrays
from mlpcli.data.checks import check_finite, constant_warning, data_warnings, unscaled_warning
from mlpcli.data.dataset import Part
from mlpcli.errors import DataError


def table(rows: int = 6) -> np.ndarray:
    return np.arange(rows * 2, dtype=np.float32).reshape(rows, 2)


@pytest.fixture(params=[8, 1 << 23], ids=["row by row", "at once"])
def chunk_bytes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrays, "CHUNK_BYTES", request.param)


@pytest.mark.usefixtures("chunk_bytes")
@pytest.mark.parametrize(
    ("x_places", "y_places", "value", "names", "message"),
    [
        (
            [(4, 1), (5, 0)],
            [],
            np.nan,
            None,
            "t: x: 2 values are not finite; the first is nan in row 4 (from 0), column 1",
        ),
        (
            [(4, 1)],
            [],
            -np.inf,
            ("키", "나이"),
            '1 value is not finite; the first is -inf in row 4 (from 0), column "나이"',
        ),
        ([], [(3,), (1,)], np.inf, None, "t: y: 2 values are not finite; the first is inf in row 1 (from 0);"),
    ],
)
def test_the_first_place_is_named(
    x_places: list[tuple[int, int]],
    y_places: list[tuple[int]],
    value: float,
    names: tuple[str, ...] | None,
    message: str,
) -> None:
    x, y = table(), np.zeros(6, np.float32)
    for place in x_places:
        x[place] = value
    for row in y_places:
        y[row] = value
    with pytest.raises(DataError, match=re.escape(message)):
        check_finite("t", x, y, names)


def test_a_pixel_is_named() -> None:
    images = np.zeros((2, 3, 3), np.float32)
    images[1, 2, 0] = np.nan
    with pytest.raises(DataError, match=re.escape("row 1 (from 0), pixel (2, 0)")):
        check_finite("t", images, np.zeros(2, np.int64))


def test_finite_values_and_integers_pass() -> None:
    check_finite("t", table(), np.zeros(6, np.float32))
    check_finite("t", np.full((2, 2), 255, np.uint8), np.zeros(2, np.int64))


@pytest.mark.parametrize(
    ("scaling", "largest", "warned"),
    [("none", 21, True), ("none", -21, True), ("none", 20, False), ("unit", 255, False)],
)
def test_unscaled_values(scaling: str, largest: float, warned: bool) -> None:
    warnings = unscaled_warning(scaling, np.array([[0.0], [largest]], np.float32))
    assert len(warnings) == warned
    assert not warned or "values go up to 21 and data.scaling is none" in warnings[0]


@pytest.mark.usefixtures("chunk_bytes")
def test_constant_columns_are_those_of_the_training_rows() -> None:
    x = np.array([[9, 1, 5], [2, 1, 5], [3, 1, 5], [4, 0, 5]], np.float32)
    part = Part(x, np.zeros(4), np.array([0, 1, 2]))
    assert constant_warning(part, ("a", "나", "c")) == [
        '2 of 3 columns hold one value in all training rows and say nothing: column "나", column "c"'
    ]
    whole = Part(x, np.zeros(4), np.arange(4))
    assert data_warnings("none", whole) == [
        "1 of 3 columns hold one value in all training rows and say nothing: column 2 (from 0)"
    ]
    assert constant_warning(Part(np.zeros((4, 2, 2)), np.zeros(4), np.arange(4))) == []
