"""Workbooks are read as the CSV that one would save; without python-calamine, the message says what to do."""

from __future__ import annotations

import datetime
import sys
import zipfile
from pathlib import Path

import pytest

from mlpcli.errors import DataError
from mlpcli.tables.excel import _text
from mlpcli.tables.raw_table import ReadOptions
from mlpcli.tables.table_reader import read_table

SHEET = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData></worksheet>'
)
CELL = '<c r="{}" t="inlineStr"><is><t>{}</t></is></c>'
PARTS = {
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
    "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship'
    ' Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"'
    ' Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    ' xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>'
    '<sheet name="값" sheetId="1" r:id="r1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet"'
    ' Target="worksheets/sheet1.xml"/></Relationships>',
}  # fmt: skip


def test_a_sheet_is_a_table(tmp_path: Path) -> None:
    pytest.importorskip("python_calamine")
    path = tmp_path / "t.xlsx"
    rows = [
        [CELL.format("A1", "이름"), CELL.format("B1", "수")],
        [CELL.format("A3", "가, 나"), '<c r="B3"><v>2</v></c>'],
    ]
    sheet = "".join(f'<row r="{line}">{"".join(row)}</row>' for line, row in zip((1, 3), rows, strict=True))
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in {**PARTS, "xl/worksheets/sheet1.xml": SHEET.format(sheet)}.items():
            archive.writestr(name, text)
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
