"""How training pictures show one thing each: measured on them, and a thing on a photo put into the same frame."""

from __future__ import annotations

import numpy as np

from mlpcli.arrays import Array
from mlpcli.data.dataset import Framing, ImageForm
from mlpcli.data.images.decoding import gray_pixels, open_picture, quiet_pillow
from mlpcli.data.images.photo import Thing, find_thing
from mlpcli.files import AnyFile

MOST_PICTURES = 1000
PLAIN = 0.1
"""How far, of 0 to 1, a pixel of the background may be from it."""
PLAIN_SHARE = 0.6
"""Of the pixels at the edges: as many belong to the background where pictures show one thing each on it."""
SPREAD = 0.2
"""Between the quartiles of the things' sizes, where these are alike."""


def framing_of(x: Array, pixel_max: float) -> Framing | None:
    """The framing of grayscale pictures (n, h, w) or (n, h, w, 1); None where they have no plain background.

    Of more than 1000 pictures, 1000 evenly spread ones are looked at.
    """
    chosen = x[np.linspace(0, len(x) - 1, min(len(x), MOST_PICTURES)).astype(np.int64)]
    values = chosen.reshape(chosen.shape[:3]).astype(np.float32) / pixel_max
    edges = np.concatenate([values[:, 0], values[:, -1], values[:, 1:-1, 0], values[:, 1:-1, -1]], axis=1)
    contrast = abs(values - np.median(edges))
    contrast[contrast <= PLAIN] = 0
    contrast = contrast[contrast.any(axis=(1, 2))]
    if (abs(edges - np.median(edges)) <= PLAIN).mean() < PLAIN_SHARE or 2 * len(contrast) < len(values):
        return None
    ends = np.stack([_ends(contrast.any(axis=2)), _ends(contrast.any(axis=1))], axis=1)  # (n, y and x, first and last)
    low, box, high = np.percentile((ends[..., 1] - ends[..., 0]).max(axis=1), [25, 50, 75])
    if high - low > SPREAD:
        return None
    masses = np.stack([_mass(contrast.sum(axis=2)), _mass(contrast.sum(axis=1))], axis=1)
    middles = {"box": ends.mean(axis=2), "mass": masses}
    by = min(middles, key=lambda name: float(middles[name].std(axis=0).sum()))
    y, x_ = middles[by].mean(axis=0)
    return Framing(float(box), "mass" if by == "mass" else "box", (float(y), float(x_)))


def _ends(lines: Array) -> Array:
    """Where the true values of each line (n, length) begin and end (n, 2), as shares of the length."""
    length = lines.shape[1]
    ends: Array = np.stack([lines.argmax(axis=1), length - lines[:, ::-1].argmax(axis=1)], axis=1) / length
    return ends


def _mass(lines: Array) -> Array:
    """The centres of mass (n,) of lines (n, length), as shares of the length."""
    length = lines.shape[1]
    centres: Array = lines @ (np.arange(length) + 0.5) / lines.sum(axis=1) / length
    return centres


LARGER = 2
"""How many times as large as the training pictures a photo is at least."""


def may_be_photo(path: AnyFile, form: ImageForm) -> bool:
    """Whether the picture is so much larger than the training pictures that it may show the thing in another frame.

    Raises:
        DataError: the file is missing, no picture, damaged, or too large.
    """
    if form.framing is None or form.color != "grayscale":
        return False
    with quiet_pillow(), open_picture(path) as image:
        return min(image.size) >= LARGER * max(form.size)


def thing_on(path: AnyFile) -> Thing | None:
    """The thing on a picture; None where nothing stands out from a plain background.

    Raises:
        DataError: the file is missing, no picture, damaged, or too large.
    """
    with quiet_pillow():
        gray = gray_pixels(path)
    return find_thing(gray)


SAME_SIZE, SAME_PLACE = 0.15, 0.2
"""How far, in widths of the picture, size and place of a thing may be from those in training."""


def is_like_training(thing: Thing, framing: Framing) -> bool:
    """Whether the picture needs no cutting: the margins are those of training, and no shadow is on its background."""
    (height, width), (top, bottom, left, right) = thing.gray.shape, thing.box
    side = max(height, width)
    share = max(bottom - top, right - left) / side
    off = max(abs((top + bottom) - height), abs((left + right) - width)) / (2 * side)
    return thing.even and abs(share - framing.box) <= SAME_SIZE and off <= SAME_PLACE


def steps_of(thing: Thing) -> dict[str, Array]:
    """How the thing was found, each step a picture (h, w) uint8: the photo, its background, the thing in its box."""
    boxed, (top, bottom, left, right) = thing.contrast.copy(), thing.box
    for row in (max(top - 1, 0), min(bottom, len(boxed) - 1)):
        boxed[row, left:right] = 1
    for column in (max(left - 1, 0), min(right, boxed.shape[1] - 1)):
        boxed[top:bottom, column] = 1
    steps = {"1-photo": thing.gray, "2-background": thing.background, "3-thing": boxed}
    return {name: np.rint(255 * values).astype(np.uint8) for name, values in steps.items()}


def framed(thing: Thing, form: ImageForm, framing: Framing, invert: bool | None) -> Array:
    """The thing as a training picture, uint8 (h, w): its proportions kept, its place and its margins as there.

    invert: None gives it the background of the training pictures; else whether that of the photo is turned round.
    """
    from PIL import Image

    height, width = form.size
    top, bottom, left, right = thing.box
    scale = min(framing.box * height / (bottom - top), framing.box * width / (right - left))
    tall, wide = height / scale, width / scale
    y, x = _middle(thing, framing)
    y, x = round(y - framing.at[0] * tall), round(x - framing.at[1] * wide)
    frame = Image.fromarray(thing.contrast).crop((x, y, x + round(wide), y + round(tall)))
    small = np.asarray(frame.resize((width, height), Image.Resampling.BOX))
    strength = small / max(float(small.max()), 1e-6)
    dark = form.border > 0.5 if invert is None else thing.dark != invert
    return np.rint(255 * (1 - strength if dark else strength)).astype(np.uint8)


def _middle(thing: Thing, framing: Framing) -> tuple[float, float]:
    """The point (y, x) of the photo that comes to framing.at."""
    top, bottom, left, right = thing.box
    if framing.by == "box":
        return (top + bottom) / 2, (left + right) / 2
    total = thing.contrast.sum()
    y = float(thing.contrast.sum(axis=1) @ np.arange(len(thing.contrast))) / total
    x = float(thing.contrast.sum(axis=0) @ np.arange(thing.contrast.shape[1])) / total
    return y + 0.5, x + 0.5
