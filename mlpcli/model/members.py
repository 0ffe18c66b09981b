"""Several networks in one (`model.members`): TabM-mini, an ensemble whose members share the hidden layers.

Gorishniy et al. (2024), "TabM: Advancing tabular deep learning with parameter-efficient ensembling". The row is
repeated for each member, and each member multiplies it by a vector of its own. The hidden layers are those of all
members and see one more axis, (rows, members, units). Each member has an output layer of its own, and the prediction
is the mean of the members' outputs. Training takes the mean of the members' losses, not the loss of the mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Annotated, Literal, TypeVar

from pydantic import Field

from mlpcli.config.base import Size
from mlpcli.config.initializers import Initializer, RandomUniform
from mlpcli.config.layers import (
    ELU,
    Activate,
    Activation,
    ActivityRegularization,
    AlphaDropout,
    BatchNormalization,
    Dense,
    Dropout,
    Flatten,
    GaussianDropout,
    GaussianNoise,
    Identity,
    Layer,
    LayerNormalization,
    LeakyReLU,
    ReLU,
    Rescaling,
    Softmax,
    UnitNormalization,
)
from mlpcli.config.losses import Dice, Loss, Tversky
from mlpcli.config.regularizers import Constraint, Regularizer
from mlpcli.errors import SettingError
from mlpcli.model.shapes import PlannedLayer, SavedLayer, Shape

KEY = "model.members"
Step = tuple[str, Layer]
"""A layer and the key of the config that it comes from."""
ADAPT: Literal["bki,ki->bki"] = "bki,ki->bki"
"""Each member multiplies its inputs by a vector of its own."""
OWN_OUTPUT: Literal["bki,kio->bko"] = "bki,kio->bko"
"""Each member has a dense layer of its own."""
SCALE: Literal["bi,i->bi"] = "bi,i->bi"
"""Each input is multiplied by a factor (`model.input_scale`)."""


class RepeatVector(Layer, tag="repeat_vector", positional="n"):
    """A row for each member."""

    n: Annotated[int, Field(gt=0, le=1_000_000)]


class EinsumDense(Layer, tag="einsum_dense"):
    """A layer with weights for each member or input; of Keras's equations, the three that are needed here."""

    equation: Literal["bki,ki->bki", "bki,kio->bko", "bi,i->bi"]
    output_shape: Annotated[list[Size], Field(min_length=1, max_length=2)]
    activation: Activation | None = None
    bias_axes: Literal["ko"] | None = None
    kernel_initializer: Initializer = Field("glorot_uniform", validate_default=True)
    bias_initializer: Initializer = Field("zeros", validate_default=True)
    kernel_regularizer: Regularizer | None = None
    bias_regularizer: Regularizer | None = None
    activity_regularizer: Regularizer | None = None
    kernel_constraint: Constraint | None = None
    bias_constraint: Constraint | None = None


class GlobalAveragePooling1D(Layer, tag="global_average_pooling1d"):
    """The mean of the members."""

    keepdims: Literal[False] = False


MEMBER_LAYERS = (RepeatVector, EinsumDense, GlobalAveragePooling1D)
"""What makes an ensemble of a network; written by `model.members`, never by a config."""
SHARED_LAYERS = (
    Dense, Activate, Dropout, GaussianDropout, AlphaDropout, GaussianNoise, ActivityRegularization, BatchNormalization,
    LayerNormalization, UnitNormalization, Rescaling, ReLU, LeakyReLU, ELU, Softmax, Identity,
)  # fmt: skip
"""Hidden layers that do for each member what they do for a row."""


def member_steps(members: int, hidden: Sequence[Step], output: Step, input_shape: Shape) -> list[Step]:
    """All layers of an ensemble between scaling and the target's own units.

    Args:
        members: two or more.
        output: the dense layer that a single network would have.
        input_shape: of a row of the data; more than one axis is flattened.

    Raises:
        SettingError: a layer does not work on one row of numbers for each member.
    """
    key, dense = output
    first = next((index for index, (_, layer) in enumerate(hidden) if not isinstance(layer, Flatten)), len(hidden))
    front: list[Step] = [*hidden[:first]]
    if len(input_shape) > 1 and not front:
        front.append(("model", Flatten()))
    for place, layer in hidden[first:]:
        _check_shared(members, place, layer)
    inputs = prod(input_shape)
    adapter = EinsumDense(equation=ADAPT, output_shape=[members, inputs], kernel_initializer=SIGNS)
    return [
        *front,
        (KEY, RepeatVector(n=members)),
        (KEY, adapter),
        *hidden[first:],
        (key, _own_output(members, key, dense)),
        (KEY, GlobalAveragePooling1D()),
    ]


SIGNS = RandomUniform(minval=-1.0, maxval=1.0)
"""Whose signs are the adapter's first weights. TabM's code starts them with random signs, too, where the inputs are
not embedded; Keras has no initializer that draws them."""


def _check_shared(members: int, key: str, layer: Layer) -> None:
    found = f"{key} is {layer.tag}"
    if isinstance(layer, SHARED_LAYERS):
        if getattr(layer, "axis", -1) == -1:
            return
        found += f" along axis {getattr(layer, 'axis', -1)}"
    advice = "use other layers there, or set model.members: 1"
    raise SettingError(KEY, f"{members} members need hidden layers that take rows of numbers, but {found}; {advice}")


def _own_output(members: int, key: str, dense: Layer) -> EinsumDense:
    arguments = dict(dense)
    for name in ("kernel_constraint", "bias_constraint"):
        if arguments[name] is not None:  # its axis would count the members, too
            raise SettingError(f"{key}.{name}", f"does not fit model.members: {members}; remove one of them")
    units, bias = arguments.pop("units"), arguments.pop("use_bias")
    shape = {"equation": OWN_OUTPUT, "output_shape": [members, units], "bias_axes": "ko" if bias else None}
    return EinsumDense.model_validate({**arguments, **shape})


def check_member_loss(members: int, loss: Loss) -> None:
    """Whether the mean of the members' losses can be taken.

    Raises:
        SettingError: the loss is one ratio over all outputs of a batch.
    """
    if members > 1 and isinstance(loss, (Dice, Tversky)):
        found = f"{loss.tag} is one number for all outputs of a batch, so the {members} members have no losses of"
        raise SettingError("training.loss", f"{found} their own; use another loss, or set model.members: 1")


AnyLayer = TypeVar("AnyLayer", PlannedLayer, SavedLayer)


def count_members(layers: Sequence[AnyLayer]) -> int:
    """How many members the prediction is the mean of; 1 for a network that is no ensemble."""
    pooled = [layer for layer in layers if isinstance(layer.component, GlobalAveragePooling1D)]
    repeated = [layer.component.n for layer in layers if isinstance(layer.component, RepeatVector)]
    return repeated[0] if len(pooled) == 1 and len(repeated) == 1 else 1


def trained_layers(layers: Sequence[AnyLayer]) -> list[AnyLayer]:
    """The layers whose outputs the loss is taken of: without the mean of the members."""
    if count_members(layers) == 1:
        return list(layers)
    return [layer for layer in layers if not isinstance(layer.component, GlobalAveragePooling1D)]
