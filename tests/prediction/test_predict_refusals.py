"""`mlpcli predict` on the command line: new rows that do not fit, and labels with any characters, end to end."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlpcli.config.sections import DataConfig
from mlpcli.data.load_data import load_data

LABELS = ["=1+1", "+82", "-a", "@x", "a, b", 'say "x"', "두\n줄", "고양이", "tab\tin it"]
"""Each the label of the row of the same number."""


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


TRAINING = '"=id",나이,label\n' + "".join(f"=A{n},{n % 9},{_quoted(LABELS[n % 9])}\n" for n in range(90))


@pytest.fixture
def cats(model: Any, tmp_path: Path) -> Callable[..., str]:
    """A model fitted on TRAINING that answers with LABELS[age]; with `fails`, the network is not to be loaded."""

    def make(fails: bool = True, **settings: Any) -> str:
        (tmp_path / "train.csv").write_text(TRAINING, encoding="utf-8")
        data = DataConfig(source=str(tmp_path / "train.csv"), target="label", **settings)
        source = load_data(data, 0).source
        fitted, names = source.preprocessing, list(source.class_names or ())
        assert fitted is not None and sorted(LABELS) == names
        order = np.array([names.index(label) for label in LABELS])
        ages = fitted.feature_names.index("나이")
        answer = None if fails else lambda x: np.eye(9)[order[x[:, ages].astype(int)]]
        known = {"preprocessing": fitted.as_json(), "feature_names": list(fitted.feature_names)}
        return str(model((len(fitted.feature_names),), names, answer, target="label", **known)[0].name)

    return make


def test_labels_with_any_characters_from_file_to_file(cats: Any, mlpcli_here: Any, tmp_path: Path) -> None:
    """What is written can be read as CSV, and is scored as the training rows were; no predicted label is a formula."""
    model = cats(fails=False, exclude=["=id"])
    done = mlpcli_here("predict", model, "train.csv", "--output", "answers.csv", "--json")
    assert done.returncode == 0, done.stderr
    assert [one["label"] for one in json.loads(done.stdout)["predictions"]] == LABELS * 10
    with open(tmp_path / "answers.csv", encoding="utf-8-sig", newline="") as file:
        head, *rows = csv.reader(file, strict=True)
    assert head == ["=id", "나이", "label", "predicted", "probability"]
    prefixed = [f"'{label}" if label[0] in "=+-@" and label != "+82" else label for label in LABELS]
    assert [row[3] for row in rows] == prefixed * 10
    assert [row[:3] for row in rows] == [[f"=A{n}", str(n % 9), LABELS[n % 9]] for n in range(90)]
    again = mlpcli_here("predict", model, "answers.csv", "--json")
    assert json.loads(again.stdout)["predictions"][:9] == [
        {**one, "input": "answers.csv"} for one in json.loads(done.stdout)["predictions"][:9]
    ]


def test_lines_in_a_pipe_stay_lines(cats: Any, mlpcli_here: Any) -> None:
    done = mlpcli_here("predict", cats(fails=False, exclude=["=id"]), "train.csv")
    lines = done.stdout.splitlines()
    assert [line.count("\t") for line in lines] == [3] * 90
    assert lines[6] == "train.csv\t6\t두\\n줄\t1.0000"


ROWS: list[tuple[str, str | bytes, list[str]]] = [
    ("no file", b"", ["new.csv: is empty (0 bytes)"]),
    ("no rows", "나이\n", ["new.csv: has the names of 1 column but no rows; add rows"]),
    ("no header", "5\n6\n", ['new.csv:1: the first line holds numbers ("5"), not names']),
    ("another column", "나\n5\n", ["new.csv: lacks the column 나이; it has: 나; rename or add it"]),
    ("a name twice", "나이,나이\n5,6\n", ['new.csv:1: duplicate column names: "나이"']),
    ("text", "나이\n5\n\nold\n", ['new.csv:4: 나이: "old" is not a number; correct it']),
    ("infinite", "나이\n5\ninf\n-inf\n", ['new.csv:3: 나이: "inf" is not a number (1 more like it)']),
    ("too large", "나이\n5\n1e39\n", ['new.csv:3: 나이: "1e39" is too large']),
    ("1e400", "나이\n5\n1e400\n", ['new.csv:3: 나이: "1e400" is too large']),
    ("ragged", "나이,b\n5,1\n6\n", ["new.csv:3: expected 2 values, as many as column names, but found 1"]),
    ("open quote", '나이,b\n5,"1\n6,2\n', ['new.csv:2: a quotation mark (") opens here but is not closed']),
    ("latin-1", "나이\n5\n".encode("cp949") + b"\xff\n", ["new.csv: unknown encoding; tried utf-8"]),
    (
        "a gap",
        "나이\n5\nNaN\n",
        ["new.csv:3: 나이: has no value (1 such row), and the model does not accept missing values"],
    ),
]


@pytest.mark.parametrize(("content", "words"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
@pytest.mark.parametrize("options", [[], ["--json"], ["--output", "answers.csv"], ["--save-input", "seen"]])
def test_rows_that_do_not_fit(
    cats: Any, mlpcli_here: Any, tmp_path: Path, content: str | bytes, words: list[str], options: list[str]
) -> None:
    model = cats(missing="drop", exclude=["=id"])
    (tmp_path / "new.csv").write_bytes(content.encode() if isinstance(content, str) else content)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    _is_refused(mlpcli_here("predict", model, "new.csv", "--strict", *options), words)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_the_order_of_columns_does_not_matter(cats: Any, mlpcli_here: Any, tmp_path: Path) -> None:
    model = cats(fails=False, exclude=["=id"])
    (tmp_path / "new.csv").write_text("note,나이\n=1+1,7\nx,0\n", encoding="utf-8")
    assert mlpcli_here("predict", model, "new.csv").stdout == "new.csv\t0\t고양이\t1.0000\nnew.csv\t1\t=1+1\t1.0000\n"


def test_a_table_for_a_model_that_knows_no_columns(model: Any, mlpcli_here: Any, tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_text("나이\n5\n", encoding="utf-8")
    done = mlpcli_here("predict", model((1,))[0].name, "new.csv")
    _is_refused(done, ["new.csv: is a table, but this model takes an .npy or .npz file of the shape"])


def test_parquet_that_is_infinite(cats: Any, mlpcli_here: Any, tmp_path: Path) -> None:
    pq.write_table(pa.table({"나이": [1.0, 2.0, float("inf")]}), tmp_path / "new.parquet")
    done = mlpcli_here("predict", cats(exclude=["=id"]), "new.parquet", "--strict")
    _is_refused(done, ['new.parquet: row 2 (from 0): 나이: "inf" is infinite'])


@pytest.mark.parametrize("name", ["new.csv", "new.parquet", "new.npy"])
def test_pipes_are_not_waited_for(cats: Any, mlpcli_here: Any, pipe: Any, tmp_path: Path, name: str) -> None:
    pipe(tmp_path / name)
    _is_refused(mlpcli_here("predict", cats(exclude=["=id"]), name), [f"{name}: is a pipe or a device; save the data"])


def _is_refused(done: Any, words: list[str]) -> None:
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1, done.stderr
    assert [word for word in words if word not in done.stderr] == [], done.stderr
