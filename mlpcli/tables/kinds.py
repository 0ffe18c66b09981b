"""Decides which columns of a table are used, and as what: by the config, else by their values."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mlpcli.config.yaml_names import yaml_names
from mlpcli.errors import DataError, SettingError
from mlpcli.tables.column_format import ColumnFormat
from mlpcli.tables.column_forms import MOST_CODES, profile_columns, unclear_orders
from mlpcli.tables.profile import (
    MOSTLY,
    ColumnProfile,
    ColumnSummary,
    column_lines,
    is_mixture,
    is_whole,
    mixed_message,
)
from mlpcli.tables.raw_table import check_known
from mlpcli.tables.target import choose_target
from mlpcli.text import first_notes, plural, quoted, shown

if TYPE_CHECKING:
    from mlpcli.config.data_words import ColumnKind
    from mlpcli.config.sections import DataConfig
    from mlpcli.tables.dates import Order
    from mlpcli.tables.raw_table import RawTable
    from mlpcli.tables.target import TargetEncoder


Profiles = Mapping[str, ColumnProfile]
Trouble = Literal["empty", "constant", "id", "free text", "mixed"]
DROPPED: dict[Trouble, str] = {
    "empty": "without any value",
    "constant": "with one value only",
    "id": "with a different text in every row, such as names or identifiers,",
}


@dataclass(frozen=True)
class ChosenColumns:
    """The columns to learn from and their kinds, in the order of data.features or of the file; notes for the user."""

    kinds: dict[str, ColumnKind]
    notes: list[str]


def choose_kinds(name: str, profiles: Profiles, data: DataConfig, targets: Collection[str]) -> ChosenColumns:
    """Decide about every column but the targets; `name` is the file's.

    Empty and constant columns and text identifiers are left out with a note; see `judge` for the rules.

    Raises:
        SettingError: a setting names a column that is not there, free text is not excluded, or nothing is left.
        DataError: numbers and texts are mixed in a column, or data.missing is error and there are gaps.
    """
    check_known("data.date_format", name, data.date_format, list(profiles))
    columns = _used_columns(name, list(profiles), data, targets)
    gaps_tell = data.missing == "impute"
    verdicts = {column: _verdict(profiles[column], data, gaps_tell) for column in columns}
    _refuse(name, profiles, verdicts, data)
    kinds = {column: verdict.kind for column, verdict in verdicts.items() if verdict.kind is not None}
    if not kinds:
        raise SettingError(_key(data), f"{name} has no columns left to learn from{_why(verdicts)}")
    if data.missing == "error":
        refuse_gaps(profiles, list(kinds))
    return ChosenColumns(kinds, _notes(profiles, verdicts))


def refuse_gaps(profiles: Profiles, columns: list[str]) -> None:
    """For data.missing: error.

    Raises:
        DataError: the first gap, and how many each column has.
    """
    with_gaps = [profiles[column] for column in columns if profiles[column].missing]
    if not with_gaps:
        return
    first = with_gaps[0].first_gap
    counts = ", ".join(f"{shown(profile.name)} {profile.missing:,}" for profile in with_gaps[:10])
    more = f" and {len(with_gaps) - 10:,} more columns" if len(with_gaps) > 10 else ""
    raise DataError(
        f"{first.place if first else ''}: {shown(with_gaps[0].name)}: has no value (missing in all: {counts}{more});"
        " fill them in, or choose data.missing: impute (filled with the median) or drop (such rows are left out)"
    )


def _used_columns(name: str, names: list[str], data: DataConfig, targets: Collection[str]) -> list[str]:
    check_known("data.types", name, data.types, names)
    check_known("data.exclude", name, data.exclude, names)
    check_known("data.features", name, data.features or [], names)
    for key, columns in (("data.features", data.features or []), ("data.exclude", data.exclude)):
        for target in (target for target in targets if target in columns):
            what = "the target" if len(targets) == 1 else "a target"
            raise SettingError(key, f'"{shown(target)}" is {what} (data.target); remove it here')
    left_out = {*data.exclude, *targets}
    return [column for column in (data.features or names) if column not in left_out]


def _verdict(profile: ColumnProfile, data: DataConfig, gaps_tell: bool) -> Verdict:
    verdict = judge(profile, gaps_tell)
    told = data.types.get(profile.name, "date" if profile.name in data.date_format else None)
    if told is None or verdict.trouble in ("empty", "constant"):
        return verdict
    return Verdict(told)


def _refuse(name: str, profiles: Profiles, verdicts: Mapping[str, Verdict], data: DataConfig) -> None:
    """Mixed columns, one at a time since each has its own line; then all columns of free text at once."""
    for column in (column for column, verdict in verdicts.items() if verdict.kind == "date"):
        if orders := unclear_orders(profiles[column], data):
            raise SettingError("data.date_format", unclear_message(name, profiles[column], orders))
    for column, verdict in verdicts.items():
        if verdict.trouble == "mixed":
            raise DataError(mixed_message(profiles[column]))
    texts = [column for column, verdict in verdicts.items() if verdict.trouble == "free text"]
    if texts:
        raise SettingError(
            "data.exclude",
            f"{name}: free text ({verdicts[texts[0]].note}) in {quoted(texts)}, which this network cannot use;"
            f" set data.exclude: {yaml_names(texts)}, or data.types: {{{yaml_names(texts[:1])[1:-1]}: category}}"
            " to use its most frequent texts",
        )


def _notes(profiles: Profiles, verdicts: Mapping[str, Verdict]) -> list[str]:
    notes = []
    for trouble, words in DROPPED.items():
        columns = [column for column, verdict in verdicts.items() if verdict.trouble == trouble]
        if columns:
            notes.append(f"{plural(len(columns), 'column', 'columns')} {words} left out: {quoted(columns)}")
    used = [(column, verdict) for column, verdict in verdicts.items() if verdict.kind is not None]
    told = [(column, note) for column, verdict in used for note in (*profiles[column].notes, verdict.note) if note]
    return notes + first_notes([f'column "{shown(column)}": {note}' for column, note in told])


def unclear_message(name: str, profile: ColumnProfile, orders: Sequence[Order]) -> str:
    """Dates that may be read in several ways, and the setting that says which."""
    column = yaml_names([profile.name])[1:-1]
    ways = " or ".join(f"{{{column}: {order}}} ({READ_AS[order]})" for order in orders)
    example = shown(profile.seen.starts(1)[0])
    dates = f'the dates in "{shown(profile.name)}", such as {example}'
    return f"{name}: {dates}, can be read in several ways; set it to {ways}"


READ_AS: dict[Order, str] = {"ymd": "year first", "dmy": "day first", "mdy": "month first"}


def _why(verdicts: Mapping[str, Verdict]) -> str:
    counts = [sum(verdict.trouble == trouble for verdict in verdicts.values()) for trouble in DROPPED]
    told = [f"{count:,} {words.rstrip(',')}" for count, words in zip(counts, DROPPED.values(), strict=True) if count]
    return f": {', '.join(told)}" if told else "; name columns other than the target"


def _key(data: DataConfig) -> str:
    return "data.features" if data.features is not None else "data.exclude" if data.exclude else "data.source"


FEWEST_FOR_ID = 10
"""In fewer rows, values that all differ say nothing."""
FREE_WORDS, FREE_SHARE, FREE_DISTINCT = 3, 0.5, 50
"""Free text: three words or more on average, and distinct texts in more than half of the rows, and in 50 at least."""
CODE_NAME = re.compile(r"(?i:(^|[ _.-])(code|zip|zipcode|postcode|type)$)|(코드|유형|우편번호)$")
ID_NAME = re.compile(r"(?i:(^|[ _.-])(id|idx|index|no|uuid|key)$)|[a-z](Id|ID)$|(번호|아이디)$")
"""Names as they end: zip_code and "Zip Code", customer_id, customerId, 고객번호."""


@dataclass(frozen=True)
class Verdict:
    """kind: None if the column cannot be used as it is. trouble: why not. note: for the user."""

    kind: ColumnKind | None
    trouble: Trouble | None = None
    note: str = ""


def judge(profile: ColumnProfile, gaps_tell: bool = True) -> Verdict:
    """The kind of a column, by these rules in this order.

    1. No value at all, or the same one everywhere: nothing to learn from. Where gaps_tell, one value and gaps are a
       category, since the gaps then tell rows apart.
    2. All values are true/false words (yes/no, 예/아니오 ...), and not all numbers: boolean.
    3. All are numbers: number. But at most 20 distinct whole numbers are categories where they are codes: written with
       leading zeros (007), or in a column called code, zip, type, 코드 ...
    4. All are dates: date.
    5. Most, but not all, are numbers (or dates): a mistake in the file ("mixed").
    6. Texts: free text and identifiers are left out; all others are categories.
    """
    present, seen = profile.present, profile.seen
    if present == 0:
        return Verdict(None, "empty")
    if len(seen) == 1 and not seen.many:
        return Verdict("category") if profile.missing and gaps_tell else Verdict(None, "constant")
    if profile.booleans == present > profile.numbers:
        return Verdict("boolean")
    if is_mixture(profile):
        return Verdict(None, "mixed")
    if profile.numbers == present:
        return _numbers(profile)
    if profile.dates == present:
        return Verdict("date")
    if max(profile.numbers, profile.dates) >= MOSTLY * present:
        return Verdict(None, "mixed")
    return _texts(profile)


def _numbers(profile: ColumnProfile) -> Verdict:
    name, seen = profile.name, profile.seen
    if is_whole(profile):
        if len(seen) <= MOST_CODES and not seen.many and len(seen) > 2 and _are_codes(profile):
            return Verdict("category", note=f"{len(seen)} whole numbers that look like codes are used as categories")
        if seen.all_differ and profile.present >= FEWEST_FOR_ID and (profile.counting or ID_NAME.search(name)):
            note = "every row has a different number, like row numbers or identifiers"
            return Verdict("number", note=f"{note}; data.exclude: {yaml_names([name])}?")
    return Verdict("number")


def _are_codes(profile: ColumnProfile) -> bool:
    return CODE_NAME.search(profile.name) is not None or profile.seen.any_matches(r"^[+-]?0\d")


def _texts(profile: ColumnProfile) -> Verdict:
    seen = profile.seen
    if profile.mean_words >= FREE_WORDS and len(seen) > max(FREE_DISTINCT, FREE_SHARE * seen.rows):
        return Verdict(None, "free text", f"{profile.mean_words:.0f} words on average, {len(seen):,} distinct texts")
    if seen.all_differ and profile.present >= FEWEST_FOR_ID:
        return Verdict(None, "id")
    return Verdict("category")


@dataclass(frozen=True, eq=False)
class Decisions:
    """What was decided about the columns of a table.

    kinds: of each column that is used. formats: how the cells of columns are read, for those that are not plain.
    columns: a summary of every column of the file. notes: for the user.
    """

    target: TargetEncoder
    kinds: dict[str, ColumnKind]
    formats: dict[str, ColumnFormat]
    columns: tuple[ColumnSummary, ...]
    notes: list[str]


def decide(path: Path, rows: Iterable[RawTable], data: DataConfig) -> Decisions:
    """Look at every column of all rows, in batches of any size; `path` is named in messages.

    Raises:
        DataError, SettingError: as `choose_target` and `choose_kinds`.
    """
    profiles = profile_columns(rows, data)
    target, target_notes = choose_target(str(path), profiles, data)
    chosen = choose_kinds(str(path), profiles, data, target.names)
    columns = tuple(column_lines(profiles, chosen.kinds, target.names))
    formats = column_formats(profiles, {**chosen.kinds, **target.kinds})
    return Decisions(target, chosen.kinds, formats, columns, [*target_notes, *chosen.notes])


def column_formats(profiles: Profiles, kinds: Mapping[str, ColumnKind]) -> dict[str, ColumnFormat]:
    """How the cells of these columns are read, for those that are not plain; categories keep their units."""
    found: dict[str, ColumnFormat] = {}
    for column, kind in kinds.items():
        form = profiles[column].format
        if form is not None and kind in ("category", "boolean"):
            form = replace(form, number=None, date=None)
        if form is not None and form != ColumnFormat():
            found[column] = form
    return found
