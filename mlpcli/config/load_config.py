"""Loads a config file with its -s overrides into a checked Config, or reports all of its problems at once."""

from __future__ import annotations

import copy
import os
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from mlpcli.config.data_paths import WrittenPaths, with_absolute_paths
from mlpcli.config.data_words import DATA_ENDINGS
from mlpcli.config.overrides import apply_override
from mlpcli.config.problems import problems_of
from mlpcli.config.schema import Config, check_config
from mlpcli.config.sweep_parameters import SECTION, parameter_problems
from mlpcli.config.yaml_reader import LARGEST_FILE_BYTES, Document, parse_yaml
from mlpcli.errors import ConfigError, Problem, SettingError
from mlpcli.files import missing_folder, near_file
from mlpcli.recipes import recipe_by_name, recipe_hint
from mlpcli.text import escaped, rare_syllables

_BYTE_ORDER_MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb\xbf": "utf-8-sig"}


@dataclass(frozen=True)
class LoadedConfig:
    """A config, and the text it came from, so that later errors can name line and column.

    paths: those of the data, as they are written. notes: for the user, about where the data was found.
    """

    config: Config
    document: Document
    paths: WrittenPaths = field(default_factory=WrittenPaths)
    notes: tuple[str, ...] = ()

    @contextmanager
    def located(self) -> Iterator[None]:
        """A context in which a SettingError becomes a ConfigError with the file, line and column of the key."""
        try:
            yield
        except SettingError as error:
            path = _path_of(error.key, self.document.value)
            raise ConfigError([self.document.problem_at(path, error.message)]) from error


def load_config(path: Path, overrides: Sequence[str] = ()) -> LoadedConfig:
    """Read, override and check a config; no other file is looked at.

    path: of the file. Where there is none, and it is the name of a recipe (`digits`), the recipe is read; its relative
    paths start at the current folder, as those of a copy would.

    Raises:
        ConfigError: with every problem found, each with file, line and column.
    """
    folder, notes = path.parent, []
    if not os.path.lexists(path) and (recipe := recipe_by_name(str(path))) is not None:
        notes.append(
            f"{path}: the recipe of that name ({recipe.path}); mlpcli recipes copy {recipe.name} makes it yours"
        )
        path, folder = recipe.path, Path()
    text, said = _read(path)
    document = parse_yaml(text, _shown(path))
    for override in overrides:
        try:
            apply_override(document, override)
        except ConfigError as error:
            document.problems.extend(error.problems)
    loaded = check_document(document, folder, default_name=path.stem)
    return replace(loaded, notes=(*notes, *said))


def check_document(document: Document, folder: Path, default_name: str) -> LoadedConfig:
    """Check parsed values; relative paths start at `folder` (see `load_config` for what is raised).

    >>> document = parse_yaml("data: {source: iris}", "flowers.yaml")
    >>> config = check_document(document, Path("."), "flowers").config
    >>> config.name, config.training.epochs, config.training.optimizer.tag
    ('flowers', 100, 'adam')
    """
    if not isinstance(document.value, dict):
        found = {type(None): "nothing", list: "a list"}.get(type(document.value), "a single value")
        message = f"expected a mapping with data, model and training, but found {found}; begin with `data:`"
        raise ConfigError([*document.problems, document.problem((1, 1), "", message)])
    config, problems = _checked({"name": default_name, **document.value}, document)
    if SECTION in document.value:
        problems += parameter_problems(document, lambda other: _checked({"name": "x", **other.value}, other)[1])
    if config is None or document.problems or problems:
        raise ConfigError(document.problems + problems)
    data, paths = with_absolute_paths(config.data, folder, document)
    return LoadedConfig(config.model_copy(update={"data": data}), document, paths)


def _checked(values: dict[str, Any], document: Document) -> tuple[Config | None, list[Problem]]:
    """The config, None where it has errors of form; and its problems."""
    try:
        config = Config.model_validate(values)
    except ValidationError as error:
        return None, problems_of(error, document, Config) + _contradictions_of_the_rest(values, error, document)
    return config, _contradictions(config, document)


def _contradictions(config: Config, document: Document) -> list[Problem]:
    return [document.problem_at(_path_of(key, document.value), message) for key, message in check_config(config)]


