"""Looks at the data before training: runs every check and collects the findings, warnings first."""

from __future__ import annotations

import math

import numpy as np

from mlpcli.arrays import class_counts
from mlpcli.data.dataset import Part, Rows, Source, Splits
from mlpcli.data.look.class_balance import find_few_rows, find_small_classes
from mlpcli.data.look.codes import find_codes
from mlpcli.data.look.column_ranges import column_ranges, find_constant, find_large_target, find_skewed, find_unscaled
from mlpcli.data.look.duplicates import find_contradictions, find_overlaps, hash_parts, repeated_rows
from mlpcli.data.look.findings import Facts, Finding, Look, raw_columns
from mlpcli.data.look.leaks import find_leaks


def look_at(
    source: Source,
    splits: Splits,
    batch_size: int,
    task: str,
    scaling: str,
    weighted: bool = False,
    target_scaling: str = "none",
) -> Look:
    """Look at the rows of all parts; nothing is refused, and the values are finite already.

    task: as planned. scaling: the resolved data.scaling word. weighted: whether data.class_weight is set.
    target_scaling: data.target_scaling. Rows on disk are looked at as far as `in_memory` says.
    """
    parts = parts_by_name(splits)
    seen, findings = in_memory(parts)
    hashes = hash_parts(seen)
    classes = source.class_names if task != "regression" else None
    counts = {name: _class_counts(part, classes) for name, part in parts.items()} if classes is not None else None
    findings += find_overlaps(hashes)
    if classes is not None and counts is not None:
        findings += find_contradictions(seen["training"], hashes["training"], len(classes))
        findings += find_small_classes(classes, counts, batch_size, weighted)
    else:
        names = source.preprocessing.target.names if source.preprocessing is not None else ()
        findings += find_large_target(splits.train, target_scaling, names)
    findings += _value_findings(source, splits.train, seen["training"], scaling, classes)
    facts = Facts(
        rows={name: len(part) for name, part in parts.items()},
        shape=source.input_shape,
        class_names=classes,
        class_counts=counts,
        repeated=repeated_rows(hashes["training"]),
    )
    return Look(facts, sorted(findings, key=lambda finding: finding.level != "warning"))


def _class_counts(part: Part, classes: tuple[str, ...]) -> tuple[int, ...]:
    return tuple(class_counts(part.y[part.indices], len(classes)).tolist())


def _value_findings(
    source: Source, train: Part, seen: Part, scaling: str, classes: tuple[str, ...] | None
) -> list[Finding]:
    """What the values say: of tables by column, of images only where nothing scales them.

    train: all training rows; seen: those of them that are in memory.
    """
    columns = raw_columns(source)
    if not columns:
        return find_unscaled(scaling, column_ranges(train)) if scaling == "none" else []
    ranges, sample = column_ranges(train), draw_sample(seen)
    return [
        *find_leaks(columns, sample, classes),
        *find_constant(columns, ranges),
        *find_unscaled(scaling, ranges),
        *(find_skewed(columns, ranges, sample) if scaling != "robust" else []),
        *find_codes(source.preprocessing, sample, classes),
        *find_few_rows(len(train), train.x.shape[1]),
    ]


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
    text = f"looked only at the first {', '.join(cut)} rows, because the rows stay on disk"
    return seen, [Finding("sample", text, "class counts and column ranges cover all rows", "note")]


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
