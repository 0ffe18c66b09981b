"""An Excel workbook as CSV text: the first sheet, so that it is read as every other table is. Needs mlpcli[excel]."""

from __future__ import annotations

import csv
import datetime
import io
import os
import zipfile
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

from mlpcli.errors import DataError
from mlpcli.machine import available_memory
from mlpcli.text import shown

ENDINGS = (".xlsx", ".xlsm", ".xls", ".ods")
MEMORY_FACTOR = 4
"""Memory for each byte of a sheet's XML, as cells and as CSV."""


def is_workbook(path: Path) -> bool:
    """Whether the file is a workbook, by its ending."""
    return path.name.lower().endswith(ENDINGS)


def sheet_as_csv(path: Path) -> tuple[bytes, list[str]]:
    """The first sheet as CSV in UTF-8, a line for each of its rows from the first, and a note where there are more.

    Raises:
        DataError: it cannot be read, is larger than the free memory, or python-calamine is not installed.
    """
    status = os.stat(path)
    return _converted(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=2)
def _converted(path: Path, changed: int, size: int) -> tuple[bytes, list[str]]:
    try:
        import python_calamine as calamine
    except ImportError as error:
        raise DataError(
            f"{path}: is a workbook, which mlpcli reads with python-calamine; pip install 'mlpcli[excel]', or save the"
            " sheet as CSV (UTF-8), and give that"
        ) from error
    try:
        with open(path, "rb") as file:
            _check_size(path, file)
            book = calamine.CalamineWorkbook.from_filelike(file)
            rows = book.get_sheet_by_index(0).to_python(skip_empty_area=False)
    except (calamine.CalamineError, IndexError, zipfile.BadZipFile) as error:
        raise DataError(f"{path}: cannot be read as a workbook: {error}; save the sheet as CSV (UTF-8)") from error
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for row in rows:
        cells = [_text(cell) for cell in row]
        if any(cells):
            writer.writerow(cells)
        else:
            text.write("\n")
    first, *others = book.sheet_names
    note = f"{path}: the sheet {shown(first)} is read, the first of {len(others) + 1}; save another as CSV"
    return text.getvalue().encode(), [note] if others else []


def _check_size(path: Path, file: BinaryIO) -> None:
    """Refuse a workbook that would take more than the free memory, by what its parts unpack to."""
    size = os.fstat(file.fileno()).st_size
    if zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as parts:
            size = max(size, sum(part.file_size for part in parts.infolist()))
    file.seek(0)
    free = available_memory()
    if free is not None and MEMORY_FACTOR * size > free:
        raise DataError(
            f"{path}: has {size:,} bytes unpacked, which take about {MEMORY_FACTOR * size:,} of memory, and {free:,}"
            " are free; save the sheet as CSV (UTF-8), and give that"
        )


def _text(cell: Any) -> str:
    """A cell as it would stand in a CSV, in one line."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime.datetime) and cell.time() == datetime.time():
        return cell.date().isoformat()
    if isinstance(cell, (datetime.datetime, datetime.date, datetime.time)):
        return cell.isoformat(" ") if isinstance(cell, datetime.datetime) else cell.isoformat()
    return " ".join(str(cell).split())
