"""Checksums of what an .h5 says of itself: HDF5 has none, and a flipped bit can turn one word into another.

They stand in an attribute of the file, beside the metadata that they are of. The weights have a digest of their own
among the metadata; a .keras is a zip archive, which has checksums for every member.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from mlpcli.errors import ModelFileError

ATTRIBUTE = "mlpcli_checksums"


def checksums(metadata: bytes, descriptions: Iterable[bytes]) -> str:
    """Those of the metadata and of Keras's descriptions of the model, as they stand in the file, as JSON."""
    return json.dumps({"metadata": _digest([metadata]), "description": _digest(descriptions)})


def check(saved: bytes | None, metadata: bytes, descriptions: Iterable[bytes], path: Path) -> None:
    """Hold the file to its checksums; files of older versions have none.

    Raises:
        ModelFileError: the metadata or the model's description changed after they were saved.
    """
    if saved is not None and saved != checksums(metadata, descriptions).encode("ascii"):
        raise ModelFileError(f"{path}: its metadata or description is not what was saved; restore it or train again")


def _digest(texts: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for text in texts:
        digest.update(len(text).to_bytes(8, "little"))
        digest.update(text)
    return f"sha256:{digest.hexdigest()}"
