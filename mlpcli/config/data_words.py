"""Words of the data section: the built-in data sets, the tasks, and as what the columns of a table are read."""

from __future__ import annotations

from typing import Literal

from mlpcli.errors import SettingError
from mlpcli.text import listed

BUILT_IN_NAMES = (
    "digits", "iris", "wine", "breast_cancer", "diabetes", "mnist", "fashion_mnist", "cifar10",
    "height_weight", "animals", "moons", "spirals", "blobs",
)  # fmt: skip
"""Data sets that need no path; data/catalog.py describes them."""
DATA_ENDINGS = (
    ".csv", ".tsv", ".parquet", ".xlsx", ".xlsm", ".xls", ".ods", ".npz", ".gz", ".bz2", ".zst", ".xz",
)  # fmt: skip
"""Of files of data, which are no configs, and whose names a config's name has without them."""
Task = Literal["classification", "binary", "regression"]
ColumnKind = Literal["number", "category", "boolean", "date"]


def resolve_task(setting: str, class_names: tuple[str, ...] | None) -> Task:
    """The task for a target with these classes (None: the target is a number); `setting` is data.task.

    Raises:
        SettingError: data.task does not fit the target.
    """
    if class_names is None:
        return _number_task(setting)
    if setting == "regression":
        raise SettingError(
            "data.task", f"regression needs a numeric target, but this one has the classes {listed(class_names)}"
        )
    if setting == "binary" and len(class_names) != 2:
        raise SettingError(
            "data.task", f"binary needs exactly 2 classes, but there are {len(class_names)}: {listed(class_names)}"
        )
    if setting == "classification" or len(class_names) != 2:
        return "classification"
    return "binary"


def _number_task(setting: str) -> Task:
    if setting in ("classification", "binary"):
        raise SettingError("data.task", f"{setting} needs classes, but the target is a number; use regression or auto")
    return "regression"
