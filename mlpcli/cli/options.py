"""Options that several commands share."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from mlpcli.cli.terminal import write_result
from mlpcli.language import LANGUAGES

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]
PATH = click.Path(path_type=Path)


class _ConfigPath(click.Path):
    """A config's path, or the name of a recipe; a shell completes both."""

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from mlpcli.recipes import shipped_recipes

        names = [recipe.name for recipe in shipped_recipes() if recipe.name.startswith(incomplete)]
        return [*map(CompletionItem, names), *super().shell_complete(ctx, param, incomplete)]


class _RecipeName(click.types.StringParamType):
    """The name of a recipe, which a shell completes."""

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from mlpcli.recipes import shipped_recipes

        return [CompletionItem(recipe.name) for recipe in shipped_recipes() if recipe.name.startswith(incomplete)]


class _RunPath(click.Path):
    """A run directory or a model file; a shell completes those in runs/ first."""

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from mlpcli.runs.directory import run_directories

        runs = [run.as_posix() for run in run_directories(Path("runs"))]
        found = [CompletionItem(run) for run in runs if run.startswith(incomplete)]
        return found or super().shell_complete(ctx, param, incomplete)


CONFIG_PATH = _ConfigPath(path_type=Path)
RUN_PATH = _RunPath(path_type=Path)
RECIPE_NAME = _RecipeName()


class PrintsHelp(click.Command):
    """A command whose help page is written as all results are; click's own `echo` fails on a full disk."""

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        option = super().get_help_option(ctx)
        if option is not None:
            option.callback = _print_help
        return option


_WITHOUT = {
    "config": "mlpcli init DATA writes one for your data; or name one of mlpcli recipes: mlpcli {} digits",
    "config_or_model": "give a config, a model file or a run directory: mlpcli {} runs/digits",
    "model_or_run": "give a model file or a run directory: mlpcli {} runs/digits",
    "runs": "give two or more runs, or a folder of several seeds: mlpcli {} runs/people -o best.keras",
    "run_dirs": "give one or more run directories: mlpcli {} runs/digits",
}
"""What to do where an argument is missing."""


class Command(PrintsHelp):
    """The class of all commands that are not groups."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.MissingParameter as error:
            advice = _WITHOUT.get(error.param.name or "") if error.param is not None else None
            if advice is None:
                raise
            what = error.format_message().rstrip(".")
            raise click.UsageError(f"{what}; {advice.format(ctx.info_name)}", ctx) from None


def _print_help(ctx: click.Context, option: click.Parameter, asked_for: bool) -> None:
    if asked_for and not ctx.resilient_parsing:
        write_result(f"{ctx.get_help()}\n")
        ctx.exit()


_SHORT_FORMS = {
    "epochs": "training.epochs",
    "batch_size": "training.batch_size",
    "lr": "training.optimizer.learning_rate",
}


def training_options() -> Decorator:
    """`--epochs`, `--batch-size` and `--lr`, added to `overrides` as the `-s` that each is short for."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def with_short_forms(*, overrides: tuple[str, ...], **options: Any) -> Any:
            given = {key: options.pop(name) for name, key in _SHORT_FORMS.items()}
            short = (f"{key}={value}" for key, value in given.items() if value is not None)
            return command(overrides=(*overrides, *short), **options)

        for name, key in reversed(_SHORT_FORMS.items()):
            option = click.option(f"--{name.replace('_', '-')}", metavar="N", help=f"Short for -s {key}=N.")
            with_short_forms = option(with_short_forms)
        return with_short_forms

    return decorate


def set_option() -> Decorator:
    """`-s key=value`, any number of times."""
    return click.option(
        "-s", "--set", "overrides", multiple=True, metavar="KEY=VALUE",
        help="Set one key of the config, such as training.epochs=5; the value is YAML. May be repeated.",
    )  # fmt: skip


def language_option() -> Decorator:
    """`--lang`."""
    return click.option(
        "--lang", "language", type=click.Choice(LANGUAGES),
        help="Language of pictures and reports: English or Korean.  [default: output.language of the run]",
    )  # fmt: skip


def rows_options(verb: str) -> Decorator:
    """`--data` and `--split`: which rows a command `verb`s, such as "score"."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        other = f"{verb.capitalize()} other rows: a path, or a built-in name."
        own = f"Which rows of the model's own data to {verb}."
        split = click.option("--split", type=click.Choice(["test", "validation", "train"]), help=own)
        return click.option("--data", metavar="SOURCE", help=other)(split(command))

    return decorate


def engine_option() -> Decorator:
    """`--engine`."""
    return click.option(
        "--engine", type=click.Choice(["auto", "numpy", "keras"]), default="auto", show_default=True,
        help="auto: NumPy, which starts faster, or Keras for layers that only Keras supports and for convolutions of"
        " many rows.",
    )  # fmt: skip


def stock_options() -> Decorator:
    """`--classes`, `--divide-by`, `--inputs` and `--target`, for models without mlpcli's metadata."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        classes = click.option(
            "--classes", metavar="A,B,...",
            help="Class names, for a model that mlpcli did not write, or the built-in set it was trained on.",
        )  # fmt: skip
        divide = click.option(
            "--divide-by", type=click.FloatRange(min=0, min_open=True), metavar="N",
            help="For such a model: divide its inputs by N first, as in x / 255.",
        )  # fmt: skip
        inputs = click.option(
            "--inputs", "input_columns", metavar="A,B,...",
            help="For such a model: the columns of a table, in the order of its inputs; by default all numeric ones.",
        )  # fmt: skip
        target = click.option("--target", metavar="COLUMN", help="For such a model: the column of a table to predict.")
        return classes(divide(inputs(target(command))))

    return decorate


def told_of(
    classes: str | None, divide_by: float | None, input_columns: str | None = None, target: str | None = None
) -> Any:
    """The values of the options of `stock_options` as a `modelfile.card.Told`."""
    from mlpcli.data.catalog import CATALOG
    from mlpcli.modelfile.card import Told
    from mlpcli.text import clean_text

    names = tuple(name.strip() for name in classes.split(",")) if classes else None
    if classes in CATALOG and CATALOG[classes].class_names:
        names = CATALOG[classes].class_names
    inputs, targets = (
        tuple(clean_text(name) for name in given.split(",")) if given else () for given in (input_columns, target)
    )
    return Told(names, divide_by, inputs, targets)


class _Threshold(click.types.FloatParamType):
    """A number, or best."""

    name = "threshold"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return value if value == "best" else float(value)
        except ValueError:
            self.fail(f"{value!r} is neither a number nor best", param, ctx)


def threshold_option() -> Decorator:
    """`--threshold`."""
    return click.option(
        "--threshold", type=_Threshold(), metavar="NUMBER|best",
        help="Two classes: predict the second one above this probability instead of 0.5; best: what output.threshold"
        " chose on the validation rows.",
    )  # fmt: skip


def baseline_option() -> Decorator:
    """`--baseline`."""
    return click.option(
        "--baseline", is_flag=True,
        help="Also train scikit-learn's linear model and MLP on the same rows, and print their scores, too.",
    )  # fmt: skip


def json_option() -> Decorator:
    """`--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of tables.")
