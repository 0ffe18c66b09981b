"""Values as they are written into a YAML file by hand: quoted where somebody would read them as something else."""

from __future__ import annotations

import math
from collections.abc import Sequence

import yaml

from mlpcli.config.yaml_reader import parse_yaml
from mlpcli.errors import ConfigError


def yaml_value(value: str | int | float | bool) -> str:
    """One value in one line, fit for a place between brackets too.

    PyYAML quotes what YAML 1.1 would not read as it was meant (`on`, `12:30`); what the config's own reader would not
    (`1e3`, which PyYAML takes for a text) is quoted as well.
    """
    plain = yaml.safe_dump([value], default_flow_style=True, allow_unicode=True, width=math.inf).strip()[1:-1]
    if plain.isprintable() and _read_again(plain) == [value]:
        return plain
    return yaml.safe_dump(value, default_style='"', allow_unicode=True, width=math.inf).strip()


def yaml_list(values: Sequence[str | int | float]) -> str:
    """A list in one line."""
    return f"[{', '.join(yaml_value(value) for value in values)}]"


def in_a_comment(text: str) -> str:
    """A text as it can stand behind a `#`: in one line, without characters that YAML files cannot hold."""
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)


def _read_again(plain: str) -> object:
    try:
        document = parse_yaml(f"value: [{plain}]", "")
    except ConfigError:
        return None
    return document.value.get("value") if isinstance(document.value, dict) and not document.problems else None
