"""The whole config."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from mlpcli.artifacts.run_directory import folder_name
from mlpcli.config.base import Section
from mlpcli.config.data import DataConfig
from mlpcli.config.model import ModelConfig
from mlpcli.config.training import OutputConfig, TrainingConfig

CONFIG_VERSION = 1
LARGEST_SEED = 2**31 - 1


class Config(Section):
    """A config that has passed every check that needs no data."""

    version: int = Field(CONFIG_VERSION, description="of the config's format")
    name: str = Field("", description="the run directory's name, in any script; default: the config file's name")
    seed: Annotated[int, Field(ge=0, le=LARGEST_SEED)] = Field(
        777, description="one seed: weights, split, shuffle, dropout"
    )
    data: DataConfig
    model: ModelConfig = Field(default_factory=ModelConfig)
    training: TrainingConfig = Field(default_factory=TrainingConfig)
    output: OutputConfig = Field(default_factory=OutputConfig)

    @field_validator("version", mode="after")
    @classmethod
    def _known_version(cls, value: int) -> int:
        if value != CONFIG_VERSION:
            raise PydanticCustomError(
                "version", "is format {found}, and this mlpcli reads format {known}; install a newer mlpcli",
                {"found": value, "known": CONFIG_VERSION},
            )  # fmt: skip
        return value

    @field_validator("name", mode="after")
    @classmethod
    def _names_a_folder(cls, value: str) -> str:
        try:
            folder_name(value)
        except ValueError as error:
            raise PydanticCustomError("form", "{reason}", {"reason": str(error)}) from error
        return value

    @model_validator(mode="before")
    @classmethod
    def _no_early_stopping_without_validation(cls, value: Any) -> Any:
        """By default training stops early; where there is no validation and nothing was said, it does not."""
        data, training = (value.get(key) if isinstance(value, dict) else None for key in ("data", "training"))
        if isinstance(data, dict) and "validation" in data and data["validation"] is None:
            if training is None:
                training = {}
            if isinstance(training, dict) and "early_stopping" not in training:
                return {**value, "training": {**training, "early_stopping": False}}
        return value
