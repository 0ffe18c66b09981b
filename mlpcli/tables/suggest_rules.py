"""What a first look at a CSV suggests for its lines, for `mlpcli init`: titles, comments, no header, total rows."""

from __future__ import annotations

import itertools
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mlpcli.tables.csv_reader import MOST_LOOKED_AT, SEPARATORS, first_lines, sample_rows
from mlpcli.tables.csv_records import Record, is_blank, records
from mlpcli.tables.header import looks_like_data, numbers_alone
from mlpcli.tables.line_edit import UNIT, LineEdit, LineRules, directive, is_odd, is_total, split
from mlpcli.tables.text_file import TextFile, find_encoding

COMMENTS = ("#", "%")
TOTALS = (
    *("합계", "총계", "총합계", "소계", "누계", "계", "전체합계", "평균"),
    *("Total", "Totals", "Grand Total", "Subtotal", "Sum", "Average", "Mean"),
)
LAST_LINES = 5
LAST_BYTES = 1 << 20


def suggest_rules(path: Path) -> tuple[LineRules, list[str]]:
    """The rules with which a text file can be read as a table, and a note on each.

    Raises:
        DataError: the file is not text, or cannot be read.
    """
    file = TextFile(path, str(path))
    encoding = find_encoding(file, None).encoding
    lines = first_lines(file, encoding)
    first = 1 if lines and directive(lines[0]) else 0
    rules, notes = _comments(lines, path.name)
    edit = LineEdit(rules, first)
    edit = replace(edit, separator=_separator([edit.line(number, line) for number, line in enumerate(lines, 1)]))
    rules, more = _header(lines, edit, path.name)
    words = _total_words(last_lines(file, encoding), lines, edit)
    if words:
        listed = ", ".join(words)
        more.append(f"{path.name}: the last rows are sums ({listed}) and are left out (data.skip_totals)")
    return replace(rules, totals=tuple(words)), [*notes, *more]


def last_lines(file: TextFile, encoding: str) -> list[str]:
    """The last lines that are not blank."""
    end = b""
    with file.open_utf8(encoding) as stream:
        while piece := stream.read(LAST_BYTES):
            end = (end + piece)[-LAST_BYTES:]
    lines = end.decode("utf-8", "ignore").splitlines()
    return list(deque((line for line in lines if not is_blank(line)), LAST_LINES))


def _comments(lines: Sequence[str], name: str) -> tuple[LineRules, list[str]]:
    """Lines before the first row that begin with # or %; the last of them may hold the names."""
    written = [(number, line) for number, line in enumerate(lines, 1) if not is_blank(line)]
    for letter in COMMENTS:
        rows_begin = (at for at, (_, line) in enumerate(written) if not line.lstrip().startswith(letter))
        head = written[: next(rows_begin, len(written))]
        rest = [line for _, line in written[len(head) :]]
        if not head or len(rest) < 2:
            continue
        separator = _separator(rest)
        number, last = head[-1]
        names = split(last.lstrip()[1:].strip(), separator)
        rows = [split(line.strip(), separator) for line in rest[:MOST_LOOKED_AT]]
        if not names[0].strip():
            continue  # a column that is called "#"
        note = f"{name}: lines that begin with {letter} are comments and are left out (data.comment)"
        is_header = len(names) == len(rows[0]) > 1 and looks_like_data(rows[0], rows[1:])
        if is_header:
            return LineRules(number, comment=letter), [f"{note}; the names are on line {number} (data.header)"]
        return LineRules(comment=letter), [note]
    return LineRules(), []


def _separator(lines: Sequence[str]) -> str:
    """The separator with which most lines have the same number of values, at least two; then, the most values."""
    best, highest = ",", (0.0, 1)
    plain = [line.strip(" \r\n") for line in lines[: MOST_LOOKED_AT + 1] if not is_blank(line)]
    for separator in (*SEPARATORS, "::", " "):
        sizes = (
            [len(split(line, separator)) for line in plain]
            if is_odd(separator)
            else [record.values for record in itertools.islice(records(lines, separator), MOST_LOOKED_AT)]
        )
        if not sizes or (separator == " " and highest[0] > 0.5):
            continue
        size, count = Counter(sizes).most_common(1)[0]
        if size > 1 and (count / len(sizes), size) > highest:
            best, highest = separator, (count / len(sizes), size)
    return best


def _header(lines: Sequence[str], edit: LineEdit, name: str) -> tuple[LineRules, list[str]]:
    """Where the names are: below title lines, or nowhere."""
    rules, delimiter = edit.rules, UNIT if is_odd(edit.separator) else edit.separator
    if rules.header is not None:
        return rules, []
    edited = [edit.line(number, line) for number, line in enumerate(lines, 1)]
    found = list(itertools.islice(records(edited, delimiter), MOST_LOOKED_AT))
    if not found:
        return rules, []
    size = Counter(record.values for record in found).most_common(1)[0][0]
    filled = [(record, _filled(edited, record, delimiter)) for record in found]
    whole = (record for record, values in filled if record.values == size and 2 * values >= size)
    first = next(whole, found[0])
    names = sample_rows(edited[first.line - 1 : first.end - 1], delimiter)
    rows = sample_rows(edited[first.end - 1 :], delimiter)
    if names and rows and (numbers_alone(names[0], rows) or looks_like_data(names[0], rows)):
        note = f'{name}: has no line of column names (data.header: none); they are called "column 1", "column 2" ...'
        return replace(rules, header="none", skip=first.line - 1 if first is not found[0] else 0), [note]
    if first is found[0]:
        return rules, []
    return replace(rules, header=first.line), [
        f"{name}: the column names are on line {first.line} (data.header); what stands above it is left out"
    ]


def _filled(lines: list[str], record: Record, delimiter: str) -> int:
    rows = sample_rows(lines[record.line - 1 : record.end - 1], delimiter)
    return sum(bool(value.strip()) for value in rows[0]) if rows else 0


def _total_words(last: Sequence[str], lines: Sequence[str], edit: LineEdit) -> list[str]:
    """Words of sums that the last rows begin with, and none of the first rows does, as they are written."""
    words: dict[str, None] = {}
    begin = [split(line, edit.separator) for line in lines[: min(MOST_LOOKED_AT, len(lines) - LAST_LINES)]]
    for line in last:
        values = split(line.strip(), edit.separator)
        word = next((value.strip().strip('"').strip() for value in values if value.strip(' "')), "")
        if len(values) > 1 and is_total([word], TOTALS) and not any(is_total(row, [word]) for row in begin):
            words[word] = None
    return list(words)
