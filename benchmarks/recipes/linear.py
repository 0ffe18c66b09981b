"""scikit-learn's SGDClassifier on the pixels of Fashion-MNIST, which stands beside softmax regression."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

from benchmarks.engine import versions
from benchmarks.recipes.jobs import FIRST_SEED, SEEDS
from benchmarks.recipes.results import entries_of, store
from mlpcli.data.idx import read_idx_folder

GROUP = "linear/sgd_classifier"
EPOCHS = 5


def measure_linear(data: Path) -> None:
    """One logistic regression for each class, five epochs over 48,000 rows, like the recipe; skipped where measured."""
    done = {entry["seed"] for entry in entries_of(GROUP)}
    folder = next((data / name for name in ("fashion-mnist", "fashion_mnist") if (data / name).is_dir()), None)
    for seed in range(FIRST_SEED, FIRST_SEED + SEEDS):
        if folder is not None and seed not in done:
            _measure(folder, seed)


def _measure(folder: Path, seed: int) -> None:
    from sklearn.linear_model import SGDClassifier
    from sklearn.model_selection import train_test_split

    train, test = read_idx_folder(folder)
    assert test is not None
    pixels, labels = train.x.reshape(len(train.x), -1) / np.float32(255), train.y
    x, _, y, _ = train_test_split(pixels, labels, test_size=0.2, stratify=labels, random_state=seed)
    model = SGDClassifier(loss="log_loss", max_iter=EPOCHS, tol=None, random_state=seed)
    started = time.perf_counter()
    model.fit(x, y)
    seconds = time.perf_counter() - started
    scores = {
        "train": {"accuracy": float(model.score(x, y))},
        "test": {"accuracy": float(model.score(test.x.reshape(len(test.x), -1) / np.float32(255), test.y))},
    }
    entry = {"seed": seed, "seconds": round(seconds, 2), "epochs": EPOCHS, "scores": scores, "versions": versions()}
    store(GROUP, entry)
    print(f"{GROUP}, seed {seed}: {seconds:.1f} s {scores['test']}", file=sys.stderr, flush=True)
