"""Folders of IDX files: names, pairs, labels."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mlpcli.config.sections import DataConfig
from mlpcli.data.idx import read_idx_folder
from mlpcli.data.sources import load_source
from mlpcli.errors import DataError

IdxBytes = Callable[[np.ndarray], bytes]


def test_both_pairs_are_read(idx_folder: Path) -> None:
    train, test = read_idx_folder(idx_folder)
    assert train.x.shape == (20, 2, 3)
    assert train.x.dtype == np.uint8
    assert train.x[1].tolist() == [[6, 7, 8], [9, 10, 11]]
    assert train.y.dtype == np.int64
    assert train.y[:12].tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]
    assert test is not None
    assert len(test) == 10


def test_the_dotted_names_are_read(idx_folder: Path) -> None:
    (idx_folder / "train-images-idx3-ubyte.gz").rename(idx_folder / "train-images.idx3-ubyte.gz")
    (idx_folder / "train-labels-idx1-ubyte").rename(idx_folder / "train-labels.idx1-ubyte")
    assert len(read_idx_folder(idx_folder)[0]) == 20


def test_as_a_source(idx_folder: Path) -> None:
    source = load_source(DataConfig(source=str(idx_folder)))
    assert source.name == "숫자 폴더"
    assert source.class_names == tuple("0123456789")
    assert source.input_shape == (2, 3)
    assert source.pixel_max == 255


def test_a_source_may_have_no_test_pair_but_a_built_in_set_needs_one(idx_folder: Path) -> None:
    for path in idx_folder.glob("t10k-*"):
        path.unlink()
    assert read_idx_folder(idx_folder)[1] is None
    with pytest.raises(DataError, match=r"t10k-images-idx3-ubyte.*set data.path to the folder"):
        load_source(DataConfig(source="mnist", path=str(idx_folder)))


def test_a_missing_half_of_a_pair_is_named(idx_folder: Path) -> None:
    (idx_folder / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(DataError) as caught:
        read_idx_folder(idx_folder)
    assert str(caught.value) == (
        f"{idx_folder}: the labels file is missing (looked for t10k-labels-idx1-ubyte, t10k-labels-idx1-ubyte.gz,"
        " t10k-labels.idx1-ubyte, t10k-labels.idx1-ubyte.gz);"
        " put it there, or set data.source to the folder that holds it"
    )


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.zeros(19, np.uint8), "holds 20 images, but"),
        (np.zeros((20, 2, 3), np.uint8), "has 3 dimensions (20 x 2 x 3), but labels have 1"),
        (
            np.array([3] * 7 + [10] * 13, np.uint8),
            "label 10 in row 7 (from 0) is out of range: there are 10 classes, 0 to 9",
        ),
        (np.array([3] * 19 + [-1], np.int8), "label -1 in row 19"),
        (np.zeros(20, np.float32), "holds float32 values, but labels are whole numbers"),
    ],
)
def test_labels_that_do_not_fit(idx_folder: Path, idx: IdxBytes, labels: np.ndarray, message: str) -> None:
    (idx_folder / "train-labels-idx1-ubyte").write_bytes(idx(labels))
    with pytest.raises(DataError, match=re.escape(message)) as caught:
        read_idx_folder(idx_folder)
    assert str(idx_folder / "train-labels-idx1-ubyte") in str(caught.value)


def test_labels_in_place_of_images(idx_folder: Path, idx: IdxBytes) -> None:
    (idx_folder / "train-images-idx3-ubyte").write_bytes(idx(np.zeros(20, np.uint8)))
    with pytest.raises(DataError, match=re.escape("has 1 dimensions (20), but images have 3")):
        read_idx_folder(idx_folder)


def test_test_images_of_another_size(idx_folder: Path, idx: IdxBytes) -> None:
    (idx_folder / "t10k-images-idx3-ubyte").write_bytes(idx(np.zeros((10, 3, 3), np.uint8)))
    with pytest.raises(DataError, match="training images are 20 x 2 x 3, the test images 10 x 3 x 3"):
        read_idx_folder(idx_folder)
