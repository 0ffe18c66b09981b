"""The target: which column it is, or which of them, whether it holds classes or numbers, and its encoding."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from mlpcli.arrays import Array
from mlpcli.config.data_words import resolve_task
from mlpcli.config.yaml_names import yaml_names
from mlpcli.errors import DataError, SettingError
from mlpcli.tables.column_forms import capitals_note
from mlpcli.tables.guess_target import called_target, guess_target
from mlpcli.tables.profile import MOSTLY, ColumnProfile, is_mixture, is_whole, mixed_message
from mlpcli.tables.raw_table import check_columns, check_known, file_of, gap_mask, listed_columns
from mlpcli.tables.texts import distinct_texts
from mlpcli.tables.whole_numbers import FEW_CLASSES, MOST_CLASSES, WholeNumbers
from mlpcli.text import plural, quoted, shown

if TYPE_CHECKING:
    import pyarrow as pa

    from mlpcli.config.data_words import ColumnKind
    from mlpcli.config.sections import DataConfig
    from mlpcli.tables.raw_table import RawTable


OWN_LABEL_SHARE = 0.5
"""If more than half of the rows have different labels, there is nothing to generalize from."""
Profiles = Mapping[str, ColumnProfile]


def choose_target(file: str, profiles: Profiles, data: DataConfig) -> tuple[TargetEncoder, list[str]]:
    """The target's encoder, and what people should know of it; `file` names the table in messages.

    Texts and booleans are classes; whole numbers may be (see `WholeNumbers`); other numbers are a regression target.
    data.task and data.types override. Classes are sorted: numbers by value, texts by code point.

    Raises:
        SettingError: data.target is not set or not there, or data.task does not fit it.
        DataError: it holds no value, only one, numbers mixed with text, or numbers that are one in 32 bits.
    """
    names = target_columns(file, profiles, data)
    for name in names:
        _check_values(file, profiles[name])
    if len(names) > 1:
        return _several_numbers(file, [profiles[name] for name in names], data)
    profile = profiles[names[0]]
    classes = _holds_classes(file, profile, data)
    if not classes:
        _check_apart(file, profile)
    encoder = TargetEncoder(names, _class_names(file, profile, data) if classes else None)
    resolve_task(data.task, encoder.class_names)
    more = capitals_note(profile) if classes and profile.booleans == profile.present else ()
    return encoder, [*_row_notes(profile), *_column_notes(profile, more), *_task_notes(profile, data)]


def _several_numbers(file: str, profiles: Sequence[ColumnProfile], data: DataConfig) -> tuple[TargetEncoder, list[str]]:
    """Several targets are numbers, all of them: one loss cannot be that of classes and of numbers."""
    if data.task not in ("auto", "regression"):
        raise SettingError(
            "data.task", f"{data.task} is for one target, but data.target names {len(profiles)}; use regression or auto"
        )
    for profile in profiles:
        if _holds_text(profile) if data.task == "regression" else _holds_classes(file, profile, data):
            _refuse_classes(file, profile)
        _check_apart(file, profile)
    notes = [note for profile in profiles for note in (*_row_notes(profile), *_column_notes(profile))]
    return TargetEncoder(tuple(profile.name for profile in profiles), None), notes


def _refuse_classes(file: str, profile: ColumnProfile) -> None:
    name, numbers = shown(profile.name), profile.numbers == profile.present
    examples = ", ".join(shown(text) for text in profile.seen.starts(3))
    words = "dates" if profile.dates == profile.present else "classes"
    found = f"{len(profile.seen)} whole numbers that look like classes" if numbers else words
    ways = "set data.task: regression to predict it as a number, or " if numbers else ""
    raise SettingError(
        "data.target",
        f'several targets must be numbers, but "{name}" of {file} holds {found} ({examples}); {ways}predict it alone,'
        " in a config of its own",
    )


def target_columns(file: str, profiles: Profiles, data: DataConfig) -> tuple[str, ...]:
    """The names in data.target; one, or more.

    Raises:
        SettingError: there is none, or no such column; proposes one.
    """
    if not data.targets:
        guess = guess_target(list(profiles), profiles)
        raise SettingError(
            "data.target",
            f"which column of {file} should be predicted? Write, for example, target: {yaml_names([guess])[1:-1]};"
            f" it has: {listed_columns(profiles)}",
        )
    check_known("data.target", file, data.targets, profiles)
    return data.targets


def _check_values(file: str, profile: ColumnProfile) -> None:
    name = shown(profile.name)
    if profile.present == 0:
        raise DataError(f"{file}: {name}: none of the {profile.rows:,} rows has a target; choose another data.target")
    if profile.present == 1:
        raise DataError(f"{file}: 1 row has a target ({name}); at least 2 are needed to learn anything")
    same_number = profile.numbers == profile.present and profile.low == profile.high  # 3.5 and 3.50
    if same_number or (len(profile.seen) == 1 and not profile.seen.many):
        raise DataError(
            f"{file}: {name}: all {profile.present:,} rows with a target have the same one,"
            f' "{shown(profile.seen.starts(1)[0])}"; add rows with others, or choose another data.target'
        )


def _holds_classes(file: str, profile: ColumnProfile, data: DataConfig) -> bool:
    told = data.types.get(profile.name)
    numbers = profile.numbers == profile.present
    if told == "date" or (told is None and data.task == "auto" and profile.dates == profile.present and not numbers):
        raise SettingError(
            "data.target", f'"{shown(profile.name)}" holds dates, which cannot be predicted; choose another'
        )
    if data.task == "regression" or (data.task == "auto" and told == "number"):
        _check_numbers(file, profile)
        return False
    if data.task != "auto" or told in ("category", "boolean"):
        return True
    if is_mixture(profile) or (not numbers and profile.numbers >= MOSTLY * profile.present):
        raise DataError(mixed_message(profile))
    return not numbers or whole_numbers_of(profile).classes


def _check_apart(file: str, profile: ColumnProfile) -> None:
    """Refuse different numbers of which the network, in 32 bits, sees one only: identifiers, times in nanoseconds."""
    with np.errstate(over="ignore"):  # numbers beyond 32 bits are refused where they are read, with their row
        low, high = np.float32(profile.low), np.float32(profile.high)
    if profile.numbers == profile.present and low == high and np.isfinite(low):
        raise DataError(
            f"{file}: {shown(profile.name)}: its numbers, {profile.low:.15g} to {profile.high:.15g}, are the same in 32"
            f" bits, so there is nothing to learn; subtract {profile.low:.15g} from them, or choose another data.target"
        )


def whole_numbers_of(profile: ColumnProfile) -> WholeNumbers:
    """A column's numbers, for the question of whether they are classes; with a unit they are amounts."""
    dressed = profile.format is not None and profile.format.number is not None
    distinct = 0 if profile.seen.many or dressed or not is_whole(profile) else len(profile.seen)
    return WholeNumbers(profile.name, profile.present, distinct, profile.low, profile.high)


