"""Any table survives being written and read; a damaged one is refused or read as another reader reads it."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlpcli.errors import DataError
from mlpcli.tables import csv_reader, text_file
from mlpcli.tables.raw_table import USUAL_GAPS, ReadOptions
from mlpcli.tables.table_reader import read_batches, read_table

CELLS = st.text(st.sampled_from("ab가나 1,;\t|\"'\n\r=-ß"), max_size=8)
LONG = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that small files have many blocks too."""
    monkeypatch.setattr(csv_reader, "SMALL_BLOCK", 64)
    monkeypatch.setattr(csv_reader, "ROWS_IN_BLOCK", 0)
    monkeypatch.setattr(text_file, "CHUNK", 32)


def tidy(value: str) -> str | None:
    stripped = value.strip()
    return None if stripped in ("", *USUAL_GAPS) else stripped


@LONG
@given(
    rows=st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=12),
    separator=st.sampled_from(",;\t|"),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
    batch_rows=st.integers(1, 5),
)
def test_written_and_read(
    tmp_path: Path, rows: list[list[str]], separator: str, end: str, encoding: str, batch_rows: int
) -> None:
    path = tmp_path / "a.csv"
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, delimiter=separator, lineterminator=end, quoting=csv.QUOTE_ALL)
        writer.writerows([["x", "y", "z"], *rows])
    options = ReadOptions(separator=separator, formats={})
    raw, _, _ = read_table(path, options)
    read = list(zip(*(raw.columns[name].to_pylist() for name in "xyz"), strict=True))
    if any("decimal comma" in note for note in read_table(path, options)[2]):
        assert len(read) == len(rows)
    else:
        assert read == [tuple(map(tidy, row)) for row in rows]
    batches = list(read_batches(path, options, batch_rows))
    assert [len(batch) for batch in batches[:-1]] == [batch_rows] * (len(batches) - 1)
    assert [row for batch in batches for row in batch.columns.to_pylist()] == raw.columns.to_pylist()
    assert [batch.place(i) for batch in batches for i in range(len(batch))] == [raw.place(i) for i in range(len(raw))]
    assert [raw.place(i) for i in range(len(raw))] == [
        f"{path}:{line}" for line in first_lines(path, encoding, separator)
    ]


def first_lines(path: Path, encoding: str, separator: str) -> list[int]:
    """The line on which each row begins, by Python's own reader."""
    starts = []
    with path.open(encoding=encoding.replace("utf-8", "utf-8-sig").replace("-sig-sig", "-sig"), newline="") as file:
        reader = csv.reader(file, delimiter=separator)
        next(reader)
        ended = reader.line_num
        for _ in reader:
            starts.append(ended + 1)
            ended = reader.line_num
    return starts


@LONG
@given(data=st.data())
def test_a_damaged_table_is_refused_or_read_as_python_reads_it(tmp_path: Path, data: st.DataObject) -> None:
    text = 'name,size,note\nann,1,"a, b"\n김,2,"x\ny"\nbob,,"say ""hi"""\nzoe,4,last\n'
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(15, len(text)))
        cut = data.draw(st.integers(0, 2))
        text = text[:at] + data.draw(st.sampled_from(['"', ",", "\n", "\r", ";", "q", '""', ""])) + text[at + cut :]
    path = tmp_path / "a.csv"
    path.write_bytes(text.encode())
    try:
        raw, _, _ = read_table(path, ReadOptions(separator=",", formats={}))
    except DataError:
        return
    rows = [
        row for row in csv.reader(io.StringIO(text, newline="")) if [cell.strip() for cell in row] not in ([], [""])
    ]
    assert [list(row.values()) for row in raw.columns.to_pylist()] == [list(map(tidy, row)) for row in rows[1:]]


@pytest.mark.parametrize("chunk", [1, 16, 64, 1 << 20])
def test_line_ends_in_quotes_wherever_blocks_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    monkeypatch.setattr(text_file, "CHUNK", chunk)
    path = tmp_path / "a.csv"
    for length in range(1, 130):
        value = "x" * length + "\r\ny"
        path.write_bytes(f'a,b\r\n1,"{value}"\r\n2,z\r\n'.encode())
        assert read_table(path, ReadOptions(formats={}))[0].columns.to_pydict() == {"a": ["1", "2"], "b": [value, "z"]}
