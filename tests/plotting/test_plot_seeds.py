"""`plot` of a folder of seeds: all of them in one picture, in that folder."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mlpcli.errors import RunDirectoryError, UserError
from mlpcli.plotting import style
from mlpcli.runs.directory import SEEDS, write_seeds
from mlpcli.workflows.plot import plot


def _seed(folder: Path, seed: int, epochs: int = 2, rate: float = 0.1) -> None:
    run = folder / f"seed-{seed}"
    run.mkdir(parents=True)
    write_seeds(folder, {})
    rows = "".join(f"{epoch},0.1,{rate},{2 / epoch},{2.1 / epoch}\n" for epoch in range(1, epochs + 1))
    (run / "history.csv").write_text(f"epoch,seconds,learning_rate,loss,val_loss\n{rows}", encoding="utf-8")
    text = f"name: 숫자\nseed: {seed}\ntraining:\n  optimizer: {{name: sgd, learning_rate: {rate}}}\n"
    (run / "config.yaml").write_text(text, encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for seed in (9, 10, 11):
        _seed(tmp_path / "a", seed)
    return tmp_path / "a"


def _pictures(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_file() and path.name != SEEDS)


def test_into_the_folder_itself(folder: Path) -> None:
    assert plot([folder]).paths == [folder / "history.png"]
    assert plot([folder], format="svg", metric="val_loss").paths == [folder / "val_loss.svg"]
    output = folder.parent / "all.pdf"
    assert plot([folder], output).paths == [output]
    assert _pictures(folder) == ["history.png", "val_loss.svg"]


def test_labels_and_title(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figures = []
    monkeypatch.setattr(style, "save_figure", lambda figure, path: figures.append(figure))
    (folder / "seed-12").mkdir()  # has begun, and has no epoch yet
    plot([folder])
    labels = [text.get_text() for text in figures[0].legends[0].get_texts()]
    assert labels == ["seed=9", "seed=10", "seed=11", "training", "validation"]
    assert figures[0].get_suptitle() == "숫자: 3 seeds"


def test_one_seed_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figures = []
    monkeypatch.setattr(style, "save_figure", lambda figure, path: figures.append(figure))
    _seed(tmp_path / "a", 9)
    plot([tmp_path / "a"])
    assert figures[0].get_suptitle() == "숫자: 1 seed"


def test_two_folders_lay_all_their_seeds_over_each_other(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    _seed(tmp_path / "b", 9, rate=0.2)
    assert plot([folder, tmp_path / "b"]).paths == [Path("comparison.png")]
    assert _pictures(folder) == []


def test_before_the_first_epoch_and_a_metric_that_none_has(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "b" / "seed-1").mkdir(parents=True)
    write_seeds(tmp_path / "b", {})
    message = f"{tmp_path / 'b'}: none of its seeds has finished an epoch; plot again after the first"
    with pytest.raises(RunDirectoryError, match=re.escape(message)):
        plot([tmp_path / "b"])
    with pytest.raises(UserError, match="accuracy"):
        plot([folder], metric="accuracy")
