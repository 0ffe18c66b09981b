"""`mlpcli recipes`: the configs that come with mlpcli, as a list, as a text, as a file of one's own. No TensorFlow."""

from __future__ import annotations

from pathlib import Path

from mlpcli.artifacts.printable import escaped
from mlpcli.recipes.copying import as_typed, copied_text
from mlpcli.recipes.shipped import Recipe, find_recipe, shipped_recipes
from mlpcli.workflows.new_file import check_folder, check_free, new_file


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
