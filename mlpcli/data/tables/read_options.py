"""How a CSV is to be read; it travels with the model, so that new rows are read as the training rows were."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlpcli.config.data import DataConfig


@dataclass(frozen=True)
class ReadOptions:
    """None: to be found in the file itself. na_values: texts that stand for a gap, beside the usual ones."""

    separator: str | None = None
    encoding: str | None = None
    na_values: tuple[str, ...] = ()

    @classmethod
    def of(cls, data: DataConfig) -> ReadOptions:
        """What the config says."""
        return cls(data.separator, data.encoding, tuple(data.na_values))

    def as_json(self) -> dict[str, Any]:
        """For the model's metadata."""
        return {**asdict(self), "na_values": list(self.na_values)}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> ReadOptions:
        """From the model's metadata."""
        return cls(value["separator"], value["encoding"], tuple(value["na_values"]))
