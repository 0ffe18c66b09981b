"""The section `sweep`: which keys of the config are searched, over which values, and by what they are judged."""

import json
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from mlpcli.config.base import Number, Section

MOST_TRIALS = 10_000
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
KINDS = ("log_uniform", "uniform", "choices", "int")
"""The keys of a `Parameter` that say which values it takes."""
Whole = Annotated[int, Field(ge=-(2**53), le=2**53)]
"""Whole numbers that a float64 holds exactly: Optuna keeps its values as such."""


ELSEWHERE = frozenset({"low", "high", "min", "max", "lower", "upper", "values", "value", "distribution", "type"})
"""What Optuna, Ray, Weights & Biases and NNI call what a parameter has here."""


class Parameter(Section):
    """The values that one key of the config may take in a search: one of log_uniform, uniform, choices and int."""

    log_uniform: Annotated[list[Number], Field(min_length=2, max_length=2)] | None = Field(
        None, description="[lowest, highest], both above 0: any number, each power of ten as likely as the next"
    )
    uniform: Annotated[list[Number], Field(min_length=2, max_length=2)] | None = Field(
        None, description="[lowest, highest]: any number between them"
    )
    choices: Annotated[list[Any], Field(min_length=2, max_length=1000)] | None = Field(
        None, description="a list of values, each of which the key itself could have"
    )
    int: Annotated[list[Whole], Field(min_length=2, max_length=2)] | None = Field(
        None, description="[lowest, highest]: any whole number between them"
    )
    log: bool = Field(False, description="int: small numbers are as likely as large ones; the lowest is 1 or more")
    step: Annotated[Whole, Field(ge=1)] = Field(1, description="int: the distance from one value to the next")

    @model_validator(mode="before")
    @classmethod
    def _as_elsewhere(cls, value: Any) -> Any:
        """Other tools take a bare list, or a mapping with words of their own."""
        if isinstance(value, list):
            raise PydanticCustomError("sweep", "must be a mapping, such as {choices: [1, 2]} (got a list)")
        found = [str(key) for key in value if key in ELSEWHERE] if isinstance(value, Mapping) else []
        if found:
            raise PydanticCustomError(
                "sweep",
                "must be {uniform: [lowest, highest]}, {log_uniform: [lowest, highest]}, {int: [lowest, highest]} or"
                " {choices: [one, another]} (got {found})",
                {"found": " and ".join(found)},
            )
        return value

    @model_validator(mode="after")
    def _one_kind(self) -> "Parameter":
        given = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(given) != 1:
            found = " and ".join(given) if given else "none of them"
            raise PydanticCustomError(
                "sweep",
                "must have one of log_uniform, uniform, choices and int, such as {uniform: [0, 0.5]} (got {found})",
                {"found": found},
            )
        if self.int is None and (self.log or self.step != 1):
            raise PydanticCustomError("sweep", "log and step work only with int; for other numbers, use log_uniform")
        if self.log and self.step != 1:
            raise PydanticCustomError("sweep", "log and step cannot be combined; remove one of them")
        return self

    @field_validator("log_uniform", "uniform", "int", mode="after")
    @classmethod
    def _rising(cls, value: list[float] | None) -> list[float] | None:
        if value is not None and value[0] >= value[1]:
            raise PydanticCustomError("sweep", "must be [lowest, highest], the lowest below the highest")
        return value

    @model_validator(mode="after")
    def _above_zero(self) -> "Parameter":
        lowest = self.log_uniform or (self.int if self.log else None)
        if lowest is not None and lowest[0] <= 0:
            raise PydanticCustomError("sweep", "a logarithmic range must start above 0")
        return self

    @field_validator("choices", mode="after")
    @classmethod
    def _different(cls, value: list[Any] | None) -> list[Any] | None:
        texts = [as_text(choice) for choice in value or ()]
        twice = next((text for text in texts if texts.count(text) > 1), None)
        if twice is not None:
            raise PydanticCustomError("sweep", "has {choice} twice; remove one of them", {"choice": twice})
        return value

    def ends(self) -> list[Any]:
        """What is checked before anything runs: both ends of a range, or every choice."""
        return list(self.log_uniform or self.uniform or self.int or self.choices or ())

    def values(self) -> list[Any] | None:
        """All values, for a grid; None where there is no end of them."""
        if self.choices is not None:
            return list(self.choices)
        if self.int is None or self.log:
            return None
        return list(range(self.int[0], self.int[1] + 1, self.step))


def as_text(value: Any) -> str:
    """A value as one would write it in a config, on one line: `[128, 64]`.

    >>> as_text([128, 64]), as_text("relu"), as_text(0.001), as_text(None)
    ('[128, 64]', 'relu', '0.001', 'null')
    """
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


class SweepConfig(Section):
    """A search for better values of some keys: `mlpcli sweep`; every other command leaves the section alone."""

    parameters: Annotated[dict[str, Parameter], Field(min_length=1)] = Field(
        description="what is searched: {training.optimizer.learning_rate: {log_uniform: [0.0001, 0.1]}, ...}"
    )
    trials: Annotated[int, Field(ge=1, le=MOST_TRIALS)] = Field(
        50, description="how many trainings, each with other values; a grid stops after its last combination"
    )
    metric: str = Field(
        "val_loss", description="the column of history.csv by which trials are judged, at the epoch kept"
    )
    mode: Literal["auto", "min", "max"] = Field(
        "auto", description="which way is better; auto: losses and errors fall, scores such as auc or r2_score rise"
    )
    sampler: Literal["tpe", "random", "grid"] = Field(
        "tpe", description="tpe: learns from earlier trials; random; grid: every combination, of choices and int"
    )
    pruner: Literal["hyperband", "median", "none"] = Field(
        "median", description="which trials end early; median: those worse than the median at the same epoch"
    )
    timeout: str | None = Field(None, description="such as 30m or 2h (s, m, h, d): no trial starts after this time")
    keep: Annotated[int, Field(ge=0, le=MOST_TRIALS)] = Field(1, description="how many of the best keep their model")

    @field_validator("timeout", mode="after")
    @classmethod
    def _a_time(cls, value: str | None) -> str | None:
        if value is not None and seconds_of(value) is None:
            raise PydanticCustomError("form", "must be a time above 0 such as 90s, 30m, 2h or 1d")
        return value

    @model_validator(mode="after")
    def _finite_grid(self) -> "SweepConfig":
        endless = [key for key, parameter in self.parameters.items() if parameter.values() is None]
        if self.sampler == "grid" and endless:
            raise PydanticCustomError(
                "sweep",
                "sampler: grid tries every combination, but {key} has no finite list of values; give it choices, or"
                " int without log",
                {"key": endless[0]},
            )
        return self


def seconds_of(text: str) -> float | None:
    """The seconds of `90s`, `30m`, `1.5h` or `1d`; None for anything else.

    >>> seconds_of("1.5h"), seconds_of("0m"), seconds_of("soon")
    (5400.0, None, None)
    """
    found = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,6})?) ?([smhd])", text.strip())
    seconds = float(found[1]) * _SECONDS[found[2]] if found else 0.0
    return seconds or None
