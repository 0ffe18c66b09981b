"""Tables and lines on standard output; plain text in a pipe."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mlpcli.artifacts.files import strict
from mlpcli.artifacts.printable import escaped
from mlpcli.cli.streams import ResultStream, write_result

PIPE_WIDTH = 160
"""Wide enough that no table is cut where no terminal sets the width."""


def line(text: str, style: str = "") -> None:
    """One line, never wrapped: paths are to be copied. Names out of files cannot make it two, or steer a terminal."""
    _console().print(Text(_visible(text), style=style), soft_wrap=True)


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> None:
    """A table whose first `left` columns are text and whose others are numbers; each cell is one line (see `line`)."""
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
    stream: Any = ResultStream()
    console = Console(file=stream, highlight=False)
    return console if console.is_terminal else Console(file=stream, highlight=False, width=PIPE_WIDTH)
