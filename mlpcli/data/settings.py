"""Which keys of the data section fit which kind of source, and which columns are used."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

from mlpcli.config.data_words import BUILT_IN_NAMES
from mlpcli.data.dataset import Kind
from mlpcli.errors import SettingError
from mlpcli.text import did_you_mean, listed

if TYPE_CHECKING:
    from mlpcli.config.sections import DataConfig


Form = Literal["table", "class folder", "generated set", "arrays"]
KEYS: dict[Form, tuple[str, ...]] = {
    "table": (
        *("types", "missing", "na_values", "separator", "encoding", "header", "skip_rows", "comment", "skip_totals"),
        *("dates", "streaming", "numeric_encoding"),
    ),
    "class folder": ("image", "strict"),
    "generated set": ("generate",),
}
"""Keys for one kind of source only; "arrays" (IDX, npz, bundled sets) have none."""
SOURCES: dict[Form, str] = {
    "table": "tables (.csv, .tsv, .parquet)",
    "class folder": "folders of class folders",
    "generated set": "generated sets",
}


def check_settings(data: DataConfig, form: Form | None = None) -> None:
    """Refuse what was set for another form of source than this one (None: some path), and data.path beside a path.

    Raises:
        SettingError: naming the first such key.
    """
    if data.path is not None and data.source not in BUILT_IN_NAMES:
        raise SettingError("data.path", f"is for built-in names ({', '.join(BUILT_IN_NAMES)}); remove it")
    if form is None:
        return
    for other, keys in KEYS.items():
        for key in keys if other != form else ():
            if getattr(data, key) != type(data).model_fields[key].get_default():
                raise SettingError(
                    f"data.{key}", f"is only for {SOURCES[other]}, but {data.source} is not one; remove it"
                )


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
            "data.features" if features is not None else "data.exclude", f"{name} has no columns left to learn from"
        )
    return [names.index(column) for column in left]


def _check_known(key: str, name: str, columns: Iterable[str], names: tuple[str, ...]) -> None:
    seen: set[str] = set()
    for column in columns:
        if column not in names:
            hint = did_you_mean(column, names)
            raise SettingError(key, f'{name} has no column "{column}"; it has: {listed(names, 20)}{hint}')
        if column in seen:
            raise SettingError(key, f'column "{column}" is named twice; name it once')
        seen.add(column)
