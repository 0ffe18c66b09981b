"""`mlpcli combine`: one model file out of several trained runs, whose outputs it averages. No TensorFlow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from mlpcli.errors import ModelFileError, OutputError, RunDirectoryError, UserError
from mlpcli.text import plural

if TYPE_CHECKING:
    from mlpcli.modelfile.saved_model import SavedModel


@dataclass(frozen=True, repr=False)
class CombineResult:
    """The file, the name of the model in it, and the model files that it is made of."""

    model: Path
    name: str
    runs: list[Path]
    parameters: int
    notes: list[str] = field(default_factory=list)

    @property
    def sentence(self) -> str:
        """What was made of what."""
        return f"{self.name}: the average of {len(self.runs)} networks, {self.parameters:,} parameters in all"

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.sentence}; model: {self.model}>"

    def _repr_html_(self) -> str:
        from mlpcli.workflows import notebook

        return notebook.page(self.name, notebook.lines([*self.notes, self.sentence, f"model: {self.model}"]))


def combine(runs: Sequence[str | Path] | str | Path, output: str | Path) -> CombineResult:
    """Write one model file that averages the outputs of several trained runs.

    Stock Keras opens it like any model: networks on one input, and an Average layer.

    Args:
        runs: run directories or model files, with the same data, target, classes and preprocessing; a folder of several
            seeds or folds stands for its finished runs.
        output: a new .keras or .h5 file, outside of run directories.

    Raises:
        UserError: fewer than two runs or too many, a run that is given twice or does not go with the first, an output
            that exists.
        RunDirectoryError, ModelFileError: a run has no model, is still in training, or its file is damaged.
        OutputError: the file cannot be written.
    """
    from mlpcli.modelfile.writer import save_model
    from mlpcli.workflows.combined_model import combined

    path, notes = Path(output).expanduser(), list[str]()
    check_new_model(path)
    given = [runs] if isinstance(runs, (str, Path)) else list(runs)
    places = [place for run in given for place in _expanded(Path(run).expanduser(), notes)]
    members = _opened(places)
    towers, metadata, said = combined(members, [str(place) for place in places], path.stem)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{path.parent}: cannot be made: {error.strerror}; choose another output") from error
    save_model(towers, path, metadata)
    _check_opens(path)
    files = [member.path.resolve() for member in members]
    parameters = sum(layer.size.parameters for tower in towers.towers for layer in tower.layers)
    return CombineResult(path.resolve(), metadata["name"], files, parameters, [*notes, *said])


def check_new_model(path: Path) -> None:
    """Refuse an output that is no model file, exists, or lies in the directory of a run, whose files are the run's.

    Raises:
        UserError: naming the path and what to do.
    """
    if path.is_dir():
        raise UserError(f"{path}: is a folder; give the name of a file, such as {path / 'combined.keras'}")
    if path.suffix not in (".keras", ".h5"):
        raise UserError(f"{path}: give a name that ends with .keras or .h5")
    if path.exists() or path.is_symlink():
        raise UserError(f"{path}: exists already, and nothing is overwritten; choose another name")
    check_outside_runs(path)


def check_outside_runs(path: Path) -> None:
    """Refuse a new file or folder in the directory of a run.

    Raises:
        UserError: naming the run.
    """
    from mlpcli.runs.directory import CONFIG, ENVIRONMENT, holds_series

    for folder in path.absolute().parents:
        if holds_series(folder) or ((folder / CONFIG).is_file() and (folder / ENVIRONMENT).is_file()):
            raise UserError(f"{path}: lies in {folder}, which belongs to its run; choose a place outside of it")


def _expanded(run: Path, notes: list[str]) -> Iterator[Path]:
    """The run itself; for a folder of several seeds or folds, those that are finished.

    Raises:
        ModelFileError: there is nothing at this path.
        RunDirectoryError: none is, or the file of the series is damaged.
    """
    from mlpcli.runs.directory import holds_series, near_run
    from mlpcli.runs.read_run import finished_runs

    if not run.exists():
        raise ModelFileError(f"{run}: does not exist; give runs, model files or a folder of seeds{near_run(run)}")
    if not holds_series(run):
        yield run
        return
    yield from finished_runs(run, notes.append)


def _opened(places: Sequence[Path]) -> list[SavedModel]:
    """The models, each checked by itself.

    Raises:
        UserError: too few or too many, or one of them twice.
        ModelFileError, RunDirectoryError: one cannot be used.
    """
    from mlpcli.modelfile.saved_model import open_model
    from mlpcli.modelfile.towers import MOST_TOWERS
    from mlpcli.modelfile.weights import weights_digest

    if len(places) < 2:
        found = f"{places[0]} is one run" if places else "no run is given"
        raise UserError(f"{found}; give two or more, or a folder of several seeds (mlpcli train --seeds 5)")
    if len(places) > MOST_TOWERS:
        raise UserError(f"{len(places):,} runs are given, but at most {MOST_TOWERS} can be combined; leave some out")
    models: list[SavedModel] = []
    seen: dict[str, Path] = {}
    for place in places:
        model = open_model(place)
        _check_usable(place, model)
        digest = weights_digest(array for arrays in model.weights.values() for array in arrays)
        if digest in seen:
            same = "is given twice" if seen[digest] == place else f"has the same weights as {seen[digest]}"
            raise UserError(f"{place}: {same}; each run can be in the average once")
        seen[digest] = place
        models.append(model)
    return models


def _check_usable(place: Path, model: SavedModel) -> None:
    from mlpcli.runs.directory import resume_command

    if model.stock:
        raise ModelFileError(f"{place}: was not written by mlpcli, so its data and classes are unknown; give runs")
    if len(model.towers) > 1:
        runs = plural(len(model.towers), "run", "runs")
        raise ModelFileError(f"{place}: is itself made of {runs}; give the runs instead, so that each counts equally")
    if model.card.unfinished is not None:
        raise RunDirectoryError(
            f"{place}: its training has not ended; wait until it has, or, if no mlpcli is training in it, resume with:"
            f" {resume_command(place if place.is_dir() else place.parent)}"
        )


def _check_opens(path: Path) -> None:
    """Read the new file as everybody will; one that is beyond the limits is removed.

    Raises:
        ModelFileError: it has too many layers or numbers for a model file, say.
    """
    from mlpcli.modelfile.saved_model import open_model

    try:
        open_model(path)
    except ModelFileError as error:
        path.unlink(missing_ok=True)
        raise ModelFileError(f"{error} (so nothing was written; combine fewer runs)") from error
