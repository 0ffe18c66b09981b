"""Rows from files: what is read, in which order, and where each row stands."""

from __future__ import annotations

import bz2
import gzip
import io
import os
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from mlpcli.errors import DataError, SettingError
from mlpcli.tables import csv_reader
from mlpcli.tables import table_reader as reader
from mlpcli.tables.raw_table import ReadOptions
from mlpcli.tables.table_reader import find_options, read_batches, read_table
from mlpcli.workflows.input_batches import KeptStream

Write = Callable[..., Path]
FOUND = ReadOptions(formats={})


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(content: str | bytes, name: str = "표.csv") -> Path:
        path = tmp_path / "자료 폴더" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def places(path: Path, options: ReadOptions = FOUND) -> list[str]:
    raw, _, _ = read_table(path, options)
    return [raw.place(row).removeprefix(f"{path}") for row in range(len(raw))]


def test_columns_rows_and_gaps(write: Write) -> None:
    path = write('이름,"나이, 만", 키\n 가 , 3,"1,5"\n"a ""b""",NA,\n"","NaN",null\n')
    raw, found, notes = read_table(path, FOUND)
    assert raw.columns.to_pydict() == {
        "이름": ["가", 'a "b"', None],
        "나이, 만": ["3", None, None],
        "키": ["1,5", None, None],
    }
    assert (found.separator, found.encoding, notes) == (",", "utf-8", [])


def test_more_texts_that_stand_for_a_gap(write: Write) -> None:
    path = write("a,b\n-,?\n - ,x\n")
    assert read_table(path, FOUND)[0].columns.to_pydict() == {"a": ["-", "-"], "b": ["?", "x"]}
    raw, found, _ = read_table(path, ReadOptions(na_values=("-",), formats={}))
    assert raw.columns.to_pydict() == {"a": [None, None], "b": ["?", "x"]}
    assert found.na_values == ("-",)


def test_values_that_look_like_formulas_are_data(write: Write) -> None:
    raw, _, _ = read_table(write("a,b\n=1+1,@x\n+a,-b\n"), FOUND)
    assert raw.columns.to_pydict() == {"a": ["=1+1", "+a"], "b": ["@x", "-b"]}


@pytest.mark.parametrize(
    ("name", "text", "separator"),
    [
        ("a.csv", "a,b\n1,2\n", ","),
        ("a.csv", "a;b\n1,5;2\n", ";"),
        ("a.csv", 'a;b\n"1;5";"x,y,z"\n', ";"),
        ("a.csv", "a|b\n1|2\n", "|"),
        ("a.csv", "a\tb\n1,5\t2,5\n", "\t"),
        ("a.tsv", "a\tb,c\n1\t2,3\n", "\t"),
        ("a.tsv", "a,b\n1,2\n", ","),
        ("a.tsv", "a\n1\n", "\t"),
        ("a.csv", "a\n1\n", ","),
    ],
)
def test_separators_are_found(write: Write, name: str, text: str, separator: str) -> None:
    assert read_table(write(text, name), FOUND)[1].separator == separator


def test_decimal_commas(write: Write) -> None:
    raw, _, notes = read_table(write("가;b\n1,5;x,y\n-2,125;1,2,3\n;\n"), FOUND)
    assert raw.columns.to_pydict() == {"가": ["1.5", "-2.125", None], "b": ["x,y", "1,2,3", None]}
    assert "decimal comma (1,5 is read as 1.5)" in notes[0]


@pytest.mark.parametrize("text", ["a;b\n1,000;2\n", "a;b\n1,5;2.5\n"])
def test_a_comma_that_may_part_thousands_stays(write: Write, text: str) -> None:
    raw, _, notes = read_table(write(text), FOUND)
    assert "," in raw.columns["a"][0].as_py()
    assert not notes


def test_told_separators(write: Write) -> None:
    path = write("a;b,c\n1;2,3\n")
    assert read_table(path, ReadOptions(separator=","))[0].names == ("a;b", "c")
    with pytest.raises(SettingError, match=r"'\|' does not occur in the first line of .*, but ',' does; use that"):
        read_table(path, ReadOptions(separator="|"))
    with pytest.raises(SettingError, match="cannot separate values"):
        read_table(path, ReadOptions(separator="·"))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_blank_lines_and_places(write: Write, end: str) -> None:
    text = end.join(["", "", "a,b", "1,x", "", '2,"y', "", '""z"', "   ", "3,w"])
    path = write(text)
    raw, _, _ = read_table(path, FOUND)
    assert raw.columns.to_pydict() == {"a": ["1", "2", "3"], "b": ["x", f'y{end}{end}"z', "w"]}
    assert places(path) == [":4", ":6", ":10"]


def test_mixed_line_ends(write: Write) -> None:
    path = write("a,b\r\n1,2\n3,4\r5,6")
    assert read_table(path, FOUND)[0].columns.to_pydict() == {"a": ["1", "3", "5"], "b": ["2", "4", "6"]}
    assert places(path) == [":2", ":3", ":4"]


