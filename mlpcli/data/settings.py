"""Which keys of the `data` section are for which kind of source: a key without effect is a mistake, not a wish."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from mlpcli.config.names import BUILT_IN_NAMES
from mlpcli.errors import SettingError

if TYPE_CHECKING:
    from mlpcli.config.data import DataConfig

Form = Literal["table", "class folder", "generated set", "arrays"]

KEYS: dict[Form, tuple[str, ...]] = {
    "table": ("types", "missing", "na_values", "separator", "encoding", "streaming"),
    "class folder": ("image", "strict"),
    "generated set": ("generate",),
}
"""Keys that mean something for one form of source only; "arrays" (IDX, npz, bundled sets) have none of their own."""

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
                raise SettingError(f"data.{key}", f"is for {SOURCES[other]}, and {data.source} is none; remove it")
