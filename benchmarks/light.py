"""Evaluating, predicting and looking without TensorFlow, beside the Keras way: whole processes, and rows per second.

MLPCLI_BENCH_MNIST=folder of IDX files  .venv-bench/bin/python -m benchmarks.light

Last it prints what each light command takes of `import tensorflow`, and training of scikit-learn's process: the median
of the rounds' own ratios, and their range. `--ratios` prints these alone, and writes nothing.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.engine import RESULTS, versions

ROOT = Path(__file__).resolve().parent.parent
MNIST = os.environ.get("MLPCLI_BENCH_MNIST", "")
DIGITS = ROOT / "configs/digits.yaml"
TENSORFLOW = "import tensorflow"
TRAIN = "mlpcli train configs/digits.yaml -s training.engine=numpy, pictures and all"
PEER = "scikit-learn's process that trains this network"
ROUNDS = 7
BATCHES = (1, 100, 10_000)
CONFIG = """
name: mnist
data: {{source: mnist, path: "{mnist}"}}
model: {{hidden_units: [64, 32, 64], kernel_initializer: he_normal}}
training: {{engine: numpy, optimizer: adam, epochs: 2, batch_size: 100}}
output: {{plots: []}}
"""
EVALUATE = """
import gzip, keras, numpy as np
read = lambda name, skip: np.frombuffer(gzip.open("{mnist}/" + name).read(), np.uint8, offset=skip)
x, y = read("t10k-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28), read("t10k-labels-idx1-ubyte.gz", 8)
model = keras.models.load_model("run/model.keras")
print(model.evaluate(x, y, verbose=0))
"""
SCIKIT_LEARN = """
import numpy as np
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier
x, y = load_digits(return_X_y=True)
x, rows = x / 16, np.load("digits/split.npz")
model = MLPClassifier(
    (64, 32, 16), solver="sgd", learning_rate_init=0.02, momentum=0.9, nesterovs_momentum=True, alpha=0, batch_size=32,
    max_iter={epochs}, n_iter_no_change={epochs}, tol=0, random_state=777,
)
import warnings
warnings.simplefilter("ignore")  # that it has not converged
model.fit(x[rows["train"]], y[rows["train"]])
print(*(model.score(x[rows[part]], y[rows[part]]) for part in ("train", "validation", "test")))
"""
"""The network of configs/digits.yaml on the same rows, for as many epochs; it draws nothing and writes nothing."""
PREDICT = """
import keras, numpy as np
from PIL import Image
model = keras.models.load_model("run/model.keras")
p = model.predict(np.asarray(Image.open("photo.png").convert("L"))[None], verbose=0)[0]
print(p.argmax(), p.max())
"""


def main() -> None:
    """Interleaved rounds in processes of their own; one round is not counted."""
    only_ratios = sys.argv[1:] == ["--ratios"]
    if len(sys.argv) > 1 and not only_ratios:
        print(json.dumps(_rates(Path(sys.argv[1]))))
        return
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        _prepare(folder)
        commands = {
            "mlpcli evaluate, 10,000 MNIST images": ["-m", "mlpcli", "evaluate", "run"],
            "a bare Keras script that evaluates them": ["-c", EVALUATE.format(mnist=MNIST)],
            "mlpcli predict, one photo": ["-m", "mlpcli", "predict", "run", "photo.png"],
            "a bare Keras script that predicts it": ["-c", PREDICT],
            "mlpcli summary run": ["-m", "mlpcli", "summary", "run"],
            "mlpcli validate configs/digits.yaml": ["-m", "mlpcli", "validate", str(DIGITS)],
            "mlpcli --help": ["-m", "mlpcli", "--help"],
            TENSORFLOW: ["-c", "import tensorflow"],
            TRAIN: ["-m", "mlpcli", "train", str(DIGITS), "-s", "training.engine=numpy"],
            PEER: ["-c", SCIKIT_LEARN.format(epochs=_epochs(folder / "digits"))],
        }
        if only_ratios:
            commands = {name: arguments for name, arguments in commands.items() if "bare Keras" not in name}
        found: dict[str, Any] = {name: {"seconds": [], "peak_mib": []} for name in commands}
        for turn in range(ROUNDS + 1):
            for name, arguments in commands.items():
                seconds, peak = _run(arguments, folder)
                print(f"round {turn}: {seconds:6.2f} s  {peak:6.0f} MiB  {name}", file=sys.stderr, flush=True)
                if turn:
                    found[name]["seconds"].append(seconds)
                    found[name]["peak_mib"].append(peak)
        print_ratios(found)
        if only_ratios:
            return
        command = [sys.executable, "-m", "benchmarks.light", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", env=_environment(), check=True)
        rates = json.loads(done.stdout)
    content = {"versions": versions(), "commands": found, "rates": rates}
    (RESULTS / "light.json").write_text(json.dumps(content, indent=1), encoding="utf-8")
    from benchmarks.report import write_pages

    write_pages()


def print_ratios(found: dict[str, Any]) -> None:
    """Each command over `import tensorflow`, and training over scikit-learn's process, round by round."""
    for name in found:
        other = PEER if name == TRAIN else TENSORFLOW
        if name in (PEER, TENSORFLOW):
            continue
        pairs = zip(found[name]["seconds"], found[other]["seconds"], strict=True)
        ratios = sorted(seconds / others for seconds, others in pairs)
        middle = statistics.median(ratios)
        share = f"1/{1 / middle:.1f}" if other == TENSORFLOW else f"{middle:.2f} x"
        print(f"{share:>8} of {other} [{ratios[0]:.3f}..{ratios[-1]:.3f}]: {name}")


def _epochs(run: Path) -> int:
    """How many epochs a run has trained."""
    return len((run / "history.csv").read_text(encoding="utf-8").splitlines()) - 1


def _prepare(folder: Path) -> None:
    """A trained network, one test image as a PNG, and a run on the digits for its rows and epochs."""
    from PIL import Image

    from mlpcli.data.idx import read_idx_folder

    (folder / "mnist.yaml").write_text(CONFIG.format(mnist=MNIST), encoding="utf-8")
    _run(["-m", "mlpcli", "train", "mnist.yaml", "--run-dir", "run"], folder)
    _run(["-m", "mlpcli", "train", str(DIGITS), "-s", "training.engine=numpy", "--run-dir", "digits"], folder)
    Image.fromarray(read_idx_folder(Path(MNIST))[1].x[0]).save(folder / "photo.png")


def _environment() -> dict[str, str]:
    """PYTHONDONTWRITEBYTECODE is left out: what is installed has its bytecode, and a checkout would be compiled anew
    in each process."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}


def _run(arguments: list[str], folder: Path) -> tuple[float, float]:
    """Seconds and peak memory (MiB) of one process."""
    started = time.perf_counter()
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen([sys.executable, *arguments], cwd=folder, env=_environment(), **quiet)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{arguments} ended with {status}")
    return time.perf_counter() - started, usage.ru_maxrss / 1024


def _rates(folder: Path) -> dict[str, dict[str, float]]:
    """Rows per second by batch size: NumPy, Keras's model(x), and model.predict; medians of five."""
    from mlpcli.data.dataset import Part
    from mlpcli.data.idx import read_idx_folder
    from mlpcli.keras_engine.keras_predictor import KerasPredictor
    from mlpcli.modelfile.saved_model import open_model
    from mlpcli.scoring.predictor import load_predictor

    file, x = folder / "run" / "model.keras", read_idx_folder(Path(MNIST))[1].x
    saved = open_model(file)
    light, keras = load_predictor(saved, "numpy"), load_predictor(saved, "keras")
    assert isinstance(keras, KerasPredictor)
    found: dict[str, dict[str, float]] = {}
    for size in BATCHES:
        rows = x[:size]
        part = Part(rows, np.zeros(size), np.arange(size))
        ways = {
            "NumPy": lambda part=part: light.predict(part),
            "model(x)": lambda part=part: keras.predict(part),
            "model.predict": lambda rows=rows, size=size: keras.model.predict(rows, batch_size=size, verbose=0),
        }
        for name, ask in ways.items():
            found.setdefault(name, {})[str(size)] = size / statistics.median(_seconds(ask) for _ in range(6))
    return found


def _seconds(ask: Any) -> float:
    """Of one call, as the mean of several in a row."""
    calls = 5
    started = time.perf_counter()
    for _ in range(calls):
        ask()
    return (time.perf_counter() - started) / calls


if __name__ == "__main__":
    main()