def test_places_of_batches_and_of_taken_rows(write: Write) -> None:
    path = write("a\n1\n\n2\n3\n\n\n4\n5\n")
    batches = list(read_batches(path, FOUND, 2))
    assert [batch.columns["a"].to_pylist() for batch in batches] == [["1", "2"], ["3", "4"], ["5"]]
    assert batches[2].place(0) == f"{path}:9"
    assert [batches[1].place(row) for row in (1, 0)] == [f"{path}:8", f"{path}:5"]


def test_place_after_the_file_is_gone(write: Write) -> None:
    path = write("a\n1\n2\n")
    raw, _, _ = read_table(path, FOUND)
    path.unlink()
    assert raw.place(1) == f"{path}: row 2"


@pytest.mark.parametrize(("ending", "pack"), [(".gz", gzip.compress), (".bz2", bz2.compress)])
def test_compressed_files(write: Write, ending: str, pack: Callable[[bytes], bytes]) -> None:
    path = write(pack("이름\n가\n".encode("cp949")) + pack("나\n".encode("cp949")), f"a.csv{ending}")
    raw, found, _ = read_table(path, FOUND)
    assert raw.columns.to_pydict() == {"이름": ["가", "나"]}
    assert found.encoding == "cp949"
    assert raw.place(1) == f"{path}:3"


def test_zstandard(write: Write) -> None:
    path = write(pa.compress(b"a,b\n1,2\n", "zstd", asbytes=True), "a.tsv.zst")
    assert read_table(path, FOUND)[0].columns.to_pydict() == {"a": ["1"], "b": ["2"]}


@pytest.mark.parametrize(
    "content",
    [gzip.compress(b"a,b\n" + b"1,2\n" * 999)[:-12], b"a,b\n1,2\n", gzip.compress(b"a,b\n1,2\n") + b"more"],
    ids=["cut", "not packed", "junk after it"],
)
def test_damaged_compression_is_named(write: Write, content: bytes) -> None:
    with pytest.raises(DataError, match=r"a\.csv\.gz: is not a valid gzip file, or is truncated \(.*; download"):
        read_table(write(content, "a.csv.gz"), FOUND)


def test_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is kept in one temporary file, which is read as often as need be and goes with what reads it."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    kept = KeptStream(io.BytesIO("이름;b\n\n가;2\n나;4\n".encode("cp949")))
    for _ in range(2):
        read = [(batch.columns.to_pydict(), batch.place(0)) for batch in kept.read(FOUND, 1)]
        assert read == [
            ({"이름": ["가"], "b": ["2"]}, "standard input:3"),
            ({"이름": ["나"], "b": ["4"]}, "standard input:4"),
        ]
        assert len(list(tmp_path.iterdir())) == 1
    del kept
    assert not list(tmp_path.iterdir())


def test_standard_input_that_cannot_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copyfileobj", full)
    with pytest.raises(DataError, match=r"standard input: cannot be stored in .*: No space left on device; save it"):
        KeptStream(io.BytesIO(b"a\n1\n"))


def test_empty_standard_input() -> None:
    with pytest.raises(DataError, match="standard input: is empty; send CSV"):
        KeptStream(io.BytesIO(b""))


def test_found_options_are_those_of_the_table(write: Write) -> None:
    path = write("이름;b\n가;1,5\n".encode("cp949"))
    _, found, notes = read_table(path, FOUND)
    assert find_options(path, FOUND) == (found, notes)


def test_long_rows_in_the_middle_of_a_file(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks are made larger when a row needs it; no row is lost or read twice."""
    monkeypatch.setattr(csv_reader, "SMALL_BLOCK", 4096)
    rows = [f"{row}," + "x" * (200_000 if row == 700 else 5) for row in range(1000)]
    lines = "a,b\n" + "\n".join(rows[:600]) + "\n"
    monkeypatch.setattr(csv_reader, "HEAD", 1 << 20)
    raw, _, _ = read_table(write(lines + "\n".join(rows[600:])), FOUND)
    assert raw.columns["a"].to_pylist() == [str(row) for row in range(1000)]
    assert len(raw.columns["b"][700].as_py()) == 200_000


def test_many_columns(write: Write) -> None:
    names, values = ",".join(f"c{i}" for i in range(3_000)), ",".join(map(str, range(3_000)))
    raw, _, _ = read_table(write(f"{names}\n{values}\n{values}\n"), FOUND)
    assert raw.columns.shape == (2, 3_000)
    assert raw.columns["c2999"].to_pylist() == ["2999", "2999"]


def test_batches_take_bounded_memory(write: Write) -> None:
    """Four times the rows take no more memory."""
    row = ",".join(["0.123456789"] * 10) + "\n"
    header = ",".join("abcdefghij") + "\n"
    peaks = []
    for rows in (50_000, 200_000):
        path = write(header + row * rows, f"{rows}.csv")
        peaks.append(max(pa.total_allocated_bytes() for _ in read_batches(path, FOUND, 4096)))
    assert peaks[1] < 1.5 * peaks[0] + (8 << 20)
    assert peaks[1] < os.path.getsize(path)


def test_more_than_the_memory_is_refused(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "available_memory", lambda: 1000)
    path = write("a\n" + "1234567890\n" * 1000)
    with pytest.raises(
        DataError, match=r"holds more than [0-9,]+ bytes of values.*1,000 bytes.*data\.streaming: always"
    ):
        read_table(path, FOUND)
    assert sum(map(len, read_batches(path, FOUND))) == 1000
