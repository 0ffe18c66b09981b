"""docs/notebook.ipynb runs in a real kernel, and shows what is stored in it."""

from __future__ import annotations

import importlib.util
import json
from typing import Any

import pytest

from mlpcli.files import write_text
from tests.conftest import ROOT

nbformat = pytest.importorskip("nbformat", reason="nbclient is not installed; pip install -e '.[dev]'")
pytest.importorskip("nbclient", reason="nbclient is not installed; pip install -e '.[dev]'")

pytestmark = pytest.mark.outside

NOTEBOOK = ROOT / "docs" / "notebook.ipynb"


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """The cells with code as a new kernel ran them; the last one says whether TensorFlow was imported."""
    specification = importlib.util.spec_from_file_location("run_notebook", ROOT / "docs" / "run_notebook.py")
    assert specification is not None and specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    folder = tmp_path_factory.mktemp("notebook")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell("import sys\n'tensorflow' in sys.modules"))
    write_text(folder / "notebook.ipynb", nbformat.writes(notebook))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "NOTEBOOK", folder / "notebook.ipynb")
        patch.setenv("PYTHONPATH", str(ROOT))
        patch.setenv("MLPCLI_CACHE", str(folder / "cache"))
        run = module.run_notebook(folder)
    return [cell for cell in run.cells if cell.cell_type == "code"]


def _kinds(cell: Any) -> list[Any]:
    """What the outputs of a cell are, without what they say."""
    return [(output["output_type"], output.get("name"), sorted(output.get("data", {}))) for output in cell["outputs"]]


@pytest.mark.long
def test_it_shows_what_is_stored(cells: list[Any]) -> None:
    stored = [cell for cell in json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
    *ran, last = cells
    assert [_kinds(cell) for cell in ran] == [_kinds(cell) for cell in stored]
    assert last.outputs[0].data["text/plain"] == "False"
    assert NOTEBOOK.stat().st_size < 300_000
    assert "/tmp/" not in NOTEBOOK.read_text(encoding="utf-8")


def test_a_training_shows_one_line_and_its_card(cells: list[Any]) -> None:
    bar, card = next(cell for cell in cells if "mlpcli.train(" in cell.source).outputs
    assert bar.output_type == "display_data"
    assert bar.data["text/html"].count("<progress ") == 1
    assert "epoch 25/60" in bar.data["text/html"] or "/60&ensp;loss" in bar.data["text/html"]
    html = card.data["text/html"]
    assert "<td>test</td>" in html and "<td>test: always &quot;" in html and html.count("<img ") >= 2
    assert card.data["text/plain"].startswith("<TrainResult digits: test accuracy 0.9")


def test_curves_are_a_picture_and_the_history_a_table(cells: list[Any]) -> None:
    (picture,) = next(cell for cell in cells if "run.plot(" in cell.source).outputs
    assert picture.metadata["image/png"] == {"width": 432}
    (table,) = next(cell for cell in cells if cell.source == "run.history").outputs
    assert "<th>val_loss</th>" in table.data["text/html"] and "* the best epoch" in table.data["text/html"]
