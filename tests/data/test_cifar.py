"""CIFAR-10's own files: the binary version, and pickles that are read without trust."""

from __future__ import annotations

import os
import pickle
import re
import struct
from pathlib import Path

import numpy as np
import pytest

from mlpcli.config.sections import DataConfig
from mlpcli.data import cifar
from mlpcli.data.cifar import PIXELS, PYTHON_FILES, read_binary_batch, read_cifar10_folder, read_python_batch
from mlpcli.data.sources import load_source
from mlpcli.errors import DataError

BATCHES = [f"data_batch_{number}" for number in range(1, 6)] + ["test_batch"]


def batch(seed: int) -> tuple[np.ndarray, list[int]]:
    """Three images as stored: red, green and blue planes of 32 x 32."""
    generator = np.random.default_rng(seed)
    return generator.integers(0, 256, (3, PIXELS), np.uint8), generator.integers(0, 10, 3).tolist()


def as_binary(pixels: np.ndarray, labels: list[int]) -> bytes:
    return b"".join(bytes([label]) + row.tobytes() for label, row in zip(labels, pixels, strict=True))


def as_python_2_pickle(pixels: np.ndarray, labels: list[int]) -> bytes:
    """The batch as its authors' Python 2 wrote it, opcode by opcode: byte strings, and names of numpy.core."""
    return b"".join(
        (
            b"\x80\x02}(U\x06labels](" + b"".join(b"K" + bytes([label]) for label in labels) + b"e",
            b"U\x04datacnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R",
            b"(K\x01K" + bytes([len(labels)]) + b"M\x00\x0c\x86cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R",
            b"(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb",
            b"\x89T" + struct.pack("<I", pixels.nbytes) + pixels.tobytes() + b"tbu.",
        )
    )


def as_pickle(pixels: object, labels: object) -> bytes:
    return pickle.dumps({b"batch_label": b"one", b"labels": labels, b"data": pixels}, protocol=2)


WRITERS = {"bin": as_binary, "py": as_pickle, "python 2": as_python_2_pickle}


@pytest.fixture(params=WRITERS)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Six batches of three images, in each form."""
    binary = request.param == "bin"
    place = tmp_path / f"cifar-10-batches-{'bin' if binary else 'py'}"
    place.mkdir()
    for seed, name in enumerate(BATCHES):
        (place / (f"{name}.bin" if binary else name)).write_bytes(WRITERS[request.param](*batch(seed)))
    return place


def test_the_folder_or_the_one_above_it(folder: Path) -> None:
    for place in (folder, folder.parent):
        train, test = read_cifar10_folder(place)
        assert train.x.shape == (15, 32, 32, 3)
        assert train.x.dtype == np.uint8
        assert train.x.flags.c_contiguous  # so that a row is taken in one piece
        pixels, labels = batch(4)
        assert train.y[12:].tolist() == labels
        assert train.x[13, 5, 7].tolist() == [pixels[1][plane * 1024 + 5 * 32 + 7] for plane in range(3)]
        assert test.y.tolist() == batch(5)[1]


def test_as_a_built_in_set(folder: Path) -> None:
    source = load_source(DataConfig(source="cifar10", path=str(folder)))
    assert source.input_shape == (32, 32, 3)
    assert source.class_names is not None
    assert source.class_names[9] == "truck"


def test_a_missing_batch(folder: Path) -> None:
    next(folder.glob("test_batch*")).unlink()
    with pytest.raises(DataError, match=r"some of data_batch_1.bin, .*test_batch.bin .* missing; .*set data.path"):
        load_source(DataConfig(source="cifar10", path=str(folder)))


@pytest.mark.parametrize("cut", [1, PIXELS, PIXELS + 2])
def test_a_binary_batch_that_is_cut_off(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "test_batch.bin"
    path.write_bytes(as_binary(*batch(0))[:-cut])
    with pytest.raises(DataError, match=re.escape("a batch is a multiple of 3,073")):
        read_binary_batch(path)


def test_a_label_out_of_range(tmp_path: Path) -> None:
    path = tmp_path / "batch"
    path.write_bytes(as_binary(batch(0)[0], [1, 10, 2]))
    with pytest.raises(DataError, match=re.escape("label 10 in row 1 (from 0) is out of range 0 to 9")):
        read_binary_batch(path)
    path.write_bytes(as_pickle(batch(0)[0], [1, 2, -1]))
    with pytest.raises(DataError, match="label -1 in row 2"):
        read_python_batch(path)


class Trap:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("touch canary",)


BAD_PICKLES = {
    "a call of a function": (as_pickle(Trap(), [1]), "asks for posix.system"),
    "an array of objects": (as_pickle(np.array([1, "a"], object), [1]), "is damaged or not a CIFAR-10 batch"),
    "columns first": (as_pickle(np.asfortranarray(batch(0)[0]), [1, 2, 3]), "is damaged or not a CIFAR-10 batch"),
    "floats": (as_pickle(np.zeros((1, PIXELS)), [1]), "is damaged or not a CIFAR-10 batch"),
    "other keys": (pickle.dumps({"x": 1}), "is damaged or not a CIFAR-10 batch"),
    "another width": (as_pickle(np.zeros((1, 5), np.uint8), [1]), "1 labels for data of the shape (1, 5)"),
    "lengths": (as_pickle(batch(0)[0], [1, 2]), "2 labels for data of the shape (3, 3072)"),
    "cut off": (as_pickle(*batch(0))[:-40], "is damaged or not a CIFAR-10 batch"),
    "no pickle": (b"hello", "is damaged or not a CIFAR-10 batch"),
}


def test_a_batch_that_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cifar, "LARGEST_BATCH", 2 * (1 + PIXELS))
    path = tmp_path / "batch"
    path.write_bytes(as_binary(*batch(0)))
    for read in (read_binary_batch, read_python_batch):
        with pytest.raises(DataError, match="at most 6,146"):
            read(path)


@pytest.mark.skipif(os.name == "nt", reason="os.system has another module there")
@pytest.mark.parametrize(("content", "message"), BAD_PICKLES.values(), ids=BAD_PICKLES)
def test_pickles_that_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / PYTHON_FILES[0]
    path.write_bytes(content)
    with pytest.raises(DataError, match=re.escape(message)) as caught:
        read_python_batch(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert not (tmp_path / "canary").exists()
