"""What a user may set about a picture of learning curves: limits, title, names in the legend, size."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from mlpcli.errors import UserError
from mlpcli.plotting.axis_limits import LARGEST
from mlpcli.text import display_width, one_line

SMALLEST, WIDEST = 2.0, 40.0  # inches; a side of 40 has 6,000 pixels
LONGEST_TITLE = 80
LONGEST_NAME = 70
Pair = tuple[float, float]


@dataclass(frozen=True)
class PictureOptions:
    """What was set; None is what mlpcli decides. `ylim` is (low, high), `size` (width, height) in inches.

    `scale` is linear or log. `smooth` is the share of the past in each point of an exponential mean, between 0 and 1.
    """

    ylim: Pair | None = None
    title: str | None = None
    legend: tuple[str, ...] | None = None
    size: Pair | None = None
    scale: Literal["linear", "log"] | None = None
    smooth: float | None = None

    @property
    def any_of_panels(self) -> bool:
        """Whether something is set that is about the panels of metrics alone, or leaves no room for others."""
        return self.ylim is not None or self.size is not None

    @property
    def any(self) -> bool:
        """Whether anything is set."""
        return self != NO_OPTIONS


NO_OPTIONS = PictureOptions()


def picture_options(
    ylim: str | Sequence[float] | None = None,
    title: str | None = None,
    legend: str | Sequence[str] | None = None,
    size: str | Sequence[float] | None = None,
    scale: str | None = None,
    smooth: float | None = None,
) -> PictureOptions:
    """The options as a command writes them (`0.8:1`, `Train,Test`, `8x6`) or as Python does (two numbers, a list).

    Raises:
        UserError: one of them cannot be read; the message says what is allowed.
    """
    return PictureOptions(
        None if ylim is None else _limits(ylim),
        None if title is None else _title(title),
        None if legend is None else _names(legend),
        None if size is None else _size(size),
        _scale(scale),
        _smooth(smooth),
    )


def _scale(given: str | None) -> Literal["linear", "log"] | None:
    if given in (None, "auto"):
        return None
    if given == "log":
        return "log"
    if given == "linear":
        return "linear"
    raise UserError(f"--scale: must be auto, linear or log (got {_shown(given)})")


def _smooth(given: float | None) -> float | None:
    if given is None or (isinstance(given, (int, float)) and 0 < given < 1):
        return given
    raise UserError(f"--smooth: must be between 0 and 1, such as 0.9; more is smoother (got {given})")


def _limits(given: str | Sequence[float]) -> Pair:
    pair = _pair(given, ":")
    if pair and max(map(abs, pair)) < LARGEST and pair[0] < pair[1]:
        return pair
    raise UserError(f"--ylim: must be LOW:HIGH, two numbers, the lower first, such as 0.8:1 (got {_shown(given, ':')})")


def _size(given: str | Sequence[float]) -> Pair:
    pair = _pair(given, "x")
    if pair and all(SMALLEST <= side <= WIDEST for side in pair):
        return pair
    allowed = f"WIDTHxHEIGHT in inches (of 150 pixels), {SMALLEST:g} to {WIDEST:g} each, such as 8x6"
    raise UserError(f"--size: must be {allowed} (got {_shown(given, 'x')})")


def _title(given: str) -> str:
    title = _fits(given, LONGEST_TITLE)
    if title:
        return title
    raise UserError(
        f"--title: must have 1 to {LONGEST_TITLE} letters, CJK letters counting twice (got {_shown(given)})"
    )


def _names(given: str | Sequence[str]) -> tuple[str, ...]:
    whole = given.split(",") if isinstance(given, str) else [str(name) for name in given]
    names = tuple(_fits(name, LONGEST_NAME) for name in whole)
    if names and all(names):
        return names
    allowed = f"names separated by commas, 1 to {LONGEST_NAME} letters each, such as Train,Test"
    raise UserError(f"--legend: must be {allowed} (got {_shown(given, ',')})")


def _fits(text: str, longest: int) -> str:
    """The text in one line; empty if it is too long."""
    line = one_line(text, len(text) * 2)
    return line if display_width(line) <= longest else ""


def _pair(given: str | Sequence[float], separator: str) -> Pair | None:
    """Two finite numbers; None if it is anything else."""
    try:
        parts = re.split(separator, given, flags=re.IGNORECASE) if isinstance(given, str) else list(given)
        numbers = [float(part) for part in parts]
    except (TypeError, ValueError):
        return None
    return (numbers[0], numbers[1]) if len(numbers) == 2 and all(map(math.isfinite, numbers)) else None


def _shown(given: object, separator: str = "") -> str:
    text = separator.join(map(str, given)) if isinstance(given, (list, tuple)) else str(given)
    return f'"{one_line(text)}"' if text.strip() else "nothing"
