"""Fewer rows than a table of that width asks for."""

from __future__ import annotations

from mlpcli.data.look.findings import Finding

ROWS_PER_COLUMN = 5


def find_few_rows(rows: int, width: int) -> list[Finding]:
    """`rows`: training rows; `width`: columns that the model sees, categories counted one by one."""
    if rows >= ROWS_PER_COLUMN * width:
        return []
    text = f"{rows:,} training rows are few for {width:,} columns: a network can learn them by heart"
    advice = "use model.dropout or model.kernel_regularizer: {l2: 0.01}, fewer units, or leave columns out"
    return [Finding("few_rows", text, advice, "note")]
