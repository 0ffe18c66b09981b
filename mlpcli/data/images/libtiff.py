"""libtiff writes what it thinks of a damaged picture straight to standard error; here it is kept from there."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

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
