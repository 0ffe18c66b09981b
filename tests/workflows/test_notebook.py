"""Results and progress in a notebook, and the package as `help` and editors see it."""

from __future__ import annotations

import ast
import base64
import pydoc
import re
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mlpcli
from mlpcli.training.progress import Silence
from mlpcli.workflows import notebook
from mlpcli.workflows.notebook import NotebookProgress, default_progress
from mlpcli.workflows.predict import PredictionResult

OVERRIDES = ["training.engine=numpy", "training.epochs=2", "data.limit=300"]


class Handle:
    """What IPython.display.display returns; keeps what was shown."""

    def __init__(self, first: str) -> None:
        self.shown = [first]

    def update(self, html: str) -> None:
        self.shown.append(html)


@pytest.fixture
def handles(monkeypatch: pytest.MonkeyPatch) -> list[Handle]:
    """The outputs of a cell, in a process that looks like a kernel."""
    found: list[Handle] = []

    def display(html: str, display_id: bool) -> Handle:
        assert display_id
        found.append(Handle(html))
        return found[-1]

    fake: Any = types.ModuleType("IPython.display")
    fake.HTML, fake.display = str, display
    monkeypatch.setitem(sys.modules, "IPython", types.ModuleType("IPython"))
    monkeypatch.setitem(sys.modules, "IPython.display", fake)
    monkeypatch.setitem(sys.modules, "ipykernel", types.ModuleType("ipykernel"))
    return found


def test_elsewhere_nothing_is_shown() -> None:
    assert isinstance(default_progress(), Silence)


def test_a_cell_shows_one_bar_that_is_rewritten(handles: list[Handle], tmp_path: Path) -> None:
    result = mlpcli.train("digits", OVERRIDES, runs_dir=tmp_path)
    (bar,) = handles
    last = bar.shown[-1]
    assert "<progress value='2' max='2'></progress> epoch 2/2" in last
    assert f"val_loss {result.metrics['scores']['validation']['loss']:.4f}" in last
    assert "note: digits: the recipe of that name" in last


def test_names_are_escaped_in_notes_and_tables(handles: list[Handle]) -> None:
    progress = NotebookProgress()
    progress.note("<script>\x1b[2J")
    assert handles[0].shown == ["<div>&lt;script&gt;\\x1b[2J</div>"]
    assert notebook.table(["<a>"], [["<b>&'\""]]) == (
        "<table><thead><tr><th>&lt;a&gt;</th></tr></thead>"
        "<tbody><tr><td>&lt;b&gt;&amp;&#x27;&quot;</td></tr></tbody></table>"
    )
    assert notebook.table(["a"], []) == ""


def test_results_show_scores_and_curves(tmp_path: Path) -> None:
    run = mlpcli.train("digits", OVERRIDES, runs_dir=tmp_path)
    html = run._repr_html_()
    scores = run.metrics["scores"]["test"]
    assert f"<td>test</td><td>{scores['loss']:.4f}</td><td>{scores['accuracy']:.4f}</td>" in html
    assert f"best epoch {run.metrics['best_epoch']} of 2 by val_loss; stopped: all 2 epochs were done" in html
    pictures = re.findall("base64,([A-Za-z0-9+/=]+)'", html)
    assert [base64.b64decode(picture) for picture in pictures] == [path.read_bytes() for path in run.pictures]
    assert len(pictures) == 2
    assert repr(run).startswith(f"<TrainResult digits: test accuracy {scores['accuracy']:.4f}; baseline (always ")

    scored = mlpcli.evaluate(run.run)
    assert f"<td>accuracy</td><td>{scores['accuracy']:.4f}</td>" in scored._repr_html_()
    assert scored._repr_html_().count("<table>") == 3
    assert f"accuracy {scores['accuracy']:.4f}" in repr(scored)
    assert mlpcli.plot([run.run])._repr_html_().count("<img ") == 2

    compared = mlpcli.evaluate(run.run, baseline=True)
    accuracy = compared.evaluation["scikit_learn"][0]["scores"]["accuracy"]
    assert f"<td>scikit-learn&#x27;s LogisticRegression</td><td>{accuracy:.4f}</td>" in compared._repr_html_()


def test_seeds_show_their_means(tmp_path: Path) -> None:
    seeds = mlpcli.train_seeds("digits", 2, [*OVERRIDES, "output.plots=[]"], runs_dir=tmp_path)
    mean = seeds.summary["scores"]["test"]["accuracy"]
    assert f"{mean['mean']:.4f} ± {mean['standard_deviation']:.4f}" in seeds._repr_html_()
    assert repr(seeds) == f"<SeedsResult digits: 2 seeds; runs: {tmp_path / 'digits'}>"


def test_many_predictions_are_cut() -> None:
    entries = [{"input": "x.csv", "row": row, "label": "<a>", "probability": 0.5} for row in range(25)]
    result = PredictionResult(Path("m.keras"), "m", "binary", entries, np.zeros((25, 1)))
    html = result._repr_html_()
    assert html.count("<tr>") == 1 + 20
    assert "<td>x.csv</td><td>0.0000</td>" not in html  # row numbers are no scores
    assert "<td>x.csv</td><td>19</td><td>&lt;a&gt;</td><td>0.5000</td>" in html
    assert html.endswith("<div>and 5 rows more, in .predictions</div></div>")
    assert repr(result) == "<PredictionResult m: 25 predictions; written: None>"


def test_a_picture_that_is_gone_is_named(tmp_path: Path) -> None:
    assert notebook.pictures([tmp_path / "x.png", Path("y.svg")]) == f"<div>{tmp_path / 'x.png'}</div><div>y.svg</div>"


def test_help_and_dir_know_the_functions() -> None:
    text = pydoc.plain(pydoc.render_doc(mlpcli))
    for name in ("train", "evaluate", "predict", "plot"):
        assert name in dir(mlpcli)
        assert re.search(rf"^    {name}\(", text, re.MULTILINE)
    assert "-> 'TrainResult'" in text


def test_the_stub_has_the_same_names() -> None:
    stub = ast.parse(Path(mlpcli.__file__).with_suffix(".pyi").read_text(encoding="utf-8"))
    names = [alias.asname for node in stub.body if isinstance(node, ast.ImportFrom) for alias in node.names]
    assert sorted([*filter(None, names), "__version__"]) == sorted(mlpcli.__all__)
    for name in names:
        assert callable(getattr(mlpcli, str(name)))
