"""What a faster mlpcli is measured by: whole commands beside what they are compared with, and epochs beside epochs.

MLPCLI_BENCH_MNIST=folder of IDX files  .venv-bench/bin/python -m benchmarks.marks
.venv-bench/bin/python -m benchmarks.marks --rounds 3 --only "train digits" "seeds, numpy"

Each round has an empty cache (MLPCLI_CACHE), the command twice, and then the other, so that the moods of the machine
meet all alike. A ratio is the median over the rounds of second run to other, with the least and the most. What was
measured is stored (results/marks.json), and written into docs/performance.md.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import light
from benchmarks.engine import MODULES, RESULTS, run, versions
from benchmarks.report import marked_commands_block, marked_epochs_block, write_pages
from benchmarks.tree_peak import peak_of
from benchmarks.whole_process import BARE_SCRIPT, CONFIG, FIXED, ROOT
from benchmarks.whole_process import EPOCHS as WHOLE_EPOCHS
from benchmarks.work import MNIST_VARIABLE, load

MNIST_EPOCHS = 6
MNIST_CONFIG = f"""
name: mnist
data: {{{{source: mnist, path: "{{folder}}", validation: null}}}}
model:
  layers:
    - {{{{dense: 64}}}}
    - batch_normalization
    - {{{{activation: relu}}}}
    - {{{{dropout: 0.2}}}}
    - {{{{dense: 32}}}}
    - batch_normalization
    - {{{{activation: relu}}}}
    - {{{{dropout: 0.2}}}}
    - {{{{dense: 64}}}}
    - batch_normalization
    - {{{{activation: relu}}}}
    - {{{{dropout: 0.2}}}}
training: {{{{optimizer: adam, epochs: {MNIST_EPOCHS}, batch_size: 100, early_stopping: false}}}}
output: {{{{plots: []}}}}
"""
MNIST_SCRIPT = f"""
import gzip, keras, numpy as np
read = lambda name, skip: np.frombuffer(gzip.open("{{folder}}/" + name).read(), np.uint8, offset=skip)
x, y = read("train-images-idx3-ubyte.gz", 16).reshape(-1, 784), read("train-labels-idx1-ubyte.gz", 8)
layers = [keras.Input((784,)), keras.layers.Rescaling(1 / 255)]
for units in (64, 32, 64):
    layers += [keras.layers.Dense(units), keras.layers.BatchNormalization()]
    layers += [keras.layers.Activation("relu"), keras.layers.Dropout(0.2)]
