"""Opening a picture that may come from anyone: six formats, a limit to its size, and one kind of error."""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING

from mlpcli.data.local_files import open_binary
from mlpcli.errors import DataError

if TYPE_CHECKING:
    from PIL import Image

FORMATS = ("JPEG", "PNG", "BMP", "GIF", "WEBP", "TIFF")
MOST_PIXELS = 100_000_000
MOST_PIXELS_OF_ALL_SCANS = 50 * MOST_PIXELS
"""A progressive JPEG paints its pixels in several scans; a small file can ask for thousands of them."""

_QUIET = threading.Lock()
_SILENT = logging.NullHandler()


class UnreadablePictureError(DataError):
    """A file that cannot be made into a picture; `reason` says why, in a few words and without its name."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}; save the picture again, or choose another")
        self.reason = reason


@contextmanager
def quiet_pillow() -> Iterator[None]:
    """Keep Pillow's warnings and log lines from the user; what matters comes as `UnreadablePictureError`.

    Python's warning filters belong to the whole process: one thread at a time is let in. Threads that are started
    inside are quiet as well.
    """
    from PIL import Image

    logging.getLogger("PIL").addHandler(_SILENT)
    with _QUIET, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        Image.init()  # here, so that it is done before there are threads
        yield


@contextmanager
def open_picture(path: Path) -> Iterator[Image.Image]:
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
def _pillow_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except UnreadablePictureError:
        raise
    except Exception as error:  # Pillow raises a dozen kinds on damaged bytes
        raise UnreadablePictureError(path, _reason(error)) from error


def _opened(path: Path, file: BufferedReader) -> Image.Image:
    from PIL import Image

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
    count = file.read().count(b"\xff\xda")
    file.seek(position)
    return count


def _too_large(size: str) -> str:
    return f"claims {size} pixels, and at most {MOST_PIXELS // 10**6:,} million are opened"


def _reason(error: Exception) -> str:
    from PIL import Image, UnidentifiedImageError

    if isinstance(error, UnidentifiedImageError):
        return f"is no picture of the formats {', '.join(FORMATS)}, or is cut off"
    if isinstance(error, Image.DecompressionBombError):
        return _too_large("far too many")
    if isinstance(error, MemoryError):
        return "needs more memory than there is"
    said = " ".join(str(error).split())[:100] or type(error).__name__
    return f"is damaged or cut off ({said})"
