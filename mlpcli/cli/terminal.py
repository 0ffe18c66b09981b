"""The one place that prints: what is printed is escaped here, and what is wrong with the streams ends here."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from mlpcli.errors import OutputError
from mlpcli.files import json_text
from mlpcli.runs.directory import resume_command
from mlpcli.text import display_width, escaped, visible

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from rich.console import Console

    from mlpcli.arrays import Array

PIPE_WIDTH = 160
"""Wide enough that no table is cut where no terminal sets the width."""


def line(text: str, style: str = "") -> None:
    """Print one line, never wrapped, so that paths can be copied; control characters are escaped."""
    from rich.text import Text

    _console().print(Text(_visible(text), style=style), soft_wrap=True)


def table(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1, may_turn: bool = False
) -> None:
    """Print a table; the first `left` columns are text, the others numbers; cells are escaped as in `line`.

    may_turn: if it is too wide for the terminal, print a line for each column instead of each row if that is narrower.
    """
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    if may_turn and (width := _table_width([columns, *rows])) > result_width():
        first, *others = zip(columns, *rows, strict=True)
        if _table_width([first, *others]) < width:
            columns, rows, left = first, others, 1
    drawn = Table(
        title=Text(_visible(title)) if title else None,
        title_justify="left",
        title_style="bold",
        box=SIMPLE_HEAD,
        pad_edge=False,
    )
    for index, column in enumerate(columns):
        drawn.add_column(Text(_visible(column)), justify="left" if index < left else "right", overflow="fold")
    for row in rows:
        drawn.add_row(*(Text(_visible(cell)) for cell in row))
    _console().print(drawn)


def _table_width(lines: Sequence[Sequence[str]]) -> int:
    """The width of a table of these lines without wrapping, with three blanks after each column."""
    widths = [max(display_width(_visible(cell)) for cell in column) for column in zip(*lines, strict=True)]
    return sum(widths) + 3 * len(widths)


def print_json(value: Any) -> None:
    """Print a JSON object in several lines."""
    write_result(printed_json(value, indent=2) + "\n")


def printed_json(value: Any, indent: int | None = None) -> str:
    """JSON in which control characters, and what standard output cannot encode, are JSON escapes."""
    return json_text(value, indent, ascii_only="utf" not in ResultStream().encoding.lower())


def _visible(text: str) -> str:
    return escaped(text, spaces=True)


def result_width() -> int:
    """How many columns a table of results may take."""
    return _console().width


def _console() -> Console:
    from rich.console import Console

    stream: Any = ResultStream()
    console = Console(file=stream, highlight=False)
    return console if console.is_terminal else Console(file=stream, highlight=False, width=PIPE_WIDTH)


def prepare_streams() -> None:
    """Escape characters that the output streams cannot encode (Hangul, for example) instead of failing.

    Closed descriptors 0 to 2 are opened on nothing: the next file would get the number of standard error, and what
    libraries print.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def write_result(text: str) -> None:
    """Write lines to standard output, control characters escaped. A closed pipe (`| head`) is not an error.

    Raises:
        OutputError: standard output is a file on a full disk, for example.
    """
    _write(visible(text))


def write_coloured(text: str) -> None:
    """Write text with the control sequences of colours to a terminal (raises as `write_result`)."""
    from rich.text import Text

    _console().print(Text.from_ansi(text), no_wrap=True, crop=False, overflow="ignore")


def _write(text: str) -> None:
    if sys.stdout is None:  # closed by the shell: >&-
        return
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        _discard(sys.stdout)
    except OSError as error:
        _discard(sys.stdout)
        raise OutputError(f"standard output: cannot be written: {error.strerror}") from error


class ResultStream:
    """A stream for rich, whose styles are control characters; rich itself would exit on a closed pipe."""

    encoding = property(lambda self: getattr(sys.stdout, "encoding", None) or "utf-8")

    def write(self, text: str) -> None:
        # rich pads tables with spaces, which files and other programs do not need.
        _write(text if self.isatty() else re.sub(r" +$", "", text, flags=re.MULTILINE))

    def flush(self) -> None:
        pass

    def isatty(self) -> bool:
        return sys.stdout is not None and sys.stdout.isatty()


