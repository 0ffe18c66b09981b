"""CSV and Parquet files that are written batch by batch."""

from __future__ import annotations

import csv
import io
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlpcli.errors import UserError
from mlpcli.tables.table_writer import CsvOutput, check_table_name, csv_lines, guarded, open_table_output


def _written(path: Path, *tables: pa.Table) -> str:
    output = CsvOutput(path)
    for table in tables:
        output.write(table)
    output.close()
    return path.read_bytes().decode("utf-8")


CELLS = [
    ("plain", "plain"),
    ("한글", "한글"),
    ("a,b", '"a,b"'),
    ('say "x"', '"say ""x"""'),
    ("two\nlines", '"two\nlines"'),
    ("two\rlines", '"two\rlines"'),
    ("=1+2", "=1+2"),
    ('=HYPERLINK("x")', '"=HYPERLINK(""x"")"'),
    ("+82-10-1234", "+82-10-1234"),
    ("@sum", "@sum"),
    ("\tx", "\tx"),
    ("\rx", '"\rx"'),
    ("-5\n", '"-5\n"'),
    ("", ""),
    (None, ""),
]


@pytest.mark.parametrize(("value", "cell"), CELLS)
def test_a_text(value: str | None, cell: str) -> None:
    table = pa.table({"a": pa.array(["x"]), "b": pa.array([value], pa.string())})
    assert csv_lines(table.columns).decode("utf-8") == f"x,{cell}\n"


FORMULAS = ["=1+2", '=HYPERLINK("x")', "+82-10-1234", "-a", "@sum", "\tx", "\rx", "\nx", "＝1", "-1e", "-5\n"]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_strangers_formula_gets_an_apostrophe(text: str) -> None:
    assert guarded(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "a=b", "-5", "+.5", "-1e-3", "+", "-", "--"])
def test_a_text_that_calculates_nothing_stays(text: str) -> None:
    assert guarded(text) == text


def test_numbers_keep_their_digits() -> None:
    table = pa.table({
        "f32": pa.array(np.array([0.1, -2.5], np.float32)),
        "f64": pa.array([0.1 + 0.2, -1e300]),
        "i": pa.array([-7, None]),
        "b": pa.array([True, None]),
    })  # fmt: skip
    assert csv_lines(table.columns) == b"0.1,0.30000000000000004,-7,true\n-2.5,-1e+300,,\n"


def test_names_come_once_after_the_byte_order_mark(tmp_path: Path) -> None:
    table = pa.table({"=a": ["1"], 'b,"c': ["2"]})
    assert _written(tmp_path / "a.csv", table, table) == '\ufeff=a,"b,""c"\n1,2\n1,2\n'


def test_columns_come_in_the_order_of_the_first_table(tmp_path: Path) -> None:
    text = _written(tmp_path / "a.csv", pa.table({"a": ["1"], "b": ["2"]}), pa.table({"b": ["4"], "a": ["3"]}))
    assert text == "\ufeffa,b\n1,2\n3,4\n"


def test_a_table_without_rows_gives_the_names(tmp_path: Path) -> None:
    assert _written(tmp_path / "a.csv", pa.table({"a": pa.array([], pa.string())})) == "\ufeffa\n"


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)


@given(st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=6))
def test_python_reads_the_same_cells_back(rows: list[tuple[str, str]]) -> None:
    table = pa.table({"a": [row[0] for row in rows], "b": [row[1] for row in rows]})
    read = csv.reader(io.StringIO(csv_lines(table.columns).decode("utf-8"), newline=""), strict=True)
    assert list(read) == [list(texts) for texts in rows]


@given(TEXT)
def test_no_guarded_text_starts_a_formula(text: str) -> None:
    cell = guarded(text)
    assert cell[:1] not in ("=", "@", "\t", "\n", "\r", "＝", "＋", "－", "＠")
    assert cell[:1] not in ("+", "-") or not cell.strip("+-") or not np.isnan(float(cell))


def test_a_gap_in_the_only_column_is_a_row() -> None:
    assert csv_lines([pa.array([0.5, None])]) == b'0.5\n""\n'
    assert csv_lines([["", "x"]]) == b'""\nx\n'


def test_arrow_reads_sliced_and_chunked_columns_back(tmp_path: Path) -> None:
    table = pa.concat_tables([pa.table({"a": [str(i) for i in range(n)], "n": list(range(n))}) for n in (5, 7)])
    _written(tmp_path / "a.csv", table.slice(3, 7))
    read = pyarrow.csv.read_csv(tmp_path / "a.csv")
    assert read.column("n").to_pylist() == [3, 4, 0, 1, 2, 3, 4] == read.column("a").to_pylist()


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    batch = pa.table({name: [f"{name}{i},=x" for i in range(2000)] for name in "abcdef"})

    def peak(batches: int) -> int:
        before = pa.total_allocated_bytes()
        tracemalloc.start()
        output, highest = CsvOutput(tmp_path / "a.csv"), 0
        for _ in range(batches):
            output.write(batch)
            highest = max(highest, pa.total_allocated_bytes() - before)
        output.close()
        python = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return python + highest

    small, large = peak(3), peak(60)
    assert (tmp_path / "a.csv").stat().st_size > 7e6
    assert large < 1.2 * small + 100_000


def test_parquet_keeps_the_types(tmp_path: Path) -> None:
    output: Any = open_table_output(tmp_path / "a.PARQUET")
    output.write(pa.table({"a": [1, 2], "b": ["=x", None]}))
    output.write(pa.table({"b": ["y"], "a": [3]}))
    output.close()
    read = pq.read_table(tmp_path / "a.PARQUET")
    assert read.to_pydict() == {"a": [1, 2, 3], "b": ["=x", None, "y"]}
    assert read.schema.field("a").type == pa.int64()


@pytest.mark.parametrize(("name", "words"), [
    ("answers.txt", "--output {}: give a name that ends with .csv or .parquet"),
    ("answers", "--output {}: give a name that ends with .csv or .parquet"),
    ("", "--output {}: is a folder; give the name of a file, such as "),
])  # fmt: skip
def test_a_name_that_is_refused(tmp_path: Path, name: str, words: str) -> None:
    with pytest.raises(UserError) as caught:
        check_table_name("--output", tmp_path / name)
    assert str(caught.value).startswith(words.format(tmp_path / name))
