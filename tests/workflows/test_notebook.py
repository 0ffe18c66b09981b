"""Results and progress in a notebook, and the package as `help` and editors see it."""

from __future__ import annotations

import ast
import base64
import io
import pydoc
import re
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import mlpcli
from mlpcli.errors import RunDirectoryError, UserError
from mlpcli.training.progress import Silence
from mlpcli.workflows import notebook
from mlpcli.workflows.notebook import NotebookProgress, default_progress, html_text
from mlpcli.workflows.predict import PredictionResult
from mlpcli.workflows.trained_runs import HistoryTable

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
    kernel = types.SimpleNamespace(IPKernelApp=types.SimpleNamespace(initialized=lambda: True))
    monkeypatch.setitem(sys.modules, "ipykernel.kernelapp", kernel)
    return found


@pytest.mark.parametrize("modules", [(), ("ipykernel", "ipykernel.kernelapp")])
def test_elsewhere_nothing_is_shown(monkeypatch: pytest.MonkeyPatch, modules: tuple[str, ...]) -> None:
    """Neither in a plain process, nor where kernels are started from: there ipykernel is imported, and none runs."""
    for name in modules:
        idle = types.SimpleNamespace(IPKernelApp=types.SimpleNamespace(initialized=lambda: False))
        monkeypatch.setitem(sys.modules, name, idle)
    assert isinstance(default_progress(), Silence)


def test_a_cell_shows_one_bar_that_is_rewritten(handles: list[Handle], tmp_path: Path) -> None:
    result = mlpcli.train("digits", [*OVERRIDES, "output.plots=[]"], runs_dir=tmp_path)
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
    accuracy = run.evaluation["baseline"]["accuracy"] if run.evaluation else None
    name = html_text(f"test: {run.evaluation['baseline']['name']}" if run.evaluation else "")
    assert f"<td>{name}</td><td></td><td>{accuracy:.4f}</td>" in html
    assert [f"<li>{html_text(str(found))}</li>" in html for found in run.diagnoses()] == [True] * len(run.diagnoses())
    pictures = [Image.open(io.BytesIO(png)) for png in _pictures_in(html)]
    assert len(pictures) == len(run.pictures) >= 2
    assert all(picture.width <= 840 and picture.height <= 600 for picture in pictures)
    assert len(html) < 200_000
    assert repr(run).startswith(f"<TrainResult digits: test accuracy {scores['accuracy']:.4f}; baseline (always ")

    scored = mlpcli.evaluate(run.run)
    assert f"<td>accuracy</td><td>{scores['accuracy']:.4f}</td>" in scored._repr_html_()
    assert scored._repr_html_().count("<table>") == 3
    assert f"accuracy {scores['accuracy']:.4f}" in repr(scored)
    assert mlpcli.plot([run.run])._repr_html_().count("<img ") == 3

    compared = mlpcli.evaluate(run.run, baseline=True)
    accuracy = compared.evaluation["scikit_learn"][0]["scores"]["accuracy"]
    assert f"<td>scikit-learn&#x27;s LogisticRegression</td><td>{accuracy:.4f}</td>" in compared._repr_html_()


def _pictures_in(html: str) -> list[bytes]:
    return [base64.b64decode(content) for content in re.findall("base64,([A-Za-z0-9+/=]+)'", html)]


def test_a_run_has_a_history_and_curves(tmp_path: Path) -> None:
    run = mlpcli.train("digits", [*OVERRIDES, "output.plots=[]"], runs_dir=tmp_path)
    lines = (run.run / "history.csv").read_text(encoding="utf-8").splitlines()
    assert list(run.history) == lines[0].split(",")
    assert run.history["epoch"] == [1, 2]
    assert run.history["val_loss"] == [float(line.split(",")[5]) for line in lines[1:]]
    assert len(run.plot().figure.axes) == 2
    drawing = run.plot("accuracy", ylim=(0, 0.5), title="Mine")
    (axes,) = drawing.figure.axes
    assert axes.get_ylim() == (0, 0.5)
    assert repr(drawing) == "<Drawing Mine; .save(path) writes it, .figure is matplotlib's>"
    png, shown = drawing._repr_png_()
    assert shown == {"width": 432}  # six inches of 72 points
    assert Image.open(io.BytesIO(png)).width == 660
    drawing.save(tmp_path / "mine.svg")
    assert "<svg" in (tmp_path / "mine.svg").read_text(encoding="utf-8")
    with pytest.raises(UserError, match='metric "acuracy" is not in the history'):
        run.plot("acuracy")
    assert run.plot(only="confusion_matrix", theme="dark").figure.axes[0].collections  # the cells
    with pytest.raises(UserError, match='there is no picture "matrix"; choose from history, '):
        run.plot(only="matrix")
    with pytest.raises(UserError, match="only: leave it out with metric, ylim, "):
        run.plot("loss", only="confusion_matrix")
    with pytest.raises(RunDirectoryError, match=r"has no data for the picture fitted_curve .*; it needs a regression"):
        run.plot(only="fitted_curve")


