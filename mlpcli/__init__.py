"""mlpcli trains multi-layer perceptrons with Keras, from YAML configs.

The commands are functions here too, and cost nothing until they are called:

    import mlpcli
    result = mlpcli.train("configs/digits.yaml", ["training.epochs=5"])
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"
_WORKFLOWS = ("evaluate", "gradcheck", "init", "plot", "predict", "summary", "train", "train_seeds", "validate")
_RECIPES = ("copy_recipe", "list_recipes", "show_recipe")  # mlpcli.recipes is a room of the package


def __getattr__(name: str) -> Any:
    """The function of a workflow, imported when it is first asked for."""
    if name in _WORKFLOWS:
        return getattr(import_module(f"mlpcli.workflows.{name}"), name)
    if name in _RECIPES:
        return getattr(import_module("mlpcli.workflows.recipes"), name)
    raise AttributeError(f"module 'mlpcli' has no attribute {name!r}")
