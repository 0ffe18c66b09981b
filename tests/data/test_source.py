"""data.source: names and paths that lead nowhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mlpcli.config.sections import DataConfig
from mlpcli.data.sources import load_source
from mlpcli.errors import DataError


def message(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        load_source(DataConfig(source=str(path)))
    assert str(caught.value).startswith(f"{path}: ")
    return str(caught.value)


def test_a_path_that_is_not_there_proposes_the_nearest(tmp_path: Path) -> None:
    found = message(tmp_path / "minst")
    assert "not found; give a path, or a built-in name: digits, iris" in found
    assert found.endswith('; did you mean "mnist"?')
    np.savez(tmp_path / "꽃가루.npz", x=[[1.0]], y=[0])
    assert 'did you mean "꽃가루.npz"?' in message(tmp_path / "꽃가로.npz")
    assert "did you mean" not in message(tmp_path / "nowhere" / "zzzzzz")


def test_other_folders(tmp_path: Path) -> None:
    assert "holds no tables, IDX files or class folders of pictures (found nothing)" in message(tmp_path)
    (tmp_path / "notes.txt").write_text("", encoding="utf-8")
    assert "(found notes.txt); supported:" in message(tmp_path)


def test_other_files(tmp_path: Path) -> None:
    (tmp_path / "a.doc").write_bytes(b"x")
    assert "unsupported file type" in message(tmp_path / "a.doc")
    (tmp_path / "x.npy").write_bytes(b"x")
    assert message(tmp_path / "x.npy").endswith(
        "x.npy: holds a single array; save inputs and targets together and give that file:"
        " numpy.savez('data.npz', x=x, y=y)"
    )
    (tmp_path / "train-images-idx3-ubyte").write_bytes(b"\0")
    assert f"is a single IDX file; set data.source to its folder, {tmp_path}" in message(
        tmp_path / "train-images-idx3-ubyte"
    )


def test_a_name_that_no_system_takes(tmp_path: Path) -> None:
    assert "cannot be read: File name too long" in message(tmp_path / ("가" * 100))


def test_an_empty_npz(tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(b"")
    assert "is empty (0 bytes)" in message(tmp_path / "a.npz")
