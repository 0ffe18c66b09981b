"""One table written plainly and in dress: init, validate, train and predict read the same numbers from both."""

from __future__ import annotations

import csv
import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlpcli.runs.history import read_history
from mlpcli.workflows.init import init
from mlpcli.workflows.predict import predict
from mlpcli.workflows.train import train
from mlpcli.workflows.validate import validate

ROWS = 60
Write = Callable[[float], str]


def _german(value: float) -> str:
    return f"{value:,.2f}".translate(str.maketrans(",.", ".,"))


NUMBERS: dict[str, Write] = {
    "a unit": lambda value: f"{value:.2f} kmpl",
    "a currency and thousands": lambda value: f"-${-value:,.2f}" if value < 0 else f"${value:,.2f}",
    "won in full width": lambda value: f"{value:.2f}".translate({ord(str(n)): 0xFF10 + n for n in range(10)}),
    "a decimal comma": _german,
    "percent": lambda value: f"{value:.2f}%",
    "negatives in brackets": lambda value: f"({-value:.2f})" if value < 0 else f"{value:.2f}",
    "a minus behind": lambda value: f"{-value:.2f}-" if value < 0 else f"{value:.2f}",
    "another minus": lambda value: f"{value:.2f}".replace("-", "\u2212"),
}
DATES = {
    "오전/오후": "%Y. %m. %d. {half} %I:%M",
    "day first": "%d/%m/%Y %H:%M",
    "month first": "%m/%d/%Y %I:%M %p",
    "a month by name": "%d-%b-%Y %H:%M",
    "UTC": "%Y-%m-%dT%H:%M:00Z",
}


def _rows() -> list[tuple[float, datetime.datetime, str, float]]:
    """A number of both signs, a moment, a category and a target, from one generator."""
    random = np.random.default_rng(12)
    found = []
    for amount, minutes, word, noise in zip(
        random.normal(900, 1400, ROWS).round(2), random.integers(0, 1_000_000, ROWS),
        random.choice(["강남", "종로", "None"], ROWS), random.normal(0, 5, ROWS), strict=True,
    ):  # fmt: skip
        moment = datetime.datetime(2023, 1, 31, 13, 45) + datetime.timedelta(minutes=int(minutes))
        found.append((float(amount), moment, str(word), round(float(amount) / 50 + float(noise), 3)))
    return found


def _write(path: Path, number: Write, moment: str, target: Write) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["amount", "date", "district", "y"])
        for amount, when, word, y in _rows():
            half = "오전" if when.hour < 12 else "오후"
            writer.writerow([number(amount), when.strftime(moment).format(half=half), word, target(y)])


def _from_file_to_answers(folder: Path, name: str) -> tuple[dict[str, Any], dict[str, list[float]], Any]:
    """What validate says of the columns, the history without seconds, and the answers for the same file."""
    config = folder / f"{name}.yaml"
    init(folder / f"{name}.csv", target="y", output=config)
    looked = validate(config)
    overrides = ["training.engine=numpy", "training.epochs=3", "output.plots=[]", "name=run"]
    run = train(config, overrides, runs_dir=folder / name)
    history = read_history(run.run / "history.csv")
    history.pop("seconds")
    answers = predict(run.run, [folder / f"{name}.csv"]).outputs
    return {"rows": looked.facts.train_rows, "columns": looked.facts.feature_names}, history, answers


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("plain")
    _write(folder / "plain.csv", lambda value: f"{value:.2f}", "%Y-%m-%d %H:%M", lambda value: f"{value:.3f}")
    return _from_file_to_answers(folder, "plain")


@pytest.mark.parametrize("dress", NUMBERS)
def test_numbers(dress: str, plain: Any, tmp_path: Path) -> None:
    _write(tmp_path / "dressed.csv", NUMBERS[dress], "%Y-%m-%d %H:%M", lambda value: f"{value:.3f}")
    _same(_from_file_to_answers(tmp_path, "dressed"), plain)


@pytest.mark.parametrize("form", DATES)
def test_dates(form: str, plain: Any, tmp_path: Path) -> None:
    _write(tmp_path / "dressed.csv", lambda value: f"{value:.2f}", DATES[form], lambda value: f"{value:.3f}")
    _same(_from_file_to_answers(tmp_path, "dressed"), plain)


@pytest.mark.parametrize("target", [lambda value: f"{value:.3f} kg", lambda value: f"{value:.3f}".replace(".", ",")])
def test_targets(target: Write, plain: Any, tmp_path: Path) -> None:
    _write(tmp_path / "dressed.csv", lambda value: f"{value:.2f}", "%Y-%m-%d %H:%M", target)
    _same(_from_file_to_answers(tmp_path, "dressed"), plain)


def _same(found: Any, expected: Any) -> None:
    assert found[:2] == expected[:2]
    np.testing.assert_array_equal(found[2], expected[2])
