"""One picture to pixels: each kind of picture, worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mlpcli.data.dataset import Color, Fit
from mlpcli.data.images.decoding import UnreadablePictureError, decode_picture, quiet_pillow

Write = Callable[..., Path]
RAMP = np.array([[0, 60, 120], [30, 90, 150]], np.uint8)


def decoded(path: Path, size: tuple[int, int] = (2, 3), color: Color = "grayscale", fit: Fit = "stretch") -> np.ndarray:
    with quiet_pillow():
        return decode_picture(path, size, color, fit)


@pytest.mark.parametrize("end", ["png", "bmp", "tiff", "gif"])
def test_gray_pixels_stay_as_they_are(picture: Write, end: str) -> None:
    path = picture(f"a.{end}", RAMP)
    np.testing.assert_array_equal(decoded(path), RAMP)
    assert decoded(path).dtype == np.uint8
    np.testing.assert_array_equal(decoded(path, color="rgb"), np.stack([RAMP] * 3, axis=-1))


def test_lossless_webp_and_jpeg(picture: Write) -> None:
    np.testing.assert_array_equal(decoded(picture("a.webp", np.stack([RAMP] * 3, -1), lossless=True)), RAMP)
    assert np.abs(decoded(picture("a.jpg", 77, (2, 3))).astype(int) - 77).max() <= 1


def test_colour_becomes_gray_by_the_weights_of_itu_r_601(picture: Write) -> None:
    gray = decoded(picture("a.png", (200, 10, 60), (2, 3)))
    assert (gray == round(0.299 * 200 + 0.587 * 10 + 0.114 * 60)).all()
    assert decoded(picture("a.png", (200, 10, 60)), color="rgb")[0, 0].tolist() == [200, 10, 60]


@pytest.mark.parametrize(("alpha", "expected"), [(0, [255, 255, 255]), (255, [200, 10, 60]), (51, [244, 206, 216])])
def test_what_shines_through_lies_on_white(picture: Write, alpha: int, expected: list[int]) -> None:
    # 51 is a fifth: 0.2 * 200 + 0.8 * 255 = 244
    assert decoded(picture("a.png", (200, 10, 60, alpha)), color="rgb")[0, 0].tolist() == expected


def test_transparent_palette_gray_and_gif_lie_on_white(tmp_path: Path) -> None:
    palette = Image.new("P", (2, 1))
    palette.putpalette([0, 0, 0, 200, 10, 60])
    palette.putpixel((1, 0), 1)
    palette.save(tmp_path / "a.png", transparency=0)
    palette.save(tmp_path / "a.gif", transparency=0)
    for name in ("a.png", "a.gif"):
        assert decoded(tmp_path / name, (1, 2), "rgb").tolist() == [[[255, 255, 255], [200, 10, 60]]]
    Image.new("LA", (2, 1), (50, 0)).save(tmp_path / "b.png")
    assert decoded(tmp_path / "b.png", (1, 2)).tolist() == [[255, 255]]


def test_bits_cmyk_and_lab(tmp_path: Path) -> None:
    Image.new("1", (2, 1), 1).save(tmp_path / "bits.png")
    assert decoded(tmp_path / "bits.png", (1, 2)).tolist() == [[255, 255]]
    Image.new("CMYK", (2, 1), (0, 255, 0, 0)).save(tmp_path / "ink.tiff")
    assert decoded(tmp_path / "ink.tiff", (1, 1), "rgb").tolist() == [[[255, 0, 255]]]
    Image.new("LAB", (2, 1), (255, 128, 128)).save(tmp_path / "lab.tiff")
    assert decoded(tmp_path / "lab.tiff", (1, 1)).tolist() == [[255]]


@pytest.mark.parametrize("end", ["png", "tiff"])
def test_sixteen_bits_become_eight(picture: Write, end: str) -> None:
    values = np.array([[0, 257 * 3, 65535], [128, 129, 257 * 200]], np.uint16)  # 128 / 257 is below a half, 129 above
    assert decoded(picture(f"a.{end}", values)).tolist() == [[0, 3, 255], [0, 1, 200]]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([[0.0, 0.5, 1.0]], np.float32), [[0, 128, 255]]),
        (np.array([[0.0, 1.5, 255.0]], np.float32), [[0, 2, 255]]),
        (np.array([[0, 257, 65535]], np.int32), [[0, 1, 255]]),
    ],
)
def test_floats_and_long_whole_numbers(picture: Write, values: np.ndarray, expected: list[list[int]]) -> None:
    assert decoded(picture("a.tiff", values), (1, 3)).tolist() == expected


@pytest.mark.parametrize(
    "values",
    [
        np.array([[0.0, 300.0]], np.float32),
        np.array([[-0.1, 1.0]], np.float32),
        np.array([[np.nan, 1.0]], np.float32),
        np.array([[0, 65536]], np.int32),
    ],
)
def test_a_range_that_is_not_known_is_refused(picture: Write, values: np.ndarray) -> None:
    with pytest.raises(UnreadablePictureError, match=r"a\.tiff: has values from .* whose range is not known"):
        decoded(picture("a.tiff", values))


@pytest.mark.parametrize("end", ["png", "tiff", "webp"])
@pytest.mark.parametrize(
    ("orientation", "turn"),
    [(1, lambda a: a), (3, lambda a: a[::-1, ::-1]), (6, lambda a: np.rot90(a, -1)), (8, np.rot90), (5, lambda a: a.T)],
)
def test_a_picture_is_turned_upright(
    picture: Write, end: str, orientation: int, turn: Callable[[np.ndarray], np.ndarray]
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"lossless": True} if end == "webp" else {}
    path = picture(f"a.{end}", np.stack([RAMP] * 3, -1), exif=exif, **options)
    expected = turn(RAMP)
    np.testing.assert_array_equal(decoded(path, expected.shape), expected)


def test_damaged_exif_data_does_not_cost_the_picture(picture: Write) -> None:
    path = picture("a.png", RAMP, exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"\x01\x12" * 9)
    np.testing.assert_array_equal(decoded(path), RAMP)


@pytest.mark.parametrize("end", ["gif", "png", "webp", "tiff"])
def test_of_an_animation_the_first_picture_is_taken(tmp_path: Path, end: str) -> None:
    frames = [Image.new("L", (3, 2), value) for value in (40, 250)]
    options = {"lossless": True} if end == "webp" else {}
    frames[0].save(tmp_path / f"a.{end}", save_all=True, append_images=frames[1:], **options)
    assert (decoded(tmp_path / f"a.{end}") == 40).all()


def test_a_wrong_ending_does_not_matter(picture: Write) -> None:
    path = picture("a.png", RAMP).rename(picture("b.jpg", 1))
    np.testing.assert_array_equal(decoded(path), RAMP)


def test_resizing_averages_and_misses_no_pixel(picture: Write) -> None:
    checkers = (np.indices((64, 64)).sum(axis=0) % 2 * 255).astype(np.uint8)
    small = decoded(picture("a.png", checkers), (4, 4))
    assert np.abs(small.astype(int) - 127).max() <= 2  # without antialiasing it would be 0 or 255
    assert decoded(picture("a.png", RAMP), (20, 30)).shape == (20, 30)


def test_stretch_fills_and_pad_keeps_the_proportions(picture: Write) -> None:
    wide = np.full((2, 8), 200, np.uint8)
    wide[:, 3:5] = 0
    path = picture("a.png", wide)
    assert (decoded(path, (8, 8), fit="stretch")[:, 3:5] == 0).all()
    padded = decoded(path, (8, 8), fit="pad")
    border = round((16 * 200 - 4 * 200) / 16)  # all 16 pixels are in the frame, 4 of them black
    assert (padded[:3] == border).all() and (padded[5:] == border).all()
    np.testing.assert_array_equal(padded[3:5], wide)


def test_padding_in_colour(picture: Write) -> None:
    padded = decoded(picture("a.png", (200, 10, 60), (2, 8)), (8, 8), "rgb", "pad")
    assert (padded == [200, 10, 60]).all()


def test_padding_has_an_end(picture: Write) -> None:
    with pytest.raises(UnreadablePictureError, match=r"is 1,000 x 1 pixels, too thin for 28 x 28"):
        decoded(picture("a.png", 9, (1, 1000)), (28, 28), fit="pad")
