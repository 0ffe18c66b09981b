"""docs/pictures.md: every picture that mlpcli draws, and how long each takes, from small runs of the recipes.

python -m benchmarks.pictures           trains the runs with the NumPy engine, draws, measures, writes pictures and page
python -m benchmarks.pictures --page    writes the page alone, from the stored times
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.images import save_small
from benchmarks.report import DOCS, RESULTS, plain_table
from mlpcli.language import speaking
from mlpcli.plotting.pictures import PICTURES, Picture, RunFiles, run_files
from mlpcli.plotting.style import DOTS_PER_INCH, png_of, themed
from mlpcli.runs.directory import describe_environment

IMAGES = DOCS / "images" / "pictures"
TIMES = RESULTS / "pictures.json"
PAGE = DOCS / "pictures.md"
REPEATS = 7
PAGE_DPI = 100
"""Of the pictures on the page; the times are of the 150 that a run has."""
RUNS: dict[str, tuple[str, ...]] = {
    "digits": ("output.gradient_norms=true",),
    "tables/moons": (),
    "tables/breast_cancer": (),
    "tables/diabetes": (),
    "tables/height_weight": (),
}
"""The recipes, and what is set beside `training.engine=numpy`."""


@dataclass(frozen=True)
class Entry:
    """A picture on the page: of which run, and how it is read."""

    recipe: str
    reading: str


ENTRIES: dict[str, Entry] = {
    "history": Entry("digits", "Where validation turns while training still improves, the network starts to memorize."),
    "confusion_matrix": Entry("digits", "Off the diagonal are the mistakes: which class was taken for which."),
    "roc": Entry("tables/breast_cancer", "The closer to the upper left corner, the better; the diagonal is guessing."),
    "precision_recall": Entry(
        "tables/breast_cancer",
        "What a threshold costs: how many positives it finds, and how many of its finds are right.",
    ),
    "reliability": Entry(
        "tables/breast_cancer",
        "On the diagonal, 80 % means right in 80 of 100 cases; below it, the network is overconfident.",
    ),
    "predicted_against_true": Entry("tables/diabetes", "On the diagonal a prediction is exact."),
    "residuals": Entry("tables/diabetes", "If the errors lean to one side or grow, there is more to be learnt."),
    "fitted_curve": Entry(
        "tables/height_weight", "A network with one input and no hidden layer is a straight line, with its equation."
    ),
    "mistakes": Entry(
        "digits", "They often show problems in the data: a wrong label, a picture that nobody could read."
    ),
    "importance": Entry("tables/diabetes", "How much worse the score becomes when one column is shuffled."),
    "weights": Entry("digits", "How far training moved them, and whether the start was too wide or too narrow."),
    "activations": Entry(
        "digits", "The outputs of each layer; a unit that is always 0, or always at its limit, learns nothing."
    ),
    "first_layer": Entry("digits", "What each unit of the first layer looks for."),
    "gradients": Entry("digits", "If norms fall tenfold from layer to layer, the lower layers hardly learn."),
    "decision_boundary": Entry(
        "tables/moons", "Where the network draws the line between two classes, with the rows on it."
    ),
    "hidden_units": Entry(
        "tables/moons", "What each hidden unit makes of the plane; the layers above put these together."
    ),
}


def main() -> None:
    """Train, draw, measure and write, or write the page alone."""
    if "--page" not in sys.argv[1:]:
        with tempfile.TemporaryDirectory() as folder:
            found = _measured(_trained(Path(folder)))
        TIMES.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    PAGE.write_text(page(json.loads(TIMES.read_text(encoding="utf-8"))), encoding="utf-8")


def _trained(folder: Path) -> dict[str, Path]:
    """The run directory of each recipe."""
    import mlpcli

    more = ["training.engine=numpy", "output.plots=[]"]
    runs = {name: mlpcli.train(name, [*more, *settings], runs_dir=folder).run for name, settings in RUNS.items()}
    mlpcli.importance(runs[ENTRIES["importance"].recipe])
    return runs


def _measured(runs: dict[str, Path]) -> dict[str, Any]:
    """Draws each picture, stores it, and says how long it took: a first time that is not counted, then REPEATS."""
    times = {}
    for picture in PICTURES:
        files = run_files(runs[ENTRIES[picture.name].recipe])
        figure = picture.draw(files)
        if figure is None:
            raise SystemExit(f"{ENTRIES[picture.name].recipe} has no data for the picture {picture.name}")
        save_small(figure, IMAGES / f"{picture.name}.png", PAGE_DPI)
        times[picture.name] = [_seconds(partial(_png, picture, files)) for _ in range(REPEATS)]
    _draw_looks(runs["digits"])
    return {"seconds": times, "repeats": REPEATS, "versions": _versions()}


def _draw_looks(run: Path) -> None:
    """A confusion matrix in the dark theme, and weights in Korean."""
    drawn = {picture.name: picture.draw for picture in PICTURES}
    with themed("dark"):
        dark = drawn["confusion_matrix"](run_files(run))
        assert dark is not None
        save_small(dark, IMAGES / "dark.png", PAGE_DPI)
    with speaking("ko"):
        korean = drawn["weights"](run_files(run))
        assert korean is not None
        save_small(korean, IMAGES / "korean.png", PAGE_DPI)


def _png(picture: Picture, files: RunFiles) -> None:
    """As `mlpcli plot` draws it, but for the writing of the file."""
    figure = picture.draw(files)
    assert figure is not None
    png_of(figure, DOTS_PER_INCH)


def _seconds(work: Callable[[], None]) -> float:
    """Of one core: other work on the machine does not count, and drawing does not wait for anything."""
    start = time.process_time()
    work()
    return time.process_time() - start


def _versions() -> dict[str, str]:
    machine = describe_environment([], [], "")["machine"]
    found = {name: version(name) for name in ("mlpcli", "matplotlib", "numpy", "pillow")}
    return {**found, "python": sys.version.split()[0], "cpu": machine["cpu"]}


def page(results: dict[str, Any]) -> str:
    """The text of docs/pictures.md."""
    recipes = ", ".join(f"`{name}`" for name in RUNS)
    about = (
        f"Every picture that mlpcli draws. `python -m benchmarks.pictures` made this page: it trains {recipes} with"
        " `training.engine: numpy`, and draws the pictures from each run's files alone, without TensorFlow."
    )
    parts = ["# Pictures", _filled(about), *map(_section, PICTURES), _looks(), _times(results)]
    return "\n\n".join(parts) + "\n"


def _filled(text: str) -> str:
    return textwrap.fill(text, 120, break_long_words=False, break_on_hyphens=False)


def _section(picture: Picture) -> str:
    entry = ENTRIES[picture.name]
    shows = picture.shows[0].upper() + picture.shows[1:]
    rarely = "" if picture.always else " Drawn only on request."
    run = f"runs/{entry.recipe.rsplit('/', maxsplit=1)[-1].replace('_', '-')}"
    return (
        f"## {picture.name}\n\n{_filled(f'{shows}. {entry.reading}{rarely}')}\n\n"
        f"    $ mlpcli plot {run} --only {picture.name}\n\n"
        f"![{shows}]({IMAGES.relative_to(DOCS).as_posix()}/{picture.name}.png)"
    )


def _looks() -> str:
    about = (
        "For a dark background, use `--theme dark`, or `output.theme: dark` in the config; for Korean, `--lang ko`, or"
        " `output.language: ko`. Hangul in names needs no option, only a font that has it."
    )
    return (
        f"## Dark, and in Korean\n\n{_filled(about)}\n\n"
        "    $ mlpcli plot runs/digits --only confusion_matrix --theme dark\n"
        "    $ mlpcli plot runs/digits --only weights --lang ko\n\n"
        "![A dark confusion matrix](images/pictures/dark.png)\n\n"
        "![The weights of each layer, in Korean](images/pictures/korean.png)"
    )


def _times(results: dict[str, Any]) -> str:
    rows = []
    for name, seconds in results["seconds"].items():
        spread = f"{statistics.median(seconds):.2f} [{min(seconds):.2f}..{max(seconds):.2f}]"
        rows.append((f"`{name}`", ENTRIES[name].recipe, spread))
    about = (
        "Processor seconds to draw a picture at 150 pixels per inch and turn it into a PNG: median [least..most] of"
        f" {results['repeats']}, after a first time that imports matplotlib and finds the fonts, which takes about a"
        " second more."
    )
    versions = ", ".join(f"{name} {version}" for name, version in results["versions"].items())
    table = plain_table(("picture", "recipe", "seconds"), rows)
    return f"## How long each takes\n\n{_filled(about)}\n\n{table}\n\n{versions}."


if __name__ == "__main__":
    main()
