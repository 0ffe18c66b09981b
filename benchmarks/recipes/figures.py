"""Figures by their words, and how they read: `0.8712 ± 0.0021`."""

from __future__ import annotations

import statistics
from collections.abc import Callable

from benchmarks.recipes.first_epoch import first_costs
from benchmarks.recipes.results import Entry, Spread, finished, metric_of, over_seeds, score, spread


def figure(word: str, group: str) -> Spread:
    """A figure of a recipe or a variant, over the seeds.

    Words: `train`, `validation`, `test` (the score of that part), those of OF_A_SEED, `first loss` and `last loss` (the
    training loss of that epoch, of the seed whose curves are stored), `seconds` (the median; see `is_timed`), `first
    epoch` (a mean cost, see `first_epoch.py`).

    Raises:
        LookupError: nothing has been measured, or no such word.
    """
    if word in ("train", "validation", "test"):
        return score(group, word)
    if word in OF_A_SEED:
        return spread(group, OF_A_SEED[word])
    if word in ("first loss", "last loss"):
        place = 0 if word == "first loss" else -1
        return over_seeds([entry["history"]["loss"][place] for entry in finished(group) if "history" in entry])
    if word == "first epoch":
        return over_seeds(first_costs(group))
    if word == "seconds" and is_timed(group):
        return Spread(statistics.median(entry["seconds"] for entry in finished(group)), 0.0, 1)
    raise LookupError(f"there is no figure {word} of {group}")


def is_timed(group: str) -> bool:
    """Whether every seed has its seconds: there are none from a machine that did other work."""
    return all(entry["seconds"] is not None for entry in finished(group)) and bool(finished(group))


def shown(found: Spread) -> str:
    """A mean with its spread, or the number alone where there was one seed: four decimals below 10, two above."""
    decimals = 4 if abs(found.mean) < 10 else 2
    mean = f"{found.mean:,.{decimals}f}"
    return f"{mean} ± {found.deviation:,.{decimals}f}" if found.seeds > 1 else mean


def _part(entry: Entry, part: str) -> float:
    return float(entry["scores"][part][metric_of(entry)])


OF_A_SEED: dict[str, Callable[[Entry], float]] = {
    "test loss": lambda entry: entry["scores"]["test"]["loss"],
    "gap": lambda entry: _part(entry, "train") - _part(entry, "test"),
    "epochs": lambda entry: entry["epochs"],
    "perfect epoch": lambda entry: entry["perfect_epoch"],
}
"""gap: training less test score. perfect epoch: the first whose training accuracy is printed as 1.0000."""
