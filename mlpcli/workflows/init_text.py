"""The text of a first config: every value that follows from the data says so."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from mlpcli.config.yaml_writer import in_a_comment, yaml_value

COMMENT_COLUMN = 44
"""Comments start here at the latest; a longer line has its comment right behind it."""


def starter_text(data: StarterData, name: str, file: str) -> str:
    """YAML for a config in the file `file`, whose runs are to be called `name`; it trains as it is."""
    head = [
        f"# {in_a_comment(data.found)}",
        "# Written by mlpcli init: a start to be changed. docs/config.md has every key.",
        f"# mlpcli train {in_a_comment(file)}",
        f"name: {yaml_value(name)}",
        "seed: 777",
    ]
    sections = {"data": _data(data), "model": _model(data), "training": _training(data)}
    blocks = ["\n".join([f"{name}:", *_aligned(entries)]) for name, entries in sections.items()]
    return "\n\n".join(["\n".join(head), *blocks]) + "\n"


def _data(data: StarterData) -> list[Entry]:
    entries: list[Entry] = [(f"source: {yaml_value(data.source)}", ""), *data.entries]
    validates = not any(line.startswith("validation:") for line, _ in data.entries)
    if not data.can_hold_out:
        few = f"{data.rows} rows" if data.rows < FEWEST_TO_VALIDATE else "so few rows outside the largest class"
        entries.append(("validation: null", f"{few} are too few to hold any out, so early stopping is off"))
    elif validates:
        entries.append(("validation: 0.2", "a fifth of the training rows tells when to stop"))
    if data.own_test:
        entries.append(("# test rows come with it, for a score on rows that chose nothing", ""))
    elif data.rows >= FEWEST_TO_TEST and data.can_hold_out:
        entries.append(("test: 0.2", "a fifth of all rows, for a score on rows that chose nothing"))
    smallest = min(data.class_rows, default=FEWEST_TO_STRATIFY)
    if smallest < FEWEST_TO_STRATIFY:
        rows = "1 row" if smallest == 1 else f"{smallest} rows"
        entries.append(("stratify: false", f"the smallest class has {rows}, which cannot be in every part"))
    if data.task == "regression" and data.targets == 1:
        entries.append(("target_scaling: standardize", "train on a target of mean 0, spread 1; scores keep its units"))
    return entries


def _model(data: StarterData) -> list[Entry]:
    if is_line(data):
        return [("hidden_units: []", f"a straight line, y = a x + b, for {data.rows} rows; [16, 8] can bend it")]
    first, second = hidden_units(data.rows, data.inputs)
    inputs = "1 input" if data.inputs == 1 else f"{data.inputs:,} inputs"
    entries: list[Entry] = [
        (f"hidden_units: [{first}, {second}]", f"for {data.rows:,} rows of {inputs}"),
        ("activation: relu", ""),
        ("kernel_initializer: he_normal", "made for relu"),
    ]
    if wants_dropout(data.rows, data.inputs, data.task):
        entries.append(("dropout: 0.2", f"fewer than {ROWS_PER_INPUT} rows for each input overfit quickly"))
    return entries


def _training(data: StarterData) -> list[Entry]:
    epochs, patience = epochs_and_patience(data.rows)
    adam = ("optimizer: adam", "or {name: adam, learning_rate: 0.0003} where the loss jumps about")
    descent = ("optimizer: {name: sgd, learning_rate: 0.1}", "gradient descent; adam for more layers")
    entries: list[Entry] = [
        descent if is_line(data) else adam,
        (f"epochs: {epochs}", "the most" if data.can_hold_out else ""),
        (f"batch_size: {batch_size(data.rows)}", f"for {data.rows:,} rows"),
    ]
    if data.can_hold_out:
        stops = f"early_stopping: {{monitor: val_loss, patience: {patience}}}"
        entries.append((stops, "keeps the best weights"))
    return entries


def _aligned(entries: Sequence[Entry]) -> list[str]:
    """The lines of a section, comments below each other where they fit."""
    short = [len(line) for line, comment in entries if comment and len(line) <= COMMENT_COLUMN]
    column = max(short, default=0)
    return [f"  {line:{column}}  # {in_a_comment(comment)}" if comment else f"  {line}" for line, comment in entries]


SMALLEST_LAYER, LARGEST_LAYER = 16, 256
ROWS_PER_UNIT = 10
ROWS_PER_INPUT = 50
STEPS_PER_EPOCH = 100
SMALLEST_BATCH, LARGEST_BATCH = 16, 512
MANY_ROWS = 10_000
FEWEST_TO_TEST, FEWEST_TO_VALIDATE, FEWEST_TO_STRATIFY = 10, 5, 3


def hidden_units(rows: int, inputs: int) -> list[int]:
    """Two layers, the second half of the first; the first has about twice as many units as there are inputs.

    It has a power of two of them, between 32 and 256, and with few rows no more than a tenth of the rows (but 16).
    """
    wanted = max(2 * SMALLEST_LAYER, 2 ** math.ceil(math.log2(2 * max(1, inputs))))
    allowed = max(SMALLEST_LAYER, _power_of_two_within(rows / ROWS_PER_UNIT))
    first = min(wanted, allowed, LARGEST_LAYER)
    return [first, first // 2]


def is_line(data: StarterData) -> bool:
    """Whether a straight line is the start: for a number from one input, and fewer than ten rows."""
    return data.task == "regression" and data.inputs == 1 and data.rows < FEWEST_TO_TEST


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


Entry = tuple[str, str]
"""A line of YAML and the comment beside it, "" for none; a line that is all comment starts with `#`."""


@dataclass(frozen=True)
class StarterData:
    """What a first config needs to know.

    found: the data in one line. source: data.source, from the config's folder. rows: training rows, before the split.
    inputs: numbers per example. targets: numbers to predict. own_test: whether test rows come with it. class_rows: of
    each class, empty where that is not known or there are no classes. entries: more lines of the data section. notes:
    what the user should know.
    """

    found: str
    source: str
    task: str
    rows: int
    inputs: int
    targets: int = 1
    own_test: bool = False
    class_rows: tuple[int, ...] = ()
    entries: tuple[Entry, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def can_hold_out(self) -> bool:
        """Whether training keeps two classes when rows are held out, and rows are enough for it."""
        outside = sum(self.class_rows) - max(self.class_rows, default=0)
        return self.rows >= FEWEST_TO_VALIDATE and (not self.class_rows or outside >= FEWEST_TO_STRATIFY)
