"""A config as names and values: the dotted keys that `-s` takes, but for what says only where and how it is written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from mlpcli.config.base import Component
from mlpcli.config.schema import Config

Parameters = dict[str, "bool | int | float | str"]
LEFT_OUT = ("version", "name", "output", "sweep")


def config_parameters(config: Config) -> Parameters:
    """All that is set or has a default, without what is null or empty; lists are JSON, or have a key for each entry.

    >>> config = Config.model_validate({"data": {"source": "iris"}, "model": {"hidden_units": [8, 4]}})
    >>> found = config_parameters(config)
    >>> found["data.source"], found["model.hidden_units"], found["training.optimizer.name"]
    ('iris', '[8, 4]', 'adam')
    """
    return {
        key: value
        for name in Config.model_fields
        if name not in LEFT_OUT
        for key, value in _flat(name, getattr(config, name))
    }


def _flat(key: str, value: Any) -> Iterator[tuple[str, bool | int | float | str]]:
    if isinstance(value, BaseModel):
        if isinstance(value, Component):
            yield f"{key}.name", value.tag
        for name in type(value).model_fields:
            yield from _flat(f"{key}.{_of_component(value, name)}", getattr(value, name))
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _flat(f"{key}.{name}", inner)
    elif isinstance(value, list) and any(isinstance(inner, BaseModel) for inner in value):
        for index, inner in enumerate(value):
            yield from _flat(f"{key}.{index}", inner)
    elif isinstance(value, (list, tuple)):
        if value:
            yield key, json.dumps(list(value), ensure_ascii=False)
    elif value is not None:
        yield key, value


def _of_component(value: BaseModel, name: str) -> str:
    """Layers and metrics have an argument `name` of their own, beside the name of what they are."""
    return "called" if isinstance(value, Component) and name == "name" else name
