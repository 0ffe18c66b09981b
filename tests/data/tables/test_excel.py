"""Workbooks are read as the CSV that one would save; without python-calamine, the message says what to do."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path

import pytest

from mlpcli.errors import DataError
from mlpcli.tables.excel import _text
from mlpcli.tables.raw_table import ReadOptions
from mlpcli.tables.table_reader import read_table
from tests.workbook_parts import write_workbook


def test_a_sheet_is_a_table(tmp_path: Path) -> None:
    pytest.importorskip("python_calamine")
    path = tmp_path / "t.xlsx"
    write_workbook(path, {"값": [["이름", "수"], [], ["가, 나", 2]]})
    raw, _, notes = read_table(path, ReadOptions(formats={}))
    assert (raw.columns.to_pydict(), notes) == ({"이름": ["가, 나"], "수": ["2"]}, [])
    assert raw.place(0) == f"{path}:3"


def test_what_is_no_workbook(tmp_path: Path) -> None:
    pytest.importorskip("python_calamine")
    (tmp_path / "t.xlsx").write_bytes(b"a,b\n1,2\n")
    with pytest.raises(DataError, match=r"t\.xlsx: cannot be read as a workbook"):
        read_table(tmp_path / "t.xlsx", ReadOptions())


def test_without_the_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    (tmp_path / "t.xlsx").write_bytes(b"PK\x03\x04")
    with pytest.raises(DataError, match=r"t\.xlsx: is a workbook, .* pip install 'mlpcli\[excel\]', or save the"):
        read_table(tmp_path / "t.xlsx", ReadOptions())


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (3.0, "3"),
        (1.5, "1.5"),
        (True, "true"),
        ("a\nb", "a b"),
        ("", ""),
        (datetime.date(2024, 1, 31), "2024-01-31"),
        (datetime.datetime(2024, 1, 31), "2024-01-31"),
        (datetime.datetime(2024, 1, 31, 12, 30), "2024-01-31 12:30:00"),
    ],
)
def test_cells_are_written_as_in_a_csv(cell: object, text: str) -> None:
    assert _text(cell) == text
