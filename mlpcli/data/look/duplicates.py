"""Finds rows that are in two parts, and training rows that contradict each other."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from mlpcli.arrays import Array, row_chunks
from mlpcli.data.dataset import Part
from mlpcli.data.look.findings import Finding, Level
from mlpcli.text import percent

MOST_KINDS = 1_000
LEAST_REPEATED = 10
"""At most so many different training rows, each this often on average: a table that can hold few different rows."""
WARN_FROM = 100
"""A hundredth of a part moves its score by a point at most; from there on it is a warning."""
Hashes = npt.NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class PartHashes:
    """A number for the x of each row (n,), and the same sorted; and sorted, the numbers of x and y together (n,)."""

    x: Hashes
    sorted_x: Hashes
    sorted_both: Hashes

    def __len__(self) -> int:
        return len(self.x)


def hash_parts(parts: dict[str, Part]) -> dict[str, PartHashes]:
    """Hash each part; values are compared in the smallest type that holds those of all parts."""
    x_type = np.result_type(*(part.x.dtype for part in parts.values()))
    y_type = np.result_type(*(part.y.dtype for part in parts.values()))
    hashes = {}
    for name, part in parts.items():
        x = row_hashes(part.x, part.indices, x_type)
        both = joined(x, row_hashes(part.y, part.indices, y_type))
        hashes[name] = PartHashes(x, np.sort(x), np.sort(both))
    return hashes


def repeated_rows(train: PartHashes) -> int:
    """How many rows have the values of an earlier one."""
    return len(train) - distinct(train.sorted_x)


def find_overlaps(hashes: dict[str, PartHashes]) -> list[Finding]:
    """Rows that stand in another part too, target and all: a finding for each pair of parts that share any.

    Where the training rows are few different ones, repeated, sharing them is expected, and one note says so.
    """
    train = hashes["training"]
    if distinct(train.sorted_x) <= min(MOST_KINDS, len(train) // LEAST_REPEATED):
        return [_few_kinds(hashes)] if len(hashes) > 1 else []
    findings = []
    for first, second in combinations(hashes, 2):
        same = common(hashes[second].sorted_both, hashes[first].sorted_both)
        alike = common(hashes[second].sorted_x, hashes[first].sorted_x) - same
        if same:
            findings.append(_overlap(first, second, same, alike, len(hashes[second])))
    return findings


def find_contradictions(train: Part, hashes: PartHashes, classes: int) -> list[Finding]:
    """Training rows with equal values but different classes: no model can get all of them right."""
    again = hashes.sorted_x[1:] == hashes.sorted_x[:-1]
    repeated = np.unique(hashes.sorted_x[1:][again])
    if not len(repeated):
        return []
    group = np.minimum(np.searchsorted(repeated, hashes.x), len(repeated) - 1)
    in_group = repeated[group] == hashes.x
    keys = group[in_group] * classes + train.y[train.indices[in_group]]
    pairs, counts = np.unique(keys, return_counts=True)
    sizes, most = np.zeros(len(repeated), np.int64), np.zeros(len(repeated), np.int64)
    np.add.at(sizes, pairs // classes, counts)
    np.maximum.at(most, pairs // classes, counts)
    mixed, wrong = int(sizes[most < sizes].sum()), int((sizes - most).sum())
    return [_contradiction(mixed, wrong, len(train))] if wrong else []


def _contradiction(mixed: int, wrong: int, rows: int) -> Finding:
    text = (
        f"{mixed:,} training rows share all values with a row of another class: no model can get more than"
        f" {percent(rows - wrong, rows)} of the training rows right"
    )
    advice = "look for wrong labels, or add a column that tells such rows apart"
    return Finding("contradictions", text, advice, "note")


def _overlap(first: str, second: str, same: int, alike: int, rows: int) -> Finding:
    count = f"all {rows:,}" if same == rows else f"{same:,} of {rows:,}"
    others = f" ({alike:,} more have the same values but another target)" if alike else ""
    verb = "appears" if same == 1 else "appear"
    effect = f"inflates the {second} score" if first == "training" else "lets them influence when training stops"
    text = f"{count} {second} rows ({percent(same, rows)}) also {verb} among the {first} rows{others}, which {effect}"
    level: Level = "warning" if same * WARN_FROM >= rows else "note"
    return Finding("duplicates", text, "keep each row once, or all its copies in one part", level)


def _few_kinds(hashes: dict[str, PartHashes]) -> Finding:
    train = hashes["training"]
    others = " and ".join(
        f"{percent(common(part.sorted_x, train.sorted_x), len(part))} of the {name} rows"
        for name, part in hashes.items()
        if name != "training"
    )
    text = (
        f"the {len(train):,} training rows are {distinct(train.sorted_x):,} distinct ones, repeated, and {others} are"
        " among them"
    )
    return Finding("duplicates", text, "the score says nothing about new rows", "note")


WEIGHTS_SEED = 1_212_240_712
_HIGH = np.uint64(0xFFFFFFFF00000000)


def row_hashes(values: Array, indices: Array, dtype: np.dtype[np.generic]) -> Hashes:
    """The numbers (len(indices),) of those rows of `values` (n, ...), compared as `dtype`, in chunks.

    0.0 and -0.0 are equal, and so are all NaN. Multilinear hashing of 32-bit words with 64-bit weights, whose upper
    halves are strongly universal (Lemire and Kaser, "Strongly universal string hashing is fast", 2014); two of them
    make one number, so that two unequal rows meet with a probability of 2**-64.
    """
    row_bytes = math.prod(values.shape[1:]) * dtype.itemsize
    words = -(-row_bytes // 4)
    weights = np.random.default_rng(WEIGHTS_SEED).integers(0, 2**64, (2, words), dtype=np.uint64)
    hashes = np.empty(len(indices), np.uint64)
    for chunk in row_chunks(values, len(indices)):
        rows = _row_words(values[indices[chunk]], dtype, row_bytes, words)
        first, second = (np.einsum("ij,j->i", rows, weight) for weight in weights)
        hashes[chunk] = (first & _HIGH) | (second >> np.uint64(32))
    return hashes


def joined(first: Hashes, second: Hashes) -> Hashes:
    """The numbers of pairs."""
    pairs = np.stack([first, second], axis=1)
    return row_hashes(pairs, np.arange(len(pairs)), pairs.dtype)


def distinct(ordered: Array) -> int:
    """How many different values a sorted array (n,) with n >= 1 holds."""
    return 1 + int(np.count_nonzero(ordered[1:] != ordered[:-1]))


def common(ordered: Hashes, among: Hashes) -> int:
    """How many of the values `ordered` (n,) are in `among` (m,); both sorted."""
    places = np.minimum(np.searchsorted(among, ordered), len(among) - 1)
    return int(np.count_nonzero(among[places] == ordered))


def _row_words(rows: Array, dtype: np.dtype[np.generic], row_bytes: int, words: int) -> Hashes:
    """Each row's bytes as 32-bit words (n, words), the last one filled up with zeros."""
    plain = np.array(rows, dtype, order="C").reshape(len(rows), -1)
    if plain.dtype.kind == "f":
        plain += plain.dtype.type(0)  # -0.0 becomes 0.0
        plain[np.isnan(plain)] = np.nan
    octets = plain.view(np.uint8)
    if row_bytes % 4:
        octets = np.pad(octets, ((0, 0), (0, words * 4 - row_bytes)))
    return octets.view(np.uint32).astype(np.uint64)
