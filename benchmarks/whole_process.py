"""Whole processes: mlpcli against the script that people write, import and all; and what the lean import saves.

.venv-bench/bin/python -m benchmarks.whole_process
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.engine import RESULTS, versions
from benchmarks.tree_peak import peak_of

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 5
EPOCHS = 30
CONFIG = "configs/digits.yaml"
FIXED = ("-s", f"training.epochs={EPOCHS}", "-s", "training.early_stopping=false")

BARE_SCRIPT = f"""
import keras
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
x, y = load_digits(return_X_y=True)
x_train, x_test, y_train, y_test = train_test_split(x / 16, y, test_size=0.2, random_state=0)
x_train, x_valid, y_train, y_valid = train_test_split(x_train, y_train, test_size=0.2, random_state=0)
layers = [keras.layers.Dense(units, activation="relu", kernel_initializer="he_normal") for units in (64, 32, 16)]
model = keras.Sequential([keras.Input((64,)), *layers, keras.layers.Dense(10, activation="softmax")])
optimizer = keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True)
model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x_train, y_train, batch_size=32, epochs={EPOCHS}, validation_data=(x_valid, y_valid), verbose=2)
model.save("model.keras")
"""

COMMANDS = {
    "mlpcli train configs/digits.yaml (trains, scores, saves, reloads, draws)": [
        "-m",
        "mlpcli",
        "train",
        CONFIG,
        *FIXED,
    ],
    "a bare Keras script with the same epochs (trains and saves)": ["-c", BARE_SCRIPT],
    "import keras": ["-c", "import keras"],
    "import Keras through mlpcli": ["-c", "from mlpcli import backend; backend.keras()"],
    "mlpcli --help": ["-m", "mlpcli", "--help"],
    "mlpcli validate configs/digits.yaml": ["-m", "mlpcli", "validate", CONFIG],
    "mlpcli summary configs/digits.yaml": ["-m", "mlpcli", "summary", CONFIG],
}


def main() -> None:
    """Interleaved rounds after one that is not counted."""
    found: dict[str, Any] = {name: {"seconds": [], "peak_mib": []} for name in COMMANDS}
    for turn in range(ROUNDS + 1):
        for name, arguments in COMMANDS.items():
            measured = _run(arguments, watched=not turn)
            found[name]["seconds" if turn else "peak_mib"].append(measured)
            print(f"round {turn}: {measured:6.2f} {'s' if turn else 'MiB'}  {name}", file=sys.stderr, flush=True)
    RESULTS.mkdir(exist_ok=True)
    content = {"versions": versions(), "commands": found}
    (RESULTS / "whole.json").write_text(json.dumps(content, indent=1), encoding="utf-8")
    from benchmarks.report import write_pages

    write_pages()


def _run(arguments: list[str], watched: bool) -> float:
    """Seconds of one process, in a folder of its own; or, watched, its peak memory (MiB) with that of its children."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "configs", Path(folder) / "configs")
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
        command = [sys.executable, *arguments]
        if watched:
            return peak_of(command, Path(folder), environment)
        quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        started = time.perf_counter()
        subprocess.run(command, cwd=folder, env=environment, check=True, **quiet)
        return time.perf_counter() - started


if __name__ == "__main__":
    main()
