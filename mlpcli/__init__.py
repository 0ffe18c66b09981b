"""mlpcli trains multi-layer perceptrons with Keras, from YAML configs.

The commands are functions here too, and cost nothing until they are called:

    import mlpcli
    result = mlpcli.train("configs/digits.yaml", ["training.epochs=5"])
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.2.0"
_VERBS = (
    "combine",
    "compare",
    "eject",
    "evaluate",
    "export",
    "gradcheck",
    "importance",
    "init",
    "package",
    "plot",
    "predict",
    "report",
    "reproduce",
    "resume",
    "summary",
    "sweep",
    "trace",
    "train",
    "validate",
)
_HOMES = {
    **{name: f"mlpcli.workflows.{name}" for name in _VERBS},
    **dict.fromkeys(("train_folds", "train_seeds"), "mlpcli.workflows.train"),
    "train_grid": "mlpcli.workflows.grid",
    **dict.fromkeys(("copy_recipe", "list_recipes", "show_recipe"), "mlpcli.recipes"),
}


__all__ = ["__version__", *_HOMES]


def __dir__() -> list[str]:
    """The functions, so that `dir`, `help` and completion know them."""
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})


def __getattr__(name: str) -> Any:
    """The function of a workflow, imported when it is first asked for."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'mlpcli' has no attribute {name!r}")
