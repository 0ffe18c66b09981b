"""Which values a trial of a sweep gets, and which trials end early: Optuna's samplers and pruners."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mlpcli.config.sweep import Parameter, SweepConfig, as_text
from mlpcli.workflows.sweep_storage import import_optuna

if TYPE_CHECKING:
    from optuna.pruners import BasePruner
    from optuna.samplers import BaseSampler
    from optuna.trial import Trial

WARM_UP_SHARE = 10
"""In the first tenth of the epochs the median prunes nothing: small learning rates begin slowly."""


def sampler(sweep: SweepConfig, seed: int, slot: int) -> BaseSampler:
    """What draws the values of a trial; each slot has its own seed, so that a sweep that goes on repeats none."""
    samplers = import_optuna().samplers
    kind = samplers.TPESampler if sweep.sampler == "tpe" else samplers.RandomSampler
    found: BaseSampler = kind(seed=(seed + 1_000_003 * (slot + 1)) % 2**32)
    return found


def suggest(trial: Trial, parameters: Mapping[str, Parameter]) -> dict[str, Any]:
    """The values of a trial, by the dotted keys of the config."""
    found: dict[str, Any] = {}
    for key, parameter in parameters.items():
        if parameter.choices is not None:
            words = choice_words(parameter.choices)
            found[key] = parameter.choices[words.index(trial.suggest_categorical(key, words))]
        elif parameter.int is not None:
            first, last = parameter.int
            found[key] = trial.suggest_int(key, first, last, step=parameter.step, log=parameter.log)
        else:
            low, high = parameter.log_uniform or parameter.uniform or (0.0, 0.0)
            found[key] = trial.suggest_float(key, low, high, log=parameter.log_uniform is not None)
    return found


def choice_words(choices: list[Any]) -> list[Any]:
    """The choices as Optuna and its dashboard know them: numbers and texts as they are, anything else as its text."""
    numbers = all(isinstance(choice, (int, float)) and not isinstance(choice, bool) for choice in choices)
    return list(choices) if numbers else [as_text(choice) for choice in choices]


def pruner(sweep: SweepConfig, epochs: int) -> BasePruner:
    """What ends trials early. epochs: of the config, unless they are searched as well."""
    pruners = import_optuna().pruners
    if "training.epochs" in sweep.parameters:
        epochs = max(sweep.parameters["training.epochs"].ends())
    found: BasePruner = {
        "hyperband": lambda: pruners.HyperbandPruner(min_resource=1, max_resource=epochs),
        "median": lambda: pruners.MedianPruner(n_warmup_steps=epochs // WARM_UP_SHARE),
        "none": pruners.NopPruner,
    }[sweep.pruner]()
    return found
