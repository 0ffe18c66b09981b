"""Numbers, texts and arrays in one file: an .npz of JSON and arrays, without pickle, which CRC-32 sums protect."""

from __future__ import annotations

import json
import struct
import zipfile
from collections.abc import Callable
from math import prod
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from mlpcli.arrays import Array
from mlpcli.errors import RunDirectoryError
from mlpcli.files import replace_file
from mlpcli.runs.run_file import check_run_file

State = dict[str, Any]
"""Numbers, texts, arrays, and lists and dicts of them."""
DAMAGE = (
    OSError, ValueError, KeyError, TypeError, AttributeError, EOFError, MemoryError, RuntimeError, struct.error,
    zipfile.BadZipFile,
)  # fmt: skip
"""What reading a file raises that is torn, or that something else has written. (zipfile's are RuntimeErrors, too.)"""
_STATE = "state"
T = TypeVar("T")


def write_arrays(path: Path, content: State) -> None:
    """Replace the file in one piece.

    Raises:
        OutputError: it cannot be written; the earlier file is unchanged.
    """
    arrays: list[Array] = []
    text = json.dumps(_put_aside(content, arrays), ensure_ascii=True)
    named: dict[str, Any] = {f"array_{number}": array for number, array in enumerate(arrays)}
    named[_STATE] = np.frombuffer(text.encode("ascii"), np.uint8)
    replace_file(path, lambda temporary: np.savez(temporary, **named))


def _put_aside(value: Any, arrays: list[Array]) -> Any:
    """The value as JSON can have it, each array replaced by its number in `arrays`."""
    if isinstance(value, np.ndarray):
        arrays.append(value)
        return {"array": len(arrays) - 1}
    if isinstance(value, dict):
        return {key: _put_aside(entry, arrays) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_put_aside(entry, arrays) for entry in value]
    return value.item() if isinstance(value, np.generic) else value


def read_arrays(path: Path) -> State:
    """The reverse of `write_arrays`.

    Raises:
        DAMAGE: the file is torn, or something else has written it.
    """
    if not path.is_file():
        raise ValueError(f"{path.name} is missing" if not path.exists() else f"{path.name} is not a file")
    with zipfile.ZipFile(path) as archive:
        _check(archive, path.stat().st_size)
    with open(path, "rb") as opened, np.load(opened, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    text = arrays.pop(_STATE).tobytes().decode("ascii")
    found = json.loads(text, object_hook=lambda one: arrays[f"array_{one['array']}"] if set(one) == {"array"} else one)
    if not isinstance(found, dict):
        raise ValueError("it holds no state")
    return found


def read_run_arrays(path: Path, most: int, parsed: Callable[[State], T]) -> T | None:
    """What one of a run's files holds, parsed; None where the run has no such file.

    most: bytes of the file. parsed: raises one of DAMAGE for what mlpcli does not write.

    Raises:
        RunDirectoryError: the file is damaged, or larger.
    """
    if not path.exists():
        return None
    check_run_file(path, path.stat(), most)
    try:
        return parsed(read_arrays(path))
    except DAMAGE as error:
        raise RunDirectoryError(f"{path}: is damaged: {reason_of(error)}; restore it or train again") from error


def _check(archive: zipfile.ZipFile, size: int) -> None:
    """Compare all sums, and see that nothing in it unpacks to more than the file's size.

    NumPy compares a sum only where the array's own header, which may be damaged, asks for every byte.

    Raises:
        ValueError: something else has written it, or a byte is not what was written.
    """
    members = archive.infolist()
    packed = any(member.compress_type != zipfile.ZIP_STORED for member in members)
    if packed or sum(member.file_size for member in members) > size:
        raise ValueError("it is compressed, but mlpcli writes uncompressed files")
    if (torn := archive.testzip()) is not None:
        raise ValueError(f"the checksum of {torn} is wrong")
    for member in members:
        with archive.open(member) as file:
            np.lib.format.read_magic(file)
            shape, _, kind = np.lib.format.read_array_header_1_0(file)
            if prod(shape) * kind.itemsize != member.file_size - file.tell():
                raise ValueError(f"{member.filename} claims {prod(shape):,} values, which it does not hold")


def reason_of(error: BaseException) -> str:
    """What is wrong with a file, in one line."""
    return next(iter(str(error).splitlines()), "") or type(error).__name__
