"""One short text that changes whenever the data does."""

from __future__ import annotations

import hashlib

import numpy as np

from mlpcli.data.arrays import row_chunks
from mlpcli.data.dataset import Array, Part, Rows, Source, Splits
from mlpcli.data.streaming.disk_rows import on_disk


def fingerprint(source: Source, splits: Splits | None = None) -> str:
    """`sha256:...` over shapes, types and values of all rows, training then test, and over the class names.

    With the splits also over rows that data.test and data.validation bring from other files.
    The same on every platform and for every memory layout; the arrays are not copied as a whole. Of rows on disk it
    takes the digest that was made as they were written, so that it is another one than for the same rows in memory.
    """
    digest = hashlib.sha256()
    parts: list[Rows | Part] = [source.train] if source.test is None else [source.train, source.test]
    for part in (splits.test, splits.validation) if splits else ():
        if part is not None and not any(part.x is known.x for known in parts):
            parts.append(part)
    for rows in parts:
        _add(digest, rows.x)
        _add(digest, rows.y)
    digest.update(repr(source.class_names).encode("utf-8"))
    return f"sha256:{digest.hexdigest()}"


def _add(digest: hashlib._Hash, values: Array) -> None:
    little = values.dtype.newbyteorder("<")
    digest.update(f"{little.str}{values.shape};".encode("ascii"))
    if on_disk(values):
        digest.update(values.digest.encode("ascii"))
        return
    for chunk in row_chunks(values):
        digest.update(np.ascontiguousarray(values[chunk], little).data)
