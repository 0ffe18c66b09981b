"""The sets bundled with scikit-learn, and the catalog's word about them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn import datasets

from mlpcli.config.data_words import BUILT_IN_NAMES, resolve_task
from mlpcli.config.sections import DataConfig
from mlpcli.data.catalog import CATALOG, BuiltIn
from mlpcli.data.sources import load_source
from mlpcli.errors import SettingError

BUNDLED = [built_in for built_in in CATALOG.values() if built_in.bundled]


def test_the_built_in_names() -> None:
    assert BUILT_IN_NAMES == (
        "digits",
        "iris",
        "wine",
        "breast_cancer",
        "diabetes",
        "mnist",
        "fashion_mnist",
        "cifar10",
        "height_weight",
        "animals",
        "moons",
        "spirals",
        "blobs",
    )
    assert [built_in.name for built_in in BUNDLED] == list(BUILT_IN_NAMES[:5])


@pytest.mark.parametrize("built_in", BUNDLED, ids=lambda built_in: built_in.name)
def test_the_catalog_tells_the_truth(built_in: BuiltIn) -> None:
    source = load_source(DataConfig(source=built_in.name))
    assert source.name == built_in.name
    assert source.kind == built_in.kind
    assert source.input_shape == built_in.input_shape
    assert len(source.train) == built_in.train_rows
    assert source.test is None
    assert resolve_task("auto", source.class_names) == built_in.task
    if built_in.class_names is not None:
        assert np.unique(source.train.y).tolist() == list(range(len(built_in.class_names)))


@pytest.mark.parametrize("built_in", BUNDLED, ids=lambda built_in: built_in.name)
def test_values_and_names_are_scikit_learns(built_in: BuiltIn) -> None:
    options = {"scaled": False} if built_in.name == "diabetes" else {}
    bunch = getattr(datasets, f"load_{built_in.name}")(**options)
    source = load_source(DataConfig(source=built_in.name))
    np.testing.assert_array_equal(source.train.x.reshape(bunch.data.shape), bunch.data.astype(source.train.x.dtype))
    np.testing.assert_array_equal(source.train.y, bunch.target)
    if built_in.class_names is not None:
        assert [str(name) for name in bunch.target_names] == list(built_in.class_names)
    if built_in.feature_names is not None:
        assert [str(name) for name in bunch.feature_names] == list(built_in.feature_names)


def test_digits_are_small_whole_numbers() -> None:
    x = load_source(DataConfig(source="digits")).train.x
    assert x.dtype == np.uint8
    assert (x.min(), x.max()) == (0, CATALOG["digits"].pixel_max)
    np.testing.assert_array_equal(x, datasets.load_digits().images)


def test_columns_by_name() -> None:
    source = load_source(DataConfig(source="diabetes", features=["bp", "age", "sex"], exclude=["age"]))
    assert source.feature_names == ("bp", "sex")
    assert source.train.x[0].tolist() == [101, 2]
    source = load_source(DataConfig(source="iris", exclude=["sepal length (cm)"]))
    assert source.train.x[0].tolist() == pytest.approx([3.5, 1.4, 0.2])


FAULTS: list[tuple[dict[str, Any], str]] = [
    ({"source": "iris", "features": ["petal lenght (cm)"]}, 'data.features: .*did you mean "petal length'),
    ({"source": "iris", "exclude": ["colour"]}, 'data.exclude: iris has no column "colour"; it has: sepal length'),
    ({"source": "diabetes", "features": ["age", "age"]}, 'data.features: column "age" is named twice'),
    ({"source": "diabetes", "features": ["age"], "exclude": ["age"]}, "data.features: diabetes has no columns left"),
    ({"source": "diabetes", "target": "age"}, "data.target: diabetes brings its own target"),
    ({"source": "digits", "features": ["pixel_0_0"]}, "data.features: digits holds images"),
    ({"source": "digits", "exclude": ["pixel_0_0"]}, "data.exclude: digits holds images"),
    ({"source": "wine", "path": "/x"}, "data.path: wine is bundled with scikit-learn"),
    ({"source": "wine", "task": "regression"}, "data.task: regression needs a numeric target.*class_0"),
    ({"source": "wine", "task": "binary"}, "data.task: binary needs exactly 2 classes, but there are 3"),
    ({"source": "diabetes", "task": "classification"}, "data.task: classification needs classes"),
]


@pytest.mark.parametrize(("settings", "message"), FAULTS)
def test_settings_that_do_not_fit(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        load_source(DataConfig(**settings))


@pytest.mark.parametrize(
    ("setting", "names", "task"),
    [
        ("auto", None, "regression"),
        ("regression", None, "regression"),
        ("auto", ("a", "b"), "binary"),
        ("binary", ("a", "b"), "binary"),
        ("classification", ("a", "b"), "classification"),
        ("auto", ("a", "b", "c"), "classification"),
    ],
)
def test_the_task(setting: str, names: tuple[str, ...] | None, task: str) -> None:
    assert resolve_task(setting, names) == task
