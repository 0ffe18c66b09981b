"""What Keras writes of each loss and metric of the schema can be read again: train scores the file that it saved."""

from __future__ import annotations

from typing import Any

import pytest

from mlpcli.config.losses import LOSSES
from mlpcli.config.metrics import KERAS_METRICS
from mlpcli.modelfile.keras_objects import compilation_of

pytestmark = pytest.mark.tf
NEEDED = {
    "PrecisionAtRecall": {"recall": 0.5}, "RecallAtPrecision": {"precision": 0.5},
    "SensitivityAtSpecificity": {"specificity": 0.5}, "SpecificityAtSensitivity": {"sensitivity": 0.5},
    "F1Score": {"average": "macro"}, "FBetaScore": {"average": "macro"},
}  # fmt: skip


def written(kind: Any) -> dict[str, Any]:
    import keras

    config: dict[str, Any] = keras.saving.serialize_keras_object(kind)
    return config


@pytest.mark.parametrize("cls", KERAS_METRICS, ids=lambda cls: cls.tag)
def test_a_metric(cls: Any) -> None:
    import keras

    metric = getattr(keras.metrics, cls.keras_class)(**NEEDED.get(cls.keras_class, {}))
    found, reason = compilation_of({"compile_config": {"loss": "mse", "metrics": [written(metric)]}})
    assert reason is None
    assert found is not None and found.metrics[0].component.tag == cls.tag


@pytest.mark.parametrize("cls", LOSSES, ids=lambda cls: cls.tag)
def test_a_loss(cls: Any) -> None:
    import keras

    loss = written(getattr(keras.losses, cls.keras_class)())
    found, reason = compilation_of({"compile_config": {"loss": loss, "metrics": []}})
    assert reason is None
    assert found is not None and found.loss.component.tag == cls.tag
