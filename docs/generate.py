"""Writes docs/config.md and docs/commands.md from the schema and the commands themselves: `make docs`.

The tests compare both files with what this script would write, so that they cannot lie.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import click
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from mlpcli.cli.main import COMMANDS, cli
from mlpcli.config.base import Component
from mlpcli.config.initializers import INITIALIZERS
from mlpcli.config.layers import ACTIVATIONS
from mlpcli.config.losses import LOSSES
from mlpcli.config.metrics import METRICS
from mlpcli.config.optimizers import OPTIMIZERS
from mlpcli.config.regularizers import CONSTRAINTS, REGULARIZERS
from mlpcli.config.schedules import SCHEDULES, ReduceLROnPlateau
from mlpcli.config.schema import Config
from mlpcli.config.sections import (
    BUILT_IN_NAMES,
    LAYERS,
    DataConfig,
    EarlyStopping,
    GenerateConfig,
    ImageConfig,
    ModelConfig,
    OutputConfig,
    StopWhenEqual,
    TrainingConfig,
)

FOLDER = Path(__file__).resolve().parent
NOTE = "<!-- Written by docs/generate.py (make docs); change the schema or the command, not this file. -->"


def main() -> None:
    """Write both files."""
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


def pages() -> dict[str, str]:
    """File name to content."""
    return {"config.md": config_page(), "commands.md": commands_page()}


def config_page() -> str:
    """Every key with its default and meaning, every name with its arguments."""
    sections: list[tuple[str, type[BaseModel]]] = [
        ("Top level", Config), ("data", DataConfig), ("data.image", ImageConfig), ("data.generate", GenerateConfig),
        ("model", ModelConfig), ("training", TrainingConfig),
        ("training.early_stopping", EarlyStopping), ("training.stop_when_equal", StopWhenEqual),
        ("output", OutputConfig),
    ]  # fmt: skip
    parts = ["# Config", NOTE, _INTRODUCTION]
    parts += [f"## {title}\n\n{_keys(section)}" for title, section in sections]
    parts.append(f"## Built-in data\n\n{_listed(BUILT_IN_NAMES)}")
    parts.append(f"## Activations\n\n{_listed(ACTIVATIONS)}")
    families: list[tuple[str, Iterable[type[Component]]]] = [
        ("Layers", LAYERS), ("Optimizers", OPTIMIZERS), ("Initializers", INITIALIZERS), ("Regularizers", REGULARIZERS),
        ("Constraints", CONSTRAINTS), ("Learning-rate schedules", (*SCHEDULES, ReduceLROnPlateau)),
    ]  # fmt: skip
    parts += [f"## {title}\n\n{_names(classes)}" for title, classes in families]
    parts += [f"## Losses\n\n{_names(LOSSES, tasks=True)}", f"## Metrics\n\n{_names(METRICS, tasks=True)}", _MEANING]
    return "\n\n".join(parts) + "\n"


_INTRODUCTION = """Keras's own words, in snake_case. Only `data.source` has no default; unknown keys are errors. A
component (a layer, an optimizer ...) is written as a name, as a name with its arguments
(`random_normal: {stddev: 0.05}`), as a name with its first argument (`dropout: 0.2`), or, but for layers and metrics,
as a mapping with its name
(`{name: sgd, momentum: 0.9}`). Relative paths start at the config's own folder. The option `-s training.epochs=5`
overrides one key, any number of times; paths given so start where the command is typed."""


_MEANING = """### Which of them mean something

Keras computes any of them for any output, also where the number says nothing. `f1_score` and `fbeta_score` of one
output get a threshold of 0.5 where the config gives none, since Keras would call every row positive. `validate` and
`train` refuse the following, with line and key, before the first epoch; the message says what to use instead.

For the outputs:

- `auc`, the `..._at_...` metrics and the crossentropies: outputs that are no probabilities (`tanh`, `linear`)
- after `hinge`, `squared_hinge`, `categorical_hinge` or `cosine_similarity` with such outputs: metrics that count
  outputs above 0.5 (`precision`, `binary_accuracy` ...; with a threshold of your own they are allowed), and `mse`,
  `rmse`, `mae`
