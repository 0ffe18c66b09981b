"""What a config's paths become: what is found in MLPCLI_DATA, and what a typed source does to data.path."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mlpcli.config import data_paths
from mlpcli.config.load_config import load_config
from mlpcli.errors import ConfigError
from mlpcli.workflows.prepare import read_config

IDX = [f"{half}-{what}-ubyte.gz" for half in ("train", "t10k") for what in ("images-idx3", "labels-idx1")]


def test_a_config_names_what_was_found(write_config: Callable[..., Path], files: Callable[..., Path]) -> None:
    folder = files("t/p.csv", "t/v.csv", "t/w.csv", *(f"mnist/{name}" for name in IDX))
    text = "data: {source: p.csv, validation: v.csv, test: w.csv}"
    loaded = read_config(write_config(text))
    data = loaded.config.data
    assert [data.source, data.validation, data.test] == [
        str(folder / "t" / name) for name in ("p.csv", "v.csv", "w.csv")
    ]
    assert loaded.notes == tuple(
        f"data.{key}: found in MLPCLI_DATA: {folder / 't' / name}"
        for key, name in (("source", "p.csv"), ("validation", "v.csv"), ("test", "w.csv"))
    )
    built_in = write_config("data: {source: mnist, path: mine}")
    assert read_config(built_in).config.data.path == str(built_in.parent / "mine")
    assert read_config(built_in).notes == ()
    found = read_config(built_in, ["data.path=null"])
    assert found.config.data.path == str(folder / "mnist")
    assert found.notes == (f"data.source: found in MLPCLI_DATA: {folder / 'mnist'}",)
    assert read_config(built_in, ["data.source=p.csv"]).config.data.source == str(folder / "t" / "p.csv")


def test_several_folders_have_one(write_config: Callable[..., Path], files: Callable[..., Path]) -> None:
    folder = files("a/p.csv", "b/p.csv")
    config = write_config("data:\n  source: p.csv")
    with pytest.raises(ConfigError) as caught:
        read_config(config)
    assert str(caught.value) == (
        f"{config}:2:3: data.source: p.csv is not in {config.parent}, and {folder}: several folders in it hold p.csv;"
        " write a/p.csv or b/p.csv"
    )
    assert read_config(config, ["data.source=b/p.csv"]).config.data.source == str(folder / "b" / "p.csv")


def test_the_folder_of_one_set_is_not_read_as_another(write_config: Callable[..., Path]) -> None:
    """A run's config names MNIST's folder; `-s data.source=fashion_mnist` must not read it under other names."""
    config = write_config("data: {source: mnist, path: mine}")
    assert read_config(config, ["data.source=fashion_mnist"]).config.data.path is None
    data = read_config(config, ["data.source=fashion_mnist", "data.path=/other"]).config.data
    assert data.path == "/other"


@pytest.mark.parametrize("typed", [["data.source=mnist"], ["data.source=digits", "data.source=mnist"]])
def test_a_source_that_stands_there_already_keeps_its_folder(
    write_config: Callable[..., Path], typed: list[str]
) -> None:
    config = write_config("data: {source: mnist, path: mine}")
    assert read_config(config, typed).config.data.path == str(config.parent / "mine")


def test_a_set_that_was_moved(write_config: Callable[..., Path], files: Callable[..., Path]) -> None:
    """Only a run's own config has an absolute path that once was right; one that is typed is meant."""
    folder = files(*(f"mnist/{name}" for name in IDX))
    moved = read_config(write_config("data: {source: mnist, path: /gone/mnist}"))
    assert moved.config.data.path == str(folder / "mnist")
    assert moved.notes == (f"data.path: /gone/mnist is gone; found in MLPCLI_DATA: {folder / 'mnist'}",)
    typed = read_config(write_config("data: {source: mnist}"), ["data.path=/gone"])
    assert (typed.config.data.path, typed.notes) == ("/gone", ())
    other = read_config(write_config("data: {source: cifar10, path: /gone}"))
    assert (other.config.data.path, other.notes) == ("/gone", ())


def test_reading_a_config_looks_for_no_data(write_config: Callable[..., Path], files: Callable[..., Path]) -> None:
    files("t/p.csv", *(f"mnist/{name}" for name in IDX))
    config = write_config("data: {source: p.csv}")
    loaded = load_config(config)
    assert (loaded.config.data.source, loaded.notes) == (str(config.parent / "p.csv"), ())
    assert loaded.paths == data_paths.WrittenPaths({"source": ("p.csv", config.parent)})
    assert load_config(write_config("data: {source: mnist}")).config.data.path is None
