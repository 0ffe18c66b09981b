"""Headers and lines that are no rows: what is found, what data.header and its neighbours say."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mlpcli.errors import DataError, SettingError
from mlpcli.tables import text_file
from mlpcli.tables.line_edit import LineRules
from mlpcli.tables.preprocessing import StoredPreprocessing, plain_preprocessing
from mlpcli.tables.raw_table import ReadOptions
from mlpcli.tables.table_reader import read_batches, read_table


def read(path: Path, content: str, **rules: Any) -> tuple[dict[str, list[Any]], list[str], list[str]]:
    """Columns, places and notes."""
    path.write_text(content, encoding="utf-8")
    raw, _, notes = read_table(path, ReadOptions(formats={}, rules=LineRules(**rules)))
    places = [raw.place(row).removeprefix(f"{path}:") for row in range(len(raw))]
    return raw.columns.to_pydict(), places, [note.replace(str(path), "t.csv") for note in notes]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "t.csv"


@pytest.mark.parametrize(
    ("content", "names"),
    [
        ("0,1,2\n0.5,1.5,0\n0.25,2.5,1\n", ["0", "1", "2"]),
        (",0,1\n0,0.5,1.5\n1,0.25,2.5\n", ["column 1", "0", "1"]),
        ("0,1,label\n0.5,1.5,0\n", ["0", "1", "label"]),
        ("1,2,3\n7,8,9\n", ["1", "2", "3"]),
        ("2019,2020\n5,6\n", ["2019", "2020"]),
        ("name,2019,2020,2021\nx,5,6,7\n", ["name", "2019", "2020", "2021"]),
    ],
)
def test_numbers_that_count_are_names(path: Path, content: str, names: list[str]) -> None:
    columns, _, notes = read(path, content)
    assert list(columns) == names
    assert [note for note in notes if "without a name" not in note] == []


@pytest.mark.parametrize("content", ["0,1\n1,0\n0,0\n1,1\n", "1,2\n3,4\n", "5,3,1\n4,2,2\n", "0.5,1\n2,3\n"])
def test_numbers_that_are_data_are_no_names(path: Path, content: str) -> None:
    with pytest.raises(DataError, match=r"t\.csv:1: the first line holds numbers .* or set data\.header: none"):
        read(path, content)
    columns, places, notes = read(path, content, header="none")
    rows = content.split()
    assert list(columns) == [f"column {at}" for at in range(1, 1 + len(rows[0].split(",")))]
    assert columns["column 1"] == [row.split(",")[0] for row in rows]
    assert (places, notes) == ([str(line) for line in range(1, len(rows) + 1)], [])


def test_names_that_are_values_of_their_columns(path: Path) -> None:
    _, _, notes = read(path, "p,x,s\ne,x,y\np,b,s\n")
    assert notes == [
        "t.csv:1: the column names are also values of their columns; if this line is data, add a line of names above"
        " it, or set data.header: none"
    ]
    with pytest.raises(DataError, match=r'duplicate column names: "p"; .* set data\.header: none'):
        read(path, "p,x,p\np,x,p\ne,b,e\n")


def test_the_line_of_the_header(path: Path) -> None:
    content = "인구 통계\n기준: 2024,,\n\n이름,나이,점수\n가,1,2\n나,3,4\n"
    columns, places, notes = read(path, content, header=4)
    assert columns == {"이름": ["가", "나"], "나이": ["1", "3"], "점수": ["2", "4"]}
    assert (places, notes) == (["5", "6"], [])
    with pytest.raises(DataError, match=r"t\.csv:2: expected 1 values"):
        read(path, content)
    with pytest.raises(SettingError, match=r"data\.header: line 3 of .*t\.csv is blank"):
        read(path, content, header=3)
    with pytest.raises(SettingError, match=r"data\.header: line 30 of .* past the end"):
        read(path, content, header=30)


def test_a_title_before_the_names_is_hinted_at(path: Path) -> None:
    with pytest.raises(DataError, match=r"2: expected 1 .*; if line 2 holds the column names, set data\.header: 2"):
        read(path, "a title\na,b\n1,2\n3,4\n")


def test_a_told_header_may_hold_numbers(path: Path) -> None:
    assert list(read(path, "5,3\n1,2\n", header=1)[0]) == ["5", "3"]


def test_lines_to_skip(path: Path) -> None:
    columns, places, _ = read(path, "x\na,b\ncm,kg\n1,2\n3,4\n", skip=(1, 3))
    assert (columns, places) == ({"a": ["1", "3"], "b": ["2", "4"]}, ["4", "5"])
    columns, places, _ = read(path, "x\ny\n1,2\n3,4\n", skip=2, header="none")
    assert (columns, places) == ({"column 1": ["1", "3"], "column 2": ["2", "4"]}, ["3", "4"])


def test_comments(path: Path) -> None:
    columns, places, _ = read(path, "# of today\r\na,b\r\n1,2\r\n # more\r\n3,#4\r\n", comment="#")
    assert (columns, places) == ({"a": ["1", "3"], "b": ["2", "#4"]}, ["3", "5"])
    columns, places, _ = read(path, "# of today\n# a,b\n1,2\n", comment="#", header=2)
    assert (columns, places) == ({"a": ["1"], "b": ["2"]}, ["3"])


def test_total_rows(path: Path) -> None:
    content = "이름,수\n가,1\n나,2\n 합 계 ,3\n,3\n"
    columns, places, _ = read(path, content, totals=("합계",))
    assert (columns, places) == ({"이름": ["가", "나", None], "수": ["1", "2", "3"]}, ["2", "3", "5"])
    assert read(path, 'a,b\n1,2\n"","GRAND total"\n', totals=("Grand Total",))[0] == {"a": ["1"], "b": ["2"]}


def test_a_line_that_names_the_separator(path: Path) -> None:
    columns, places, notes = read(path, "sep=;\na;b\n1,5;2\n")
    assert (list(columns), places) == (["a", "b"], ["3"])
    assert columns["a"] == ["1.5"]
    assert "decimal comma" in notes[0]
    assert read(path, "sep=|\na\n1\n")[0] == {"a": ["1"]}


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_values_parted_by_blanks(path: Path, ends: str) -> None:
    lines = ["mpg   cyl  name", "18.0  8    x", ' 15   8\t"ford ""t"" 1"', ""]
    columns, places, notes = read(path, ends.join(lines))
    assert columns == {"mpg": ["18.0", "15"], "cyl": ["8", "8"], "name": ["x", 'ford "t" 1']}
    assert (places, notes) == (["2", "3"], ["t.csv: values are separated by blanks"])


def test_a_column_of_words_is_not_parted(path: Path) -> None:
    assert list(read(path, "full name\nKim Minsu\nLee Jieun\n")[0]) == ["full name"]


def test_values_parted_by_two_colons(path: Path) -> None:
    columns, _, _ = read(path, '1::Toy "Story" (1995)::5\n2::Heat, the::3\n', header="none")
    assert columns == {"column 1": ["1", "2"], "column 2": ['Toy "Story" (1995)', "Heat, the"], "column 3": ["5", "3"]}
    path.write_text("a||b\n1||2\n", encoding="utf-8")
    raw, found, _ = read_table(path, ReadOptions(separator="||", formats={}))
    assert (raw.columns.to_pydict(), found.separator) == ({"a": ["1"], "b": ["2"]}, "||")


def test_the_edit_does_not_depend_on_the_size_of_the_pieces(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = "제목\r\n# 가\r\na  b\r\n" + "".join(f"{row}  나{row}\r\n" for row in range(300)) + "Total 3"
    rules = {"header": 3, "comment": "#", "totals": ("total",)}
    path.write_text(content, encoding="utf-8", newline="")
    options = ReadOptions(separator=" ", formats={}, rules=LineRules(**rules))  # type: ignore[arg-type]
    expected = {"a": [str(row) for row in range(300)], "b": [f"나{row}" for row in range(300)]}
    for size in (1, 2, 7, 1 << 20):
        monkeypatch.setattr(text_file, "CHUNK", size)
        assert read_table(path, options)[0].columns.to_pydict() == expected
    batches = list(read_batches(path, options, 100))
    assert [batch.place(99).rpartition(":")[2] for batch in batches] == ["103", "203", "303"]


@pytest.mark.parametrize("rules", [LineRules(), LineRules("none", 3, "#", ("합계",)), LineRules(4, (2, 5))])
def test_rules_are_stored_with_the_model(rules: LineRules) -> None:
    fitted = replace(plain_preprocessing(("a",), None, ("y",)), options=ReadOptions(formats={}, rules=rules))
    stored = json.loads(json.dumps(fitted.as_json()))
    assert StoredPreprocessing.model_validate(stored).restored() == fitted
