"""Whatever `init` writes, `train` takes: a run for every kind of source."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from mlpcli.workflows.init import init
from mlpcli.workflows.starter_data import PRESETS
from mlpcli.workflows.train import train
from mlpcli.workflows.validate import validate
from tests.workbook_parts import write_workbook

Make = Callable[[], str]
ROWS = [(row, (row * 7) % 13, "yn"[row % 2]) for row in range(40)]
LINES = "".join(f"{a},{b},{c}\n" for a, b, c in ROWS)


def _csv(content: str, name: str = "t.csv") -> Make:
    def write() -> str:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        packed = gzip.compress(content.encode()) if name.endswith(".gz") else content.encode()
        Path(name).write_bytes(packed)
        return name

    return write


def _several(source: str, *names: str) -> Make:
    def write() -> str:
        for name in names:
            _csv("a,b,c\n" + LINES, name)()
        return source

    return write


def _parquet() -> str:
    pq.write_table(pa.table({"a": [a for a, _, _ in ROWS], "c": [c for _, _, c in ROWS]}), "t.parquet")
    return "t.parquet"


def _xlsx() -> str:
    pytest.importorskip("python_calamine")
    write_workbook(Path("t.xlsx"), {"t": [("a", "b", "c"), *ROWS]})
    return "t.xlsx"


def _npz(**arrays: Any) -> Make:
    def write() -> str:
        np.savez("t.npz", **arrays)
        return "t.npz"

    return write


def _idx(end: str = "") -> Make:
    def write() -> str:
        Path("numbers").mkdir()
        for half, rows in (("train", 40), ("t10k", 20)):
            images = bytes([0, 0, 8, 3]) + struct.pack(">3I", rows, 2, 3) + bytes(range(rows)) * 6
            labels = bytes([0, 0, 8, 1]) + struct.pack(">I", rows) + bytes(row % 10 for row in range(rows))
            for what, content in (("images-idx3", images), ("labels-idx1", labels)):
                packed = gzip.compress(content) if end else content
                Path(f"numbers/{half}-{what}-ubyte{end}").write_bytes(packed)
        return "numbers"

    return write


def _pictures(*folders: str, empty: str = "") -> Make:
    def draw() -> str:
        for index in range(20):
            for folder in folders:
                Path(folder).mkdir(parents=True, exist_ok=True)
                Image.new("L", (3, 3), 12 * index).save(Path(folder) / f"{index}.png")
        if empty:
            Path(empty).mkdir()
        return "photos"

    return draw


X = np.arange(80.0).reshape(40, 2)
Y = np.arange(40) % 3
SOURCES: dict[str, Make] = {
    "a table": _csv("a,b,c\n" + LINES),
    "a table of numbers": _csv("0,1\n" + "".join(f"{a / 7:.4f},{b / 3:.4f}\n" for a, b, _ in ROWS)),
    "no header": _csv(LINES),
    "title and sums": _csv("통계\n\na,b,c\n" + LINES + "합계,780,240\n"),
    "comments": _csv("# of today\na,b,c\n" + LINES),
    "sep=": _csv("sep=;\n" + ("a,b,c\n" + LINES).replace(",", ";")),
    "semicolons": _csv(("a,b,c\n" + LINES).replace(",", ";")),
    "tabs": _csv(("a,b,c\n" + LINES).replace(",", "\t"), "t.tsv"),
    "blanks": _csv(("a,b,c\n" + LINES).replace(",", "  ")),
    "colons": _csv(("a,b,c\n" + LINES).replace(",", "::")),
    "packed": _csv("a,b,c\n" + LINES, "t.csv.gz"),
    "two rows": _csv("a,b\n1,x\n2,y\n"),
    "one row of a class": _csv("a,b\n" + "".join(f"{row},{'x' if row else 'y'}\n" for row in range(12))),
    "a few numbers": _csv("a,b\n" + "".join(f"{row},{1.5 * row}\n" for row in range(5))),
    "a glob": _several("m*.csv", "m1.csv", "m2.csv"),
    "a folder of tables": _several("months", "months/1.csv", "months/2.csv"),
    "folders of the form key=value": _several("years", "years/year=2023/t.csv", "years/year=2024/t.csv"),
    "parquet": _parquet,
    "xlsx": _xlsx,
    "npz": _npz(x=X, y=Y),
    "npz with a test part": _npz(x_train=X, y_train=Y, x_test=X[:9] + 0.5, y_test=Y[:9]),
    "npz of float labels": _npz(x=X, y=Y.astype(float)),
    "npz of labels in a column": _npz(x=X, y=Y.astype(float)[:, None]),
    "npz of texts": _npz(x=X, y=np.array(["u", "v", "w"])[Y]),
    "npz of amounts": _npz(x=X, y=X[:, 0] / 7),
    "npz of two targets": _npz(x=X, y=X / 7),
    "npz of pictures": _npz(x=np.arange(640, dtype=np.uint16).astype(np.uint8).reshape(40, 4, 4), y=Y),
    "idx": _idx(),
    "idx, packed": _idx(".gz"),
    "class folders": _pictures("photos/a", "photos/b"),
    "parts": _pictures("photos/Train/a", "photos/Train/b", "photos/val/a", "photos/val/b", "photos/test"),
    "Training and Testing": _pictures("photos/Training/a", "photos/Training/b", "photos/Testing/b"),
    "an archive": _pictures("photos/photos/a", "photos/photos/b", "photos/__MACOSX/photos"),
    "an empty folder": _pictures("photos/a", "photos/b", empty="photos/new folder"),
    "pictures beside the parts": _pictures("photos/train/a", "photos/train/b", "photos/more"),
    "own pictures called iris": lambda: Path(_pictures("iris/a", "iris/b")() and "iris").name,
    **{f"built-in {name}": (lambda name=name: name) for name in ("iris", "diabetes")},
    **{f"generated {name}": (lambda name=name: name) for name in ("height_weight", "animals", "moons", "blobs")},
}


READ_ALIKE = {
    *("comments", "sep=", "semicolons", "tabs", "blanks", "colons", "packed", "a glob", "xlsx", "idx, packed"),
    *("folders of the form key=value", "an archive", "Training and Testing"),
}
"""Once they are read they are what another of the sources is, and a preset asks for nothing else."""

QUICKLY = ("training.epochs=1", "training.engine=numpy", "output.plots=[]")


@pytest.mark.parametrize("kind", SOURCES)
def test_what_init_writes_is_trained(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = init(SOURCES[kind]()).config
    assert config is not None
    assert validate(config).facts.train_rows >= 2
    assert train(config, QUICKLY, tmp_path / "runs").metrics["epochs"] == 1


@pytest.mark.parametrize("kind", [kind for kind in SOURCES if kind not in READ_ALIKE])
def test_every_preset_is_trained(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures and lines get what fast writes; best is strong with more members."""
    monkeypatch.chdir(tmp_path)
    source = SOURCES[kind]()
    fast, strong, best = (init(source, output=Path(f"{name}.yaml"), preset=name) for name in PRESETS)
    assert fast.config is not None
    assert strong.config is not None
    lines = strong.text.splitlines()[4:]
    if "hidden_units: [128, 128]" not in strong.text:
        assert lines == fast.text.splitlines()[4:] == best.text.splitlines()[4:]
        assert strong.notes[-1].startswith("preset strong: is ")
        return
    assert [line.replace("members: 8 ", "members: 4 ") for line in best.text.splitlines()[4:]] == lines
    for name in PRESETS:
        assert validate(Path(f"{name}.yaml")).facts.train_rows >= 2
    assert train(strong.config, QUICKLY, tmp_path / "runs").metrics["epochs"] == 1


@pytest.mark.tf
def test_the_best_preset_is_trained_by_keras(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = init(SOURCES["a table"](), preset="best").config
    assert config is not None
    trained = train(config, ["training.epochs=1", "output.plots=[]"], tmp_path / "runs")
    assert trained.model is not None
    assert trained.evaluation is not None


def test_what_init_writes_for_a_downloaded_set_is_trained(
    stand_in_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLPCLI_DATA", str(stand_in_data))
    for name, rows in (("mnist", 240), ("cifar10", 240)):
        config = init(name).config
        assert config is not None
        assert validate(config).facts.train_rows == rows
        quickly = ["training.epochs=1", "training.engine=numpy", "output.plots=[]", "model.hidden_units=[4]"]
        assert train(config, quickly, tmp_path / "runs").metrics["epochs"] == 1
