"""split.npz: which rows went where, as indices into the source's rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from mlpcli.artifacts.files import replace_file


class _Splits(Protocol):
    @property
    def train(self) -> Any: ...
    @property
    def validation(self) -> Any: ...
    @property
    def test(self) -> Any: ...


def write_split(path: Path, splits: _Splits) -> None:
    """Write the indices of each part; a part that is not there has none."""
    import numpy as np

    parts = {"train": splits.train, "validation": splits.validation, "test": splits.test}
    indices = {name: part.indices for name, part in parts.items() if part is not None}
    replace_file(path, lambda temporary: np.savez_compressed(temporary, **indices))
