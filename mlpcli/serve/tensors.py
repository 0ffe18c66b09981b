"""Tensors of the Open Inference Protocol: JSON lists, or the bytes of Triton's binary extension."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlpcli.arrays import Array
from mlpcli.serve.limits import RequestError

BINARY_LENGTH = "Inference-Header-Content-Length"
"""The header that says where the JSON ends and the bytes begin."""
TYPES: dict[str, np.dtype[Any]] = {
    "BOOL": np.dtype("bool"),
    **{f"UINT{bits}": np.dtype(f"<u{bits // 8}") for bits in (8, 16, 32, 64)},
    **{f"INT{bits}": np.dtype(f"<i{bits // 8}") for bits in (8, 16, 32, 64)},
    **{f"FP{bits}": np.dtype(f"<f{bits // 8}") for bits in (16, 32, 64)},
}
"""Names of the protocol; BYTES is text."""
MOST_AXES = 8


@dataclass(frozen=True)
class Tensor:
    """A tensor as it was sent. values: flat, in the order of the rows; numbers, texts, or an array."""

    name: str
    kind: str
    shape: tuple[int, ...]
    values: Any

    @property
    def size(self) -> int:
        """How many values there are."""
        return math.prod(self.shape)

    def array(self) -> Array:
        """The numbers.

        Raises:
            RequestError: it holds texts, or what is no number of its type.
        """
        if self.kind == "BYTES":
            raise RequestError(422, f"inputs: {self.name}: give numbers, not BYTES")
        try:
            return np.asarray(self.values, TYPES[self.kind]).reshape(self.shape)
        except (ValueError, TypeError, OverflowError) as error:
            raise RequestError(422, f"inputs: {self.name}: holds values that are not {self.kind}") from error

    def cells(self) -> list[Any]:
        """The values as cells of a column (n) or (n, 1); NaN is a gap.

        Raises:
            RequestError: it has another shape.
        """
        if len(self.shape) not in (1, 2) or self.shape[1:] not in ((), (1,)):
            raise RequestError(422, f"inputs: {self.name}: give the shape [rows] or [rows, 1]")
        values = self.values.tolist() if isinstance(self.values, np.ndarray) else self.values
        return [None if isinstance(value, float) and math.isnan(value) else value for value in values]


def sent_tensors(inputs: list[Any], binary: bytes) -> list[Tensor]:
    """The tensors of a request; those without data take their bytes from `binary`, one after the other.

    Raises:
        RequestError: a part is missing or does not fit the others.
    """
    tensors, used = [], 0
    for one in inputs:
        name, kind, shape = _head(one)
        parameters = one.get("parameters")
        size = parameters.get("binary_data_size") if isinstance(parameters, dict) else None
        if size is None:
            values = list(_flat(one.get("data"), MOST_AXES))
        else:
            if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size <= len(binary) - used:
                raise RequestError(422, f"inputs: {name}: binary_data_size does not match the bytes after the JSON")
            values = _from_bytes(name, kind, binary[used : used + size])
            used += size
        if len(values) != math.prod(shape):
            raise RequestError(422, f"inputs: {name}: has {len(values):,} values, which do not fit shape {list(shape)}")
        tensors.append(Tensor(name, kind, shape, values))
    if used != len(binary):
        raise RequestError(422, f"{len(binary) - used:,} bytes follow the tensors; give binary_data_size for each")
    return tensors


def _head(one: Any) -> tuple[str, str, tuple[int, ...]]:
    if not isinstance(one, dict) or not isinstance(one.get("name"), str):
        raise RequestError(422, "inputs: give each tensor a name, shape, datatype and data")
    name, kind, shape = one["name"], one.get("datatype"), one.get("shape")
    if kind != "BYTES" and kind not in TYPES:
        raise RequestError(422, f"inputs: {name[:80]}: datatype: give one of BYTES, {', '.join(TYPES)}")
    if not isinstance(shape, list) or not 0 < len(shape) <= MOST_AXES or not all(_is_size(axis) for axis in shape):
        raise RequestError(422, f"inputs: {name[:80]}: shape: give a list of sizes, such as [1, 4]")
    return name, str(kind), tuple(shape)


def _is_size(axis: Any) -> bool:
    return isinstance(axis, int) and not isinstance(axis, bool) and 0 < axis < 1 << 40


def _flat(data: Any, depth: int) -> Iterator[Any]:
    """The values of nested lists."""
    if not isinstance(data, list) or depth < 0:
        raise RequestError(422, "inputs: data: give a list of values")
    if data and isinstance(data[0], list):
        for part in data:
            yield from _flat(part, depth - 1)
    else:
        yield from data


def _from_bytes(name: str, kind: str, content: bytes) -> Any:
    if kind == "BYTES":
        return _texts(name, content)
    if len(content) % TYPES[kind].itemsize:
        raise RequestError(422, f"inputs: {name}: {len(content):,} bytes are not a whole number of {kind}")
    return np.frombuffer(content, TYPES[kind])


def _texts(name: str, content: bytes) -> list[str]:
    """Texts, each after its length in four bytes."""
    found, at = [], 0
    while at < len(content):
        size = int.from_bytes(content[at : at + 4], "little")
        text = content[at + 4 : at + 4 + size]
        if len(text) < size or at + 4 > len(content):
            raise RequestError(422, f"inputs: {name}: its texts are cut off")
        try:
            found.append(text.decode("utf-8"))
        except UnicodeDecodeError as error:
            raise RequestError(422, f"inputs: {name}: holds a text that is not UTF-8") from error
        at += 4 + size
    return found


def data_type(array: Array) -> str:
    """The protocol's name of an array's type; texts are BYTES."""
    return "BYTES" if array.dtype == object else next(name for name, kind in TYPES.items() if kind == array.dtype)


def binary_of(array: Array) -> bytes:
    """The bytes of an array as the protocol sends them."""
    if array.dtype != object:
        return array.tobytes()
    texts = [str(text).encode("utf-8", "replace") for text in array.ravel()]
    return b"".join(len(text).to_bytes(4, "little") + text for text in texts)
