"""The text of a first config: every value that follows from the data says so."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mlpcli.config.yaml_writer import in_a_comment, yaml_value
from mlpcli.workflows.starter_data import (
    FEWEST_TO_STRATIFY,
    FEWEST_TO_TEST,
    FEWEST_TO_VALIDATE,
    Entry,
    Preset,
    StarterData,
)

COMMENT_COLUMN = 44
"""Comments start here at the latest; a longer line has its comment right behind it."""


def starter_text(data: StarterData, name: str, file: str, preset: Preset) -> str:
    """YAML for a config in the file `file`, whose runs are to be called `name`; it trains as it is."""
    by = "mlpcli init" if preset == "fast" else f"mlpcli init --preset {preset}"
    head = [
        f"# {in_a_comment(data.found)}",
        f"# Written by {by} as a starting point. docs/config.md has every key.",
        f"# mlpcli train {in_a_comment(file)}",
        f"name: {yaml_value(name)}",
        "seed: 777",
    ]
    sections = {"data": _data(data), "model": _model(data), "training": _training(data)}
    if preset != "fast":
        data_section = [*sections["data"], *_strong_data(data)]
        sections = {"data": data_section, "model": _strong_model(preset), "training": _strong_training(data)}
    blocks = ["\n".join([f"{name}:", *_aligned(entries)]) for name, entries in sections.items()]
    return "\n\n".join(["\n".join(head), *blocks]) + "\n"


def _data(data: StarterData) -> list[Entry]:
    entries: list[Entry] = [(f"source: {yaml_value(data.source)}", ""), *data.entries]
    validates = not any(line.startswith("validation:") for line, _ in data.entries)
    if not data.can_hold_out:
        few = f"{data.rows} rows" if data.rows < FEWEST_TO_VALIDATE else "so few rows outside the largest class"
        entries.append(("validation: null", f"{few} are too few to hold any out, so early stopping is off"))
    elif validates:
        entries.append(("validation: 0.2", "a fifth of the training rows, to tell when to stop"))
    if data.own_test:
        entries.append(("# it brings its own test rows, for a score on rows that influenced nothing", ""))
    elif data.rows >= FEWEST_TO_TEST and data.can_hold_out:
        entries.append(("test: 0.2", "a fifth of all rows, for a score on rows that influenced nothing"))
    smallest = min(data.class_rows, default=FEWEST_TO_STRATIFY)
    if smallest < FEWEST_TO_STRATIFY:
        rows = "1 row" if smallest == 1 else f"{smallest} rows"
        entries.append(("stratify: false", f"the smallest class has {rows}, too few for every part"))
    if data.task == "regression" and data.targets == 1:
        entries.append(
            ("target_scaling: standardize", "train on a target with mean 0, spread 1; scores keep its units")
        )
    return entries


def _model(data: StarterData) -> list[Entry]:
    if data.is_line:
        return [("hidden_units: []", f"a straight line, y = a x + b, for {data.rows} rows; [16, 8] can bend it")]
    first, second = hidden_units(data.rows, data.inputs, data.classes)
    inputs = "1 input" if data.inputs == 1 else f"{data.inputs:,} inputs"
    classes = f" and {data.classes:,} classes" if data.classes > max(data.inputs, SMALLEST_LAYER) else ""
    entries: list[Entry] = [
        (f"hidden_units: [{first}, {second}]", f"for {data.rows:,} rows with {inputs}{classes}"),
        ("activation: relu", ""),
        ("kernel_initializer: he_normal", "designed for relu"),
    ]
    if wants_dropout(data.rows, data.inputs, data.task):
        entries.append(("dropout: 0.2", f"fewer than {ROWS_PER_INPUT} rows per input overfit quickly"))
    return entries


def _training(data: StarterData) -> list[Entry]:
    epochs, patience = epochs_and_patience(data.rows)
    adam = ("optimizer: adam", "or {name: adam, learning_rate: 0.0003} if the loss jumps around")
    descent = ("optimizer: {name: sgd, learning_rate: 0.1}", "gradient descent; adam for more layers")
    entries: list[Entry] = [
        descent if data.is_line else adam,
        (f"epochs: {epochs}", "at most" if data.can_hold_out else ""),
        (f"batch_size: {batch_size(data.rows)}", f"for {data.rows:,} rows"),
    ]
    if data.can_hold_out:
        stops = f"early_stopping: {{monitor: val_loss, patience: {patience}}}"
        entries.append((stops, "keeps the best weights"))
    return entries


def _strong_data(data: StarterData) -> list[Entry]:
    """What `strong` adds to the data section."""
    entries: list[Entry] = []
    if data.form == "table" and not data.streamed and data.kinds & {"number", "date"}:
        entries.append((ENCODING, "numbers are given as bins, too, so steps and peaks are learnt sooner"))
    if "date" in data.kinds:
        entries.append(("dates: parts", "year, month, weekday ... instead of days since 1970"))
    return entries


def _strong_model(preset: Preset) -> list[Entry]:
    """The model section of `strong` and `best`."""
    return [
        ("hidden_units: [128, 128]", "wide for most tables; dropout and weight decay keep it from overfitting"),
        ("activation: relu", ""),
        ("kernel_initializer: he_normal", "designed for relu"),
        ("dropout: 0.15", "leaves out this share of the units, drawn at random in each step"),
        ("input_scale: 6", "a learnt factor for each input, so useless inputs soon fade"),
        (f"members: {MEMBERS[preset]}", "networks in one, which predict their mean; fewer are faster"),
    ]


def _strong_training(data: StarterData) -> list[Entry]:
    """The training section of `strong` and `best`."""
    decay = "adam that also shrinks the weights a little in each step"
    entries: list[Entry] = [
        ("optimizer: {name: adamw, learning_rate: 0.001, weight_decay: 0.02}", decay),
        ("epochs: 200", "at most" if data.can_hold_out else ""),
        ("batch_size: auto", "a power of two up to a fiftieth of the training rows, from 32 to 256"),
    ]
    if data.can_hold_out:
        entries.append(("early_stopping: {monitor: val_loss, patience: 20}", "keeps the best weights"))
    return entries


def _aligned(entries: Sequence[Entry]) -> list[str]:
    """The lines of a section, comments below each other where they fit."""
    short = [len(line) for line, comment in entries if comment and len(line) <= COMMENT_COLUMN]
    column = max(short, default=0)
    return [f"  {line:{column}}  # {in_a_comment(comment)}" if comment else f"  {line}" for line, comment in entries]


ENCODING = "numeric_encoding: {piecewise_linear: {bins: 16}}"
MEMBERS = {"strong": 4, "best": 8}
SMALLEST_LAYER, LARGEST_LAYER = 16, 256
ROWS_PER_UNIT = 10
ROWS_PER_INPUT = 50
STEPS_PER_EPOCH = 100
SMALLEST_BATCH, LARGEST_BATCH = 16, 512
MANY_ROWS = 10_000


def hidden_units(rows: int, inputs: int, classes: int = 0) -> list[int]:
    """Two layers, the second half of the first; the first has about twice as many units as there are inputs or classes.

    So the second has as many as there are classes. The first has a power of two of them, between 32 and 256, and with
    few rows no more than a tenth of the rows (but 16).
    """
    wanted = max(2 * SMALLEST_LAYER, 2 ** math.ceil(math.log2(2 * max(1, inputs, classes))))
    allowed = max(SMALLEST_LAYER, _power_of_two_within(rows / ROWS_PER_UNIT))
    first = min(wanted, allowed, LARGEST_LAYER)
    return [first, first // 2]


def batch_size(rows: int) -> int:
    """A power of two between 16 and 512, so that an epoch has about a hundred steps or a few hundred."""
    return min(LARGEST_BATCH, max(SMALLEST_BATCH, _power_of_two_within(rows / STEPS_PER_EPOCH)))


def epochs_and_patience(rows: int) -> tuple[int, int]:
    """The most epochs, and those to wait for an improvement: more of them where an epoch is short."""
    return (50, 5) if rows >= MANY_ROWS else (200, 20)


def wants_dropout(rows: int, inputs: int, task: str) -> bool:
    """Whether a network would soon overfit: classes, and fewer than 50 rows for each input."""
    return task != "regression" and rows < ROWS_PER_INPUT * inputs


def _power_of_two_within(number: float) -> int:
    return 1 << int(math.log2(max(1, number)))
