"""`make notebook`: run docs/notebook.ipynb in a folder of its own, and store what its cells show."""

from __future__ import annotations

import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOK = ROOT / "docs" / "notebook.ipynb"
SECONDS = 120
"""For one cell, on a busy machine."""


def run_notebook(folder: Path) -> nbformat.NotebookNode:
    """The notebook with the outputs of a new kernel that works in `folder`; nothing is written elsewhere.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell raises, or takes too long.
    """
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    where = {"metadata": {"path": str(folder)}}
    return NotebookClient(notebook, timeout=SECONDS, resources=where, record_timing=False).execute()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        text = nbformat.writes(run_notebook(Path(folder)))
        for path, name in ((folder, "/home/me"), (ROOT, "/home/me/mlpcli")):
            text = text.replace(str(Path(path).resolve()), name)
        NOTEBOOK.write_text(text.rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
