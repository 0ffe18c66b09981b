"""Tables for models that mlpcli did not write: files made by hand, whose columns only the user knows."""

from __future__ import annotations

import csv
import json
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

KERNEL = np.array([[1, 0], [0, 10], [100, 0]], np.float32)
Stock = Callable[..., Path]


@pytest.fixture
def stock(tmp_path: Path) -> Stock:
    """`stock(kernel, activation)` is a model of one dense layer, without metadata: the outputs are x @ kernel."""

    def make(kernel: np.ndarray = KERNEL, activation: str = "linear") -> Path:
        inputs, units = kernel.shape
        first = {"class_name": "InputLayer", "config": {"name": "input", "batch_shape": [None, inputs]}}
        dense = {"class_name": "Dense", "config": {"name": "dense", "units": units, "activation": activation}}
        content = BytesIO()
        with h5py.File(content, "w") as file:
            file["layers/dense/vars/0"] = kernel
            file["layers/dense/vars/1"] = np.zeros(units, np.float32)
        with zipfile.ZipFile(tmp_path / "stock.keras", "w") as archive:
            archive.writestr("metadata.json", "{}")
            described = {"class_name": "Sequential", "config": {"name": "their", "layers": [first, dense]}}
            archive.writestr("config.json", json.dumps(described))
            archive.writestr("model.weights.h5", content.getvalue())
        return Path("stock.keras")

    return make


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def rows(text: str, name: str = "rows.csv") -> Path:
        (tmp_path / name).write_text(text, encoding="utf-8")
        return Path(name)

    return rows


ROWS = 'name,a,b,c\n김,1,"1,000",$3\n이,2,"2,500",$0.5\n'
"""Numbers as people write them: b in thousands, c with a unit."""


def _values(done: Any) -> list[Any]:
    assert done.returncode == 0, done.stderr
    return [one.get("values", one.get("value", one.get("label"))) for one in json.loads(done.stdout)["predictions"]]


def test_all_columns_of_numbers_where_they_are_as_many_as_inputs(stock: Stock, write: Any, mlpcli_here: Any) -> None:
    done = mlpcli_here("predict", stock(), write(ROWS + "박,3,950,$1\n"), "--json")
    assert _values(done) == [[301, 10_000], [52, 25_000], [103, 9500]]
    assert done.stderr == (
        "note: rows.csv: the inputs are the numeric columns in their order, a, b, c; --inputs names others\n"
    )


def test_the_columns_that_are_named_in_their_order(stock: Stock, write: Any, mlpcli_here: Any, tmp_path: Path) -> None:
    rows = write(ROWS.replace("name,", "번호,").replace("김", "7").replace("이", "8"))
    done = mlpcli_here("predict", stock(), rows, "--inputs", "c, a,번호", "--json")
    assert _values(done) == [[703, 10], [800.5, 20]]
    assert done.stderr == ""
    done = mlpcli_here("predict", stock(), rows, "--inputs", "c,a,번호", "--output", "out.csv", "--target", "x,y")
    assert done.returncode == 0, done.stderr
    with open(tmp_path / "out.csv", encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file))[:2] == [
            ["번호", "a", "b", "c", "predicted_x", "predicted_y"], ["7", "1", "1,000", "$3", "703", "10"]
        ]  # fmt: skip


def test_division_and_several_files(stock: Stock, write: Any, mlpcli_here: Any) -> None:
    files = [write("a,b,c\n10,20,30\n", "1.csv"), write("c,b,a\n3,2,1\n", "2.csv")]
    assert _values(mlpcli_here("predict", stock(), *files, "--divide-by", "10", "--json"))[1][0] == pytest.approx(30.1)


