"""The recipes that come with mlpcli: list, find, show and copy them. Standard library only, to start fast."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from mlpcli.errors import MlpcliError, UserError
from mlpcli.files import check_folder, check_free, new_file
from mlpcli.text import did_you_mean, escaped, nearest, printable

_PACKAGE = Path(__file__).resolve().parent
_MOST_NAMED = 8
"""The most names in a message."""


@dataclass(frozen=True)
class Recipe:
    """A config that comes with mlpcli; its file is read when its text is first asked for.

    name: its path below configs/, without .yaml and always with `/`, such as fashion_mnist/relu. path: of the file.
    """

    name: str
    path: Path

    @cached_property
    def text(self) -> str:
        """The text of the file, with its line ends."""
        return self.path.read_bytes().decode("utf-8")

    @cached_property
    def card(self) -> Card:
        """The card at the top of the file."""
        return parse_card(self.text)

    @property
    def last_part(self) -> str:
        """The name without its folders."""
        return self.name.rpartition("/")[2]

    @property
    def folder(self) -> str:
        """The folder it is in; "" at the top level."""
        return self.name.rpartition("/")[0]


def shipped_recipes() -> list[Recipe]:
    """All recipes: the top level first, then folder by folder, in alphabetical order.

    Raises:
        MlpcliError: the recipes are missing from the installation.
    """
    folder = recipes_folder()
    recipes = [Recipe(path.relative_to(folder).with_suffix("").as_posix(), path) for path in folder.rglob("*.yaml")]
    return sorted(recipes, key=lambda recipe: (recipe.folder, recipe.name))


def is_config(path: Path) -> bool:
    """Whether a path that may also be of a model or a run is of a config: by its ending, or the name of a recipe."""
    if path.suffix.lower() in (".yaml", ".yml"):
        return True
    return not os.path.lexists(path) and recipe_by_name(str(path)) is not None


def find_recipe(name: str) -> Recipe:
    """The recipe with this name or last part of a name; `-` and `_` are equivalent.

    Names are only compared, never opened as paths.

    Raises:
        UserError: no recipe or several match; the message lists names.
        MlpcliError: the recipes are missing from the installation.
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
    near = did_you_mean(printable(_key(name)), _names(recipes))
    raise UserError(f'unknown recipe "{shown}"; mlpcli recipes lists them{near}')


def _names(recipes: Sequence[Recipe]) -> list[str]:
    """Full names, then last parts."""
    return [*(recipe.name for recipe in recipes), *dict.fromkeys(recipe.last_part for recipe in recipes)]


def recipe_by_name(name: str) -> Recipe | None:
    """The one recipe that is called so (`digits`, `fashion_mnist/relu`); None for a file name, too. Never fails."""
    try:
        found = _matches(name, shipped_recipes()) if not name.endswith((".yaml", ".yml")) else []
    except (MlpcliError, OSError):
        return None
    return found[0] if len(found) == 1 else None


def recipe_hint(path: Path) -> str:
    """Advice for a missing config: the recipes of that name, or one of a similar name, or "". Never fails."""
    try:
        recipes = shipped_recipes()
    except (MlpcliError, OSError):
        return ""
    found = _matches(path.as_posix(), recipes) or _matches(path.name, recipes)
    if not found:
        near = nearest(_key(str(path)), _names(recipes)) if not path.suffix else None
        return f'; did you mean the recipe "{near}"?' if near else ""
    if len(found) == 1:
        name = found[0].name
        return (
            f"; there is a recipe of that name: mlpcli train {name} runs it, mlpcli recipes copy {name} makes it yours"
        )
    return f"; there are recipes of that name: {_listed(found)} (mlpcli recipes copy NAME)"


def recipes_folder() -> Path:
    """configs/ inside the package (from a wheel), or next to it in a checkout.

    A checkout has pyproject.toml, too: a folder `configs` in site-packages belongs to another package.
    """
    beside = _PACKAGE.parent / "configs"
    places = [_PACKAGE / "configs", *([beside] if (_PACKAGE.parent / "pyproject.toml").is_file() else [])]
    for place in places:
        if any(place.rglob("*.yaml")):
            return place
    raise MlpcliError(f"{places[0]}: the recipes are missing from this installation; install mlpcli again")


def _matches(name: str, recipes: list[Recipe]) -> list[Recipe]:
    """Recipes with exactly this name; else with an equivalent name; else with this last part."""
    key = _key(name)
    return (
        [recipe for recipe in recipes if recipe.name == name]
        or [recipe for recipe in recipes if _key(recipe.name) == key]
        or [recipe for recipe in recipes if _key(recipe.last_part) == key]
    )


def _key(name: str) -> str:
    """The normalized name: configs/Fashion-MNIST/relu.yaml becomes fashion_mnist/relu."""
    key = name.replace("\\", "/").removeprefix("./").removeprefix("configs/").rstrip("/")
    return key.removesuffix(".yaml").removesuffix(".yml").replace("-", "_").casefold()


