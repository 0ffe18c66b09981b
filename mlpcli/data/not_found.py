"""What to do about data that is not there: where else it is looked for, and a packed file that lies there instead."""

from __future__ import annotations

import shlex
from pathlib import Path

from mlpcli.config.data_folder import VARIABLE, find_data
from mlpcli.errors import DataError

VARIABLE_TOO = f"a relative path is looked for in the folder that {VARIABLE} names, too"
"""True of every path, where only its absolute form is known, and whether the variable is set or not."""

_UNPACK = {
    ".tar.gz": "tar -xzf {} -C {}",
    ".tgz": "tar -xzf {} -C {}",
    ".tar": "tar -xf {} -C {}",
    ".zip": "unzip {} -d {}",
}


def unpack_first(path: Path) -> str | None:
    """The command that unpacks what `path` should be in, where such a file lies beside it or in MLPCLI_DATA; else None.

    For `photos/train` that may be `photos.tar.gz`, or `photos/train.zip`; `path` is not there.
    """
    there = next((folder for folder in path.parents if folder.is_dir()), None)
    missing = path.relative_to(there).parts if there is not None else ()
    for count in range(1, len(missing) + 1):
        for ending, command in _UNPACK.items():
            name = Path(*missing[: count - 1], missing[count - 1] + ending)
            packed = there / name if there is not None and (there / name).is_file() else _in_folder(name)
            if packed is not None:
                return "unpack it first: " + command.format(
                    *(shlex.quote(str(part)) for part in (packed, packed.parent))
                )
    return None


def _in_folder(name: Path) -> Path | None:
    try:
        return find_data(name)
    except DataError:
        return None
