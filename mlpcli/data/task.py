"""Which task the data poses: a class, one of two classes, or a number."""

from __future__ import annotations

from mlpcli.data.dataset import Task
from mlpcli.errors import SettingError


def resolve_task(setting: str, class_names: tuple[str, ...] | None) -> Task:
    """The task for a target with these classes (None: the target is a number); `setting` is data.task.

    Raises:
        SettingError: data.task does not fit the target.
    """
    if class_names is None:
        return _number_task(setting)
    if setting == "regression":
        raise SettingError("data.task", f"regression needs a number as target, but it is one of {_listed(class_names)}")
    if setting == "binary" and len(class_names) != 2:
        raise SettingError(
            "data.task", f"binary needs exactly 2 classes, but there are {len(class_names)}: {_listed(class_names)}"
        )
    if setting == "classification" or len(class_names) != 2:
        return "classification"
    return "binary"


def _number_task(setting: str) -> Task:
    if setting in ("classification", "binary"):
        raise SettingError("data.task", f"{setting} needs classes, but the target is a number; use regression or auto")
    return "regression"


def _listed(names: tuple[str, ...], most: int = 10) -> str:
    return ", ".join(names[:most]) + (", ..." if len(names) > most else "")
