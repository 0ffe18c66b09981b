"""The numbers of docs/quality.md: ratios of errors, ranks, wins, from the stored fits."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from benchmarks.quality.results import Entry, entries_of
from benchmarks.quality.tables import BY_NAME

DRAWS, DRAWS_SEED = 4000, 0
"""Of tables with replacement, for the interval of a geometric mean."""
LEVEL = (2.5, 97.5)


@dataclass(frozen=True)
class Ratio:
    """Errors of a method over those of another: the geometric mean over tables, and the middle 95 % of its draws."""

    mean: float
    low: float
    high: float
    tables: int


@cache
def finished(method: str) -> dict[tuple[str, int], Entry]:
    """The fits of a method that came to an end, by table and split."""
    return {(entry["table"], entry["split"]): entry for entry in entries_of(method) if "failure" not in entry}


def tables_of(method: str, half: str | None = None) -> list[str]:
    """The tables that a method has been fitted to, in the order of TABLES."""
    known = {table for table, _ in finished(method)}
    return [name for name, table in BY_NAME.items() if name in known and half in (None, table.half)]


def smoothed_error(entry: Entry) -> float:
    """An error that a ratio may be taken of: half a row is counted wrong in addition, so that none is 0."""
    error: float = entry["error"]
    if BY_NAME[entry["table"]].task == "regression":
        return error
    rows = entry["rows"]
    return (error * rows + 0.5) / (rows + 0.5)


def table_ratio(method: str, other: str, table: str, figure: str = "error") -> float | None:
    """Geometric mean over the splits that both have; None where they have none in common."""
    logarithms = [
        math.log(_figure(entry, figure) / _figure(finished(other)[key], figure))
        for key, entry in finished(method).items()
        if key[0] == table and key in finished(other)
    ]
    return math.exp(statistics.fmean(logarithms)) if logarithms else None


def _figure(entry: Entry, name: str) -> float:
    return smoothed_error(entry) if name == "error" else float(entry[name])


def ratio(method: str, other: str, tables: Iterable[str], figure: str = "error") -> Ratio | None:
    """Over all of these tables that both have been fitted to."""
    found = [value for table in tables if (value := table_ratio(method, other, table, figure)) is not None]
    return geometric_mean(found) if found else None


def geometric_mean(ratios: Sequence[float]) -> Ratio:
    """With the interval of the bootstrap over the ratios."""
    logarithms = np.log(ratios)
    draws = np.random.default_rng(DRAWS_SEED).choice(logarithms, (DRAWS, len(logarithms))).mean(axis=1)
    low, high = np.exp(np.percentile(draws, LEVEL))
    return Ratio(float(np.exp(logarithms.mean())), float(low), float(high), len(ratios))


def wins(method: str, other: str, tables: Iterable[str]) -> tuple[int, int]:
    """On how many tables a method makes fewer errors than another, and on how many more."""
    ratios = [table_ratio(method, other, table) for table in tables]
    better = sum(value is not None and value < 1 for value in ratios)
    return better, sum(value is not None and value > 1 for value in ratios)


def mean_error(method: str, table: str) -> float | None:
    """Over the splits; None where it was not fitted."""
    errors = errors_of(method, table)
    return statistics.fmean(errors) if errors else None


def errors_of(method: str, table: str) -> list[float]:
    """The errors of a table, by split."""
    return [entry["error"] for key, entry in sorted(finished(method).items()) if key[0] == table]


def mean_ranks(methods: Sequence[str], tables: Iterable[str]) -> dict[str, float]:
    """The rank of each method's error (1 is the best), over the tables and splits that all have; ties share a rank."""
    if not methods:
        return {}
    allowed = set(tables)
    keys = [key for key in finished(methods[0]) if key[0] in allowed and all(key in finished(one) for one in methods)]
    if not keys:
        return {}
    ranks = [ranks_of([finished(method)[key]["error"] for method in methods]) for key in keys]
    return {method: statistics.fmean(row[place] for row in ranks) for place, method in enumerate(methods)}


def ranks_of(values: Sequence[float]) -> list[float]:
    """1 for the least; equal values share the mean of their ranks."""
    return [
        sum(other < value for other in values) + (sum(other == value for other in values) + 1) / 2 for value in values
    ]


def mean_of(method: str, figure: str, tables: Iterable[str]) -> float | None:
    """The mean of a figure over tables, each the mean of its splits; None where no table has it."""
    means = []
    for table in tables:
        values = [entry[figure] for (name, _), entry in finished(method).items() if name == table and figure in entry]
        means += [statistics.fmean(values)] if values else []
    return statistics.fmean(means) if means else None
