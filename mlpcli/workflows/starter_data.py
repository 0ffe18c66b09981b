"""What a first config is made from: what `init` knows of the data, and the preset that these get."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from mlpcli.config.data_words import ColumnKind
from mlpcli.errors import UserError
from mlpcli.text import did_you_mean

FEWEST_TO_TEST, FEWEST_TO_VALIDATE, FEWEST_TO_STRATIFY = 10, 5, 3
Form = Literal["table", "array", "image"]
Entry = tuple[str, str]
"""A line of YAML and the comment beside it, "" for none; a line that is all comment starts with `#`."""


@dataclass(frozen=True)
class StarterData:
    """What a first config needs to know.

    found: the data in one line. source: data.source, from the config's folder. form: table (.csv .tsv .parquet), array
    (other rows of columns) or image. rows: training rows, before the split. inputs: numbers per example. targets:
    numbers to predict. own_test: whether test rows come with it. class_rows: of each class, empty where that is not
    known or there are no classes. kinds: of a table's columns. streamed: whether a table would stay on disk if its
    numbers had bins. entries: more lines of the data section. notes: what the user should know.
    """

    found: str
    source: str
    task: str
    rows: int
    inputs: int
    targets: int = 1
    own_test: bool = False
    class_rows: tuple[int, ...] = ()
    form: Form = "table"
    kinds: frozenset[ColumnKind] = frozenset()
    streamed: bool = False
    entries: tuple[Entry, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def classes(self) -> int:
        """How many there are, 0 where that is not known or there are none."""
        return len(self.class_rows)

    @property
    def is_line(self) -> bool:
        """Whether a straight line is the start: for a number from one input, and fewer than ten rows."""
        return self.task == "regression" and self.inputs == 1 and self.rows < FEWEST_TO_TEST

    @property
    def can_hold_out(self) -> bool:
        """Whether training keeps two classes when rows are held out, and rows are enough for it."""
        outside = sum(self.class_rows) - max(self.class_rows, default=0)
        return self.rows >= FEWEST_TO_VALIDATE and (not self.class_rows or outside >= FEWEST_TO_STRATIFY)


Preset = Literal["fast", "strong", "best"]
PRESETS: tuple[Preset, ...] = get_args(Preset)
STRONG_FROM = 500
"""Rows of a table from which on `strong` is written where no preset is asked for: docs/quality.md has what it gains.
With fewer rows it does as much harm as good (design tables)."""


def preset_called(name: str | None) -> Preset | None:
    """The preset of that name; None where none is asked for.

    Raises:
        UserError: there is none of that name.
    """
    for preset in PRESETS:
        if preset == name:
            return preset
    if name is None:
        return None
    names = ", ".join(PRESETS)
    raise UserError(f'--preset: no preset is called "{name}"; choose from {names}{did_you_mean(name, PRESETS)}')


def choose_preset(wanted: Preset | None, data: StarterData) -> tuple[Preset, tuple[str, ...]]:
    """The preset to be written, and a note where it is not all that was asked for."""
    if wanted == "fast" or (wanted is None and (data.form != "table" or data.rows < STRONG_FROM)):
        return "fast", ()
    preset = wanted or "strong"
    if data.is_line:
        return "fast", (f"preset {preset}: is not for {data.rows} rows of two numbers; using a straight line",)
    if data.form == "image":
        return "fast", (f"preset {preset}: is for tables, but these are pictures; using fast instead",)
    if data.form == "array":
        why = "bins are for tables (.csv, .tsv, .parquet)"
    elif data.streamed:
        why = "with them, the table would not fit into memory"
    else:
        return preset, ()
    return preset, (f"preset {preset}: is written without the bins of numbers (data.numeric_encoding): {why}",)