- `binary_accuracy` without a threshold: `softmax`
- `kl_divergence`: outputs that do not sum up to 1 (`sigmoid`)
- `top_k...`, and `top_k` of `precision` and `recall`: no more outputs than k
- `cosine_similarity` as a loss: one number
- `poisson`: outputs that may be negative (`linear`)

For the targets of the training, validation or test part:

- `mean_squared_logarithmic_error`, `poisson`: a negative one
- `mean_absolute_percentage_error`: a 0
- `r2_score`: one row, or the same value in all; too few rows for `num_regressors`

For their arguments, where they leave one value for every output: `num_thresholds: 2`, `label_smoothing: 1`, an `alpha`
of 0 in `categorical_focal_crossentropy`, `alpha` and `beta` of 0 in `tversky`, a threshold of 1 on probabilities, or
of 0 on `sigmoid` and `softmax`.

A `monitor` can only name the column of a loss or metric that is allowed. `hinge` as a metric of `sigmoid` outputs is,
but at best it is the share of the negative rows, not 0."""


def _keys(section: type[BaseModel]) -> str:
    rows = ["| key | default | values | meaning |", "|---|---|---|---|"]
    for name, field in section.model_fields.items():
        description = (field.description or "see below").replace("|", "\\|")
        words = ", ".join(f"`{word}`" for word in _words(field.annotation) if word != field.default)
        rows.append(f"| `{name}` | {_default(field)} | {words} | {description} |")
    return "\n".join(rows)


def _words(annotation: Any) -> list[str]:
    """The words that a key takes, beside what its meaning says."""
    if get_origin(annotation) is Literal:
        return [str(word) for word in get_args(annotation)]
    return [word for inner in get_args(annotation) for word in _words(inner)]


def _default(field: Any) -> str:
    if field.default_factory is not None or isinstance(field.default, BaseModel):  # a section of its own
        return ""
    if field.default is PydanticUndefined:
        return "" if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel) else "required"
    return f"`{_yaml(field.default)}`"


def _yaml(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "[" + ", ".join(_yaml(entry) for entry in value) + "]"
    return '""' if value == "" else f"{value}"


def _names(classes: Iterable[type[Component]], tasks: bool = False) -> str:
    lines = []
    for cls in classes:
        also = f" (also {', '.join(f'`{alias}`' for alias in cls.aliases)})" if cls.aliases else ""
        fits = f"; for {', '.join(getattr(cls, 'labels', {}))}" if tasks else ""
        arguments = [_argument(name, field) for name, field in cls.model_fields.items() if name != "name"]
        lines.append(f"- `{cls.tag}`{also}{': ' + ', '.join(arguments) if arguments else ''}{fits}")
    return "\n".join(lines)


def _argument(name: str, field: Any) -> str:
    return name if field.default is PydanticUndefined else f"{name} = {_yaml(field.default)}"


def _listed(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def commands_page() -> str:
    """The help page of each command, and of those below it, as the terminal shows it at 100 columns."""
    parts = ["# Commands", NOTE]
    for name in COMMANDS:
        parent = cli.make_context("mlpcli", [name])
        command = cli.get_command(parent, name)
        assert command is not None
        parts += _help_pages(command, name, parent, level=2)
    return "\n\n".join(parts) + "\n"


def _help_pages(command: click.Command, name: str, parent: click.Context, level: int) -> list[str]:
    context = click.Context(command, parent, info_name=name, max_content_width=100, terminal_width=100)
    title = f"{'#' * level} {context.command_path}"
    pages = [f"{title}\n\n```\n{inspect.cleandoc(command.get_help(context))}\n```"]
    for below, inner in command.commands.items() if isinstance(command, click.Group) else ():
        pages += _help_pages(inner, below, context, level + 1)
    return pages


if __name__ == "__main__":
    main()
