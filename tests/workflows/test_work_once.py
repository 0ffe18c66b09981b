"""What costs time is done once, or not at all where it is not needed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mlpcli.config.load_config import load_config
from mlpcli.errors import ConfigError
from mlpcli.numpy_engine import initializers
from mlpcli.numpy_engine.inference import InferencePlan
from mlpcli.numpy_engine.network import Network
from mlpcli.tables import csv_reader
from mlpcli.tables.text_file import TextFile
from mlpcli.workflows.evaluate import evaluate
from mlpcli.workflows.init import init
from mlpcli.workflows.prepare import prepare
from mlpcli.workflows.validate import validate

CONFIG = """
name: {source}
data: {{source: {source}, validation: 0.2, test: 0.2}}
model: {{hidden_units: [4]}}
training: {{engine: numpy, epochs: 1}}
output: {{plots: []}}
"""


@pytest.mark.parametrize(("source", "rows"), [("iris", 30), ("diabetes", 88)])
def test_an_evaluation_runs_each_row_once(
    train_in: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, rows: int
) -> None:
    run = train_in(tmp_path, CONFIG.format(source=source))
    seen: list[int] = []
    logits = InferencePlan.logits
    monkeypatch.setattr(InferencePlan, "logits", lambda plan, x: seen.append(len(x)) or logits(plan, x))
    monkeypatch.setattr("mlpcli.numpy_engine.numpy_predictor.PREDICTION_BATCH", 16)
    found = evaluate(run.run)
    assert sum(seen) == rows
    assert seen == [16] * (rows // 16) + [rows % 16]
    scores = {"loss", "accuracy", "balanced_accuracy", "mae", "rmse", "r2"} & set(run.evaluation)
    for score in scores:  # training's, summed in one batch
        assert found.evaluation[score] == pytest.approx(run.evaluation[score], rel=1e-6)
    assert found.evaluation.get("confusion_matrix") == run.evaluation.get("confusion_matrix")


@pytest.mark.parametrize("target", [None, "kind", "size"], ids=["guessed", "classes", "a number"])
def test_init_reads_the_rows_of_a_table_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str | None
) -> None:
    table = tmp_path / "a.csv"
    table.write_text("size,kind\n" + "".join(f"{row}.5,{'abc'[row % 3]}\n" for row in range(60)), encoding="utf-8")
    passes: list[str] = []
    opened: list[str] = []
    blocks, open_bytes = csv_reader.csv_blocks, TextFile.open_bytes
    monkeypatch.setattr(csv_reader, "csv_blocks", lambda file, layout: passes.append(file.name) or blocks(file, layout))
    monkeypatch.setattr(TextFile, "open_bytes", lambda file: opened.append(file.name) or open_bytes(file))
    init(table, target, tmp_path / "a.yaml")
    assert passes == [str(table)]
    # For a byte order mark, the encoding, the beginning and the end, to see whether there are lines that are no rows;
    # then for mark, encoding, header and rows.
    assert opened == [str(table)] * 8


def _written(folder: Path, source: str, training: str) -> Path:
    path = folder / "config.yaml"
    path.write_text(f"name: a\ndata: {{source: {source}}}\nmodel: {{hidden_units: [4]}}\ntraining: {{{training}}}\n")
    return path


@pytest.mark.parametrize("source", ["iris", "mnist"])
def test_preparing_and_validating_build_no_network_and_draw_no_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    done: list[str] = []
    monkeypatch.setattr(Network, "__init__", lambda *args: done.append("built"))
    for name in initializers.INITIALIZERS:
        monkeypatch.setitem(initializers.INITIALIZERS, name, lambda *args, name=name: done.append(name))
    path = _written(tmp_path, source, "engine: numpy")
    assert validate(path).plan.trainable == {"iris": 4 * 4 + 4 + 4 * 3 + 3, "mnist": 784 * 4 + 4 + 4 * 10 + 10}[source]
    if source == "iris":
        assert prepare(load_config(path)).plan.trainable == 35
    assert done == []


def test_validate_refuses_what_the_numpy_engine_lacks_also_where_it_reads_no_rows(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"training\.engine: numpy does not support the optimizer nadam"):
        validate(_written(tmp_path, "mnist", "engine: numpy, optimizer: nadam"))
