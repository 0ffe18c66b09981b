"""What is found out about a table on the way is not found out again: plain numbers, clean texts, dictionaries."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from mlpcli import machine
from mlpcli.config.sections import DataConfig
from mlpcli.errors import DataError
from mlpcli.machine import WORTH_THREADS, in_threads
from mlpcli.tables import csv_reader
from mlpcli.tables.clean_texts import clean_texts
from mlpcli.tables.column_fitters import CategoryFitter
from mlpcli.tables.column_forms import profile_columns
from mlpcli.tables.number_evidence import NumberEvidence
from mlpcli.tables.number_format import _ASCII, ascii_forms
from mlpcli.tables.raw_table import RawTable, ReadOptions
from mlpcli.tables.table_reader import read_table
from mlpcli.tables.text_file import FoundEncoding
from mlpcli.tables.values import as_dates, plain_numbers
from mlpcli.text import INVISIBLE, ORDINARY

CELLS = {
    "x": ["1.5", None, "-2", "1e3"],
    "bad": ["1", "2", "three", "4"],
    "day": ["1970-01-02", None, "1970-01-03 12:00", "1969-12-31"],
    "paid": ["yes", "no", None, "yes"],
    "c": ["u", "v", None, "u"],
}
KINDS = {"x": "number", "bad": "number", "day": "date", "paid": "boolean", "c": "category", "gone": "number"}


def table() -> RawTable:
    return RawTable(pa.table({name: pa.array(cells) for name, cells in CELLS.items()}), lambda row: f"표.csv:{row + 2}")


def test_columns_are_converted_once_and_rows_of_them_are_taken() -> None:
    typed = table().as_kinds(KINDS)  # type: ignore[arg-type]
    assert pa.types.is_float64(typed.columns["x"].type) and pa.types.is_dictionary(typed.columns["c"].type)
    some = typed.take(np.array([3, 1]))
    np.testing.assert_array_equal(some.numbers("x", "number"), [1000, np.nan])
    np.testing.assert_array_equal(some.numbers("day", "date"), [-1, np.nan])
    np.testing.assert_array_equal(typed.numbers("day", "date"), [1, np.nan, 2.5, -1])
    np.testing.assert_array_equal(typed.select(["paid"]).numbers("paid", "boolean"), [1, 0, np.nan, 1])
    assert some.columns["c"].to_pylist() == ["u", "v"]
    assert some.place(0) == "표.csv:5"


def test_a_column_with_a_wrong_value_is_named_by_whoever_uses_it() -> None:
    typed = table().as_kinds(KINDS)  # type: ignore[arg-type]
    with pytest.raises(DataError, match=r'표\.csv:4: bad: "three" is not a number'):
        typed.numbers("bad", "number")
    np.testing.assert_array_equal(typed.take(np.array([0, 3])).numbers("bad", "number"), [1, 4])


def test_categories_of_other_rows_are_not_learnt() -> None:
    fitter = CategoryFitter("c", most_counted=10)
    rows = RawTable(pa.table({"c": ["a", "b", "a", "z", "b", None]}), str).as_kinds({"c": "category"})
    fitter.add(rows.take(np.array([0, 1, 2, 5])))
    column, note = fitter.finish()
    assert column is not None
    assert (column.feature_names, note) == (("c = a", "c = b", "c = (missing)"), "")


@pytest.mark.parametrize("texts", [["1", "x"], ["1", "1e39"], ["1e400"], ["nan"], ["inf"]])
def test_what_is_no_plain_number(texts: list[str]) -> None:
    assert plain_numbers(pa.chunked_array([texts])) is None


def test_points_are_counted_in_pieces_of_arrow_arrays() -> None:
    texts = ["9.999", "1.5", "5.125", "-12.500", "0.125", "7", "1.5e3", "1234.125", "+512.000", "8.888"]
    cut = pa.chunked_array([pa.array(texts).slice(1, 4), pa.array(texts).slice(5, 4)])
    evidence = NumberEvidence()
    evidence.add_plain(cut, np.array([float(text) for text in texts[1:-1]]))
    assert evidence.clear == {".": 4}  # 1.5, 0.125, 1.5e3 and 1234.125: the three others may have thousands
    assert (evidence.rows, evidence.small, evidence.reading.whole) == (8, 6, 3)


def test_numbers_that_mean_a_gap_are_no_values() -> None:
    rows = RawTable(pa.table({"x": ["-999", "1", "2.5"]}), str)
    profile = profile_columns([rows], DataConfig(source="t.csv", na_values=["-999"]))["x"]
    assert (profile.missing, profile.low) == (1, 1)
    plain = RawTable(pa.table({"x": ["-999", "1", "2.5"]}), str)
    assert profile_columns([plain], DataConfig(source="t.csv"))["x"].low == -999
    told = plain.read_as(ReadOptions(na_values=("-999",), formats={}))
    np.testing.assert_array_equal(told.numbers("x", "number"), [np.nan, 1, 2.5])


DATES = {
    "clear": ["2024년 1월 31일 오후 6:00", None, "2024. 2. 1.", "2024-02-02"],
    "iso": ["2024-01-31", None, "2024-02-01T12:00", "2024-01-31"],
    "word": ["2024-01-31", "NA", "2024-02-01", "2024-02-02"],
    "order": ["11/10/2024", "12/10/2024", "13/10/2024", None],
    "other": ["2024-01-31", "soon", "2024-02-01", "2024-02-02"],
}


def test_dates_that_read_in_one_way_are_read_once() -> None:
    rows = RawTable(pa.table({name: pa.array(cells) for name, cells in DATES.items()}), str)
    profiles = profile_columns([rows], DataConfig(source="t.csv"))
    assert {name for name, kind in rows.known} == {"clear", "iso"}
    formats = {name: form for name, profile in profiles.items() if (form := profile.format) is not None}
    read = rows.read_as(ReadOptions(formats=formats))
    assert {name for name, kind in read.known} == {"clear", "iso"}
    for name in ("clear", "iso"):
        np.testing.assert_array_equal(read.numbers(name, "date"), as_dates(read.columns[name], name, str))
    day = read.numbers("order", "date")
    np.testing.assert_array_equal(np.diff(day[:3]), [1, 1])  # the day is written first, as the third row tells
    told = rows.read_as(ReadOptions(na_values=("2024-01-31",), formats={}))
    np.testing.assert_array_equal(np.isnan(told.numbers("iso", "date")), [True, True, False, True])


def test_ordinary_letters_need_no_second_look() -> None:
    letters = [chr(code) for code in range(0x110000) if not 0xD800 <= code <= 0xDFFF]
    ordinary = pc.match_substring_regex(pa.array(letters), f"[{ORDINARY}]").to_pylist()
    kept = [letter for letter, is_ordinary in zip(letters, ordinary, strict=True) if is_ordinary]
    assert {"a", " ", "é", "가", "ㅋ", "漢", "カ", "₩"} <= set(kept)
    assert not {"\u00a0", "\u0301", "\u1100", "\u200b", "\u2212", "\u3000", "\uff11"} & set(kept)
    others = [letter for letter in kept if not letter.isascii()]
    text = "".join(others)
    assert (ascii_forms(pa.array([text]))[0].as_py(), re.findall(INVISIBLE, text)) == (text, [])
    assert text.translate(_ASCII) == text
    for before in ("", "e", "가", "か"):  # none is composed with the letter before it
        assert all(unicodedata.is_normalized("NFC", before + letter) for letter in others)


def test_texts_are_clean_where_nothing_is_to_be_done() -> None:
    texts = pa.array([" a", "b", "1.5", "é", ""])
    clean = pa.chunked_array([texts.slice(1, 2)])
    assert clean_texts(clean) is clean
    assert clean_texts(pa.chunked_array([texts])).to_pylist() == ["a", "b", "1.5", "é", None]
    assert clean_texts(pa.chunked_array([texts.slice(2, 2), pa.array(["e\u0301"])])).to_pylist() == ["1.5", "é", "é"]


def test_results_and_the_first_error_come_in_the_order_of_the_items(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "processors", lambda: 3)
    assert in_threads(lambda number: 10 / number, [5, 2, 1], WORTH_THREADS) == [2, 5, 10]
    with pytest.raises(ValueError, match="first"):
        in_threads(_fails, ["well", "first", "second"], WORTH_THREADS)


def _fails(word: str) -> None:
    if word != "well":
        raise ValueError(word)


def test_quotes_that_came_after_the_look_are_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.csv"
    path.write_text('a,b\n1,"x\ny"\n', encoding="utf-8")
    monkeypatch.setattr(csv_reader, "find_encoding", lambda file, told: FoundEncoding("utf-8", [], quoted=False))
    with pytest.raises(DataError, match="changed while being read"):
        read_table(path, ReadOptions(formats={}))
