"""The parameters of a sweep put into its config, and checked there: every key, and both ends of every range."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from mlpcli.config.overrides import set_value
from mlpcli.config.sweep import Parameter, as_text
from mlpcli.config.yaml_reader import Document
from mlpcli.errors import ConfigError, Problem
from mlpcli.text import shown

SECTION = "sweep"
Check = Callable[[Document], Sequence[Problem]]
"""The problems of a config, such as one with other values."""
_NOT_SEARCHED = {
    "it identifies the run": ("name", "version", SECTION),
    "the best of many seeds is luck; what a seed changes is measured after the search": ("seed",),
    "the trials would be scored on different rows, and could not be compared": (
        "data.source", "data.path", "data.target", "data.task", "data.test", "data.validation", "data.stratify",
        "data.limit", "data.missing", "data.generate", "data.streaming",
    ),
    "it does not change what is learnt": ("output",),
}  # fmt: skip
"""Why, and the keys, with all that is below them."""


def with_values(document: Document, values: Mapping[str, Any]) -> Document:
    """The config of one trial: without its section `sweep`, and with these values by dotted key.

    A value that stands above another (`training.optimizer`, `training.optimizer.learning_rate`) is set first.

    Raises:
        ConfigError: a key is malformed, or cannot be set where it is.
    """
    found = Document(document.file, copy.deepcopy(document.value), dict(document.places))
    found.overrides, found.replaced = dict(document.overrides), dict(document.replaced)
    found.value.pop(SECTION, None)
    for key in sorted(values, key=lambda key: key.count(".")):
        set_value(found, key, copy.deepcopy(values[key]), "")
    return found


def parameter_problems(document: Document, check: Check) -> list[Problem]:
    """What is wrong with the parameters, each at its line; a parameter that is malformed itself is left to the schema.

    check: finds the problems of a config.
    """
    parameters = dict(_well_formed(document.value.get(SECTION)))
    if not parameters:
        return []
    before = {(problem.key, problem.message) for problem in check(with_values(document, {}))}
    problems = []
    for key, parameter in parameters.items():
        found = _refusal(key) or _first_problem(document, key, parameter, parameters, check, before)
        if found:
            problems.append(document.problem_at((SECTION, "parameters", key), found))
    return problems


def _well_formed(section: Any) -> Iterator[tuple[str, Parameter]]:
    given = section.get("parameters") if isinstance(section, dict) else None
    for key, value in given.items() if isinstance(given, dict) else ():
        try:
            yield key, Parameter.model_validate(value)
        except ValidationError:
            continue


def _refusal(key: str) -> str:
    for why, keys in _NOT_SEARCHED.items():
        if any(key == other or key.startswith(f"{other}.") for other in keys):
            return f"cannot be searched: {why}"
    return ""


def _first_problem(
    document: Document,
    key: str,
    parameter: Parameter,
    parameters: Mapping[str, Parameter],
    check: Check,
    before: set[tuple[str, str]],
) -> str:
    """The first that a value brings which was not there before: in the config, or with a choice of a key above it."""
    above = {other: parameters[other].ends() for other in parameters if key.startswith(f"{other}.")}
    beside = [{}, *(dict(zip(above, chosen, strict=True)) for chosen in itertools.product(*above.values()) if above)]
    for others, value in itertools.product(beside, parameter.ends()):
        values = {**others, key: value}
        try:
            problems = check(with_values(document, values))
        except ConfigError as error:
            problems = error.problems
        of_others = before | _without(document, key, values, check)
        for problem in problems:
            if (problem.key, problem.message) not in of_others:
                return _told(key, values, problem)
    return ""


def _without(document: Document, key: str, values: Mapping[str, Any], check: Check) -> set[tuple[str, str]]:
    """What the values above the key bring without it, which is said of themselves."""
    others = {other: value for other, value in values.items() if other != key}
    return {(problem.key, problem.message) for problem in check(with_values(document, others))} if others else set()


def _told(key: str, values: Mapping[str, Any], problem: Problem) -> str:
    if problem.key == key and len(values) == 1:
        return problem.message
    told = ", ".join(f"{other}: {shown(as_text(value))}" for other, value in values.items() if other != key)
    value = shown(as_text(values[key]))
    with_what = f"{value} and {told}" if told else value
    return f"with {with_what}: {problem.key + ': ' if problem.key not in ('', key) else ''}{problem.message}"
