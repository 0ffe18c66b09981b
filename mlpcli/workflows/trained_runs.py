"""What results of trainings and comparisons have in common: `plot()` shows the curves, `history` is a table."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlpcli.errors import UserError
from mlpcli.runs.directory import HISTORY
from mlpcli.text import number
from mlpcli.workflows import notebook

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from mlpcli.plotting.picture_options import PictureOptions

PICTURE_DPI = 110


@dataclass(frozen=True, eq=False)
class Drawing:
    """A picture that a notebook shows. `figure` is matplotlib's, for what is not an option here; `theme`: its look."""

    figure: Figure
    theme: str

    def save(self, path: str | Path) -> Path:
        """Write it as .png, .svg or .pdf; returns the path.

        Raises:
            UserError: another extension.
            OutputError: the file cannot be written.
        """
        from mlpcli.plotting.style import save_figure, themed

        with themed(self.theme):
            save_figure(self.figure, Path(path))
        return Path(path)

    def __repr__(self) -> str:
        title = self.figure.get_suptitle().replace("\n", " ")
        return f"<{type(self).__name__} {title}; .save(path) writes it, .figure is matplotlib's>"

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        """The PNG picture, and the pixels to show it in: its size on paper, sharp on a fine screen."""
        from mlpcli.plotting.style import png_of, themed

        with themed(self.theme):
            png, _ = png_of(self.figure, PICTURE_DPI)
        return png, {"width": round(72 * self.figure.get_figwidth())}


ENDS = 8
"""Rows that are shown from the beginning and from the end of a long table."""


class HistoryTable(Mapping[str, Sequence[Any]]):
    """One row per epoch, as a mapping of column to values, as Keras's `history`; a notebook shows it as a table.

    best: the rows, from 0, that are marked. Of a long table the beginning, the end and what is marked are shown.
    """

    def __init__(self, columns: Mapping[str, Sequence[Any]], best: Collection[int] = ()) -> None:
        self._columns, self._best = dict(columns), frozenset(best)
        self._length = len(next(iter(self._columns.values()), ()))

    def __getitem__(self, column: str) -> Sequence[Any]:
        return self._columns[column]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    def to_pandas(self) -> Any:
        """A pandas.DataFrame with the same columns.

        Raises:
            UserError: pandas is not installed; mlpcli itself does without.
        """
        try:
            import pandas
        except ImportError as error:
            raise UserError("pandas is not installed; install it with: pip install pandas") from error
        return pandas.DataFrame(self._columns)

    def __repr__(self) -> str:
        lines = [list(self), *self._rows()]
        widths = [max(len(line[place]) for line in lines) for place in range(len(self))]
        padded = (zip(line, widths, strict=True) for line in lines)
        return "\n".join("  ".join(cell.rjust(width) for cell, width in line) for line in padded)

    def _repr_html_(self) -> str:
        caption = ["* the best epoch"] if self._best else []
        return notebook.page("", notebook.table(list(self), list(self._rows())), notebook.lines(caption))

    def _rows(self) -> Iterator[list[str]]:
        shown = [row for row in range(self._length) if row < ENDS or row >= self._length - ENDS]
        if self._length > 2 * ENDS:
            shown = sorted({*shown, *sorted(self._best)[:ENDS]})
        for before, row in pairwise([-1, *shown]):
            if row > before + 1:
                yield ["..."] * len(self)
            yield [self._cell(column, row) for column in self]

    def _cell(self, column: str, row: int) -> str:
        value = self._columns[column][row]
        if column == "epoch":
            return f"{value:g} *" if row in self._best else f"{value:g}"
        return str(value) if isinstance(value, (int, str)) else number(value)


