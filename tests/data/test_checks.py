"""Values that would ruin training, and values that may spoil it."""

from __future__ import annotations

import re

import numpy as np
import pytest

from mlpcli import arrays
from mlpcli.arrays import check_finite
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
