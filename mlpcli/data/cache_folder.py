"""Where things are kept that can be made again: decoded pictures, converted tables."""

from __future__ import annotations

import os
from pathlib import Path

VARIABLE = "MLPCLI_CACHE"


def cache_folder(kind: str) -> Path:
    """The folder for one kind of things ("images" ...): absolute, but it may not exist, or not be writable.

    The environment variable MLPCLI_CACHE names the folder that holds all kinds; without it, it is where the system
    keeps such things (on Linux ~/.cache/mlpcli, or below XDG_CACHE_HOME).
    """
    chosen = os.environ.get(VARIABLE)
    if chosen:
        return Path(chosen).expanduser().absolute() / kind
    import platformdirs

    return platformdirs.user_cache_path("mlpcli", appauthor=False).absolute() / kind
