"""Tables and lines on standard output; plain text in a pipe."""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mlpcli.errors import OutputError
from mlpcli.files import strict
from mlpcli.text import escaped

if TYPE_CHECKING:
    from rich.console import Console

PIPE_WIDTH = 160
"""Wide enough that no table is cut where no terminal sets the width."""


def line(text: str, style: str = "") -> None:
    """One line, never wrapped: paths are to be copied. Names out of files cannot make it two, or steer a terminal."""
    from rich.text import Text

    _console().print(Text(_visible(text), style=style), soft_wrap=True)


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> None:
    """A table whose first `left` columns are text and whose others are numbers; each cell is one line (see `line`)."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

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


def print_json(value: Any) -> None:
    """One JSON object; what standard output has no letters for is escaped as JSON does it."""
    unicode_output = "utf" in ResultStream().encoding.lower()
    write_result(json.dumps(strict(value), ensure_ascii=not unicode_output, indent=2, allow_nan=False) + "\n")


def number(value: Any) -> str:
    """A score for people: four decimals, or four digits where that says more."""
    if not isinstance(value, (int, float)):
        return str(value)
    return f"{value:.4f}" if 0.001 <= abs(value) < 1000 or value == 0 else f"{value:.4g}"


def _visible(text: str) -> str:
    return escaped(text, spaces=True)


def _console() -> Console:
    from rich.console import Console

    stream: Any = ResultStream()
    console = Console(file=stream, highlight=False)
    return console if console.is_terminal else Console(file=stream, highlight=False, width=PIPE_WIDTH)


def prepare_streams() -> None:
    """A terminal without the letters of a name, Hangul for example, is no reason to fail: they are escaped."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def write_result(text: str) -> None:
    """Write to standard output. A reader that has gone away (`| head`) is no error: the work itself was done.

    Raises:
        OutputError: standard output is a file on a full disk, for example.
    """
    if sys.stdout is None:  # closed by the shell: >&-
        return
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        _discard_results()
    except OSError as error:
        _discard_results()
        raise OutputError(f"standard output: cannot be written: {error.strerror}") from error


class ResultStream:
    """Standard output by way of `write_result`, for rich, which would end the process when the reader goes away."""

    encoding = property(lambda self: getattr(sys.stdout, "encoding", None) or "utf-8")

    def write(self, text: str) -> None:
        # rich fills tables with spaces up to their width, which a file or the next program has no use for.
        write_result(text if self.isatty() else re.sub(r" +$", "", text, flags=re.MULTILINE))

    def flush(self) -> None:
        pass

    def isatty(self) -> bool:
        return sys.stdout is not None and sys.stdout.isatty()


def say(text: str) -> None:
    """A line on standard error: a note, a warning, an error; nothing fails because nobody reads it."""
    if sys.stderr is not None:
        with contextlib.suppress(OSError, ValueError):
            print(text, file=sys.stderr, flush=True)


def _discard_results() -> None:
    """Send the rest of standard output nowhere, so that Python does not complain about it at the end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
