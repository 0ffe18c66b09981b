"""--output: the rows with their answers beside them."""

from __future__ import annotations

import csv
import errno
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlpcli.errors import DataError, OutputError, UserError
from mlpcli.tables import table_writer as csv_output
from mlpcli.workflows import input_batches as tables
from mlpcli.workflows import predict_inputs as inputs
from mlpcli.workflows.predict import predict, prepare_prediction


@pytest.fixture
def rule(model: Any) -> Any:
    """`rule()` is a model of the columns a and b that answers with a / 10 as the probability of "=yes, 예"."""
    return lambda **settings: model(
        (2,), ["no", "=yes, 예"], lambda x: x[:, :1] / 10, feature_names=["a", "b"], **settings
    )[0]


def _csv(folder: Path, text: str, name: str = "new.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def _read(path: Path) -> list[list[str]]:
    with open(path, encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file, strict=True))


def test_the_columns_of_the_input_and_the_answers(rule: Any, tmp_path: Path) -> None:
    rows = _csv(tmp_path, 'name,b,a,note\nKim,1.50,8,"x, ""y"""\n=1+1,02,1,NA\n')
    result = predict(rule(), rows, output=tmp_path / "new" / "answers.csv")
    assert result.written == tmp_path / "new" / "answers.csv"
    assert _read(result.written) == [
        ["name", "b", "a", "note", "predicted", "probability"],
        ["Kim", "1.50", "8", 'x, "y"', "'=yes, 예", "0.8"],
        ["=1+1", "02", "1", "NA", "no", "0.9"],
    ]
    assert result.predictions[0]["label"] == "=yes, 예"  # only the file is for spreadsheets


def test_more_classes_and_names_that_are_taken(rule: Any, tmp_path: Path) -> None:
    rows = _csv(tmp_path, "a,b,predicted,probability_2\n8,1,x,y\n")
    predict(rule(), rows, top=2, output=tmp_path / "answers.csv")
    assert _read(tmp_path / "answers.csv") == [
        ["a", "b", "predicted", "probability_2", "predicted (model)", "probability", "predicted_2",
         "probability_2 (model)"],
        ["8", "1", "x", "y", "'=yes, 예", "0.8", "no", "0.19999999"],
    ]  # fmt: skip


def test_pictures_and_arrays(model: Any, digits_form: Any, picture: Any, tmp_path: Path) -> None:
    path, _ = model((4, 4), answer=lambda x: np.tile([0.25, 0.75, 0], (len(x), 1)), **digits_form)
    predict(path, picture("a.png"), output=tmp_path / "p.csv")
    assert _read(tmp_path / "p.csv") == [["file", "predicted", "probability"], [str(tmp_path / "a.png"), "b", "0.75"]]
    predict(path, np.zeros((2, 4, 4)), output=tmp_path / "p.csv")
    assert [row[1:] for row in _read(tmp_path / "p.csv")] == [
        ["row", "predicted", "probability"], ["0", "b", "0.75"], ["1", "b", "0.75"]]  # fmt: skip


def test_numbers(model: Any, tmp_path: Path) -> None:
    path, _ = model((2,), None, lambda x: x * np.float32(0.1), plan={"targets": 2})
    predict(path, np.array([[1, -2]]), output=tmp_path / "p.csv")
    assert [row[2:] for row in _read(tmp_path / "p.csv")] == [["predicted_1", "predicted_2"], ["0.1", "-0.2"]]


def test_parquet_keeps_the_types(rule: Any, tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [8, 1], "b": [0.5, 1.5], "c": ["=x", None]}), tmp_path / "in.parquet")
    predict(rule(), tmp_path / "in.parquet", output=tmp_path / "out.parquet")
    read = pq.read_table(tmp_path / "out.parquet")
    assert read.drop_columns(["probability"]).to_pydict() == {
        "a": [8, 1], "b": [0.5, 1.5], "c": ["=x", None], "predicted": ["=yes, 예", "no"]}  # fmt: skip
    assert read.schema.field("a").type == pa.int64()


