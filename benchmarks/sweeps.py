"""Trials per minute of `mlpcli sweep`: two workers beside one, the time beside the training, and its peers.

python -m benchmarks.sweeps TABULAR [TRIALS [ROUNDS]]     24 trials and 3 rounds unless given

TABULAR: the folder of penguins.csv. Writes results/sweeps.json, and the table of docs/sweeps.md. Every process
computes in one thread. The peers (KerasTuner, where it is installed, and scikit-learn's RandomizedSearchCV of an
MLPClassifier) draw as many networks at random from the same ranges, with the same sizes, batches and epochs, on the
same rows, which are encoded already. Rounds are interleaved, so that a busy machine disturbs all alike.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.engine import RESULTS, versions

ROOT = Path(__file__).resolve().parent.parent
TRIALS, ROUNDS, EPOCHS, BATCH = 24, 3, 20, 32
RATES, UNITS = (1e-4, 1e-1), ([32], [64, 32], [128, 64])
CONFIG = """
name: {name}
data: {{{data}, validation: 0.2, test: 0.2}}
training: {{engine: {engine}, optimizer: adam, epochs: {epochs}, batch_size: {batch}, early_stopping: false}}
output: {{plots: [], keep: last}}
sweep:
  trials: {trials}
  sampler: random
  pruner: none
  keep: 0
  parameters:
    training.optimizer.learning_rate: {{log_uniform: [0.0001, 0.1]}}
    model.hidden_units: {{choices: [[32], [64, 32], [128, 64]]}}
