"""The `data` section: where the examples come from and how they are split and scaled."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from mlpcli.config.base import NonNegative, Section

Task = Literal["classification", "binary", "regression"]
ColumnKind = Literal["number", "category", "boolean", "date"]
OpenFraction = Annotated[float, Field(gt=0, lt=1)]
NonEmpty = Annotated[str, Field(min_length=1)]


class ImageConfig(Section):
    """How the pictures of class folders are made alike."""

    size: Annotated[list[Annotated[int, Field(gt=0, le=4096)]], Field(min_length=2, max_length=2)] | None = Field(
        None, description="[height, width]; null: as the pictures are, where they agree"
    )
    color: Literal["grayscale", "rgb"] | None = Field(None, description="null: as most of the pictures are")


class GenerateConfig(Section):
    """What the generated sets (height_weight, animals, moons, spirals, blobs) are made with."""

    rows: Annotated[int, Field(ge=10, le=10_000_000)] = Field(600, description="examples to make")
    noise: NonNegative | None = Field(None, description="spread around the rule, in the set's own units; null: its own")
    seed: Annotated[int, Field(ge=0, lt=2**32)] = Field(0, description="another seed makes other examples")


class DataConfig(Section):
    """Everything about the data; only `source` has no default."""

    source: NonEmpty = Field(
        description="a built-in name, or a path: a table (.csv .tsv .parquet; one file, a glob or a folder), an .npz"
        " file, a folder of IDX files, a folder of class folders"
    )
    path: NonEmpty | None = Field(None, description="for built-in names: a folder that already holds the files")
    target: str | None = Field(None, description="tables: the column to predict")
    features: Annotated[list[str], Field(min_length=1)] | None = Field(None, description="tables: the columns to use")
    exclude: list[str] = Field([], description="tables: columns to leave out")
    types: dict[str, ColumnKind] = Field(
        {}, description="tables: {column: number, category, boolean or date}, where the found one is wrong"
    )
    missing: Literal["impute", "drop", "error"] = Field(
        "impute",
        description="tables, gaps: fill in (numbers: the median, and a column that tells of the gap; categories:"
        ' "missing"), drop such rows, or refuse',
    )
    na_values: list[str] = Field([], description="tables: more texts that stand for a gap, beside the usual ones")
    separator: Annotated[str, Field(min_length=1, max_length=1)] | None = Field(
        None, description="CSV: the character between the values; null: found"
    )
    encoding: NonEmpty | None = Field(None, description="CSV: utf-8, cp949, ...; null: found")
    streaming: Literal["auto", "always", "never"] = Field(
        "auto", description="tables: keep the rows on disk while training; auto: where they do not fit into memory"
    )
    image: ImageConfig = Field(ImageConfig(), description="class folders: how the pictures are made alike")
    strict: bool = Field(False, description="class folders: a picture that cannot be read is an error, and not skipped")
    generate: GenerateConfig = Field(GenerateConfig(), description="generated sets: how many rows, how noisy")
    task: Literal["auto", "classification", "binary", "regression"] = Field("auto", description="auto: from the target")
    target_scaling: Literal["none", "standardize"] = Field(
        "none", description="regression: train on standardized targets; predictions and metrics keep their own units"
    )
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
