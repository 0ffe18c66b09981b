"""docs/recipes.md: a table, a picture and a lesson for each family, and the tutorials' figures beside ours."""

from __future__ import annotations

from benchmarks.recipes.families import FAMILIES, Family
from benchmarks.recipes.jobs import recipe_names
from benchmarks.recipes.linear import GROUP as LINEAR
from benchmarks.recipes.pictures import curves_of, draw_curves
from benchmarks.recipes.results import entries_of, metric_of
from benchmarks.recipes.text import check_claims, figure, filled, shown
from benchmarks.recipes.tutorials import tutorials_section
from benchmarks.report import plain_table

NOTE = "<!-- Written by `make recipes` from stored results; change benchmarks/recipes, not this file. -->"

INTRODUCTION = """Every config of [configs/](../configs) with what came out of it. `mlpcli recipes` lists them,
`mlpcli recipes show NAME` prints one, `mlpcli recipes copy NAME` writes it here. MNIST, Fashion-
MNIST and CIFAR-10 are downloaded by Keras; with the files at hand, name their folder in
`data.path`, or the folder around it in the environment variable `MLPCLI_DATA`. The tables of
penguins and of the Titanic are files of seaborn-data, to be saved in that folder, too.

```
$ mlpcli recipes
$ mlpcli recipes copy fashion_mnist/relu
$ mlpcli train relu.yaml
$ mlpcli train relu.yaml --seeds 3
```

Scores are the mean ± the standard deviation of three seeds (777, 778, 779), each with its own weights, order of
rows and split; of one seed for the convolutional networks and for what takes over five minutes, and then
without a spread. Seconds are those of the whole command without pictures, import of TensorFlow included, of the
fastest seed on two cores. Three more pages compare [optimizers](optimizers.md), [initializers](initializers.md)
and [regularization](regularization.md). `make recipes DATA=folder` measures what has changed, and writes these
pages and the cards that the configs open with."""


def recipes_page() -> str:
    """The whole page.

    Raises:
        SystemExit: a recipe stands in no family, or a sentence is not borne by the numbers.
    """
    missing = set(recipe_names()) - {name for family in FAMILIES for name in family.recipes}
    if missing:
        raise SystemExit(f"these recipes are in no family: {', '.join(sorted(missing))}")
    parts = [
        "# Recipes",
        NOTE,
        INTRODUCTION,
        *(_section(family) for family in FAMILIES),
        tutorials_section(),
        _made_with(),
    ]
    return "\n\n".join(parts) + "\n"


def _section(family: Family) -> str:
    check_claims(family.title, family.claims)
    rows = [_row(name) for name in family.recipes]
    if family.key == "fashion-mnist":
        rows.insert(1, _linear_row())
    score = metric_of(entries_of(next(name for name in family.recipes if entries_of(name)))[0]).replace("_", " ")
    header = ("config", "epochs", f"training {score}", f"validation {score}", f"test {score}", "seconds")
    labels = {name.split("/")[-1].replace("_", " "): name for name in family.recipes if curves_of(name, "")}
    picture = draw_curves(family.key, family.title, labels, family.metric)
    image = f"![Curves: {family.title}]({picture})"
    return "\n\n".join([f"## {family.title}", plain_table(header, rows), filled(family.lesson), image])


def _row(name: str) -> list[str]:
    link = f"[{name}](../configs/{name}.yaml)"
    if not entries_of(name):
        return [link, "", "", "", "not measured", ""]
    parts = [shown(figure(part, name)) for part in ("train", "validation", "test")]
    return [link, shown_epochs(name), *parts, f"{figure('seconds', name).mean:.0f}"]


def shown_epochs(name: str) -> str:
    """The epochs of all seeds: one number, or the least and the most."""
    counts = sorted(entry["epochs"] for entry in entries_of(name))
    return str(counts[0]) if counts[0] == counts[-1] else f"{counts[0]} to {counts[-1]}"


def _linear_row() -> list[str]:
    parts = [shown(figure("train", LINEAR)), "", shown(figure("test", LINEAR))]
    return [
        "scikit-learn's SGDClassifier, log loss",
        shown_epochs(LINEAR),
        *parts,
        f"{figure('seconds', LINEAR).mean:.0f}",
    ]


def _made_with() -> str:
    versions = entries_of("digits")[0]["versions"]
    names = ("mlpcli", "tensorflow", "keras", "numpy", "scikit-learn", "python", "cpu", "cores")
    return f"Measured with {', '.join(f'{name} {versions[name]}' for name in names)}."
