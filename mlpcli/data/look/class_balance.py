"""Finds classes with too few rows to be learnt, to be in most batches or to be scored, and tables with few rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mlpcli.data.look.findings import Finding
from mlpcli.text import listed, plural, quoted, shown

FEWEST_TO_LEARN = 10
FEWEST_TO_SCORE = 5
MOST_UNEVEN = 10
"""Largest class by smallest: from here on, weights are advised."""
BELOW_EVEN = 3
"""A class counts as small for its batches when it has less than a third of an even share: of 1,000 balanced classes,
each is absent from most batches, and nothing is wrong with that."""


def find_small_classes(
    class_names: Sequence[str], counts: dict[str, tuple[int, ...]], batch_size: int, weighted: bool
) -> list[Finding]:
    """Findings on the class counts of each part; `weighted`: whether data.class_weight is set."""
    train = np.array(counts["training"])
    present = train[train > 0]
    findings = _absent(class_names, train) + _too_few_to_learn(class_names, train)
    if present.max() > MOST_UNEVEN * present.min():
        if not weighted:
            findings.append(_uneven(class_names, train))
    else:
        findings += _rare_in_batches(class_names, train, batch_size)
    for part, other in counts.items():
        if part != "training":
            findings += _too_few_to_score(class_names, train, part, np.array(other))
    return findings


def _absent(names: Sequence[str], train: np.ndarray) -> list[Finding]:
    absent = [name for name, count in zip(names, train, strict=True) if count == 0]
    if not absent:
        return []
    text = f"no training row has the class {quoted(absent)}"
    return [Finding("classes", text, "check the order of the rows, and data.limit")]


def _too_few_to_learn(names: Sequence[str], train: np.ndarray) -> list[Finding]:
    few = [(name, count) for name, count in zip(names, train, strict=True) if 0 < count < FEWEST_TO_LEARN]
    if not few:
        return []
    text = f"too few training rows to learn from: {_with_counts(few)}"
    return [Finding("classes", text, "collect more of them, or leave the class out")]


def _uneven(names: Sequence[str], train: np.ndarray) -> Finding:
    smallest, largest = int(np.where(train > 0, train, train.max()).argmin()), int(train.argmax())
    text = (
        f"the largest class, {_one(names, train, largest)}, has {train[largest] / train[smallest]:,.0f} times the"
        f" training rows of the smallest, {_one(names, train, smallest)}, so the network may never predict it"
    )
    advice = "data.class_weight: balanced weights the classes equally"
    if len(names) == 2:
        advice += "; output.threshold moves the decision only, and leaves the probabilities as they are"
    return Finding("classes", text, advice)


def _rare_in_batches(names: Sequence[str], train: np.ndarray, batch_size: int) -> list[Finding]:
    rows = int(train.sum())
    small = (train >= FEWEST_TO_LEARN) & (train * batch_size < rows) & (train * BELOW_EVEN * len(train) < rows)
    if not small.any():
        return []
    fewest = int(train[small].min())
    found = [(name, count) for name, count, is_small in zip(names, train, small, strict=True) if is_small]
    text = f"many batches of {batch_size:,} have no row of {_with_counts(found)}"
    return [Finding("classes", text, f"raise training.batch_size to {-(-rows // fewest):,} or more", "note")]


def _too_few_to_score(names: Sequence[str], train: np.ndarray, part: str, other: np.ndarray) -> list[Finding]:
    gone = [name for name, before, count in zip(names, train, other, strict=True) if before and not count]
    few = [(name, count) for name, count in zip(names, other, strict=True) if 0 < count < FEWEST_TO_SCORE]
    findings = []
    if gone:
        text = f"no {part} row has the class {quoted(gone)}, so the {part} score says nothing about it"
        findings.append(Finding("classes", text, f"give the {part} part more rows"))
    if few:
        text = f"few rows to compute the {part} score of a class: {_with_counts(few)}"
        findings.append(Finding("classes", text, f"give the {part} part more rows", "note"))
    return findings


def _with_counts(found: Sequence[tuple[str, int]]) -> str:
    return listed([f'"{shown(name)}" ({count:,})' for name, count in found])


def _one(names: Sequence[str], counts: np.ndarray, index: int) -> str:
    return f'"{shown(names[index])}" ({plural(int(counts[index]), "row", "rows")})'


ROWS_PER_COLUMN = 5


def find_few_rows(rows: int, width: int) -> list[Finding]:
    """`rows`: training rows; `width`: columns that the model sees, categories counted one by one."""
    if rows >= ROWS_PER_COLUMN * width:
        return []
    text = f"{rows:,} training rows are few for {width:,} columns: a network can easily overfit"
    advice = "use model.dropout or model.kernel_regularizer: {l2: 0.01}, fewer units, or leave columns out"
    return [Finding("few_rows", text, advice, "note")]
