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
    """Print one line, never wrapped, so that paths can be copied; control characters are escaped."""
    from rich.text import Text

    _console().print(Text(_visible(text), style=style), soft_wrap=True)


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> None:
    """Print a table; the first `left` columns are text, the others numbers; cells are escaped as in `line`."""
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
    """Print a JSON object; characters that standard output cannot encode become JSON escapes."""
    unicode_output = "utf" in ResultStream().encoding.lower()
    write_result(json.dumps(strict(value), ensure_ascii=not unicode_output, indent=2, allow_nan=False) + "\n")


def number(value: Any) -> str:
    """A score with four decimals, or with four significant digits if it is very small or large."""
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
    """Escape characters that the output streams cannot encode (Hangul, for example) instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def write_result(text: str) -> None:
    """Write to standard output. A closed pipe (`| head`) is not an error.

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
    """A stream for rich that writes through `write_result`; rich would exit the process on a closed pipe."""

    encoding = property(lambda self: getattr(sys.stdout, "encoding", None) or "utf-8")

    def write(self, text: str) -> None:
        # rich pads tables with spaces, which files and other programs do not need.
        write_result(text if self.isatty() else re.sub(r" +$", "", text, flags=re.MULTILINE))

    def flush(self) -> None:
        pass

    def isatty(self) -> bool:
        return sys.stdout is not None and sys.stdout.isatty()


def say(text: str) -> None:
    """Print a line on standard error; write errors are ignored."""
    if sys.stderr is not None:
        with contextlib.suppress(OSError, ValueError):
            print(text, file=sys.stderr, flush=True)


def _discard_results() -> None:
    """Send further standard output to nowhere, so that Python does not complain at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
