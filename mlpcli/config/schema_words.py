"""The keys and names that the schema allows at a place, for messages that suggest one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from pydantic import BaseModel

from mlpcli.config.base import Component
from mlpcli.config.losses import LOSSES
from mlpcli.config.metrics import METRICS

Location = tuple[int | str, ...]
"""Where pydantic found an error: keys, list indices, and the tags of the forms it tried."""

_ALIASES: dict[int | str, tuple[str, ...]] = {
    tag: tuple(alias for cls in (*LOSSES, *METRICS) if cls.tag == tag for alias in cls.aliases)
    for tag in {cls.tag for cls in (*LOSSES, *METRICS)}
}

DEEP_SECTIONS = ("early_stopping", "optimizer")
"""Parts of the training section whose settings people write beside them."""


def keys_at(location: Location, root: type[BaseModel]) -> list[str]:
    """The keys that the mapping at `location` may have."""
    classes = _classes_at(location, root)
    keys = {name for cls in classes for name in cls.model_fields}
    if keys and any(issubclass(cls, Component) and cls.written_with_name for cls in classes):
        keys.add("name")
    return sorted(keys)


def names_at(location: Location, root: type[BaseModel]) -> list[str]:
    """The names of the components that may stand at `location`; `auto` where that is a choice, too."""
    components = [cls for cls in _classes_at(location, root) if issubclass(cls, Component) and cls.tag]
    names = [name for cls in components for name in (cls.tag, *cls.aliases)]
    return [*names, "auto"] if "given" in location else names


def spelling(part: int | str, value: Any) -> int | str:
    """The word by which the file's one-entry mapping calls the component that pydantic's location names by its tag."""
    if isinstance(value, Mapping) and len(value) == 1:
        return next((word for word in value if word in _ALIASES.get(part, ())), part)
    return part


def section_of(key: str, root: type[BaseModel]) -> str | None:
    """The section where a key belongs that was written in another."""
    sections: list[Location] = [(name,) for name in root.model_fields]
    sections += [("training", name) for name in DEEP_SECTIONS]
    for section in sections:
        if any(key in cls.model_fields for cls in _classes_at(section, root)):
            return ".".join(map(str, section))
    return None


def _classes_at(location: Location, root: type[BaseModel]) -> list[type[BaseModel]]:
    """The schema's classes that a location may mean; a tag leaves one of them, a key leads to those of its field."""
    classes = [root]
    for part in location:
        tagged = [cls for cls in classes if getattr(cls, "tag", "") == part]
        fields = [cls.model_fields[str(part)].annotation for cls in classes if part in cls.model_fields]
        if tagged and len(classes) > 1:
            classes = tagged
        elif fields:
            classes = [found for annotation in fields for found in _models_in(annotation)]
    return classes


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for inner in get_args(annotation) for found in _models_in(inner)]
