"""The generated sets moons, spirals, blobs, animals and height_weight: their rules, rows, and CSV files."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mlpcli.arrays import Array
from mlpcli.data.catalog import CATALOG, BuiltIn
from mlpcli.data.dataset import Rows, Source
from mlpcli.data.settings import choose_columns
from mlpcli.errors import SettingError

if TYPE_CHECKING:
    from mlpcli.config.sections import DataConfig, GenerateConfig


@dataclass(frozen=True)
class Recipe:
    """How a set is made.

    make: from rows, noise and a source of random numbers to x (rows, columns) and y (rows,).
    noise: the default; most_noise: the largest that means something. target: what y is called.
    """

    make: Callable[[int, float, np.random.Generator], tuple[Array, Array]]
    noise: float
    target: str
    most_noise: float = 1e6


def make_animals(rows: int, noise: float, random: np.random.Generator) -> tuple[Array, Array]:
    """Whether an animal has hair and wings (0 or 1 each), and what it is.

    Hair and no wings: a mammal. Wings and no hair: a bird. Neither or both (a fish, a bat): other. Each of the four
    combinations makes up a quarter of the rows. `noise` is the share of labels that are drawn at random from all three
    classes instead, 0 by default: then a perfect score is possible.

    Returns:
        x (rows, 2) whole numbers: hair, wings; y (rows,) indices into bird, mammal, other.
    """
    combination = equal_shares(rows, 4, random)
    hair, wings = combination // 2, combination % 2
    rule = np.array([[OTHER, BIRD], [MAMMAL, OTHER]])[hair, wings]
    drawn = random.integers(0, 3, rows)
    return np.stack([hair, wings], axis=1), np.where(random.random(rows) < noise, drawn, rule)


def make_blobs(rows: int, noise: float, random: np.random.Generator) -> tuple[Array, Array]:
    """Points around three centres, a third of the rows around each.

    The centres stand 2 away from (0, 0), at 90, 210 and 330 degrees, so 3.46 from each other. Every point is its centre
    moved by a normal error of standard deviation `noise` in both directions (0.8 by default: about 3 % of the points
    are nearer to another centre).

    Returns:
        x (rows, 2): x1, x2; y (rows,) indices of the clouds.
    """
    cloud = equal_shares(rows, CLOUDS, random)
    angle = np.pi / 2 + 2 * np.pi * cloud / CLOUDS
    centres = DISTANCE * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return scattered(centres, noise, random), cloud


def make_height_weight(rows: int, noise: float, random: np.random.Generator) -> tuple[Array, Array]:
    """Heights of adults in cm, and their weights in kg.

    height: normal, mean 168, standard deviation 9, kept within 140 and 205.
    weight = 0.9 height - 88, and a normal error of standard deviation `noise` kg (6 by default). So the best that any
    model can reach is a mean absolute error of 0.8 noise: 4.8 kg by default.
    Both are rounded to a tenth, as scales show them.

    Returns:
        x (rows, 1) and y (rows,), float64.
    """
    height = np.clip(random.normal(MEAN_HEIGHT, SPREAD, rows), SHORTEST, TALLEST).round(1)
    weight = SLOPE * height + INTERCEPT + noise * random.standard_normal(rows)
    return height[:, None], weight.round(1)


def make_moons(rows: int, noise: float, random: np.random.Generator) -> tuple[Array, Array]:
    """Points on two half circles of radius 1, half of the rows on each.

    upper: around (0, 0), the half above; lower: around (1, 0.5), the half below. Every point is then moved by a normal
    error of standard deviation `noise` in both directions (0.15 by default; the circles are 1 wide).
    scikit-learn's make_moons has the same shape; its points are spaced evenly, these are drawn.

    Returns:
        x (rows, 2): x1, x2; y (rows,) indices into lower, upper.
    """
    upper = equal_shares(rows, 2, random)
    angle = random.uniform(0, np.pi, rows)
    sign = np.where(upper, 1, -1)
    points = np.stack([sign * np.cos(angle) + (1 - upper), sign * np.sin(angle) + 0.5 * (1 - upper)], axis=1)
    return scattered(points, noise, random), upper


def make_spirals(rows: int, noise: float, random: np.random.Generator) -> tuple[Array, Array]:
    """Points on three spiral arms around (0, 0), a third of the rows on each.

    A point at distance r (uniform between 0.1 and 1) stands at the angle of its arm (0, 120 or 240 degrees) and 270
    degrees times r; so from one arm to the next it is 0.44 outwards. Every point is then moved by a normal error of
    standard deviation `noise` in both directions (0.04 by default).

    Returns:
        x (rows, 2): x1, x2; y (rows,) indices of the arms.
    """
    arm = equal_shares(rows, ARMS, random)
    radius = random.uniform(INNERMOST, 1, rows)
    angle = 2 * np.pi * (arm / ARMS + TURNS * radius)
    points = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return scattered(points, noise, random), arm


RECIPES = {
    "height_weight": Recipe(make_height_weight, 6.0, "weight"),
    "animals": Recipe(make_animals, 0.0, "animal", most_noise=1.0),
    "moons": Recipe(make_moons, 0.15, "moon"),
    "spirals": Recipe(make_spirals, 0.04, "arm"),
    "blobs": Recipe(make_blobs, 0.8, "cloud"),
}


def check_generate(name: str, generate: GenerateConfig) -> None:
    """Whether the noise fits the set.

    Raises:
        SettingError: it is too large: nothing of the rule would be left.
    """
    most = RECIPES[name].most_noise
    if generate.noise is not None and generate.noise > most:
        what = "is a share of the labels for animals, so" if name == "animals" else f"leaves nothing of {name};"
        raise SettingError("data.generate.noise", f"{what} at most {most:g} (got {generate.noise:g})")


def generate(name: str, settings: GenerateConfig) -> tuple[Array, Array]:
    """x (rows, columns) and y (rows,): the same for the same name and settings, whatever the config's own seed is.

    Raises:
        SettingError: as `check_generate`.
    """
    check_generate(name, settings)
    recipe = RECIPES[name]
    noise = recipe.noise if settings.noise is None else settings.noise
    return recipe.make(settings.rows, noise, np.random.default_rng(settings.seed))


def load_generated(built_in: BuiltIn, data: DataConfig) -> Source:
    """A generated set as a source; it has no separate test rows.

    Raises:
        SettingError: data.generate, data.features, data.exclude or data.target does not fit it.
    """
    columns = choose_columns(built_in.name, built_in.kind, built_in.feature_names, data)
    x, y = generate(built_in.name, data.generate)
    names = built_in.feature_names
    if columns is not None and names is not None:
        x, names = x[:, columns], tuple(names[column] for column in columns)
    rows = Rows(np.ascontiguousarray(x, np.float32), y.astype(np.float32 if built_in.class_names is None else np.int64))
    return Source(built_in.name, built_in.kind, rows, None, built_in.class_names, names, None)


BIRD, MAMMAL, OTHER = range(3)
CLOUDS = 3
DISTANCE = 2.0


def csv_text(name: str, settings: GenerateConfig) -> str:
    """Header and rows: the columns, and the target behind them, classes by their names; the set's own numbers.

    Raises:
        SettingError: data.generate does not fit the set.
    """
    x, y = generate(name, settings)
    built_in = CATALOG[name]
    classes = built_in.class_names
    targets = y.tolist() if classes is None else [classes[index] for index in y.tolist()]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*(built_in.feature_names or ()), RECIPES[name].target])
    writer.writerows([*row, target] for row, target in zip(x.tolist(), targets, strict=True))
    return text.getvalue()


POINT_DIGITS = 4
"""Digits behind the point of x1 and x2: the same numbers come out of a CSV, and out of the set itself."""


def equal_shares(rows: int, classes: int, random: np.random.Generator) -> Array:
    """Class indices int64 (rows,) in a random order, each class as often as any other, but for one row."""
    return random.permutation(np.arange(rows, dtype=np.int64) % classes)


def scattered(points: Array, noise: float, random: np.random.Generator) -> Array:
    """Points (rows, 2), each moved by a normal error of standard deviation `noise` in both directions."""
    return np.round(points + noise * random.standard_normal(points.shape), POINT_DIGITS)


MEAN_HEIGHT, SPREAD = 168.0, 9.0
SHORTEST, TALLEST = 140.0, 205.0
SLOPE, INTERCEPT = 0.9, -88.0
ARMS = 3
TURNS = 0.75
INNERMOST = 0.1
