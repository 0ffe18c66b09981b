"""The command `mlpcli recipes` with its subcommands `show` and `copy`, and the list of recipes."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import click

from mlpcli.cli.options import PATH, RECIPE_NAME, Command, PrintsHelp, json_option
from mlpcli.cli.terminal import PIPE_WIDTH, ResultStream, line, print_json, say, write_result
from mlpcli.errors import UserError
from mlpcli.recipes import SCORE, TIME, Recipe, as_typed, data_needed, recipe_text
from mlpcli.text import did_you_mean, escaped


class RecipesGroup(PrintsHelp, click.Group):
    """A group whose error for an unknown subcommand suggests `show` if it is the name of a recipe."""

    command_class = Command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            raise click.UsageError(f"{error.message.rstrip('.')}{self._meant(args)}", ctx) from None

    def _meant(self, args: list[str]) -> str:
        from mlpcli.recipes import find_recipe

        near = did_you_mean(args[0], self.commands)
        if near:
            return near
        try:
            return f"; did you mean mlpcli recipes show {find_recipe(args[0]).name}?"
        except UserError as error:
            return f"; available: show and copy; {error}"


@click.group(cls=RecipesGroup, invoke_without_command=True)
@json_option()
@click.pass_context
def recipes(context: click.Context, as_json: bool) -> None:
    """List the configs that come with mlpcli, with their scores.

    Each is an exercise with measured results. If its data must be fetched first, copy says so. Without a subcommand,
    lists them.

    \b
    $ mlpcli recipes
    $ mlpcli recipes show digits
    $ mlpcli recipes copy digits
    """
    if context.invoked_subcommand is None:
        from mlpcli.recipes import list_recipes

        report_list(list_recipes(), as_json)
    elif as_json:
        raise click.UsageError("--json works only without a subcommand, for the list", context)


@recipes.command()
@click.argument("name", type=RECIPE_NAME)
def show(name: str) -> None:
    """Print the recipe NAME.

    The last part of its name is enough if it is unique.

    \b
    $ mlpcli recipes show digits
    """
    from mlpcli.cli.terminal import write_result
    from mlpcli.recipes import show_recipe

    write_result(show_recipe(name))


@recipes.command()
@click.argument("name", type=RECIPE_NAME)
@click.option("--output", type=PATH, help="The config to write; - for standard output.  [default: NAME.yaml, here]")
def copy(name: str, output: Path | None) -> None:
    """Write the recipe NAME as a config of your own.

    Nothing is overwritten. The last part of its name is enough if it is unique.

    \b
    $ mlpcli recipes copy digits
    $ mlpcli recipes copy digits --output my.yaml
    """
    from mlpcli.files import STANDARD_OUTPUT
    from mlpcli.recipes import copy_recipe, find_recipe

    recipe = find_recipe(name)
    if output == STANDARD_OUTPUT:
        report_text(recipe)
    else:
        report_copy(recipe, copy_recipe(recipe.name, output))


COLUMNS = ("name", "title", "score", "time")
SHORTER = {"accuracy": "", "acc": "", "mean_absolute_error": "mae "}
"""Short names of metrics in the list; accuracy is left out."""
_GAP = "  "
_SHORTEST_TITLE = 12
"""In characters; with less room than this, the column of titles is left out."""
SPREAD = " ± "
Row = tuple[str, ...]


def report_list(recipes: Sequence[Recipe], as_json: bool) -> None:
    """Print a line for each recipe, a blank line between folders, and the next commands."""
    if as_json:
        print_json([_as_json(recipe) for recipe in recipes])
        return
    rows = [(recipe.name, *(escaped(cell, spaces=True) for cell in _cells(recipe))) for recipe in recipes]
    heading, *fitted = fit([COLUMNS, *rows], _width())
    line(heading, "bold")
    lines = dict(zip(recipes, fitted, strict=True))
    for _, family in groupby(recipes, lambda recipe: recipe.folder):
        for recipe in family:
            line(lines[recipe])
        line("")
    line("scores: test accuracy unless a metric is named, mean ± spread over seeds")
    line("mlpcli recipes show NAME   prints one")
    line("mlpcli recipes copy NAME   writes it here, as a config of your own")


def fit(rows: Sequence[Row], width: int) -> list[str]:
    """Rows of name, title, score and time as lines that fit: without the time, without spreads, with titles cut.

    Names and scores stay whole, even where a line then becomes longer than the width.
    """
    widest, shown = _widest(rows), list(range(len(COLUMNS)))
    if _total(widest, shown) > width:
        shown.remove(COLUMNS.index("time"))
    if _total(widest, shown) > width:
        rows = [(name, title, score.partition(SPREAD)[0], seconds) for name, title, score, seconds in rows]
        widest = _widest(rows)
    title = COLUMNS.index("title")
    widest[title] = min(widest[title], widest[title] + width - _total(widest, shown))
    if widest[title] < _SHORTEST_TITLE:
        shown.remove(title)
    return [_GAP.join(_cell(row[column], widest[column]) for column in shown).rstrip() for row in rows]


def report_text(recipe: Recipe) -> None:
    """Print the copy on standard output; where its data comes from goes to standard error."""
    needed = data_needed(recipe)
    if needed:
        say(f"data      {needed}")
    write_result(recipe_text(recipe, Path(f"{recipe.last_part}.yaml")))


def report_copy(recipe: Recipe, config: Path) -> None:
    """Print what was written, where its data comes from (unless it is bundled), and the next command."""
    line(f"wrote     {config}")
    needed = data_needed(recipe)
    if needed:
        line(f"data      {needed}")
    line(f"next      mlpcli train {as_typed(config)}")


def _as_json(recipe: Recipe) -> dict[str, object]:
    card = recipe.card
    return {"name": recipe.name, "title": card.title, "shows": card.shows, "facts": card.facts}


def _cells(recipe: Recipe) -> Row:
    """Title, score and time, each without what follows a comma on the card (seeds, cores)."""
    card = recipe.card
    score = card.facts.get(SCORE, "").partition(", ")[0].removeprefix("test ")
    name, _, rest = score.partition(" ")
    score = f"{SHORTER[name]}{rest}" if name in SHORTER else score
    return card.title, score, card.facts.get(TIME, "").partition(", ")[0]


def _width() -> int:
    return shutil.get_terminal_size().columns if ResultStream().isatty() else PIPE_WIDTH


def _widest(rows: Sequence[Row]) -> list[int]:
    return [max(_length(row[column]) for row in rows) for column in range(len(COLUMNS))]


def _total(widest: Sequence[int], shown: Sequence[int]) -> int:
    return sum(widest[column] for column in shown) + len(_GAP) * (len(shown) - 1)


def _length(text: str) -> int:
    """Width in terminal cells; a Hangul syllable takes two."""
    from rich.cells import cell_len

    return cell_len(text)


def _cell(text: str, width: int) -> str:
    from rich.cells import set_cell_size

    return set_cell_size(text if _length(text) <= width else f"{set_cell_size(text, width - 1).rstrip()}…", width)
