"""An ensemble in training: the mean of its members' losses, and metrics of their mean prediction."""

from __future__ import annotations

from typing import Any

from mlpcli import backend

ops = backend.keras().ops
MEMBERS_AXIS = 1


class MembersModel(backend.keras().Sequential):  # type: ignore[misc]
    """A Sequential whose outputs are those of each member, (rows, members, units), while it is trained.

    Everywhere else, in validation, too, it is the Sequential of the same layers, which ends in the mean of the members.
    It is never saved: Keras could not open a class that is not its own.
    """

    @property
    def members(self) -> int:
        """How many there are."""
        kind = backend.keras().layers.RepeatVector
        return int(next(layer.n for layer in self.layers if isinstance(layer, kind)))

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        """Outputs (rows, units), in training (rows, members, units)."""
        if not training:
            return super().call(inputs, training=training, mask=mask)
        values = ops.cast(inputs, "float32")
        for layer in self.layers:
            if not isinstance(layer, backend.keras().layers.GlobalAveragePooling1D):
                values = layer(values)  # the last one keeps the logits that Keras's losses look for on the tensor
        return values

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:
        """The mean over the members, each beside the targets of its row, or the loss of their mean prediction."""
        if _is_each(y_pred):
            y = for_each(y, y_pred)
            sample_weight = None if sample_weight is None else ops.reshape(sample_weight, (-1, 1))
        return super().compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=training)

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Of the mean prediction."""
        mean = ops.mean(y_pred, axis=MEMBERS_AXIS) if _is_each(y_pred) else y_pred
        return super().compute_metrics(x, y, mean, sample_weight)


def _is_each(outputs: Any) -> bool:
    return len(outputs.shape) > MEMBERS_AXIS + 1


def for_each(y: Any, outputs: Any) -> Any:
    """Targets (rows, ...) repeated for the members of the outputs: (rows, members, ...)."""
    return ops.repeat(ops.expand_dims(y, MEMBERS_AXIS), outputs.shape[MEMBERS_AXIS], axis=MEMBERS_AXIS)
