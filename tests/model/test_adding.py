"""A new layer, activation, loss and metric need the places that docs/architecture.md names, and no other."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import mlpcli

LAYER = 'class EinsumDense(Layer, tag="einsum"):\n    output_shape: Size\n    equation: str = "ab,bc->ac"\n\n\n'
RULE = '"einsum": lambda layer, shape: LayerSize((layer.output_shape,), {"kernel": (shape[0], layer.output_shape)}),'
LOSS = 'class Circle(_Loss, tag="circle"):\n    labels = {"classification": "sparse"}\n\n\n'
METRIC = (
    'class MeanIoU(AnyMetric, tag="mean_io_u"):\n    labels = {"classification": "sparse"}\n    num_classes: Size\n\n\n'
)
PLACES = [
    ("config/layers.py", "\nDENSE_LAYERS = (", LAYER, "EinsumDense,"),
    ("config/layers.py", "\nACTIVATIONS = (", "", '"sparse_sigmoid",'),
    ("model/layer_rules.py", "\n_RULES: dict[str, Rule] = {", "", RULE),
    ("config/losses.py", "\nLOSSES = (", LOSS, "Circle,"),
    ("config/metrics.py", "\nMETRICS = (", METRIC, "MeanIoU,"),
]
"""The file, the table in it, what is written before the table, and the new entry."""
USE = """
from mlpcli.config.sections import ModelConfig, TrainingConfig
from mlpcli.errors import LeftToKerasError, NeedsKerasError
from mlpcli.model.layer_rules import layer_size
from mlpcli.numpy_engine.layer import Activation
from mlpcli.numpy_engine.numpy_objective import make_loss, metric_of
from mlpcli.numpy_engine.registry import LAYER_MAKERS
layer = ModelConfig(layers=[{"einsum": {"output_shape": 3}}], activation="sparse_sigmoid").layers[0]
size = layer_size(layer.tag, layer, (4,))
print(size.output_shape, size.trainable, layer.tag in LAYER_MAKERS)
training = TrainingConfig(loss="circle", metrics=[{"mean_io_u": {"num_classes": 3}}])
for make in (lambda: make_loss(training.loss), lambda: metric_of(training.metrics[0], {}, "sparse", 0.5),
             lambda: Activation.named("sparse_sigmoid")):
    try:
        make()
    except (LeftToKerasError, NeedsKerasError) as error:
        print(type(error).__name__)
"""


BUILD = """
from mlpcli.config.schema import Config
from mlpcli.data.dataset import DataFacts
from mlpcli.data.scaling import Scaling
from mlpcli.keras_engine.build import build_model
from mlpcli.model.plan import make_plan
facts = DataFacts("s", "table", (4,), "classification", ("a", "b", "c"), None, None, 1, 30, 5, 5, "here")
layers = [{"einsum": {"output_shape": 3}}, {"activation": "sparse_sigmoid"}]
training = {"loss": "circle", "metrics": [{"mean_io_u": {"num_classes": 3}}]}
config = Config.model_validate({"name": "n", "data": {"source": "iris", "scaling": "none"},
                                "model": {"layers": layers}, "training": training})
plan = make_plan(config, facts)
print(plan.trainable, plan.loss.tag, plan.metric_names)
model = build_model(plan, config, Scaling("none"))
print(model.count_params(), type(model.loss).__name__, type(model.layers[0]).__name__)
"""


def changed_copy(folder: Path) -> Path:
    """A folder with a copy of the package in it, with the new entries."""
    copy = folder / "mlpcli"
    shutil.copytree(Path(mlpcli.__file__).parent, copy, ignore=shutil.ignore_patterns("__pycache__"))
    for name, table, before, entry in PLACES:
        text = (copy / name).read_text(encoding="utf-8")
        assert text.count(table) == 1
        changed = text.replace(table, f"\n{before}{table.lstrip()}\n    {entry}")
        (copy / name).write_text(changed, encoding="utf-8")
    return folder


def said(folder: Path, program: str) -> list[str]:
    """The lines that a program prints which imports the copy."""
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_the_named_places_are_enough(tmp_path: Path) -> None:
    assert said(changed_copy(tmp_path), USE) == [
        "(3,) 12 False", "NeedsKerasError", "NeedsKerasError", "LeftToKerasError",
    ]  # fmt: skip


@pytest.mark.tf
def test_they_are_planned_and_built_by_keras(tmp_path: Path) -> None:
    assert said(changed_copy(tmp_path), BUILD) == ["24 circle ['mean_io_u']", "24 Circle EinsumDense"]  # 4x3, 3x3+3
