"""Small data files that the tests of this folder write for themselves."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

IDX_CODES = {"u1": 0x08, "i1": 0x09, "i2": 0x0B, "i4": 0x0C, "f4": 0x0D, "f8": 0x0E}


def idx_bytes(values: np.ndarray) -> bytes:
    """The array as an IDX file."""
    code = IDX_CODES[values.dtype.str[1:]]
    sizes = struct.pack(f">{values.ndim}I", *values.shape)
    return bytes([0, 0, code, values.ndim]) + sizes + values.astype(values.dtype.newbyteorder(">")).tobytes()


@pytest.fixture
def idx() -> Callable[[np.ndarray], bytes]:
    return idx_bytes


@pytest.fixture
def idx_folder(tmp_path: Path) -> Path:
    """A folder of 숫자 as MNIST has them: 20 training and 10 test images of 2 x 3 pixels, labels 0..9 in turn."""
    folder = tmp_path / "숫자 폴더"
    folder.mkdir()
    for half, rows in (("train", 20), ("t10k", 10)):
        images = (np.arange(rows * 6) % 256).astype(np.uint8).reshape(rows, 2, 3)
        labels = (np.arange(rows) % 10).astype(np.uint8)
        (folder / f"{half}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx_bytes(images)))
        (folder / f"{half}-labels-idx1-ubyte").write_bytes(idx_bytes(labels))
    return folder


@pytest.fixture
def npz(tmp_path: Path) -> Callable[..., Path]:
    """Write arrays to an .npz file and return its path."""

    def write(name: str = "data.npz", **arrays: Any) -> Path:
        np.savez(tmp_path / name, **{key: np.asarray(value) for key, value in arrays.items()})
        return tmp_path / name

    return write
