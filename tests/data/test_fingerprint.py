"""The fingerprint changes with the data, and with nothing else."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pytest

from mlpcli import arrays
from mlpcli.data.dataset import Rows, Source
from mlpcli.data.facts import fingerprint

X = np.array([[1, 2], [3, 4], [5, 6]], np.float32)
SOURCE = Source("s", "table", Rows(X, np.array([0, 1, 0])), None, ("가", "나"), None, None)


def test_worked_by_hand() -> None:
    digest = hashlib.sha256(b"<f4(3, 2);")
    digest.update(bytes.fromhex("0000803f 00000040 00004040 00008040 0000a040 0000c040"))
    digest.update(b"<i8(3,);" + bytes(8) + b"\1" + bytes(7) + bytes(8))
    digest.update("('가', '나')".encode())
    assert fingerprint(SOURCE) == f"sha256:{digest.hexdigest()}"


@pytest.mark.parametrize("chunk", [8, 16, 1 << 23])
@pytest.mark.parametrize("x", [X.astype(">f4"), np.asfortranarray(X), np.repeat(X, 2, axis=0)[::2]])
def test_the_layout_in_memory_does_not_matter(monkeypatch: pytest.MonkeyPatch, x: np.ndarray, chunk: int) -> None:
    expected = fingerprint(SOURCE)
    monkeypatch.setattr(arrays, "CHUNK_BYTES", chunk)
    assert fingerprint(replace(SOURCE, train=Rows(x, SOURCE.train.y))) == expected


CHANGED = {
    "a value": replace(SOURCE, train=Rows(X + np.eye(3, 2, dtype=np.float32), SOURCE.train.y)),
    "a label": replace(SOURCE, train=Rows(X, np.array([0, 1, 1]))),
    "the shape": replace(SOURCE, train=Rows(X.reshape(2, 3), SOURCE.train.y)),
    "the type": replace(SOURCE, train=Rows(X.view(np.int32), SOURCE.train.y)),
    "a class name": replace(SOURCE, class_names=("가", "다")),
    "a test set": replace(SOURCE, test=SOURCE.train),
}


@pytest.mark.parametrize("changed", CHANGED.values(), ids=CHANGED)
def test_what_it_notices(changed: Source) -> None:
    assert fingerprint(changed) != fingerprint(SOURCE)


def test_the_name_does_not_matter() -> None:
    assert fingerprint(replace(SOURCE, name="other")) == fingerprint(SOURCE)
