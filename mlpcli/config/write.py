"""A config back to YAML, with every default written out."""

from __future__ import annotations

from typing import Any

import yaml

from mlpcli.config.schema import Config
from mlpcli.config.yaml_scalars import ScalarError, read_scalar


class _Dumper(yaml.SafeDumper):
    """Plain block style; short lists in one line; what YAML 1.1 and 1.2 would read differently is written for both."""

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
    values = config.model_dump(mode="json")
    return yaml.dump(values, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
