"""One picture file to the pixels of one example: the same code for training pictures and for new ones."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BufferedReader
from typing import TYPE_CHECKING

import numpy as np

from mlpcli.arrays import Array
from mlpcli.data.dataset import Color, Fit, Watch
from mlpcli.errors import DataError
from mlpcli.files import AnyFile, file_size, open_binary
from mlpcli.machine import processors
from mlpcli.tables.other_files import LOOKED_AT, stands_for_another

if TYPE_CHECKING:
    from PIL import Image


LARGE_PIXELS = 20_000_000
_ONE_LARGE = threading.Lock()
"""Held while a large picture is decoded (it takes up to about 20 bytes a pixel), so that never two do it at once."""


def decode_picture(path: AnyFile, size: tuple[int, int], color: Color, fit: Fit) -> Array:
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
    with _decoded(path, color) as plain:
        return np.asarray(_resized(path, plain, size, fit))


def gray_pixels(path: AnyFile) -> Array:
    """The file as uint8 (h, w) in its own size, decoded as by `decode_picture`.

    Raises:
        UnreadablePictureError: as `decode_picture`.
    """
    with _decoded(path, "grayscale") as plain:
        return np.asarray(plain)


@contextmanager
def _decoded(path: AnyFile, color: Color) -> Iterator[Image.Image]:
    """The picture upright, on white, and in this color; of large ones, one at a time."""
    with open_picture(path) as image:
        large = image.width * image.height > LARGE_PIXELS
        with _ONE_LARGE if large else contextlib.nullcontext():
            yield _in_color(_on_white(_eight_bit(path, upright(image))), color)


def upright(image: Image.Image) -> Image.Image:
    """The decoded picture, turned as its EXIF orientation says; where the EXIF data is damaged, as it is."""
    from PIL import ImageOps

    with silent_libtiff(image):
        image.load()
    with contextlib.suppress(Exception):  # damaged EXIF raises anything, and the pixels may well be good
        ImageOps.exif_transpose(image, in_place=True)
    return image


def _eight_bit(path: AnyFile, image: Image.Image) -> Image.Image:
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


def _resized(path: AnyFile, image: Image.Image, size: tuple[int, int], fit: Fit) -> Image.Image:
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


FORMATS = ("JPEG", "PNG", "BMP", "GIF", "WEBP", "TIFF")
LARGEST_FILE_BYTES = 1 << 30
"""More than the most pixels take in any format."""
PIECE = 1 << 20
MOST_PIXELS = 100_000_000
MOST_PIXELS_OF_ALL_SCANS = 50 * MOST_PIXELS
"""A progressive JPEG paints its pixels in several scans; a small file can ask for thousands of them."""
_QUIET = threading.Lock()
_SILENT = logging.NullHandler()


class UnreadablePictureError(DataError):
    """A file that cannot be made into a picture; `reason` says why, in a few words and without its name."""

    def __init__(self, path: AnyFile, reason: str) -> None:
        super().__init__(f"{path}: {reason}; save the picture again, or choose another")
        self.reason = reason


@contextmanager
def quiet_pillow() -> Iterator[None]:
    """Keep Pillow's warnings and log lines from the user; what matters comes as `UnreadablePictureError`.

    Python's warning filters belong to the whole process: one thread at a time is let in. Threads that are started
    inside are quiet as well.
    """
    logging.getLogger("PIL").addHandler(_SILENT)
    with _QUIET, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextmanager
def open_picture(path: AnyFile) -> Iterator[Image.Image]:
    """The picture with its header read and its size checked; pixels are decoded by whoever asks for them, inside.

    Raises:
        UnreadablePictureError: the file is missing, empty, no picture, damaged, cut off, or claims too many pixels.
            Whatever Pillow raises inside the `with` block becomes one, too.
    """
    try:
        with open_binary(path) as file, _pillow_errors(path):
            yield _opened(path, file)
    except UnreadablePictureError:
        raise
    except DataError as error:  # from open_binary: "<path>: what; advice"
        raise UnreadablePictureError(path, str(error).removeprefix(f"{path}: ").partition("; ")[0]) from error


@contextmanager
def _pillow_errors(path: AnyFile) -> Iterator[None]:
    try:
        yield
    except UnreadablePictureError:
        raise
    except Exception as error:  # Pillow raises a dozen kinds on damaged bytes
        raise UnreadablePictureError(path, _pointer_or_page(path) or _reason(error)) from error


def _opened(path: AnyFile, file: BufferedReader) -> Image.Image:
    from PIL import Image

    size = file_size(file)
    if size > LARGEST_FILE_BYTES:
        raise UnreadablePictureError(path, f"has {size:,} bytes, but at most {LARGEST_FILE_BYTES:,} are opened")
    image = Image.open(file, formats=FORMATS)
    pixels = image.width * image.height
    if pixels > MOST_PIXELS:
        raise UnreadablePictureError(path, _too_large(f"{image.width:,} x {image.height:,}"))
    if image.info.get("progressive") and pixels * _scans(file) > MOST_PIXELS_OF_ALL_SCANS:
        raise UnreadablePictureError(path, "is a JPEG with far more scans than a picture needs")
    return image


def _scans(file: BufferedReader) -> int:
    """How many scans a JPEG has at most: its "start of scan" markers, which its pixels cannot look like."""
    position = file.tell()
    file.seek(0)
    count, before = 0, b""
    while piece := file.read(PIECE):
        count += (before + piece).count(b"\xff\xda")
        before = piece[-1:]  # a marker may lie across two pieces
    file.seek(position)
    return count


def _too_large(size: str) -> str:
    return f"claims {size} pixels, but at most {MOST_PIXELS // 10**6:,} million are opened"


def _pointer_or_page(path: AnyFile) -> str | None:
    with contextlib.suppress(OSError), open_binary(path) as file:
        return stands_for_another(file.read(LOOKED_AT))
    return None


def _reason(error: Exception) -> str:
    from PIL import Image, UnidentifiedImageError

    if isinstance(error, UnidentifiedImageError):
        return f"is not a picture in the formats {', '.join(FORMATS)}, or is truncated"
    if isinstance(error, Image.DecompressionBombError):
        return _too_large("far too many")
    if isinstance(error, MemoryError):
        return "needs more memory than there is"
    said = " ".join(str(error).split())[:100] or type(error).__name__
    return f"is damaged or truncated ({said})"


STANDARD_ERROR = 2
stderr_in_use = threading.Lock()
"""Held while standard error leads nowhere; whoever reports meanwhile, from another thread, takes it first."""


@contextlib.contextmanager
def silent_libtiff(image: Image.Image) -> Iterator[None]:
    """Nothing reaches standard error inside, if the picture is one for libtiff; what matters is raised by Pillow."""
    # Without a standard error (Python says so by None), its number may be that of any file, this picture's even.
    if sys.__stderr__ is None or not any(tile[0] == "libtiff" for tile in getattr(image, "tile", ())):
        yield
        return
    with stderr_in_use, contextlib.ExitStack() as stack:
        saved = os.dup(STANDARD_ERROR)
        stack.callback(os.close, saved)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        stack.callback(os.close, nowhere)
        os.dup2(nowhere, STANDARD_ERROR)
        stack.callback(os.dup2, saved, STANDARD_ERROR)
        yield


MOST_THREADS = 32
SECONDS_BETWEEN_REPORTS = 0.1


def for_each(count: int, work: Callable[[int], None], what: str, watch: Watch) -> None:
    """Call work(0) ... work(count - 1) in several threads; `watch` hears of it in this one, ten times a second.

    What `work` raises ends it all, and so does Ctrl-C: each thread finishes the picture at hand and stops.
    """
    from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait

    from PIL import Image

    Image.init()  # here, so that it is done before there are threads
    done, stop = np.zeros(count, bool), threading.Event()
    threads = min(processors(), MOST_THREADS, count)

    def share(first: int) -> None:
        for index in range(first, count, threads):
            if stop.is_set():
                return
            work(index)
            done[index] = True

    watch(what, 0, count)
    with ThreadPoolExecutor(max(1, threads), thread_name_prefix="pictures") as pool:
        try:
            waiting = {pool.submit(share, first) for first in range(threads)}
            while waiting:
                finished, waiting = wait(waiting, SECONDS_BETWEEN_REPORTS, FIRST_EXCEPTION)
                for future in finished:
                    future.result()
                with stderr_in_use:
                    watch(what, int(np.count_nonzero(done)), count)
        finally:
            stop.set()