class TrainedRuns:
    """The runs behind a result: their curves in a picture, and their epochs as a table."""

    def _runs(self) -> Mapping[Any, Path]:
        """The run directories by what tells them apart."""
        raise NotImplementedError

    def _name_of_label(self) -> str:
        """The column of `history` that tells several runs apart."""
        return "run"

    def _title(self) -> str | None:
        """Above the curves of several runs; None: what their names share."""
        return None

    def plot(
        self,
        metric: str | None = None,
        *,
        only: str | None = None,
        ylim: str | Sequence[float] | None = None,
        title: str | None = None,
        legend: str | Sequence[str] | None = None,
        size: str | Sequence[float] | None = None,
        scale: str | None = None,
        smooth: float | None = None,
        theme: str | None = None,
    ) -> Drawing:
        """The learning curves, of several runs in one picture, or another picture; a notebook shows it.

        metric: that one alone. only: the name of another picture of one run, as `mlpcli plot --only`. ylim, title,
        legend, size, scale, smooth: of the curves, as `mlpcli.plot` takes them. theme: light or dark, by default as the
        config says.

        Raises:
            UserError: an unknown metric, picture or theme, or an option that does not fit the picture.
            RunDirectoryError: no epoch has finished, no data for the picture, or a file is damaged.
        """
        from mlpcli.language import speaking
        from mlpcli.plotting.picture_options import picture_options
        from mlpcli.plotting.pictures import asked_figure, pictures_called, run_files
        from mlpcli.plotting.run_plots import theme_of
        from mlpcli.plotting.style import themed
        from mlpcli.runs.read_run import language_of

        options = picture_options(ylim, title, legend, size, scale, smooth)
        runs = list(_begun(self._runs()).values())
        look = theme or theme_of(runs[0])
        with themed(look), speaking(language_of(runs[0])):
            if only is None:
                return Drawing(_curves(runs, metric, self._title(), options), look)
            if metric is not None or options.any:
                raise UserError(
                    "only: leave it out with metric, ylim, title, legend, size, scale and smooth; they set the curves"
                )
            if len(self._runs()) > 1:
                raise UserError(
                    f"only: is for one run (got {len(self._runs())}); the curves of several share a picture"
                )
            (picture,) = pictures_called([only])
            return Drawing(asked_figure(picture, run_files(runs[0])), look)

    @property
    def history(self) -> HistoryTable:
        """What history.csv has, a row per epoch; of several runs below each other, a first column telling which.

        Raises:
            RunDirectoryError: no epoch has finished, or a file is damaged.
        """
        from mlpcli.runs.read_run import read_curves

        runs = self._runs()
        found = [(label, read_curves(run)) for label, run in _begun(runs).items()]
        rows: list[dict[str, Any]] = []
        best = []
        for label, run in found:
            telling = {self._name_of_label(): label} if len(runs) > 1 else {}
            if run.best_epoch in run.history["epoch"]:
                best.append(len(rows) + run.history["epoch"].index(run.best_epoch))
            values = zip(*run.history.values(), strict=True)
            rows += [{**telling, **dict(zip(run.history, row, strict=True))} for row in values]
        names = dict.fromkeys(name for row in rows for name in row)
        columns = {name: [row.get(name, math.nan) for row in rows] for name in names}
        return HistoryTable({**columns, "epoch": [int(epoch) for epoch in columns["epoch"]]}, best)


def _curves(runs: Sequence[Path], metric: str | None, title: str | None, options: PictureOptions) -> Figure:
    from mlpcli.plotting.learning_curves import learning_curves
    from mlpcli.plotting.run_plots import overlaid_curves
    from mlpcli.runs.read_run import read_curves

    if len(runs) == 1:
        return learning_curves([read_curves(runs[0])], metric, title, options)
    return overlaid_curves(runs, metric, title, options)


def _begun(runs: Mapping[Any, Path]) -> dict[Any, Path]:
    """Those that have finished an epoch; of none, the first, about which the caller then complains."""
    found = {label: run for label, run in runs.items() if (run / HISTORY).is_file()}
    return found or dict(list(runs.items())[:1])
