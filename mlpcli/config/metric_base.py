"""What every metric of the schema shares: its name in the history, and the targets it takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from mlpcli.config.base import Component
from mlpcli.config.losses import Labels


class AnyMetric(Component):
    """`labels` as for losses; `name` is the column in history.csv, and an alias (acc, mse) is its own name there."""

    family = "metrics"
    written_with_name = False
    labels: ClassVar[dict[str, Labels]] = {}
    higher_is_better: ClassVar[bool | None] = True
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_]+$")] = ""

    @classmethod
    def _arguments(cls, word: str, value: Any) -> Any:
        """The word by which a metric is called is its name, unless it is given another."""
        arguments = super()._arguments(word, value)
        return {"name": word, **arguments} if isinstance(arguments, Mapping) else arguments


LABELLED: dict[str, Labels] = {"classification": "one_hot", "binary": "binary"}
VALUES: dict[str, Labels] = {"regression": "value"}
ALL_TASKS: dict[str, Labels] = {**LABELLED, **VALUES}
