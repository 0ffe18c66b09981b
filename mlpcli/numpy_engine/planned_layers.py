"""The layers of a plan in the form that a model file's have, with the numbers of the first and the last one."""

from __future__ import annotations

from typing import Any

from mlpcli.data.scaling import Scaling
from mlpcli.data.target_scaling import TargetScaling
from mlpcli.model.architecture import SavedLayer
from mlpcli.model.plan import Plan
from mlpcli.model.weight_shapes import weight_shapes


def planned_layers(plan: Plan, scaling: Scaling, target: TargetScaling | None = None) -> list[SavedLayer]:
    """One for each layer of the plan; scaling and target as for `mlpcli.model.builder.build_model`."""
    shape, layers = plan.input_shape, []
    for index, planned in enumerate(plan.layers):
        numbers = _scaling(scaling) if index == 0 else {}
        if target is not None and plan.target_scaling == "standardize" and index == len(plan.layers) - 1:
            numbers = {"scale": target.deviation, "offset": target.mean}
        component = planned.component.model_copy(update=numbers)
        shapes = tuple(weight_shapes(component.tag, component, shape))
        layers.append(SavedLayer(planned.safe_name, component.keras_class, planned.size, component, shapes))
        shape = planned.size.output_shape
    return layers


def _scaling(scaling: Scaling) -> dict[str, Any]:
    if scaling.kind == "rescaling":
        return {"scale": scaling.scale, "offset": scaling.offset}
    if scaling.kind == "normalization":
        axis = scaling.axis
        one = axis is None  # Keras takes single numbers where there is no axis
        mean, variance = list(scaling.mean), list(scaling.variance)
        return {"axis": axis, "mean": mean[0] if one else mean, "variance": variance[0] if one else variance}
    return {}
