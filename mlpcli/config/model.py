"""The `model` section: a network in the short form (`hidden_units`) or in the long one (`layers`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Discriminator, Field, SerializerFunctionWrapHandler, Tag, model_serializer

from mlpcli.config.base import Fraction, Section, Size, kind_of, one_of
from mlpcli.config.convolution import IMAGE_LAYERS
from mlpcli.config.initializers import Initializer
from mlpcli.config.layers import DENSE_LAYERS, KernelLayer, Layer
from mlpcli.config.names import Activation
from mlpcli.config.regularizers import Regularizer

LAYERS = (*DENSE_LAYERS, *IMAGE_LAYERS)
MOST_LAYERS = 1000

SHORT_FORM = (
    "hidden_units", "activation", "kernel_initializer", "batch_normalization", "dropout", "kernel_regularizer",
)  # fmt: skip

if TYPE_CHECKING:
    AnyLayer = Layer
else:
    AnyLayer = one_of(LAYERS, kind_of)


class Output(KernelLayer):
    """The last dense layer; what is null follows from the task."""

    units: Size | None = None

    def _write(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in type(self).model_fields}


def _output_form(value: Any) -> str | None:
    if value == "auto":
        return "auto"
    return "dense" if isinstance(value, (dict, Output)) else None


AnyOutput = Annotated[
    Annotated[Literal["auto"], Tag("auto")] | Annotated[Output, Tag("dense")],
    Discriminator(
        _output_form,
        custom_error_type="form",
        custom_error_message="must be auto, or dense arguments such as {activation: softmax}",
    ),
]


class ModelConfig(Section):
    """The network between the input and the output layer."""

    hidden_units: Annotated[list[Size], Field(max_length=MOST_LAYERS)] = Field(
        [64, 32], description="the short form: one dense block per entry; [] for no hidden layer"
    )
    activation: Activation = Field("relu", description="of each hidden block")
    kernel_initializer: Initializer = Field(
        "glorot_uniform", validate_default=True, description="of each hidden dense layer"
    )
    batch_normalization: bool = Field(False, description="between the affine map and the activation")
    dropout: Fraction = Field(0.0, description="after the activation")
    kernel_regularizer: Regularizer | None = Field(None, description="of each hidden dense layer")
    layers: Annotated[list[AnyLayer], Field(min_length=1, max_length=MOST_LAYERS)] | None = Field(
        None, description="the long form: Keras layers in order, without the output layer"
    )
    output: AnyOutput = Field("auto", description="auto: from the task; or dense arguments")

    @model_serializer(mode="wrap")
    def _only_the_form_in_use(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        unused = ("layers",) if self.layers is None else SHORT_FORM
        return {key: value for key, value in write(self).items() if key not in unused}
