"""docs/ko/tutorials.md: its tables have the stored figures; its sentences are written by hand."""

from __future__ import annotations

import re

from benchmarks.recipes.exercises import TRAINED, Exercise, Told
from benchmarks.recipes.figures import figure, shown
from benchmarks.recipes.jobs import ROOT
from benchmarks.recipes.pages import shown_epochs
from benchmarks.recipes.tutorials import ours, theirs

PAGE = ROOT / "docs" / "ko" / "tutorials.md"
COMPARISON = "\n## 튜토리얼 수치와 비교\n"
TOLD: list[tuple[Exercise, Told]] = [
    (exercise, told) for exercises in TRAINED.values() for exercise in exercises for told in exercise.told
]
"""A row of the comparison for each, in this order."""
_ROW = re.compile(r"^(\| \[([\w/]+)\]\(.*?\) \|)(.*)\|$", re.M)


def with_stored_figures(text: str) -> str:
    """The page with the figures as they are stored now, in each row that begins with a recipe.

    Raises:
        LookupError: a recipe of a row has not been measured, or the last table has other rows than TOLD.
    """
    scores, heading, comparison = text.partition(COMPARISON)
    told = iter(TOLD)
    scores = _ROW.sub(lambda row: f"{row[1]} {' | '.join(_scores(row[2]))} |", scores)
    comparison = _ROW.sub(lambda row: f"{row[1]}{_compared(row[2], row[3], next(told, None))} |", comparison)
    return scores + heading + comparison


def _scores(name: str) -> list[str]:
    parts = [shown(figure(part, name)) for part in ("train", "validation", "test")]
    return [shown_epochs(name).replace(" to ", "~"), *parts]


def _compared(name: str, cells: str, row: tuple[Exercise, Told] | None) -> str:
    if row is None or row[0].recipe != name:
        raise LookupError(f"{PAGE}: a row of {name} stands where TOLD has {row}")
    exercise, told = row
    difference = figure(told.word, exercise.group).mean - told.theirs
    by = f"{difference:+.0f}" if isinstance(told.theirs, int) else f"{difference:+.4f}"
    own = ours(exercise, told).replace(" (one seed)", "")
    return " | ".join([cells.split("|")[0].rstrip(), theirs(told), own, by])
