"""Real raw data from file to answer: tables with gaps, folders of photos. The engine matters to none of it."""

from __future__ import annotations

import csv
import json
import tarfile
from pathlib import Path

import numpy as np
import pytest

import mlpcli

TABLE = """
name: {name}
seed: 5
data: {{source: {source}, target: {target}, exclude: {exclude}, test: 0.2, streaming: {streaming}}}
model: {{hidden_units: [32], kernel_initializer: he_normal}}
training: {{engine: {engine}, optimizer: adam, epochs: 25, batch_size: 16}}
output: {{plots: []}}
"""


def _config(folder: Path, **settings: str) -> Path:
    path = folder / "my.yaml"
    path.write_text(
        TABLE.format(**{"exclude": "[]", "streaming": "auto", "engine": "numpy", **settings}), encoding="utf-8"
    )
    return path


@pytest.mark.parametrize(
    ("name", "target", "exclude", "least"),
    [("titanic", "survived", "[alive]", 0.74), ("penguins", "species", "[]", 0.92)],
)
@pytest.mark.parametrize(
    ("streaming", "engine"),
    [("never", "numpy"), ("always", "numpy"), pytest.param("always", "auto", marks=pytest.mark.tf)],
)
def test_tables_with_gaps(
    shared_data: Path, tmp_path: Path, name: str, target: str, exclude: str, least: float, streaming: str, engine: str
) -> None:
    source = shared_data / "tabular" / f"{name}.csv"
    written = {"source": str(source), "target": target, "exclude": exclude, "streaming": streaming, "engine": engine}
    config = _config(tmp_path, name=name, **written)
    result = mlpcli.train(config, run_dir=tmp_path / "run")
    assert result.evaluation is not None
    assert result.evaluation["accuracy"] >= least
    again = mlpcli.evaluate(result.run)
    assert again.evaluation["accuracy"] == result.evaluation["accuracy"]
    assert again.evaluation["loss"] == pytest.approx(result.evaluation["loss"], rel=1e-5)
    assert again.notes == []


