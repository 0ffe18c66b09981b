"""A CSV table in an ejected script: read with Python's csv, encoded with NumPy as training encodes it."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlpcli.data.dataset import Source
from mlpcli.errors import DataError, SettingError
from mlpcli.tables.column_encoders import CategoryColumn, ColumnEncoder, ValueColumn
from mlpcli.tables.date_parts import DateParts
from mlpcli.tables.line_edit import PLAIN_LINES
from mlpcli.tables.preprocessing import Preprocessing
from mlpcli.tables.raw_table import USUAL_GAPS
from mlpcli.tables.values import CONVERSIONS
from mlpcli.workflows.eject_model import text_of

ENCODINGS = ("utf-8", "utf-8-sig", "cp949", "utf-16")
SEPARATORS = (",", ";", "\t", "|")
LIST_WIDTH = 60
"""In characters, of what stands in brackets on a line, after the name of a function and of a column."""
NEXT_LINE = ",\n        "


@dataclass(frozen=True)
class TableText:
    """read: lines that end with `table` and `y`. encode: those that make `x` of the table, once `train` is known."""

    read: str
    encode: str


@dataclass(frozen=True)
class _File:
    """How csv reads the table, and the texts of the columns."""

    encoding: str
    separator: str
    rows: list[dict[str, str]]


def table_text(path: Path, shown: str, source: Source, limit: int | None) -> TableText:
    """The lines for a table.

    shown: the path as the script has it.

    Raises:
        DataError, SettingError: a short script cannot read the table as training does.
    """
    made = source.preprocessing
    assert made is not None
    _check_plain(path, made)
    file = _read(path, made)
    gaps = _gaps(file, made)
    return TableText(_reading(shown, file, made, gaps, limit), _encoding(file, made, bool(gaps)))


def _check_plain(path: Path, made: Preprocessing) -> None:
    if not path.is_file() or path.suffix.lower() not in (".csv", ".tsv", ".txt"):
        raise DataError(f"{path}: an ejected script reads a single .csv file; save the table as one")
    if made.options.rules != PLAIN_LINES:
        raise SettingError("data.header", "an ejected script cannot skip lines; write a plain CSV with a header line")
    for name, form in (made.options.formats or {}).items():
        if name in (*made.source_names, *made.target.names) and (form.number is not None or form.date is not None):
            raise DataError(
                f'{path}: column "{name}" has numbers or dates that Python cannot read directly; write plain'
                " ones (1234.5, 2024-10-11), or leave it out (data.exclude)"
            )


def _read(path: Path, made: Preprocessing) -> _File:
    """The file as csv reads it, with the first encoding and separator that fit."""
    names = {*made.source_names, *made.target.names}
    for encoding in ENCODINGS:
        for separator in SEPARATORS:
            try:
                with open(path, encoding=encoding, newline="") as file:
                    reader = csv.DictReader(file, delimiter=separator)
                    if names <= set(reader.fieldnames or ()) and len(set(reader.fieldnames or ())) == len(
                        reader.fieldnames or ()
                    ):
                        return _File(encoding, separator, list(reader))
            except (UnicodeError, csv.Error):
                continue
    raise DataError(f"{path}: Python's csv does not find the columns in it; write a plain CSV with a header line")


def _gaps(file: _File, made: Preprocessing) -> list[str]:
    """The texts that stand for a gap and occur in the columns that are used."""
    options = made.options
    words = {"", *(USUAL_GAPS if options.na_values is None else (*USUAL_GAPS, *options.na_values))}
    words |= {word for form in (options.formats or {}).values() for word in form.gaps}
    names = (*made.source_names, *made.target.names)
    return sorted({row[name] for row in file.rows for name in names} & words)


def _reading(shown: str, file: _File, made: Preprocessing, gaps: list[str], limit: int | None) -> str:
    delimiter = "" if file.separator == "," else f", delimiter={file.separator!r}"
    lines = [
        f'with open({text_of(shown)}, encoding="{file.encoding}", newline="") as file:',
        f"    table = list(csv.DictReader(file{delimiter}))  # all values are still strings",
    ]
    if gaps:
        lines.append(f"GAPS = {_listed(gaps)}  # how missing values are written")
    without = [name for name in made.target.names if any(row[name] in gaps for row in file.rows)]
    if without:
        known = " and ".join(f"row[{text_of(name)}] not in GAPS" for name in without)
        lines.append(f"table = [row for row in table if {known}]")
    if made.missing == "drop" and gaps:
        lines.append(f"FEATURES = {_listed(list(made.source_names))}")
        lines.append("table = [row for row in table if all(row[name] not in GAPS for name in FEATURES)]")
    if limit is not None:
        lines.append(f"table = table[:{limit}]")
    return "\n".join([*lines, *_target(made)]) + "\n"


def _target(made: Preprocessing) -> list[str]:
    names, classes = made.target.names, made.target.class_names
    if classes is not None:
        return [
            f"CLASSES = {_listed(list(classes))}",
            f"y = np.array([CLASSES.index(row[{text_of(names[0])}]) for row in table])",
        ]
    if len(names) == 1:
        return [f'y = np.array([float(row[{text_of(names[0])}]) for row in table], "float32")']
    columns = _listed(list(names))
    return [f'y = np.array([[float(row[name]) for name in {columns}] for row in table], "float32")']


def _listed(texts: list[str]) -> str:
    return _list_code([*map(text_of, texts)])


def _list_code(items: list[str]) -> str:
    """A list of values as they are written, on several lines where it is long."""
    lines: list[list[str]] = [[]]
    for item in items:
        if lines[-1] and sum(len(known) + 2 for known in (*lines[-1], item)) > LIST_WIDTH:
            lines.append([])
        lines[-1].append(item)
    return f"[{NEXT_LINE.join(', '.join(line) for line in lines)}]"


def _encoding(file: _File, made: Preprocessing, gaps: bool) -> str:
    """Helpers for the kinds of columns that there are, and a line for each column."""
    kinds = {kind for column in made.columns for kind in _kinds(column)}
    helpers = [_HELPERS["missing"]] if gaps else []
    helpers += [text if gaps else _without_gaps(text) for kind, text in _HELPERS.items() if kind in kinds]
    if any(isinstance(column, (ValueColumn, DateParts)) and column.edges for column in made.columns):
        helpers.append(_BINS)
    lines = [line for column in made.columns for line in _column_lines(column, file, gaps)]
    body = "".join(f"    {line},\n" for line in lines)
    learnt = "# Medians and categories are those of the training rows.\n"
    return "\n\n".join(helpers) + f'\n\n{learnt}x = np.column_stack([\n{body}]).astype("float32")\n'


def _kinds(column: ColumnEncoder) -> tuple[str, ...]:
    """The names of the helpers that the column needs."""
    if isinstance(column, DateParts):
        return "date", "date parts"
    return (column.kind if isinstance(column, ValueColumn) else "category",)


def _column_lines(column: ColumnEncoder, file: _File, gaps: bool) -> list[str]:
    name = text_of(column.name)
    if isinstance(column, CategoryColumn):
        made = f"one_hot({name}, {_listed(list(column.categories))})"
        lines = [f"*{made}"]
        if column.other:
            others = f"~np.any(one_hot({name}, {_listed(list(column.categories))}), axis=0)"
            lines.append(f"{others} & ~missing({name})" if column.missing else others)
        return [*lines, f"missing({name})"] if column.missing else lines
    if isinstance(column, DateParts):
        days = _date(column, gaps)
        lines = [f"*date_parts({days}, {_listed(list(column.parts))}, {column.low!r})"] if column.parts else []
        lines += [f"missing({name})"] if column.indicator else []
        return [*lines, f"bins({days} - {column.low!r}, {_edges(column.edges)})"] if column.edges else lines
    assert isinstance(column, ValueColumn)
    first = _date(column, gaps) if column.kind == "date" else f"{column.kind}({name})"
    if column.kind == "boolean":
        first = f"boolean({name}, {_listed(_true_words(column.name, file))})"
    lines = [first, f"missing({name})"] if column.indicator else [first]
    if column.edges:
        lines.append(f"bins({first}, {_edges(column.edges)})")
    return lines


def _date(column: ValueColumn | DateParts, gaps: bool) -> str:
    return f"date({text_of(column.name)}, {column.fill!r})" if gaps else f"date({text_of(column.name)})"


def _edges(edges: tuple[float, ...]) -> str:
    return _list_code([*map(repr, edges)])


def _true_words(name: str, file: _File) -> list[str]:
    """The texts of the column that are true."""
    import pyarrow as pa

    texts = sorted({row[name] for row in file.rows})
    found = []
    for text in texts:
        try:
            values = CONVERSIONS["boolean"](pa.chunked_array([[text]]), name, str)
        except DataError:  # a gap
            continue
        if values[0] == 1:
            found.append(text)
    return found


def _without_gaps(text: str) -> str:
    """A helper for a table in which no value is missing."""
    return _PLAIN.get(text, text)


_HELPERS: dict[str, str] = {
    "missing": '''def missing(name):
    """True where the column has no value."""
    return np.array([row[name] in GAPS for row in table])
''',
    "number": '''def number(name):
    """The column as numbers; the median of the training rows fills the gaps."""
    gaps = missing(name)
    values = np.array([0.0 if gap else float(row[name]) for row, gap in zip(table, gaps)])
    values[gaps] = np.median(values[train][~gaps[train]].astype("float32"))
    return values
''',
    "boolean": '''def boolean(name, true):
    """1 where the column is true; the most frequent value of the training rows fills the gaps."""
    gaps = missing(name)
    values = np.array([row[name] in true for row in table], float)
    values[gaps] = np.median(values[train][~gaps[train]]) > 0.5
    return values
''',
    "date": '''def date(name, fill):
    """Days since 1970; the median of the training rows fills the gaps."""
    gaps = missing(name)
    days = np.array(["1970-01-01" if gap else row[name] for row, gap in zip(table, gaps)], "datetime64[us]")
    return np.where(gaps, fill, days.astype(float) / 86_400e6)
''',
    "date parts": '''def date_parts(days, parts, first):
    """Year; month, day of year, weekday and time as points on a circle; trend: days since the first date."""
    day = np.floor(days).astype(int).astype("datetime64[D]")
    year = day.astype("datetime64[Y]")
    start, end = year.astype("datetime64[D]"), (year + 1).astype("datetime64[D]")
    turns = {
        "month": day.astype("datetime64[M]").astype(int) % 12 / 12,
        "day of year": (day - start) / (end - start),
        "weekday": (np.floor(days) + 3) % 7 / 7,  # 1970 began on a Thursday
        "time": days - np.floor(days),
    }
    values = {"year": year.astype(int) + 1970, "trend": days - first}
    for name, turn in turns.items():
        values[f"{name} sin"], values[f"{name} cos"] = np.sin(2 * np.pi * turn), np.cos(2 * np.pi * turn)
    return [values[part] for part in parts]
''',
    "category": '''def one_hot(name, categories):
    """A column of 0 and 1 for each category."""
    texts = np.array([row[name] for row in table])
    return [texts == category for category in categories]
''',
}
_PLAIN: dict[Any, str] = {
    _HELPERS["number"]: '''def number(name):
    """The column as numbers."""
    return np.array([float(row[name]) for row in table])
''',
    _HELPERS["boolean"]: '''def boolean(name, true):
    """1 where the column is true, else 0."""
    return np.array([row[name] in true for row in table])
''',
    _HELPERS["date"]: '''def date(name):
    """Days since 1970."""
    return np.array([row[name] for row in table], "datetime64[us]").astype(float) / 86_400e6
''',
}
_BINS = '''def bins(values, edges):
    """How much of each bin, between two edges, lies below each value: 0 to 1."""
    low, width = np.array(edges[:-1]), np.diff(edges)
    return np.clip((values[:, None] - low) / width, 0, 1)
'''
