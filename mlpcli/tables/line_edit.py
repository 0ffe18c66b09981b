"""What is done to the lines of a text file before they are read as CSV: some are left out, odd separators replaced.

Every line stays a line, and one that is left out becomes blank: so a message names the line as an editor counts it.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from mlpcli.config.sections import DataConfig


@dataclass(frozen=True)
class LineRules:
    """Which lines are column names, and which are no rows.

    header: the line of column names, from 1; "none" where there is none; None: the first line that is not left out.
    skip: so many lines at the beginning, or these lines (from 1), are left out.
    comment: a character; lines that begin with it are left out. totals: words; rows that begin with one are left out.
    """

    header: int | Literal["none"] | None = None
    skip: int | tuple[int, ...] = 0
    comment: str | None = None
    totals: tuple[str, ...] = ()

    @classmethod
    def of(cls, data: DataConfig) -> LineRules:
        """What the config says."""
        skip = data.skip_rows if isinstance(data.skip_rows, int) else tuple(data.skip_rows)
        return cls(data.header, skip, data.comment, tuple(data.skip_totals))

    def as_json(self) -> dict[str, Any]:
        """For the model's metadata."""
        skip = self.skip if isinstance(self.skip, int) else list(self.skip)
        return {"header": self.header, "skip": skip, "comment": self.comment, "totals": list(self.totals)}


PLAIN_LINES = LineRules()
UNIT = "\x1f"
"""The unit separator of ASCII: what odd separators are replaced by, since no text has it."""
BLANKS = " "
"""As data.separator: any run of blanks and tabs."""
_VALUE = re.compile(r'"[^"]*(?:""[^"]*)*"(?=[ \t]|$)|[^ \t]+')
_DIRECTIVE = re.compile(r'"?sep=(?P<separator>[^"])"?\s*', re.IGNORECASE)


def directive(line: str) -> str | None:
    """The separator in a first line such as `sep=;`, which Excel reads and writes; None for any other line."""
    match = _DIRECTIVE.fullmatch(line)
    return match["separator"] if match else None


def is_odd(separator: str) -> bool:
    """Whether pyarrow cannot split at this separator by itself."""
    return separator == BLANKS or len(separator) > 1


@dataclass(frozen=True)
class LineEdit:
    """A function from lines to lines. first: so many lines are left out; separator: of the values, as it is written."""

    rules: LineRules
    first: int = 0
    separator: str = ","

    @property
    def last(self) -> int | None:
        """The last line that may be changed, 0 where none is; None: any line may."""
        if self.rules.comment or self.rules.totals or is_odd(self.separator):
            return None
        skip = self.rules.skip
        return max(self.first, self._header - 1, *((skip,) if isinstance(skip, int) else skip), 0)

    def lines(self, text: str, before: int) -> list[str]:
        """The lines of a text that begins after `before` lines, with their ends."""
        read = io.StringIO(text, newline="").readlines()
        return [self.line(number, line) for number, line in enumerate(read, before + 1)]

    def line(self, number: int, line: str) -> str:
        """What a line becomes; it keeps its end."""
        body = line.rstrip("\r\n")
        end = line[len(body) :]
        if number == self._header and self.rules.comment:
            body = body.lstrip().removeprefix(self.rules.comment)
        elif self._left_out(number, body):
            return end
        return (UNIT.join(map(_quoted, split(body, self.separator))) if is_odd(self.separator) else body) + end

    @property
    def _header(self) -> int:
        return self.rules.header if isinstance(self.rules.header, int) else 0

    def _left_out(self, number: int, body: str) -> bool:
        skip, comment = self.rules.skip, self.rules.comment
        if number < self._header or number <= self.first or number in (skip if isinstance(skip, tuple) else ()):
            return True
        if (isinstance(skip, int) and number <= skip) or (comment and body.lstrip().startswith(comment)):
            return True
        return bool(self.rules.totals) and is_total(split(body, self.separator), self.rules.totals)


def split(body: str, separator: str) -> list[str]:
    """The values of a line; of those parted by blanks without their quotes."""
    if separator != BLANKS:
        return body.split(separator)
    values = _VALUE.findall(body)
    return [value[1:-1].replace('""', '"') if value[0] == value[-1] == '"' != value else value for value in values]


def is_total(values: Iterable[str], words: Iterable[str]) -> bool:
    """Whether the first value that is not empty is one of the words, whatever its blanks, quotes and case."""
    first = next((plain for value in values if (plain := _plain(value))), "")
    return first in {_plain(word) for word in words}


def _plain(word: str) -> str:
    return "".join(word.split()).strip('"').casefold()


def _quoted(value: str) -> str:
    return '"' + value.replace('"', '""') + '"' if '"' in value else value
