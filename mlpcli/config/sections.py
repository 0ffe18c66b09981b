"""The sections `data`, `model`, `training` and `output`: every key with its type, default and description."""

import re
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    Discriminator,
    Field,
    SerializerFunctionWrapHandler,
    Tag,
    field_validator,
    model_serializer,
    model_validator,
)
from pydantic_core import PydanticCustomError

from mlpcli.config.base import (
    LARGEST_SIZE,
    MOST_BINS,
    Component,
    Fraction,
    NonNegative,
    Number,
    Section,
    Size,
    kind_of,
    one_of,
    tag_of,
)
from mlpcli.config.data_words import ColumnKind
from mlpcli.config.initializers import Initializer
from mlpcli.config.layers import LAYERS, MOST_LAYERS, Activation, KernelLayer, Layer
from mlpcli.config.losses import Loss
from mlpcli.config.metrics import Metric
from mlpcli.config.optimizers import Optimizer
from mlpcli.config.regularizers import Regularizer
from mlpcli.config.schedules import Schedule
from mlpcli.config.thresholds import AnyThreshold
from mlpcli.config.trackers import AnyTracker
from mlpcli.runs.history import FIRST_COLUMNS
from mlpcli.text import clean_text


class EarlyStopping(Section):
    """The arguments of Keras's callback of that name, and `ties`."""

    monitor: str = Field("val_loss", description="a column of history.csv: loss or a metric, with or without val_")
    patience: Annotated[int, Field(ge=0)] = Field(10, description="epochs without improvement before training stops")
    min_delta: NonNegative = Field(0.0, description="the least change that counts as an improvement")
    mode: Literal["auto", "min", "max"] = Field(
        "auto", description="which way is better; auto: losses and errors fall, scores such as auc or r2_score rise"
    )
    baseline: Number | None = Field(None, description="only improvements that also beat this value restart patience")
    start_from_epoch: Annotated[int, Field(ge=0)] = Field(0, description="epochs to train before monitoring begins")
    restore_best_weights: bool = Field(True, description="keep the best epoch's weights instead of the last's")
    ties: Literal["first", "last"] = Field(
        "first", description="which epoch is kept when several share the best value; Keras keeps the first"
    )


class StopWhenEqual(Section):
    """Stop when training and validation accuracy meet."""

    tolerance: NonNegative = Field(0.0, description="the largest difference that counts as equal")


def _switch_form(value: Any) -> str | None:
    if isinstance(value, bool):
        return "switch"
    return "settings" if isinstance(value, (dict, Section)) else None


SWITCH = Discriminator(
    _switch_form, custom_error_type="form", custom_error_message="must be true, false, or a mapping of settings"
)


def _auto_form(value: Any) -> str:
    return "auto" if value == "auto" else "given"


AUTO = Annotated[Literal["auto"], Tag("auto")]


