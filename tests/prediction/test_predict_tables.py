"""Rows of tables: columns by name, encoded as in training; files as they come."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlpcli.config.sections import DataConfig
from mlpcli.errors import DataError, UserError
from mlpcli.tables.preprocessing import Preprocessing, fit_preprocessing
from mlpcli.tables.raw_table import RawTable, ReadOptions
from mlpcli.tables.target import TargetEncoder
from mlpcli.workflows import input_batches as tables
from mlpcli.workflows import predict_inputs as inputs
from mlpcli.workflows.predict import predict, prepare_prediction

ROWS = {"나이": ["10", "30", None, "20"] * 5, "port": ["S", "C", "S", "S"] * 5, "out": ["no", "yes"] * 10}
AS_FOUND = ReadOptions(formats={})
Make = Callable[..., tuple[Path, Any]]


def _fitted(options: ReadOptions = AS_FOUND, missing: str = "impute") -> Preprocessing:
    raw = RawTable(pa.table(ROWS), lambda row: f"train.csv:{row + 2}")
    data = DataConfig.model_validate({"source": "train.csv", "missing": missing})
    kinds: Any = {"나이": "number", "port": "category"}
    return fit_preprocessing([raw], kinds, TargetEncoder(("out",), ("no", "yes")), data, options)[0]


@pytest.fixture
def ports(model: Make) -> Make:
    """A model of age and port whose answer "yes" has the probability age / 100."""

    def make(preprocessing: Preprocessing | None = None, **settings: Any) -> tuple[Path, Any]:
        fitted = preprocessing or _fitted()
        known = {"preprocessing": fitted.as_json(), "feature_names": list(fitted.feature_names)}
        settings.setdefault("answer", lambda x: x[:, :1] / 100)
        return model((len(fitted.feature_names),), ["no", "yes"], target="out", **known, **settings)

    return make


def _csv(folder: Path, text: str, name: str = "new.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def test_rows_are_encoded_as_in_training(ports: Make, tmp_path: Path) -> None:
    path, network = ports()
    result = predict(path, _csv(tmp_path, "나이,port\n80,C\n,S\n"))
    assert [list(row.values())[1:] for row in result.predictions] == [
        [0, "yes", 0.8],
        [1, "no", 0.8],
    ]
    names = _fitted().feature_names
    assert names[:2] == ("나이", "나이 is missing")
    x = {name: network.seen[0][:, index].tolist() for index, name in enumerate(names)}
    assert (x["나이"], x["나이 is missing"]) == ([80, 20], [0, 1])  # 20 is the median of training
    assert (x["port = C"], x["port = S"]) == ([1, 0], [0, 1])


@pytest.mark.parametrize("text", [
    "port,나이\nC,80\n",
    "name,나이,out,port\n=1+1,80,,C\n",
    "\ufeff나이,port\r\n80,C\r\n",
    "나이;port\n80;C\n",
    "나이\tport\n80\tC\n",
])  # fmt: skip
def test_order_more_columns_and_the_ways_of_csv_do_not_matter(ports: Make, tmp_path: Path, text: str) -> None:
    path, network = ports()
    predict(path, _csv(tmp_path, text))
    assert network.seen[0].tolist() == [[80, 0, *[float(name == "port = C") for name in _fitted().feature_names[2:]]]]


@pytest.mark.parametrize("encoding", ["utf-8", "cp949", "utf-16"])
def test_new_rows_may_have_another_encoding_than_the_training_rows(ports: Make, tmp_path: Path, encoding: str) -> None:
    path, network = ports(_fitted(ReadOptions(",", "cp949")))
    predict(path, _csv(tmp_path, "나이,port\n80,C\n", encoding=encoding))
    assert network.seen[0][0, 0] == 80


def test_what_had_to_be_told_for_training_is_used_where_nothing_else_fits(ports: Make, tmp_path: Path) -> None:
    path, network = ports(_fitted(ReadOptions("^", "utf-8", ("없음",))))
    predict(path, _csv(tmp_path, "나이^port\n80^C\n없음^C\n"))
    assert network.seen[0][:, 0].tolist() == [80, 20]


def test_parquet_and_several_files(ports: Make, tmp_path: Path) -> None:
    path, network = ports()
    pq.write_table(pa.table({"port": ["C", "S"], "나이": [80, None]}), tmp_path / "a.parquet")
    files = [_csv(tmp_path, "나이,port\n7,S\n"), tmp_path / "a.parquet"]
    result = predict(path, files)
    assert [(Path(row["input"]).name, row["row"]) for row in result.predictions] == [
        ("new.csv", 0), ("a.parquet", 0), ("a.parquet", 1)]  # fmt: skip
    assert [x[:, 0].tolist() for x in network.seen] == [[7], [80, 20]]


def test_standard_input(ports: Make) -> None:
    path, network = ports()
    found: list[Any] = []
    ready = prepare_prediction(path, ["-"], stdin=io.BytesIO("나이,port\n80,C\n".encode()))
    ready.run(found.append)
    assert found[0].batch.name(0) == "standard input"
    assert network.seen[0][0, 0] == 80


@pytest.mark.parametrize("kept_bytes", [1 << 26, 0], ids=["rows in memory", "rows read again"])
def test_standard_input_is_stored_once_until_the_prediction_is_over(
    ports: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept_bytes: int
) -> None:
    path, _ = ports()
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    monkeypatch.setattr("mlpcli.workflows.predict_inputs.KEPT_BYTES", kept_bytes)
    made: list[str] = []
    mkstemp = tempfile.mkstemp
    monkeypatch.setattr("tempfile.mkstemp", lambda *args, **named: made.append("") or mkstemp(*args, **named))
    ready = prepare_prediction(path, ["-"], stdin=io.BytesIO("나이,port\n\n80,C\n\n7,S\n".encode()))
    ready.run(lambda answers: None)
    lines = [batch.place(row) for batch in ready.inputs.batches() for row in range(len(batch))]
    assert lines == ["standard input:3", "standard input:5"]
    assert len(made) == len(list(folder.iterdir())) == 1
    del ready
    assert not list(folder.iterdir())


@pytest.mark.parametrize(("stream", "given", "words"), [
    (b"", ["-"], "standard input: is empty; send CSV with a line of column names"),
    (None, ["-"], "standard input: is closed; send CSV with a line of column names"),
    (b"port\nC\n", ["-"], "standard input: lacks the column 나이"),
    ("나이,port\n80,C\nx,C\n".encode(), ["-"], "standard input:3: 나이"),
    (b"a\n1\n", ["-", "-"], "-: standard input can be read only once; give it once"),
])  # fmt: skip
def test_standard_input_that_does_not_fit(ports: Make, stream: bytes | None, given: list[str], words: str) -> None:
    path, _ = ports(answer=None)
    with pytest.raises(UserError) as caught:
        prepare_prediction(path, given, stdin=None if stream is None else io.BytesIO(stream), strict=True)
    assert str(caught.value).startswith(words)


REFUSED = [
    ("", ["new.csv: "]),
    ("나이,port\n", ["new.csv: ", "no rows"]),
    ("port\nC\n", ["new.csv: lacks the column 나이", "it has: port"]),
    ("나이,prot\n1,C\n", ["new.csv: lacks the column port", 'did you mean "prot"?']),
    ("나이,port\n1,C\nold,C\n", ["new.csv:3: 나이", "old"]),
    ("나이,port\n1,C\ninf,C\n", ["new.csv:3: 나이", "inf"]),
    ("나이,port\n1,C\n2\n", ["new.csv:3"]),
]


@pytest.mark.parametrize(("text", "words"), REFUSED, ids=[text[:20] for text, _ in REFUSED])
def test_rows_that_are_refused_before_the_network_is_loaded(
    ports: Make, tmp_path: Path, text: str, words: list[str]
) -> None:
    path, _ = ports(answer=None)
    with pytest.raises(DataError) as caught:
        predict(path, _csv(tmp_path, text), strict=True)
    assert [word for word in words if word not in str(caught.value)] == [], str(caught.value)


def test_gaps_where_the_model_takes_none(ports: Make, tmp_path: Path) -> None:
    path, _ = ports(_fitted(missing="drop"), answer=None)
    with pytest.raises(DataError, match=r"new\.csv:3: 나이: has no value"):
        predict(path, _csv(tmp_path, "나이,port\n1,C\n,C\n"), strict=True)


def test_a_picture_for_a_model_of_tables(ports: Make, picture: Any) -> None:
    path, _ = ports(answer=None)
    words = r"a\.png: is a picture, but this model takes table rows with the columns 나이, port; give such inputs"
    with pytest.raises(DataError, match=words):
        predict(path, picture("a.png"))


def test_a_file_of_no_known_kind(ports: Make, tmp_path: Path) -> None:
    path, _ = ports(answer=None)
    with pytest.raises(DataError, match=r"rows\.docx: unsupported file type; give a table"):
        predict(path, _csv(tmp_path, "x", "rows.docx"))


def test_a_model_of_arrays_with_names_takes_tables(model: Make, tmp_path: Path) -> None:
    path, network = model((2,), ["no", "yes"], lambda x: x[:, :1] / 100, feature_names=["b", "a"])
    predict(path, _csv(tmp_path, "a,b\n1,2\n3,4\n"))
    assert network.seen[0].tolist() == [[2, 1], [4, 3]]
    path, _ = model((2,), ["no", "yes"])
    with pytest.raises(DataError, match=r"new\.csv: is a table, but this model takes an \.npy or \.npz file of the sh"):
        predict(path, tmp_path / "new.csv")


def test_columns_that_are_not_those_of_the_network(ports: Make, model: Make, tmp_path: Path) -> None:
    path, _ = model((99,), ["no", "yes"], preprocessing=_fitted().as_json())
    with pytest.raises(UserError, match=r"is damaged: the columns make \d inputs, but the model takes \(99,\);"):
        predict(path, _csv(tmp_path, "나이,port\n1,C\n"))


def test_small_batches_give_the_same_answers(ports: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, network = ports()
    rows = _csv(tmp_path, "나이,port\n" + "".join(f"{n},C\n" for n in range(10)))
    expected = predict(path, rows)
    monkeypatch.setattr(tables, "BATCH_ROWS", 4)
    monkeypatch.setattr(inputs, "KEPT_BYTES", 0)  # read twice
    network.seen.clear()
    found = predict(path, rows)
    assert [len(x) for x in network.seen] == [4, 4, 2]
    assert found.predictions == expected.predictions
    assert np.array_equal(found.outputs, expected.outputs)


def test_what_the_network_saw_is_saved(ports: Make, tmp_path: Path) -> None:
    path, _ = ports()
    predict(path, _csv(tmp_path, "나이,port\n80,C\n,S\n"), save_input=tmp_path / "saw")
    lines = (tmp_path / "saw" / "new.csv").read_text(encoding="utf-8-sig").splitlines()
    assert lines[0] == ",".join(_fitted().feature_names)
    assert [line.split(",")[:2] for line in lines[1:]] == [["80", "0"], ["20", "1"]]
