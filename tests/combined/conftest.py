"""Runs of several seeds on one small table, trained in this process by NumPy, and the file that averages them."""

from __future__ import annotations

from pathlib import Path

import pytest

import mlpcli

PEOPLE = """
name: 사람들
data: {source: rows.csv, target: 답, test: 0.5, validation: 0.2, types: {port: category}}
model: {hidden_units: [5], batch_normalization: true, dropout: 0.1, kernel_regularizer: l2}
training: {engine: numpy, epochs: 2, batch_size: 16, early_stopping: false}
output: {plots: []}
"""


def _rows() -> str:
    lines = ["나이,port,weight,답"]
    for n in range(60):
        age = "" if n % 7 == 3 else str(20 + 37 * n % 41)
        lines.append(f"{age},{'SSSCQ'[n % 5] if n else 'X'},{50.5 + n},{('아니요', '예')[(n * n) % 3 == 1]}")
    return "\n".join(lines) + "\n"


NEW = "나이,port,weight\n,S,70\n31.5,Z,1e6\n44,,\n"
"""Rows with gaps where training had some and had none, and a category that nobody has seen."""


@pytest.fixture(scope="session")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with rows.csv, new.csv, my.yaml and three seeds in runs/people."""
    folder = tmp_path_factory.mktemp("people")
    (folder / "rows.csv").write_text(_rows(), encoding="utf-8")
    (folder / "new.csv").write_text(NEW, encoding="utf-8")
    (folder / "my.yaml").write_text(PEOPLE, encoding="utf-8")
    mlpcli.train_seeds(folder / "my.yaml", 3, run_dir=folder / "people", resend_signals=False)
    return folder


@pytest.fixture(scope="session")
def seeds(people: Path) -> list[Path]:
    """The run directories."""
    return sorted(people.glob("people/seed-*"))


@pytest.fixture(scope="session", params=["keras", "h5"])
def best(people: Path, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """The file that averages the three; made again where a worker comes back to a kind that it has left."""
    folder = tmp_path_factory.mktemp("combined")
    return mlpcli.combine(people / "people", folder / f"best.{request.param}").model
