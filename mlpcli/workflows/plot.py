"""`mlpcli plot`: pictures of runs, drawn from their files alone, even while a run goes on. No TensorFlow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlpcli.errors import UserError
from mlpcli.language import speaking
from mlpcli.text import plural

if TYPE_CHECKING:
    from mlpcli.plotting.picture_options import PictureOptions
    from mlpcli.plotting.style import Drawn


COMPARISON = "comparison"


@dataclass(frozen=True)
class PlotResult:
    """The pictures written, and lines that the user should read (a missing font, a missing evaluation).

    A notebook shows the pictures.
    """

    paths: list[Path]
    notes: list[str]

    def _repr_html_(self) -> str:
        from mlpcli.workflows import notebook

        return notebook.page("", notebook.lines(self.notes), notebook.pictures(self.paths))


def plot(
    run_dirs: list[Path],
    output: Path | None = None,
    metric: str | None = None,
    format: str = "png",
    *,
    ylim: str | Sequence[float] | None = None,
    title: str | None = None,
    legend: str | Sequence[str] | None = None,
    size: str | Sequence[float] | None = None,
    scale: str | None = None,
    smooth: float | None = None,
    only: Sequence[str] = (),
    theme: str | None = None,
    language: str | None = None,
) -> PlotResult:
    """Draw one run, several runs in one picture, or all runs of `train_seeds` or `train_folds`.

    One run: history.*, and what else there is data for (`pictures.PICTURES`), in its directory; `only` some of them
    by their names; with a metric, that metric's curves alone, as `loss.png`. A folder of seeds: the learning curves,
    with all seeds in one picture; a folder of folds: folds.*, their scores and curves. Several: comparison.* in the
    current folder. With `output`, one picture there, the learning curves unless `only` names another; its extension
    (png, svg, pdf) decides the format.

    `ylim` ("0.8:1" or two numbers), `title`, `legend` ("Train,Test" or a list: the curves of one run, or the runs) and
    `size` ("8x6" or two numbers, inches) set what the learning curves look like; they are drawn alone then. So do
    `scale` (auto, linear or log, of the y axes) and `smooth` (between 0 and 1: an exponential mean over the epochs).
    `theme` is light or dark, `language` that of the words, en or ko; by default what the config of the run says.

    Raises:
        UserError: no run given, an unknown metric, format, picture, theme or language, a folder for `output` that does
            not exist, an option that cannot be read or does not fit the picture or the others.
        RunDirectoryError: a folder is not a run directory, has no finished epoch, no data for one of `only`, or a
            damaged file.
        OutputError: a picture cannot be written.
    """
    from mlpcli.plotting.picture_options import picture_options
    from mlpcli.plotting.run_plots import draw_run, draw_series, theme_of
    from mlpcli.plotting.style import Drawn, check_format, themed
    from mlpcli.plotting.sweep_pictures import draw_sweep
    from mlpcli.runs.directory import holds_sweep, member_folders
    from mlpcli.runs.read_run import language_of

    runs = [Path(run) for run in run_dirs]
    if not runs:
        raise UserError("no run directory given; give one or more, such as runs/digits")
    format = check_format(format, "format")
    options = picture_options(ylim, title, legend, size, scale, smooth)
    place = _checked(Path(output)) if output else None
    if only:
        _check_only(runs, only, place, metric is not None or options.any)
    alone = len(runs) == 1
    if alone and holds_sweep(runs[0]):
        if only or place is not None or metric is not None or options.any:
            raise UserError(f"{runs[0]}: is a sweep, whose pictures are drawn together; leave out other options")
        drawn = draw_sweep(runs[0], [format], theme, language)
    elif alone and member_folders(runs[0]):
        drawn = draw_series(runs[0], [format], metric, place, options, theme, language)
    elif only or (alone and place is None and metric is None and not options.any):
        drawn = draw_run(runs[0], [format], only, theme, place, language)
    else:
        drawn = Drawn()
        every = [member for run in runs for member in member_folders(run) or [run]]
        with themed(theme or theme_of(every[0])), speaking(language or language_of(every[0])):
            _draw_curves(drawn, every, metric, place, format, options)
    return PlotResult(drawn.paths, [*_unfinished(runs), *drawn.notes])


def plot_in_terminal(
    run_dirs: Sequence[Path],
    metric: str | None = None,
    *,
    ylim: str | Sequence[float] | None = None,
    scale: str | None = None,
    width: int = 80,
    braille: bool = True,
    colour: bool = False,
) -> tuple[str, list[str]]:
    """The learning curves as text, and lines that the user should read; of a folder of seeds or folds, all of them.

    width: columns of the terminal. braille: dots of Unicode, else ASCII. The others are those of `plot`.

    Raises:
        UserError: no run given, an unknown metric, an option that does not fit, or uniplot is not installed.
        RunDirectoryError: as `plot`.
    """
    from mlpcli.plotting.picture_options import picture_options
    from mlpcli.plotting.run_plots import labelled_curves
    from mlpcli.plotting.terminal_curves import terminal_curves
    from mlpcli.runs.directory import member_folders

    runs = [member for run in run_dirs for member in member_folders(run) or [run]]
    if not runs:
        raise UserError("no run directory given; give one or more, such as runs/digits")
    options = picture_options(ylim, scale=scale)
    text = terminal_curves(labelled_curves(runs), metric, options, width, braille, colour)
    return text, _unfinished(list(run_dirs))


def _check_only(runs: Sequence[Path], only: Sequence[str], output: Path | None, of_curves: bool) -> None:
    """Refuse names of pictures where there is no one run to draw, or where learning curves are asked for.

    Raises:
        UserError: an unknown name, or another option that does not go with it.
    """
    from mlpcli.plotting.pictures import pictures_called
    from mlpcli.runs.directory import member_folders, member_word

    pictures = pictures_called(only)
    if len(runs) > 1:
        raise UserError(f"--only: is for one run (got {len(runs)}); the learning curves of several share a picture")
    if members := member_folders(runs[0]):
        several = f"{runs[0]} has several {member_word(runs[0])}s"
        raise UserError(f"--only: is for one run, and {several}; give one, such as {members[0]}")
    if of_curves:
        raise UserError(
            "--only: leave it out with --metric, --ylim, --title, --legend, --size, --scale and --smooth;"
            " they draw the learning curves"
        )
    if output is not None and len(pictures) > 1:
        raise UserError(f"--output: is one picture, and --only names {len(pictures)}; leave out one of the two")


def _unfinished(runs: list[Path]) -> list[str]:
    """What is to be said of runs whose training goes on, or was killed."""
    from mlpcli.runs import directory as run_directory
    from mlpcli.runs.history import read_history

    notes = []
    for run in runs:
        trained = run / run_directory.HISTORY
        if trained.is_file() and (run / run_directory.CONFIG).is_file() and not (run / run_directory.METRICS).is_file():
            epochs = plural(len(read_history(trained)["epoch"]), "epoch", "epochs")
            notes.append(f"note: {run}: training has not ended; {epochs} so far")
    return notes


def _draw_curves(
    drawn: Drawn, runs: list[Path], metric: str | None, output: Path | None, format: str, options: PictureOptions
) -> None:
    """The learning curves alone, at `output` or where they belong."""
    from mlpcli.plotting.learning_curves import learning_curves
    from mlpcli.plotting.pictures import HISTORY_PLOT
    from mlpcli.plotting.run_plots import overlaid_curves
    from mlpcli.runs.read_run import read_curves

    if len(runs) == 1:
        figure = learning_curves([read_curves(runs[0])], metric, options=options)
        drawn.save(figure, output or runs[0] / f"{metric or HISTORY_PLOT}.{format}")
    else:
        drawn.save(overlaid_curves(runs, metric, options=options), output or Path(f"{COMPARISON}.{format}"))


def _checked(output: Path) -> Path:
    """The output path, checked before anything is drawn.

    Raises:
        UserError: an unknown extension, a folder in its place, or a folder that does not exist.
    """
    from mlpcli.plotting.style import check_format

    if output.is_dir():
        raise UserError(f"{output}: is a folder; give a file in it, such as {output / 'history.png'}")
    check_format(output.suffix[1:], str(output))
    if not output.parent.is_dir():
        raise UserError(f"{output}: the folder {output.parent} does not exist; make it first or choose another")
    return output
