"""Parts on disk, and a table that becomes some."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlpcli.config.sections import DataConfig
from mlpcli.data.dataset import Part, Source, Splits
from mlpcli.data.streaming import convert as memory
from mlpcli.data.streaming.disk_rows import DiskRows, RowRange
from mlpcli.data.streaming.load_streamed import load_streamed
from mlpcli.data.streaming.stored_table import RowsWriter

Load = Callable[..., tuple[Source, Splits]]


def write_rows(path: Path, values: np.ndarray) -> DiskRows:
    """The values, written in two batches."""
    writer = RowsWriter(path, values.shape[1:], values.dtype)
    half = len(values) // 2
    for batch in (values[:half], values[half:]):
        writer.append(batch)
    return writer.finish()


@pytest.fixture
def disk_part(tmp_path: Path) -> Callable[..., Any]:
    """`disk_part(x, y)` is a Part whose rows are in files."""

    def make(x: Any, y: Any, name: str = "part") -> Any:
        files = (write_rows(tmp_path / f"{name}-{key}.bin", np.asarray(rows)) for key, rows in (("x", x), ("y", y)))
        return Part(*files, RowRange(len(y)))  # type: ignore[arg-type, call-arg]

    return make


CITIES = ("서울", "부산, 해운대", '"대구"')


def _people(rows: int, first: int = 0, gaps: bool = True) -> str:
    """Row i: the number i, a city, an amount with gaps, a label that is a gap in every 50th row."""
    lines = ["번호,도시,amount,label"]
    for i in range(first, first + rows):
        city = CITIES[i * 7 % 3].replace('"', '""')
        amount = "" if gaps and i % 11 == 0 else f"{(i * 37 % 100) / 4}"
        label = "" if gaps and i % 50 == 49 else ("a", "b", "c")[i * 5 % 3]
        lines.append(f'{i},"{city}",{amount},{label}')
    return "\n".join(lines) + "\n"


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Loads people.csv of 500 rows in blocks of 64, or what is at `path`, with these settings."""
    monkeypatch.setenv("MLPCLI_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(memory, "MOST_BATCH_ROWS", 64)
    (tmp_path / "people.csv").write_text(_people(500), encoding="utf-8")

    def run(path: Path | None = None, seed: int = 777, stored: Any = None, watch: Any = None, **settings: Any) -> Any:
        source = path or tmp_path / "people.csv"
        given = {"target": "label", "streaming": "always", **settings}
        data = DataConfig(source=str(source), **given)  # type: ignore[arg-type]
        return load_streamed(source, data, seed, stored, watch or (lambda *_: None), "the reason")

    return run


@pytest.fixture
def people() -> Callable[..., str]:
    """`people(rows, first=0, gaps=True)` is the text of such a table."""
    return _people