class TrainingConfig(Section):
    """How the network is fitted."""

    optimizer: Optimizer = Field(
        "adam", validate_default=True, description="a name, or a mapping with name and arguments"
    )
    loss: Annotated[AUTO | Annotated[Loss, Tag("given")], Discriminator(_auto_form)] = Field(
        "auto", description="auto: from the task"
    )
    metrics: Annotated[AUTO | Annotated[list[Metric], Tag("given")], Discriminator(_auto_form)] = Field(
        "auto", description="auto: accuracy, or mean_absolute_error for regression"
    )
    epochs: Annotated[int, Field(gt=0, le=1_000_000)] = Field(100, description="the maximum number of epochs")
    batch_size: Size | Literal["auto"] = Field(
        32, description="rows per step; auto: a power of two from 32 to 256, at most a fiftieth of the training rows"
    )
    min_epochs: Annotated[int, Field(ge=0, le=1_000_000)] = Field(
        0,
        description="early_stopping and stop_when_equal cannot stop training before this many epochs; the best epoch"
        " may still be an earlier one (unlike with start_from_epoch)",
    )
    early_stopping: Annotated[Annotated[bool, Tag("switch")] | Annotated[EarlyStopping, Tag("settings")], SWITCH] = (
        Field(True, description="false, true for the defaults, or settings", validate_default=True)
    )
    stop_when_equal: Annotated[Annotated[bool, Tag("switch")] | Annotated[StopWhenEqual, Tag("settings")], SWITCH] = (
        Field(False, description="stop when training and validation accuracy meet")
    )
    learning_rate_schedule: Schedule | None = Field(None, description="null, a Keras schedule, or reduce_on_plateau")
    engine: Literal["auto", "resident", "keras", "numpy"] = Field(
        "auto", description="what runs the training; numpy: small dense networks, without TensorFlow"
    )
    devices: Annotated[int, Field(gt=0, le=1024)] | Literal["auto", "all"] = Field(
        "auto",
        description="how many GPUs of a machine share each batch; auto: one, or all where several workers train",
    )
    precision: Literal["float32", "mixed_bfloat16"] = Field(
        "float32", description="mixed_bfloat16: 16-bit arithmetic, for GPUs that support it"
    )
    deterministic: bool = Field(
        True,
        description="the same seed gives the same result, bit for bit, on the same processor; with engine numpy, the"
        " last digits of scores, and the weights of a large network (largest kernel times batch size over 16 million),"
        " also depend on the number of threads (OMP_NUM_THREADS)",
    )

    @field_validator("metrics", mode="before")
    @classmethod
    def _a_list(cls, value: Any) -> Any:
        """Wrap a single metric name (`metrics: accuracy`) in a list."""
        return [value] if isinstance(value, str) and value != "auto" else value

    @field_validator("early_stopping", mode="after")
    @classmethod
    def _switched_on(cls, value: bool | EarlyStopping) -> bool | EarlyStopping:
        return EarlyStopping() if value is True else value

    @field_validator("stop_when_equal", mode="after")
    @classmethod
    def _equal_on(cls, value: bool | StopWhenEqual) -> bool | StopWhenEqual:
        return StopWhenEqual() if value is True else value

    @field_validator("metrics", mode="after")
    @classmethod
    def _named_once(cls, value: Any) -> Any:
        names = [] if value == "auto" else [metric.name for metric in value]
        taken = ("loss", *FIRST_COLUMNS)
        twice = [name for name in names if names.count(name) > 1 or name in taken or name.startswith("val_")]
        if twice:
            message = 'two columns of the history would be called "{name}"; rename one of the metrics'
            raise PydanticCustomError("metric_name", message, {"name": twice[0]})
        return value


InputForm = Literal["raw", "scaled", "flat"]


class OutputConfig(Section):
    """What a run writes."""

    model: Literal["model.keras", "model.h5"] = Field("model.keras", description="or model.h5")
    input: InputForm = Field(
        "raw",
        description="what stock Keras must give the saved model; raw: the data's own values, which its first layer"
        " scales; scaled: scaled values, such as x/255; flat: scaled values, each picture as one row of numbers",
    )
    keep: Literal["best", "last"] = Field(
        "best",
        description="which epoch's weights the model keeps: the best by what early stopping monitors (without it, by"
        " val_loss, or by loss if there is no validation set), or the last",
    )
    calibration: Literal["temperature"] | None = Field(
        None,
        description="temperature: after training, the saved output layer divides the logits by the number that makes"
        " the validation labels most likely; predicted classes do not change (with members, hardly ever)",
    )
    threshold: AnyThreshold | None = Field(
        None,
        description="two classes: the threshold that is best for f1, balanced_accuracy or {cost: ...} on the validation"
        " rows is kept in the file; predict and evaluate use it with --threshold best",
    )
    plots: list[Literal["png", "svg", "pdf"]] = Field(["png"], description="formats; [] for none")
    theme: Literal["light", "dark"] = Field("light", description="the background of the plots")
    language: Literal["en", "ko"] = Field("en", description="the language of pictures and reports; ko is Korean")
    tensorboard: bool = Field(
        False, description="also write the logs of Keras's TensorBoard callback; see also trackers"
    )
    trackers: list[AnyTracker] = Field(
        [],
        description="where the run is also logged: mlflow, wandb, tensorboard; the first two take the name of an"
        " experiment or project in place of the config's (docs/trackers.md)",
    )
    gradient_norms: bool = Field(
        False,
        description="after each epoch also write the norm of each layer's gradient, over up to 512 training rows, into"
        " gradients.csv; plot --only gradients draws it",
    )

    @field_validator("trackers", mode="before")
    @classmethod
    def _a_list(cls, value: Any) -> Any:
        """Wrap a single tracker (`trackers: mlflow`) in a list."""
        return [value] if isinstance(value, (str, dict)) else value


OpenFraction = Annotated[float, Field(gt=0, lt=1)]
NonEmpty = Annotated[str, Field(min_length=1)]


class ImageConfig(Section):
    """The size and colour that the pictures of class folders are converted to."""

    size: Annotated[list[Annotated[int, Field(gt=0, le=4096)]], Field(min_length=2, max_length=2)] | None = Field(
        None, description="[height, width]; null: the size of the pictures, if all have the same"
    )
    color: Literal["grayscale", "rgb"] | None = Field(None, description="null: as most of the pictures")


