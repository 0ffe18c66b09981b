"""A command opens a model file once, and everything that it needs comes out of that."""

from __future__ import annotations

import builtins
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from mlpcli.workflows.evaluate import evaluate
from mlpcli.workflows.gradcheck import gradcheck
from mlpcli.workflows.predict import predict
from mlpcli.workflows.summary import summary
from mlpcli.workflows.train import train

CONFIG = """
data: {source: iris}
model: {hidden_units: [4]}
training: {epochs: 1, engine: numpy}
output: {plots: []}
"""


@pytest.fixture(scope="module", params=["keras", "h5"])
def file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of iris, trained by NumPy."""
    folder = tmp_path_factory.mktemp("opened")
    (folder / "iris.yaml").write_text(CONFIG, encoding="utf-8")
    overrides = [f"output.model=model.{request.param}"]
    run = train(folder / "iris.yaml", overrides, runs_dir=folder / "runs")
    assert run.model is not None
    return run.model


@pytest.fixture
def opens(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often a path was opened, by Python, zipfile or h5py; what they are given open is no path."""
    counted: Counter[str] = Counter()

    def counting(opener: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            first = next((one for one in arguments[:2] if isinstance(one, (str, Path))), None)
            counted[str(first)] += first is not None
            return opener(*arguments, **named)

        return call

    monkeypatch.setattr(builtins, "open", counting(builtins.open))
    monkeypatch.setattr(zipfile.ZipFile, "__init__", counting(zipfile.ZipFile.__init__))
    monkeypatch.setattr(h5py.File, "__init__", counting(h5py.File.__init__))
    return counted


@pytest.mark.parametrize(
    "command",
    [
        lambda file: predict(file, np.ones((1, 4)), engine="numpy"),
        lambda file: evaluate(file, engine="numpy"),
        lambda file: evaluate(file, data="iris", engine="numpy"),
        lambda file: gradcheck(file, engine="numpy", rows=2, entries=1),
        summary,
    ],
    ids=["predict", "evaluate", "evaluate --data", "gradcheck", "summary"],
)
def test_a_command_opens_the_file_once(file: Path, opens: Counter[str], command: Callable[[Path], Any]) -> None:
    command(file)
    assert opens[str(file)] == 1
