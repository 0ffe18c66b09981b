"""Short labels for several runs, made of what differs between their configs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mlpcli.text import one_line

LONGEST_LABEL = 64
LONGEST_VALUE = 28
_IGNORED = {"name", "output", "data.path"}
_WORDS = {"data.folds.held_out": "fold"}
_ENGINE = "training.engine"
Values = dict[str, str]
"""Dotted key to the value as text."""


def differing_settings(configs: Sequence[Mapping[str, Any]], leave_out: Iterable[str] = ()) -> dict[str, list[str]]:
    """What differs: the short name of each key, with its value in every config, "" where a config does not have it.

    leave_out: dotted keys that do not count, besides the run's name, output and data folder.
    """
    flat = _with_stand_ins([flatten(config) for config in configs])
    keys = [key for key in _differing_keys(flat) if key not in set(leave_out)]
    short = _short_names(keys)
    return {short[key]: [run.get(key, "") for run in flat] for key in keys}


def differing_labels(configs: Sequence[Mapping[str, Any]], names: Sequence[str]) -> list[str]:
    """One label per run, such as `learning_rate=0.01, batch_normalization=true`, in the order given.

    A run's name, output and data folder do not count. If nothing differs, the label is the name. So are all labels
    where the differences of a run are too long. Equal labels get the name added.
    """
    flat = _with_stand_ins([flatten(config) for config in configs])
    keys = _differing_keys(flat)
    short = _short_names(keys)
    differences = [[f"{short[key]}={run[key]}" for key in keys if key in run] for run in flat]
    labels = [", ".join(found) for found in differences]
    if any(len(label) > LONGEST_LABEL for label in labels):
        return list(names)
    labels = [label or name for label, name in zip(labels, names, strict=True)]
    seen = Counter(labels)
    return [
        label if seen[label] == 1 or label == name else f"{label} ({name})"
        for label, name in zip(labels, names, strict=True)
    ]


def flatten(config: Mapping[str, Any], prefix: str = "") -> Values:
    """Nested mappings as dotted keys; `optimizer: {name: sgd, ...}` gives `optimizer=sgd` beside its arguments."""
    values: Values = {}
    for key, value in config.items():
        path = f"{prefix}{key}"
        if path in _IGNORED:
            continue
        if not isinstance(value, Mapping):
            values[path] = _text(value)
            continue
        arguments = dict(value)
        if "name" in arguments:
            values[path] = _text(arguments.pop("name"))
        values |= flatten(arguments, f"{path}.")
    return values


def _differing_keys(runs: Sequence[Values]) -> list[str]:
    """The keys that tell the runs apart, in the order of the configs.

    An engine that was chosen for a series counts only where nothing else differs.
    """
    every = dict.fromkeys(key for run in runs for key in run)
    keys = [key for key in every if _differs(key, runs)]
    chosen = {run.get(_ENGINE) for run in runs} == {"auto", "resident"} and keys != [_ENGINE]
    return [key for key in keys if not (chosen and key == _ENGINE)]


def _differs(key: str, runs: Sequence[Values]) -> bool:
    """Whether the runs that have the key disagree, or some lack it.

    Arguments that only some runs have do not count where what they belong to differs already: the momentum of sgd
    says nothing beside `optimizer=sgd` against `optimizer=adam`.
    """
    found = [run[key] for run in runs if key in run]
    if len(set(found)) > 1:
        return True
    parent = key.rpartition(".")[0]
    return len(found) < len(runs) and not (parent and _differs(parent, runs))


def _with_stand_ins(runs: Sequence[Values]) -> list[Values]:
    """If one run has `early_stopping=false` and another its arguments, give the other the value true."""
    plain = dict.fromkeys(key for run in runs for key in run)
    return [_with_stand_in(run, plain) for run in runs]


def _with_stand_in(run: Values, keys: Iterable[str]) -> Values:
    """A group of arguments as one value: `{l2: 0.01}` if it is short, else `true`."""
    for key in keys:
        arguments = {name: text for name, text in run.items() if name.startswith(f"{key}.")}
        if key in run or not arguments:
            continue
        whole = "{" + ", ".join(f"{name[len(key) + 1 :]}: {text}" for name, text in arguments.items()) + "}"
        if len(whole) <= LONGEST_VALUE:
            run = {name: text for name, text in run.items() if name not in arguments} | {key: whole}
        else:
            run = run | {key: "true"}
    return run


def _short_names(keys: Sequence[str]) -> dict[str, str]:
    """The shortest unambiguous ending of each key, in parts; or the word that people have for it."""
    return {key: _WORDS.get(key) or _shortest_name(key, [other for other in keys if other != key]) for key in keys}


def _shortest_name(key: str, others: Sequence[str]) -> str:
    parts = key.split(".")
    for start in range(len(parts) - 1, 0, -1):
        name = ".".join(parts[start:])
        if not any(other == name or other.endswith(f".{name}") for other in others):
            return name
    return key


def _text(value: Any) -> str:
    """A value as YAML shows it: true, null, 0.01, [64, 32]."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, float):
        return f"{value:.6g}"
    return one_line(_nested_text(value), LONGEST_VALUE)


def _nested_text(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_text(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_text(item) for item in value) + "]"
    return str(value)
