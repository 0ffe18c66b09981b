"""The generated sets: their rules by hand, their seeds, and how they go with the rest of the data section."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pytest

from mlpcli.config.data_words import BUILT_IN_NAMES
from mlpcli.config.sections import DataConfig, GenerateConfig
from mlpcli.data import catalog
from mlpcli.data.catalog import CATALOG
from mlpcli.data.facts import facts_of, inspect_data
from mlpcli.data.generated import RECIPES, generate
from mlpcli.data.load_data import split_source
from mlpcli.data.sources import load_source
from mlpcli.errors import SettingError

GENERATED = [built_in for built_in in CATALOG.values() if built_in.generated]
NAMES = [built_in.name for built_in in GENERATED]


def _made(name: str, **settings: Any) -> tuple[np.ndarray, np.ndarray]:
    return generate(name, GenerateConfig(**settings))


def test_the_config_and_the_catalog_know_the_same_names() -> None:
    assert tuple(catalog.CATALOG) == BUILT_IN_NAMES
    assert list(RECIPES) == NAMES == ["height_weight", "animals", "moons", "spirals", "blobs"]
    assert not any(built_in.bundled for built_in in GENERATED)
    assert all(built_in.at_hand for built_in in GENERATED)
    assert [CATALOG[name].at_hand for name in ("iris", "mnist")] == [True, False]


@pytest.mark.parametrize("built_in", GENERATED, ids=NAMES)
def test_the_catalog_tells_the_truth(built_in: Any) -> None:
    source = load_source(DataConfig(source=built_in.name))
    assert (source.kind, source.input_shape, source.test) == ("table", built_in.input_shape, None)
    assert (source.class_names, source.feature_names) == (built_in.class_names, built_in.feature_names)
    assert len(source.train) == built_in.train_rows == GenerateConfig().rows
    assert source.train.x.dtype == np.float32
    if built_in.class_names is None:
        assert source.train.y.dtype == np.float32
    else:
        assert np.unique(source.train.y).tolist() == list(range(len(built_in.class_names)))


@pytest.mark.parametrize("name", NAMES)
def test_one_seed_one_set(name: str) -> None:
    first, again, other = _made(name), _made(name), _made(name, seed=1)
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(first[1], again[1])
    assert not np.array_equal(first[0], other[0])
    assert _made(name, rows=10)[0].shape == (10, len(CATALOG[name].feature_names or ()))


def test_the_sets_stay_as_they_are() -> None:
    """A model's test rows are made again when it is evaluated: another stream of numbers would be other rows."""
    content = [np.ascontiguousarray(part, np.float32).tobytes() for name in NAMES for part in _made(name)]
    assert hashlib.sha256(b"".join(content)).hexdigest()[:16] == "4a61dee8ab5f2dc6"


def test_height_and_weight_follow_the_line() -> None:
    x, y = _made("height_weight", rows=20_000)
    assert (x.min() >= 140, x.max() <= 205) == (True, True)
    assert (x.mean(), x.std()) == (pytest.approx(168, abs=0.3), pytest.approx(9, abs=0.2))
    slope, intercept = np.polyfit(x[:, 0], y, 1)
    assert (slope, intercept) == (pytest.approx(0.9, abs=0.02), pytest.approx(-88, abs=3))
    assert np.abs(y - (0.9 * x[:, 0] - 88)).mean() == pytest.approx(0.8 * 6, abs=0.1)
    x, y = _made("height_weight", noise=0.0)
    np.testing.assert_allclose(y, 0.9 * x[:, 0] - 88, atol=0.0501)


def test_animals_follow_the_rule() -> None:
    x, y = _made("animals", rows=400)
    bird, mammal, other = range(3)
    rule = {(0, 0): other, (1, 0): mammal, (0, 1): bird, (1, 1): other}
    assert [rule[tuple(row)] for row in x.tolist()] == y.tolist()
    assert np.bincount(y).tolist() == [100, 100, 200]
    assert CATALOG["animals"].class_names == ("bird", "mammal", "other")


