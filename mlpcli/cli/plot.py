"""The command `mlpcli plot`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from mlpcli.cli.options import PATH, RUN_PATH, Command, language_option
from mlpcli.cli.terminal import result_width, say, write_coloured, write_result
from mlpcli.errors import UserError

PICTURE_NAMES = (
    "history", "confusion_matrix", "roc", "precision_recall", "reliability", "predicted_against_true", "residuals",
    "fitted_curve", "mistakes", "decision_boundary", "hidden_units", "importance", "weights", "activations",
    "first_layer", "gradients",
)  # fmt: skip
"""Those of `plotting.pictures.PICTURES`, which would make the help page import NumPy; a test compares them."""


class _Only(click.Option):
    """Names the pictures in its help."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        self.help = f"Draw only this picture; may be repeated: {', '.join(PICTURE_NAMES)}."
        return super().get_help_record(ctx)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        return [CompletionItem(name) for name in PICTURE_NAMES if name.startswith(incomplete)]


@click.command(cls=Command)
@click.argument("run_dirs", type=RUN_PATH, nargs=-1, required=True, metavar="RUN_DIR...")
@click.option("--output", type=PATH, help="The picture to write; its extension sets the format.")
@click.option("--metric", help="Draw only this metric, such as loss or accuracy.")
@click.option("--format", "file_format", type=click.Choice(["png", "svg", "pdf"]), default="png", show_default=True)
@click.option("--only", cls=_Only, multiple=True, metavar="NAME")
@click.option("--animate", is_flag=True, help="For two inputs: a GIF of the decision boundary, epoch by epoch.")
@click.option("--terminal", is_flag=True, help="Print the learning curves as text. Needs mlpcli[terminal].")
@click.option("--theme", type=click.Choice(["light", "dark"]), help="By default, the theme in the run's config.")
@language_option()
@click.option("--ylim", metavar="LOW:HIGH", help="Limits of the y axis, such as 0.8:1; for one panel.")
@click.option("--title", help="The title above the learning curves.")
@click.option("--legend", metavar="A,B", help="Names in the legend: one per curve of a run, or one per run.")
@click.option("--scale", type=click.Choice(["auto", "linear", "log"]), help="Scale of the y axes; auto picks one.")
@click.option("--smooth", type=float, metavar="SHARE", help="Draw an exponential mean, such as 0.9, over the curves.")
@click.option("--size", metavar="WxH", help="Width and height in inches, such as 8x6.")
def plot(
    run_dirs: tuple[Path, ...],
    output: Path | None,
    metric: str | None,
    file_format: str,
    only: tuple[str, ...],
    animate: bool,
    terminal: bool,
    theme: str | None,
    language: str | None,
    ylim: str | None,
    title: str | None,
    legend: str | None,
    size: str | None,
    scale: str | None,
    smooth: float | None,
) -> None:
    """Draw the learning curves and the other pictures of a run.

    Several runs share one picture, and so do the seeds in a folder of train --seeds. Reads only the files of the run,
    so it also works while the run is still training. With --ylim, --title, --legend, --size, --scale or --smooth,
    the learning curves alone are drawn.

    \b
    $ mlpcli plot runs/digits
    $ mlpcli plot runs/digits runs/digits-2 --output both.png
    $ mlpcli plot runs/digits --only confusion_matrix --theme dark
    $ mlpcli plot runs/digits --lang ko
    $ mlpcli plot runs/digits --smooth 0.8 --scale log --metric loss
    $ mlpcli plot runs/digits --terminal --metric loss
    $ mlpcli plot runs/moons --animate
    $ mlpcli plot runs/digits --metric accuracy --ylim 0.8:1 --legend Train,Test
    """
    if terminal:
        others = (output, title, legend, size, smooth, theme, language)
        if only or animate or any(option is not None for option in others) or file_format != "png":
            raise UserError("--terminal: works only with --metric, --ylim and --scale; leave out the other options")
        _print_curves(list(run_dirs), metric, ylim, scale)
        return
    if animate:
        if (
            only
            or any(option is not None for option in (metric, ylim, title, legend, size, scale, smooth))
            or file_format != "png"
        ):
            raise UserError("--animate: works only with --output, --theme and --lang; leave out the other options")
        from mlpcli.workflows.animate import animate as draw

        result = draw(list(run_dirs), output, theme, language)
    else:
        from mlpcli.workflows.plot import plot as run

        result = run(
            list(run_dirs), output, metric, file_format,
            ylim=ylim, title=title, legend=legend, size=size, scale=scale, smooth=smooth,
            only=only, theme=theme, language=language,
        )  # fmt: skip
    for path in result.paths:
        write_result(f"{path.resolve()}\n")
    for note in result.notes:
        say(note)


def _print_curves(run_dirs: list[Path], metric: str | None, ylim: str | None, scale: str | None) -> None:
    """As wide as the terminal, in its colours; in a pipe without them."""
    from mlpcli.workflows.plot import plot_in_terminal

    utf8 = "utf" in (sys.stdout.encoding or "").lower()
    colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    text, notes = plot_in_terminal(
        run_dirs, metric, ylim=ylim, scale=scale, width=result_width(), braille=utf8, colour=colour
    )
    write_coloured(text) if colour else write_result(text)
    for note in notes:
        say(note)
