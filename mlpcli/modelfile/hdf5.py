"""Parts of an untrusted HDF5 file, read within bounds.

HDF5 can point to other files, compute data from them, call filters, and claim sizes that it does not hold. What Keras
writes uses none of that: only groups, plain arrays and short attributes are read here.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from mlpcli.errors import ModelFileError

if TYPE_CHECKING:
    from mlpcli.arrays import Array

H5_ERRORS = (
    OSError,
    RuntimeError,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    MemoryError,
    OverflowError,
)
"""The errors that h5py raises for damaged files."""
LARGEST_JSON_BYTES = 32 << 20
"""A description of a thousand layers takes 3 MB; a table's categories and class names some more."""
MOST_NAMES = 16
"""No layer has as many weights."""
MOST_OBJECTS = 20_000
LARGEST_CHUNK_BYTES = 1 << 22
_HARD_LINK = 0
"""HDF5's number for a link to a part of the same file."""


class H5ContentError(ValueError):
    """A part of the file is not what Keras writes; the text says which and why."""


@contextmanager
def open_h5(path: Path, file: BinaryIO) -> Iterator[Any]:
    """An h5py.File for the block, on an open file.

    Raises:
        ModelFileError: it is not an HDF5 file, or one on which libhdf5 might hang or crash.
    """
    with h5_damage(path):
        check_heaps(path, file)
    with h5_in(path, file) as opened:
        yield opened


@contextmanager
def h5_in(path: Path, source: BinaryIO) -> Iterator[Any]:
    """An h5py.File for the block: of an open file, or of bytes in memory that are a part of `path`.

    Raises:
        ModelFileError: it is not an HDF5 file.
    """
    import h5py

    with h5_damage(path):
        file = h5py.File(source, "r")
    try:
        yield file
    finally:
        with h5_damage(path):
            file.close()


@contextmanager
def h5_damage(path: Path) -> Iterator[None]:
    """A context in which h5py's errors about damage become ModelFileErrors."""
    try:
        yield
    except H5_ERRORS as error:
        raise damaged(path, _one_line(error)) from error


def step_into(group: Any, name: str) -> Any:
    """The group or array at `name`, which may have several parts; links that leave the group's own tree are refused.

    h5py's own look-ups, `in` and `get` among them, would open the file that a link points to; the link itself is
    looked at first.

    Raises:
        KeyError: it does not exist.
        H5ContentError: a part of the path is not a plain link.
    """
    for part in name.split("/"):
        if part in ("", ".", ".."):
            raise H5ContentError(f"{name[:80]!r} is not a valid name for a part")
        if not holds(group, part):
            raise KeyError(name[:80])
        if group.id.links.get_info(part.encode("utf-8")).type != _HARD_LINK:
            raise H5ContentError(f"{part[:80]!r} points elsewhere")
        group = group[part]
    return group


def holds(group: Any, part: str) -> bool:
    """Whether a group has a link of that name, of any kind; the link is not followed."""
    return is_group(group) and bool(group.id.links.exists(part.encode("utf-8")))


def is_group(thing: Any) -> bool:
    """Whether it is a group, rather than an array or a type."""
    return hasattr(getattr(thing, "id", None), "links")


def read_array(dataset: Any, shape: tuple[int, ...], kinds: str = "f") -> Array:
    """The values of a plain array of exactly this shape, in the machine's byte order.

    Args:
        dataset: an h5py.Dataset.
        shape: what the model's description says; nothing is allocated before the file agrees.
        kinds: NumPy's letters of the kinds of numbers that are taken.

    Raises:
        H5ContentError: another shape or type, or an array that is not simply stored here.
    """
    import numpy as np  # what h5py imports anyway; the summary of a .keras needs neither

    if not hasattr(dataset, "id") or not hasattr(dataset, "is_virtual"):
        raise H5ContentError("found a group where numbers were expected")
    if dataset.shape != shape:
        raise H5ContentError(f"it has shape {dataset.shape}, and the layer needs {shape}")
    if dataset.dtype.kind not in kinds or dataset.dtype.itemsize > 8:
        raise H5ContentError(f"it holds {dataset.dtype}, not numbers as Keras stores them")
    check_storage(dataset)
    values: Array = np.empty(shape, dataset.dtype.newbyteorder("="))
    dataset.read_direct(values)
    return values


