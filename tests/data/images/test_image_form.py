"""The size and the color of a set: as data.image says, or found in the pictures; and the look of their edges."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mlpcli.data.dataset import ImageForm
from mlpcli.data.images import pictures as form
from mlpcli.data.images.decoding import quiet_pillow
from mlpcli.data.images.load_images import border_brightness, form_of_arrays, unwatched
from mlpcli.data.images.pictures import Wanted, check_memory, choose_form, read_headers
from mlpcli.errors import SettingError

Write = Callable[..., Path]
OPEN = Wanted(None, None, "stretch")


def chosen(*files: Path, wanted: Wanted = OPEN) -> tuple[tuple[int, int], str]:
    with quiet_pillow():
        return choose_form(wanted, files, read_headers(files, unwatched))


def test_sizes_are_found_where_all_agree(picture: Write) -> None:
    assert chosen(picture("a.png", 1, (6, 4)), picture("b.jpg", 2, (6, 4))) == ((6, 4), "grayscale")


def test_sizes_that_differ_are_named(picture: Write) -> None:
    files = [picture("cat/a.png", 1, (28, 20)), picture("cat/b.png", 1, (40, 30)), picture("dog/c.png", 1, (400, 300))]
    with pytest.raises(SettingError) as caught:
        chosen(*files)
    assert str(caught.value) == (
        "data.image.size: the pictures have 3 sizes, from 28x20 (cat/a.png) to 400x300 (dog/c.png);"
        " set data.image.size: [35, 35]"
    )


def test_sizes_of_equal_area_differ_too(picture: Write) -> None:
    with pytest.raises(SettingError, match=r"2 sizes, from 2x300 .* to 300x2 .*: \[64, 64\]"):
        chosen(picture("a.png", 1, (300, 2)), picture("b.png", 1, (2, 300)))


def test_what_is_wanted_wins(picture: Write) -> None:
    files = (picture("a.png", (1, 2, 3), (6, 4)), picture("b.png", 1, (9, 9)))
    assert chosen(*files, wanted=Wanted((5, 5), None, "stretch")) == ((5, 5), "grayscale")
    assert chosen(files[0], wanted=Wanted(None, "grayscale", "stretch")) == ((6, 4), "grayscale")


@pytest.mark.parametrize(
    ("coloured", "gray", "expected"), [(0, 3, "grayscale"), (1, 1, "grayscale"), (2, 1, "rgb"), (3, 0, "rgb")]
)
def test_color_is_that_of_more_than_half(picture: Write, coloured: int, gray: int, expected: str) -> None:
    files = [picture(f"c{n}.png", (1, 2, 3)) for n in range(coloured)] + [picture(f"g{n}.png", 7) for n in range(gray)]
    assert chosen(*files)[1] == expected


@pytest.mark.parametrize(
    ("mode", "end", "expected"),
    [
        ("1", "png", "grayscale"),
        ("LA", "png", "grayscale"),
        ("I;16", "png", "grayscale"),
        ("F", "tiff", "grayscale"),
        ("P", "png", "rgb"),
        ("CMYK", "jpg", "rgb"),
        ("RGBA", "webp", "rgb"),
    ],
)
def test_modes(tmp_path: Path, mode: str, end: str, expected: str) -> None:
    Image.new(mode, (4, 6)).save(tmp_path / f"a.{end}")
    assert chosen(tmp_path / f"a.{end}") == ((6, 4), expected)


@pytest.mark.parametrize("end", ["png", "jpg", "webp", "tiff"])
@pytest.mark.parametrize(("orientation", "expected"), [(1, (6, 4)), (3, (6, 4)), (6, (4, 6))])
def test_pictures_on_their_side(picture: Write, end: str, orientation: int, expected: tuple[int, int]) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert chosen(picture(f"a.{end}", (1, 2, 3), (6, 4), exif=exif))[0] == expected


def test_headers_are_read_without_decoding(picture: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    from PIL import ImageFile

    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda self: pytest.fail("decoded"))
    assert chosen(picture("a.png"), picture("b.jpg"), picture("c.gif", 3)) == ((6, 4), "rgb")


def test_broken_pictures_have_no_say(picture: Write, tmp_path: Path) -> None:
    (tmp_path / "b.png").write_bytes(b"no picture")
    files = (tmp_path / "b.png", picture("a.png", 1, (6, 4)))
    with quiet_pillow():
        headers = read_headers(files, unwatched)
    assert list(headers.broken) == [0]
    assert choose_form(OPEN, files, headers) == ((6, 4), "grayscale")


def test_what_no_memory_holds_is_refused_with_the_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(form, "physical_memory", lambda: 1_000_000)
    check_memory(100, (80, 100), "grayscale")  # 800,000 bytes: four fifths
    with pytest.raises(SettingError) as caught:
        check_memory(100, (80, 100), "rgb")
    assert str(caught.value) == (
        "data.image.size: 100 pictures of 80x100x3 need 2,400,000 bytes, but this machine has 1,000,000 bytes of"
        " memory; set data.image.size: [64, 64]"
    )
    monkeypatch.setattr(form, "physical_memory", lambda: None)
    check_memory(10**9, (4096, 4096), "rgb")


def test_border_brightness_is_the_mean_of_the_frame() -> None:
    x = np.zeros((2, 3, 4), np.uint8)
    x[0, 0, 0] = 200  # of the 2 x 10 pixels in the frames
    x[:, 1, 1:3] = 255  # inside
    assert border_brightness(x, 255) == pytest.approx(200 / 20 / 255)
    assert border_brightness(np.full((1, 1, 1), 8, np.uint8), 16) == 0.5
    assert border_brightness(np.full((3, 1, 5, 3), 255, np.uint8), 255) == 1
    assert border_brightness(np.full((3, 5, 1, 1), 0.25, np.float32), 1.0) == 0.25


def test_border_brightness_of_many_looks_at_all_classes() -> None:
    x = np.zeros((5000, 2, 2), np.uint8)
    x[2500:] = 255  # pictures are ordered by class
    assert border_brightness(x, 255) == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(
    ("shape", "pixel_max", "expected"),
    [
        ((2, 8, 9), 16.0, ImageForm((8, 9), "grayscale", "pad", 0.125)),
        ((2, 8, 9, 1), 16.0, ImageForm((8, 9), "grayscale", "pad", 0.125)),
        ((2, 32, 30, 3), 4.0, ImageForm((32, 30), "rgb", "pad", 0.5)),
        ((2, 8, 9), None, None),
        ((2, 8, 9, 4), 255.0, None),
    ],
)
def test_the_form_of_arrays(shape: tuple[int, ...], pixel_max: float | None, expected: ImageForm | None) -> None:
    assert form_of_arrays(np.full(shape, 2, np.uint8), pixel_max) == expected
