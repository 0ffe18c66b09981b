"""One picture file to the pixels of one example: the same code for training pictures and for new ones."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from mlpcli.data.dataset import Array
from mlpcli.data.images.libtiff import silent_libtiff
from mlpcli.data.images.opening import UnreadablePictureError, open_picture

if TYPE_CHECKING:
    from PIL import Image

Color = Literal["grayscale", "rgb"]
Fit = Literal["stretch", "pad"]

LARGE_PIXELS = 20_000_000
_ONE_LARGE = threading.Lock()
"""Held while a large picture is decoded (it takes up to about 20 bytes a pixel), so that never two do it at once."""


def decode_picture(path: Path, size: tuple[int, int], color: Color, fit: Fit) -> Array:
    """The file as uint8 (h, w) for grayscale or (h, w, 3) for rgb, `size` being (h, w).

    - The first picture of an animation is taken; it is turned upright as its EXIF orientation says.
    - Whatever shines through lies on white, as on a web page.
    - 16-bit gray becomes 8-bit (value / 257). Float and 32-bit gray, which name no range: floats up to 1 are times
      255, up to 255 are taken as they are, whole numbers up to 65535 are / 257; all others are refused.
      16-bit colour is cut to its high 8 bits by Pillow. Colour profiles are not applied.
    - Palettes, CMYK, YCbCr ... become RGB; colour becomes gray by ITU-R 601-2 (Pillow's "L").
    - Other proportions are stretched to `size`, or padded with the mean colour of the picture's own border.
    - Resizing is bilinear and antialiased, always from the whole picture.

    Raises:
        UnreadablePictureError: as `open_picture`, or its values have no known range, or it is too thin to pad.
    """
    with open_picture(path) as image:
        large = image.width * image.height > LARGE_PIXELS
        with _ONE_LARGE if large else contextlib.nullcontext():
            plain = _in_color(_on_white(_eight_bit(path, upright(image))), color)
            return np.asarray(_resized(path, plain, size, fit))


def upright(image: Image.Image) -> Image.Image:
    """The decoded picture, turned as its EXIF orientation says; where the EXIF data is damaged, as it is."""
    from PIL import ImageOps

    with silent_libtiff(image):
        image.load()
    with contextlib.suppress(Exception):  # damaged EXIF raises anything, and the pixels may well be good
        ImageOps.exif_transpose(image, in_place=True)
    return image


def _eight_bit(path: Path, image: Image.Image) -> Image.Image:
    from PIL import Image

    if image.mode != "F" and not image.mode.startswith("I"):
        return image
    values = np.asarray(image)
    low, high = values.min(), values.max()
    if not (low >= 0 and high <= (255 if image.mode == "F" else 65535)):
        raise UnreadablePictureError(path, f"has values from {low:g} to {high:g}, whose range is not known")
    factor = 1 / 257 if image.mode != "F" else 255.0 if high <= 1 else 1.0
    return Image.fromarray(np.rint(values * factor).astype(np.uint8))


def _on_white(image: Image.Image) -> Image.Image:
    from PIL import Image

    if not image.has_transparency_data:
        return image
    shown = image.convert("RGBA")
    white = Image.new("RGB", shown.size, "white")
    white.paste(shown, mask=shown.getchannel("A"))
    return white


def _in_color(image: Image.Image, color: Color) -> Image.Image:
    if color == "rgb":
        return image.convert("RGB")
    # What is neither gray nor RGB goes by way of RGB: Pillow has no straight way to gray for all of them.
    return image.convert("L") if image.mode in ("1", "L", "RGB") else image.convert("RGB").convert("L")


def _resized(path: Path, image: Image.Image, size: tuple[int, int], fit: Fit) -> Image.Image:
    from PIL import Image, ImageOps

    height, width = size
    bilinear = Image.Resampling.BILINEAR
    if fit == "stretch":
        return image.resize((width, height), bilinear)
    scale = min(width / image.width, height / image.height)
    if min(round(image.width * scale), round(image.height * scale)) < 1:
        raise UnreadablePictureError(
            path, f"is {image.width:,} x {image.height:,} pixels, too thin for {width} x {height}"
        )
    return ImageOps.pad(image, (width, height), bilinear, color=_border_color(image))


def _border_color(image: Image.Image) -> int | tuple[int, ...]:
    """The mean of the one-pixel frame, for each channel."""
    pixels = np.asarray(image)
    pixels = pixels.reshape(*pixels.shape[:2], -1)
    frame = np.concatenate([pixels[0], pixels[-1], pixels[1:-1, 0], pixels[1:-1, -1]])
    mean = tuple(int(value) for value in np.rint(frame.mean(axis=0)))
    return mean if len(mean) > 1 else mean[0]