def check_storage(dataset: Any) -> None:
    """Check that all values are stored in this file, uncompressed.

    Raises:
        H5ContentError: they are in another file, computed, compressed, or missing.
    """
    if dataset.external or dataset.is_virtual:
        raise H5ContentError("its values are in another file")
    if dataset.id.get_create_plist().get_nfilters():
        raise H5ContentError("its values are packed; unpack them with `h5repack -f NONE`, or save the model again")
    size, itemsize = prod(dataset.shape), dataset.dtype.itemsize
    if dataset.chunks and prod(dataset.chunks) * itemsize > max(LARGEST_CHUNK_BYTES, 2 * size * itemsize):
        raise H5ContentError("its values are stored in pieces far larger than the whole")
    if dataset.id.get_storage_size() < size * itemsize:
        raise H5ContentError("it claims more values than the file holds")


def read_names(holder: Any, name: str) -> list[str]:
    """A short list of names among the attributes of a group.

    A list may repeat one long text many times, so its length is checked before it is read.

    Raises:
        H5ContentError: it is not a list of names, or too long.
    """
    attribute = holder.attrs.get_id(name)
    if 0 in attribute.shape:
        return []
    if len(attribute.shape) != 1 or attribute.shape[0] > MOST_NAMES or not _holds_text(attribute):
        raise H5ContentError("it does not list the names of weights as Keras does")
    values = [value.decode("utf-8") if isinstance(value, bytes) else value for value in holder.attrs[name].tolist()]
    if not all(isinstance(value, str) for value in values):
        raise H5ContentError("it does not list the names of weights as Keras does")
    return values


def read_text(file: Any, name: str, path: Path) -> bytes | None:
    """A text among the attributes of the file; None if it is missing.

    Raises:
        ModelFileError: it is not a text, or its length cannot be bounded by the size of the file.
    """
    if name not in file.attrs:
        return None
    attribute = file.attrs.get_id(name)
    if attribute.shape != () or not _holds_text(attribute):
        raise ModelFileError(f"{path}: its {name} is damaged (no text); restore it or train again")
    _check_other_bytes(file, path)
    value = file.attrs[name]
    if not isinstance(value, (str, bytes)):
        raise ModelFileError(f"{path}: its {name} is damaged (no text); restore it or train again")
    return value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value


def _holds_text(attribute: Any) -> bool:
    """Whether its type is text: reading other types of variable length can crash the process if they are damaged."""
    import h5py

    return h5py.check_string_dtype(attribute.dtype) is not None


def _check_other_bytes(file: Any, path: Path) -> None:
    """Bound the length of texts, unknown before they are read, by the bytes of the file that are not numbers."""
    size = path.stat().st_size
    if size <= LARGEST_JSON_BYTES:
        return
    stored, objects = 0, 0

    def count(_: str, part: Any) -> bool | None:
        nonlocal stored, objects
        objects += 1
        if hasattr(part, "is_virtual") and not part.external and not part.is_virtual:
            stored += min(part.id.get_storage_size(), size)
        return True if objects > MOST_OBJECTS else None

    file.visititems(count)
    if size - stored > LARGEST_JSON_BYTES or objects > MOST_OBJECTS:
        raise ModelFileError(f"{path}: holds {size - stored:,} bytes that are not weights; it is not opened")


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__


_START = b"GCOL\x01\x00\x00\x00"
_HEAD = 16
"""Bytes of a heap's head, and of an object's."""
MOST_STEPS = 100_000
"""In all heaps together; a model of a thousand layers has some 4,000 texts."""


def check_heaps(path: Path, file: BinaryIO) -> None:
    """Walk through all heaps of an open file as libhdf5 will; `path` is named in errors.

    Raises:
        ModelFileError: one of them has no end, or not the end it should have.
    """
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        start, steps = content.find(_START), 0
        while start >= 0:
            for place in _steps(content, start):
                steps += 1
                if place is None or steps > MOST_STEPS:
                    raise damaged(path, "a heap of strings does not end where it should")
            start = content.find(_START, start + 1)


def _steps(content: mmap.mmap, start: int) -> Iterator[int | None]:
    """The offsets of the objects of a heap, one after another; None where they leave the heap."""
    if start + _HEAD > len(content):
        return  # too short to be one
    end = start + int(struct.unpack_from("<Q", content, start + 8)[0])
    if end > len(content):
        yield None
    place = start + _HEAD
    while place + _HEAD <= end:
        yield place
        index, size = struct.unpack_from("<H6xQ", content, place)
        step = size if index == 0 else _HEAD + -(-size // 8) * 8
        if step < _HEAD:
            yield None
        place += step
    if place > end:
        yield None


def damaged(path: Path, error: BaseException | str) -> ModelFileError:
    """The error for a file whose bytes contradict each other."""
    return ModelFileError(f"{path}: is damaged ({error}); restore it or train again")
