"""`mlpcli export`: a model as a file of another format, checked before it is saved."""

from __future__ import annotations

import keyword
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlpcli.errors import UserError
from mlpcli.files import check_folder
from mlpcli.text import did_you_mean, listed, plural

if TYPE_CHECKING:
    from mlpcli.exporters.checked import Sample
    from mlpcli.exporters.formats import Format, Rows
    from mlpcli.modelfile.saved_model import SavedModel


@dataclass(frozen=True, repr=False)
class ExportResult:
    """The files, and how they were checked.

    path: the file to give to others; files: all of them, and folders. takes: what a row must look like. rows: what the
    check was run on, in words. difference: the largest between the outputs of the file and of the run. runtime: what
    ran the file.
    """

    name: str
    format: str
    path: Path
    files: list[Path]
    takes: str
    rows: str
    difference: float
    runtime: str

    @property
    def checked(self) -> str:
        """The check, as a sentence."""
        return f"{self.rows}, run by {self.runtime}: at most {self.difference:.1e} from the run's own outputs"

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.path}: {self.checked}>"


def export(model_or_run: str | Path, to: str, output: str | Path | None = None, force: bool = False) -> ExportResult:
    """Write a model as a file of another format, after comparing its outputs with the model's own on 1,000 rows.

    Args:
        model_or_run: a model file, or a run directory.
        to: onnx, litert, savedmodel, numpy or keras.
        output: the file (a folder for savedmodel); by default the model's name with the format's ending, in the current
            folder.
        force: replace an existing file.

    Raises:
        UserError: an unknown format, an output that exists or has another ending, a package that is not installed, or a
            network that the format cannot hold.
        ModelFileError, RunDirectoryError: the model cannot be used.
        OutputError: the file cannot be written, or gives other outputs than the model; nothing is left of it.
    """
    from mlpcli.exporters.checked import export_checked
    from mlpcli.exporters.formats import FORMATS
    from mlpcli.modelfile.saved_model import open_model
    from mlpcli.workflows.export_rows import rows_to_check

    if to not in FORMATS:
        raise UserError(f'--to: unknown format "{to}"; choose from {", ".join(FORMATS)}{did_you_mean(to, FORMATS)}')
    form = FORMATS[to]
    saved = open_model(model_or_run)
    ending = form.endings[0] if to != "keras" else OTHER_KIND[saved.kind]
    path = Path(_file_name(saved, to) + ending) if output is None else Path(output).expanduser()
    if not form.folder and path.suffix != ending:
        found = f"--to keras of a {'.' + saved.kind}" if to == "keras" else f"--to {to}"
        raise UserError(f"{path}: {found} makes a file that ends with {ending}; give it such a name")
    _check_output(path, to, form, force)
    exporter = form.exporter()
    exporter.runtime()  # raises now where its package is missing
    rows, words = rows_to_check(saved)
    done = export_checked(saved, exporter, path, [_sample(saved, some) for some in rows])
    takes = _takes(saved, to, form)
    return ExportResult(saved.card.name, to, path, done.files, takes, words, done.difference, exporter.runtime())


OTHER_KIND = {"keras": ".h5", "h5": ".keras"}


def _file_name(saved: SavedModel, to: str) -> str:
    """The model's name as that of a file."""
    from mlpcli.runs.directory import folder_name

    name = folder_name(re.sub(r"[^\w. -]", "_", saved.card.name).strip(" .-") or "model")
    if to != "numpy":
        return name
    name = re.sub(r"\W", "_", name)
    name = f"_{name}" if name[0].isdigit() else name
    return name if _is_importable(name) else f"{name}_"


def _is_importable(name: str) -> bool:
    """Whether Python can import a file of this name, and finds no such file where it means a module of its own."""
    return name.isidentifier() and not keyword.iskeyword(name) and name not in {*sys.stdlib_module_names, "numpy"}


def _check_output(path: Path, to: str, form: Format, force: bool) -> None:
    """Refuse a place where nothing can be written, or nothing should be.

    Raises:
        UserError: naming the path and what to do.
    """
    from mlpcli.workflows.combine import check_outside_runs

    check_folder(path.parent)
    if to == "numpy" and not _is_importable(path.stem):
        raise UserError(
            f"{path}: Python could not import it by this name; use letters, digits and _, no digit first, and no name"
            " of Python's own (class, random) or numpy"
        )
    check_outside_runs(path)
    for file in [path, path.with_suffix(".npz")] if to == "numpy" else [path]:
        _check_free(file, form.folder, force)


def _check_free(path: Path, folder: bool, force: bool) -> None:
    from mlpcli.exporters.saved_model import MARK

    if not (path.exists() or path.is_symlink()):
        return
    if path.is_dir() and not (folder and (path / MARK).is_file()):
        other = " without a SavedModel" if folder else ""
        raise UserError(f"{path}: is a folder{other}; choose another name with --output")
    if not path.is_dir() and folder:
        raise UserError(f"{path}: is a file, and --to savedmodel writes a folder; choose another name with --output")
    if not force:
        raise UserError(f"{path}: already exists; choose another name with --output, or replace it with --force")


def _sample(saved: SavedModel, rows: Rows) -> Sample:
    """Rows with the run's own outputs."""
    import numpy as np

    from mlpcli.data.dataset import Part
    from mlpcli.exporters.checked import Sample
    from mlpcli.scoring.predictor import load_predictor

    everything = Part(rows.x, np.zeros(len(rows), np.int64), np.arange(len(rows)))
    return Sample(rows, load_predictor(saved, rows=len(rows)).predict(everything))


def _takes(saved: SavedModel, to: str, form: Format) -> str:
    """What a row must look like, in words."""
    preprocessing, shape = saved.card.data.preprocessing, saved.input_shape
    if to == "keras" and saved.left_out:
        return f"the same rows as {saved.path.name}, whose first layers stay out of the file (output.input)"
    if preprocessing is not None and form.preprocesses:
        columns = preprocessing.source_names
        return f"{plural(len(columns), 'column', 'columns')} as they are in the table: {listed(columns)}"
    if preprocessing is not None:
        return f"{shape[0]:,} numbers a row, encoded as mlpcli predict --save-input writes them"
    size = "x".join(map(str, shape))
    pixels = saved.card.data.pixel_max
    return f"{size} raw values a row" + (f", from 0 to {pixels:g}" if pixels is not None else "")
