"""A photo of one thing on a plain page: its background estimated and taken off, and the thing found."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mlpcli.arrays import Array

Mask = npt.NDArray[np.bool_]
LONGEST = 512
"""Pixels: larger photos are reduced to it before they are looked at."""


@dataclass(frozen=True, eq=False)
class Thing:
    """What was found on a photo (h, w): each value from 0 to 1.

    gray: the photo. background: its light without the thing. contrast: how much the thing differs from it, 0 elsewhere.
    box: top, bottom, left, right of the thing, the ends excluded. dark: whether it is darker than its background.
    even: whether the background is of one brightness, as in a drawing or a scan.
    """

    gray: Array
    background: Array
    contrast: Array
    box: tuple[int, int, int, int]
    dark: bool
    even: bool


NOISE = 4
"""Standard deviations of the background by which a pixel must differ to be seen."""
FAINTEST = 0.05
"""The least contrast of a thing, whatever the noise."""
SHARE_OF_PEAK = 0.15
"""Of the strongest contrast: what is fainter is the blur around it."""
EVEN = 4 / 255
"""How far a pixel of a drawing or a scan may be from the brightness of its background."""


def find_thing(gray: Array) -> Thing | None:
    """The thing on a photo (h, w) uint8; None where nothing stands out from a plain background."""
    values = _reduced(gray)
    even = _is_even(values)
    page = _even_page(values) if even else _page(_blocks(values))
    if not page.any() or (not even and page.mean() < LEAST_PAGE):
        return None
    background = _enlarged(_filled(_blocks(values), page), values.shape)
    differences = values - background
    darker = np.clip(-differences / np.maximum(background, 0.05), 0, 1)
    lighter = np.clip(differences / np.maximum(1 - background, 0.5), 0, 1)
    either = np.maximum(darker, lighter)
    noise = 1.4826 * float(np.median(either[_pixels(page, values.shape)]))  # as of a normal distribution
    stronger, least = _blurred(either), max(NOISE * noise, FAINTEST)
    if not even and (stronger > least).any():
        least = max(least, SHARE_OF_PEAK * float(np.percentile(stronger[stronger > least], 95)))
    kept = _kept(stronger, np.asarray(stronger > least))
    if kept is None:
        return None
    mask, near = kept
    dark = bool(darker[mask].sum() >= lighter[mask].sum())
    contrast = (darker if dark else lighter) * near
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    box = (*_sharp(rows), *_sharp(columns))
    return Thing(values, background, contrast, box, dark, even)


def _is_even(values: Array) -> bool:
    """Whether most of the pixels at the edges have one brightness; light, shadow and noise make them differ."""
    edges = _edges(values)
    return bool((abs(edges - np.median(edges)) <= EVEN).mean() > 0.5)


def _even_page(values: Array) -> Mask:
    """Which blocks are background, where that has one brightness."""
    return np.asarray(_blocks(abs(values - np.median(_edges(values)))) <= EVEN)


def _edges(values: Array) -> Array:
    return np.concatenate([values[0], values[-1], values[1:-1, 0], values[1:-1, -1]])


def _reduced(gray: Array) -> Array:
    from PIL import Image

    image = Image.fromarray(gray)
    image.thumbnail((LONGEST, LONGEST), Image.Resampling.BOX)
    return np.asarray(image, np.float32) / 255


def _sharp(lines: npt.NDArray[np.int64]) -> tuple[int, int]:
    """The first line and the end of the lines, without the one at each end that the blur has added."""
    first, end = int(lines[0]), int(lines[-1]) + 1
    return (first + 1, end - 1) if end - first > 2 else (first, end)


def _blurred(values: Array) -> Array:
    from PIL import Image, ImageFilter

    eight_bit = Image.fromarray(np.rint(values * 255).astype(np.uint8))  # Pillow blurs no others
    return np.asarray(eight_bit.filter(ImageFilter.BoxBlur(1)), np.float32) / 255


LEAST_PAGE = 0.2
"""The least share of a photo that is background, where it is one."""
STEEPEST = 0.03
"""Difference of brightness, of 0 to 1, between neighbouring blocks: light and shadow are not steeper, edges are."""


def _page(blocks: Array) -> Mask:
    """Which blocks are background: reached from the border without crossing an edge."""
    around = np.lib.stride_tricks.sliding_window_view(np.pad(blocks, 1, mode="edge"), (3, 3))
    steps = np.ptp(around, axis=(2, 3))
    labels, count = connected_parts(steps <= max(STEEPEST, 2 * float(np.median(steps))))
    at_border = np.zeros(count + 1, bool)
    at_border[np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])] = True
    at_border[0] = False
    return at_border[labels]


def _filled(values: Array, known: Mask) -> Array:
    """The values with those that are not known made from the known ones around, however far (pull and push)."""
    if known.all() or values.size == 1:
        return values
    even = tuple((0, size % 2) for size in values.shape)
    weights, sums = np.pad(known.astype(np.float32), even), np.pad(np.where(known, values, 0), even)
    weights, sums = (part[::2, ::2] + part[1::2, ::2] + part[::2, 1::2] + part[1::2, 1::2] for part in (weights, sums))
    coarse = _filled(sums / np.maximum(weights, 1), np.asarray(weights > 0))
    return np.where(known, values, _enlarged(coarse, values.shape))


def _blocks(values: Array) -> Array:
    """The mean of each block of pixels; what is left at the ends is filled up with the last pixels."""
    filled = np.pad(values, [(0, -size % BLOCK) for size in values.shape], mode="edge")
    height, width = filled.shape
    means: Array = filled.reshape(height // BLOCK, BLOCK, width // BLOCK, BLOCK).mean(axis=(1, 3))
    return means


def _pixels(blocks: Mask, shape: tuple[int, ...]) -> Mask:
    """A mask of blocks as one of pixels (h, w)."""
    return np.repeat(np.repeat(blocks, BLOCK, 0), BLOCK, 1)[: shape[0], : shape[1]]


def _enlarged(values: Array, shape: tuple[int, ...]) -> Array:
    from PIL import Image

    return np.asarray(Image.fromarray(values).resize((shape[1], shape[0]), Image.Resampling.BILINEAR))


BLOCK = 4
"""Pixels: parts that are nearer than this to each other are one."""
LARGE_PART = 0.1
"""Of the largest part of all: one inside is the thing, though one at the border is larger."""
SMALL_PART = 0.03
"""Of the largest part: smaller ones are specks."""
FAR = 0.25
"""Of the length of the largest part: parts farther from it than this are other things."""


def _kept(contrast: Array, mask: Mask) -> tuple[Mask, Mask] | None:
    """Of the mask (h, w) the largest part with what belongs to it, and the same with a rim; None where there is none.

    A part that the border cuts off, a shadow or the edge of a table, counts only where there is no other.
    """
    weights = _blocks(np.where(mask, contrast, 0))
    labels, count = connected_parts(weights > 0)
    if count == 0:
        return None
    sums = np.bincount(labels.ravel(), weights.ravel(), count + 1)
    inside = sums.copy()
    inside[np.concatenate([[0], labels[0], labels[-1], labels[:, 0], labels[:, -1]])] = 0
    largest = int((inside if inside.max() > LARGE_PART * sums[1:].max() else sums).argmax())
    small = SMALL_PART * sums[largest]
    others = [part for part in np.flatnonzero(inside > small) if _close(labels, int(part), largest)]
    chosen = np.isin(labels, np.array([largest, *others]))
    grown = np.asarray(np.lib.stride_tricks.sliding_window_view(np.pad(chosen, 1), (3, 3)).any(axis=(2, 3)))
    return mask & _pixels(chosen, mask.shape), _pixels(grown, mask.shape)


def _close(labels: npt.NDArray[np.int64], part: int, largest: int) -> bool:
    """Whether the boxes of two parts are near each other."""
    gaps, length = [], 0
    for axis in (0, 1):
        (a, b), (c, d) = (_ends((labels == which).any(axis=1 - axis)) for which in (part, largest))
        gaps.append(max(c - b, a - d, 0))
        length = max(length, d - c)
    return max(gaps) <= FAR * length


def _ends(line: Mask) -> tuple[int, int]:
    found = np.flatnonzero(line)
    return int(found[0]), int(found[-1]) + 1


def connected_parts(mask: Mask) -> tuple[npt.NDArray[np.int64], int]:
    """A number from 1 on for each part (h, w) of pixels that touch, corners included, and how many parts there are.

    SciPy's `ndimage.label` does it, too, but importing that takes longer than everything else a prediction does.

    >>> connected_parts(np.array([[1, 0, 1], [0, 1, 0], [0, 0, 0], [1, 1, 0]]) > 0)[0].tolist()
    [[1, 0, 1], [0, 1, 0], [0, 0, 0], [2, 2, 0]]
    """
    height, width = mask.shape
    labels = np.where(mask, np.arange(1, mask.size + 1).reshape(mask.shape), 0)
    while True:  # each pixel takes the highest number around it, and then the number of the pixel of that number
        around = np.pad(labels, 1)
        highest = np.maximum.reduce([around[y : y + height, x : x + width] for y in range(3) for x in range(3)])
        highest = np.where(mask, np.append(0, highest)[highest], 0)
        if np.array_equal(highest, labels):
            break
        labels = highest
    values, numbers = np.unique(labels[mask], return_inverse=True)
    found = np.zeros(mask.shape, np.int64)
    found[mask] = numbers + 1
    return found, len(values)