class GenerateConfig(Section):
    """Settings of the generated sets (height_weight, animals, moons, spirals, blobs)."""

    rows: Annotated[int, Field(ge=10, le=10_000_000)] = Field(600, description="examples to make")
    noise: NonNegative | None = Field(
        None, description="spread around the rule, in the set's units; null: the set's default"
    )
    seed: Annotated[int, Field(ge=0, lt=2**32)] = Field(0, description="a different seed makes different examples")


MOST_FOLDS = 1000


class FoldsConfig(Section):
    """Folds of the rows. `train --folds` sets `count`, and `held_out` for each of its runs."""

    group: NonEmpty | None = Field(
        None, description="tables: a column; rows that share a value stay in one fold, or in the validation rows"
    )
    time: Literal[True] | NonEmpty | None = Field(
        None,
        description="a column of dates or numbers (tables), or true where the rows are sorted by time: each fold"
        " is tested on later rows than it is trained on",
    )
    count: Annotated[int, Field(ge=2, le=MOST_FOLDS)] | None = Field(None, description="how many folds")
    held_out: Annotated[int, Field(ge=1, le=MOST_FOLDS)] | None = Field(
        None, description="the number of the fold, from 1, that this run is tested on"
    )

    @field_validator("time", mode="before")
    @classmethod
    def _true_or_a_column(cls, value: Any) -> Any:
        """Checked here, so that a bad value is a single problem."""
        if value is None or value is True or (isinstance(value, str) and value):
            return value
        raise PydanticCustomError("form", "must be true (the rows are sorted by time), or the name of a column")

    @field_validator("group", "time")
    @classmethod
    def _clean_name(cls, value: Any) -> Any:
        """As the tables' readers have it, whichever way its letters are composed."""
        return clean_text(value) if isinstance(value, str) else value


class PiecewiseLinear(Component, tag="piecewise_linear", positional="bins"):
    """Gorishniy et al. 2022, beside the numbers themselves."""

    bins: Annotated[int, Field(ge=2, le=MOST_BINS)] = 16


NumericEncoding = Annotated[
    Annotated[PiecewiseLinear, Tag(PiecewiseLinear.tag)] | Annotated[None, Tag("null")],
    Discriminator(lambda value: "null" if value is None else tag_of(value)),
]


