"""What each layer says before any training, for each initializer: the other half of the study of initializers."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.recipes.jobs import CONFIGS
from benchmarks.recipes.results import path_of
from benchmarks.recipes.studies import STARTS, Study

ROWS, BINS = 1000, 60
RANGES = {"sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0)}
"""Where the outputs of an activation lie; relu's are drawn up to their largest."""

Histogram = dict[str, Any]


def group_of(activation: str) -> str:
    """Where the histograms of an activation are stored."""
    return f"starts/{activation}"


def measure_activations(data: Path) -> None:
    """For every initializer the outputs of each hidden layer, as histograms; `data` as MLPCLI_DATA has it."""
    os.environ["MLPCLI_DATA"] = str(data)
    for activation, study in STARTS.items():
        path = path_of(group_of(activation))
        if not path.is_file():
            found = {name: _histograms(study, name, activation) for name in study.variants}
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def _histograms(study: Study, variant: str, activation: str) -> list[Histogram]:
    """One for each hidden layer, of the network's first weights and the first validation rows."""
    from mlpcli.config.load import load_config
    from mlpcli.numpy_engine.network import quiet
    from mlpcli.training.numpy_support import build_numpy_model
    from mlpcli.workflows.preparation import prepare

    loaded = load_config(CONFIGS / f"{study.recipe}.yaml", study.overrides(variant))
    prepared = prepare(loaded)
    model = build_numpy_model(prepared.plan, loaded.config, prepared.scaling, prepared.target_scaling)
    part = prepared.splits.validation
    assert part is not None
    outputs, found = part.x[part.indices[:ROWS]].astype(np.float32), []
    with quiet():
        for planned, layer in zip(prepared.plan.layers[:-1], model.network.layers, strict=False):
            outputs = layer.forward(outputs)
            if "units" in type(planned.component).model_fields:
                found.append(_histogram(outputs, activation))
    return found


def _histogram(outputs: np.ndarray, activation: str) -> Histogram:
    low, high = RANGES.get(activation, (0.0, float(outputs.max()) or 1.0))
    shares, _ = np.histogram(outputs, bins=BINS, range=(low, high), weights=np.full(outputs.shape, 1 / outputs.size))
    edge = 0.02 * (high - low)
    ends = (outputs <= low + edge) | (outputs >= high - edge)
    return {
        "low": low,
        "high": high,
        "shares": [round(float(share), 5) for share in shares],
        "mean": float(f"{outputs.mean():.4g}"),
        "deviation": float(f"{outputs.std():.4g}"),
        "at_the_ends": round(float(ends.mean()), 4),
        "across_rows": float(f"{outputs.std(axis=0).mean():.4g}"),
    }
