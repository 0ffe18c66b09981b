"""The generated sets: names to rules, and from data.generate to rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mlpcli.data.catalog import BuiltIn
from mlpcli.data.columns import choose_columns
from mlpcli.data.dataset import Array, Rows, Source
from mlpcli.data.generators.animals import make_animals
from mlpcli.data.generators.blobs import make_blobs
from mlpcli.data.generators.height_weight import make_height_weight
from mlpcli.data.generators.moons import make_moons
from mlpcli.data.generators.spirals import make_spirals
from mlpcli.errors import SettingError

if TYPE_CHECKING:
    from mlpcli.config.data import DataConfig, GenerateConfig


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
    """A generated set as a source; it has no test rows of its own.

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
