"""`output.threshold`: what the threshold of a binary model is to be best for."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from mlpcli.config.base import Positive, Section


class Cost(Section):
    """What a mistake costs, in any unit; only the ratio of the two decides."""

    false_positive: Positive = Field(1.0, description="cost of predicting the second class for a row of the first")
    false_negative: Positive = Field(1.0, description="cost of predicting the first class for a row of the second")


class CostThreshold(Section):
    """The least cost."""

    cost: Cost


ThresholdGoal = Literal["f1", "balanced_accuracy"] | CostThreshold


def _form(value: Any) -> str | None:
    if isinstance(value, str):
        return "switch"
    return "settings" if isinstance(value, (dict, CostThreshold)) else None


AnyThreshold = Annotated[
    Annotated[Literal["f1", "balanced_accuracy"], Tag("switch")] | Annotated[CostThreshold, Tag("settings")],
    Discriminator(
        _form,
        custom_error_type="form",
        custom_error_message="must be f1, balanced_accuracy, or costs such as"
        " {cost: {false_positive: 1, false_negative: 5}}",
    ),
]
