"""Writes docs/config.md and docs/commands.md from the schema and the commands themselves: `make docs`.

The tests compare both files with what this script would write, so that they cannot lie.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from pathlib import Path

import click
from pydantic import BaseModel

from mlpcli.cli.main import COMMANDS, cli
from mlpcli.config.base import Component
from mlpcli.config.reference import FAMILIES, SECTIONS, WORDS, arguments_of, default_of, words_of

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
    parts = ["# Config", NOTE, _INTRODUCTION]
    parts += [f"## {title}\n\n{_keys(section)}" for title, section in SECTIONS.items()]
    parts.append(_OUTPUT_LAYER)
    parts.append(f"## Built-in data\n\n{_listed(WORDS['datasets'])}")
    parts.append(f"## Activations\n\n{_listed(WORDS['activations'])}")
    for kind, classes in FAMILIES.items():
        title = "Learning-rate schedules" if kind == "schedules" else kind.capitalize()
        parts.append(f"## {title}\n\n{_names(classes, tasks=kind in ('losses', 'metrics'))}")
    return "\n\n".join([*parts, _MEANING]) + "\n"


_INTRODUCTION = """Keras's own words, in snake_case. Only `data.source` has no default; unknown keys are errors. A
component (a layer, an optimizer ...) is written as a name, as a name with its arguments
(`random_normal: {stddev: 0.05}`), as a name with its first argument (`dropout: 0.2`), or, but for layers and metrics,
as a mapping with its name
(`{name: sgd, momentum: 0.9}`). Relative paths start at the config's own folder. The option `-s training.epochs=5`
overrides one key, any number of times; paths given so start where the command is typed."""


_OUTPUT_LAYER = """## The output layer

Without `model.output`, the last of `model.layers` is the output where it can be one:

- a dense layer with as many units as the task needs (one per class; 1 for two classes, or 2 with softmax; one per
  number) and an activation that fits the loss, or with the activation as a layer of its own behind it;
- the same without activation, which Keras's tutorials call logits: softmax or sigmoid is added after it, so that the
  model gives probabilities and the loss is the one of `from_logits=True`. A note says so.

A softmax, or a layer of one unit, that does not fit is refused. Behind any other layer there is an output of its own,
with a note where the last layer could have been meant as one. `model.output` always means an output of its own.

`input_shape` or `input_dim` in the first layer is compared with the data, and is not needed.

## Which epoch is kept

The model has the weights of the best epoch: by what early stopping monitors, without early stopping by `val_loss`, or
by `loss` where there is no validation set. The same holds when the training is interrupted. `output.keep: last`, or
`restore_best_weights: false`, keeps those of the last epoch; so do averaged weights (`use_ema`), which are those of no
epoch. `metrics.json` has `monitor`, `best_epoch` and `kept_epoch`.

`output.calibration` and `output.threshold` are about those weights: [probabilities.md](probabilities.md).

`monitor` takes any metric of the run. Losses and errors fall and scores rise; counts (`true_positives` ...) need a
`mode`. An accuracy on few rows often has the same best value twice: `early_stopping.ties: last` keeps the last of
these epochs, where Keras keeps the first. A tie is no improvement, so patience goes on counting.

`min_epochs: 50` stops nothing before epoch 50 is done, while the best epoch may be the third. Keras's
`start_from_epoch` is something else: what comes before it can neither stop the training nor be the best.

## Batches and steps

`batch_size: auto` is the largest power of two up to a fiftieth of the training rows, within 32 to 256: 64 for 5,000
rows, 256 from 12,800 on. `validate` prints what it is, and `metrics.json` has it under `chosen`.

A schedule counts steps, which are batches. Where the number of rows or epochs may change, give it fractions of the
whole run (`epochs` times the batches of an epoch) instead, or `auto` for all that follows the warm-up:

```yaml
training:
  batch_size: auto
  epochs: 200
  optimizer: {name: adamw, learning_rate: 0.0001, weight_decay: 0.02}
  learning_rate_schedule:
    cosine_decay: {decay_steps: auto, warmup_steps: 0.05, warmup_target: 0.002}
```

The model file has the steps that they came to, so that stock Keras opens it. Such a run cannot be resumed with
another number of epochs: its first epochs would have had other rates.

`weight_decay` shrinks all weights that are trained, biases and the scales of BatchNorm too, by `learning_rate` times
`weight_decay` a step, as in Keras; a schedule lowers it with the rate. `kernel_regularizer: {l2: ...}` is part of the
loss instead, for kernels only, and Adam rescales it with the rest of the gradient: with `adamw`, use one of the two.

## What the file takes

A network is trained on scaled values, and its file begins with the layer that scales, so that stock Keras, too, takes
the data as it is: `output.input: raw`. The tutorials scale by hand; for a file that goes on in such a notebook:

| `output.input` | the file leaves out | stock Keras gives it, for MNIST | for a table |
|---|---|---|---|
| `raw` | nothing | `x_test`, 0 to 255, (rows, 28, 28) | the columns in their own units, categories as 0 and 1 |
| `scaled` | what `data.scaling` puts first | `x_test / 255` | standardized columns |
| `flat` | that, and the `flatten` behind it | `x_test.reshape(-1, 784) / 255` | as `scaled` |

It is one key since the three follow one another: no tutorial has flat pixels that are not divided, and `flat` needs a
network that begins with rows of numbers; one that begins with `conv2d` has `scaled`. Training, weights and scores are
the same to the bit. The layers left out travel in the file's metadata, where Keras does not look: `evaluate`,
`predict`, `summary --weights`, `trace` and `gradcheck` take raw rows and pictures as ever, and give the same answers.

The labels are those of the loss that the file is compiled with. `auto` takes class numbers: `evaluate(x, y_test)`; with
`training.loss: categorical_crossentropy` it is `evaluate(x, keras.utils.to_categorical(y_test))`. docs/python.md has
the lines."""

_MEANING = """### Which of them mean something

`balanced_accuracy`, the mean recall of the classes, is no metric of Keras. The model file has one that gives the same
under that name: an `auc` with the one threshold 0.5, or for three classes and more an `fbeta_score` with so large a
beta that only the recall counts. A class without any row counts as 0 there; `evaluate` leaves it out of its own.

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
        words = ", ".join(f"`{word}`" for word in words_of(field.annotation) if word != field.default)
        rows.append(f"| `{name}` | {_code(default_of(field))} | {words} | {description} |")
    return "\n".join(rows)


def _names(classes: Iterable[type[Component]], tasks: bool = False) -> str:
    lines = []
    for cls in classes:
        also = f" (also {', '.join(f'`{alias}`' for alias in cls.aliases)})" if cls.aliases else ""
        fits = f"; for {', '.join(getattr(cls, 'labels', {}))}" if tasks else ""
        arguments = [name if default == "required" else f"{name} = {default}" for name, default in arguments_of(cls)]
        lines.append(f"- `{cls.tag}`{also}{': ' + ', '.join(arguments) if arguments else ''}{fits}")
    return "\n".join(lines)


def _code(default: str) -> str:
    return default if default in ("", "required") else f"`{default}`"


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
