"""One photo as an example for a trained model, and what kind of photo goes with a training set."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np

from mlpcli.data.dataset import Array, ImageForm
from mlpcli.data.images.border import border_brightness
from mlpcli.data.images.decoding import decode_picture
from mlpcli.data.images.opening import quiet_pillow
from mlpcli.errors import DataError


def read_photo(path: Path, form: ImageForm) -> tuple[Array, float]:
    """A picture file as uint8 (h, w) or (h, w, 3), 0 to 255, and the brightness of its own border, 0 to 1.

    Decoded as training pictures are (see `decode_picture`). The brightness is that of the pixels returned: with
    `fit: pad` the padding has the colour of the border.

    Raises:
        DataError: the file is missing, no picture, damaged, or too large.
    """
    with quiet_pillow():
        pixels = decode_picture(path, form.size, form.color, form.fit)
    return pixels, border_brightness(pixels[np.newaxis], 255)


def example_of(pixels: Array, input_shape: tuple[int, ...], pixel_max: float | None) -> Array:
    """Pixels of 0 to 255, one picture (h, w), (h, w, 3) or rows of them, as examples of the training set.

    Scaled to 0 .. pixel_max: uint8 as they are for 255 (and for None, a range that is not known), else float32.
    Where input_shape is (h, w, 1), the channel is added.

    Raises:
        DataError: they have another shape.
    """
    core = input_shape[:2] if input_shape[2:] == (1,) else input_shape
    rows = pixels.shape[: pixels.ndim - len(core)]
    if pixels.shape[len(rows) :] != core:
        raise DataError(f"pictures of the shape {pixels.shape[len(rows) :]} do not fit a model for {input_shape}")
    shaped = pixels.reshape(*rows, *input_shape)
    if pixel_max is None or pixel_max == 255:
        return shaped
    return shaped.astype(np.float32) * np.float32(pixel_max / 255)


def form_of_arrays(x: Array, pixel_max: float | None) -> ImageForm | None:
    """How photos are made like the pictures x (n, h, w) or (n, h, w, c) of arrays: padded to their proportions.

    None where it cannot be told: a pixel's range is not known, or there are neither 1 nor 3 channels.
    """
    channels = 1 if x.ndim == 3 else x.shape[-1]
    if pixel_max is None or channels not in (1, 3):
        return None
    color: Literal["grayscale", "rgb"] = "grayscale" if channels == 1 else "rgb"
    return ImageForm((int(x.shape[1]), int(x.shape[2])), color, "pad", border_brightness(x, pixel_max))
