"""`mlpcli export`: what is checked, written, refused and said."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlpcli.errors import OutputError, UserError
from mlpcli.exporters import litert, numpy_module, onnx
from mlpcli.modelfile.saved_model import open_model
from mlpcli.workflows.export import export
from mlpcli.workflows.export_rows import rows_to_check
from tests.export_parts import imported, untrained

TABLE = """
name: ponds
data: {source: ponds.csv, target: depth, test: null, validation: 0.3, dates: parts}
model: {hidden_units: [4]}
output: {plots: []}
"""
HEADER = "area,price,shore,frozen,seen,depth\n"
PONDS = """12.5,"$1,200",reed,yes,2024-02-29 12:00,1.5
3,"$900",sand,no,2023-12-31 06:00,2.25
,"$1,000",reed,no,2024-03-01 18:30,3.5
7.25,"$800",,yes,2022-01-01 00:00,4.75
9,"$1,100","the ""clay\\",no,2023-07-04 23:59,5.5
4.5,"$700",sand,,2024-10-11 03:00,6.125
"""


@pytest.fixture(scope="module")
def ponds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model file whose table has numbers, money, categories, true and false, dates, and gaps; its data is beside."""
    folder = tmp_path_factory.mktemp("ponds")
    (folder / "ponds.csv").write_text(HEADER + PONDS * 8, encoding="utf-8")
    (folder / "ponds.yaml").write_text(TABLE, encoding="utf-8")
    untrained(folder / "ponds.yaml", folder / "ponds.keras")
    return folder / "ponds.keras"


def test_a_table_is_taken_as_it_is(ponds: Path, tmp_path: Path) -> None:
    for to, ending in (("onnx", ".onnx"), ("numpy", ".py")):
        result = export(ponds, to, tmp_path / f"out{ending}")
        assert result.rows == "48 rows of its data and 952 generated ones"
        assert result.difference < 1e-5
        assert result.takes == "5 columns as they are in the table: area, price, shore, frozen, seen"
    module = imported(tmp_path / "out.py")
    row = {"area": "12.5", "price": 1200, "shore": " reed ", "frozen": True, "seen": "2024-02-29 12:00"}
    encoded = dict(zip(open_model(ponds).card.data.preprocessing.feature_names, module.encode([row])[0], strict=True))
    assert {name: encoded[name] for name in ("area", "area is missing", "price", "frozen")} == {
        "area": 12.5, "area is missing": 0, "price": 1200, "frozen": 1,
    }  # fmt: skip
    assert (encoded["shore = reed"], encoded["shore = sand"], encoded["shore = (missing)"]) == (1, 0, 0)
    assert encoded["seen year"] == 2024
    assert encoded["seen day of year sin"] == pytest.approx(np.sin(2 * np.pi * 59 / 366))
    assert encoded["seen time cos"] == pytest.approx(-1)


