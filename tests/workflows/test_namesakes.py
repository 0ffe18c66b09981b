"""Data of one's own that is called like a built-in set: what is there comes first, and both ways can be written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mlpcli.data.catalog import CATALOG
from mlpcli.errors import DataError
from mlpcli.workflows.evaluate import evaluate
from mlpcli.workflows.init import init
from mlpcli.workflows.prepare import read_config
from mlpcli.workflows.validate import validate


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _photos(folder: str) -> None:
    for shade, name in ((60, "cat"), (200, "dog")):
        (Path(folder) / name).mkdir(parents=True)
        for index in range(10):
            Image.new("RGB", (4, 4), (shade, index, 0)).save(Path(folder) / name / f"{index}.png")


@pytest.mark.parametrize("name", [name for name, built_in in CATALOG.items() if built_in.at_hand])
def test_init_takes_the_folder_that_is_there(name: str, tmp_path: Path) -> None:
    _photos(name)
    result = init(name)
    assert result.found == f"{name}: 20 pictures in 2 class folders"
    assert result.notes[0] == (f"DATA: the folder {name} is read, not the built-in set; for that, write builtin:{name}")
    assert f"  source: ./{name}\n" in result.text
    assert validate(result.config or "").facts.class_names == ("cat", "dog")


def test_init_takes_the_built_in_set_where_that_is_written(tmp_path: Path) -> None:
    _photos("animals")
    result = init("builtin:animals")
    assert result.config == Path("animals.yaml")
    assert "  source: 'builtin:animals'\n" in result.text
    checked = validate(result.config)
    assert (checked.config.data.source, checked.facts.class_names) == ("animals", ("bird", "mammal", "other"))


def test_a_config_means_the_folder_beside_it(write_config: Callable[..., Path], tmp_path: Path) -> None:
    config = write_config("data: {source: iris}", "sets/my.yaml")
    assert read_config(config).config.data.source == "iris"
    _photos("sets/iris")
    loaded = read_config(config)
    place = tmp_path / "sets" / "iris"
    assert loaded.config.data.source == str(place)
    assert loaded.notes == (
        f"data.source: the folder {place} is read, not the built-in set; for that, write builtin:iris",
    )
    told = read_config(config, ["data.source=builtin:iris"])
    assert (told.config.data.source, told.notes) == ("iris", ())
    typed = read_config(config, ["data.source=iris"])
    assert (typed.config.data.source, typed.notes) == ("iris", ()), "typed: from the current folder, which has none"


def test_keys_that_are_for_built_in_sets_mean_these(write_config: Callable[..., Path]) -> None:
    _photos("moons")
    loaded = read_config(write_config("data: {source: moons, generate: {rows: 50}}"))
    assert (loaded.config.data.source, loaded.notes) == ("moons", ())


def test_a_folder_without_data_is_passed_over(write_config: Callable[..., Path], tmp_path: Path) -> None:
    Path("digits").mkdir()
    Path("digits/plot.txt").write_text("x", encoding="utf-8")
    note = f"the built-in set digits is used; {tmp_path / 'digits'} holds no data that can be read (write ./digits)"
    loaded = read_config(write_config("data: {source: digits}"))
    assert (loaded.config.data.source, loaded.notes) == ("digits", (f"data.source: {note}",))
    assert init("digits").notes[0].startswith("DATA: the built-in set digits is used")


def test_the_files_of_a_set_are_no_other_data(write_config: Callable[..., Path]) -> None:
    Path("mnist").mkdir()
    Path("mnist/train-images-idx3-ubyte").write_bytes(b"\0\0\x08\x03")
    loaded = read_config(write_config("data: {source: mnist}"))
    assert (loaded.config.data.source, loaded.notes) == ("mnist", ())


def test_evaluate_goes_by_the_same_rule(train: Callable[..., Any]) -> None:
    text = (
        "data: {source: moons}\nmodel: {hidden_units: [4]}\ntraining: {engine: numpy, epochs: 1}\noutput: {plots: []}"
    )
    run = train(text=text).run
    Path("moons").mkdir()
    np.savetxt("moons/a.csv", np.eye(2), delimiter=",")
    assert evaluate(run, data="builtin:moons").evaluation["rows"] == 600
    with pytest.raises(DataError, match="moons"):
        evaluate(run, data="moons")