REFUSED = [
    (
        "a,b\n1,2\n", [],
        "rows.csv: has 2 columns of numbers (a, b), but stock.keras takes 3 numbers; name the columns in order,"
        " as in --inputs a,b,c",
    ),
    ("x,y\nu,v\nw,z\n", [], "rows.csv: has no columns of numbers, but stock.keras takes 3 numbers"),
    ("a,b,c,d\n1,2,3,4\n", [], "rows.csv: has 4 columns of numbers (a, b, c, d), but stock.keras takes 3"),
    (ROWS, ["--inputs", "a,b"], "--inputs names 2 columns, but stock.keras takes 3 numbers; name one for each"),
    (ROWS, ["--inputs", "a,b,d"], '--inputs: rows.csv has no column "d"'),
    (ROWS, ["--inputs", "a,b,b"], '--inputs: column "b" is named twice; name it once'),
    (ROWS, ["--inputs", "a,b,name"], 'rows.csv: name: holds "김" (rows.csv:2), but the model takes numbers; encode it'),
    (ROWS, ["--target", "a"], "--target names 1 column, but stock.keras predicts 2; name one for each, in their order"),
    (ROWS, ["--target", "a,b", "--inputs", "b,a,c"], '--inputs: "a" is named by --target, too; name it once'),
    ("a,b,c\n1,2,3\n4,,6\n", ["--strict"], "rows.csv:3: b: has no value (1 such row)"),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "options", "message"), REFUSED, ids=[message[:40] for *_, message in REFUSED])
def test_refused(stock: Stock, write: Any, mlpcli_here: Any, rows: str, options: list[str], message: str) -> None:
    done = mlpcli_here("predict", stock(), write(rows), *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr


def test_a_row_with_a_gap_gets_no_answer(stock: Stock, write: Any, mlpcli_here: Any) -> None:
    done = mlpcli_here("predict", stock(), write("a,b,c\n1,2,3\n4,,6\n"), "--json")
    assert "warning: rows.csv:3: b: has no value" in done.stderr
    assert json.loads(done.stdout)["predictions"][0]["values"] == [301, 20]


def test_the_columns_are_for_tables_and_for_models_that_have_none(
    stock: Stock, model: Any, write: Any, mlpcli_here: Any, tmp_path: Path
) -> None:
    np.save(tmp_path / "x.npy", np.ones((2, 3), np.float32))
    done = mlpcli_here("predict", stock(), "x.npy", "--inputs", "a,b,c")
    assert done.stderr == "error: --inputs names columns of a table, but the input is an array; leave it out\n"
    own, _ = model((2,), None, feature_names=["a", "b"])
    done = mlpcli_here("predict", own, write("a,b\n1,2\n"), "--inputs", "a,b")
    assert "has its own columns; leave out --inputs and --target" in done.stderr


def test_scores_of_labelled_rows_by_hand(stock: Stock, write: Any, mlpcli_here: Any) -> None:
    """Rows without a target are left out; predictions 301, 10,000 and 52, 25,000."""
    labelled = ROWS.replace("a,b,c", "a,b,c,x,y").replace("$3\n", "$3,300,9999\n").replace("0.5\n", "0.5,$50,25004\n")
    rows = write(f"{labelled}박,9,9,$9,,1\n")
    done = mlpcli_here("evaluate", stock(), "--data", rows, "--target", "x,y", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["rows"] == 2
    assert found["targets"][0]["name"] == "x"
    assert (found["targets"][0]["mae"], found["targets"][1]["mae"]) == (1.5, 2.5)
    assert found["loss"] == pytest.approx((1 + 4 + 1 + 16) / 4)
    assert "the inputs are the numeric columns in their order, a, b, c" in done.stderr


def test_classes_by_their_numbers_or_names(stock: Stock, write: Any, mlpcli_here: Any) -> None:
    """The class of the larger of a and 10 b: the second, the first, the second."""
    file = stock(KERNEL[:2], "softmax")
    numbers = write("a,b,y\n1,2,1\n5,0,0\n3,1,0\n")
    done = mlpcli_here("evaluate", file, "--data", numbers, "--target", "y", "--json")
    assert json.loads(done.stdout)["confusion_matrix"] == [[1, 1], [0, 1]]
    texts = write("a,b,y\n1,2,개\n5,0,말\n3,1,말\n")
    done = mlpcli_here("evaluate", file, "--data", texts, "--target", "y")
    assert done.returncode == 2
    assert (
        'rows.csv: y: holds texts such as "개", "말", but stock.keras has no names for its 2 classes; give them in'
        " the order of its outputs with --classes" in done.stderr
    )
    done = mlpcli_here("evaluate", file, "--data", texts, "--target", "y", "--classes", "말,개", "--json")
    assert json.loads(done.stdout)["confusion_matrix"] == [[1, 1], [0, 1]]
    done = mlpcli_here("evaluate", file, "--data", numbers)
    assert done.stderr == "error: rows.csv: which column is the target? Name it with --target; it has: a, b, y\n"
    assert _values(mlpcli_here("predict", file, numbers, "--target", "y", "--json")) == ["1", "0", "1"]
