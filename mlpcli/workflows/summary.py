"""`mlpcli summary`: the layer table of a config or a model file. No TensorFlow."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlpcli.model.shapes import LayerSize


@dataclass(frozen=True)
class LayerRow:
    """One line of the table."""

    name: str
    keras_class: str
    size: LayerSize


@dataclass(frozen=True)
class SummaryResult:
    """The layers of a network, and what a model file says of itself (None for a config or a stock Keras file)."""

    name: str
    input_shape: tuple[int, ...]
    layers: list[LayerRow]
    metadata: dict[str, Any] | None = None
    facts: list[tuple[str, str]] = field(default_factory=list)
    """What a model file says of itself, as pairs of a word and a line for people."""

    @property
    def trainable(self) -> int:
        """Parameters that training changes."""
        return sum(layer.size.trainable for layer in self.layers)

    @property
    def non_trainable(self) -> int:
        """Parameters that training only tracks."""
        return sum(layer.size.non_trainable for layer in self.layers)


def summary(config_or_model: str | Path, overrides: tuple[str, ...] = ()) -> SummaryResult:
    """The layers of a config (.yaml), a model file, or the model in a run directory.

    Raises:
        ConfigError, DataError: as `validate`.
        ModelFileError: the file is damaged, or holds layers that are not known here.
    """
    path = Path(config_or_model)
    if path.suffix.lower() in (".yaml", ".yml"):
        return _of_config(path, overrides)
    return _of_model(path)


def _of_config(path: Path, overrides: tuple[str, ...]) -> SummaryResult:
    from mlpcli.workflows.validate import validate

    plan = validate(path, overrides).plan
    rows = [LayerRow(layer.name, layer.component.keras_class, layer.size) for layer in plan.layers]
    return SummaryResult(plan.name, plan.input_shape, rows)


def _of_model(path: Path) -> SummaryResult:
    from mlpcli.artifacts.model_file import read_architecture, read_metadata
    from mlpcli.artifacts.printable import printable
    from mlpcli.artifacts.run_directory import find_model
    from mlpcli.model.architecture import saved_layers
    from mlpcli.workflows.file_facts import file_facts

    file = find_model(path) if path.is_dir() else path
    metadata = read_metadata(file)
    architecture = read_architecture(file)
    shape, layers = saved_layers(file, architecture)
    names = (metadata or {}).get("layer_names")
    if not isinstance(names, list) or len(names) != len(layers):
        names = [layer.name for layer in layers]
    rows = [LayerRow(printable(name), layer.keras_class, layer.size) for name, layer in zip(names, layers, strict=True)]
    name = printable((metadata or {}).get("name") or architecture["config"].get("name"))
    return SummaryResult(name, shape, rows, metadata, file_facts(file, metadata, architecture))
