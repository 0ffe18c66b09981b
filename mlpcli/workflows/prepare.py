"""From a config file to loaded, checked and split data with a plan: what train and validate share."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mlpcli.arrays import check_finite
from mlpcli.config.load_config import LoadedConfig, load_config
from mlpcli.config.sections import DataConfig, StopWhenEqual
from mlpcli.data.dataset import DataFacts, Source, Splits, Watch
from mlpcli.data.facts import facts_of, inspect_data
from mlpcli.data.folds import fold_of
from mlpcli.data.load_data import load_data, unwatched
from mlpcli.data.look.codes import CODES
from mlpcli.data.look.look_at import look_at
from mlpcli.data.scaling import class_weights, fit_scaling, fit_target_scaling
from mlpcli.data.sources import find_sources
from mlpcli.errors import SettingError
from mlpcli.model.memory import check_memory
from mlpcli.model.plan import Plan, Prepared, accuracy_name, make_plan
from mlpcli.model.target_rules import check_targets
from mlpcli.scoring.probabilities import weights_note
from mlpcli.text import quoted
from mlpcli.workflows.tracking import check_installed

if TYPE_CHECKING:
    from mlpcli.training.progress import Progress


def read_config(path: Path, overrides: Sequence[str] = ()) -> LoadedConfig:
    """The checked config, and where its data lies.

    Raises:
        ConfigError: with every problem found, or the file that is in several folders of MLPCLI_DATA.
    """
    return find_sources(load_config(path, overrides))


def prepare(loaded: LoadedConfig, watch: Watch = unwatched) -> Prepared:
    """Load, check, split and plan; `watch` is called as loading proceeds.

    Raises:
        ConfigError: a setting does not fit the data or another setting.
        DataError: the data cannot be used as it is.
    """
    config = loaded.config
    with loaded.located():
        data = load_data(config.data, config.seed, watch=watch)
        notes = (*loaded.notes, *_folds_note(config.data), *data.source.notes)
        source, splits = replace(data.source, notes=notes), data.splits
        check_splits(config.data, source, splits)
        facts = facts_of(source, config.data, splits)
        plan = _checked_plan(loaded, facts)
        check_targets(plan, splits)
        scaling = fit_scaling(facts, config.data.scaling, splits.train)
        target_scaling = fit_target_scaling(config.data.target_scaling, splits.train)
        train = splits.train.y[splits.train.indices]
        weights = class_weights(config.data.class_weight, train, facts.class_names)
        if (note := weights_note(config.data.class_weight, train, len(facts.class_names or ()))) is not None:
            plan = replace(plan, notes=(*plan.notes, note))
    look = look_at(
        source,
        splits,
        plan.batch_size,
        plan.task,
        plan.scaling,
        config.data.class_weight is not None,
        config.data.target_scaling,
    )
    return Prepared(source, splits, facts, plan, scaling, target_scaling, weights, look)


def prepare_again(loaded: LoadedConfig, before: Prepared) -> Prepared:
    """Another plan for data that is loaded already: the section `data` and the seed are as they were.

    Raises:
        ConfigError: a setting does not fit the data or another setting.
    """
    with loaded.located():
        plan = _checked_plan(loaded, before.facts)
        check_targets(plan, before.splits)
    return replace(before, plan=plan)


def _folds_note(data: DataConfig) -> tuple[str, ...]:
    if data.folds is None or fold_of(data) is not None:
        return ()
    return ("data.folds applies only to train --folds; this single run splits its rows without it",)


def plan_from_facts(loaded: LoadedConfig) -> tuple[DataFacts, Plan]:
    """The plan without loading the data, for sets that the catalog describes (raises as `prepare`)."""
    with loaded.located():
        facts = inspect_data(loaded.config.data, loaded.config.seed)
        plan = _checked_plan(loaded, facts)
        _check_class_weight(loaded, facts)
    return facts, plan


def check_splits(data: DataConfig, source: Source, splits: Splits) -> None:
    """Refuse NaN and infinity in any of the rows, naming the file; shared arrays are checked once."""
    seen: list[int] = []
    for setting, part in ((None, splits.train), (data.test, splits.test), (data.validation, splits.validation)):
        if part is not None and id(part.x) not in seen:
            file = setting if isinstance(setting, str) and setting != "test" else data.source
            check_finite(file, part.x, part.y, source.feature_names)
            seen.append(id(part.x))


def _checked_plan(loaded: LoadedConfig, facts: DataFacts) -> Plan:
    """The plan, after checks that need it: memory, stopping when accuracies meet, what the NumPy engine supports."""
    config = loaded.config
    plan = make_plan(config, facts)
    check_memory(plan, config.training, facts)
    if isinstance(config.training.stop_when_equal, StopWhenEqual) and accuracy_name(plan.metric_names) is None:
        raise SettingError("training.stop_when_equal", "compares accuracies; add accuracy to training.metrics")
    if config.output.tensorboard and importlib.util.find_spec("tensorboard") is None:
        raise SettingError("output.tensorboard", "needs a package that is not installed: pip install tensorboard")
    check_installed(config)
    if config.training.engine == "numpy":
        from mlpcli.numpy_engine.supported import check_supported

        check_supported(plan, config)
    if config.output.gradient_norms:
        from mlpcli.numpy_engine.supported import check_gradients

        check_gradients(plan)
    return plan


def _check_class_weight(loaded: LoadedConfig, facts: DataFacts) -> None:
    """Check class_weight as far as possible without the rows."""
    setting = loaded.config.data.class_weight
    if setting != "balanced" or facts.class_names is None:
        class_weights(setting, np.empty(0, np.int64), facts.class_names)


def say_findings(prepared: Prepared, listener: Progress) -> None:
    """Report what the user should know about the data before training."""
    for note in (*prepared.source.notes, *prepared.plan.notes):
        listener.note(f"note: {note}")
    for finding in prepared.look.findings:
        if finding.topic == CODES:  # in the same words for every seed, so that it is said once
            found = f"perhaps codes, not amounts: {quoted(finding.columns)}"
            listener.note(f"note: {found}; {finding.advice} (mlpcli validate has the numbers)")
    for warning in prepared.look.warnings:
        listener.note(f"warning: {warning}")
