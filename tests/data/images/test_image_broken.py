"""Files that are no pictures, broken ones and hostile ones: a short reason each, quickly, and nothing on the screen."""

from __future__ import annotations

import io
import os
import re
import struct
import sys
import time
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from mlpcli.data.images import decoding as opening
from mlpcli.data.images.decoding import UnreadablePictureError, decode_picture, for_each, quiet_pillow, silent_libtiff

Write = Callable[..., Path]


def encoded(form: str, size: tuple[int, int] = (40, 30), **options: object) -> bytes:
    pixels = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, form, **options)
    return buffer.getvalue()


def png_claiming(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 100)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )


def flipped(content: bytes, position: int) -> bytes:
    return content[:position] + bytes([content[position] ^ 0xFF]) + content[position + 1 :]


NO_PICTURE = "is not a picture in the formats JPEG, PNG, BMP, GIF, WEBP, TIFF, or is truncated"
FILES = {
    "zero bytes": (b"", "is empty (0 bytes)"),
    "text": ("고양이 사진".encode(), NO_PICTURE),
    "svg": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', NO_PICTURE),
    "another format": (encoded("PPM"), NO_PICTURE),
    "postscript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", NO_PICTURE),
    "one byte": (b"\xff", NO_PICTURE),
    "JPEG head": (encoded("JPEG")[:300], "is damaged or truncated"),
    "JPEG cut": (encoded("JPEG")[:-400], "is damaged or truncated (image file is truncated"),
    "PNG cut": (encoded("PNG")[:-400], "is damaged or truncated (image file is truncated"),
    "PNG chunk": (flipped(encoded("PNG"), 60), "is damaged or truncated"),
    "PNG size": (png_claiming(0, 5), NO_PICTURE),
    "GIF cut": (encoded("GIF")[:-400], "is damaged or truncated (image file is truncated"),
    "BMP cut": (encoded("BMP")[:-400], "is damaged or truncated (image file is truncated"),
    "WEBP cut": (encoded("WEBP")[:-400], "is damaged or truncated"),
    "TIFF cut": (encoded("TIFF", compression="tiff_deflate")[:-400], NO_PICTURE),
    "TIFF flipped": (flipped(encoded("TIFF", compression="tiff_deflate"), 900), "is damaged or truncated ("),
    "a bomb": (png_claiming(100_000, 100_000), "claims far too many pixels, but at most 100 million are opened"),
    "a small bomb": (png_claiming(10_000, 10_001), "claims 10,000 x 10,001 pixels, but at most 100 million are"),
    "a thin bomb": (png_claiming(2_000_000_000, 1), "claims far too many pixels"),
    "claims more": (png_claiming(9_000, 9_000), "is damaged or truncated (image file is truncated"),
}


@pytest.mark.parametrize("name", FILES)
def test_each_gets_its_reason(tmp_path: Path, name: str, capfd: pytest.CaptureFixture[str]) -> None:
    content, reason = FILES[name]
    path = tmp_path / "새 사진.jpg"
    path.write_bytes(content)
    with quiet_pillow(), pytest.raises(UnreadablePictureError, match=re.escape(reason)) as caught:
        decode_picture(path, (8, 8), "rgb", "stretch")
    assert str(caught.value).startswith(f"{path}: {reason}"[:60])
    assert str(caught.value).endswith("; save the picture again, or choose another")
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_the_largest_that_is_opened_does_not_warn(tmp_path: Path) -> None:
    Image.new("1", (10_000, 9_999)).save(tmp_path / "a.png")  # Pillow itself warns above 89 million
    with quiet_pillow():
        assert decode_picture(tmp_path / "a.png", (1, 1), "grayscale", "stretch").tolist() == [[0]]


def test_a_jpeg_with_thousands_of_scans_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(encoded("JPEG", progressive=True))
    scans = path.read_bytes().count(b"\xff\xda")
    monkeypatch.setattr(opening, "MOST_PIXELS_OF_ALL_SCANS", scans * 40 * 30)
    with quiet_pillow():
        assert decode_picture(path, (8, 8), "rgb", "stretch").shape == (8, 8, 3)
        monkeypatch.setattr(opening, "MOST_PIXELS_OF_ALL_SCANS", scans * 40 * 30 - 1)
        with pytest.raises(UnreadablePictureError, match="far more scans than a picture needs"):
            decode_picture(path, (8, 8), "rgb", "stretch")


def test_pipes_folders_and_missing_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "folder.png").mkdir()
    for name, reason in (
        ("pipe.png", "is a pipe or a device"),
        ("folder.png", "is a folder"),
        ("missing.png", "not found"),
        ("/dev/zero", "is a pipe or a device"),
    ):
        with quiet_pillow(), pytest.raises(UnreadablePictureError, match=reason):
            decode_picture(tmp_path / name, (8, 8), "rgb", "stretch")


def test_damaged_bytes_never_raise_anything_else(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    random = np.random.default_rng(1)
    forms = [("JPEG", {}), ("PNG", {}), ("GIF", {}), ("WEBP", {}), ("BMP", {}), ("TIFF", {"compression": "tiff_lzw"})]
    path, outcomes = tmp_path / "a.bin", set()
    with quiet_pillow():
        for form, options in forms:
            original = encoded(form, **options)
            for _ in range(60):
                content = bytearray(original)
                for position in random.integers(0, random.choice([60, len(content)]), random.integers(1, 5)):
                    content[position] = random.integers(256)
                path.write_bytes(content)
                try:
                    outcomes.add(decode_picture(path, (4, 5), "rgb", "pad").shape)
                except UnreadablePictureError as error:
                    outcomes.add("\n" in error.reason)
    assert outcomes == {(4, 5, 3), False}
    assert capfd.readouterr() == ("", "")


def test_libtiff_is_silenced_and_reports_of_progress_are_not(capfd: pytest.CaptureFixture[str]) -> None:
    told = []

    def decode(index: int) -> None:
        with silent_libtiff(SimpleNamespace(tile=[("libtiff", (0, 0, 4, 4))])):
            os.write(2, b"ZIPDecode: Decoding error\n")
            time.sleep(0.3)  # several reports come due meanwhile

    def watch(what: str, done: int, total: int) -> None:
        told.append(f"{done} of {total}")
        os.write(2, f"{told[-1]}\n".encode("ascii"))

    for_each(2, decode, "decoding", watch)
    assert capfd.readouterr().err.splitlines() == told
    assert told[-1] == "2 of 2"


def test_standard_error_may_be_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.new("L", (4, 4), 9).save(tmp_path / "a.tiff", compression="tiff_lzw")
    monkeypatch.setattr(sys, "__stderr__", None)  # as Python starts with `2>&-`
    saved = os.dup(2)
    os.close(2)  # the picture gets this number
    try:
        with quiet_pillow():
            assert decode_picture(tmp_path / "a.tiff", (1, 1), "grayscale", "stretch").tolist() == [[9]]
    finally:
        os.dup2(saved, 2)
        os.close(saved)


def test_warnings_are_quiet_inside_and_as_before_afterwards() -> None:
    before = list(warnings.filters)
    with quiet_pillow():
        warnings.warn("not to be seen, or the test would fail", stacklevel=1)
    assert list(warnings.filters) == before
