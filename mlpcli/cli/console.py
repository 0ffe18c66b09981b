"""Tables and lines on standard output; plain text in a pipe."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text


def out() -> Console:
    """The console for results; wide enough in a pipe that no table is cut."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=160)


def line(text: str, style: str = "") -> None:
    """One line, never wrapped: paths are to be copied."""
    out().print(Text(text, style=style), soft_wrap=True)


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> None:
    """A table whose first `left` columns are text and whose others are numbers."""
    drawn = Table(
        title=Text(title) if title else None, title_justify="left", title_style="bold", box=SIMPLE_HEAD, pad_edge=False
    )
    for index, column in enumerate(columns):
        drawn.add_column(Text(column), justify="left" if index < left else "right", overflow="fold")
    for row in rows:
        drawn.add_row(*(Text(cell) for cell in row))
    out().print(drawn)


def print_json(value: Any) -> None:
    """One JSON object."""
    import click

    click.echo(json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False))


def number(value: Any) -> str:
    """A score for people: four decimals, or four digits where that says more."""
    if not isinstance(value, (int, float)):
        return str(value)
    return f"{value:.4f}" if 0.001 <= abs(value) < 1000 or value == 0 else f"{value:.4g}"