model = keras.Sequential([*layers, keras.layers.Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x, y, batch_size=100, epochs={MNIST_EPOCHS}, verbose=2)
model.save("model.keras")
"""
SKLEARN_SCRIPT = f"""
import warnings
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
warnings.simplefilter("ignore")  # it says that the epochs are over
x, y = load_digits(return_X_y=True)
x_train, x_test, y_train, y_test = train_test_split(x / 16, y, test_size=0.2, random_state=0)
x_train, x_valid, y_train, y_valid = train_test_split(x_train, y_train, test_size=0.2, random_state=0)
model = MLPClassifier((64, 32, 16), solver="sgd", learning_rate_init=0.05, momentum=0.9, nesterovs_momentum=True,
    alpha=0, batch_size=32, max_iter={WHOLE_EPOCHS}, n_iter_no_change={WHOLE_EPOCHS}, tol=0)
model.fit(x_train, y_train)
print(model.score(x_valid, y_valid), model.score(x_test, y_test))
"""
SEEDS = 10


@dataclass(frozen=True)
class Command:
    """Whole processes. ours: arguments of one; other: of those, run one after the other, that it is compared with.

    mark: what the second run may take of the others' time.
    """

    ours: Sequence[str]
    other: Sequence[Sequence[str]]
    mark: float


@dataclass(frozen=True)
class Epochs:
    """The median epoch of `mlpcli auto` beside that of a peer, and how many times as fast it is to be."""

    work: str
    peer: str
    mark: float
    epochs: int


def train(config: str, *more: str) -> list[str]:
    """The arguments of Python for one training."""
    return ["-m", "mlpcli", "train", config, *more]


def single_seeds(*more: str) -> list[list[str]]:
    """The trainings of as many seeds, each a command."""
    return [train(CONFIG, "-s", f"seed={seed}", *more) for seed in range(777, 777 + SEEDS)]


NUMPY = ("-s", "training.engine=numpy")
COMMANDS = {
    "train digits": Command(train(CONFIG, *FIXED), [["-c", BARE_SCRIPT]], 0.55),
    "train digits, numpy": Command(train(CONFIG, *FIXED, *NUMPY), [["-c", SKLEARN_SCRIPT]], 1.0),
    "seeds, numpy": Command(train(CONFIG, "--seeds", str(SEEDS), *NUMPY), single_seeds(*NUMPY), 0.25),
    "seeds, keras": Command(train(CONFIG, "--seeds", str(SEEDS), *FIXED), single_seeds(*FIXED), 0.25),
}
MNIST_COMMANDS = {
    "train MNIST": Command(train("fit.yaml"), [["-c", MNIST_SCRIPT.format(folder=light.MNIST)]], 0.3),
    "predict a photo": Command(["-m", "mlpcli", "predict", "run", "photo.png"], [["-c", "import tensorflow"]], 1 / 15),
    "evaluate": Command(["-m", "mlpcli", "evaluate", "run"], [["-c", light.EVALUATE.format(mnist=light.MNIST)]], 0.15),
    "summary": Command(["-m", "mlpcli", "summary", "run"], [["-c", "import tensorflow"]], 1 / 20),
}
EPOCHS = {
    "digits epoch": Epochs("digits", "keras fit", 20, 100),
    "MNIST epoch": Epochs("mnist", "keras fit", 5, 10),
    "iris epoch, JAX": Epochs("iris", "JAX lax.scan", 0.8, 600),
    "digits epoch, JAX": Epochs("digits", "JAX lax.scan", 1.0, 100),
    "digits epoch, scikit-learn": Epochs("digits", "scikit-learn", 4, 100),
}
"""Enough epochs for `auto` to compile."""


def main() -> None:
    """Measure, store, and write the page."""
    commands = COMMANDS | (MNIST_COMMANDS if light.MNIST else {})
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="+", choices=[*commands, *EPOCHS], default=[*commands, *EPOCHS])
    arguments = parser.parse_args()
    results: dict[str, Any] = {
        "versions": versions(),
        "rounds": arguments.rounds,
        "pixels": load("mnist").source + ("" if light.MNIST else f" ({MNIST_VARIABLE} is not set)"),
        "commands": [_measured(name, commands[name], arguments.rounds) for name in commands if name in arguments.only],
        "epochs": [_compared(name, EPOCHS[name], arguments.rounds) for name in EPOCHS if name in arguments.only],
    }
    print(marked_commands_block(results), marked_epochs_block(results), sep="\n\n")
    if {*arguments.only} == {*commands, *EPOCHS}:
        (RESULTS / "marks.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        write_pages()


def _measured(name: str, command: Command, rounds: int) -> dict[str, Any]:
    """Seconds of each round, and the peak memory (MiB) of a third run, all its processes together."""
    found: dict[str, Any] = {"name": name, "mark": command.mark, "first": [], "second": [], "other": [], "peak_mib": []}
    for turn in range(rounds):
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            _prepare(folder, name)
            first, second = (process(command.ours, folder) for _ in range(2))
            other = sum(process(arguments, folder) for arguments in command.other)
            peak = peak_of([sys.executable, *command.ours], folder, _environment(folder))
        for key, value in (("first", first), ("second", second), ("other", other), ("peak_mib", peak)):
            found[key].append(value)
        print(f"{name}, round {turn + 1}: {first:.2f}, {second:.2f}; {other:.2f} s", file=sys.stderr, flush=True)
    return found


def _compared(name: str, epochs: Epochs, rounds: int) -> dict[str, Any]:
    """Milliseconds of a median epoch, round by round; SGD, without BatchNorm and Dropout. Empty without the peer."""
    found: dict[str, Any] = {"name": name, "peer": epochs.peer, "mark": epochs.mark, "ours": [], "theirs": []}
    if epochs.peer in MODULES and not run(epochs.peer, "iris", 2, "sgd", "plain"):
        return found
    with tempfile.TemporaryDirectory() as cache:
        os.environ["MLPCLI_CACHE"] = cache
        run("mlpcli auto", epochs.work, epochs.epochs, "sgd", "plain")  # the first run
        for _ in range(rounds):
            for key, peer in (("ours", "mlpcli auto"), ("theirs", epochs.peer)):
                found[key].append(_median_ms(run(peer, epochs.work, epochs.epochs, "sgd", "plain")))
            print(f"{name}: {found['ours'][-1]:.2f}; {found['theirs'][-1]:.2f} ms", file=sys.stderr, flush=True)
        del os.environ["MLPCLI_CACHE"]
    return found


def process(arguments: Sequence[str], folder: Path) -> float:
    """Seconds of one process, whose cache is that of its folder."""
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    started = time.perf_counter()
    status = subprocess.run([sys.executable, *arguments], cwd=folder, env=_environment(folder), **quiet).returncode
    seconds = time.perf_counter() - started
    if status:
        raise SystemExit(f"{' '.join(arguments)[:200]} ended with {status}")
    return seconds


def _environment(folder: Path) -> dict[str, str]:
    return light._environment() | {"MLPCLI_CACHE": str(folder / "cache")}


def _prepare(folder: Path, name: str) -> None:
    shutil.copytree(ROOT / "configs", folder / "configs")
    if name == "train MNIST":
        (folder / "fit.yaml").write_text(MNIST_CONFIG.format(folder=light.MNIST), encoding="utf-8")
    elif name in MNIST_COMMANDS:
        light._prepare(folder)


def _median_ms(rows: list[dict[str, Any]]) -> float:
    """Of the epochs after the first."""
    return float(statistics.median(rows[0]["seconds"][1:]) * 1e3)


if __name__ == "__main__":
    main()
