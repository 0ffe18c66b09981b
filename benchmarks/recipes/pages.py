"""docs/recipes.md: a table, a picture and a lesson for each family, and the tutorials' figures beside ours."""

from __future__ import annotations

from benchmarks.recipes.families import FAMILIES, Family
from benchmarks.recipes.figures import figure, is_timed, shown
from benchmarks.recipes.jobs import recipe_names
from benchmarks.recipes.lessons import lesson
from benchmarks.recipes.linear import GROUP as LINEAR
from benchmarks.recipes.pictures import draw_curves
from benchmarks.recipes.results import finished, metric_of
from benchmarks.recipes.tutorials import tutorials_section
from benchmarks.report import plain_table

NOTE = "<!-- Written by `make recipes` from stored results; change benchmarks/recipes, not this file. -->"


def recipes_page() -> str:
    """The whole page.

    Raises:
        SystemExit: a recipe stands in no family, or a sentence is not borne by the numbers.
    """
    missing = set(recipe_names()) - {name for family in FAMILIES for name in family.recipes}
    if missing:
        raise SystemExit(f"these recipes are in no family: {', '.join(sorted(missing))}")
    parts = ["# Recipes", NOTE, lesson("introduction"), *(_section(family) for family in FAMILIES)]
    return "\n\n".join([*parts, tutorials_section(), _made_with()]) + "\n"


def shown_epochs(name: str) -> str:
    """The epochs of all seeds: one number, or the least and the most."""
    counts = sorted(entry["epochs"] for entry in finished(name))
    return str(counts[0]) if counts[0] == counts[-1] else f"{counts[0]} to {counts[-1]}"


def _section(family: Family) -> str:
    measured = [name for name in family.recipes if finished(name)]
    rows = [_row(name) for name in family.recipes]
    if family.key == "fashion-mnist":
        parts = [shown(figure("train", LINEAR)), "", shown(figure("test", LINEAR))]
        rows.insert(1, ["scikit-learn's SGDClassifier, log loss", shown_epochs(LINEAR), *parts, ""])
    score = metric_of(finished(measured[0])[0]).replace("_", " ")
    header = ("config", "epochs", f"training {score}", f"validation {score}", f"test {score}", "seconds")
    labels = {name.split("/")[-1].replace("_", " "): name for name in measured if name not in family.not_drawn}
    picture = draw_curves(family.key, family.title, labels, family.metric, family.first_epochs)
    image = f"![Curves: {family.title}]({picture})"
    return "\n\n".join([f"## {family.title}", plain_table(header, rows), lesson(family.key), image])


def _row(name: str) -> list[str]:
    link = f"[{name}](../configs/{name}.yaml)"
    if not finished(name):
        return [link, "", "", "", "not measured", ""]
    parts = [shown(figure(part, name)) for part in ("train", "validation", "test")]
    return [link, shown_epochs(name), *parts, f"{figure('seconds', name).mean:.0f}" if is_timed(name) else ""]


def _made_with() -> str:
    versions = finished("digits")[0]["versions"]
    names = ("mlpcli", "tensorflow", "keras", "numpy", "scikit-learn", "python", "cpu", "cores")
    return f"Measured with {', '.join(f'{name} {versions[name]}' for name in names)}."