def _listed(recipes: list[Recipe]) -> str:
    names = ", ".join(recipe.name for recipe in recipes[:_MOST_NAMED])
    more = len(recipes) - _MOST_NAMED
    return f"{names} and {more} more" if more > 0 else names


SCORE, TIME, COMMAND = "score", "time", "command"
"""Keys of `Card.facts` that other files use."""
_KEY_WIDTH = 10


@dataclass(frozen=True)
class Card:
    """The comment at the top of a recipe: title, what it shows, and facts in the order of the file."""

    title: str
    shows: str
    facts: dict[str, str] = field(default_factory=dict)


def parse_card(text: str) -> Card:
    """The card at the top of a config's text; empty if it does not begin with a comment. Never fails."""
    lines = _header(text)
    blank = lines.index("") if "" in lines else len(lines)
    prose, rest = lines[:blank], lines[blank + 1 :]
    facts = {match[1]: match[2] for line in rest if (match := re.fullmatch(r"(\w+) {2,}(\S.*)", line))}
    return Card(prose[0] if prose else "", " ".join(prose[1:]), facts)


def with_facts(text: str, facts: dict[str, str]) -> str:
    """The config's text with these facts on its card, otherwise unchanged."""
    lines = text.splitlines(keepends=True)
    header = len(_header(text))
    blank = next((place for place, line in enumerate(lines[:header]) if line.strip() == "#"), header)
    table = ["#\n", *(f"# {key:<{_KEY_WIDTH - 2}}  {value}\n" for key, value in facts.items())]
    return "".join([*lines[:blank], *table, *lines[header:]])


def _header(text: str) -> list[str]:
    """The lines of the comment at the top, without their `#`."""
    lines = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        lines.append(line[1:].strip())
    return lines


DOWNLOADED = ("mnist", "fashion_mnist", "cifar10")
"""Built-in sets that are downloaded unless a folder holds them."""
AT_HAND = (
    "digits", "iris", "wine", "breast_cancer", "diabetes", "height_weight", "animals", "moons", "spirals", "blobs",
)  # fmt: skip
"""Bundled or generated sets. data/catalog.py has both lists but imports NumPy; a test compares them."""
_COMMAND_LINE = re.compile(rf"(# *{COMMAND} {{2,}})([^\r\n]*)")


def copied_text(recipe: Recipe, file: str) -> str:
    """The recipe's text, with the command on its card changed to train `file` (quoted for a shell)."""
    lines = recipe.text.splitlines(keepends=True)
    for place, line in enumerate(lines):
        if not line.startswith("#"):
            break
        match = _COMMAND_LINE.match(line)
        if match:
            lines[place] = match[1] + _command(match[2], recipe, file) + line[match.end() :]
            break
    return "".join(lines)


def as_typed(config: Path) -> str:
    """A config's path quoted for a shell, and not mistakable for an option."""
    return shlex.quote(f"./{config}" if str(config).startswith("-") else str(config))


def _command(command: str, recipe: Recipe, file: str) -> str:
    """The command with the recipe's name replaced by `file`; its options stay."""
    _, own, options = f"{command} ".partition(f"mlpcli train {recipe.name} ")
    return f"mlpcli train {file} {options}".rstrip() if own else f"mlpcli train {file}"


def data_needed(recipe: Recipe) -> str:
    """Where the data comes from, on one line; "" if it needs neither a download nor a file."""
    import yaml

    source = str(yaml.safe_load(recipe.text)["data"]["source"])
    if source in DOWNLOADED:
        return f"{source}: downloaded, unless data.path or MLPCLI_DATA points to its folder"
    if source in AT_HAND:
        return ""
    return f"{source}: set data.source to its path, or MLPCLI_DATA to the folder that holds it"


def list_recipes() -> list[Recipe]:
    """Every recipe, with its card (`.card.title`, `.card.facts["score"]` ...) and its text.

    Raises:
        MlpcliError: the recipes are missing from the installation.
    """
    return shipped_recipes()


def show_recipe(name: str) -> str:
    """A recipe's file.

    Args:
        name: such as fashion_mnist/relu; the last part is enough if it is unique.

    Raises:
        UserError: no recipe or several match.
    """
    return find_recipe(name).text


def copy_recipe(name: str, output: str | Path | None = None) -> Path:
    """Copy a recipe to a new config; only the command on its card is changed, to train the copy.

    Args:
        name: as for `show_recipe`.
        output: the new file; by default the last part of the recipe's name with .yaml, in the current folder.

    Returns:
        The file that was written.

    Raises:
        UserError: no recipe or several match; the file exists, or its folder does not.
        OutputError: the file cannot be written.
    """
    recipe = find_recipe(name)
    config = Path(f"{recipe.last_part}.yaml" if output is None else output)
    check_folder(config.parent)
    check_free(config)
    with new_file(config, recipe_text(recipe, config)):
        return config


def recipe_text(recipe: Recipe, config: Path) -> str:
    """The text of the recipe's copy at `config`."""
    return copied_text(recipe, escaped(as_typed(config)))