def _check_numbers(file: str, profile: ColumnProfile) -> None:
    if profile.no_number is not None and _holds_text(profile):
        raise SettingError(
            "data.task",
            f'regression needs numbers, but "{shown(profile.name)}" holds text such as'
            f' "{shown(profile.no_number.text)}" ({profile.no_number.place}); use classification, or choose another'
            " data.target",
        )


def _holds_text(profile: ColumnProfile) -> bool:
    """Whether the values are no numbers, nor numbers with mistakes among them, which are an error of their own."""
    typed_boolean = profile.booleans == profile.present and set(profile.seen.texts()) == {"true", "false"}
    if profile.numbers == profile.present or typed_boolean or profile.no_number is None:
        return False
    if is_mixture(profile) or profile.numbers >= MOSTLY * profile.present:
        raise DataError(mixed_message(profile))
    return True


def _class_names(file: str, profile: ColumnProfile, data: DataConfig) -> tuple[str, ...]:
    seen, name = profile.seen, shown(profile.name)
    numbers = profile.numbers == profile.present
    own = len(seen) > max(FEW_CLASSES, OWN_LABEL_SHARE * seen.rows)
    if seen.many or len(seen) > MOST_CLASSES or (own and not numbers):
        many = f"{seen.most:,} or more" if seen.many else f"{len(seen):,}"
        key, advice = (
            ("data.task", "set data.task: regression") if numbers else ("data.target", "choose another column")
        )
        raise SettingError(
            key,
            f'"{name}" of {file} has {many} different labels in {profile.present:,} rows, too many to learn as classes'
            f" (at most {MOST_CLASSES:,}, each with several rows); {advice}, or group the labels",
        )
    texts = sorted(_as_written(seen.texts(), profile))
    plain = numbers and (profile.format is None or profile.format.number is None)
    return tuple(sorted(texts, key=lambda text: (float(text), text)) if plain else texts)


def _as_written(texts: Sequence[str], profile: ColumnProfile) -> list[str]:
    """The labels, with true and false as the file has them where it has each in one way: "True", not "true"."""
    forms = {text: [other for other in profile.others if other.lower() == text] for text in ("true", "false")}
    one_way = all(len(forms[text]) == 1 for text in texts if text in forms)
    return [forms[text][0] if one_way and text in forms else text for text in texts]


def _canonical(name: str) -> str:
    """A class name as `as_texts` gives the labels."""
    return name.lower() if name.lower() in ("true", "false") else name