def _contradictions_of_the_rest(values: dict[str, Any], error: ValidationError, document: Document) -> list[Problem]:
    """Contradictions among the keys that are valid by themselves, so that they are reported at the same time."""
    rest = copy.deepcopy(values)
    for path in {_innermost(values, detail["loc"]) for detail in error.errors(include_url=False)}:
        _remove(rest, path)
    try:
        return _contradictions(Config.model_validate(rest), document)
    except ValidationError:
        return []


def _innermost(value: Any, location: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """Keys of the innermost mapping entry on the way to `location`; lists are wholes, so that indices stay valid."""
    keys: list[int | str] = []
    for part in location:
        if isinstance(value, dict) and part in value:
            keys.append(part)
            value = value[part]
        elif isinstance(value, list):
            break
    return tuple(keys)


def _remove(value: Any, keys: tuple[int | str, ...]) -> None:
    """Delete the entry at these nested keys, if it is still there."""
    for key in keys[:-1]:
        value = value.get(key, {})
    if keys:
        value.pop(keys[-1], None)


def _shown(path: Path) -> str:
    """The path on one line, as messages have it."""
    return escaped(str(path), spaces=True)


def _read(path: Path) -> tuple[str, list[str]]:
    """The text of a config and what to say about it: UTF-8 or cp949, or UTF-16 with a byte order mark."""
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            content = file.read(LARGEST_FILE_BYTES + 1)
    except FileNotFoundError:
        hint = (
            missing_folder(path) + near_file(path) + recipe_hint(path)
            or "; mlpcli init writes one, mlpcli recipes lists some"
        )
        raise ConfigError([Problem(0, 0, "", f"does not exist{hint}", _shown(path))]) from None
    except IsADirectoryError:
        raise ConfigError(
            [Problem(0, 0, "", f"is a folder; give the path of a YAML file{recipe_hint(path)}", _shown(path))]
        ) from None
    except OSError as error:
        raise ConfigError([Problem(0, 0, "", f"cannot be read: {error.strerror}", _shown(path))]) from None
    if path.suffix.lower() in DATA_ENDINGS:
        message = f"is a data file, not a config; write one for it with: mlpcli init {shlex.quote(_shown(path))}"
        raise ConfigError([Problem(0, 0, "", message, _shown(path))])
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS.items() if content.startswith(mark)), "utf-8")
    if len(content) > LARGEST_FILE_BYTES:
        raise ConfigError([Problem(1, 1, "", "is larger than 1 MiB; a config is a few kilobytes", _shown(path))])
    try:
        return content.decode(encoding), []
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        if encoding == "utf-8" and (korean := _as_korean(content)) is not None:
            return korean, [f"{_shown(path)}: read as cp949 (line {line} is not UTF-8)"]
        message = f"invalid UTF-8 at byte {error.start}; save the file as UTF-8"
        raise ConfigError([Problem(line, 1, "", message, _shown(path))]) from None


def _without_waiting(path: str, flags: int) -> int:
    """Open a file for reading; a pipe into which nobody writes is then empty, instead of waited for without end."""
    descriptor = os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
    if hasattr(os, "set_blocking"):
        os.set_blocking(descriptor, True)  # for one who is still writing, as in `mlpcli validate <(make-config)`
    return descriptor


def _as_korean(content: bytes) -> str | None:
    """The text in the encoding of Korean Windows; None if it is not that, or gives syllables that nobody writes."""
    try:
        text = content.decode("cp949")
    except UnicodeDecodeError:
        return None
    letters = sum(not letter.isascii() for letter in text)
    return text if 2 * len(rare_syllables(text)) <= letters else None


def _path_of(key: str, value: Any) -> tuple[str | int, ...]:
    """The path of a dotted key such as `model.layers[2]`: as far as the file has it, and one step more."""
    path: list[str | int] = []
    for part in key.replace("[", ".").replace("]", "").split("."):
        if isinstance(value, dict) and part not in value and value.get("name") == part:
            continue  # `{name: cosine_decay, ..}`: the name of a component is not a key here
        path.append(int(part) if part.isdigit() and isinstance(value, list) else part)
        inside = isinstance(value, (dict, list))
        try:
            value = value[path[-1]] if inside else None
        except (KeyError, IndexError):
            value = None
    return tuple(path)
