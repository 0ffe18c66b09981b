"""Scaling: which one, and its numbers."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from mlpcli import arrays
from mlpcli.config.sections import DataConfig
from mlpcli.data.dataset import DataFacts, Kind, Part
from mlpcli.data.facts import inspect_data
from mlpcli.data.load_data import split_source
from mlpcli.data.scaling import Scaling, choose_scaling, fit_scaling
from mlpcli.data.sources import load_source
from mlpcli.errors import DataError, SettingError


def facts(kind: Kind, pixel_max: float | None = None, names: tuple[str, ...] | None = None) -> DataFacts:
    return DataFacts("s", kind, (2,), "classification", ("a", "b"), names, pixel_max, 1, 3, None, None, "here")


def part(x: object, rows: list[int] | None = None) -> Part:
    values = np.asarray(x)
    return Part(values, np.zeros(len(values)), np.array(range(len(values)) if rows is None else rows))


@pytest.mark.parametrize(
    ("kind", "pixel_max", "setting", "word"),
    [
        ("image", 255, "auto", "unit"),
        ("image", 16, "auto", "unit"),
        ("image", 1, "auto", "none"),
        ("image", None, "auto", "standardize"),
        ("table", None, "auto", "standardize"),
        ("table", None, "none", "none"),
        ("table", None, "minmax", "minmax"),
        ("image", 255, "standardize", "standardize"),
        ("table", None, "robust", "robust"),
        ("image", 255, "robust", "robust"),
    ],
)
def test_the_choice(kind: Kind, pixel_max: float | None, setting: str, word: str) -> None:
    assert choose_scaling(facts(kind, pixel_max), setting) == word


@pytest.mark.parametrize(
    ("kind", "message"), [("table", "unit is for pixels, but s is a table"), ("image", "unit needs pixels of 0 to 255")]
)
def test_unit_needs_pixels(kind: Kind, message: str) -> None:
    with pytest.raises(SettingError, match=f"data.scaling: {message}"):
        choose_scaling(facts(kind), "unit")


def test_unit() -> None:
    x = np.zeros((2, 2, 2), np.uint8)
    assert fit_scaling(facts("image", 255), "auto", part(x)) == Scaling("rescaling", scale=1 / 255)
    assert fit_scaling(facts("image", 16), "unit", part(x)) == Scaling("rescaling", scale=0.0625)
    assert fit_scaling(facts("image", 1), "auto", part(x)) == Scaling("none")


@pytest.fixture(params=[16, 1 << 23], ids=["row by row", "at once"])
def chunk_bytes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrays, "CHUNK_BYTES", request.param)


TABLE = np.array([[1, 10], [3, 10], [8, 10], [1000, 77]], np.float32)


@pytest.mark.usefixtures("chunk_bytes")
def test_standardize_by_hand_on_the_training_rows_alone() -> None:
    # 1, 3, 8: mean 4, variance (9 + 1 + 16) / 3; the second column is constant there
    scaling = fit_scaling(facts("table"), "standardize", part(TABLE, [0, 1, 2]))
    assert (scaling.kind, scaling.axis) == ("normalization", -1)
    assert scaling.mean == (4.0, 10.0)
    assert scaling.variance == pytest.approx((26 / 3, 1.0))


@pytest.mark.usefixtures("chunk_bytes")
def test_minmax_by_hand() -> None:
    scaling = fit_scaling(facts("table"), "minmax", part(TABLE, [0, 1, 2]))
    assert scaling == Scaling("normalization", axis=-1, mean=(1.0, 10.0), variance=(49.0, 1.0))
    scaled = (TABLE[:3] - scaling.mean) / np.sqrt(scaling.variance)
    assert scaled.min(axis=0).tolist() == [0, 0]
    assert scaled.max(axis=0).tolist() == [1, 0]


@pytest.mark.usefixtures("chunk_bytes")
def test_robust_by_hand() -> None:
    # 1, 3, 8, 1000: quartiles at 2.5 and 256 (between 8 and 1000), median 5.5; the second column has equal quartiles
    x = np.column_stack([TABLE[:, 0], [10, 10, 10, 30], [7] * 4]).astype(np.float32)
    scaling = fit_scaling(facts("table"), "robust", part(x))
    assert (scaling.kind, scaling.axis) == ("normalization", -1)
    assert scaling.mean == (5.5, 10, 7)
    assert scaling.variance == pytest.approx((253.5**2, 5**2, 1))
    # quartiles of 10, 10, 10, 30 are 10, 10, 15; of 10, 10, 10, 10, 30 they are equal, and half the range is 10
    scaling = fit_scaling(facts("table"), "robust", part(np.array([[10], [10], [10], [10], [30]], np.float32)))
    assert (scaling.mean, scaling.variance) == ((10,), (100,))


def test_robust_is_of_the_training_rows_and_leaves_columns_of_0_and_1() -> None:
    x = np.array([[0, 1], [5, 0], [1, 1], [2, 1], [99, 0], [3, 1], [4, 0]], np.float32)
    scaling = fit_scaling(replace(facts("table"), pass_through=(False, True)), "robust", part(x, [0, 1, 2, 3, 5, 6]))
    assert scaling.mean == (2.5, 0)
    assert scaling.variance == pytest.approx((2.5**2, 8 / 9))
    one = 1 / np.sqrt(8 / 9)
    assert one / np.sqrt(1 + (one / 3) ** 2) == pytest.approx(1, abs=1e-15)


@pytest.mark.usefixtures("chunk_bytes")
def test_robust_of_images() -> None:
    grey = fit_scaling(facts("image"), "robust", part(np.array([[[0, 2]], [[4, 6]], [[8, 9]]], np.uint8), [0, 1]))
    assert grey == Scaling("normalization", axis=None, mean=(3.0,), variance=(9.0,))
    colour = np.array([[[[1, 5, 7]], [[3, 5, 8]], [[5, 5, 9]]]], np.float32)
    scaling = fit_scaling(facts("image"), "robust", part(colour))
    assert scaling == Scaling("normalization", axis=-1, mean=(3.0, 5.0, 8.0), variance=(4.0, 1.0, 1.0))


def test_robust_samples_many_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlpcli.data.scaling.MOST_SAMPLED", 4 * 500)
    x = np.arange(4 * 5_000, dtype=np.float32).reshape(5_000, 2, 2)
    found = [fit_scaling(facts("image"), "robust", part(x)) for _ in range(2)]
    assert found[0] == found[1]
    assert found[0].mean[0] == pytest.approx(10_000, abs=2_000)  # one standard error is about 450
    assert np.sqrt(found[0].variance[0]) == pytest.approx(10_000, abs=2_000)


def test_values_too_far_from_the_quartiles() -> None:
    x = np.array([[0], [1], [2], [3], [1e38]], np.float32) * np.float32(1e-3)
    message = "s: column 0 (from 0) has values 1.0e+35 from its median, but half of them within 2.0e-03, too far apart"
    with pytest.raises(DataError, match=re.escape(message)):
        fit_scaling(facts("table"), "robust", part(x))


@pytest.mark.usefixtures("chunk_bytes")
def test_grey_images_share_one_mean() -> None:
    scaling = fit_scaling(facts("image"), "standardize", part(np.array([[[0, 2]], [[4, 6]]], np.uint8)))
    assert scaling == Scaling("normalization", axis=None, mean=(3.0,), variance=(5.0,))


@pytest.mark.usefixtures("chunk_bytes")
def test_colour_images_have_a_mean_per_channel() -> None:
    images = np.array([[[[1, 5, 7]], [[3, 5, 8]]]], np.float32)
    scaling = fit_scaling(facts("image"), "auto", part(images))
    assert scaling == Scaling("normalization", axis=-1, mean=(2.0, 5.0, 7.5), variance=(1.0, 1.0, 0.25))


def test_scikit_learn_agrees() -> None:
    data = DataConfig(source="wine")
    source = load_source(data)
    train = split_source(source, data, 1).train
    scaling = fit_scaling(inspect_data(data, 1), "auto", train)
    scaler = StandardScaler().fit(train.arrays()[0].astype(np.float64))
    assert scaling.mean == pytest.approx(scaler.mean_)
    assert scaling.variance == pytest.approx(scaler.var_)


def test_a_spread_beyond_32_bits() -> None:
    x = np.array([[0, 0], [1, 3e38]], np.float32)
    with pytest.raises(DataError, match=re.escape("s: column 나 spreads over 1.5e+38")):
        fit_scaling(facts("table", names=("가", "나")), "standardize", part(x))
