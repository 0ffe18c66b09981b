"""Which column is the target, and whether it holds classes or numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from mlpcli.config.suggestions import shown
from mlpcli.data.tables.column_names import check_known, listed_columns
from mlpcli.data.tables.profile import ColumnProfile
from mlpcli.data.tables.target_encoder import TargetEncoder
from mlpcli.data.tables.target_guess import guess_target
from mlpcli.data.tables.verdicts import MOSTLY, is_whole, mixed_message
from mlpcli.data.task import resolve_task
from mlpcli.data.wording import plural, yaml_list
from mlpcli.errors import DataError, SettingError

if TYPE_CHECKING:
    from mlpcli.config.data import DataConfig

MOST_NUMBER_CLASSES = 20
"""Whole numbers with at most so many distinct values are classes; more of them are an amount."""
MOST_CLASSES = 1000
OWN_LABEL_SHARE = 0.5
"""Where more than half of the rows have a label of their own, there is nothing to generalize from."""

Profiles = Mapping[str, ColumnProfile]


def choose_target(file: str, profiles: Profiles, data: DataConfig) -> tuple[TargetEncoder, list[str]]:
    """The target's encoder, and what people should know of it; `file` names the table in messages.

    Texts, booleans and whole numbers of at most 20 distinct values are classes; other numbers are a regression target.
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
    return encoder, [*_row_notes(profile), *_task_notes(profile, classes, data)]


def target_column(file: str, profiles: Profiles, data: DataConfig) -> str:
    """The name in data.target.

    Raises:
        SettingError: there is none, or no such column; proposes one.
    """
    if data.target is None:
        guess = guess_target(list(profiles), profiles)
        raise SettingError(
            "data.target",
            f"which column of {file} is to be predicted? Write, for example, target: {yaml_list([guess])[1:-1]};"
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
            f"{file}: {name}: all {profile.present:,} rows with a target have the same,"
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
    if not numbers and profile.numbers >= MOSTLY * profile.present:
        raise DataError(mixed_message(profile))
    few = not profile.seen.many and len(profile.seen) <= MOST_NUMBER_CLASSES
    return not numbers or (is_whole(profile) and few)


def _check_numbers(file: str, profile: ColumnProfile) -> None:
    typed_boolean = profile.booleans == profile.present and set(profile.seen.texts()) == {"true", "false"}
    if profile.numbers == profile.present or typed_boolean or profile.no_number is None:
        return
    if profile.numbers >= MOSTLY * profile.present:
        raise DataError(mixed_message(profile))
    raise SettingError(
        "data.task",
        f'regression needs numbers, but "{shown(profile.name)}" holds text such as "{shown(profile.no_number.text)}"'
        f" ({profile.no_number.place}); use classification, or choose another data.target",
    )


def _class_names(file: str, profile: ColumnProfile, data: DataConfig) -> tuple[str, ...]:
    seen, name = profile.seen, shown(profile.name)
    numbers = profile.numbers == profile.present
    own = len(seen) > max(MOST_NUMBER_CLASSES, OWN_LABEL_SHARE * seen.rows)
    if seen.many or len(seen) > MOST_CLASSES or (own and not numbers):
        many = f"{seen.most:,} or more" if seen.many else f"{len(seen):,}"
        key, advice = (
            ("data.task", "say data.task: regression") if numbers else ("data.target", "choose another column")
        )
        raise SettingError(
            key,
            f'"{name}" of {file} has {many} different labels in {profile.present:,} rows, too many to learn as classes'
            f" (at most {MOST_CLASSES:,}, each with several rows); {advice}, or group the labels",
        )
    texts = sorted(seen.texts())
    return tuple(sorted(texts, key=lambda text: (float(text), text)) if numbers else texts)


def _row_notes(profile: ColumnProfile) -> list[str]:
    if not profile.missing:
        return []
    rows = f"{profile.missing:,} of {plural(profile.rows, 'row', 'rows')}"
    are = "has no value of the target and is" if profile.missing == 1 else "have no value of the target and are"
    return [f'{rows} {are} left out (column "{shown(profile.name)}")']


def _task_notes(profile: ColumnProfile, classes: bool, data: DataConfig) -> list[str]:
    """Where the same numbers could have been read in the other way."""
    if data.task != "auto" or profile.name in data.types or profile.numbers != profile.present:
        return []
    name, seen = shown(profile.name), profile.seen
    if classes:
        return [
            f'target "{name}" holds {len(seen)} whole numbers: classes; data.task: regression reads them as amounts'
        ]
    few = is_whole(profile) and not seen.many and len(seen) <= MOST_CLASSES
    other = f"; data.task: classification reads its {len(seen):,} values as classes" if few else ""
    return [f'target "{name}" is a number: regression{other}']
