"""split.npz: which rows went where, as indices into the source's rows.

"train", "validation" and "test" are int64 indices. Parts that were streamed from disk have no indices, as there may be
more of them than fit into memory; "train_rows" and so on then hold how many rows each has.
"""

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
    """Write the indices of each part, or the number of its rows; of a part that is not there, nothing."""
    import numpy as np

    parts = {"train": splits.train, "validation": splits.validation, "test": splits.test}
    known: dict[str, Any] = {}
    for name, part in parts.items():
        if part is not None and isinstance(part.indices, np.ndarray):
            known[name] = part.indices
        elif part is not None:
            known[f"{name}_rows"] = np.int64(len(part.indices))
    replace_file(path, lambda temporary: np.savez_compressed(temporary, **known))
