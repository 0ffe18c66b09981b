"""Encodings: found, told, told wrongly, and files that are no text at all."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from mlpcli.errors import DataError, SettingError
from mlpcli.tables import text_file
from mlpcli.tables.raw_table import ReadOptions
from mlpcli.tables.table_reader import read_table

TEXT = "이름,값\n가나다,1\n뷁,2\n"
COLUMNS = {"이름": ["가나다", "뷁"], "값": ["1", "2"]}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "표.csv"


@pytest.mark.parametrize(
    ("encoding", "found"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("utf-16", "utf-16"), ("utf-32", "utf-32"), ("cp949", "cp949")],
)
def test_found(path: Path, encoding: str, found: str) -> None:
    path.write_bytes(TEXT.encode(encoding))
    raw, options, notes = read_table(path, ReadOptions(formats={}))
    assert raw.columns.to_pydict() == COLUMNS
    assert options.encoding == found
    assert notes == ([f"{path}: read as cp949 (it is not utf-8: byte 0xc0 at offset 0)"] if encoding == "cp949" else [])


def test_utf_16_of_the_other_byte_order(path: Path) -> None:
    path.write_bytes("\ufeff".encode("utf-16-be") + TEXT.encode("utf-16-be"))
    assert read_table(path, ReadOptions(formats={}))[0].columns.to_pydict() == COLUMNS


@pytest.mark.parametrize(
    ("encoding", "told"),
    [
        ("cp949", "cp949"),
        ("cp949", "EUC-KR"),
        ("cp949", "ks_c_5601-1987"),
        ("utf-8", "UTF8"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16", "utf-16-le"),
        ("utf-8-sig", "utf-8"),
        ("gb18030", "gb18030"),
    ],
)
def test_told(path: Path, encoding: str, told: str) -> None:
    path.write_bytes(TEXT.encode(encoding))
    raw, _, notes = read_table(path, ReadOptions(encoding=told))
    assert raw.columns.to_pydict() == COLUMNS
    assert notes == []


def test_the_mark_has_the_last_word(path: Path) -> None:
    path.write_bytes(TEXT.encode("utf-8-sig"))
    raw, _, notes = read_table(path, ReadOptions(encoding="cp949"))
    assert raw.columns.to_pydict() == COLUMNS
    assert notes == [f"{path}: read as utf-8-sig, as its first bytes say, not as cp949"]


@pytest.mark.parametrize(
    ("encoding", "told", "message"),
    [
        (
            "utf-8",
            "cp949",
            "is not cp949: byte 0xec at offset 0; it can be read as utf-8: set data.encoding: utf-8, or",
        ),
        (
            "cp949",
            "utf-8",
            "is not utf-8: byte 0xc0 at offset 0; it can be read as cp949: set data.encoding: cp949, or",
        ),
        (
            "cp949",
            "ascii",
            "is not ascii: byte 0xc0 at offset 0; it can be read as cp949: set data.encoding: cp949, or",
        ),
        (
            "utf-8",
            "utf-16",
            "is not utf-16: byte 0xec at offset 0; it can be read as utf-8: set data.encoding: utf-8, or",
        ),
    ],
)
@pytest.mark.parametrize("chunk", [1, 1 << 20])
def test_told_wrongly(
    path: Path, monkeypatch: pytest.MonkeyPatch, encoding: str, told: str, message: str, chunk: int
) -> None:
    monkeypatch.setattr(text_file, "CHUNK", chunk)
    path.write_bytes(TEXT.encode(encoding))
    with pytest.raises(DataError) as caught:
        read_table(path, ReadOptions(encoding=told))
    assert str(caught.value).startswith(f"{path}: {message}")


def test_neither_utf_8_nor_cp949(path: Path) -> None:
    path.write_bytes("a,名\n1,ﾃｰﾀは\n".encode("shift_jis"))
    with pytest.raises(DataError, match=r"unknown encoding; .* set data\.encoding"):
        read_table(path, ReadOptions())
    assert read_table(path, ReadOptions(encoding="shift_jis"))[0].columns["名"].to_pylist() == ["ﾃｰﾀは"]


def test_western_text_that_is_told_to_be_something_else(path: Path) -> None:
    path.write_bytes("name,ort\nM\xfcller,Z\xfcrich\n".encode("latin-1"))
    with pytest.raises(DataError, match=r"offset 10.*can be read as cp1252: set data\.encoding"):
        read_table(path, ReadOptions(encoding="utf-8"))
    assert read_table(path, ReadOptions(encoding="latin-1"))[0].columns["ort"].to_pylist() == ["Zürich"]


@pytest.mark.parametrize("chunk", [1, 2, 3, 7])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "utf-16"])
def test_letters_across_pieces(path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int, encoding: str) -> None:
    monkeypatch.setattr(text_file, "CHUNK", chunk)
    path.write_bytes(TEXT.encode(encoding))
    assert read_table(path, ReadOptions(formats={}))[0].columns.to_pydict() == COLUMNS


@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 1 << 20])
def test_the_offset_is_right_wherever_pieces_end(path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    monkeypatch.setattr(text_file, "CHUNK", chunk)
    path.write_bytes("이름\n가나\n".encode() + b"\xff\xff\n")
    with pytest.raises(DataError, match="is not utf-8: byte 0xff at offset 14;"):
        read_table(path, ReadOptions(encoding="utf-8"))


def test_a_late_bad_byte_in_a_compressed_file(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n" + b"1,2\n" * 2_000_000 + b"\x80,1\n"))
    with pytest.raises(DataError, match="is not utf-8: byte 0x80 at offset 8,000,004; set another"):
        read_table(path, ReadOptions(encoding="utf-8"))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("utf8x", 'data.encoding: unknown encoding "utf8x"; .*; did you mean "utf-8"'),
        ("base64", "unknown encoding"),
        ("idna", "unknown encoding"),
        ("unicode_escape", "unknown encoding"),
        ("raw_unicode_escape", "unknown encoding"),
        ("", "unknown encoding"),
    ],
)
def test_unknown_names(path: Path, name: str, message: str) -> None:
    path.write_text(TEXT, encoding="utf-8")
    with pytest.raises(SettingError, match=message):
        read_table(path, ReadOptions(encoding=name))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"PK\x03\x04rest", "is a zip archive, not text; unpack it first"),
        (b"PK\x03\x04\x14\0[Content_Types].xml", r"is an Excel workbook, not text; its name must end in .xlsx"),
        (b"\n<!DOCTYPE html>\n<html>", r"is a web page \(HTML\), not a table; download the file itself"),
        (b"\xef\xbb\xbf<HTML lang=ko>", "is a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n", "is a Git LFS pointer.* git lfs pull"),
        (b"%PDF-1.7\n", "is a PDF; look for"),
        (b'[{"a": 1, "b": 2}]', "is JSON, not a table; write it as CSV"),
        (b'{"a": 1, "b": 2}\n{"a": 2, "b": 3}\n', "is JSON, not a table"),
        (b"<?xml version='1.0'?><a/>", "is XML"),
        (b"PAR1rest", r"is a Parquet file; its name must end in \.parquet"),
        (b"SQLite format 3\0", "is an SQLite database; export"),
        (b"\x89PNG\r\n", r"is a picture \(PNG\)"),
        (b"\xd0\xcf\x11\xe0rest", "is an old Excel workbook"),
        (gzip.compress(b"a\n1\n", mtime=0), r"is compressed; its name must end in \.gz"),
        (b"a,b\n1,\0\n", r"contains a zero byte, .*data\.encoding: utf-16-le"),
        (TEXT.encode("utf-16-le"), r"contains a zero byte, .*data\.encoding: utf-16-le"),
        (b"", r"is empty \(0 bytes\)"),
        (b"\xef\xbb\xbf", "has only blank lines; write a line of column names and then the rows"),
    ],
)
def test_what_is_no_text(path: Path, content: bytes, message: str) -> None:
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_table(path, ReadOptions(formats={}))


def test_a_file_that_changes_while_it_is_read(path: Path) -> None:
    path.write_bytes(b"a\n" + b"1\n" * 3_000_000)
    with text_file.TextFile(path, "표.csv").open_utf8("utf-8") as stream:
        stream.read(1 << 20)
        with path.open("ab") as other:
            other.write(b"2\n")
        with pytest.raises(DataError, match=r"표\.csv: changed while being read"):
            stream.read()


def test_a_file_that_is_cut_while_it_is_read(path: Path) -> None:
    path.write_bytes(b"a\n" + b"1\n" * 3_000_000)
    with text_file.TextFile(path, "표.csv").open_utf8("utf-8") as stream:
        stream.read(1 << 20)
        os.truncate(path, 10)
        with pytest.raises(DataError, match=r"표\.csv: changed while being read"):
            stream.read()


@pytest.mark.parametrize("text", ["Temperature(°C),b\n1,2\n", "café au lait,Ñandú\n1,2\n", "a,b\n1,naïve\n"])
def test_western_text_that_could_be_korean(path: Path, text: str) -> None:
    """Each high byte and the letter after it are also a syllable of cp949, but a rare one."""
    path.write_bytes(text.encode("cp1252"))
    raw, found, notes = read_table(path, ReadOptions(formats={}))
    names = text.split("\n")[0].split(",")
    assert (raw.names, found.encoding) == (tuple(names), "cp1252")
    assert "read as cp1252, Western European" in notes[0]
    assert "if it is Korean, set data.encoding: cp949" in notes[0]


def test_korean_with_a_rare_syllable_stays_korean(path: Path) -> None:
    path.write_bytes("이름,기온\n똠방각하,1\n펲,2\n".encode("cp949"))
    raw, found, _ = read_table(path, ReadOptions(formats={}))
    assert (raw.columns["이름"].to_pylist(), found.encoding) == (["똠방각하", "펲"], "cp949")