class DataConfig(Section):
    """Everything about the data; only `source` has no default."""

    source: NonEmpty = Field(
        description="a built-in name (builtin:NAME where a folder has that name, too), or a path: a table (.csv .tsv"
        " .parquet; one file, a glob or a folder), an .npz file, a folder of IDX files, a folder of class folders"
    )
    path: NonEmpty | None = Field(None, description="for built-in names: a folder that already holds the files")
    target: str | list[str] | None = Field(
        None, description="tables: the column to predict; a list of two or more predicts several numbers at once"
    )
    features: Annotated[list[str], Field(min_length=1)] | None = Field(None, description="tables: the columns to use")
    exclude: list[str] = Field([], description="tables: columns to leave out")
    types: dict[str, ColumnKind] = Field(
        {}, description="tables: {column: number, category, boolean or date}, where the detected one is wrong"
    )
    missing: Literal["impute", "drop", "error"] = Field(
        "impute",
        description="tables, missing values: fill them in (numbers: the median, plus an indicator column; categories:"
        ' "missing"), drop the rows, or stop with an error',
    )
    date_format: dict[str, NonEmpty] = Field(
        {}, description="tables: {column: dmy, mdy, ymd or a strptime pattern}, where the order is ambiguous"
    )
    dates: Literal["days", "parts"] = Field(
        "days",
        description="tables, what dates become: days since 1970, rounded to some minutes; or parts, as far as they"
        " differ: the year, sine and cosine of month, day of the year, weekday and time of day, and the days since the"
        " first training date",
    )
    decimal: Literal[".", ","] | None = Field(
        None, description="tables: the decimal sign of numbers written as text; null: found for each column"
    )
    na_values: list[str] | None = Field(
        None,
        description="tables: texts that mean a missing value, besides the usual ones; []: only an empty cell does",
    )
    separator: Annotated[str, Field(min_length=1, max_length=4)] | None = Field(
        None, description='CSV: what separates the values, such as "," or "::"; " ": any blanks; null: detected'
    )
    header: Literal["none"] | Annotated[int, Field(ge=1)] | None = Field(
        None,
        description='CSV: the line with the column names, from 1; none: no line has them ("column 1" ...); null: the'
        " first",
    )
    skip_rows: Annotated[int, Field(ge=0)] | list[Annotated[int, Field(ge=1)]] = Field(
        0, description="CSV: how many lines to skip at the beginning, or a list of lines to skip (from 1)"
    )
    comment: Annotated[str, Field(min_length=1, max_length=1)] | None = Field(
        None, description="CSV: lines that begin with this character are left out"
    )
    skip_totals: list[NonEmpty] = Field(
        [], description="CSV: rows that begin with one of these words (Total, ...) are left out"
    )
    encoding: NonEmpty | None = Field(None, description="CSV: utf-8, cp949, ...; null: detected")
    streaming: Literal["auto", "always", "never"] = Field(
        "auto", description="tables: keep the rows on disk while training; auto: if they do not fit into memory"
    )
    image: ImageConfig = Field(
        ImageConfig(), description="class folders: the size and colour that all pictures are converted to"
    )
    strict: bool = Field(False, description="class folders: stop at an unreadable picture instead of skipping it")
    generate: GenerateConfig = Field(GenerateConfig(), description="generated sets: how many rows, how noisy")
    task: Literal["auto", "classification", "binary", "regression"] = Field("auto", description="auto: from the target")
    target_scaling: Literal["none", "standardize"] = Field(
        "none", description="regression: train on standardized targets; predictions and metrics keep the original units"
    )
    validation: OpenFraction | NonEmpty | None = Field(
        0.2, description='a fraction of the training rows, "test", a path, or null'
    )
    test: OpenFraction | NonEmpty | None = Field(
        None, description="a fraction, a path, or null; some built-in sets bring their own"
    )
    stratify: bool = Field(True, description="keep the share of each class in every split")
    folds: FoldsConfig | None = Field(
        None,
        description="how train --folds draws folds, below; null: shuffled, and stratified where `stratify` is true",
    )
    limit: Annotated[int, Field(gt=0)] | None = Field(
        None, description="only the first N training rows, in the order of the file"
    )
    scaling: Literal["auto", "none", "unit", "standardize", "minmax", "robust"] = Field(
        "auto",
        description="the model's first layer; unit is x/255; robust: by median and quartiles, and values beyond 3 are"
        " pulled in (a few layers)",
    )
    numeric_encoding: NumericEncoding = Field(
        None,
        description="tables: {piecewise_linear: {bins: 16}} gives each number and date, besides its value, up to 16 (2"
        " to 256) inputs that say how much of each bin lies below it; bins hold equally many training rows",
    )
    class_weight: Literal["balanced"] | dict[str, NonNegative] | None = Field(
        None, description="null, balanced, or a weight for each class name"
    )

    @field_validator("validation", "test", mode="before")
    @classmethod
    def _fraction_or_path(cls, value: Any) -> Any:
        """Return a valid fraction, path or null unchanged; checked here so that a bad one is a single problem."""
        if isinstance(value, str) and re.fullmatch(r"\s*\d*[.,]?\d+\s*%?\s*", value):
            raise PydanticCustomError("form", "must be a number without quotes or %, such as 0.2 for 20 %")
        if value is None or (isinstance(value, str) and value) or (isinstance(value, float) and 0 < value < 1):
            return value
        raise PydanticCustomError("form", "must be a fraction between 0 and 1, a path, or null")

    @property
    def targets(self) -> tuple[str, ...]:
        """The columns to predict: none, one, or several."""
        return () if self.target is None else (self.target,) if isinstance(self.target, str) else tuple(self.target)

    @field_validator("target", mode="before")
    @classmethod
    def _one_or_several(cls, value: Any) -> Any:
        """Checked here, so that a bad target is a single problem."""
        several = isinstance(value, list) and len(value) > 1 and all(isinstance(name, str) for name in value)
        if not (value is None or isinstance(value, str) or several):
            raise PydanticCustomError("form", "must be the name of a column, or a list of two names or more")
        return value

    @field_validator("target", "features", "exclude", "types", "date_format")
    @classmethod
    def _clean_names(cls, value: Any) -> Any:
        """Names of columns as the tables' readers have them, whichever way their letters are composed."""
        if isinstance(value, dict):
            return {clean_text(name): told for name, told in value.items()}
        return clean_text(value) if isinstance(value, str) else value and [clean_text(name) for name in value]

    @field_validator("class_weight", mode="before")
    @classmethod
    def _class_names(cls, value: Any) -> Any:
        """Turn class names written as whole numbers (the digits, for example) into text."""
        if not (value is None or value == "balanced" or isinstance(value, dict)):
            raise PydanticCustomError("form", 'must be null, "balanced", or a mapping of class name to weight')
        if isinstance(value, dict):
            return {str(key) if type(key) is int else key: weight for key, weight in value.items()}
        return value