def say(text: str, lines: bool = False) -> None:
    """Print a message on standard error, control characters escaped; where nobody can read it, nothing happens.

    lines: it has several lines; otherwise a line break can only come from a name, and is escaped as well.
    """
    if sys.stderr is None:
        return
    try:
        sys.stderr.write(f"{visible(text if lines else one_line(text))}\n")
        sys.stderr.flush()
    except (OSError, ValueError):
        _discard(sys.stderr)


def say_how_to_resume(run: Path) -> None:
    """The last line of every run that was interrupted or failed."""
    say(f"resume with: {resume_command(run)}")


def one_line(text: str) -> str:
    """The text with its line breaks escaped.

    >>> one_line("a\\nb")
    'a\\\\nb'
    """
    return text.replace("\n", "\\n")


def say_traceback(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """For `sys.excepthook`: a bug's traceback, in which names are escaped as everywhere."""
    import traceback

    say("".join(traceback.format_exception(kind, error, trace)).rstrip("\n"), lines=True)


def error_console() -> Console:
    """What draws bars on standard error; `visible` is for its caller to use."""
    from rich.console import Console

    return Console(stderr=True, highlight=False)


def _discard(stream: Any) -> None:
    """Send what the stream still holds, and all that follows, to nowhere; Python would exit with 120 instead."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


NARROW_WIDTH, FEWEST_LETTERS, GAPS = 80, 24, 8
"""Letters of a line, of its values at least, and of the blanks between the columns."""
MOST_ROWS = 6
MOST_VALUES = 8


def array_table(title: str, arrays: Iterable[tuple[str, Array]]) -> None:
    """Print label, shape and values of each array, a line for each row of a matrix."""
    shaped = [(label, "x".join(map(str, array.shape)), array) for label, array in arrays]
    before = max((display_width(label) for label, _, _ in shaped), default=0)
    before += max((len(shape) for _, shape, _ in shaped), default=0)
    width = max(NARROW_WIDTH - before - GAPS, FEWEST_LETTERS)
    table(title, ["", "shape", "values"], [row for each in shaped for row in _rows(*each, width)], left=3)


def _rows(label: str, shape: str, array: Array, width: int) -> Iterator[list[str]]:
    first, *others = _lines(array, width)
    yield [label, shape, first]
    for line in others:
        yield ["", "", line]


def _lines(array: Array, width: int) -> list[str]:
    """A line for each row of a matrix, and one for anything else; where values are left out, also their range."""
    matrix = array if array.ndim == 2 else array.reshape(1, -1)
    rows = list(matrix) if len(matrix) <= MOST_ROWS else [matrix[0], matrix[1], matrix[-1]]
    counts = range(min(matrix.shape[1], MOST_VALUES), 0, -1)
    lines = next(lines for count in counts if len((lines := _columns(rows, count))[0]) <= width or count == 1)
    if len(matrix) > MOST_ROWS:
        lines.insert(2, "...")
    if len(rows) < len(matrix) or "..." in lines[0]:
        lines.append(f"{array.size:,} values from {array.min():.4g} to {array.max():.4g}")
    return lines


def _columns(rows: list[Array], count: int) -> list[str]:
    """`count` values of each row, one below the other: all, or the first ones, dots and the last one."""
    whole = count == rows[0].size
    columns = [[f"{row[at] + 0.0:.4g}" for row in rows] for at in range(count if whole else count - 1)]
    if not whole:
        columns += [["..."] * len(rows), [f"{row[-1] + 0.0:.4g}" for row in rows]]
    widths = [max(map(len, column)) for column in columns]
    aligned = [[cell.rjust(width) for cell in column] for column, width in zip(columns, widths, strict=True)]
    return ["  ".join(row) for row in zip(*aligned, strict=True)]
