"""`mlpcli validate`: check a config completely, and show what it would build. No TensorFlow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlpcli.config.load_config import LoadedConfig
    from mlpcli.config.schema import Config
    from mlpcli.config.sections import DataConfig
    from mlpcli.data.dataset import DataFacts, Watch
    from mlpcli.data.look.findings import Look
    from mlpcli.model.plan import Plan
    from mlpcli.tables.profile import ColumnSummary


FEW_ROWS = 100
"""With fewer rows, a part of a bundled or generated set may lack a class."""


@dataclass(frozen=True)
class ValidationResult:
    """A config that will train: the facts about its data, and every decision.

    look, columns: what was seen of the rows; None and empty where none had to be loaded. notes: what people should
    know of the reading, of where the data was found, and of the plan.
    """

    config: Config
    facts: DataFacts
    plan: Plan
    look: Look | None = None
    columns: tuple[ColumnSummary, ...] = ()
    notes: tuple[str, ...] = ()


def validate(config: str | Path, overrides: Sequence[str] = (), watch: Watch | None = None) -> ValidationResult:
    """Check a config against its data; `watch` is called as loading proceeds.

    Raises:
        ConfigError, DataError: as `train` would, with the same messages.
    """
    from mlpcli.workflows.prepare import read_config

    return _inspect(read_config(Path(config), overrides), watch)


def _inspect(loaded: LoadedConfig, watch: Watch | None) -> ValidationResult:
    """Sets that the catalog describes are loaded only if their rows matter; files always are."""
    from mlpcli.data.catalog import CATALOG
    from mlpcli.model.target_rules import depends_on_targets
    from mlpcli.workflows.prepare import plan_from_facts, prepare

    data = loaded.config.data
    built_in = CATALOG.get(data.source)
    if built_in is not None and (built_in.at_hand or data.path is None):
        facts, plan = plan_from_facts(loaded)
        if not (built_in.at_hand and (_rows_matter(data, facts) or depends_on_targets(plan))):
            return ValidationResult(loaded.config, facts, plan, notes=(*loaded.notes, *plan.notes))
    prepared = prepare(loaded, watch) if watch else prepare(loaded)
    source, plan = prepared.source, prepared.plan
    notes = (*source.notes, *plan.notes)
    return ValidationResult(loaded.config, prepared.facts, plan, prepared.look, source.columns, notes)


def _rows_matter(data: DataConfig, facts: DataFacts) -> bool:
    """Whether classes may be missing or too small for a part: then only the labels themselves can tell."""
    parts = [rows for rows in (facts.train_rows, facts.validation_rows, facts.test_rows) if rows is not None]
    return data.limit is not None or data.class_weight == "balanced" or min(parts) < FEW_ROWS
