"""Rows of a table for a model that mlpcli did not write: the user names the columns, or they are found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from mlpcli.config.data_words import ColumnKind
from mlpcli.config.sections import DataConfig
from mlpcli.errors import DataError, UserError
from mlpcli.tables.column_forms import profile_columns
from mlpcli.tables.kinds import column_formats
from mlpcli.tables.preprocessing import Preprocessing, plain_preprocessing
from mlpcli.tables.profile import MOSTLY, ColumnProfile
from mlpcli.tables.raw_table import RawTable, ReadOptions, check_known, listed_columns
from mlpcli.text import plural, quoted, shown

if TYPE_CHECKING:
    from mlpcli.modelfile.saved_model import SavedModel

Profiles = Mapping[str, ColumnProfile]


def stock_preprocessing(
    name: str, batches: Iterable[RawTable], model: SavedModel, scored: bool = False
) -> tuple[Preprocessing, list[str]]:
    """How rows become inputs: which columns, and how their numbers are written, from a look at all rows.

    Args:
        name: of the table, for messages.
        batches: the rows as they are written (ReadOptions.formats is None).
        model: one whose `takes_tables` is True; it has been told --inputs and --target, or not.
        scored: whether the rows must have a target.

    Returns:
        the preprocessing, and notes for the user. All columns are numbers, and gaps are errors.

    Raises:
        SettingError: --inputs or --target name a column that is not there.
        UserError: more or fewer columns than inputs, or no target. DataError: an input is no number.
    """
    told, numbers = model.told, model.told.targets if model.card.plan.class_names is None else ()
    # Told to be numbers, they may have units even in two rows, where these could otherwise be words.
    types: dict[str, ColumnKind] = dict.fromkeys((*told.inputs, *numbers), "number")
    profiles = profile_columns(batches, DataConfig(source=name, types=types))
    if scored:
        _check_target(name, profiles, model)
    inputs, notes = _named(name, profiles, model) if told.inputs else _found(name, profiles, model)
    plain = plain_preprocessing(inputs, model.card.plan.class_names, told.targets)
    kinds: dict[str, ColumnKind] = {**dict.fromkeys(inputs, "number"), **plain.target.kinds}
    formats = column_formats(profiles, {column: kind for column, kind in kinds.items() if column in profiles})
    return replace(plain, options=ReadOptions(formats=formats)), notes


def _named(name: str, profiles: Profiles, model: SavedModel) -> tuple[tuple[str, ...], list[str]]:
    inputs, width = model.told.inputs, model.input_shape[0]
    check_known("--inputs", name, inputs, profiles)
    if len(inputs) != width:
        raise UserError(
            f"--inputs names {plural(len(inputs), 'column', 'columns')}, but {model.path} takes {width:,} numbers;"
            " name one for each, in their order"
        )
    for column in inputs:
        odd = profiles[column].no_number
        if not _holds_numbers(profiles[column]):
            found = f'"{shown(odd.text)}" ({odd.place})' if odd is not None else "no value"
            raise DataError(f"{name}: {shown(column)}: holds {found}, but the model takes numbers; encode it as one")
    return inputs, []


def _found(name: str, profiles: Profiles, model: SavedModel) -> tuple[tuple[str, ...], list[str]]:
    """All columns of numbers but the targets, where they are as many as the inputs."""
    numbers = tuple(
        column for column, profile in profiles.items() if _holds_numbers(profile) and column not in model.told.targets
    )
    width = model.input_shape[0]
    if len(numbers) != width:
        found = f"{plural(len(numbers), 'column', 'columns')} of numbers ({listed_columns(numbers)})"
        raise UserError(
            f"{name}: has {found if numbers else 'no columns of numbers'}, but {model.path} takes {width:,} numbers;"
            " name the columns in order, as in --inputs a,b,c"
        )
    order = f"the inputs are the numeric columns in their order, {listed_columns(numbers)}"
    return numbers, [f"note: {name}: {order}; --inputs names others"]


def _holds_numbers(profile: ColumnProfile) -> bool:
    """Numbers, perhaps with mistakes among them, which are named with their lines when the rows are read."""
    return profile.present > 0 and MOSTLY * profile.present <= profile.numbers


def _check_target(name: str, profiles: Profiles, model: SavedModel) -> None:
    targets, plan = model.told.targets, model.card.plan
    if not targets:
        raise UserError(
            f"{name}: which column is the target? Name it with --target; it has: {listed_columns(profiles)}"
        )
    check_known("--target", name, targets, profiles)
    profile = profiles[targets[0]]
    if plan.class_names is not None and model.told.class_names is None and profile.numbers < profile.present:
        raise UserError(
            f"{name}: {shown(targets[0])}: holds texts such as {quoted(profile.seen.starts(3))}, but {model.path} has"
            f" no names for its {len(plan.class_names):,} classes; give them in the order of its outputs with --classes"
        )