MOST_MEMBERS = 256
SHORT_FORM = (
    "hidden_units", "activation", "kernel_initializer", "batch_normalization", "dropout", "kernel_regularizer",
)  # fmt: skip
if TYPE_CHECKING:
    AnyLayer = Layer
else:
    AnyLayer = one_of(LAYERS, kind_of)


class Output(KernelLayer):
    """Arguments of the last dense layer; those left null follow from the task."""

    units: Size | None = None

    def _write(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in type(self).model_fields}


def _output_form(value: Any) -> str | None:
    if value == "auto":
        return "auto"
    return "dense" if isinstance(value, (dict, Output)) else None


AnyOutput = Annotated[
    Annotated[Literal["auto"], Tag("auto")] | Annotated[Output, Tag("dense")],
    Discriminator(
        _output_form,
        custom_error_type="form",
        custom_error_message="must be auto, or dense arguments such as {activation: softmax}",
    ),
]


def _shape_in(value: Any) -> list[int] | None:
    """A shape as Keras's models have it: [28, 28], 784, or the tuple `(28, 28)`, which is a text in YAML."""
    if isinstance(value, str) and re.fullmatch(r"\(\d{1,9}(, ?\d{1,9})*,?\)", value):
        value = [int(size) for size in re.findall(r"\d+", value)]
    sizes = [value] if type(value) is int else value
    if not (isinstance(sizes, list) and 1 <= len(sizes) <= 3):
        return None
    return sizes if all(type(size) is int and 0 < size <= LARGEST_SIZE for size in sizes) else None


class ModelConfig(Section):
    """The network between the input and the output layer."""

    hidden_units: Annotated[list[Size], Field(max_length=MOST_LAYERS)] = Field(
        [64, 32], description="the short form: one dense block per entry; [] for no hidden layer"
    )
    activation: Activation = Field("relu", description="of each hidden block")
    kernel_initializer: Initializer = Field(
        "glorot_uniform", validate_default=True, description="of each hidden dense layer"
    )
    batch_normalization: bool = Field(False, description="of each hidden block, before the activation")
    dropout: Fraction = Field(0.0, description="after the activation")
    kernel_regularizer: Regularizer | None = Field(None, description="of each hidden dense layer")
    layers: Annotated[list[AnyLayer], Field(min_length=1, max_length=MOST_LAYERS)] | None = Field(
        None,
        description="the long form: Keras layers in order; the last is the output where its units and activation fit",
    )
    input_shape: Annotated[list[Size], Field(min_length=1, max_length=3)] | None = Field(
        None, description="null: from the data; a shape here or in the first of `layers` is checked against it"
    )
    input_scale: Annotated[float, Field(gt=0, le=1000)] | None = Field(
        None,
        description="gives each input a learnt factor, 1 at first; with adam or adamw it learns this many times as fast"
        " as the other weights (6 is usual); null: none",
    )
    members: Annotated[int, Field(ge=1, le=MOST_MEMBERS)] = Field(
        1,
        description="how many networks are trained as one (TabM-mini; 8 is usual): they share the hidden layers, each"
        " has its own input factors and output layer, and the prediction is their mean",
    )
    output: AnyOutput = Field("auto", description="auto: the last of `layers`, or from the task; or dense arguments")

    @model_validator(mode="before")
    @classmethod
    def _shape_of_the_first_layer(cls, value: Any) -> Any:
        """Take `input_shape` out of the first layer, where Keras's models have it; malformed, it stays there."""
        layers: Any = value.get("layers") if isinstance(value, dict) and "input_shape" not in value else None
        first = layers[0] if isinstance(layers, list) and layers else None
        if not (isinstance(first, dict) and len(first) == 1):
            return value
        kind, arguments = next(iter(first.items()))
        for key in ("input_shape", "input_dim") if isinstance(arguments, dict) else ():
            shape = _shape_in(arguments.get(key))
            if shape is not None:
                rest = {name: argument for name, argument in arguments.items() if name != key}
                return {**value, "input_shape": shape, "layers": [{kind: rest}, *layers[1:]]}
        return value

    @model_serializer(mode="wrap")
    def _only_the_form_in_use(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        unused = ["layers"] if self.layers is None else [*SHORT_FORM]
        if self.input_shape is None:
            unused.append("input_shape")
        return {key: value for key, value in write(self).items() if key not in unused}
