"""Which columns of a table are used, and as what: what the config says, and else what their values look like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlpcli.config.suggestions import shown
from mlpcli.data.tables.column_names import check_known
from mlpcli.data.tables.profile import ColumnProfile
from mlpcli.data.tables.verdicts import Trouble, Verdict, judge, mixed_message
from mlpcli.data.wording import first_notes, plural, quoted, yaml_list
from mlpcli.errors import DataError, SettingError

if TYPE_CHECKING:
    from mlpcli.config.data import ColumnKind, DataConfig

Profiles = Mapping[str, ColumnProfile]

DROPPED: dict[Trouble, str] = {
    "empty": "without any value",
    "constant": "with one value only",
    "id": "with a text of its own in every row, as names and identifiers have,",
}


@dataclass(frozen=True)
class ChosenColumns:
    """The columns to learn from and their kinds, in the order of data.features or of the file; what to say of them."""

    kinds: dict[str, ColumnKind]
    notes: list[str]


def choose_kinds(name: str, profiles: Profiles, data: DataConfig, target: str | None) -> ChosenColumns:
    """Decide about every column but the target; `name` is the file's.

    Empty and constant columns and text identifiers are left out with a note; see `judge` for the rules.

    Raises:
        SettingError: a setting names a column that is not there, free text is not excluded, or nothing is left.
        DataError: numbers and texts are mixed in a column, or data.missing is error and there are gaps.
    """
    columns = _used_columns(name, list(profiles), data, target)
    gaps_tell = data.missing == "impute"
    verdicts = {column: _verdict(profiles[column], data, gaps_tell) for column in columns}
    _refuse(name, profiles, verdicts)
    kinds = {column: verdict.kind for column, verdict in verdicts.items() if verdict.kind is not None}
    if not kinds:
        raise SettingError(_key(data), f"no column of {name} is left to learn from{_why(verdicts)}")
    if data.missing == "error":
        refuse_gaps(profiles, list(kinds))
    return ChosenColumns(kinds, _notes(verdicts))


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
        f"{first.place if first else ''}: {shown(with_gaps[0].name)}: has no value (gaps in all: {counts}{more}); fill"
        " them in, or choose data.missing: impute (filled with the median) or drop (such rows are left out)"
    )


def _used_columns(name: str, names: list[str], data: DataConfig, target: str | None) -> list[str]:
    check_known("data.types", name, data.types, names)
    check_known("data.exclude", name, data.exclude, names)
    check_known("data.features", name, data.features or [], names)
    for key, columns in (("data.features", data.features or []), ("data.exclude", data.exclude)):
        if target is not None and target in columns:
            raise SettingError(key, f'"{shown(target)}" is the target (data.target); remove it here')
    left_out = {*data.exclude, target}
    return [column for column in (data.features or names) if column not in left_out]


def _verdict(profile: ColumnProfile, data: DataConfig, gaps_tell: bool) -> Verdict:
    verdict = judge(profile, gaps_tell)
    told = data.types.get(profile.name)
    if told is None or verdict.trouble in ("empty", "constant"):
        return verdict
    return Verdict(told)


def _refuse(name: str, profiles: Profiles, verdicts: Mapping[str, Verdict]) -> None:
    """Mixed columns, one at a time since each has its own line; then all columns of free text at once."""
    for column, verdict in verdicts.items():
        if verdict.trouble == "mixed":
            raise DataError(mixed_message(profiles[column]))
    texts = [column for column, verdict in verdicts.items() if verdict.trouble == "free text"]
    if texts:
        raise SettingError(
            "data.exclude",
            f"{name}: free text ({verdicts[texts[0]].note}) in {quoted(texts)}, which this network cannot read;"
            f" say data.exclude: {yaml_list(texts)}, or data.types: {{{yaml_list(texts[:1])[1:-1]}: category}}"
            " to use its most frequent texts",
        )


def _notes(verdicts: Mapping[str, Verdict]) -> list[str]:
    notes = []
    for trouble, words in DROPPED.items():
        columns = [column for column, verdict in verdicts.items() if verdict.trouble == trouble]
        if columns:
            notes.append(f"{plural(len(columns), 'column', 'columns')} {words} left out: {quoted(columns)}")
    told = {column: verdict.note for column, verdict in verdicts.items() if verdict.kind is not None and verdict.note}
    return notes + first_notes([f'column "{shown(column)}": {note}' for column, note in told.items()])


def _why(verdicts: Mapping[str, Verdict]) -> str:
    counts = [sum(verdict.trouble == trouble for verdict in verdicts.values()) for trouble in DROPPED]
    told = [f"{count:,} {words.rstrip(',')}" for count, words in zip(counts, DROPPED.values(), strict=True) if count]
    return f": {', '.join(told)}" if told else "; name columns to use beside the target"


def _key(data: DataConfig) -> str:
    return "data.features" if data.features is not None else "data.exclude" if data.exclude else "data.source"
