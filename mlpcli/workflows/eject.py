"""`mlpcli eject`: a config as a stand-alone Keras script.

The data part is run once before it is written, so that a script never trains on other rows than `mlpcli train`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mlpcli.arrays import Array
from mlpcli.config.schema import Config
from mlpcli.data.batches import SHUFFLE_STREAM
from mlpcli.data.dataset import Part
from mlpcli.errors import DataError, UserError
from mlpcli.files import check_folder, write_text
from mlpcli.model.plan import Prepared
from mlpcli.workflows.eject_data import DataText, data_text, named_parts, scaling_text
from mlpcli.workflows.eject_model import callback_lines, check_model, compile_lines, entries, layer_lines, network_name
from mlpcli.workflows.prepare import prepare, read_config


@dataclass(frozen=True)
class EjectResult:
    """text: the script. path: the file it was written to, or None. notes: what people should know of it."""

    text: str
    path: Path | None
    notes: tuple[str, ...] = ()


def eject(
    config: str | Path, output: str | Path | None = None, overrides: Sequence[str] = (), force: bool = False
) -> EjectResult:
    """Write what a config describes as a short Keras script that runs without mlpcli.

    Its rows, their order, the initial weights and the history are those of `mlpcli train`, up to rounding.

    Args:
        config: path of the YAML file, or the name of a recipe.
        output: the file to write; None: the text is only returned.
        overrides: "training.epochs=5" and the like.
        force: replace an existing file.

    Raises:
        ConfigError, DataError: as `train`; or a short script cannot do what the config says: names the key.
        UserError: the file exists, or its folder does not.
        OutputError: the file cannot be written.
    """
    path = None if output is None else Path(output)
    if path is not None:
        check_folder(path.parent)
        if not force and (path.exists() or path.is_symlink()):
            raise UserError(f"{path}: already exists; choose another name with --output, or replace it with --force")
    loaded = read_config(Path(config), overrides)
    with loaded.located():
        check_model(loaded.config)
    prepared = prepare(loaded)
    with loaded.located():
        data = data_text(loaded.config.data, prepared, Path() if path is None else path.parent)
        if data.runs_alone:
            _try(data_text(loaded.config.data, prepared, None), prepared, loaded.config)
        text = script_text(loaded.config, prepared, data)
    if path is not None:
        write_text(path, text)
    return EjectResult(text, path)


def _try(data: DataText, prepared: Prepared, config: Config) -> None:
    """Run the data part and compare its rows with those that training gets.

    Raises:
        DataError: they differ: the script would train something else.
    """
    found: dict[str, Any] = {"SEED": config.seed}
    code = "\n".join([*data.imports, data.text])
    try:
        exec(compile(code, "the data part of the script", "exec"), found)  # written by this program
    except Exception as error:  # whatever the odd cells of a table raise
        raise DataError(
            f"{config.data.source}: a short script cannot read it ({error}); save it in a simpler form"
        ) from error
    robust = prepared.plan.scaling == "robust"
    parts = {"train": prepared.splits.train, "val": prepared.splits.validation, "test": prepared.splits.test}
    for name, part in parts.items():
        if part is not None and not _same(part, found[f"x_{name}"], found[f"y_{name}"], robust):
            raise DataError(
                f"{config.data.source}: a short script would read or split it differently than train does, so none is"
                " written; save it as .npz (x, y) or as a plainer CSV"
            )


def _same(part: Part, x: Array, y: Array, scaled: bool) -> bool:
    true_x, true_y = part.arrays()
    same_x = x.shape == true_x.shape and (
        scaled or np.array_equal(np.asarray(x, np.float32), true_x.astype(np.float32))
    )
    return bool(same_x and np.array_equal(y, true_y))


def script_text(config: Config, prepared: Prepared, data: DataText) -> str:
    """The whole script."""
    parts = [_head(config, prepared, data), "# Data\n\n" + data.text, *_targets(config, prepared)]
    scaling, first = scaling_text(prepared)
    own_units = None
    if prepared.plan.target_scaling != "none":
        one = prepared.splits.train.y.ndim == 1
        parts.append(_TARGET if one else _TARGETS)
        own_units = "# back to the target's original units\nlayers.Rescaling(target_std, offset=target_mean)"
    parts.append(scaling)
    model = layer_lines(config, prepared.plan, first, own_units)
    parts.append("\n".join(["# Model", "", "keras.utils.set_random_seed(SEED)", *model]) + "\n")
    parts.append("\n".join(["# Training", "", *_training(config, prepared)]) + "\n")
    parts.append(_scores(config, prepared))
    return _spaced(parts)


def _spaced(parts: Sequence[str]) -> str:
    """One blank line between parts, and two around functions and classes, as everywhere in Python."""
    lines: list[str] = []
    inside = False
    for line in "\n".join(part.strip("\n") + "\n" for part in parts if part.strip()).splitlines():
        begins = line.startswith(("def ", "class "))
        if begins or (inside and line and not line.startswith(" ")):
            while lines and not lines[-1]:
                lines.pop()
            lines += ["", ""]
        inside = begins or (inside and (not line or line.startswith(" ")))
        lines.append(line)
    return "\n".join(lines).rstrip("\n") + "\n"


def _head(config: Config, prepared: Prepared, data: DataText) -> str:
    imports = sorted(("import math", *(line for line in data.imports if _standard(line))), key=_name)
    others = sorted(
        {"import keras", *(line for line in data.imports if not _standard(line)), *_drawing(config)}, key=_name
    )
    training = prepared.plan
    what = {
        "binary": "binary classification",
        "classification": "classification",
        "regression": "regression",
    }
    lines = [
        f'"""{config.name}: {what[training.task]} with a neural network.',
        "",
        "Written by `mlpcli eject`; it needs " + _needs(others) + ".",
        '"""',
        "",
        *imports,
        "",
        *others,
        "",
        f"SEED = {config.seed}",
        f"EPOCHS = {config.training.epochs}",
        f"BATCH_SIZE = {training.batch_size}",
    ]
    return "\n".join(lines) + "\n"


