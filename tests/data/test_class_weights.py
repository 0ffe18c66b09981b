"""Class weights: balanced, given, and given wrongly."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.utils.class_weight import compute_class_weight

from mlpcli.data.scaling import class_weights
from mlpcli.errors import SettingError

NAMES = ("고양이", "개", "새")
Y = np.array([0, 0, 0, 0, 1, 1, 1, 2])


def test_none_means_none() -> None:
    assert class_weights(None, Y, NAMES) is None
    assert class_weights(None, np.zeros(3, np.float32), None) is None


def test_balanced_by_hand_and_by_scikit_learn() -> None:
    weights = class_weights("balanced", Y, NAMES)
    assert weights is not None
    assert weights.dtype == np.float32
    assert weights.tolist() == pytest.approx([8 / 12, 8 / 9, 8 / 3])
    assert weights == pytest.approx(compute_class_weight("balanced", classes=np.arange(3), y=Y))


def test_given_weights_are_put_in_the_order_of_the_classes() -> None:
    weights = class_weights({"새": 3.0, "고양이": 0.0, "개": 1.5}, Y, NAMES)
    assert weights is not None
    assert weights.tolist() == [0.0, 1.5, 3.0]


@pytest.mark.parametrize(
    ("setting", "names", "message"),
    [
        ("balanced", None, "the target is a number"),
        ({"개": 1.0}, None, "the target is a number"),
        ("balance", NAMES, 'must be null, "balanced" or a weight'),
        ({"개": 1.0}, NAMES, 'every class needs a weight; missing: "고양이", "새"'),
        ({"고양": 1.0}, NAMES, 'unknown class "고양"; .*; did you mean "고양이"'),
        ({"개": -1.0}, NAMES, 'the weight of "개" is -1; it must be a finite number of at least 0'),
        ({"개": float("nan")}, NAMES, 'the weight of "개" is nan'),
        ({"개": float("inf")}, NAMES, 'the weight of "개" is inf'),
        (dict.fromkeys(NAMES, 0.0), NAMES, "all weights are 0"),
        ("balanced", (*NAMES, "말"), 'balanced is not possible: no training row has the class "말"'),
    ],
)
def test_what_is_refused(setting: Any, names: tuple[str, ...] | None, message: str) -> None:
    with pytest.raises(SettingError, match=f"data.class_weight: {message}"):
        class_weights(setting, Y, names)
