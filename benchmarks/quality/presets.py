"""The tool's own presets and what is taken out of them: `mlpcli init`, `train`, `predict`, as a user has them."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

import mlpcli
from benchmarks.quality.scores import class_scores, number_scores
from benchmarks.quality.tables import SPLIT_SEEDS, Table, part_path
from mlpcli.backend import keras
from mlpcli.workflows.starter_data import Preset as InitPreset

ENCODED = "data.numeric_encoding={piecewise_linear: {bins: 16}}"
PREDICTED_ROWS = 10_000


@dataclass(frozen=True)
class Preset:
    """What `init` writes, and what is changed in it; {batch} stands for the batch of that many rows.

    init: the preset that it writes. all_rows: whether it is trained again, on the validation rows, too, for as many
    epochs as were best.
    """

    overrides: tuple[str, ...] = ()
    init: InitPreset = "fast"
    all_rows: bool = False


def _strong(*changes: str) -> Preset:
    """The recipe, by key, with some lines changed; a change that ends with `=` takes the line out."""
    lines = dict(line.split("=", 1) for line in STRONG) | dict(change.split("=", 1) for change in changes)
    return Preset(tuple(f"{key}={value}" for key, value in lines.items() if value))


def _without_scale(*changes: str) -> Preset:
    """As the recipe was when its other parts were chosen."""
    return _strong("model.input_scale=", *changes)


STRONG = (
    ENCODED,
    "model.hidden_units=[128, 128]",
    "model.dropout=0.15",
    "training.optimizer={name: adamw, learning_rate: 0.001, weight_decay: 0.02}",
    "training.batch_size={batch}",
    "training.epochs=200",
    "training.early_stopping={monitor: val_loss, patience: 20}",
    "model.input_scale=6",
)
COSINE = (
    "training.optimizer={name: adamw, learning_rate: 0.002, weight_decay: 0.02}",
    "training.learning_rate_schedule={name: cosine_decay, decay_steps: auto}",
    "training.epochs=100",
    "training.early_stopping={monitor: val_loss, patience: 100}",
)
BY_ACCURACY = "training.early_stopping={monitor: val_accuracy, ties: last, patience: 20}"
BY_ACCURACY_TO_THE_END = "training.early_stopping={monitor: val_accuracy, ties: last, patience: 100}"
METHODS = {
    "fast": Preset(),
    "strong": Preset(init="strong"),
    "best": Preset(init="best"),
    "vanilla MLP": Preset((
        "model.hidden_units=[64, 32]", "model.dropout=0", "model.kernel_initializer=glorot_uniform",
        "training.optimizer=adam", "training.epochs=50", "training.batch_size=32", "training.early_stopping=false",
        "output.keep=last",
    )),
}  # fmt: skip
"""What a user may choose, and the network of the tutorials."""
BASE = "strong without an input scale"
ABLATIONS = {
    BASE: _without_scale(),
    "strong with robust scaling": _without_scale("data.scaling=robust"),
    "strong without encoding": _without_scale("data.numeric_encoding="),
    "strong without dropout": _without_scale("model.dropout=0"),
    "strong without weight decay": _without_scale("training.optimizer=adam"),
    "strong with batch 32": _without_scale("training.batch_size=32"),
    "strong with 64-32 units": _without_scale("model.hidden_units=[64, 32]"),
    "strong with patience 10": _without_scale("training.early_stopping={monitor: val_loss, patience: 10}"),
}
"""The recipe without one of its parts. The input scale came after them, and the members last: the others were taken out
of a recipe without these two."""
ONE_NETWORK = "strong before it had members"
CANDIDATES = {
    "strong with cosine decay": _without_scale(*COSINE),
    "strong that stops by accuracy": _without_scale(BY_ACCURACY),
    "best without an input scale": _without_scale("model.members=8"),
    "strong with cosine decay, by accuracy": _without_scale(*COSINE[:-1], BY_ACCURACY_TO_THE_END),
    "strong that validates with a tenth": Preset(("model.members=1", "data.validation=0.1"), init="strong"),
    "strong, again on all rows": Preset(("model.members=1",), init="strong", all_rows=True),
}
"""What was tried on the design tables."""
MEMBERS = {
    "strong with 1 member": Preset(("model.members=1",), init="strong"),
    "strong with 2 members": Preset(("model.members=2",), init="strong"),
    "strong with 8 members": Preset(("model.members=8",), init="strong"),
}
"""As many as `strong` might have, fitted in the same hours as `strong` with its four."""
FAST_BESIDE_PYTABKIT = "fast beside pytabkit"
"""Fitted in the hours of pytabkit's methods, since seconds depend on what else the machine does."""
EARLIER = {ONE_NETWORK: Preset(("model.members=1",), init="strong"), FAST_BESIDE_PYTABKIT: Preset()}
PRESETS = METHODS | ABLATIONS | CANDIDATES | MEMBERS | EARLIER


