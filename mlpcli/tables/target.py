"""The target: which column it is, whether it holds classes or numbers, and its encoding."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from mlpcli.arrays import Array
from mlpcli.config.sections import resolve_task
from mlpcli.config.yaml_writer import yaml_names
from mlpcli.errors import DataError, SettingError
from mlpcli.tables.column_forms import capitals_note
from mlpcli.tables.profile import MOSTLY, ColumnProfile, is_mixture, is_whole, mixed_message
from mlpcli.tables.raw_table import check_columns, check_known, file_of, gap_mask, listed_columns
from mlpcli.tables.texts import distinct_texts
from mlpcli.tables.values import as_numbers
from mlpcli.tables.whole_numbers import FEW_CLASSES, MOST_CLASSES, WholeNumbers
from mlpcli.text import plural, quoted, shown

if TYPE_CHECKING:
    import pyarrow as pa

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
        DataError: it holds no value, only one, or numbers mixed with text.
    """
    name = target_column(file, profiles, data)
    profile = profiles[name]
    _check_values(file, profile)
    classes = _holds_classes(file, profile, data)
    encoder = TargetEncoder(name, _class_names(file, profile, data) if classes else None)
    resolve_task(data.task, encoder.class_names)
    more = capitals_note(profile) if classes and profile.booleans == profile.present else ()
    told = [f'column "{shown(name)}": {note}' for note in (*profile.notes, *more)]
    return encoder, [*_row_notes(profile), *told, *_task_notes(profile, data)]


def target_column(file: str, profiles: Profiles, data: DataConfig) -> str:
    """The name in data.target.

    Raises:
        SettingError: there is none, or no such column; proposes one.
    """
    if data.target is None:
        guess = guess_target(list(profiles), profiles)
        raise SettingError(
            "data.target",
            f"which column of {file} should be predicted? Write, for example, target: {yaml_names([guess])[1:-1]};"
            f" it has: {listed_columns(profiles)}",
        )
    check_known("data.target", file, [data.target], profiles)
    return data.target


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


def whole_numbers_of(profile: ColumnProfile) -> WholeNumbers:
    """A column's numbers, for the question of whether they are classes; with a unit they are amounts."""
    dressed = profile.format is not None and profile.format.number is not None
    distinct = 0 if profile.seen.many or dressed or not is_whole(profile) else len(profile.seen)
    return WholeNumbers(profile.name, profile.present, distinct, profile.low, profile.high)


def _check_numbers(file: str, profile: ColumnProfile) -> None:
    typed_boolean = profile.booleans == profile.present and set(profile.seen.texts()) == {"true", "false"}
    if profile.numbers == profile.present or typed_boolean or profile.no_number is None:
        return
    if is_mixture(profile) or profile.numbers >= MOSTLY * profile.present:
        raise DataError(mixed_message(profile))
    raise SettingError(
        "data.task",
        f'regression needs numbers, but "{shown(profile.name)}" holds text such as "{shown(profile.no_number.text)}"'
        f" ({profile.no_number.place}); use classification, or choose another data.target",
    )


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


TARGET_NAMES = (
    *("target", "label", "y", "survived", "species", "outcome", "diagnosis", "churn", "churned", "default", "category"),
    *("result", "quality", "price", "medv", "class", "type", "answer", "output"),
    *("정답", "라벨", "레이블", "타깃", "타겟", "목표", "결과", "종속변수", "분류", "품종", "종", "등급", "가격"),
)
"""The surest first."""


def guess_target(names: Sequence[str], profiles: Mapping[str, ColumnProfile]) -> str:
    """The column with a name that targets often have, in any case and the surest names first; else the last column.

    Columns without values, or with one only, are passed over where others are left. `names` must not be empty.
    """
    useful = [name for name in names if name not in profiles or len(profiles[name].seen) > 1] or list(names)
    return called_target(useful) or useful[-1]


def called_target(names: Sequence[str]) -> str | None:
    """The column that is called as targets often are; None where there is none."""
    for likely in TARGET_NAMES:
        for name in names:
            if name.strip().casefold() == likely:
                return name
    return None


@dataclass(frozen=True)
class TargetEncoder:
    """name: the target's column, None where it is not known.

    class_names: in the order of their indices; None where the target is a number.
    positions: whether labels may also be the positions of classes, 0, 1, 2 ..., if their names are not numbers.
    """

    name: str | None
    class_names: tuple[str, ...] | None
    positions: bool = False

    def name_in(self, table: RawTable, features: Collection[str]) -> str | None:
        """The target's column in this table, None where there is none.

        If the name is unknown, it is the only column that is not a feature; of several, the one with a usual name.
        """
        if self.name is not None:
            return self.name if self.name in table.names else None
        others = [name for name in table.names if name not in features]
        return others[0] if len(others) == 1 else called_target(others)

    def found_in(self, table: RawTable, features: Collection[str]) -> TargetEncoder:
        """The same with the name of the column in this table.

        Raises:
            DataError: the table has no target.
        """
        if self.name is not None:
            check_columns(table, [self.name])
            return self
        name = self.name_in(table, features)
        if name is None:
            others = listed_columns([name for name in table.names if name not in features])
            raise DataError(
                f"{file_of(table)}: which column is the target? Besides the features it has {others or 'none'};"
                " name it target"
            )
        return replace(self, name=name)

    def encode(self, table: RawTable) -> Array:
        """int64 class indices (n,), or float32 numbers (n,), of a table that has the column `name`.

        Labels are compared as texts; 1, 1.0 and "1" are one class.

        Raises:
            DataError: a label that no training row had, a value that is not a finite number, or a row without a target.
        """
        name = self.name or ""
        column = table.columns[name]
        gaps = gap_mask(column)
        if gaps.any():
            raise DataError(
                f"{table.place(int(gaps.argmax()))}: {shown(name)}: has no value"
                f" ({plural(int(gaps.sum()), 'such row', 'such rows')} in all); fill it in, or leave out the row"
            )
        if self.class_names is None:
            return as_numbers(column, name, table.place).astype(np.float32)
        return self._indices(column, table, self.class_names)

    def as_json(self) -> dict[str, Any]:
        """For the model's metadata."""
        names = None if self.class_names is None else list(self.class_names)
        return {"name": self.name, "class_names": names, "positions": self.positions}

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
                f'{table.place(row)}: {shown(self.name or "")}: the label "{shown(texts[codes[row]] or "")}" is not in'
                f" any training row ({plural(int(unknown.sum()), 'row has', 'rows have')} unknown labels); classes are"
                f" {quoted(names)}; correct the labels, or train with rows of them"
            )
        return indices
