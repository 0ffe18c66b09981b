"""A photo for a trained model: the pixels that training would have seen, in the range of the training set."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mlpcli.config.sections import DataConfig, ImageConfig
from mlpcli.data.dataset import ImageForm
from mlpcli.data.images.load_images import example_of, load_image_folder, read_photo
from mlpcli.errors import DataError

Write = Callable[..., Path]


@pytest.mark.parametrize("color", ["grayscale", "rgb"])
def test_training_and_prediction_see_the_same_pixels(tmp_path: Path, picture: Write, color: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    pixels = np.random.default_rng(0).integers(0, 256, (50, 37, 3), np.uint8)
    files = [
        picture("set/a/1.jpg", pixels, exif=exif),
        picture("set/a/2.png", pixels[:20]),
        picture("set/b/3.gif", (9, 8, 7)),
        picture("set/b/4.webp", (9, 8, 7, 100), (9, 30)),
    ]
    data = DataConfig(source="set", image=ImageConfig(size=[12, 10], color=color))
    source = load_image_folder(tmp_path / "set", data)
    assert source.image is not None
    for row, file in enumerate(files):
        photo, _ = read_photo(file, source.image)
        np.testing.assert_array_equal(photo, source.train.x[row])


def test_the_border_of_a_photo_tells_a_light_background(picture: Write) -> None:
    paper = np.full((40, 40), 250, np.uint8)
    paper[10:30, 18:22] = 5  # a dark stroke
    form = ImageForm((20, 20), "grayscale", "stretch", 0.0)
    assert read_photo(picture("a.png", paper), form)[1] == pytest.approx(250 / 255)
    assert read_photo(picture("b.png", 255 - paper), form)[1] == pytest.approx(5 / 255)


def test_a_wide_photo_is_padded_for_arrays(picture: Write) -> None:
    paper = np.full((20, 60), 240, np.uint8)
    paper[5:15, 28:32] = 0
    form = ImageForm((28, 28), "grayscale", "pad", 0.0)
    photo, border = read_photo(picture("a.png", paper), form)
    assert photo.shape == (28, 28) and border == pytest.approx(240 / 255, abs=0.01)
    dark = photo < 120
    assert 1 <= dark.any(axis=0).sum() <= 3 and 3 <= dark.any(axis=1).sum() <= 6  # a third as tall as the photo


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "not found"), (b"", "is empty"), (b"text", "is not a picture in the formats JPEG, PNG")],
)
def test_what_is_no_photo_is_named(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "사진.png"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=rf"사진\.png: {message}.*; save the picture again, or choose another"):
        read_photo(path, ImageForm((8, 8), "rgb", "stretch", 0.5))


PIXELS = np.array([[0, 51, 255]], np.uint8)


@pytest.mark.parametrize(
    ("pixel_max", "dtype", "expected"),
    [
        (255.0, "uint8", [[0, 51, 255]]),
        (None, "uint8", [[0, 51, 255]]),
        (16.0, "float32", [[0, 3.2, 16]]),
        (1.0, "float32", [[0, 0.2, 1]]),
    ],
)
def test_pixels_in_the_range_of_the_training_set(pixel_max: float | None, dtype: str, expected: list) -> None:
    example = example_of(PIXELS, (1, 3), pixel_max)
    assert example.dtype == dtype
    np.testing.assert_allclose(example, expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("shape", "input_shape", "expected"),
    [
        ((4, 5), (4, 5), (4, 5)),
        ((4, 5), (4, 5, 1), (4, 5, 1)),
        ((4, 5, 3), (4, 5, 3), (4, 5, 3)),
        ((7, 4, 5), (4, 5, 1), (7, 4, 5, 1)),
        ((7, 4, 5, 3), (4, 5, 3), (7, 4, 5, 3)),
        ((4, 5, 3), (5, 3), (4, 5, 3)),  # four rows
    ],
)
def test_shapes(shape: tuple[int, ...], input_shape: tuple[int, ...], expected: tuple[int, ...]) -> None:
    assert example_of(np.zeros(shape, np.uint8), input_shape, 255).shape == expected


@pytest.mark.parametrize(("shape", "input_shape"), [((4, 5), (5, 4)), ((4, 5, 3), (4, 5)), ((4, 5), (4, 5, 3))])
def test_pixels_of_another_shape_are_refused(shape: tuple[int, ...], input_shape: tuple[int, ...]) -> None:
    with pytest.raises(DataError, match="do not fit a model for"):
        example_of(np.zeros(shape, np.uint8), input_shape, 255)
