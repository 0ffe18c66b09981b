"""What `mlpcli recipes` prints: the list, fitted to the terminal, or what was copied and the command to type next."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from mlpcli.artifacts.printable import escaped
from mlpcli.cli.console import PIPE_WIDTH, line, print_json
from mlpcli.cli.streams import ResultStream, say, write_result
from mlpcli.recipes.card import SCORE, TIME
from mlpcli.recipes.copying import as_typed, data_needed
from mlpcli.recipes.shipped import Recipe
from mlpcli.workflows.recipes import recipe_text

COLUMNS = ("name", "title", "score", "time")
SHORTER = {"accuracy": "", "acc": "", "mean_absolute_error": "mae "}
"""Metrics in the list, which has little room; accuracy goes without saying."""

_GAP = "  "
_SHORTEST_TITLE = 12
"""Letters; where there is no room for them there is no column of titles."""

Row = tuple[str, ...]


def report_list(recipes: Sequence[Recipe], as_json: bool) -> None:
    """One line for each recipe, a blank line between folders, and how to go on."""
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
    line("scores: test accuracy where nothing is named, mean ± spread over seeds")
    line("mlpcli recipes show NAME   prints one")
    line("mlpcli recipes copy NAME   writes it here, as a config of your own")


def fit(rows: Sequence[Row], width: int) -> list[str]:
    """Rows of name, title, score and time as lines that fit: without the time, then with titles cut by an ellipsis.

    Names and numbers stay whole, even where a line then becomes longer than the width.
    """
    widest = [max(_length(row[column]) for row in rows) for column in range(len(COLUMNS))]
    shown = list(range(len(COLUMNS)))
    if _total(widest, shown) > width:
        shown.remove(COLUMNS.index("time"))
    title = COLUMNS.index("title")
    widest[title] = min(widest[title], widest[title] + width - _total(widest, shown))
    if widest[title] < _SHORTEST_TITLE:
        shown.remove(title)
    return [_GAP.join(_cell(row[column], widest[column]) for column in shown).rstrip() for row in rows]


def report_text(recipe: Recipe) -> None:
    """The copy on standard output alone; where its data comes from goes to standard error."""
    needed = data_needed(recipe)
    if needed:
        say(f"data      {needed}")
    write_result(recipe_text(recipe, Path(f"{recipe.last_part}.yaml")))


def report_copy(recipe: Recipe, config: Path) -> None:
    """What was written, where its data comes from if not from mlpcli itself, and the next command."""
    line(f"wrote     {config}")
    needed = data_needed(recipe)
    if needed:
        line(f"data      {needed}")
    line(f"next      mlpcli train {as_typed(config)}")


def _as_json(recipe: Recipe) -> dict[str, object]:
    card = recipe.card
    return {"name": recipe.name, "title": card.title, "shows": card.shows, "facts": card.facts}


def _cells(recipe: Recipe) -> Row:
    """Title, score and time; what the card has behind a comma, seeds and cores, the list has no room for."""
    card = recipe.card
    score = card.facts.get(SCORE, "").partition(", ")[0].removeprefix("test ")
    name, _, rest = score.partition(" ")
    score = f"{SHORTER[name]}{rest}" if name in SHORTER else score
    return card.title, score, card.facts.get(TIME, "").partition(", ")[0]


def _width() -> int:
    return shutil.get_terminal_size().columns if ResultStream().isatty() else PIPE_WIDTH


def _total(widest: Sequence[int], shown: Sequence[int]) -> int:
    return sum(widest[column] for column in shown) + len(_GAP) * (len(shown) - 1)


def _length(text: str) -> int:
    """Places on a terminal: a letter of Hangul takes two."""
    from rich.cells import cell_len

    return cell_len(text)


def _cell(text: str, width: int) -> str:
    from rich.cells import set_cell_size

    return set_cell_size(text if _length(text) <= width else f"{set_cell_size(text, width - 1).rstrip()}…", width)
