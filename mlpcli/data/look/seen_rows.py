"""The rows that are looked at: all in memory, the first of those on disk, a drawn few for the longer questions."""

from __future__ import annotations

import math

import numpy as np

from mlpcli.data.dataset import Part, Rows, Splits
from mlpcli.data.look.findings import Finding

MOST_STREAMED_ROWS = 200_000
MOST_STREAMED_VALUES = 1 << 24
"""64 MiB of float32: wide tables are looked at in fewer rows."""

SAMPLE_ROWS = 20_000
"""Enough to tell 98 % from 99 %."""
FEWEST_SAMPLE_ROWS = 2_000
SAMPLE_VALUES = 1 << 22
"""About a second of work over all columns: wide tables are sampled in fewer rows."""

SAMPLE_SEED = 1_280_266_059


def parts_by_name(splits: Splits) -> dict[str, Part]:
    """The parts under the names that findings use; a validation part that is the test part is listed once, as test."""
    parts = {"training": splits.train}
    if splits.validation is not None and splits.validation is not splits.test:
        parts["validation"] = splits.validation
    if splits.test is not None:
        parts["test"] = splits.test
    return parts


def in_memory(parts: dict[str, Part]) -> tuple[dict[str, Part], list[Finding]]:
    """Parts whose arrays are in memory: as they are, or the first rows of those on disk, and a note that says so."""
    seen = {name: _first_rows(part) for name, part in parts.items()}
    cut = [
        f"{len(seen[name]):,} of {len(part):,} {name}" for name, part in parts.items() if len(seen[name]) < len(part)
    ]
    if not cut:
        return seen, []
    text = f"looked at the first {', '.join(cut)} rows alone, because the rows stay on disk"
    return seen, [Finding("sample", text, "classes and the ranges of columns are those of all of them", "note")]


def draw_sample(train: Part) -> Rows:
    """At most 20,000 rows of the training part, in random but repeatable order."""
    width = math.prod(train.x.shape[1:])
    rows = min(len(train), SAMPLE_ROWS, max(FEWEST_SAMPLE_ROWS, SAMPLE_VALUES // max(1, width)))
    drawn = train.indices[np.random.default_rng(SAMPLE_SEED).choice(len(train), rows, replace=False)]
    return Rows(train.x[drawn], train.y[drawn])


def _first_rows(part: Part) -> Part:
    held: object = part.x
    if isinstance(held, np.ndarray):
        return part
    values = max(1, math.prod(part.x.shape[1:]))
    rows = min(len(part), MOST_STREAMED_ROWS, max(1, MOST_STREAMED_VALUES // values))
    first = np.asarray(part.indices[:rows])
    return Part(np.asarray(part.x[first]), np.asarray(part.y[first]), np.arange(rows, dtype=np.int64))
