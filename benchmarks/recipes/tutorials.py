"""Every exercise of the tutorials as docs/recipes.md shows it: its command, the tutorial's figure, and ours."""

from __future__ import annotations

import json
import statistics

from benchmarks.recipes.exercises import BY_HAND, TRAINED, Exercise, Told
from benchmarks.recipes.figures import figure, shown
from benchmarks.recipes.lessons import lesson
from benchmarks.recipes.results import finished, metric_of
from benchmarks.report import RESULTS, plain_table

HEADER = ("exercise", "command", "figure", "tutorial", "ours", "config")
NOT_GIVEN = "not given"


def tutorials_section() -> str:
    """A table for each tutorial, and why ours is not what theirs is."""
    parts = ["## Every exercise of the tutorials", lesson("exercises")]
    for title, exercises in TRAINED.items():
        rows = [row for exercise in exercises for row in _rows(exercise)]
        parts += [f"### {title}", plain_table(HEADER, rows)]
    parts += ["### Layers by hand, and a picture of one's own", _by_hand(), lesson("by-hand")]
    return "\n\n".join([*parts, "### Where ours differs", lesson("tutorials")])


def _rows(exercise: Exercise) -> list[list[str]]:
    """A row for each figure that the tutorial gives; else one with the test score."""
    named = [exercise.title, f"`{exercise.command}`"]
    link = f"[{exercise.recipe}](../configs/{exercise.recipe}.yaml)"
    if exercise.told:
        return [[*named, told.name, theirs(told), ours(exercise, told), link] for told in exercise.told]
    return [[*named, f"test {_metric(exercise)}", NOT_GIVEN, ours(exercise), link]]


def _metric(exercise: Exercise) -> str:
    """The metric beside the loss, in words; of a classifier where nothing is measured."""
    metric = next(map(metric_of, finished(exercise.group)), "accuracy")
    return "accuracy" if metric == "acc" else metric.replace("_", " ")


def theirs(told: Told) -> str:
    """The tutorial's figure; whole where it is an epoch."""
    return f"{told.theirs:.4f}" if isinstance(told.theirs, float) else str(told.theirs)


def ours(exercise: Exercise, told: Told | None = None) -> str:
    """Mean and spread; whole numbers where the tutorial's is one."""
    if not finished(exercise.group):
        return "not measured"
    found = figure(told.word if told else "test", exercise.group)
    whole = told is not None and isinstance(told.theirs, int)
    if found.seeds == 1:
        return f"{found.mean:.0f} (one seed)" if whole else f"{shown(found)} (one seed)"
    return f"{found.mean:.0f} ± {found.deviation:.0f}" if whole else shown(found)


def _by_hand() -> str:
    page = "[by-hand.md](by-hand.md)"
    rows = [[each.title, f"`{each.command}`", NOT_GIVEN, f"`{each.answer}`", page] for each in BY_HAND]
    trace = "`mlpcli trace tiny.yaml --row 0`"
    rows.append(["a network followed forward and backward", trace, NOT_GIVEN, "each step and gradient", page])
    kept = f"MNIST {_kept('mnist'):.1f} %, Fashion-MNIST {_kept('fashion_mnist'):.1f} %"
    predict = "`mlpcli predict runs/mnist photo.jpg`"
    rows.append(["a photo of your own, with a saved model", predict, NOT_GIVEN, kept, "[data.md](data.md)"])
    return plain_table(("exercise", "command", "tutorial", "ours", "page"), rows)


def _kept(name: str) -> float:
    """Of the test pictures that the network labels right, how many percent it labels right on a photo, too."""
    rows = json.loads((RESULTS / "own_photos.json").read_text(encoding="utf-8"))["rows"]
    return 100 * statistics.mean(row["kept"] for row in rows if row["set"] == name)
