"""The columns of a table, a comment line each."""

from __future__ import annotations

from collections.abc import Mapping

from mlpcli.config.data import ColumnKind
from mlpcli.config.suggestions import shown
from mlpcli.data.tables.profile import ColumnProfile
from mlpcli.data.tables.summaries import ColumnSummary, column_lines
from mlpcli.data.tables.target_encoder import TargetEncoder
from mlpcli.workflows.starter_data import Entry
from mlpcli.workflows.yaml_value import in_a_comment

MOST_LISTED = 60
MOST_CLASSES = 8
LONGEST_EXAMPLE = 60


def target_comment(profile: ColumnProfile, target: TargetEncoder) -> str:
    """What is predicted: the classes, or the range of the number."""
    if target.class_names is None:
        return f"a number, {profile.low:.6g} to {profile.high:.6g}"
    first = ", ".join(shown(name) for name in target.class_names[:MOST_CLASSES])
    more = ", ..." if len(target.class_names) > MOST_CLASSES else ""
    return f"{len(target.class_names)} classes: {first}{more}"


def column_comments(profiles: Mapping[str, ColumnProfile], kinds: Mapping[str, ColumnKind], target: str) -> list[Entry]:
    """The columns as they are read, in the order of the file; very many are counted."""
    summaries = column_lines(profiles, kinds, target)
    width = max(len(shown(summary.name)) for summary in summaries[:MOST_LISTED])
    lines = [_line(summary, width) for summary in summaries[:MOST_LISTED]]
    if len(summaries) > MOST_LISTED:
        lines.append(f"#   ... and {len(summaries) - MOST_LISTED:,} more")
    head = "# The columns, as they are read; types: {COLUMN: category} reads one in another way."
    return [(head, ""), *((line, "") for line in lines)]


def _line(summary: ColumnSummary, width: int) -> str:
    values = summary.example if len(summary.example) <= LONGEST_EXAMPLE else summary.example[:LONGEST_EXAMPLE] + "..."
    counted = summary.kind in ("category", "target", "dropped")
    distinct = f"{summary.distinct} values: " if counted and summary.distinct != 1 else ""
    gaps = f", {summary.missing:,} missing" if summary.missing else ""
    return in_a_comment(f"#   {shown(summary.name):{width}}  {summary.kind:8}  {distinct}{values}{gaps}")
