"""Tables that are written wrongly: rows of other lengths, open quotes, headers that are none."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from mlpcli.errors import DataError
from mlpcli.tables import csv_records as records
from mlpcli.tables.raw_table import ReadOptions
from mlpcli.tables.table_reader import read_batches, read_table

OPENS = 'a quotation mark (") opens here but is not closed at the end of the value; close it, or write ""'


def fault(path: Path, content: str) -> str:
    """What is said of this file, without its name."""
    path.write_bytes(gzip.compress(content.encode()) if path.suffix == ".gz" else content.encode())
    with pytest.raises(DataError) as caught:
        read_table(path, ReadOptions(formats={}))
    message = str(caught.value)
    assert message.startswith(f"{path}:")
    assert "\n" not in message
    return message.removeprefix(f"{path}:")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,b\n1,2\n3\n", "3: expected 2 values, as many as column names, but found 1; write a separator for each"),
        ("a,b\n\n1\n2\n3,4\n", "3: expected 2 values, as many as column names, but found 1 (1 more such rows); write"),
        (
            "a,b\n1,2\n3,4,5\n6,7\n",
            "3: expected 2 values, as many as column names, but found 3; quote values that contain ','",
        ),
        (
            "a;b\n1;2\n3;4;5\n",
            "3: expected 2 values, as many as column names, but found 3; quote values that contain ';'",
        ),
        (
            "a,b\n1,2,\n3,4,\n",
            "2: expected 2 values, as many as column names, but found 3 (1 more such rows); add the",
        ),
        ('a,b\n"x\ny",2\n\n1,2,3\n', "5: expected 2 values, as many as column names, but found 3;"),
        ('a,b\n"1,1",2\n"3,3"\n', "3: expected 2 values, as many as column names, but found 1;"),
        ('a,b\n5" x,6" y,7" z\n', "2: expected 2 values, as many as column names, but found 3;"),
    ],
)
@pytest.mark.parametrize("name", ["표.csv", "표.csv.gz"])
def test_rows_of_other_lengths(tmp_path: Path, name: str, content: str, message: str) -> None:
    assert fault(tmp_path / name, content).startswith(message)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ('a,b\n1,2\n3,"4\n5,6\n', 3),
        ('a,b\n1,"2\n3,4\n5,6\n', 2),
        ('a,b\n"1,2\n3,4\n', 2),
        ('a,b\n1,"2', 2),
        ('a,b\n1,"2\n3,"4"\n', 2),
        ('a,b\n\n1,"x\ny"\n2,"z\n3,w\n', 5),
        ('a,b\n1,"x"y"\n', 2),
        ('a,b\n1,"x" "y\n2,z', 2),
        ('a\n"x\n', 2),
    ],
)
def test_open_quotes(tmp_path: Path, content: str, line: int) -> None:
    assert fault(tmp_path / "a.csv", content).startswith(f"{line}: {OPENS}")


def test_quotes_inside_of_values_are_letters(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('size,b\n5" pipe,1\n"6"" pipe",2\n7" "x" pipe,3\n', encoding="utf-8")
    raw, _, _ = read_table(path, ReadOptions(formats={}))
    assert raw.columns["size"].to_pylist() == ['5" pipe', '6" pipe', '7" "x" pipe']


def test_one_unclosed_quote_in_a_large_file(tmp_path: Path) -> None:
    row = f"1,{'2' * 47}\n"
    content = "a,b\n" + row * 2000 + '1,"2\n' + row * 100_000  # 5 MB
    assert fault(tmp_path / "a.csv", content).startswith(f"2002: {OPENS}")


def test_a_file_of_one_endless_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "LONGEST_LINE", 10 << 20)
    content = "a,b\n1,2\n3," + "0" * (40 << 20)
    assert fault(tmp_path / "a.csv.gz", content).startswith("3: the row is longer than 16 MiB; is this a CSV file?")


def test_an_endless_first_line(tmp_path: Path) -> None:
    assert fault(tmp_path / "a.csv", "x" * (5 << 20)).startswith("1: the first line is longer than 4 MiB")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("1,2\n3,4\n", '1: the first line holds numbers ("1", "2"), not names; add a line of column names above it'),
        ("\n5.1,3.5,setosa\n", '2: the first line holds numbers ("5.1", "3.5"), not names'),
        (",1\n0,2\n", '1: the first line holds numbers ("1"), not names'),
        ("a,b,a,c,b\n1,2,3,4,5\n", '1: duplicate column names: "a", "b"; rename or remove columns'),
        ("a, a\n1,2\n", '1: duplicate column names: "a"; rename'),
        ("a,b\n", " has the names of 2 columns but no rows; add rows"),
        ("a,b\n\n  \n", " has the names of 2 columns but no rows; add rows"),
        ("a,b", " has the names of 2 columns but no rows; add rows"),
        ("\n\n \n", " has only blank lines; write a line of column names and then the rows"),
        ("x" * 200_000 + "\n1\n", "1: the line of column names cannot be read: field larger than field limit"),
        ("c," * 100_000 + "c\n1\n", "1: has 100,001 columns; at most 100,000 are supported: leave some out"),
    ],
)
def test_headers_that_are_none(tmp_path: Path, content: str, message: str) -> None:
    assert fault(tmp_path / "a.csv", content).startswith(message)


def test_unnamed_columns_are_called_by_their_position(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(",b,\n0,1,\n1,2,\n", encoding="utf-8")
    raw, _, notes = read_table(path, ReadOptions(formats={}))
    assert raw.names == ("column 1", "b", "column 3")
    assert raw.columns["column 3"].null_count == 2
    assert notes == [f'{path}:1: columns without a name are named by their position: "column 1", "column 3"']


def test_names_that_are_years(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("나라,2019,2020\n한국,1,2\n", encoding="utf-8")
    raw, _, notes = read_table(path, ReadOptions(formats={}))
    assert (raw.names, notes) == (("나라", "2019", "2020"), [])


def test_names_that_are_numbers_and_count_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("나라,5,7\n한국,1,2\n", encoding="utf-8")
    raw, _, notes = read_table(path, ReadOptions(formats={}))
    assert raw.names == ("나라", "5", "7")
    assert "some column names are numbers" in notes[0]


def test_a_name_over_two_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('"키\n(cm)",b\n1,2\n3,4\n', encoding="utf-8")
    raw, _, _ = read_table(path, ReadOptions(formats={}))
    assert raw.names == ("키 (cm)", "b")
    assert raw.place(1) == f"{path}:4"


def test_batches_before_the_fault_are_given(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    row = f"1,{'2' * 47}\n"
    path.write_text("a,b\n" + row * 80_000 + "1\n", encoding="utf-8")  # 4 MB, which are four blocks
    batches = read_batches(path, ReadOptions(formats={}), 1000)
    assert len(next(batches)) == 1000
    with pytest.raises(DataError, match=r":80002: expected 2 values"):
        for _ in batches:
            pass
