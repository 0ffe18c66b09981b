"""A recipe as a config of one's own: the command on its card, and the data that it asks for."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from mlpcli.recipes.card import COMMAND
from mlpcli.recipes.shipped import Recipe

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
