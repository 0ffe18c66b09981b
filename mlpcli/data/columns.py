"""data.features and data.exclude: which columns of a table are used."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from mlpcli.data.dataset import Kind
from mlpcli.errors import SettingError, did_you_mean

if TYPE_CHECKING:
    from mlpcli.config.data import DataConfig


def choose_columns(name: str, kind: Kind, feature_names: tuple[str, ...] | None, data: DataConfig) -> list[int] | None:
    """Positions of the columns to use, in the order of data.features; None means all as they are.

    For sources whose target is known by itself, so data.target is refused.

    Raises:
        SettingError: a column that is not there, a setting that does not fit this source, or nothing left.
    """
    if data.target is not None:
        raise SettingError("data.target", f"{name} brings its own target; remove data.target")
    if data.features is None and not data.exclude:
        return None
    key = "data.features" if data.features is not None else "data.exclude"
    if kind == "image":
        raise SettingError(key, f"{name} holds images, which have no columns; remove {key}")
    if feature_names is None:
        raise SettingError(key, f"{name} has no column names; add feature_names to it or remove {key}")
    return _positions(name, feature_names, data.features, data.exclude)


def _positions(name: str, names: tuple[str, ...], features: list[str] | None, exclude: list[str]) -> list[int]:
    wanted = list(names) if features is None else features
    _check_known("data.features", name, wanted, names)
    _check_known("data.exclude", name, exclude, names)
    left = [column for column in wanted if column not in exclude]
    if not left:
        raise SettingError(
            "data.features" if features is not None else "data.exclude", f"no column of {name} is left to learn from"
        )
    return [names.index(column) for column in left]


def _check_known(key: str, name: str, columns: Iterable[str], names: tuple[str, ...]) -> None:
    seen: set[str] = set()
    for column in columns:
        if column not in names:
            known = ", ".join(names[:20]) + (", ..." if len(names) > 20 else "")
            raise SettingError(key, f'{name} has no column "{column}"{did_you_mean(column, names)}; it has: {known}')
        if column in seen:
            raise SettingError(key, f'column "{column}" is named twice; name it once')
        seen.add(column)
