"""Where the tests keep their folders: in memory where that can be, so that they need not wait for a disk."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")
ROOM = 4 << 30
"""Bytes that must be free; the folders of a whole run take less than a tenth of it."""


def quick_folder() -> str:
    """Linux's file system in memory, if it has room and lets programs run; otherwise the folder of tempfile."""
    if not os.access(MEMORY, os.W_OK) or shutil.disk_usage(MEMORY).free < ROOM:
        return tempfile.gettempdir()
    return tempfile.gettempdir() if os.statvfs(MEMORY).f_flag & os.ST_NOEXEC else str(MEMORY)