def version(preset: Preset) -> str:
    """Of what is trained: the tool's version, and a digest of what is changed in the text of `init`."""
    text = preset.overrides if preset.init == "fast" else (preset.init, *preset.overrides)
    digest = hashlib.sha256(json.dumps(text).encode()).hexdigest()[:8]
    return f"mlpcli {mlpcli.__version__} {digest}"


def fit_preset(preset: Preset, table: Table, split: int, folder: Path) -> dict[str, Any]:
    """Train on the training rows alone, and score the test rows by `predict`."""
    train, test = (part_path(folder, table.name, split, part) for part in ("train", "test"))
    place = Path(tempfile.mkdtemp())
    try:
        config = place / "config.yaml"
        mlpcli.init(train, table.target, config, preset=preset.init)
        keras()  # imported before the clock runs: seconds that have nothing to do with the table
        started, cpu = time.perf_counter(), time.process_time()
        overrides = _overrides(preset, config, train, table, split)
        mlpcli.train(config, overrides, run_dir=place / "run")
        if preset.all_rows:
            _train_on_all_rows(config, overrides, place / "run")
        seconds = {"seconds": time.perf_counter() - started, "cpu": time.process_time() - cpu}
        scores = _scores(place / "run", table, test)
        size = (place / "run" / "model.keras").stat().st_size
        metrics = json.loads((place / "run" / "metrics.json").read_text(encoding="utf-8"))
        more = {"epochs": metrics["epochs"], "parameters": metrics["parameters"], "bytes": size}
        return {**scores, **seconds, **more, **_prediction_seconds(place, test, split)}
    finally:
        shutil.rmtree(place)


def _train_on_all_rows(config: Path, overrides: list[str], run: Path) -> None:
    epochs = json.loads((run / "metrics.json").read_text(encoding="utf-8"))["kept_epoch"]
    shutil.rmtree(run)
    whole = ["data.validation=null", "training.early_stopping=false", "output.keep=last", f"training.epochs={epochs}"]
    mlpcli.train(config, [*overrides, *whole], run_dir=run)


def _overrides(preset: Preset, config: Path, train: Path, table: Table, split: int) -> list[str]:
    """All training rows are trained on (a fifth tells when to stop), since the test rows are known to be elsewhere."""
    rows = len(_column(train, table.target))
    written = yaml.safe_load(config.read_text(encoding="utf-8"))
    seed = f"seed={SPLIT_SEEDS[split]}"
    fixed = [seed, "data.test=null", "output.plots=[]", f"data.task={_task(table, written, train)}"]
    return [*fixed, *(line.replace("{batch}", str(batch_of(0.8 * rows))) for line in preset.overrides)]


def _task(table: Table, written: dict[str, Any], train: Path) -> str:
    if table.task == "regression":
        return "regression"
    return "binary" if len(set(_column(train, table.target))) == 2 else "classification"


def batch_of(rows: float) -> int:
    """A power of two up to a fiftieth of the rows, within 32 to 256."""
    return int(min(256, max(32, 2 ** np.floor(np.log2(max(1.0, rows / 50))))))


def _scores(run: Path, table: Table, test: Path) -> dict[str, float]:
    from mlpcli.modelfile.saved_model import open_model

    outputs = mlpcli.predict(run, [test]).outputs
    answers = _column(test, table.target)
    if table.task == "regression":
        return number_scores(outputs[:, 0].astype(float), np.array(answers, float))
    names = list(open_model(run).meaning.class_names or ())
    labels = np.array([names.index(name) if name in names else -1 for name in answers])
    probabilities = outputs if outputs.shape[1] > 1 else np.concatenate([1 - outputs, outputs], axis=1)
    return class_scores(probabilities.astype(float), labels)


def _column(path: Path, name: str) -> list[str]:
    """A column's cells, without the blanks around them, as mlpcli reads them."""
    with path.open(encoding="utf-8", newline="") as file:
        return [row[name].strip() for row in csv.DictReader(file)]


def _prediction_seconds(place: Path, test: Path, split: int) -> dict[str, float]:
    """CPU seconds for 10,000 rows of a CSV, its reading included; of the first split alone."""
    if split:
        return {}
    header, *lines = test.read_text(encoding="utf-8").splitlines(keepends=True)
    many = place / "many.csv"
    repeated = lines * (PREDICTED_ROWS // len(lines) + 1)
    many.write_text(header + "".join(repeated[:PREDICTED_ROWS]), encoding="utf-8")
    started = time.process_time()
    mlpcli.predict(place / "run", [many])
    return {"predict": time.process_time() - started}