def test_several_tables_become_one(rule: Any, tmp_path: Path) -> None:
    files = [_csv(tmp_path, "a,b\n8,1\n", "1.csv"), _csv(tmp_path, "b,a\n2,1\n", "2.csv")]
    predict(rule(), files, output=tmp_path / "p.csv")
    assert [row[:3] for row in _read(tmp_path / "p.csv")] == [["a", "b", "predicted"], ["8", "1", "'=yes, 예"],
                                                             ["1", "2", "no"]]  # fmt: skip


REFUSED = [
    ("answers.txt", ["new.csv"], "--output answers.txt: give a name that ends with .csv or .parquet"),
    ("folder", ["new.csv"], "--output folder: is a folder; give the name of a file, such as folder/answers.csv"),
    ("new.csv", ["new.csv"], "--output new.csv: is also an input and would be overwritten; choose another name"),
    ("new.csv", ["*.csv"], "--output new.csv: is also an input"),
    ("link.csv", ["new.csv"], "--output link.csv: is also an input"),
    ("p.csv", ["new.csv", "other.csv"], 'other.csv: has a column "c" that new.csv lacks; one --output needs the same'),
]


@pytest.mark.parametrize(("output", "given", "words"), REFUSED, ids=[words[:30] for *_, words in REFUSED])
def test_an_output_that_is_refused_before_the_network_is_loaded(
    model: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, output: str, given: list[str], words: str
) -> None:
    path, _ = model((2,), feature_names=["a", "b"])
    monkeypatch.chdir(tmp_path)
    _csv(tmp_path, "a,b\n8,1\n")
    Path("folder").mkdir()
    Path("link.csv").symlink_to("new.csv")
    if "other.csv" in given:
        _csv(tmp_path, "a,b,c\n8,1,1\n", "other.csv")
    before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    with pytest.raises(UserError) as caught:
        predict(path, given, output=output)
    assert str(caught.value).startswith(words)
    assert {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == before


def test_a_folder_that_holds_the_output(rule: Any, tmp_path: Path) -> None:
    rows = _csv(tmp_path / "..", "a,b\n1,1\n", "outside.csv")
    folder = tmp_path / "tables"
    folder.mkdir()
    rows.rename(folder / "in.csv")
    with pytest.raises(UserError, match=r"in\.csv: is also an input"):
        predict(rule(), folder, output=folder / "in.csv")


@pytest.mark.parametrize(("name", "words"), [
    ("file", "--save-input file: is a file; give a folder"),
    ("full", "--save-input full: is not empty, and mlpcli overwrites nothing in it; give a new folder"),
])  # fmt: skip
def test_a_folder_for_inputs_that_is_refused(
    model: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, words: str
) -> None:
    path, _ = model((2,))
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    Path("full").mkdir()
    Path("full", "x").touch()
    with pytest.raises(UserError) as caught:
        predict(path, np.zeros((1, 2)), save_input=name)
    assert str(caught.value) == words


def test_what_stood_there_survives_a_failure(rule: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = _csv(tmp_path, "old", "answers.csv")
    rows = _csv(tmp_path, "a,b\n8,1\n")

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(csv_output.CsvOutput, "write", full)
    with pytest.raises(OutputError, match=r"answers\.csv: cannot be written: No space left on device"):
        predict(rule(), rows, output=old)
    assert old.read_text(encoding="utf-8") == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["answers.csv", "model.keras", "new.csv"]


def test_a_folder_that_cannot_be_made(rule: Any, tmp_path: Path) -> None:
    rows = _csv(tmp_path, "a,b\n8,1\n")
    with pytest.raises(OutputError, match=r"new\.csv: cannot be made: .*; choose another"):
        predict(rule(), rows, output=rows / "answers.csv")
    with pytest.raises(OutputError, match=r"saw: cannot be made: .*; choose another folder"):
        predict(rule(), rows, save_input=rows / "saw")


def test_rows_that_change_between_the_two_readings(rule: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs, "KEPT_BYTES", 0)
    rows = _csv(tmp_path, "a,b\n8,1\n")
    ready = prepare_prediction(rule(), [rows], output=tmp_path / "p.csv")
    rows.write_text("a,b\nx,1\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"new\.csv:2: a"):
        ready.run(lambda found: None)
    assert not (tmp_path / "p.csv").exists()


def test_memory_does_not_grow_with_the_rows(rule: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python's and Arrow's memory over the whole of it, with small batches, read twice, for 5,000 and 50,000 rows."""
    monkeypatch.setattr(tables, "BATCH_ROWS", 1000)
    monkeypatch.setattr(inputs, "KEPT_BYTES", 100_000)
    path = rule()

    def peak(rows: int) -> int:
        given = tmp_path / "new.parquet"  # in small row groups: CSV is read in blocks of a fixed size
        columns = {"a": np.arange(rows) % 10, "b": np.ones(rows), "name": [f"row {n:0150}" for n in range(rows)]}
        pq.write_table(pa.table(columns), given, row_group_size=1000)
        highest, counted, before = 0, 0, pa.total_allocated_bytes()

        def each(found: Any) -> None:
            nonlocal highest, counted
            highest, counted = max(highest, pa.total_allocated_bytes() - before), counted + len(found)

        tracemalloc.start()
        prepare_prediction(path, [given], output=tmp_path / "p.csv").run(each)
        python = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert counted == rows == len((tmp_path / "p.csv").read_text(encoding="utf-8").splitlines()) - 1
        return python + highest

    small, large = peak(5_000), peak(50_000)
    assert large < 1.5 * small + 200_000, (small, large)


def test_a_hand_in_file_has_the_columns_asked_for(rule: Any, tmp_path: Path) -> None:
    rows = _csv(tmp_path, "id,a,b\n007,8,1\n008,1,2\n")
    result = predict(rule(), rows, output=tmp_path / "hand-in.csv", columns=["id", "predicted"])
    assert result.written is not None
    assert _read(result.written) == [["id", "predicted"], ["007", "'=yes, 예"], ["008", "no"]]
    with pytest.raises(UserError, match=r'--columns: the output has no column "ID"; it has: .*; did you mean "id"'):
        predict(rule(), rows, output=tmp_path / "other.csv", columns=["ID"])
    assert not (tmp_path / "other.csv").exists()
    predict(rule(), rows, output=tmp_path / "each.csv", columns=["=yes, 예"], probabilities=True)
    assert _read(tmp_path / "each.csv") == [["'=yes, 예"], ["0.8"], ["0.1"]]
    predict(rule(), rows, output=tmp_path / "both.csv", columns=["id", "predicted"], probabilities=True)
    assert _read(tmp_path / "both.csv")[0] == ["id", "predicted", "no", "'=yes, 예"]
    with pytest.raises(UserError, match="need --output; give a file"):
        predict(rule(), rows, columns=["id"])


def test_the_probabilities_of_all_classes(rule: Any, tmp_path: Path) -> None:
    rows = _csv(tmp_path, "a,b\n8,1\n1,2\n")
    result = predict(rule(), rows, output=tmp_path / "all.parquet", columns=["no", "=yes, 예"], probabilities=True)
    assert result.written is not None
    table = pq.read_table(result.written)
    np.testing.assert_allclose(table["=yes, 예"].to_numpy(), [0.8, 0.1], rtol=1e-6)
    np.testing.assert_allclose(table["no"].to_numpy(), [0.2, 0.9], rtol=1e-6)


def test_cells_come_back_as_they_were_given(rule: Any, tmp_path: Path, mlpcli_here: Any) -> None:
    """With the file's own separator, and without a mark where none is wanted."""
    text = 'a;b;note;+tel\n3,06; 001 ;NA;=1+1\n8;2,5;"x;y";+82-10-1234\n1;1;@x;"-x\ty"\n'
    rows = _csv(tmp_path, text)
    done = mlpcli_here("predict", rule(), rows, "--output", "answers.csv", "--no-bom")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "answers.csv").read_bytes().decode("utf-8") == (
        "a;b;note;+tel;predicted;probability\n3,06; 001 ;NA;=1+1;no;0.694\n"
        '8;2,5;"x;y";+82-10-1234;\'=yes, 예;0.8\n1;1;@x;-x\ty;no;0.9\n'
    )
