"""The columns of a table as lines of NumPy that encode them as training does."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from mlpcli.exporters.numpy_layers import Code
from mlpcli.tables.column_encoders import CategoryColumn, ColumnEncoder, ValueColumn
from mlpcli.tables.date_parts import DateParts
from mlpcli.tables.preprocessing import Preprocessing
from mlpcli.tables.raw_table import PLAIN_FORMAT
from mlpcli.tables.values import FALSE, TRUE

WORDS_IN_LINE = 10


def constant_lines(preprocessing: Preprocessing) -> list[str]:
    """The constants that the lines of columns name."""
    words = sorted({"", *preprocessing.options.gap_words})
    rows = [f"    {quoted_list(words[at : at + WORDS_IN_LINE])[1:-1]}," for at in range(0, len(words), WORDS_IN_LINE)]
    lines = ["GAPS = {  # texts that stand for a missing value", *rows, "}"]
    if any(isinstance(column, ValueColumn) and column.kind == "boolean" for column in preprocessing.columns):
        lines += [f"TRUE = {quoted_list(TRUE)}", f"FALSE = {quoted_list(FALSE)}"]
    return lines


def column_call(code: Code, column: ColumnEncoder, preprocessing: Preprocessing) -> str:
    """The call that makes a column's inputs of the rows."""
    first, gaps = ["rows", quoted(column.name)], _gaps(column.name, preprocessing)
    if isinstance(column, CategoryColumn):
        last = len(column.categories)
        places = [f"others={last}"] if column.other else []
        places += [f"missing={last + column.other}"] if column.missing else []
        return code.call("category", *first, quoted_list(column.categories), *places, *gaps)
    known: Any = column
    rest = [f"fill={known.fill!r}" if preprocessing.missing == "impute" else "fill=None"]
    rest += [*(["marks_gaps=True"] if known.indicator else []), *([f"edges={[*known.edges]}"] if known.edges else [])]
    if isinstance(column, DateParts):
        return code.call("date_parts", *first, quoted_list(column.parts), f"first={column.low!r}", *rest, *gaps)
    return code.call(known.kind, *first, *rest, *gaps)


def _gaps(name: str, preprocessing: Preprocessing) -> list[str]:
    """The argument for the texts that stand for a gap in this column, where they are other ones than everywhere."""
    form = (preprocessing.options.formats or {}).get(name, PLAIN_FORMAT)
    more = f" | {{{quoted_list(form.gaps)[1:-1]}}}" if form.gaps else ""
    less = f" - {{{quoted_list(form.values)[1:-1]}}}" if form.values else ""
    return [f"gaps=GAPS{more}{less}"] if more or less else []


def quoted(text: str) -> str:
    """A text as Python writes it; half a surrogate pair, which no file can hold, is escaped."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(text)
    return json.dumps(text, ensure_ascii=False)


def quoted_list(texts: Sequence[str]) -> str:
    """A list of them."""
    return f"[{', '.join(map(quoted, texts))}]"
