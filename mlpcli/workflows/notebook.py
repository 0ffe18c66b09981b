"""What a Jupyter notebook shows: progress while a training runs, and results as tables and pictures."""

from __future__ import annotations

import base64
import io
import sys
import time
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from mlpcli.runs.history import FIRST_COLUMNS
from mlpcli.text import number, plural, visible
from mlpcli.training.progress import Progress, Silence

REFRESH_SECONDS = 0.25
MOST_NOTES = 20
"""Lines below the bar; of more, the first and the last are shown."""
LARGEST_PICTURE_BYTES = 5_000_000
"""Larger pictures are named instead of shown: a notebook keeps them in its file."""


def default_progress() -> Progress:
    """What a training reports to where the caller says nothing: a bar in a notebook, silence elsewhere."""
    # Who only starts kernels, as nbclient does, has imported ipykernel, too; in a kernel its application runs.
    kernel = sys.modules.get("ipykernel.kernelapp")
    return NotebookProgress() if kernel is not None and kernel.IPKernelApp.initialized() else Silence()


class NotebookProgress:
    """A bar with the last epoch's scores, rewritten in place; notes are lines below it."""

    def __init__(self) -> None:
        self.epochs = self.done = 0
        self.last = ""
        self.notes: list[str] = []
        self.handle: Any = None
        self.shown = 0.0

    def note(self, text: str) -> None:
        self.notes.append(text)
        self._draw()

    def loading(self, what: str, done: int, total: int) -> None:
        pass

    def start(self, epochs: int, steps: int, rows: int) -> None:
        self.epochs, self.done, self.last = epochs, 0, ""
        self._draw()

    def step(self, step: int) -> None:
        pass

    def epoch(self, row: Mapping[str, float]) -> None:
        self.done = int(row["epoch"])
        scores = (f"{name} {number(value)}" for name, value in row.items() if name not in FIRST_COLUMNS)
        self.last = "&ensp;".join(map(html_text, scores))
        if time.monotonic() - self.shown >= REFRESH_SECONDS:
            self._draw()

    def finish(self) -> None:
        self._draw()

    def best(self, epoch: int) -> None:
        pass  # the result says it

    def _draw(self) -> None:
        from IPython.display import HTML, display

        bar = f"<progress value='{self.done}' max='{self.epochs}'></progress> epoch {self.done}/{self.epochs}&ensp;"
        parts = [f"{bar}{self.last}"] if self.epochs else []
        html = HTML(f"<div>{'<br>'.join([*parts, *map(html_text, self._shown_notes())])}</div>")
        if self.handle is None:
            self.handle = display(html, display_id=True)
        else:
            self.handle.update(html)
        self.shown = time.monotonic()

    def _shown_notes(self) -> list[str]:
        """Not all of a thousand: a note rewrites what the cell shows."""
        more, half = len(self.notes) - MOST_NOTES, MOST_NOTES // 2
        if more <= 0:
            return self.notes
        return [*self.notes[:half], f"... {plural(more, 'line', 'lines')} more ...", *self.notes[-half:]]


def page(title: str, *blocks: str) -> str:
    """HTML of a result: its title above its blocks, those that are empty left out."""
    return f"<div><b>{html_text(title)}</b>{''.join(block for block in blocks if block)}</div>"


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """An HTML table; "" without rows."""
    if not rows:
        return ""
    heads = "".join(f"<th>{html_text(column)}</th>" for column in columns)
    body = "".join(f"<tr>{''.join(f'<td>{html_text(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"


def lines(texts: Sequence[str]) -> str:
    """Lines below each other."""
    return f"<div>{'<br>'.join(map(html_text, texts))}</div>" if texts else ""


def remarks(texts: Sequence[str]) -> str:
    """What is worth a second look, as a list."""
    return f"<ul>{''.join(f'<li>{html_text(text)}</li>' for text in texts)}</ul>" if texts else ""


def pictures(paths: Sequence[Path]) -> str:
    """PNG pictures within the page itself, so that the notebook can be sent; other files by their name."""
    return "".join(_picture(path, _content(path), "max-width: 100%") for path in paths)


SMALL_WIDTH, SMALL_HEIGHT = 420, 300
"""Pixels in which a small picture is shown; it has twice as many, for a screen that shows them."""


def small_pictures(paths: Sequence[Path]) -> str:
    """PNG pictures beside each other, as small copies of some 20 kB; other files by their name."""
    size = f"max-width: min(100%, {SMALL_WIDTH}px); max-height: {SMALL_HEIGHT}px"
    style = f"{size}; margin: 4px 12px 4px 0; vertical-align: top"
    return "".join(_picture(path, _smaller(_content(path)), style) for path in paths)


def _content(path: Path) -> bytes:
    """Of a PNG picture; empty where it is none, too large, or gone."""
    try:
        return path.read_bytes() if path.suffix == ".png" and path.stat().st_size <= LARGEST_PICTURE_BYTES else b""
    except OSError:
        return b""


def _smaller(content: bytes) -> bytes:
    from PIL import Image

    if not content:
        return content
    try:
        image = Image.open(io.BytesIO(content)).convert("RGB")
    except (OSError, ValueError):
        return b""
    image.thumbnail((2 * SMALL_WIDTH, 2 * SMALL_HEIGHT), Image.Resampling.LANCZOS)
    small = io.BytesIO()
    image.quantize(128).save(small, "PNG", optimize=True)
    return small.getvalue()


def _picture(path: Path, content: bytes, style: str) -> str:
    if not content:
        return f"<div>{html_text(str(path))}</div>"
    source = base64.b64encode(content).decode("ascii")
    return f"<img alt='{html_text(path.stem)}' style='{style}' src='data:image/png;base64,{source}'>"


def html_text(text: str) -> str:
    """The text as HTML shows it, with control characters escaped."""
    return escape(visible(text), quote=True)
