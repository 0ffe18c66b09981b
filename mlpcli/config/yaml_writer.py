"""Writes a config as YAML with every default, and single values and comments for a config."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from mlpcli.config.schema import Config
from mlpcli.config.yaml_reader import ScalarError, parse_yaml, read_scalar
from mlpcli.errors import ConfigError


class _Dumper(yaml.SafeDumper):
    """Plain block style, short lists in one line; quotes text that YAML 1.1 and 1.2 read differently."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _float(dumper: yaml.SafeDumper, value: float) -> yaml.ScalarNode:
    text = repr(value)
    if "e" in text and "." not in text:
        text = text.replace("e", ".0e")
    return dumper.represent_scalar("tag:yaml.org,2002:float", text)


def _list(dumper: yaml.SafeDumper, value: list[Any]) -> yaml.SequenceNode:
    flat = all(not isinstance(entry, (list, dict)) for entry in value)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=flat)


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    """Quoted where it would be read as a number or as null; PyYAML's own rules are those of YAML 1.1 only."""
    try:
        stays_text = isinstance(read_scalar(value, plain=True), str)
    except ScalarError:
        stays_text = False
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=None if stays_text else "'")


_Dumper.add_representer(str, _text)
_Dumper.add_representer(float, _float)
_Dumper.add_representer(list, _list)


def config_text(config: Config) -> str:
    """YAML that reads back as the same config."""
    return values_text(config.model_dump(mode="json"))


def values_text(values: Mapping[str, Any]) -> str:
    """YAML of values that a config's own text gave."""
    return "".join(_section_text(key, value) for key, value in values.items())


_SECTIONS: dict[tuple[str, str], str] = {}
"""Texts of sections: those of a sweep's trials are mostly the same, and writing one takes milliseconds."""
MOST_SECTIONS = 50


def _section_text(key: str, value: Any) -> str:
    known = key, repr(value)
    if known not in _SECTIONS:
        if len(_SECTIONS) >= MOST_SECTIONS:
            _SECTIONS.clear()
        text = yaml.dump({key: value}, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
        _SECTIONS[known] = text
    return _SECTIONS[known]


def yaml_value(value: str | int | float | bool) -> str:
    """One value on one line, which is also valid between brackets.

    PyYAML quotes what YAML 1.1 would not read as it was meant (`on`, `12:30`); what the config's own reader would not
    (`1e3`, which PyYAML takes for a text) is quoted as well.
    """
    plain = yaml.safe_dump([value], default_flow_style=True, allow_unicode=True, width=math.inf).strip()[1:-1]
    if plain.isprintable() and _read_again(plain) == [value]:
        return plain
    return yaml.safe_dump(value, default_style='"', allow_unicode=True, width=math.inf).strip()


def yaml_list(values: Sequence[str | int | float]) -> str:
    """A YAML list on one line."""
    return f"[{', '.join(yaml_value(value) for value in values)}]"


def in_a_comment(text: str) -> str:
    """The text for a comment after `#`: on one line, with characters that YAML forbids escaped."""
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)


def _read_again(plain: str) -> object:
    try:
        document = parse_yaml(f"value: [{plain}]", "")
    except ConfigError:
        return None
    return document.value.get("value") if isinstance(document.value, dict) and not document.problems else None
