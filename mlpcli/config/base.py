"""Base classes of the schema: strict sections, components that can be written in four ways, value ranges.

The files of the schema leave out `from __future__ import annotations`: where annotations are texts, pydantic evaluates
those of every base class again for each of the 160 classes (pydantic/_internal/_typing_extra.py, get_model_type_hints),
which took more than a fourth of their import.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar, Union

from pydantic import AfterValidator, BaseModel, ConfigDict, Discriminator, Field, Tag, model_serializer, model_validator
from pydantic_core import PydanticCustomError

LARGEST_SIZE = 1_000_000
"""The largest layer, batch or window; a typing error such as 1e12 is refused before anything is allocated."""
Size = Annotated[int, Field(gt=0, le=LARGEST_SIZE)]
MOST_BINS = 256
"""Of a number's piecewise linear encoding."""
FLOAT32_MAX = 3.4028234663852886e38
FLOAT32_TINY = 1.1754943508222875e-38
"""The smallest normal number; TensorFlow computes with 0 for smaller ones."""
ROUNDED_TO_1 = 1 - 2**-25
"""The least number that is 1 in float32: half-way between the largest below 1 and 1."""


def _fits_float32(value: float) -> float:
    if abs(value) > FLOAT32_MAX:
        limit = "at most 3.4028e+38" if value > 0 else "at least -3.4028e+38"
        raise PydanticCustomError("form", f"must be {limit}, because networks compute with 32-bit numbers")
    return value


def _stays_positive(value: float) -> float:
    if value < FLOAT32_TINY:
        raise PydanticCustomError("form", "must be at least 1.1755e-38; 32-bit numbers round less to 0")
    return value


def _zero_or_not(value: float) -> float:
    if 0 < value < FLOAT32_TINY:
        raise PydanticCustomError("form", "must be 0, or at least 1.1755e-38; 32-bit numbers round less to 0")
    return value


def _stays_below_one(value: float) -> float:
    if value >= ROUNDED_TO_1:
        raise PydanticCustomError("form", "must be at most 0.99999994; 32-bit numbers round more to 1")
    return value


Number = Annotated[float, AfterValidator(_fits_float32)]
Positive = Annotated[Number, Field(gt=0), AfterValidator(_stays_positive)]
NonNegative = Annotated[Number, Field(ge=0), AfterValidator(_zero_or_not)]
Fraction = Annotated[float, Field(ge=0, lt=1), AfterValidator(_stays_below_one)]
Share = Annotated[float, Field(ge=0, le=1)]


class Section(BaseModel):
    """A mapping of the config: no unknown keys, no silent conversions, no nan or inf, unchangeable once read."""

    model_config = ConfigDict(
        strict=True, extra="forbid", allow_inf_nan=False, frozen=True, hide_input_in_errors=True,
        defer_build=True,  # a third of the import; who reads a model file validates only what it holds
    )  # fmt: skip


class Component(Section):
    """Something Keras builds by name: a layer, an initializer, an optimizer ...

    In YAML it is a name alone (`he_normal`), a name with its arguments (`random_normal: {stddev: 0.05}`), a name with
    its first argument (`dropout: 0.2`), or a mapping with `name` (`{name: sgd, momentum: 0.9}`; not for layers and
    metrics, where `name` is an argument).
    """

    family: ClassVar[str] = ""
    """The Keras module that holds the class, such as "layers"."""
    tag: ClassVar[str] = ""
    """The name in a config: Keras's, in snake_case."""
    keras_class: ClassVar[str] = ""
    positional: ClassVar[str | None] = None
    """The argument that a bare value stands for."""
    aliases: ClassVar[tuple[str, ...]] = ()
    written_with_name: ClassVar[bool] = True
    """Whether it can be written `{name: sgd, ...}`; False for components with a `name` argument (layers, metrics)."""

    def __init_subclass__(
        cls, tag: str = "", positional: str | None = None, aliases: tuple[str, ...] = (), **options: Any
    ) -> None:
        super().__init_subclass__(**options)
        if tag:
            cls.tag, cls.positional, cls.aliases = tag, positional, aliases
            cls.keras_class = cls.__dict__.get("keras_class", cls.__name__)

    @classmethod
    def called(cls, word: object) -> bool:
        """Whether `word` is the tag or an alias of it."""
        return word == cls.tag or word in cls.aliases

    @model_validator(mode="before")
    @classmethod
    def _unwrap(cls, value: Any) -> Any:
        """Turn any of the four forms into a mapping of arguments."""
        if isinstance(value, str) and cls.called(value):
            return cls._arguments(value, None)
        if isinstance(value, Mapping):
            if len(value) == 1 and cls.called(next(iter(value))):
                return cls._arguments(*next(iter(value.items())))
            if cls.written_with_name and cls.called(value.get("name")):
                return {key: argument for key, argument in value.items() if key != "name"}
        return value

    @classmethod
    def _arguments(cls, word: str, value: Any) -> Any:
        """The mapping of arguments that `word: value` stands for."""
        if value is None:
            return {}
        if isinstance(value, Mapping):
            return value
        if cls.positional is None:
            raise PydanticCustomError("arguments", "takes its arguments as a mapping, or none")
        return {cls.positional: value}

    @model_serializer(mode="plain")
    def _write(self) -> Any:
        """The form with every argument written out; the name alone where there are none."""
        arguments = {name: getattr(self, name) for name in type(self).model_fields}
        return {self.tag: arguments} if arguments else self.tag


def tag_of(value: Any) -> str | None:
    """The name that a component is given in any of its forms; None if the value has none."""
    if isinstance(value, Component):
        return value.tag
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping) and isinstance(value.get("name"), str):
        return str(value["name"])
    return _only_key(value)


def _only_key(value: Any) -> str | None:
    return str(next(iter(value))) if isinstance(value, Mapping) and len(value) == 1 else None


def kind_of(value: Any) -> str | None:
    """Like `tag_of`, for layers and metrics: their `name` is an argument and does not say which one it is."""
    return _only_key(value) if isinstance(value, Mapping) else tag_of(value)


def one_of(classes: tuple[type[Component], ...], tag_of: Callable[[Any], str | None] = tag_of) -> Any:
    """The pydantic type of a value that is one of these components, chosen by its name or an alias."""
    canonical = {alias: cls.tag for cls in classes for alias in (cls.tag, *cls.aliases)}

    def discriminate(value: Any) -> str | None:
        tag = tag_of(value)
        return canonical.get(tag, tag) if tag is not None else None

    members = tuple(Annotated[cls, Tag(cls.tag)] for cls in classes)
    return Annotated[Union[members], Discriminator(discriminate)]  # noqa: UP007 - built from a tuple


def by_tag(classes: tuple[type[Component], ...]) -> dict[str, type[Component]]:
    """Name to class, for tables and tests."""
    return {cls.tag: cls for cls in classes}
