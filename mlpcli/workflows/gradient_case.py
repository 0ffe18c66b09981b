"""What gradients are taken of: a network with its loss and its rows, from a config or from a trained model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlpcli.arrays import Array
from mlpcli.config.losses import Labels
from mlpcli.data.batches import encode_targets
from mlpcli.data.dataset import Part
from mlpcli.errors import ModelFileError, UserError
from mlpcli.model.compilation import Described, LossUnits
from mlpcli.model.members import count_members, trained_layers
from mlpcli.model.objective import loss_units
from mlpcli.model.plan import planned_layers
from mlpcli.model.shapes import SavedLayer, Shape
from mlpcli.modelfile.saved_model import open_model
from mlpcli.numpy_engine.members import MeanOverMembers
from mlpcli.numpy_engine.network import Network
from mlpcli.numpy_engine.numpy_objective import make_loss
from mlpcli.numpy_engine.step import Batch
from mlpcli.recipes import is_config
from mlpcli.workflows.evaluate import choose_rows
from mlpcli.workflows.prepare import prepare, read_config


@dataclass(frozen=True)
class GradientCase:
    """A network, its loss and its training rows, wherever they came from.

    layers: as they are trained; of several members (see `mlpcli.model.members`), without the mean of their outputs.
    weights: None to draw them from the seed. units: those in which the loss is taken. labels: the form of
    the targets. class_names: None where the target is a number.
    """

    name: str
    input_shape: Shape
    layers: list[SavedLayer]
    weights: Any
    loss: Described
    units: LossUnits
    part: Part
    labels: Labels
    class_names: tuple[str, ...] | None
    seed: int
    members: int = 1

    def network(self) -> Network:
        """The network in float32, with its weights.

        Raises:
            NeedsKerasError: the NumPy engine does not support a layer or an argument.
        """
        return Network.of(self.input_shape, self.layers, self.weights, seed=self.seed)

    def batch(self, rows: Array) -> Batch:
        """The rows at these indices (n,) of the source, with their targets as the loss takes them.

        Raises:
            NeedsKerasError: the NumPy engine does not support the loss.
        """
        y = encode_targets(self.part.y[rows], self.labels, len(self.class_names or ()))
        loss = make_loss(self.loss.component, self.loss.more, self.units)
        return Batch(self.part.x[rows], y, MeanOverMembers(loss) if self.members > 1 else loss, self.units.weight)


def gradient_case(config_or_model: str | Path, overrides: Sequence[str] = ()) -> GradientCase:
    """From a config, whose network gets initial weights; or from a model file or run directory.

    Raises:
        ConfigError, DataError: as `train` would.
        ModelFileError: the file cannot be used.
        UserError: overrides for a model.
    """
    path = Path(config_or_model).expanduser()
    if is_config(path):
        return _of_config(path, overrides)
    if overrides:
        raise UserError(f"-s sets keys of a config, but {path} is not a config; leave out -s")
    return _of_model(path)


def _of_config(path: Path, overrides: Sequence[str]) -> GradientCase:
    loaded = read_config(path, list(overrides))
    prepared = prepare(loaded)
    plan, target = prepared.plan, prepared.target_scaling
    units = loss_units(plan.loss.tag, plan.target_scaling, target)
    layers = planned_layers(plan, prepared.scaling, target)
    part, seed, loss = prepared.splits.train, loaded.config.seed, Described(plan.loss)
    return GradientCase(
        plan.name, plan.input_shape, trained_layers(layers), None, loss, units, part, plan.labels, plan.class_names,
        seed, plan.members,
    )  # fmt: skip


def _of_model(path: Path) -> GradientCase:
    saved = open_model(path)
    file, card, compilation = saved.path, saved.card, saved.compilation
    if saved.stock:
        raise ModelFileError(f"{file}: was not written by mlpcli, so its data is unknown; give a config instead")
    if compilation is None:
        raise ModelFileError(f"{file}: has no loss to take gradients of ({saved.uncompiled}); give a config instead")
    if len(saved.towers) > 1:
        raise UserError(f"{file}: is made of {len(saved.towers)} networks; give one of its runs instead")
    part = choose_rows(saved, None, "train").part
    plan, seed, layers = card.plan, card.config.seed or 0, trained_layers(saved.layers)
    return GradientCase(
        card.name, saved.input_shape, layers, saved.weights, compilation.loss, compilation.units, part, plan.labels,
        plan.class_names, seed, count_members(saved.layers),
    )  # fmt: skip
