"""A look at the data before training: every question, and what was found, warnings first."""

from __future__ import annotations

from mlpcli.data.class_weights import class_counts
from mlpcli.data.dataset import Part, Source, Splits
from mlpcli.data.look.class_balance import find_small_classes
from mlpcli.data.look.column_ranges import column_ranges
from mlpcli.data.look.constant_columns import find_constant
from mlpcli.data.look.duplicates import find_contradictions, find_overlaps, hash_parts, repeated_rows
from mlpcli.data.look.few_rows import find_few_rows
from mlpcli.data.look.findings import Facts, Finding, Look
from mlpcli.data.look.large_numbers import find_large_target, find_skewed, find_unscaled
from mlpcli.data.look.leaks import find_leaks
from mlpcli.data.look.raw_columns import raw_columns
from mlpcli.data.look.seen_rows import draw_sample, in_memory, parts_by_name


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
        findings += find_large_target(splits.train, target_scaling)
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
        *find_skewed(columns, ranges, sample),
        *find_few_rows(len(train), train.x.shape[1]),
    ]
