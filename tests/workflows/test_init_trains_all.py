"""Whatever `init` writes, `train` takes: a run for every kind of source."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from mlpcli.workflows.init import init
from mlpcli.workflows.train import train

ROWS = [(row, (row * 7) % 13, "yn"[row % 2]) for row in range(40)]
LINES = "".join(f"{a},{b},{c}\n" for a, b, c in ROWS)


def _csv(content: str) -> Callable[[], str]:
    def write() -> str:
        Path("t.csv").write_text(content, encoding="utf-8")
        return "t.csv"

    return write


def _parquet() -> str:
    pq.write_table(pa.table({"a": [a for a, _, _ in ROWS], "c": [c for _, _, c in ROWS]}), "t.parquet")
    return "t.parquet"


def _npz() -> str:
    np.savez("t.npz", x=np.arange(80.0).reshape(40, 2), y=np.arange(40) % 2)
    return "t.npz"


def _idx() -> str:
    Path("numbers").mkdir()
    for half, rows in (("train", 40), ("t10k", 20)):
        images = bytes([0, 0, 8, 3]) + struct.pack(">3I", rows, 2, 3) + bytes(range(rows)) * 6
        labels = bytes([0, 0, 8, 1]) + struct.pack(">I", rows) + bytes(row % 10 for row in range(rows))
        Path(f"numbers/{half}-images-idx3-ubyte").write_bytes(images)
        Path(f"numbers/{half}-labels-idx1-ubyte").write_bytes(labels)
    return "numbers"


def _pictures(*folders: str) -> Callable[[], str]:
    def draw() -> str:
        for index in range(20):
            for folder in folders:
                Path(folder).mkdir(parents=True, exist_ok=True)
                Image.new("L", (3, 3), 12 * index).save(Path(folder) / f"{index}.png")
        return "photos"

    return draw


SOURCES: dict[str, Callable[[], str]] = {
    "a table": _csv("a,b,c\n" + LINES),
    "a table of numbers": _csv("0,1\n" + "".join(f"{a / 7:.4f},{b / 3:.4f}\n" for a, b, _ in ROWS)),
    "no header": _csv(LINES),
    "title and sums": _csv("통계\n\na,b,c\n" + LINES + "합계,780,240,\n".replace(",\n", "\n")),
    "comments": _csv("# of today\na,b,c\n" + LINES),
    "sep=": _csv("sep=;\n" + ("a,b,c\n" + LINES).replace(",", ";")),
    "blanks": _csv(("a,b,c\n" + LINES).replace(",", "  ")),
    "colons": _csv(("a,b,c\n" + LINES).replace(",", "::")),
    "parquet": _parquet,
    "npz": _npz,
    "idx": _idx,
    "class folders": _pictures("photos/a", "photos/b"),
    "parts": _pictures("photos/Train/a", "photos/Train/b", "photos/val/a", "photos/val/b", "photos/test"),
    "an archive": _pictures("photos/photos/a", "photos/photos/b", "photos/__MACOSX/photos"),
    "a built-in name": lambda: "iris",
    "a generated set": lambda: "moons",
    "own pictures called iris": lambda: Path(_pictures("iris/a", "iris/b")() and "iris").name,
}


@pytest.mark.parametrize("kind", SOURCES)
def test_what_init_writes_is_trained(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = init(SOURCES[kind]()).config
    assert config is not None
    quickly = ["training.epochs=1", "training.engine=numpy", "output.plots=[]"]
    assert train(config, quickly, tmp_path / "runs").metrics["epochs"] == 1
