"""A config back to YAML, with every default written out."""

from __future__ import annotations

from typing import Any

import yaml

from mlpcli.config.schema import Config


class _Dumper(yaml.SafeDumper):
    """Plain block style; short lists in one line; floats that YAML 1.1 readers take for numbers, too."""

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


_Dumper.add_representer(float, _float)
_Dumper.add_representer(list, _list)


def config_text(config: Config) -> str:
    """YAML that reads back as the same config."""
    values = config.model_dump(mode="json")
    return yaml.dump(values, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
