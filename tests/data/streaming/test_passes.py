"""How often a streamed table is read: the file itself, and the encoded rows that are made of it."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from mlpcli.data.streaming import disk_rows
from mlpcli.data.streaming.disk_rows import DiskRows
from mlpcli.tables import parquet_reader
from mlpcli.tables.parquet_reader import ParquetPart
from mlpcli.workflows.evaluate import evaluate
from mlpcli.workflows.predict import predict
from mlpcli.workflows.train import train

ROWS, EPOCHS = 20_000, 3
PARTS = {"train": 0.64 * ROWS, "validation": 0.16 * ROWS, "test": 0.2 * ROWS}
CONFIG = """
name: passes
data: {source: points.parquet, target: y, validation: 0.2, test: 0.2, streaming: always}
model: {hidden_units: [4]}
training: {engine: numpy, epochs: 3, batch_size: 512, early_stopping: false}
output: {plots: []}
"""


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Rows that were read so far, of each file by its name; looks at a few first rows are made small."""
    counts: Counter[str] = Counter()
    blocks, disk_read = ParquetPart.blocks, DiskRows._read

    def counted(part: ParquetPart) -> Iterator[pa.Table]:
        for block in blocks(part):
            counts[part.path.name] += len(block)
            yield block

    def rows(own: DiskRows, start: int, stop: int) -> Any:
        counts[own.path.name] += stop - start
        return disk_read(own, start, stop)

    monkeypatch.setattr(ParquetPart, "blocks", counted)
    monkeypatch.setattr(DiskRows, "_read", rows)
    monkeypatch.setattr(parquet_reader, "ROWS_AT_ONCE", 500)
    monkeypatch.setattr(disk_rows, "MOST_BLOCK_ROWS", 256)
    monkeypatch.setattr(disk_rows, "BUFFER_BLOCKS", 4)
    monkeypatch.setattr("mlpcli.data.look.look_at.MOST_STREAMED_ROWS", 100)
    monkeypatch.setattr("mlpcli.scoring.mistakes.MOST_MISTAKES", 2)
    monkeypatch.setattr("mlpcli.workflows.run.MOST_CHECKED", 100)
    return counts


def _passes(read: Counter[str]) -> dict[str, int]:
    """Over the file and over the inputs of each part; less than half of one counts as none."""
    table = {"table": round(read["points.parquet"] / ROWS)}
    found = {**table, **{name: round(read[f"{name}-x.bin"] / rows) for name, rows in PARTS.items()}}
    read.clear()
    return {name: passes for name, passes in found.items() if passes}


def test_each_is_read_as_often_as_it_must_be(
    tmp_path: Path, read: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLPCLI_CACHE", str(tmp_path / "cache"))
    draws = np.random.default_rng(0).normal(size=(ROWS, 3))
    labels = np.where((draws**2).sum(axis=1) < 2.4, "in", "out")
    table = pa.table({"a": draws[:, 0], "b": draws[:, 1], "c": draws[:, 2], "y": labels})
    parquet.write_table(table, tmp_path / "points.parquet")
    config = tmp_path / "c.yaml"
    config.write_text(CONFIG, encoding="utf-8")
    # Look, fit and encode; then every epoch reads two parts, and one pass over each part gives all of its scores.
    trained = {"train": EPOCHS + 1, "validation": EPOCHS + 1, "test": 1}
    run = train(config, runs_dir=tmp_path / "runs").run
    assert _passes(read) == {"table": 3, **trained}
    train(config, runs_dir=tmp_path / "runs")
    assert _passes(read) == trained  # the encoded rows are there
    evaluate(run)
    assert _passes(read) == {"test": 1}
    evaluate(run, split="train", output=tmp_path / "scores")
    assert _passes(read) == {"train": 1}
    shutil.rmtree(tmp_path / "cache")
    evaluate(run)
    assert _passes(read) == {"table": 1, "test": 1}  # encoded again, as the model says
    monkeypatch.setattr("mlpcli.workflows.predict_inputs.KEPT_BYTES", 0)
    monkeypatch.setattr("mlpcli.workflows.input_batches.BATCH_ROWS", 1000)
    predict(run, [tmp_path / "points.parquet"], output=tmp_path / "answers.parquet")
    assert _passes(read) == {"table": 2}  # all rows are looked at before the first is answered
