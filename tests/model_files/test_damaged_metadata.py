"""Metadata with a field dropped, or of another type: a result, or one error that names the field."""

from __future__ import annotations

import copy
import json
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mlpcli.errors import DataError, ModelFileError
from mlpcli.workflows.evaluate import evaluate
from mlpcli.workflows.predict import predict
from mlpcli.workflows.train import train

ROWS = "age,port,out\n" + "".join(f"{20 + n},{'SC'[n % 2]},{('no', 'yes')[n % 3 == 0]}\n" for n in range(40))
CONFIG = """
data: {source: rows.csv, target: out}
model: {hidden_units: [2]}
training: {epochs: 1, engine: numpy}
output: {plots: []}
"""
DROPPED = object()


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, Any]]]:
    """A model of a table with a number and a category, and the metadata in it; its folder is the current one."""
    folder, before = tmp_path_factory.mktemp("damaged"), Path.cwd()
    os.chdir(folder)
    Path("rows.csv").write_text(ROWS, encoding="utf-8")
    Path("rows.yaml").write_text(CONFIG, encoding="utf-8")
    model = train("rows.yaml", run_dir="run").model
    assert model is not None
    with zipfile.ZipFile(model) as archive:
        yield model, json.loads(archive.read("metadata.json"))["mlpcli"]
    os.chdir(before)


def with_metadata(model: Path, metadata: Any) -> Path:
    path = model.with_name("changed.keras")
    with zipfile.ZipFile(model) as old, zipfile.ZipFile(path, "w") as new:
        for info in old.infolist():
            content = old.read(info)
            if info.filename == "metadata.json":
                content = json.dumps({**json.loads(content), "mlpcli": metadata}).encode()
            new.writestr(info, content)
    return path


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place within a JSON value."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield (*path, key)
        yield from places(inner, (*path, key))


def changed(metadata: Any, path: tuple[Any, ...], new: Any) -> Any:
    found = copy.deepcopy(metadata)
    holder = found
    for key in path[:-1]:
        holder = holder[key]
    if new is DROPPED:
        del holder[path[-1]]
    else:
        holder[path[-1]] = new
    return found


def of_another_type(value: Any) -> Any:
    return "가" if isinstance(value, (int, float, list, dict)) or value is None else 0.5


def value_at(metadata: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        metadata = metadata[key]
    return metadata


@pytest.mark.parametrize("section", ["plan", "data", "data of the config", "the rest"])
def test_every_field_dropped_or_of_another_type(trained: tuple[Path, dict[str, Any]], section: str) -> None:
    model, metadata = trained
    sections = {"plan": ("plan",), "data": ("data",), "data of the config": ("config", "data")}
    start = sections.get(section, ())
    rest = [(key,) for key in metadata] + [("config", key) for key in metadata["config"]]
    refused = 0
    for path in [(*start, *inner) for inner in places(value_at(metadata, start))] if start else rest:
        for new in (DROPPED, of_another_type(value_at(metadata, path))):
            file = with_metadata(model, changed(metadata, path, new))
            for data in ("rows.csv", None):
                said = refusal(file, data, path)
                refused += said is not None
                assert "\n" not in (said or "")
    assert refused > 10


def refusal(file: Path, data: str | None, path: tuple[Any, ...]) -> str | None:
    """What is said of the file, if it is refused; a text that names other data or columns is no damage."""
    refusals = (ModelFileError, DataError) if path[0] == "config" or "preprocessing" in path else (ModelFileError,)
    try:
        if data is not None:
            predict(file, data, engine="numpy")
        evaluate(file, data, engine="numpy")
    except refusals as error:
        return str(error)
    return None


COLUMNS = ("data", "preprocessing", "columns")
OPTIONAL = ("formats", "rules", "low", "high", "rare")
"""Keys that files of version 0.2 lack."""


def test_the_whole_path_is_named_within_the_preprocessing(trained: tuple[Path, dict[str, Any]]) -> None:
    """A key dropped, or a value of another type; only what may be null may also be a text."""
    model, metadata = trained
    start = ("data", "preprocessing")
    for path in [(*start, *inner) for inner in places(value_at(metadata, start))]:
        old = value_at(metadata, path)
        may_lack = path[-1] in OPTIONAL or path[-2] == "formats"
        drops = [DROPPED] * (isinstance(path[-1], str) and not may_lack)
        for new in [*drops, *[of_another_type(old)] * (old is not None)]:
            with pytest.raises(ModelFileError) as caught:
                predict(with_metadata(model, changed(metadata, path, new)), "rows.csv", engine="numpy")
            name = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)[1:]
            assert f"is damaged: {name}: " in str(caught.value), new


@pytest.mark.parametrize(
    ("path", "new", "message"),
    [
        (("plan", "threshold"), "high", "plan.threshold: should be a valid number"),
        (("plan", "labels"), DROPPED, "plan.labels: is missing"),
        (("plan", "class_names", 1), 3, "plan.class_names[1]: should be a valid string"),
        (("plan", "task"), "regression", "plan: task and classes do not agree"),
        (("plan", "input_shape"), [4], "the columns make 3 inputs, but the model takes (4,)"),
        (COLUMNS, [], "data.preprocessing.columns: should not be empty"),
        (COLUMNS, {}, "data.preprocessing.columns: should be a list"),
        ((*COLUMNS, 0), 3, "data.preprocessing.columns[0]: should be a mapping"),
        (
            (*COLUMNS, 1, "kind"),
            "lambda",
            "data.preprocessing.columns[1].kind: should be 'number', 'category', 'boolean' or 'date'",
        ),
        ((*COLUMNS, 0, "fill"), "3", "data.preprocessing.columns[0].fill: should be a valid number"),
        ((*COLUMNS, 0, "more"), "3", "data.preprocessing.columns[0].more: is not a known key"),
        ((*COLUMNS, 1, "categories", 0), 3, "data.preprocessing.columns[1].categories[0]: should be a valid string"),
        ((*COLUMNS, 1, "categories"), ["S", "S"], "data.preprocessing.columns[1].categories: holds a text twice"),
        ((*COLUMNS, 1, "categories"), [], "data.preprocessing.columns[1]: has no categories"),
        ((*COLUMNS, 1, "categories"), DROPPED, "data.preprocessing.columns[1].categories: is missing"),
        ((*COLUMNS, 1, "name"), "age", "data.preprocessing.columns: two columns have the same name"),
        (("config", "data", "target"), 3, "config.data.target: should be a valid string"),
        (("name",), None, "name: should be a valid string"),
    ],
)
def test_the_field_is_named(trained: tuple[Path, dict[str, Any]], path: Any, new: Any, message: str) -> None:
    model, metadata = trained
    file = with_metadata(model, changed(metadata, path, new))
    with pytest.raises(ModelFileError) as caught:
        predict(file, "rows.csv")
    assert str(caught.value).startswith(f"{file}: its mlpcli metadata is damaged: {message}")
    assert str(caught.value).endswith("; restore the file or train again")
