"""The recipes that come with mlpcli, and which one somebody means. Standard library only: a list is to come at once."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from mlpcli.errors import MlpcliError, UserError
from mlpcli.files import check_folder, check_free, new_file
from mlpcli.text import did_you_mean, escaped, printable

_PACKAGE = Path(__file__).resolve().parent
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


SCORE, TIME, COMMAND = "score", "time", "command"
"""Keys of facts that others ask for."""
_KEY_WIDTH = 10


@dataclass(frozen=True)
class Card:
    """What a recipe says of itself; `facts` are in the order of the file."""

    title: str
    shows: str
    facts: dict[str, str] = field(default_factory=dict)


def parse_card(text: str) -> Card:
    """The card that a config's text opens with; empty where it opens with no comment. Never fails."""
    lines = _header(text)
    blank = lines.index("") if "" in lines else len(lines)
    prose, rest = lines[:blank], lines[blank + 1 :]
    facts = {match[1]: match[2] for line in rest if (match := re.fullmatch(r"(\w+) {2,}(\S.*)", line))}
    return Card(prose[0] if prose else "", " ".join(prose[1:]), facts)


def with_facts(text: str, facts: dict[str, str]) -> str:
    """The config's text with these facts on its card; the title, what it shows and the config itself stay."""
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
"""Built-in sets that come over the network, where no folder holds them."""
AT_HAND = (
    "digits", "iris", "wine", "breast_cancer", "diabetes", "height_weight", "animals", "moons", "spirals", "blobs",
)  # fmt: skip
"""Those that are bundled or generated. data/catalog.py knows both, and would import NumPy; a test compares them."""
_COMMAND_LINE = re.compile(rf"(# *{COMMAND} {{2,}})([^\r\n]*)")


def copied_text(recipe: Recipe, file: str) -> str:
    """The recipe's text, but for the command on its card, which trains `file` (as a shell takes it, in one line)."""
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
    """A config's path as a shell takes it for an argument, and mlpcli not for an option."""
    return shlex.quote(f"./{config}" if str(config).startswith("-") else str(config))


def _command(command: str, recipe: Recipe, file: str) -> str:
    """Options of the recipe's own command stay."""
    own = f"configs/{recipe.name}.yaml"
    return command.replace(own, file) if own in command else f"mlpcli train {file}"


def data_needed(recipe: Recipe) -> str:
    """Where the data comes from, in one line; empty where it needs neither a download nor a file."""
    import yaml

    source = str(yaml.safe_load(recipe.text)["data"]["source"])
    if source in DOWNLOADED:
        return (
            f"{source}: downloaded, unless data.path or MLPCLI_DATA names its folder, or MLPCLI_DATA the one around it"
        )
    if source in AT_HAND:
        return ""
    return f"{source}: set data.source to its path, or MLPCLI_DATA to the folder that holds it"


def list_recipes() -> list[Recipe]:
    """Every recipe, with its card (`.card.title`, `.card.facts["score"]` ...) and its text.

    Raises:
        MlpcliError: the installation has none.
    """
    return shipped_recipes()


def show_recipe(name: str) -> str:
    """A recipe's file.

    Args:
        name: such as fashion_mnist/relu; its last part is enough where no other recipe has it.

    Raises:
        UserError: no recipe, or several, are called that.
    """
    return find_recipe(name).text


def copy_recipe(name: str, output: str | Path | None = None) -> Path:
    """Write a recipe as a config of one's own; only the command on its card is changed, to train the copy.

    Args:
        name: as for `show_recipe`.
        output: the new file; by default the last part of the recipe's name with .yaml, in the current folder.

    Returns:
        The file that was written.

    Raises:
        UserError: no recipe, or several, are called that; the file is there already, or its folder is not.
        OutputError: the file cannot be written.
    """
    recipe = find_recipe(name)
    config = Path(f"{recipe.last_part}.yaml" if output is None else output)
    check_folder(config.parent)
    check_free(config)
    with new_file(config, recipe_text(recipe, config)):
        return config


def recipe_text(recipe: Recipe, config: Path) -> str:
    """The text of the copy that `config` is to hold."""
    return copied_text(recipe, escaped(as_typed(config)))
