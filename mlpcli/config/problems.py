"""Turns pydantic's errors into messages: what is allowed, what was found, and the nearest valid key or name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from mlpcli.config.base import Component
from mlpcli.config.keras_code import yaml_of_call
from mlpcli.config.losses import LOSSES
from mlpcli.config.metrics import METRICS
from mlpcli.config.yaml_reader import Document, KeyPath
from mlpcli.errors import Problem
from mlpcli.text import LONGEST_TEXT, shown, suggestion

_WRONG_FORM = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "string_type": "a text",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}
_OUT_OF_RANGE = {
    "finite_number": "must be finite",
    "greater_than": "must be greater than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "too_short": "needs at least {min_length} entries",
    "too_long": "may have at most {max_length} entries",
    "string_too_short": "must not be empty",
    "form": "",
}
"""`form` marks the schema's own messages, to which only the value found is added."""
_MISSING = "is required"


def problems_of(error: ValidationError, document: Document, root: type[BaseModel]) -> list[Problem]:
    """One problem per place in the file; the demands of several possible forms are joined with "or"."""
    details: dict[KeyPath, list[Any]] = {}
    for detail in error.errors(include_url=False):
        path = _path_in_file(detail["loc"], document.value, keep_last=detail["type"] == "missing")
        if path not in document.unreadable:
            details.setdefault(path, []).append(detail)
    above = {path[:length] for path in details for length in range(len(path))}
    messages = {path: _message(_most_telling(group, path in above), root) for path, group in details.items()}
    misspelt = {(path[:-1], word) for path, message in messages.items() for word in _meant(message)}
    return [
        document.problem_at(path, message)
        for path, message in messages.items()
        if message and not (message == _MISSING and (path[:-1], path[-1]) in misspelt)
    ]


def _path_in_file(location: tuple[int | str, ...], value: Any, keep_last: bool) -> KeyPath:
    """The path in the file for pydantic's location: without the steps that are not keys of it (names of forms)."""
    path: list[int | str] = []
    for part in location:
        part = spelling(part, value)
        inside = isinstance(value, Mapping) and part in value
        if inside or (isinstance(value, list) and isinstance(part, int) and part < len(value)):
            path.append(part)
            value = value[part]
    if keep_last:
        path.append(location[-1])
    return tuple(path)


def _most_telling(details: list[Any], more_below: bool) -> list[Any]:
    """The errors of those forms that matched best; [] if one of them got as far as the entries below."""
    further = [detail for detail in details if detail["type"] not in (*_WRONG_FORM, "literal_error")]
    return further or ([] if more_below else details)


def _meant(message: str) -> list[str]:
    """The suggested key in a message about an unknown one: it is misspelt rather than missing."""
    return message.split('"')[1:2] if message.startswith("unknown key; did you mean") else []


def _message(details: list[Any], root: type[BaseModel]) -> str:
    if not details:
        return ""
    demands = list(dict.fromkeys(_demand(detail, root) for detail in details))
    either = " or ".join([demands[0], *(demand.removeprefix("must be ") for demand in demands[1:])])
    return either + _got(details) + _near_word(details)


def _demand(detail: Any, root: type[BaseModel]) -> str:
    kind, context, location = detail["type"], detail.get("ctx", {}), detail["loc"]
    if kind in _WRONG_FORM:
        return f"must be {_WRONG_FORM[kind]}"
    if kind == "too_short" and context["min_length"] == 1:
        return "must not be empty"
    if _OUT_OF_RANGE.get(kind):
        limits = {name: f"{limit:.10g}" if isinstance(limit, float) else limit for name, limit in context.items()}
        return _OUT_OF_RANGE[kind].format(**limits)
    if kind == "literal_error":
        return f"must be {context['expected'].replace(chr(39), '')}"
    if kind == "missing":
        return _MISSING
    if kind == "extra_forbidden":
        return "unknown key" + (_of_keras(location, detail["input"]) or _nearest_key(location, root))
    if kind == "union_tag_invalid":
        tag = context["tag"]
        written = _as_yaml(tag, location, root)
        return f'unknown name "{shown(tag)}"{written or suggestion(tag, names_at(location, root))}'
    if kind == "union_tag_not_found":
        return _untold(detail["input"], names_at(location, root))
    if kind == "string_pattern_mismatch":
        rule = "may hold only letters, digits and _" if "metrics" in location else "may not hold `/` or line breaks"
        return f'{rule} (got "{shown(detail["input"])}")'
    return str(detail["msg"])


def _as_yaml(text: str, location: Location, root: type[BaseModel]) -> str:
    """`; write ...` for a component in Keras's own spelling, else ""."""
    written = yaml_of_call(text, _classes_at(location, root), _models_in)
    if written is None:
        return ""
    key = next((part for part in reversed(location) if part != "given"), "")
    value = written if isinstance(key, int) or ": " not in written else f"{{{written}}}"
    return f"; write `{'-' if isinstance(key, int) else f'{key}:'} {value}`"


_KERAS_KEYS = {
    "lr": '; did you mean "learning_rate"?',
    "decay": "; write `training.learning_rate_schedule: {inverse_time_decay: {decay_steps: 1, decay_rate: ...}}`",
    "from_logits": "; leave it out: a last dense layer without activation is taken as logits, and the model gives"
    " probabilities",
    "input_shape": "; only the first of `layers` may have it, as a list such as [784]; leave it out here",
    "input_dim": "; only the first of `layers` may have it, as a number such as 8; leave it out here",
    "validation_split": "; write `data.validation: 0.2`",
    "validation_data": "; write `data.validation:` with a fraction, a path, or test",
    "callbacks": "; each callback has a key of its own: `training.early_stopping: {monitor: val_loss, patience: 10}`,"
    " `training.learning_rate_schedule: {reduce_on_plateau: {patience: 5}}`, `output.tensorboard: true`",
}
"""What Keras and its tutorials have and a config has not, or in another place."""


