"""The recipes that come with mlpcli, and which one somebody means. Standard library only: a list is to come at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from mlpcli.artifacts.printable import printable
from mlpcli.errors import MlpcliError, UserError, did_you_mean
from mlpcli.recipes.card import Card, parse_card

_PACKAGE = Path(__file__).resolve().parents[1]
_MOST_NAMED = 8
"""Names in one message."""


@dataclass(frozen=True)
class Recipe:
    """A config that comes with mlpcli; its file is read when its text is first asked for.

    name: its path below configs/, without .yaml and always with `/`, such as fashion_mnist/relu. path: of the file.
    """

    name: str
    path: Path

    @cached_property
    def text(self) -> str:
        """The file as it is, line ends included."""
        return self.path.read_bytes().decode("utf-8")

    @cached_property
    def card(self) -> Card:
        """What it says of itself."""
        return parse_card(self.text)

    @property
    def last_part(self) -> str:
        """The name without its folders."""
        return self.name.rpartition("/")[2]

    @property
    def folder(self) -> str:
        """The family it belongs to; empty for one that stands alone."""
        return self.name.rpartition("/")[0]


def shipped_recipes() -> list[Recipe]:
    """Every recipe: those that stand alone first, then folder by folder, by the alphabet.

    Raises:
        MlpcliError: the installation has none.
    """
    folder = _folder()
    recipes = [Recipe(path.relative_to(folder).with_suffix("").as_posix(), path) for path in folder.rglob("*.yaml")]
    return sorted(recipes, key=lambda recipe: (recipe.folder, recipe.name))


def find_recipe(name: str) -> Recipe:
    """The one recipe that is meant by its name, or by the last part of it; `-` and `_` are alike.

    Names are compared with those of the recipes and never opened, so that none leads out of their folder.

    Raises:
        UserError: there is none, or several; both say which names there are.
        MlpcliError: the installation has none.
    """
    recipes = shipped_recipes()
    found = _matches(name, recipes)
    if len(found) == 1:
        return found[0]
    shown = printable(name)
    if found:
        raise UserError(f'several recipes are called "{shown}": {_listed(found)}; give one of these names')
    family = [recipe for recipe in recipes if recipe.folder and _key(recipe.folder) == _key(name)]
    if family:
        raise UserError(f'"{shown}" is a folder of recipes: {_listed(family)}; give one of these names')
    names = [*(recipe.name for recipe in recipes), *dict.fromkeys(recipe.last_part for recipe in recipes)]
    near = did_you_mean(printable(_key(name)), names)
    raise UserError(f'no recipe is called "{shown}"{near}; mlpcli recipes lists them')


def recipe_hint(path: Path) -> str:
    """What to add where a config is not there: the recipes of that name, or nothing. Never fails."""
    try:
        recipes = shipped_recipes()
    except (MlpcliError, OSError):
        return ""
    found = _matches(path.as_posix(), recipes) or _matches(path.name, recipes)
    if not found:
        return ""
    if len(found) == 1:
        return f"; a recipe is called that: mlpcli recipes copy {found[0].name}"
    return f"; recipes are called that: {_listed(found)} (mlpcli recipes copy NAME)"


def _folder() -> Path:
    """configs/ inside the package where a wheel was installed, beside it in a checkout (an editable install has that).

    Beside means with pyproject.toml: a folder `configs` that lies in site-packages is somebody else's.
    """
    beside = _PACKAGE.parent / "configs"
    places = [_PACKAGE / "configs", *([beside] if (_PACKAGE.parent / "pyproject.toml").is_file() else [])]
    for place in places:
        if any(place.rglob("*.yaml")):
            return place
    raise MlpcliError(f"{places[0]}: the recipes are missing from this installation; install mlpcli again")


def _matches(name: str, recipes: list[Recipe]) -> list[Recipe]:
    """Those of exactly this name; else those of nearly this name; else those whose last part is this."""
    key = _key(name)
    return (
        [recipe for recipe in recipes if recipe.name == name]
        or [recipe for recipe in recipes if _key(recipe.name) == key]
        or [recipe for recipe in recipes if _key(recipe.last_part) == key]
    )


def _key(name: str) -> str:
    """What makes no difference is taken away: configs/Fashion-MNIST/relu.yaml is fashion_mnist/relu."""
    key = name.replace("\\", "/").removeprefix("./").removeprefix("configs/").rstrip("/")
    return key.removesuffix(".yaml").removesuffix(".yml").replace("-", "_").casefold()


def _listed(recipes: list[Recipe]) -> str:
    names = ", ".join(recipe.name for recipe in recipes[:_MOST_NAMED])
    more = len(recipes) - _MOST_NAMED
    return f"{names} and {more} more" if more > 0 else names