def test_the_noise_of_animals_is_a_share_of_labels() -> None:
    """A third of the labels that are drawn is right by chance: 0.3 of them drawn leaves 0.2 of them wrong."""
    clean, noisy = _made("animals", rows=20_000)[1], _made("animals", rows=20_000, noise=0.3)[1]
    assert (clean != noisy).mean() == pytest.approx(0.2, abs=0.01)
    every = _made("animals", rows=20_000, noise=1.0)[1]
    assert np.bincount(every) / 20_000 == pytest.approx([1 / 3] * 3, abs=0.02)


def test_moons_lie_on_their_half_circles() -> None:
    x, y = _made("moons", rows=1000, noise=0.0)
    centres = np.array([[1, 0.5], [0, 0]])[y]
    assert np.hypot(*(x - centres).T) == pytest.approx(1, abs=1e-3)
    assert (((x - centres)[:, 1] >= -1e-4) == (y == 1)).mean() > 0.99
    assert np.bincount(y).tolist() == [500, 500]


def test_spirals_lie_on_their_arms() -> None:
    x, y = _made("spirals", rows=999, noise=0.0)
    radius, angle = np.hypot(*x.T), np.arctan2(x[:, 1], x[:, 0])
    off = (angle - 2 * np.pi * (y / 3 + 0.75 * radius) + np.pi) % (2 * np.pi) - np.pi
    assert np.abs(off * radius).max() < 1e-3
    assert (radius.min() > 0.09, radius.max() < 1.01) == (True, True)
    assert np.bincount(y).tolist() == [333] * 3


def test_blobs_are_round_clouds() -> None:
    x, y = _made("blobs", rows=30_000)
    for cloud, centre in enumerate([(0, 2), (-(3**0.5), -1), (3**0.5, -1)]):
        points = x[y == cloud]
        assert points.mean(0) == pytest.approx(centre, abs=0.03)
        assert points.std(0) == pytest.approx([0.8, 0.8], abs=0.02)


SAME: list[dict[str, Any]] = [
    {"source": "animals", "test": 0.2},
    {"source": "height_weight", "generate": GenerateConfig(rows=50), "validation": None},
    {"source": "moons", "features": ["x2"], "validation": "test", "test": 0.5},
    {"source": "spirals", "exclude": ["x1"], "limit": 101, "generate": GenerateConfig(seed=4)},
]


@pytest.mark.parametrize("settings", SAME)
def test_the_catalog_knows_what_generating_finds(settings: dict[str, Any]) -> None:
    data = DataConfig(**settings)
    source = load_source(data)
    facts = inspect_data(data, 1)
    assert facts == facts_of(source, data, split_source(source, data, 1))
    assert facts.found == f"made by mlpcli (seed {data.generate.seed})"


def test_columns_are_chosen_by_name() -> None:
    both = load_source(DataConfig(source="moons")).train.x
    source = load_source(DataConfig(source="moons", features=["x2"]))
    assert source.feature_names == ("x2",)
    np.testing.assert_array_equal(source.train.x, both[:, 1:])


FAULTS: list[tuple[dict[str, Any], str]] = [
    ({"source": "animals", "generate": GenerateConfig(noise=1.5)}, "data.generate.noise: is a share.* at most 1 "),
    ({"source": "moons", "generate": GenerateConfig(noise=1e7)}, r"data.generate.noise: .* at most 1e\+06"),
    ({"source": "iris", "generate": GenerateConfig(rows=50)}, "data.generate: is only for generated sets"),
    ({"source": "animals", "path": "/x"}, "data.path: animals is made by mlpcli and needs no files"),
    ({"source": "animals", "target": "hair"}, "data.target: animals brings its own target"),
    ({"source": "animals", "features": ["hiar"]}, 'data.features: .*did you mean "hair"'),
    ({"source": "blobs", "task": "binary"}, "data.task: binary needs exactly 2 classes, but there are 3: cloud 1"),
    ({"source": "height_weight", "task": "classification"}, "data.task: classification needs classes"),
]


@pytest.mark.parametrize(("settings", "message"), FAULTS)
def test_settings_that_do_not_fit(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        load_source(DataConfig(**settings))
    with pytest.raises(SettingError, match=message):
        inspect_data(DataConfig(**settings), 1)
