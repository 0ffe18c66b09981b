"""What each layer says before any training, for each initializer: the other half of the study of initializers."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.recipes.jobs import CONFIGS, FIRST_SEED, Job
from benchmarks.recipes.results import path_of
from benchmarks.recipes.studies import STARTS, Study
from mlpcli.files import write_text

ROWS, BINS = 1000, 60
RANGES = {"sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0)}
"""Where the outputs of an activation lie; relu's are drawn up to their largest."""

Histogram = dict[str, Any]


def measure_activations(data: Path) -> None:
    """For every initializer the outputs of each hidden layer, as histograms; `data` as MLPCLI_DATA has it."""
    os.environ["MLPCLI_DATA"] = str(data)
    for activation, study in STARTS.items():
        stored = _stored(activation)
        if stored.get("key") != _key(study):
            found = {name: _of_variant(study, name, activation) for name in study.variants}
            path = path_of(f"starts/{activation}")
            path.parent.mkdir(parents=True, exist_ok=True)
            write_text(path, json.dumps({"key": _key(study), "layers": found}, indent=1) + "\n")


def histograms_of(activation: str) -> dict[str, list[Histogram]]:
    """By initializer, one for each hidden layer; see `histogram`.

    Raises:
        SystemExit: the study has changed since.
    """
    stored = _stored(activation)
    if stored.get("key") != _key(STARTS[activation]):
        raise SystemExit(f"starts/{activation}: has changed since it was measured; run make recipes")
    layers: dict[str, list[Histogram]] = stored["layers"]
    return layers


def _stored(activation: str) -> dict[str, Any]:
    path = path_of(f"starts/{activation}")
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _key(study: Study) -> str:
    jobs = (Job(study.group(name), study.recipe, study.overrides(name), FIRST_SEED) for name in study.variants)
    return " ".join(job.key for job in jobs)


def _of_variant(study: Study, variant: str, activation: str) -> list[Histogram]:
    """Of the network's first weights and the first validation rows."""
    from mlpcli.numpy_engine.numpy_epochs import build_numpy_model
    from mlpcli.workflows.prepare import prepare, read_config

    loaded = read_config(CONFIGS / f"{study.recipe}.yaml", study.overrides(variant))
    prepared = prepare(loaded)
    model = build_numpy_model(prepared.plan, loaded.config, prepared.scaling, prepared.target_scaling)
    part = prepared.splits.validation
    assert part is not None
    outputs = hidden_outputs(model.network, part.x[part.indices[:ROWS]].astype(np.float32))
    return [histogram(values, *RANGES.get(activation, (0.0, None))) for values in outputs]


def hidden_outputs(network: Any, rows: np.ndarray) -> list[np.ndarray]:
    """What each hidden layer says, (n, units) each, of raw rows: the outputs of every activation but the last."""
    from mlpcli.numpy_engine.layer import Activation
    from mlpcli.numpy_engine.network import quiet

    found, outputs = [], rows
    with quiet():
        for layer in network.layers:
            outputs = layer.forward(outputs)
            if isinstance(layer, Activation):
                found.append(outputs)
    return found[:-1]


def histogram(outputs: np.ndarray, low: float, high: float | None) -> Histogram:
    """The shares of the outputs in bins of equal width, and how much a unit's output differs from row to row.

    across_rows: the standard deviation over the rows, as the mean over the units. What is the same for every row says
    nothing of it.
    """
    top = high if high is not None else float(outputs.max()) or 1.0
    counts, _ = np.histogram(outputs, bins=BINS, range=(low, top))
    return {
        "low": low,
        "high": top,
        "shares": [round(float(count) / outputs.size, 5) for count in counts],
        "across_rows": float(f"{outputs.std(axis=0, dtype=np.float64).mean():.4g}"),
    }