def test_a_long_history_shows_both_ends_and_the_best_epoch() -> None:
    columns = {"epoch": [float(epoch) for epoch in range(1, 101)], "loss": [1 / epoch for epoch in range(1, 101)]}
    table = HistoryTable(columns, best=[49])
    shown = [line.split() for line in repr(table).splitlines()]
    ends = [*map(str, range(1, 9)), "...", "50", "...", *map(str, range(93, 101))]
    assert [line[0] for line in shown] == ["epoch", *ends]
    assert shown[10] == ["50", "*", "0.0200"]
    assert table._repr_html_().count("<tr>") == 20
    assert "<td>50 *</td><td>0.0200</td>" in table._repr_html_()
    assert dict(table) == columns
    assert repr(HistoryTable({})) == ""


def test_pandas_is_asked_only_where_it_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    table = HistoryTable({"epoch": [1.0], "loss": [0.5]})
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(UserError, match="pandas is not installed; install it with: pip install pandas"):
        table.to_pandas()
    fake: Any = types.ModuleType("pandas")
    fake.DataFrame = lambda columns: ("frame", columns)
    monkeypatch.setitem(sys.modules, "pandas", fake)
    assert table.to_pandas() == ("frame", {"epoch": [1.0], "loss": [0.5]})


def test_several_runs_are_below_each_other(tmp_path: Path) -> None:
    more = [*OVERRIDES, "output.plots=[]"]
    grid = mlpcli.train_grid("digits", ["model.activation=relu,tanh"], more, runs_dir=tmp_path)
    assert sorted(set(grid.history["run"])) == ["activation-relu", "activation-tanh"]
    assert grid.history["epoch"] == [1, 2, 1, 2]
    assert grid.comparison is not None
    assert grid.comparison.history["loss"] == grid.history["loss"]
    assert [len(axes.lines) >= 4 for axes in grid.plot().figure.axes] == [True, True]
    assert repr(grid.comparison).startswith("<Comparison of 2 runs: best by test accuracy: activation-")
    assert repr(grid).endswith(f"; runs: {tmp_path / 'digits'}>")
    assert grid._repr_html_().count("<table>") == 1
    seeds = mlpcli.train_seeds("digits", 2, more, runs_dir=tmp_path)
    first = seeds.summary["runs"][0]["seed"]
    assert seeds.history["seed"] == [first, first, first + 1, first + 1]
    assert seeds.plot("loss").figure.get_suptitle() == "digits: 2 seeds"


def test_a_bar_does_not_flood(handles: list[Handle], monkeypatch: pytest.MonkeyPatch) -> None:
    # All of it within a quarter of a second; in this module alone, since a server of the tests may wait by the clock.
    monkeypatch.setattr(notebook, "time", types.SimpleNamespace(monotonic=lambda: 100.0))
    progress = NotebookProgress()
    for number in range(30):
        progress.note(f"seed {number}")
    progress.start(1000, 10, 100)
    before = len(handles[0].shown)
    for epoch in range(1, 1001):
        progress.epoch({"epoch": epoch, "loss": 1 / epoch})
    assert len(handles[0].shown) == before
    progress.finish()
    (bar,) = handles
    assert len(bar.shown) == before + 1
    assert "epoch 1000/1000&ensp;loss 0.0010<br>seed 0<br>" in bar.shown[-1]
    assert "<br>seed 9<br>... 10 lines more ...<br>seed 20<br>" in bar.shown[-1]


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
    assert "-> 'TrainResult | FoldsResult'" in text


def test_the_stub_has_the_same_names() -> None:
    stub = ast.parse(Path(mlpcli.__file__).with_suffix(".pyi").read_text(encoding="utf-8"))
    names = [alias.asname for node in stub.body if isinstance(node, ast.ImportFrom) for alias in node.names]
    assert sorted([*filter(None, names), "__version__"]) == sorted(mlpcli.__all__)
    for name in names:
        assert callable(getattr(mlpcli, str(name)))
