"""The model that a user means, and what mlpcli wrote into its file when it was trained."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlpcli.errors import ModelFileError, UserError

if TYPE_CHECKING:
    from mlpcli.data.dataset import Array
    from mlpcli.inference import EngineName, Predictor


def model_file(model_or_run: str | Path) -> Path:
    """The model file itself, where a run directory is given.

    Raises:
        RunDirectoryError: it is a folder without a model file.
    """
    from mlpcli.artifacts.run_directory import find_model

    path = Path(model_or_run).expanduser()
    return find_model(path) if path.is_dir() else path


@dataclass(frozen=True)
class Told:
    """What people say of a model that mlpcli has not written.

    class_names: in the order of its outputs. divide_by: what its inputs were divided by in training, as in x / 255.
    """

    class_names: tuple[str, ...] | None = None
    divide_by: float = 1.0

    def divided(self, x: Array) -> Array:
        """Raw rows (n, ...) as the model takes them: float32 where they are divided."""
        return x if self.divide_by == 1 else (x / self.divide_by).astype("float32")


@dataclass(frozen=True)
class KnownModel:
    """A model file, and all that is known of what it takes and gives; stock: mlpcli has not written it."""

    file: Path
    metadata: dict[str, Any]
    stock: bool
    told: Told

    def predictor(self, engine: EngineName, scored: bool = False) -> Predictor:
        """The network itself.

        Raises:
            ModelFileError, UserError: as `load_predictor`.
        """
        from mlpcli import inference

        if not self.stock:
            return inference.load_predictor(self.file, engine, scored)
        from mlpcli.workflows.stock_metadata import usual_compilation

        plan = self.metadata["plan"]
        return inference.load_predictor(self.file, engine, scored, plan, usual_compilation(plan["task"]))


def know_model(model_or_run: str | Path, told: Told | None = None) -> KnownModel:
    """The model, with what its file says, or what can be told from its layers.

    Raises:
        RunDirectoryError: it is a folder without a model file.
        ModelFileError: the file is missing or damaged.
        UserError: something is told of a file that knows better, or that does not fit it.
    """
    file, told = model_file(model_or_run), told or Told()
    metadata = read_model_metadata(file)
    if metadata is None:
        from mlpcli.inference import read_model
        from mlpcli.workflows.stock_metadata import stock_metadata

        return KnownModel(file, stock_metadata(read_model(file), told), True, told)
    if told != Told():
        raise UserError(f"{file}: knows its own classes and scaling; leave out --classes and --divide-by")
    return KnownModel(file, metadata, False, told)


def read_model_metadata(file: Path) -> dict[str, Any] | None:
    """What the file says of its task, its classes and its data; None where mlpcli has not written it.

    Raises:
        ModelFileError: the file is missing or damaged.
    """
    from mlpcli.artifacts.model_file import read_metadata

    metadata = read_metadata(file)
    if metadata is None:
        return None
    if not all(isinstance(metadata.get(key), dict) for key in ("config", "plan", "data")) or "name" not in metadata:
        raise ModelFileError(f"{file}: its mlpcli metadata is damaged; restore the file or train again")
    return metadata
