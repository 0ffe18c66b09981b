"""`mlpcli validate`: everything that can be wrong with a config, and what it would build. No TensorFlow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlpcli.config.load import LoadedConfig
    from mlpcli.config.schema import Config
    from mlpcli.data.facts import DataFacts
    from mlpcli.model.plan import Plan


@dataclass(frozen=True)
class ValidationResult:
    """A config that will train: what is known of the data, and every decision."""

    config: Config
    facts: DataFacts
    plan: Plan
    warnings: list[str]


def validate(config: str | Path, overrides: Sequence[str] = ()) -> ValidationResult:
    """Check a config against its data.

    Raises:
        ConfigError, DataError: as `train` would, and with the same words.
    """
    from mlpcli.config.load import load_config

    loaded = load_config(Path(config), overrides)
    facts, plan, warnings = _inspect(loaded)
    return ValidationResult(loaded.config, facts, plan, warnings)


def _inspect(loaded: LoadedConfig) -> tuple[DataFacts, Plan, list[str]]:
    """Sets that the catalog describes are not loaded; files are, since only that shows what is wrong with them."""
    from mlpcli.data.catalog import CATALOG
    from mlpcli.workflows.preparation import plan_from_facts, prepare

    built_in = CATALOG.get(loaded.config.data.source)
    if built_in is not None and (built_in.bundled or loaded.config.data.path is None):
        facts, plan = plan_from_facts(loaded)
        return facts, plan, []
    prepared = prepare(loaded)
    return prepared.facts, prepared.plan, prepared.warnings
