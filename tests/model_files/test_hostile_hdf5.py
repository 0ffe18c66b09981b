"""HDF5 that points elsewhere, claims more than it holds, or holds other than numbers: refused before it is read."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

Refused = Callable[[Path, str], None]
Spoil = Callable[[Any, Path], None]
"""What is done to a group that holds the array `name`; the path is that of a file outside."""

NAME = "kernel"
CREATE = h5py.h5p.create


def put(**options: Any) -> Spoil:
    def work(group: Any, outside: Path) -> None:
        del group[NAME]
        group.create_dataset(NAME, **options)

    return work


def outside_link(group: Any, outside: Path) -> None:
    del group[NAME]
    group[NAME] = h5py.ExternalLink(str(outside), "/data")


def soft_link(group: Any, outside: Path) -> None:
    group.file["real"] = group[NAME]
    del group[NAME]
    group[NAME] = h5py.SoftLink("/real")


def values_outside(group: Any, outside: Path) -> None:
    del group[NAME]
    group.create_dataset(NAME, (4, 3), "f4", external=[(str(outside), 0, 48)])


def virtual(group: Any, outside: Path) -> None:
    del group[NAME]
    layout = h5py.VirtualLayout((4, 3), "f4")
    layout[:] = h5py.VirtualSource(str(outside), "data", (4, 3))
    group.create_virtual_dataset(NAME, layout)


def group_in_its_place(group: Any, outside: Path) -> None:
    del group[NAME]
    group.create_group(NAME)


def type_in_its_place(group: Any, outside: Path) -> None:
    del group[NAME]
    group[NAME] = np.dtype("f4")


def never_written(group: Any, outside: Path) -> None:
    del group[NAME]
    group.create_dataset(NAME, (4, 3), "f4")


def huge_pieces(group: Any, outside: Path) -> None:
    del group[NAME]
    plan = CREATE(h5py.h5p.DATASET_CREATE)
    plan.set_chunk((1 << 14, 1 << 14))
    space = h5py.h5s.create_simple((4, 3), (h5py.h5s.UNLIMITED, h5py.h5s.UNLIMITED))
    h5py.h5d.create(group.id, NAME.encode(), h5py.h5t.IEEE_F32LE, space, plan)


GOOD = np.zeros((4, 3), np.float32)
COMPLEX = np.zeros((4, 3), np.complex64)
CASES: dict[str, tuple[Spoil, str]] = {
    "link to another file": (outside_link, "points elsewhere"),
    "link within the file": (soft_link, "points elsewhere"),
    "values in another file": (values_outside, "its values are in another file"),
    "values made of another file": (virtual, "its values are in another file"),
    "group": (group_in_its_place, "found a group where numbers were expected"),
    "type": (type_in_its_place, "found a group where numbers were expected"),
    "never written": (never_written, "it claims more values than the file holds"),
    "shape bomb": (put(shape=(1 << 20, 1 << 20), dtype="f4"), "it has shape (1048576, 1048576), and the layer needs"),
    "packed shape bomb": (put(shape=(1 << 20, 1 << 20), dtype="f4", compression="gzip"), "it has shape (1048576, 10"),
    "packed": (put(data=GOOD, compression="gzip"), "its values are packed; unpack them with `h5repack -f NONE`"),
    "shuffled": (put(data=GOOD, shuffle=True, chunks=True), "its values are packed"),
    "checksums": (put(data=GOOD, fletcher32=True), "its values are packed"),
    "huge pieces": (huge_pieces, "stored in pieces far larger than the whole"),
    "texts": (put(data=[[b"a"] * 3] * 4, dtype=h5py.string_dtype()), "it holds object, not numbers"),
    "integers": (put(data=GOOD.astype(int)), "it holds int64, not numbers as Keras stores them"),
    "complex numbers": (put(data=COMPLEX), "it holds complex64, not numbers as Keras stores them"),
    "records": (put(data=np.zeros((4, 3), [("a", "f4")])), "not numbers as Keras stores them"),
    "another shape": (put(data=GOOD.T), "it has shape (3, 4), and the layer needs (4, 3)"),
    "one number": (put(data=np.float32(1)), "it has shape (), and the layer needs (4, 3)"),
    "nothing": (put(dtype="f4", data=h5py.Empty("f4")), "it has shape None"),
    "not a number": (put(data=GOOD * np.nan), "has weights that are NaN or infinite, so the model cannot predict"),
    "infinite": (put(data=GOOD + np.inf), "layer dense has weights that are NaN or infinite"),
    "too large": (put(data=GOOD.astype(np.float64) + 1e300), "has weights that are NaN or infinite"),
}


@pytest.mark.parametrize("kind", ["keras", "h5"])
@pytest.mark.parametrize(("spoil", "message"), CASES.values(), ids=CASES.keys())
def test_weights(files: Any, refused: Refused, tmp_path: Path, kind: str, spoil: Spoil, message: str) -> None:
    outside = tmp_path / "outside"
    os.mkfifo(outside)  # whoever opens it waits for ever

    def change(file: Any) -> None:
        group = file["layers/dense/vars"] if kind == "keras" else file["model_weights/dense"]
        old = "0" if kind == "keras" else "m/dense/0"
        group.move(old, NAME)
        spoil(group, outside)
        group.move(NAME, old)

    path = tmp_path / f"model.{kind}"
    if kind == "keras":
        files.keras(path, weights=files.weights(change=change))
    else:
        files.h5(path, change=change)
    refused(path, message)


def test_numbers_in_the_other_order_of_bytes_and_in_pieces(files: Any, box: Any, tmp_path: Path) -> None:
    def change(file: Any) -> None:
        put(data=np.arange(12).reshape(4, 3).astype(">f8"), chunks=(2, 2))(file["model_weights/dense"], tmp_path)
        file["model_weights/dense"].move(NAME, "m/dense/0")

    def ready(file: Any) -> None:
        file["model_weights/dense"].move("m/dense/0", NAME)
        change(file)

    found = box(files.h5(tmp_path / "model.h5", change=ready))
    assert found.kind == "opened" and json.loads(found.text)["dense"][0][3] == [9, 10, 11]


def links(where: str) -> Callable[[Any], None]:
    def change(file: Any) -> None:
        del file[where]
        file[where] = h5py.ExternalLink("outside", "/")

    return change


@pytest.mark.parametrize("where", ["model_weights", "model_weights/dense"])
def test_groups_of_another_file(files: Any, refused: Refused, tmp_path: Path, where: str) -> None:
    os.mkfifo(tmp_path / "outside")
    refused(files.h5(tmp_path / "model.h5", change=links(where)), "points elsewhere")


def no_text(file: Any) -> None:
    file.attrs["model_config"] = np.arange(3)


def texts(file: Any) -> None:
    file.attrs["model_config"] = ["{}", "{}"]


def long_text(file: Any) -> None:
    file.attrs["model_config"] = " " * (33 << 20)


def many_names(file: Any) -> None:
    file["model_weights/dense"].attrs["weight_names"] = [b"m/dense/0"] * 500


def names_of_numbers(file: Any) -> None:
    file["model_weights/dense"].attrs["weight_names"] = [1.0, 2.0]


def names_outside(file: Any) -> None:
    file["model_weights/dense"].attrs["weight_names"] = [b"../dense_1/0", b"m/dense/1"]


def absolute_names(file: Any) -> None:
    file["model_weights/dense"].attrs["weight_names"] = [b"/m/dense/0", b"m/dense/1"]


def no_names(file: Any) -> None:
    del file["model_weights/dense"].attrs["weight_names"]


def missing(file: Any) -> None:
    del file["model_weights/dense/m/dense/1"]


def no_layer(file: Any) -> None:
    del file["model_weights/dense"]


def extra_layer(file: Any) -> None:
    file.copy("model_weights/dense", "model_weights/dense_9")


def no_weights(file: Any) -> None:
    del file["model_weights"]


ATTRIBUTES: dict[str, tuple[Callable[[Any], None], str]] = {
    "numbers for a description": (no_text, "its model_config is damaged (no text)"),
    "two descriptions": (texts, "its model_config is damaged (no text)"),
    "long description": (long_text, "bytes that are not weights; it is not opened"),
    "many names": (many_names, "it does not list the names of weights as Keras does"),
    "names that are numbers": (names_of_numbers, "it does not list the names of weights as Keras does"),
    "names outside": (names_outside, "is not a valid name for a part"),
    "absolute names": (absolute_names, "is not a valid name for a part"),
    "no names": (no_names, "layer dense: the file has 0 weights for it, but it needs 2"),
    "a weight is missing": (missing, "layer dense: weight 1 is missing"),
    "a layer is missing": (no_layer, "layer dense: the file has 0 weights for it, but it needs 2"),
    "a layer too many": (extra_layer, "layer dense_9: the file has weights for it, but the model has no such layer"),
    "no weights": (no_weights, "is damaged ('model_weights')"),
}


@pytest.mark.parametrize(("change", "message"), ATTRIBUTES.values(), ids=ATTRIBUTES.keys())
def test_what_an_h5_says(
    files: Any, refused: Refused, tmp_path: Path, change: Callable[[Any], None], message: str
) -> None:
    refused(files.h5(tmp_path / "model.h5", change=change), message)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({"dense": [GOOD]}, "layer dense: the file has 1 weights for it, but it needs 2"),
        ({"dense": [GOOD, GOOD[0]]}, "layer dense_1: the file has 0 weights for it, but it needs 1"),
        ({}, "layer dense: the file has 0 weights for it, but it needs 2"),
    ],
)
def test_what_a_keras_holds(files: Any, refused: Refused, tmp_path: Path, weights: Any, message: str) -> None:
    refused(files.keras(tmp_path / "model.keras", weights=files.weights(weights)), message)


def test_a_layer_too_many_in_a_keras(files: Any, refused: Refused, tmp_path: Path) -> None:
    def change(file: Any) -> None:
        file.copy("layers/dense", "layers/dense_2")

    path = files.keras(tmp_path / "model.keras", weights=files.weights(change=change))
    refused(path, "layer dense_2: the file has weights for it, but the model has no such layer")
