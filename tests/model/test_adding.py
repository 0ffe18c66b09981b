"""A new layer, activation, loss and metric need the places that docs/architecture.md names, and no other."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import mlpcli

LAYER = 'class EinsumDense(Layer, tag="einsum_dense"):\n    units: Size\n\n\n'
RULE = '"einsum_dense": lambda layer, shape: LayerSize((layer.units,), {"kernel": (shape[0], layer.units)}),'
LOSS = 'class Circle(_Loss, tag="circle"):\n    labels = {"classification": "sparse"}\n\n\n'
METRIC = 'class MeanIoU(AnyMetric, tag="mean_io_u"):\n    labels = {"classification": "sparse"}\n\n\n'
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
from mlpcli.numpy_engine.registry import RECIPES, make_loss, metric_of
layer = ModelConfig(layers=[{"einsum_dense": {"units": 3}}], activation="sparse_sigmoid").layers[0]
size = layer_size(layer.tag, layer, (4,))
print(size.output_shape, size.trainable, layer.tag in RECIPES)
training = TrainingConfig(loss="circle", metrics=["mean_io_u"])
for make in (lambda: make_loss(training.loss), lambda: metric_of(training.metrics[0], {}, "sparse", 0.5),
             lambda: Activation.named("sparse_sigmoid")):
    try:
        make()
    except (LeftToKerasError, NeedsKerasError) as error:
        print(type(error).__name__)
"""


def test_the_named_places_are_enough(tmp_path: Path) -> None:
    copy = tmp_path / "mlpcli"
    shutil.copytree(Path(mlpcli.__file__).parent, copy, ignore=shutil.ignore_patterns("__pycache__"))
    for name, table, before, entry in PLACES:
        text = (copy / name).read_text(encoding="utf-8")
        assert text.count(table) == 1
        changed = text.replace(table, f"\n{before}{table.lstrip()}\n    {entry}")
        (copy / name).write_text(changed, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", USE], env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "(3,) 12 False", "NeedsKerasError", "NeedsKerasError", "LeftToKerasError",
    ]  # fmt: skip
