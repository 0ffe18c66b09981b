"""Tables written as CSV that every program reads as they are meant, batch by batch.

- UTF-8 with a byte order mark: without one, Excel reads the letters of a Korean file as those of another code page.
- Values with a separator, a quote or a line break are quoted as RFC 4180 says; lines end with one newline character.
- No text is changed: cells of a person's own table come back as a CSV reader reads them from it, formulas included
  (`+82-10-1234` is a telephone number). Only texts of other origin are `guarded` by whoever hands them over.
- A gap is an empty cell. Whole numbers and decimals are written with all of their digits.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from mlpcli.errors import UserError

if TYPE_CHECKING:
    import pyarrow as pa


FORMULA_START = tuple("=+-@＝＋－＠\t\r\n")
NO_FORMULA = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|[+-]+")
"""Numbers, and signs with nothing to calculate from."""
NEEDS_QUOTES = r'["\r\n]|{}'


def guarded(text: str) -> str:
    """A text from a stranger's file with an apostrophe in front, where a spreadsheet would run it as a formula."""
    return f"'{text}" if text.startswith(FORMULA_START) and not NO_FORMULA.fullmatch(text) else text


@dataclass(frozen=True)
class CsvStyle:
    """separator: between values. mark: whether the file begins with a byte order mark, as Excel needs it."""

    separator: str = ","
    mark: bool = True


class CsvOutput:
    """An open CSV file, or a stream that takes the place of one; the columns of the first table are those of all."""

    def __init__(self, file: Path | BinaryIO, style: CsvStyle | None = None) -> None:
        self._style = style or CsvStyle()
        self._file = open(file, "wb") if isinstance(file, Path) else file  # noqa: SIM115 - closed by `close`
        self._names: list[str] | None = None

    def write(self, table: pa.Table) -> None:
        """Append the rows of a table; the first brings the line of names."""
        if self._names is None:
            self._names = table.column_names
            mark = codecs.BOM_UTF8 if self._style.mark else b""
            self._file.write(mark + csv_lines([[name] for name in self._names], self._style.separator))
        if table.num_rows:
            self._file.write(csv_lines(table.select(self._names).columns, self._style.separator))

    def foreign(self, text: str) -> str:
        """A text from a stranger's file, as it is to be written."""
        return guarded(text)

    def close(self) -> None:
        """Nothing can be written after this."""
        self._file.close()


def csv_lines(columns: Sequence[Any], separator: str = ",") -> bytes:
    """Columns of equal length (pyarrow arrays, or lists of text) as lines of UTF-8; at least one row."""
    import pyarrow.compute as pc

    cells = [_cells(column, separator) for column in columns]
    if len(cells) == 1:  # an empty line would be no row to those who read it
        cells = [pc.if_else(pc.equal(cells[0], _text("")), _text('""'), cells[0])]
    lines = pc.binary_join_element_wise(*cells, _text(separator))
    # Joined with an empty text, each line ends with its newline, and together they are the file's bytes.
    return b"".join(_bytes(chunk) for chunk in _chunks(pc.binary_join_element_wise(lines, _text(""), _text("\n"))))


def _cells(column: Any, separator: str) -> Any:
    """Text with everything quoted that needs it, no gaps."""
    import pyarrow as pa
    import pyarrow.compute as pc

    array = pa.array(column, pa.large_string()) if isinstance(column, list) else column
    numeric = pa.types.is_integer(array.type) or pa.types.is_floating(array.type)
    texts = pc.fill_null(array.cast(pa.large_string()), _text(""))
    if numeric or not _may_need_quotes(texts, separator):
        return texts
    doubled = pc.replace_substring(texts, '"', '""')
    quoted = pc.binary_join_element_wise(_text('"'), doubled, _text('"'), _text(""))
    return pc.if_else(pc.match_substring_regex(texts, NEEDS_QUOTES.format(re.escape(separator))), quoted, texts)


def _may_need_quotes(texts: Any, separator: str) -> bool:
    """Whether any of these texts does; to look for four letters in all at once takes no time, compared to each."""
    signs = [sign.encode("utf-8") for sign in ('"', "\r", "\n", separator)]
    return any(sign in written for written in map(_bytes, _chunks(texts)) for sign in signs)


def _text(value: str) -> Any:
    import pyarrow as pa

    return pa.scalar(value, pa.large_string())


def _chunks(array: Any) -> Sequence[Any]:
    import pyarrow as pa

    return array.chunks if isinstance(array, pa.ChunkedArray) else [array]


def _bytes(texts: Any) -> bytes:
    """What the texts of an array are made of, one after another."""
    import numpy as np

    _, offsets, data = texts.buffers()
    bounds = np.frombuffer(offsets, np.int64)[texts.offset :]
    return bytes(memoryview(data)[bounds[0] : bounds[len(texts)]]) if len(texts) and data is not None else b""


ENDS = (".csv", ".parquet")


class TableOutput(Protocol):
    """Takes tables of the same columns, one after another."""

    def write(self, table: pa.Table) -> None:
        """Append the rows of a table."""

    def foreign(self, text: str) -> str:
        """A text from a stranger's file, as it is to be written."""

    def close(self) -> None:
        """Finish the file."""


class ParquetOutput:
    """An open Parquet file; the columns of the first table, and their types, are those of all."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer: Any = None

    def write(self, table: pa.Table) -> None:
        """Append the rows of a table."""
        import pyarrow.parquet as pq

        if self._writer is None:
            self._writer = pq.ParquetWriter(self._path, table.schema)
        self._writer.write_table(table.select(self._writer.schema.names).cast(self._writer.schema))

    def foreign(self, text: str) -> str:
        """The text itself: no spreadsheet reads Parquet as it does CSV."""
        return text

    def close(self) -> None:
        """Write what stands at the end of a Parquet file."""
        if self._writer is not None:
            self._writer.close()


def check_table_name(option: str, path: Path) -> None:
    """Refuse a folder, or a name with an unknown extension; `option` opens the message.

    Raises:
        UserError: names the path and the extensions allowed.
    """
    if path.is_dir():
        raise UserError(f"{option} {path}: is a folder; give the name of a file, such as {path / 'answers.csv'}")
    if path.suffix.lower() not in ENDS:
        raise UserError(f"{option} {path}: give a name that ends with {' or '.join(ENDS)}")


def open_table_output(path: Path, style: CsvStyle | None = None) -> TableOutput:
    """A new file at `path`, whose name has passed `check_table_name`; the style is that of a CSV."""
    return ParquetOutput(path) if path.suffix.lower() == ".parquet" else CsvOutput(path, style)