def test_onnx_says_what_it_is(ponds: Path, tmp_path: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    export(ponds, "onnx", tmp_path / "out.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "out.onnx")
    assert [(given.name, given.type) for given in session.get_inputs()] == [
        ("area", "tensor(double)"), ("price", "tensor(double)"), ("shore", "tensor(string)"),
        ("frozen", "tensor(string)"), ("seen", "tensor(double)"),
    ]  # fmt: skip
    facts = session.get_modelmeta().custom_metadata_map
    assert (facts["name"], facts["task"], json.loads(facts["targets"])) == ("ponds", "regression", ["depth"])


def test_rows_are_generated_where_the_data_is_gone(ponds: Path) -> None:
    os.rename(ponds.parent / "ponds.csv", ponds.parent / "gone.csv")
    try:
        ((rows,), words) = rows_to_check(open_model(ponds))
    finally:
        os.rename(ponds.parent / "gone.csv", ponds.parent / "ponds.csv")
    assert words == "1,000 generated rows, since its data is not available"
    table = rows.table.columns.to_pylist()
    assert len(table) == 1000
    assert {row["shore"] for row in table} == {"reed", "sand", 'the "clay\\', "(unseen)", None}
    assert all(row["area"] is None or 3 <= row["area"] <= 12.5 for row in table)


def test_what_differs_is_not_saved(ponds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outputs = onnx.outputs
    monkeypatch.setattr(onnx, "outputs", lambda *rest: outputs(*rest) + 0.001)
    with pytest.raises(OutputError, match=r"row 0 .* Nothing was saved"):
        export(ponds, "onnx", tmp_path / "out.onnx")
    assert not (tmp_path / "out.onnx").exists()
    assert [path for path in tmp_path.iterdir() if path.name.startswith(".tmp-")] == []


def test_nothing_is_overwritten_without_force(ponds: Path, tmp_path: Path) -> None:
    (tmp_path / "out.npz").write_bytes(b"mine")
    with pytest.raises(UserError, match=r"out\.npz: already exists"):
        export(ponds, "numpy", tmp_path / "out.py")
    assert (tmp_path / "out.npz").read_bytes() == b"mine"
    result = export(ponds, "numpy", tmp_path / "out.py", force=True)
    assert result.files == [tmp_path / "out.py", tmp_path / "out.npz"]
    assert (tmp_path / "out.npz").read_bytes() != b"mine"


@pytest.mark.parametrize(
    ("to", "output", "said"),
    [
        ("onnx", "out.tflite", "ends with .onnx"),
        ("numpy", "3.py", "Python could not import it"),
        ("numpy", "class.py", "Python could not import it"),
        ("numpy", "random.py", "Python could not import it"),
        ("keras", "out.keras", "ends with .h5"),
        ("onnx", "nowhere/out.onnx", "the folder does not exist"),
        ("onnx", "folder.onnx", "is a folder; choose"),
        ("savedmodel", "folder.onnx", "is a folder without a SavedModel; choose"),
        ("savedmodel", "a_file", "is a file"),
        ("onxx", "out.onnx", 'did you mean "onnx"'),
    ],
)
def test_refusals(to: str, output: str, said: str, ponds: Path, tmp_path: Path) -> None:
    (tmp_path / "folder.onnx").mkdir()
    (tmp_path / "a_file").touch()
    with pytest.raises(UserError, match=said):
        export(ponds, to, tmp_path / output, force=True)


@pytest.mark.parametrize("name", ["random", "class"])
def test_a_name_that_python_has_for_itself_gets_an_underscore(
    name: str, ponds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A random.py would be imported instead of Python's own by all that runs in its folder."""
    saved = untrained(ponds.parent / "ponds.yaml", tmp_path / "model.keras", f"name={name}")
    monkeypatch.chdir(tmp_path)
    assert export(saved.path, "numpy").files == [Path(f"{name}_.py"), Path(f"{name}_.npz")]


@pytest.mark.parametrize(
    ("to", "package", "extra"), [("onnx", "onnxruntime", "onnx"), ("litert", "ai_edge_litert.interpreter", "litert")]
)
def test_a_missing_extra_is_named(
    to: str, package: str, extra: str, ponds: Path, mlpcli_here: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    done = mlpcli_here("export", ponds, "--to", to)
    assert done.returncode == 2
    assert f"pip install 'mlpcli[{extra}]'" in done.stderr


def test_the_command_says_what_it_did(ponds: Path, mlpcli_here: Callable[..., Any], tmp_path: Path) -> None:
    done = mlpcli_here("export", ponds, "--to", "numpy")
    assert done.returncode == 0
    takes, checked, saved = done.stdout.splitlines()
    assert takes.startswith("takes     5 columns")
    assert checked.startswith("checked   48 rows of its data and 952 generated ones, run by NumPy ")
    assert saved == "saved     ponds.py and ponds.npz"
    assert (tmp_path / "ponds.py").is_file()


def test_a_network_in_other_numbers_is_refused(ponds: Path, tmp_path: Path) -> None:
    saved = open_model(ponds)
    layers = [replace(layer, precision="mixed_bfloat16") for layer in saved.layers]
    other = replace(saved, towers=[replace(saved.towers[0], layers=layers)])
    for to, write in (("onnx", onnx.write), ("litert", litert.write)):
        with pytest.raises(UserError, match=f"computes in mixed_bfloat16, and --to {to} writes float32"):
            write(other, tmp_path / "out")


def test_names_cannot_break_out_of_the_python_file(ponds: Path, tmp_path: Path) -> None:
    hostile = 'x """\nimport os\n\\'
    saved = open_model(ponds)
    numpy_module.write(replace(saved, card=saved.card.model_copy(update={"name": hostile})), tmp_path / "out.py")
    module = imported(tmp_path / "out.py")
    assert not hasattr(module, "os")
    assert module.__doc__ is not None
    assert module.__doc__.startswith('x """ import os \\ predicts depth.')