"""
ENVIRONMENT = {
    **os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1", "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
}  # fmt: skip


def main(tabular: Path, trials: int, rounds: int) -> None:
    """Each contestant in a process of its own, round by round."""
    sets = {"digits": "source: digits", "penguins": f'source: "{tabular.resolve() / "penguins.csv"}", target: species'}
    found: dict[str, list[dict[str, float]]] = {}
    for _ in range(rounds):
        for name, data in sets.items():
            for contestant in _contestants():
                with tempfile.TemporaryDirectory() as place:
                    result = _measure(contestant, name, data, trials, Path(place))
                found.setdefault(f"{name}, {contestant}", []).append(result)
                print(f"{name}, {contestant}: {result}", flush=True)
    results = {"versions": _versions(), "trials": trials, "epochs": EPOCHS, "rounds": rounds, "results": found}
    (RESULTS / "sweeps.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    from benchmarks.report import write_pages

    write_pages()


def _contestants() -> list[str]:
    peers = ["scikit-learn", *(["KerasTuner"] if find_spec("keras_tuner") else [])]
    return ["mlpcli numpy", "mlpcli numpy, 2 workers", "mlpcli", *peers]


def _versions() -> dict[str, str]:
    known = versions()
    for name in ("optuna", "keras-tuner"):
        try:
            known[name] = version(name)
        except PackageNotFoundError:
            known[name] = "not installed"
    return known


def _measure(contestant: str, name: str, data: str, trials: int, folder: Path) -> dict[str, float]:
    engine = "numpy" if "numpy" in contestant else "auto"
    text = CONFIG.format(name=name, data=data, engine=engine, trials=trials, epochs=EPOCHS, batch=BATCH)
    (folder / "config.yaml").write_text(text, encoding="utf-8")
    if contestant.startswith("mlpcli"):
        return _sweep(folder, 2 if "2 workers" in contestant else 1)
    command = [sys.executable, "-m", "benchmarks.sweeps", "--peer", contestant, str(folder), str(trials)]
    done = subprocess.run(command, check=True, capture_output=True, encoding="utf-8", cwd=ROOT, env=ENVIRONMENT)
    return {"per_minute": float(done.stdout.splitlines()[-1])}


def _sweep(folder: Path, workers: int) -> dict[str, float]:
    """From the first trial's start to the last one's end, as Optuna's study has them.

    Starting processes and loading data come before, and are paid once; the best's three seeds come after.
    """
    program = (
        "import sys; from mlpcli.workflows import sweep_results; sweep_results.SEEDS = 1;"
        f"import mlpcli; mlpcli.sweep('config.yaml', workers={workers})"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=folder, env=ENVIRONMENT)
    from mlpcli.workflows.sweep_folder import read_folder
    from mlpcli.workflows.sweep_storage import open_study, stored

    (path,) = (folder / "runs").iterdir()
    known = read_folder(path)
    with stored(None, path) as storage:
        trials = open_study(storage, known.study, known.rising).trials
    begun = min(trial.datetime_start for trial in trials if trial.datetime_start is not None)
    ended = max(trial.datetime_complete for trial in trials if trial.datetime_complete is not None)
    span = (ended - begun).total_seconds()
    epochs = sum(sum(_epoch_seconds(run)) for run in (path / "trials").iterdir())
    beside = {"beside_ms": 1000 * (span - epochs) / len(trials)} if workers == 1 else {}
    return {"per_minute": 60 * len(trials) / span, **beside}


def _epoch_seconds(run: Path) -> list[float]:
    from mlpcli.runs.history import read_history

    return read_history(run / "history.csv")["seconds"]


def _peer(contestant: str, folder: Path, trials: int) -> float:
    """Trials a minute of a peer, on the rows as mlpcli encodes and scales them."""
    from mlpcli.workflows.prepare import prepare, read_config

    splits = prepare(read_config(folder / "config.yaml")).splits
    parts = [splits.train, splits.validation]
    rows = [(np.asarray(p.x)[p.indices].reshape(len(p), -1).astype(np.float32), p.y[p.indices]) for p in parts if p]
    mean, deviation = rows[0][0].mean(axis=0), rows[0][0].std(axis=0) + 1e-7
    rows = [((x - mean) / deviation, y) for x, y in rows]
    search: Callable[..., Any] = {"scikit-learn": _scikit_learn, "KerasTuner": _keras_tuner}[contestant]
    run = search(rows, trials, folder)
    begun = time.perf_counter()
    run()
    return 60 * trials / (time.perf_counter() - begun)


def _scikit_learn(rows: list[Any], trials: int, folder: Path) -> Callable[[], Any]:
    import warnings

    from scipy.stats import loguniform
    from sklearn.model_selection import PredefinedSplit, RandomizedSearchCV
    from sklearn.neural_network import MLPClassifier

    warnings.simplefilter("ignore")  # that it has not converged
    (x, y), (x_validation, y_validation) = rows
    fold = PredefinedSplit([-1] * len(x) + [0] * len(x_validation))
    network = MLPClassifier(batch_size=BATCH, max_iter=EPOCHS, n_iter_no_change=EPOCHS + 1, alpha=0.0)
    ranges = {"learning_rate_init": loguniform(*RATES), "hidden_layer_sizes": [tuple(units) for units in UNITS]}
    search = RandomizedSearchCV(network, ranges, n_iter=trials, cv=fold, refit=False, random_state=777)
    return lambda: search.fit(np.concatenate([x, x_validation]), np.concatenate([y, y_validation]))


def _keras_tuner(rows: list[Any], trials: int, folder: Path) -> Callable[[], Any]:
    import keras
    import keras_tuner

    (x, y), validation = rows

    def build(hp: Any) -> Any:
        units = UNITS[hp.Choice("units", list(range(len(UNITS))))]
        layers = [keras.layers.Dense(size, activation="relu") for size in units]
        model = keras.Sequential([keras.Input(x.shape[1:]), *layers, keras.layers.Dense(int(y.max()) + 1, "softmax")])
        rate = hp.Float("rate", *RATES, sampling="log")
        model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    tuner = keras_tuner.RandomSearch(
        build, objective="val_loss", max_trials=trials, seed=777, directory=str(folder), project_name="tuner"
    )
    return lambda: tuner.search(x, y, epochs=EPOCHS, batch_size=BATCH, validation_data=validation, verbose=0)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--peer"]:
        print(_peer(sys.argv[2], Path(sys.argv[3]), int(sys.argv[4])))
    else:
        numbers = [int(number) for number in sys.argv[2:4]]
        main(Path(sys.argv[1]), *[*numbers, *(TRIALS, ROUNDS)[len(numbers) :]])
