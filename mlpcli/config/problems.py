"""pydantic's errors in plain words: what is allowed, what was found, and the nearest right word."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from mlpcli.config.base import Component
from mlpcli.config.yaml_reader import Document, Path
from mlpcli.errors import Problem, did_you_mean

_KINDS = {
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "string_type": "must be a text",
    "bool_type": "must be true or false",
    "list_type": "must be a list, such as [64, 32]",
    "dict_type": "must be a mapping",
    "model_type": "must be a mapping",
    "model_attributes_type": "must be a mapping",
    "finite_number": "must be finite",
    "greater_than": "must be greater than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "too_short": "needs at least {min_length} entries",
    "too_long": "may have at most {max_length} entries",
    "string_too_short": "must not be empty",
}
_PATTERNS = {
    "model": "must be model.keras or model.h5",
    "name": "may not hold `/` or line breaks (metrics: letters, digits and _ only)",
}


def problems_of(error: ValidationError, document: Document, root: type[BaseModel]) -> list[Problem]:
    """One problem per place of the file; where several forms were tried, their demands are joined with "or"."""
    demands: dict[Path, list[str]] = {}
    found: dict[Path, Any] = {}
    for detail in error.errors(include_url=False):
        path = _path_in_file(detail["loc"], document.value, detail["type"] in ("missing",))
        demand = _demand(detail, path, root)
        if demand not in demands.setdefault(path, []):
            demands[path].append(demand)
        found[path] = detail
    return [document.problem_at(path, ", or ".join(texts) + _got(found[path])) for path, texts in demands.items()]


def _path_in_file(location: tuple[int | str, ...], value: Any, keep_last: bool) -> Path:
    """pydantic's location without the steps that are no keys of the file (names of forms, arguments left unsaid)."""
    path: list[int | str] = []
    for part in location:
        inside = isinstance(value, Mapping) and part in value
        if inside or (isinstance(value, list) and isinstance(part, int) and part < len(value)):
            path.append(part)
            value = value[part]
    if keep_last:
        path.append(location[-1])
    return tuple(path)


def _demand(detail: Any, path: Path, root: type[BaseModel]) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "missing":
        return "is required"
    if kind == "extra_forbidden":
        return "unknown key" + _nearest_key(detail["loc"], root)
    if kind == "union_tag_invalid":
        names = [name.strip("' ") for name in context["expected_tags"].split(",")]
        near = did_you_mean(str(context["tag"]), names)
        return f'unknown name "{context["tag"]}"' + (near or f"; known are {', '.join(names)}")
    if kind == "union_tag_not_found":
        return "must be a name, or a mapping with a name and its arguments"
    if kind == "literal_error":
        near = did_you_mean(str(detail["input"]), _words(context["expected"])) if isinstance(detail["input"], str) else ""
        return f"must be {context['expected'].replace(chr(39), '')}{near}"
    if kind == "string_pattern_mismatch":
        return _PATTERNS.get(str(detail["loc"][-1]), str(detail["msg"]))
    template = _KINDS.get(kind)
    limits = {name: f"{limit:.10g}" if isinstance(limit, float) else limit for name, limit in context.items()}
    return template.format(**limits) if template else str(detail["msg"])


def _words(expected: str) -> list[str]:
    return [word.strip("' ") for word in expected.replace(" or ", ", ").split(",")]


def _got(detail: Any) -> str:
    """What was found, for those errors where it helps."""
    value = detail["input"]
    if detail["type"] not in _KINDS and detail["type"] != "literal_error":
        return ""
    if isinstance(value, Mapping):
        return " (got a mapping)"
    if isinstance(value, (list, tuple)):
        return f" (got {len(value)})" if detail["type"] in ("too_short", "too_long") else " (got a list)"
    if isinstance(value, bool) or value is None:
        return f" (got {'null' if value is None else str(value).lower()})"
    if isinstance(value, str):
        shown = value if len(value) <= 40 else value[:37] + "..."
        return f' (got the text "{shown}")'
    shown = str(value) if not isinstance(value, int) or abs(value) < 10**20 else "a huge number"
    return f" (got {shown})"


def _nearest_key(location: tuple[int | str, ...], root: type[BaseModel]) -> str:
    classes = _classes_at(location[:-1], root)
    keys = {name for cls in classes for name in cls.model_fields}
    if any(issubclass(cls, Component) and cls.written_with_name for cls in classes):
        keys.add("name")
    return did_you_mean(str(location[-1]), sorted(keys)) or (f"; known are {', '.join(sorted(keys))}" if keys else "")


def _classes_at(location: tuple[int | str, ...], root: type[BaseModel]) -> list[type[BaseModel]]:
    """The schema's classes that a location may mean."""
    classes = [root]
    for part in location:
        inner = [cls.model_fields[part].annotation for cls in classes if part in cls.model_fields]
        if inner:
            classes = [found for annotation in inner for found in _models_in(annotation)]
        else:
            classes = [cls for cls in classes if getattr(cls, "tag", None) == part] or classes
    return classes


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for inner in get_args(annotation) for found in _models_in(inner)]