def test_a_leak_is_noticed(shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / "tabular" / "titanic.csv"
    config = _config(tmp_path, name="leak", source=str(source), target="survived")
    look = mlpcli.validate(config).look
    assert look is not None
    assert [finding.columns for finding in look.findings if finding.topic == "leak"] == [("alive",)]


def test_predicting_rows_is_evaluating_them(shared_data: Path, tmp_path: Path) -> None:
    """In another order of rows and columns, with more columns, from CSV and Parquet: the same answers."""
    source = shared_data / "tabular" / "penguins.csv"
    run = mlpcli.train(_config(tmp_path, name="p", source=str(source), target="species"), run_dir=tmp_path / "run").run
    with open(source, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    whole = mlpcli.predict(run, source)
    order = np.random.default_rng(0).permutation(len(rows))
    names = [*reversed(rows[0]), "note"]
    with open(tmp_path / "other.csv", "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows({**rows[index], "note": "=1+1"} for index in order)
    other = mlpcli.predict(run, tmp_path / "other.csv")
    np.testing.assert_allclose(other.outputs, whole.outputs[order], atol=1e-6)
    right = sum(found["label"] == row["species"] for found, row in zip(whole.predictions, rows, strict=True))
    scores = mlpcli.evaluate(run, data=source).evaluation
    assert scores["accuracy"] == pytest.approx(right / len(rows))


def test_a_number_in_its_own_units(shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / "tabular" / "penguins.csv"
    config = _config(tmp_path, name="mass", source=str(source), target="body_mass_g")
    overrides = ["data.target_scaling=standardize", "training.epochs=40"]
    result = mlpcli.train(config, overrides, run_dir=tmp_path / "run")
    assert result.evaluation is not None
    assert result.evaluation["mae"] < 0.5 * result.evaluation["baseline"]["mae"]
    predicted = mlpcli.predict(result.run, source).predictions[0]["value"]
    assert 2500 < predicted < 6500


def test_photos_from_class_folders(shared_data: Path, tmp_path: Path) -> None:
    """A slice of CIFAR-10: three classes, forty photos each, and the test folder beside them."""
    wanted = ("airplane", "frog", "truck")
    with tarfile.open(shared_data / "cifar10-jpg.tar.gz") as archive:
        for member in archive:
            parts = Path(member.name).parts
            if len(parts) == 4 and parts[2] in wanted and int(Path(parts[3]).stem) < 40:
                archive.extract(member, tmp_path, filter="data")
    config = tmp_path / "photos.yaml"
    config.write_text(
        "name: photos\nseed: 1\ndata: {source: cifar10-jpg}\nmodel: {hidden_units: [64]}\n"
        "training: {engine: numpy, optimizer: adam, epochs: 15, batch_size: 16}\noutput: {plots: []}\n",
        encoding="utf-8",
    )
    result = mlpcli.train(config, run_dir=tmp_path / "run")
    assert result.evaluation is not None
    assert result.evaluation["class_names"] == list(wanted)
    assert result.evaluation["rows"] == 120
    assert result.evaluation["accuracy"] > 0.5
    photos = mlpcli.predict(result.run, tmp_path / "cifar10-jpg" / "test" / "frog", top=2)
    assert len(photos.predictions) == 40
    scores = mlpcli.evaluate(result.run, data=tmp_path / "cifar10-jpg" / "test").evaluation
    frogs = next(row for row in scores["per_class"] if row["name"] == "frog")
    assert frogs["recall"] == pytest.approx(sum(row["label"] == "frog" for row in photos.predictions) / 40)
    metadata = json.loads((result.run / "metrics.json").read_text(encoding="utf-8"))
    assert metadata["rows"] == {"train": 96, "validation": 24, "test": 120}


def test_other_rows_may_be_written_in_another_way(tmp_path: Path) -> None:
    """Trained on a cp949 file with semicolons; scored on UTF-8 with commas."""
    lines = [
        "키;색;종",
        *(f"{number};{'빨강' if number % 2 else '파랑'};{'개' if number % 2 else '새'}" for number in range(60)),
    ]
    (tmp_path / "동물.csv").write_bytes("\n".join(lines).encode("cp949"))
    (tmp_path / "more.csv").write_text("\n".join(lines[:21]).replace(";", ","), encoding="utf-8")
    config = tmp_path / "my.yaml"
    config.write_text(
        "name: 동물\ndata: {source: 동물.csv, target: 종, separator: ';', encoding: cp949}\n"
        "model: {hidden_units: [8]}\n"
        "training: {engine: numpy, optimizer: {name: adam, learning_rate: 0.05}, epochs: 40}\noutput: {plots: []}\n",
        encoding="utf-8",
    )
    run = mlpcli.train(config, run_dir=tmp_path / "run").run
    assert mlpcli.evaluate(run, data=tmp_path / "more.csv").evaluation["rows"] == 20
    assert {row["label"] for row in mlpcli.predict(run, tmp_path / "more.csv").predictions} == {"개", "새"}


@pytest.mark.parametrize(("streaming", "written"), [("auto", "never"), ("always", "always")])
def test_the_config_of_a_run_says_how_rows_were_drawn(
    shared_data: Path, tmp_path: Path, streaming: str, written: str
) -> None:
    source = shared_data / "tabular" / "penguins.csv"
    config = _config(tmp_path, name="p", source=str(source), target="species", streaming=streaming)
    first = mlpcli.train(config, ["training.epochs=2"], run_dir=tmp_path / "run")
    assert f"streaming: {written}" in (first.run / "config.yaml").read_text(encoding="utf-8")
    again = mlpcli.train(first.run / "config.yaml", run_dir=tmp_path / "again")
    assert again.metrics["scores"] == first.metrics["scores"]