def _of_keras(location: Location, value: Any) -> str:
    """Advice for an unknown key that is one of Keras's, else ""."""
    key = str(location[-1])
    if value is None and key.endswith(")"):
        return "; it is the rest of a Python call, which YAML cut at the comma; write the call in YAML"
    return _KERAS_KEYS.get(key, "")


def _untold(value: Any, names: list[str]) -> str:
    """The message for a value that does not say which component it is."""
    if isinstance(value, Mapping):
        kind = next((str(word) for word in (*value, value.get("name")) if word in names), None)
        if kind not in (None, "l1", "l2") and len(value) > 1:
            return f'the arguments of "{kind}" belong under it: `{kind}: {{argument: value, ...}}`'
    found = "" if isinstance(value, Mapping) else f" (got {_described(value)})"
    return f"must be a name, or a mapping with a name and its arguments{found}"


def _nearest_key(location: tuple[int | str, ...], root: type[BaseModel]) -> str:
    key = str(location[-1])
    allowed = [word for word in keys_at(location[:-1], root) if word != key]
    section = section_of(key, root) if len(location) <= 2 else None
    return f"; it belongs in `{section}`" if section else suggestion(key, allowed)


def _got(details: list[Any]) -> str:
    """` (got ...)` for the errors where the value helps, else ""."""
    kind, value = details[-1]["type"], details[-1]["input"]
    if kind in ("too_short", "too_long", "string_too_short"):
        return f" (got {len(value)})" if value else ""
    if kind not in _WRONG_FORM and kind not in _OUT_OF_RANGE and kind != "literal_error":
        return ""
    return f" (got {_described(value)}){_rewritten(kind, value) if len(details) == 1 else ''}"


def _rewritten(kind: str, value: Any) -> str:
    """`; write ...` with what was most likely meant, else ""."""
    if kind == "list_type" and isinstance(value, (int, float, str)) and value != "" and len(str(value)) < LONGEST_TEXT:
        return f"; write [{_word(value)}]"
    if kind == "string_type" and isinstance(value, (int, float)):
        return f'; write "{_word(value)}"'
    return ""


def _word(value: str | float) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _described(value: Any) -> str:
    if isinstance(value, (Mapping, list, tuple)):
        return "a mapping" if isinstance(value, Mapping) else "a list"
    if isinstance(value, bool) or value is None:
        return "null" if value is None else _word(value)
    if isinstance(value, str):
        return f'the text "{shown(value)}"'
    return str(value) if not isinstance(value, int) or abs(value) < 10**20 else "a huge number"


def _near_word(details: list[Any]) -> str:
    """`; did you mean ...?` for a word that is close to an allowed one, else "" (the message lists them)."""
    detail = details[-1]
    if detail["type"] != "literal_error" or not isinstance(detail["input"], str):
        return ""
    words = [word.strip("' ") for word in detail["ctx"]["expected"].replace(" or ", ", ").split(",")]
    near = suggestion(detail["input"], words)
    return near if "did you mean" in near else ""


Location = tuple[int | str, ...]
"""Where pydantic found an error: keys, list indices, and the tags of the forms it tried."""
_ALIASES: dict[int | str, tuple[str, ...]] = {
    tag: tuple(alias for cls in (*LOSSES, *METRICS) if cls.tag == tag for alias in cls.aliases)
    for tag in {cls.tag for cls in (*LOSSES, *METRICS)}
}
DEEP_SECTIONS = ("early_stopping", "optimizer")
"""Parts of the training section whose keys are often misplaced one level up."""


def keys_at(location: Location, root: type[BaseModel]) -> list[str]:
    """The keys that the mapping at `location` may have."""
    classes = _classes_at(location, root)
    keys = {name for cls in classes for name in cls.model_fields}
    if keys and any(issubclass(cls, Component) and cls.written_with_name for cls in classes):
        keys.add("name")
    return sorted(keys)


def names_at(location: Location, root: type[BaseModel]) -> list[str]:
    """The names of the components allowed at `location`, and `auto` if that is allowed."""
    components = [cls for cls in _classes_at(location, root) if issubclass(cls, Component) and cls.tag]
    names = [name for cls in components for name in (cls.tag, *cls.aliases)]
    return [*names, "auto"] if "given" in location else names


def spelling(part: int | str, value: Any) -> int | str:
    """The file's own word for a component that pydantic names by its tag: `part`, or the alias used in `value`."""
    if isinstance(value, Mapping) and len(value) == 1:
        return next((word for word in value if word in _ALIASES.get(part, ())), part)
    return part


def section_of(key: str, root: type[BaseModel]) -> str | None:
    """The section that has this key, such as "training"; None if none has."""
    sections: list[Location] = [(name,) for name in root.model_fields]
    sections += [("training", name) for name in DEEP_SECTIONS]
    for section in sections:
        if any(key in cls.model_fields for cls in _classes_at(section, root)):
            return ".".join(map(str, section))
    return None


def _classes_at(location: Location, root: type[BaseModel]) -> list[type[BaseModel]]:
    """The schema classes possible at a location: a tag selects one of them, a key goes on to the types of its field."""
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
