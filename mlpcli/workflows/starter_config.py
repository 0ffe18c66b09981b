"""The text of a first config: every value that follows from the data says so."""

from __future__ import annotations

from collections.abc import Sequence

from mlpcli.workflows import starter_sizes as sizes
from mlpcli.workflows.starter_data import Entry, StarterData
from mlpcli.workflows.yaml_value import in_a_comment, yaml_value

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
    if data.rows < sizes.FEWEST_TO_VALIDATE:
        entries.append(("validation: null", f"{data.rows} rows are too few to keep any apart, so it cannot stop early"))
    elif validates:
        entries.append(("validation: 0.2", "a fifth of the training rows tells when to stop"))
    if data.own_test:
        entries.append(("# test rows come with it, for a score that nothing was chosen by", ""))
    elif data.rows >= sizes.FEWEST_TO_TEST:
        entries.append(("test: 0.2", "a fifth of all rows, for a score that nothing was chosen by"))
    if data.smallest_class is not None and data.smallest_class < sizes.FEWEST_TO_STRATIFY:
        rows = "1 row" if data.smallest_class == 1 else f"{data.smallest_class} rows"
        entries.append(("stratify: false", f"the smallest class has {rows}, which cannot be in every part"))
    if data.task == "regression":
        entries.append(("target_scaling: standardize", "train on a target of mean 0, spread 1; scores keep its units"))
    return entries


def _model(data: StarterData) -> list[Entry]:
    first, second = sizes.hidden_units(data.rows, data.inputs)
    inputs = "1 input" if data.inputs == 1 else f"{data.inputs:,} inputs"
    entries: list[Entry] = [
        (f"hidden_units: [{first}, {second}]", f"for {data.rows:,} rows of {inputs}"),
        ("activation: relu", ""),
        ("kernel_initializer: he_normal", "made for relu"),
    ]
    if sizes.wants_dropout(data.rows, data.inputs, data.task):
        entries.append(
            ("dropout: 0.2", f"fewer than {sizes.ROWS_PER_INPUT} rows for each input are soon known by heart")
        )
    return entries


def _training(data: StarterData) -> list[Entry]:
    epochs, patience = sizes.epochs_and_patience(data.rows)
    entries: list[Entry] = [
        ("optimizer: adam", "or {name: adam, learning_rate: 0.0003} where the loss jumps about"),
        (f"epochs: {epochs}", "the most" if data.rows >= sizes.FEWEST_TO_VALIDATE else ""),
        (f"batch_size: {sizes.batch_size(data.rows)}", f"for {data.rows:,} rows"),
    ]
    if data.rows >= sizes.FEWEST_TO_VALIDATE:
        stops = f"early_stopping: {{monitor: val_loss, patience: {patience}}}"
        entries.append((stops, "keeps the best weights"))
    return entries


def _aligned(entries: Sequence[Entry]) -> list[str]:
    """The lines of a section, comments below each other where they fit."""
    short = [len(line) for line, comment in entries if comment and len(line) <= COMMENT_COLUMN]
    column = max(short, default=0)
    return [f"  {line:{column}}  # {in_a_comment(comment)}" if comment else f"  {line}" for line, comment in entries]
