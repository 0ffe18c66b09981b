"""Keras's regularizers and constraints, with their arguments."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from mlpcli.config.base import Component, NonNegative, Positive, one_of, tag_of


class _Regularizer(Component):
    family = "regularizers"


class L1(_Regularizer, tag="l1", positional="l1"):
    l1: NonNegative = 0.01


class L2(_Regularizer, tag="l2", positional="l2"):
    l2: NonNegative = 0.01


class L1L2(_Regularizer, tag="l1_l2"):
    """Also written `{l1: 0.001, l2: 0.01}`."""

    l1: NonNegative = 0.0
    l2: NonNegative = 0.0


class OrthogonalRegularizer(_Regularizer, tag="orthogonal_regularizer", positional="factor"):
    factor: NonNegative = 0.01
    mode: Literal["rows", "columns"] = "rows"


REGULARIZERS = (L1, L2, L1L2, OrthogonalRegularizer)
REGULARIZERS_LEFT_OUT = {"regularizer": "is the base class of the others"}


class _Constraint(Component):
    family = "constraints"


class MaxNorm(_Constraint, tag="max_norm", positional="max_value"):
    max_value: Positive = 2.0
    axis: int = 0


class MinMaxNorm(_Constraint, tag="min_max_norm"):
    min_value: NonNegative = 0.0
    max_value: Positive = 1.0
    rate: Positive = 1.0
    axis: int = 0


class NonNeg(_Constraint, tag="non_neg"):
    pass


class UnitNorm(_Constraint, tag="unit_norm", positional="axis"):
    axis: int = 0


CONSTRAINTS = (MaxNorm, MinMaxNorm, NonNeg, UnitNorm)
CONSTRAINTS_LEFT_OUT = {"constraint": "is the base class of the others"}


def _regularizer_tag(value: Any) -> str | None:
    if isinstance(value, Mapping) and set(value) == {"l1", "l2"}:
        return L1L2.tag
    return tag_of(value)


if TYPE_CHECKING:
    Regularizer = Component
    Constraint = Component
else:
    Regularizer = one_of(REGULARIZERS, _regularizer_tag)
    Constraint = one_of(CONSTRAINTS)
