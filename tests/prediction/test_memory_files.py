"""Files that are in memory only are read as those on a disk are, and named in messages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mlpcli.data.dataset import ImageForm
from mlpcli.data.images.decoding import UnreadablePictureError
from mlpcli.data.images.load_images import read_photo
from mlpcli.errors import DataError
from mlpcli.files import MemoryFile
from mlpcli.tables.raw_table import ReadOptions
from mlpcli.tables.table_reader import read_named

FORM = ImageForm((4, 4), "grayscale", "pad", 0.1)


def test_a_picture_has_the_pixels_that_it_has_on_the_disk(picture: Callable[..., Path]) -> None:
    path = picture("a.png", np.arange(48).reshape(4, 4, 3))
    pixels, border = read_photo(MemoryFile("sent.png", path.read_bytes()), FORM)
    expected, expected_border = read_photo(path, FORM)
    np.testing.assert_array_equal(pixels, expected)
    assert border == expected_border


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "sent.png: is empty (0 bytes)"),
        (b"<html>", "sent.png: is a web page (HTML)"),
        (b"GIF89a", "sent.png: is not a picture in the formats"),
    ],
)
def test_what_is_no_picture_is_named(content: bytes, said: str) -> None:
    with pytest.raises(UnreadablePictureError) as refused:
        read_photo(MemoryFile("sent.png", content), FORM)
    assert str(refused.value).startswith(said)


def test_a_table_is_read_and_its_lines_are_known() -> None:
    file = MemoryFile("sent.csv", "이름;나이\n민지;1,5\n\n하나;x\n".encode("cp949"))
    (table,) = read_named(file, file.name, ReadOptions(formats={}))
    assert table.columns.to_pydict() == {"이름": ["민지", "하나"], "나이": ["1.5", "x"]}
    assert [table.place(row) for row in (0, 1)] == ["sent.csv:2", "sent.csv:4"]
    assert table.separator == ";"


def test_a_table_without_bytes_is_refused() -> None:
    file = MemoryFile("sent.csv", b"")
    with pytest.raises(DataError, match=r"sent\.csv: is empty"):
        list(read_named(file, file.name, ReadOptions()))
