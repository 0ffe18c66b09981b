"""The `data` section: where the examples come from and how they are split and scaled."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from mlpcli.config.base import NonNegative, Section

Task = Literal["classification", "binary", "regression"]
OpenFraction = Annotated[float, Field(gt=0, lt=1)]
NonEmpty = Annotated[str, Field(min_length=1)]


class DataConfig(Section):
    """Everything about the data; only `source` has no default."""

    source: NonEmpty = Field(description="a built-in name, or the path of an .npz file or a folder of IDX files")
    path: NonEmpty | None = Field(None, description="for built-in names: a folder that already holds the files")
    target: str | None = Field(None, description="tables: the column to predict")
    features: Annotated[list[str], Field(min_length=1)] | None = Field(None, description="tables: the columns to use")
    exclude: list[str] = Field([], description="tables: columns to leave out")
    task: Literal["auto", "classification", "binary", "regression"] = Field("auto", description="auto: from the target")
    validation: OpenFraction | NonEmpty | None = Field(
        0.2, description='a fraction of the training rows, "test", a path, or null'
    )
    test: OpenFraction | NonEmpty | None = Field(
        None, description="a fraction, a path, or null; some built-in sets bring their own"
    )
    stratify: bool = Field(True, description="splits keep the share of each class")
    limit: Annotated[int, Field(gt=0)] | None = Field(
        None, description="only the first N training rows, in the order of the file"
    )
    scaling: Literal["auto", "none", "unit", "standardize", "minmax"] = Field(
        "auto", description="the model's first layer; unit is x/255"
    )
    class_weight: Literal["balanced"] | dict[str, NonNegative] | None = Field(
        None, description="null, balanced, or a weight for each class name"
    )

    @field_validator("validation", "test", mode="before")
    @classmethod
    def _fraction_or_path(cls, value: Any) -> Any:
        """Checked here, so that a bad one is one problem and not one for each possible type."""
        if isinstance(value, str) and re.fullmatch(r"\s*\d*[.,]?\d+\s*%?\s*", value):
            raise PydanticCustomError("form", "must be a number, without quotes or %: write 0.2 for a fifth")
        if value is None or (isinstance(value, str) and value) or (isinstance(value, float) and 0 < value < 1):
            return value
        raise PydanticCustomError("form", "must be a fraction between 0 and 1, a path, or null")

    @field_validator("class_weight", mode="before")
    @classmethod
    def _class_names(cls, value: Any) -> Any:
        """Class names that look like numbers (digits) may be written as numbers."""
        if not (value is None or value == "balanced" or isinstance(value, dict)):
            raise PydanticCustomError("form", 'must be null, "balanced", or a mapping of class name to weight')
        if isinstance(value, dict):
            return {str(key) if type(key) is int else key: weight for key, weight in value.items()}
        return value