def _column_notes(profile: ColumnProfile, more: Sequence[str] = ()) -> list[str]:
    return [f'column "{shown(profile.name)}": {note}' for note in (*profile.notes, *more)]


def _row_notes(profile: ColumnProfile) -> list[str]:
    if not profile.missing:
        return []
    rows = f"{profile.missing:,} of {plural(profile.rows, 'row', 'rows')}"
    are = "has no target value and is" if profile.missing == 1 else "have no target value and are"
    return [f'{rows} {are} left out (column "{shown(profile.name)}")']


def _task_notes(profile: ColumnProfile, data: DataConfig) -> list[str]:
    """Where the same numbers could have been read in the other way."""
    if data.task != "auto" or profile.name in data.types or profile.numbers != profile.present:
        return []
    return [f'target "{shown(profile.name)}" {whole_numbers_of(profile).verdict()}']


@dataclass(frozen=True)
class TargetEncoder:
    """names: the target's columns, none where they are not known; several are numbers.

    class_names: in the order of their indices; None where the target is a number.
    positions: whether labels may also be the positions of classes, 0, 1, 2 ..., if their names are not numbers.
    """

    names: tuple[str, ...]
    class_names: tuple[str, ...] | None
    positions: bool = False

    @property
    def kinds(self) -> dict[str, ColumnKind]:
        """As what the columns are read."""
        return dict.fromkeys(self.names, "number" if self.class_names is None else "category")

    @property
    def row_shape(self) -> tuple[int, ...]:
        """Of one row of what `encode` gives."""
        return (len(self.names),) if len(self.names) > 1 else ()

    def _guessed(self, table: RawTable, features: Collection[str]) -> str | None:
        """The only column that is not a feature; of several, the one with a usual name."""
        others = [name for name in table.names if name not in features]
        return others[0] if len(others) == 1 else called_target(others)

    def found_in(self, table: RawTable, features: Collection[str]) -> TargetEncoder:
        """The same with the names of the columns in this table.

        Where they are unknown, it is the only column that is not a feature; of several, the one with a usual name.

        Raises:
            DataError: the table has no target.
        """
        if self.names:
            check_columns(table, self.names)
            return self
        name = self._guessed(table, features)
        if name is None:
            others = listed_columns([name for name in table.names if name not in features])
            raise DataError(
                f"{file_of(table)}: cannot tell which column is the target (besides the features it has"
                f" {others or 'no columns'}); name the target column target"
            )
        return replace(self, names=(name,))

    def encode(self, table: RawTable) -> Array:
        """int64 class indices (n,), or float32 numbers (n,), (n, k) of k > 1 columns, of a table that has them all.

        Labels are compared as texts; 1, 1.0 and "1" are one class.

        Raises:
            DataError: a label that no training row had, a value that is not a finite number, or a row without a target.
        """
        for name in self.names:
            _refuse_gaps(table, name)
        if self.class_names is not None:
            return self._indices(table.columns[self.names[0]], table, self.class_names)
        numbers = [table.numbers(name, "number").astype(np.float32) for name in self.names]
        return numbers[0] if len(numbers) == 1 else np.column_stack(numbers)

    def as_json(self) -> dict[str, Any]:
        """For the model's metadata: a name, or a list of several."""
        names = None if self.class_names is None else list(self.class_names)
        name = list(self.names) if len(self.names) > 1 else next(iter(self.names), None)
        return {"name": name, "class_names": names, "positions": self.positions}

    def _indices(self, column: pa.ChunkedArray, table: RawTable, names: tuple[str, ...]) -> Array:
        known = {_canonical(name): index for index, name in enumerate(names)}
        if self.positions and not any(name.lstrip("-").isdecimal() for name in names):
            known.update({str(index): index for index in range(len(names))})
        texts, codes = distinct_texts(column)
        table_of_indices = np.array([known.get(text or "", -1) for text in texts] or [-1], np.int64)
        indices: Array = table_of_indices[codes]
        unknown = indices < 0
        if unknown.any():
            row = int(unknown.argmax())
            raise DataError(
                f'{table.place(row)}: {shown(self.names[0])}: the label "{shown(texts[codes[row]] or "")}" is not in'
                f" any training row ({plural(int(unknown.sum()), 'row has', 'rows have')} unknown labels); classes are"
                f" {quoted(names)}; correct the labels, or train with rows of them"
            )
        return indices


def _refuse_gaps(table: RawTable, name: str) -> None:
    gaps = gap_mask(table.columns[name])
    if gaps.any():
        raise DataError(
            f"{table.place(int(gaps.argmax()))}: {shown(name)}: has no value"
            f" ({plural(int(gaps.sum()), 'such row', 'such rows')} in all); fill it in, or leave out the row"
        )
