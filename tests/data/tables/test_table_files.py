"""One table from many files: globs, folders, hive-style folders; and paths that are no table."""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlpcli.errors import DataError
from mlpcli.tables.raw_table import ReadOptions
from mlpcli.tables.table_files import is_table_path, table_files
from mlpcli.tables.table_reader import read_batches, read_table

FOUND = ReadOptions(formats={})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two CSV files with their columns in different order, and what is no data beside them."""
    folder = tmp_path / "표 폴더"
    folder.mkdir()
    (folder / "b.csv").write_bytes("값;이름\n3;다\n\n4;라\n".encode("cp949"))
    (folder / "a.csv").write_text("이름,값\n가,1\n나,2\n", encoding="utf-8")
    for name in ("_SUCCESS", ".b.csv.crc", "_tmp.csv", "README.md"):
        (folder / name).write_text("x", encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("a.csv", True),
        ("A.CSV", True),
        ("a.tsv.gz", True),
        ("a.csv.bz2", True),
        ("a.csv.zst", True),
        ("a.parquet", True),
        ("a.snappy.parquet", True),
        ("*.csv", True),
        ("a?.parquet", True),
        ("a.txt", False),
        ("a.npz", False),
        ("a.gz", False),
        ("csv", False),
        ("digits", False),
        ("*.npz", False),
    ],
)
def test_what_is_meant_as_a_table(tmp_path: Path, name: str, meant: bool) -> None:
    assert is_table_path(tmp_path / name) is meant


def test_folders_and_globs_that_hold_tables(folder: Path, tmp_path: Path) -> None:
    assert is_table_path(folder)
    assert is_table_path(folder / "*")
    assert not is_table_path(tmp_path)
    assert not is_table_path(folder / "*.md")
    (tmp_path / "d[1].csv").write_text("a\n1\n", encoding="utf-8")
    assert table_files(tmp_path / "d[1].csv") == [tmp_path / "d[1].csv"], "a file of that very name comes first"


@pytest.mark.parametrize("pattern", ["", "*.csv", "[ab].csv", "../*/*.csv"])
def test_columns_are_matched_by_name(folder: Path, pattern: str) -> None:
    if pattern.endswith("*.csv"):
        (folder / "_tmp.csv").unlink()  # a glob means what it says
    raw, found, notes = read_table(folder / pattern, FOUND)
    assert raw.columns.to_pydict() == {"이름": ["가", "나", "다", "라"], "값": ["1", "2", "3", "4"]}
    assert [raw.place(row)[-7:] for row in range(4)] == ["a.csv:2", "a.csv:3", "b.csv:2", "b.csv:4"]
    assert (found.separator, found.encoding) == (None, None), "the files do not agree"
    assert len(notes) == 1
    assert notes[0].endswith("b.csv: read as cp949 (it is not utf-8: byte 0xb0 at offset 0)")


def test_batches_across_files(folder: Path) -> None:
    batches = list(read_batches(folder, FOUND, 3))
    assert [batch.columns["값"].to_pylist() for batch in batches] == [["1", "2", "3"], ["4"]]
    assert batches[0].place(2).endswith("b.csv:2")
    assert batches[1].place(0).endswith("b.csv:4")


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("값,이르", "c.csv: has no column '이름'.*a.csv has it, and all files need the same columns"),
        ("값,이름,키", "c.csv: has a column '키' that .*a.csv lacks; all files need the same columns"),
    ],
)
def test_files_of_other_columns(folder: Path, header: str, message: str) -> None:
    (folder / "c.csv").write_text(f"{header}\n1,2,3\n", encoding="utf-8")
    with pytest.raises(DataError, match=message):
        read_table(folder, FOUND)


def test_a_file_without_rows_among_others(folder: Path) -> None:
    (folder / "c.csv").write_text("이름,값\n", encoding="utf-8")
    assert len(read_table(folder, FOUND)[0]) == 4


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_hive_folders(tmp_path: Path, ending: str) -> None:
    for year in ("2023", "2024", "__HIVE_DEFAULT_PARTITION__"):
        inner = tmp_path / "t" / f"year={year}" / "city=%EC%84%9C%EC%9A%B8%2F1"
        inner.mkdir(parents=True)
        if ending == "csv":
            (inner / "part-0.csv").write_text("x\n1\n2\n", encoding="utf-8")
        else:
            pq.write_table(pa.table({"x": ["1", "2"]}), inner / "part-0.parquet")
    (tmp_path / "t" / "other").mkdir()
    (tmp_path / "t" / "other" / "no.csv").write_text("q\n1\n", encoding="utf-8")
    for path in (tmp_path / "t", tmp_path / "t" / "*" / "*" / "part*"):
        assert is_table_path(path)
        assert read_table(path, FOUND)[0].columns.to_pydict() == {
            "x": ["1", "2"] * 3,
            "year": ["2023", "2023", "2024", "2024", None, None],
            "city": ["서울/1"] * 6,
        }


def test_both_formats_in_one_folder(folder: Path) -> None:
    pq.write_table(pa.table({"x": [1]}), folder / "c.parquet")
    with pytest.raises(
        DataError, match=r"holds CSV and Parquet files \(a.csv and c.parquet\); name those of one format"
    ):
        table_files(folder)
    assert table_files(folder / "*.parquet") == [folder / "c.parquet"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("표 폴더/aa.csv", 'aa.csv: not found; .*; did you mean "a.csv"'),
        ("none/a.csv", r"not found; the folder .*none does not exist either; check the path"),
        ("표 폴더/*.parquet", r"\*.parquet: no file matches; tables end in .csv, .tsv"),
        ("표 폴더/*.md", "1 files match, but none is a table; tables end in .csv"),
        ("표 폴더/README.md", "README.md: not the name of a table; tables end in"),
        (".", "holds no tables; put files ending in .csv, .tsv"),
    ],
)
def test_nothing_to_read(folder: Path, tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        table_files(tmp_path / name)


def test_pipes_and_devices_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.csv")
    (tmp_path / "zero.csv").symlink_to("/dev/zero")
    (tmp_path / "zero.parquet").symlink_to("/dev/zero")
    for name in ("fifo.csv", "zero.csv", "zero.parquet"):
        with pytest.raises(DataError, match="is a pipe or a device; save the data to a regular file first"):
            read_table(tmp_path / name, FOUND)


def test_a_name_that_is_too_long(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read: File name too long"):
        is_table_path(tmp_path / ("가" * 100 + ".csv"))


def test_folders_that_point_at_themselves_end(tmp_path: Path) -> None:
    (tmp_path / "a=1").mkdir()
    (tmp_path / "a=1" / "x.csv").write_text("x\n1\n", encoding="utf-8")
    (tmp_path / "a=1" / "b=2").symlink_to(tmp_path)
    assert table_files(tmp_path) == [tmp_path / "a=1" / "x.csv"]


def test_a_folder_of_a_competition_names_the_file_to_learn_from(tmp_path: Path) -> None:
    files = {"train.csv": "id,a,y\n1,2,x\n", "test.csv": "id,a\n1,2\n", "sample_submission.csv": "id,y\n1,x\n"}
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_table(tmp_path, ReadOptions())
    advice = f"; to train on only one of them, name it: {tmp_path / 'train.csv'}"
    assert str(caught.value).endswith(f"all files need the same columns{advice}")