def _standard(line: str) -> bool:
    return line.split()[1] in ("csv", "pathlib")


def _name(line: str) -> tuple[bool, str]:
    return line.startswith("from"), line


def _drawing(config: Config) -> list[str]:
    drawing = ["import matplotlib.pyplot as plt"] if config.output.plots else []
    return ["from keras import layers", *drawing]


def _needs(imports: list[str]) -> str:
    known = {"keras": "Keras with TensorFlow", "numpy": "NumPy", "matplotlib.pyplot": "Matplotlib"}
    known |= {"sklearn.datasets": "scikit-learn", "PIL": "Pillow"}
    names = sorted({known[line.split()[1]] for line in imports})
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _targets(config: Config, prepared: Prepared) -> list[str]:
    """The labels in the form that the loss compares with."""
    names = [f"y_{part}" for part in ("train", *named_parts(prepared))]
    plan = prepared.plan
    lines = []
    if prepared.class_weights is not None:
        weights = ", ".join(repr(float(weight)) for weight in prepared.class_weights)
        lines += [f"class_weight = np.array([{weights}])  # of each class", "weight_train = class_weight[y_train]"]
    if plan.labels == "one_hot":
        made = [f"keras.utils.to_categorical({name}, {plan.outputs[1]})" for name in names]
    elif plan.labels == "sparse":
        made = []
    elif plan.labels == "binary" or prepared.splits.train.y.ndim == 1:
        made = [f'{name}.astype("float32").reshape(-1, 1)' for name in names]
    else:
        made = []
    lines += [f"{name} = {code}" for name, code in zip(names, made, strict=False)]
    return ["\n".join(lines) + "\n"] if lines else []


_TARGET = """# The network learns standardized targets; its last layer converts them back to the original units.
target_mean = float(y_train.mean(dtype="float64"))
target_std = float(y_train.std(dtype="float64"))
"""
_TARGETS = """# The network learns standardized targets; its last layer converts them back to the original units.
target_mean = y_train.mean(axis=0, dtype="float64").tolist()
target_std = y_train.std(axis=0, dtype="float64").tolist()
"""


def _training(config: Config, prepared: Prepared) -> list[str]:
    classes, callbacks = callback_lines(config, prepared.plan)
    lines = [*compile_lines(config, prepared.plan), *(f"\n{text}\n" for text in classes)]
    if callbacks:
        lines.append(f"callbacks = [\n{entries(callbacks)}]")
    weights = ", weight_train[rows]" if prepared.class_weights is not None else ""
    lines.append(_BATCHES.format(stream=f"{SHUFFLE_STREAM:_}", weights=weights))
    arguments = ["batches()", "steps_per_epoch=math.ceil(len(x_train) / BATCH_SIZE)", "epochs=EPOCHS"]
    if prepared.splits.validation is not None:
        arguments += ["validation_data=(x_val, y_val)", "validation_batch_size=BATCH_SIZE"]
    if callbacks:
        arguments.append("callbacks=callbacks")
    arguments += ["shuffle=False", "verbose=2"]
    lines.append("history = model.fit(\n" + "".join(f"    {argument},\n" for argument in arguments) + ")")
    return lines


_BATCHES = '''
def batches():
    """The training rows in batches, in a new order in each epoch."""
    for epoch in range(EPOCHS):
        order = np.random.default_rng([{stream}, SEED, epoch]).permutation(len(x_train))
        for start in range(0, len(order), BATCH_SIZE):
            rows = order[start : start + BATCH_SIZE]
            yield x_train[rows], y_train[rows]{weights}

'''


def _scores(config: Config, prepared: Prepared) -> str:
    """Evaluation, picture and model file."""
    splits, name = prepared.splits, prepared.plan.safe_name
    part, words = ("test", "test") if splits.test is not None else ("val", "validation")
    if splits.test is None and splits.validation is None:
        part, words = "train", "training"
    lines = [
        f"# Scores on the {words} rows",
        "",
        f"scores = model.evaluate(x_{part}, y_{part}, batch_size=1024, verbose=0, return_dict=True)",
        "for name, value in scores.items():",
        '    print(f"{name}: {value:.4f}")',
        "",
    ]
    if config.output.plots:
        lines += ["# Learning curves", "", *_curves(prepared), f'plt.savefig("{name}.{config.output.plots[0]}")', ""]
    suffix = Path(config.output.model).suffix
    return "\n".join([*lines, f'{network_name(prepared.plan)}.save("{name}{suffix}")']) + "\n"


def _curves(prepared: Prepared) -> list[str]:
    lines = ['plt.plot(history.epoch, history.history["loss"], label="training")']
    if prepared.splits.validation is not None:
        lines.append('plt.plot(history.epoch, history.history["val_loss"], label="validation")')
    return [*lines, 'plt.xlabel("epoch")', 'plt.ylabel("loss")', "plt.legend()"]
