"""The data part of an ejected script: rows read, split as training splits them, and scaled."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np

from mlpcli.config.sections import DataConfig, GenerateConfig
from mlpcli.data.catalog import CATALOG
from mlpcli.data.dataset import Source
from mlpcli.data.folds import fold_of
from mlpcli.data.generated import RECIPES
from mlpcli.data.images.class_folders import find_parts, is_class_folder
from mlpcli.data.npz import read_npz
from mlpcli.data.split import TEST_STREAM, VALIDATION_STREAM
from mlpcli.errors import DataError, SettingError
from mlpcli.model.plan import Prepared
from mlpcli.tables.table_files import is_table_path
from mlpcli.workflows.eject_model import call, text_of
from mlpcli.workflows.eject_table import table_text


@dataclass(frozen=True)
class DataText:
    """text: lines that end with x_train, y_train and the other parts, class indices or numbers.

    imports: the lines that it needs at the top. runs_alone: it needs no Keras, so that it can be tried.
    """

    text: str
    imports: tuple[str, ...]
    runs_alone: bool


@dataclass(frozen=True)
class _Loaded:
    """Lines that end with x, y and, where there is one, the test set; encode: those that make x after the split."""

    text: str
    imports: tuple[str, ...] = ()
    encode: str = ""
    runs_alone: bool = True


def data_text(data: DataConfig, prepared: Prepared, folder: Path | None) -> DataText:
    """The lines for the data section.

    folder: where the script will stand; files in it or below it are named from there; None: all by their full path.

    Raises:
        DataError, SettingError: a short script cannot read this data; says what to do.
    """
    _check(data, prepared.source)
    loaded = _loaded(data, prepared.source, folder)
    parts = _parts(data, prepared, loaded)
    scaled = _robust(prepared) if prepared.plan.scaling == "robust" else ""
    imports = ("import numpy as np", *loaded.imports)
    return DataText("\n".join(part for part in (loaded.text, parts, scaled) if part), imports, loaded.runs_alone)


def _check(data: DataConfig, source: Source) -> None:
    for key, setting in (("data.test", data.test), ("data.validation", data.validation)):
        if isinstance(setting, str) and setting != "test":
            raise SettingError(key, "an ejected script splits one set; give a fraction instead of a path")
    if fold_of(data) is not None:
        raise SettingError("data.folds", "an ejected script draws no folds; remove it, and set data.test to a fraction")
    if not isinstance(source.train.x, np.ndarray):
        raise SettingError(
            "data.streaming", f"{data.source} is read from disk in pieces, which a short script cannot do; use never"
        )


def _loaded(data: DataConfig, source: Source, folder: Path | None) -> _Loaded:
    path = Path(data.source)
    if data.source in CATALOG:
        return _built_in(data, source)
    if is_table_path(path):
        text = table_text(path, _shown(path, folder), source, data.limit)
        return _Loaded(text.read, ("import csv",), text.encode)
    if path.suffix == ".npz":
        return _npz(path, data, source, folder)
    if is_class_folder(path):
        return _pictures(path, data, source, folder)
    raise DataError(f"{path}: an ejected script does not read this kind of data; save it as .npz (x, y)")


def _shown(path: Path, folder: Path | None) -> str:
    full = os.path.abspath(path)
    if folder is None:
        return Path(full).as_posix()
    base = os.path.abspath(folder)
    return Path(os.path.relpath(full, base)).as_posix() if Path(full).is_relative_to(base) else Path(full).as_posix()


def _built_in(data: DataConfig, source: Source) -> _Loaded:
    built_in = CATALOG[data.source]
    if built_in.files:
        lines = [f"(x, y), (x_test, y_test) = keras.datasets.{built_in.name}.load_data()"]
        if built_in.name == "cifar10":
            lines.append("y, y_test = y[:, 0], y_test[:, 0]")
        return _Loaded("\n".join([*lines, *_limit(data)]) + "\n", runs_alone=False)
    text = _generated(data.source, data.generate) if built_in.generated else _bundled(data.source)
    imports = () if built_in.generated else (f"from sklearn.datasets import load_{data.source}",)
    more = [*_columns(built_in.feature_names, source), *_limit(data)]
    return _Loaded(text + "".join(f"{line}\n" for line in more), imports)


def _bundled(name: str) -> str:
    if name == "digits":
        return 'digits = load_digits()\nx, y = digits.images.astype("float32"), digits.target\n'
    if name == "diabetes":
        return 'data = load_diabetes(scaled=False)\nx, y = data.data.astype("float32"), data.target.astype("float32")\n'
    return f'data = load_{name}()\nx, y = data.data.astype("float32"), data.target\n'


def _limit(data: DataConfig) -> list[str]:
    return [] if data.limit is None else [f"x, y = x[:{data.limit}], y[:{data.limit}]"]


def _columns(known: Sequence[str] | None, source: Source) -> list[str]:
    """The line that chooses columns, where data.features or data.exclude leaves some out."""
    if known is None or source.feature_names is None or tuple(known) == source.feature_names:
        return []
    chosen = [list(known).index(name) for name in source.feature_names]
    return [f"x = x[:, {chosen}]  # {', '.join(source.feature_names)}"]


def _npz(path: Path, data: DataConfig, source: Source, folder: Path | None) -> _Loaded:
    arrays = read_npz(path)
    if data.features is not None or data.exclude:
        raise SettingError("data.features", "is not written into a script for .npz files; save the columns alone")
    names = ("x_train", "y_train") if "x_train" in arrays else ("x", "y")
    lines = [f"data = np.load({text_of(_shown(path, folder))})", f'x, y = data["{names[0]}"], data["{names[1]}"]']
    if source.test is not None:
        lines.append('x_test, y_test = data["x_test"], data["y_test"]')
    if source.class_names is not None and "class_names" not in arrays:
        lines.append("classes, y = np.unique(y, return_inverse=True)  # y: indices of the sorted classes")
        if source.test is not None:
            lines.append("y_test = np.searchsorted(classes, y_test)")
    return _Loaded("\n".join([*lines, *_limit(data)]) + "\n")


def _pictures(path: Path, data: DataConfig, source: Source, folder: Path | None) -> _Loaded:
    """PIL, picture by picture: no other decoder gives the same pixels."""
    image, parts = source.image, find_parts(path)
    assert image is not None
    if data.image.size is not None:
        raise SettingError("data.image.size", "an ejected script does not resize; give pictures of one size")
    mode = "L" if image.color == "grayscale" else "RGB"
    text = f'''CLASSES = [{", ".join(map(text_of, source.class_names or ()))}]


def read_pictures(folder):
    """All pictures in the class folders of a folder, and their classes, in the order of their names."""
    files = [file for name in CLASSES for file in sorted((Path(folder) / name).iterdir())]
    pictures = [np.asarray(Image.open(file).convert("{mode}")) for file in files]
    return np.stack(pictures), np.array([CLASSES.index(file.parent.name) for file in files])


x, y = read_pictures({text_of(_shown(parts.train, folder))})
'''
    if source.test is not None and parts.test is not None:
        text += f"x_test, y_test = read_pictures({text_of(_shown(parts.test, folder))})\n"
    lines = "".join(f"{line}\n" for line in _limit(data))
    return _Loaded(text + lines, ("from pathlib import Path", "from PIL import Image"))


def _parts(data: DataConfig, prepared: Prepared, loaded: _Loaded) -> str:
    """The split, then the parts of x and y."""
    source = prepared.source
    drawn = [(name, stream) for name, stream in _STREAMS if isinstance(getattr(data, name), float)]
    stratified = data.stratify and source.class_names is not None
    lines = []
    if drawn:
        lines += [
            _DRAW[stratified],
            "",
            "rows = np.arange(len(y))" if not loaded.encode else "rows = np.arange(len(table))",
        ]
        rest = "rows"
        for name, stream in drawn:
            part = _SHORT[name]
            lines.append(f"train, {part} = draw({rest}, {getattr(data, name)}, {stream:_})")
            rest = "train"
    elif loaded.encode:
        lines.append("train = np.arange(len(table))")
    text = "\n".join(lines) + "\n" if lines else ""
    if loaded.encode:
        text += f"\n\n{loaded.encode}\n"
    return text + "\n".join(_taken(data, [name for name, _ in drawn], prepared)) + "\n"


_STREAMS = (("test", TEST_STREAM), ("validation", VALIDATION_STREAM))
_SHORT = {"test": "test", "validation": "val"}


def _taken(data: DataConfig, drawn: list[str], prepared: Prepared) -> Iterator[str]:
    yield "x_train, y_train = x[train], y[train]" if drawn else "x_train, y_train = x, y"
    for name in ("validation", "test"):
        if name in drawn:
            yield f"x_{_SHORT[name]}, y_{_SHORT[name]} = x[{_SHORT[name]}], y[{_SHORT[name]}]"
    if data.validation == "test":
        yield "x_val, y_val = x_test, y_test"


_DRAW = {
    True: '''
def draw(rows, fraction, stream):
    """Draw a fraction of the rows, stratified by class; return the remaining rows and those drawn.

    stream: seeds this draw, together with SEED.
    """
    count = int(fraction * len(rows) + 0.5)
    order = np.random.default_rng([SEED, stream]).permutation(rows)
    shares, remainders = np.divmod(np.bincount(y[rows]) * count, len(rows))
    shares[np.argsort(-remainders, kind="stable")[: count - shares.sum()]] += 1
    of_class = [order[y[order] == label] for label in range(len(shares))]
    drawn = np.concatenate([some[:share] for some, share in zip(of_class, shares)])
    return np.setdiff1d(rows, drawn), np.sort(drawn)
''',
    False: '''
def draw(rows, fraction, stream):
    """Draw a fraction of the rows; return the remaining rows and those drawn.

    stream: seeds this draw, together with SEED.
    """
    count = int(fraction * len(rows) + 0.5)
    order = np.random.default_rng([SEED, stream]).permutation(rows)
    return np.sort(order[count:]), np.sort(order[:count])
''',
}


def _robust(prepared: Prepared) -> str:
    """Median, quartiles and the smooth clip, which `mlpcli.model.input_layers` says in layers."""
    x = prepared.splits.train.x
    if x.ndim != 2:
        raise SettingError("data.scaling", "robust is written into scripts for tables alone; use standardize")
    train = x[prepared.splits.train.indices]
    low, high = np.quantile(train.astype(np.float64), (0.25, 0.75), axis=0)
    passing = passing_columns(prepared)
    others = [column for column in range(x.shape[1]) if column not in passing]
    lines = [
        "# Robust scaling: the median becomes 0, the width between the quartiles 1; the far values are pulled in.",
        'low, median, high = np.quantile(x_train.astype("float64"), (0.25, 0.5, 0.75), axis=0)',
        "width = high - low",
    ]
    if any(low[column] == high[column] for column in others):
        lines.append("width = np.where(width > 0, width, np.ptp(x_train, axis=0) / 2)")
    if any(train[:, column].min() == train[:, column].max() for column in others):
        lines.append("width[width == 0] = 1  # of constant columns")
    if passing:
        lines.append(f"binary = {indices_text(passing)}  # these columns lie between 0 and 1, and 1 stays 1")
        lines.append("median[binary], width[binary] = 0, np.sqrt(8 / 9)")
    names = ["x_train", *(f"x_{part}" for part in named_parts(prepared))]
    return "\n".join(lines) + (
        "\n\n\ndef scale(x):\n"
        '    """Scaled rows, none beyond 3 or -3."""\n'
        "    x = (x - median) / width\n"
        '    return (x / np.sqrt(1 + (x / 3) ** 2)).astype("float32")\n\n\n'
        f"{', '.join(names)} = {', '.join(f'scale({name})' for name in names)}\n"
    )


def named_parts(prepared: Prepared) -> list[str]:
    """val and test, as far as there are such rows."""
    splits = prepared.splits
    return [name for name, part in (("val", splits.validation), ("test", splits.test)) if part is not None]


def passing_columns(prepared: Prepared) -> list[int]:
    """The columns that lie between 0 and 1 by nature and are not scaled."""
    return [index for index, passes in enumerate(prepared.facts.pass_through or ()) if passes]


def indices_text(indices: Sequence[int]) -> str:
    """Column indices as a person writes them: [3], [1, 2], or np.r_[1, 3:9] where there are runs."""
    runs = [[i for _, i in run] for _, run in groupby(enumerate(indices), key=lambda pair: pair[1] - pair[0])]
    if all(len(run) < 3 for run in runs):
        return str(list(indices))
    return f"np.r_[{', '.join(f'{run[0]}:{run[-1] + 1}' if len(run) > 1 else str(run[0]) for run in runs)}]"


def scaling_text(prepared: Prepared) -> tuple[str, tuple[str, ...]]:
    """Lines that compute the numbers of the first layer, and that layer; robust scaling has none."""
    plan, facts = prepared.plan, prepared.facts
    if plan.scaling == "unit":
        return "", (f"layers.Rescaling(1 / {facts.pixel_max or 1:g})",)
    if plan.scaling not in ("standardize", "minmax"):
        return "", ()
    x, scaling = prepared.splits.train.x, prepared.scaling
    axes = "" if scaling.axis is None else "axis=0, " if x.ndim == 2 else f"axis={tuple(range(x.ndim - 1))}, "
    if plan.scaling == "minmax":
        axes = axes.removesuffix(", ")
        lines = [f"mean = x_train.min({axes})", f"variance = (x_train.max({axes}) - mean) ** 2.0"]
    else:
        lines = [f'mean = x_train.mean({axes}dtype="float64")', f'variance = x_train.var({axes}dtype="float64")']
    columns = passing_columns(prepared)
    others = np.setdiff1d(np.arange(len(scaling.mean)), columns)
    train = x[prepared.splits.train.indices]
    spread = np.ptp(train.reshape(-1, len(scaling.mean)), axis=0)
    if scaling.axis is not None and (spread[others] == 0).any():
        lines.append("variance[variance == 0] = 1  # of constant columns")
    if columns:
        lines.append(f"binary = {indices_text(columns)}  # columns between 0 and 1 stay as they are")
        lines.append("mean[binary], variance[binary] = 0, 1")
    what = "Standardize with the mean and variance" if plan.scaling == "standardize" else "Scale to 0..1 with the range"
    axis = "axis=None, " if scaling.axis is None else ""
    comment = f"# {what} of the training rows alone."
    layer = call("layers.Normalization", [f"{axis}mean=mean", "variance=variance"])
    return "\n".join([comment, *lines]) + "\n", (layer,)


def _generated(name: str, settings: GenerateConfig) -> str:
    """Lines of NumPy that make x (rows, columns) and y (rows,)."""
    noise = RECIPES[name].noise if settings.noise is None else settings.noise
    text, sizes = _RULES[name], f"ROWS, NOISE = {settings.rows}, {noise}"
    if name == "animals" and noise == 0:
        text, sizes = text.partition("wrong = ")[0], f"ROWS = {settings.rows}"
    return f"# {_WHAT[name]}\n{sizes}\nrandom = np.random.default_rng({settings.seed})\n{text}"


_WHAT = {
    "moons": "Points on two half circles, half of the rows on each.",
    "spirals": "Points on three spiral arms, a third of the rows on each.",
    "blobs": "Points around three centres, a third of the rows around each.",
    "animals": "Hair and wings (0 or 1) of animals: 0 is a bird, 1 a mammal, 2 another one.",
    "height_weight": "Heights of adults in cm, and their weights in kg.",
}
_SCATTERED = 'x = np.round(points + NOISE * random.standard_normal(points.shape), 4).astype("float32")\n'
_RULES = {
    "moons": """y = random.permutation(np.arange(ROWS) % 2)  # 1 is the upper half circle
angle = random.uniform(0, np.pi, ROWS)
sign = np.where(y, 1, -1)
points = np.stack([sign * np.cos(angle) + (1 - y), sign * np.sin(angle) + 0.5 * (1 - y)], axis=1)
"""
    + _SCATTERED,
    "spirals": """y = random.permutation(np.arange(ROWS) % 3)  # which arm
radius = random.uniform(0.1, 1, ROWS)
angle = 2 * np.pi * (y / 3 + 0.75 * radius)
points = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
"""
    + _SCATTERED,
    "blobs": """y = random.permutation(np.arange(ROWS) % 3)  # which centre
angle = np.pi / 2 + 2 * np.pi * y / 3
points = 2 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
"""
    + _SCATTERED,
    "animals": """kind = random.permutation(np.arange(ROWS) % 4)
hair, wings = kind // 2, kind % 2
x = np.stack([hair, wings], axis=1).astype("float32")
y = np.array([[2, 0], [1, 2]])[hair, wings]
wrong = random.integers(0, 3, ROWS)
y = np.where(random.random(ROWS) < NOISE, wrong, y)
""",
    "height_weight": """height = np.clip(random.normal(168, 9, ROWS), 140, 205).round(1)
weight = (0.9 * height - 88 + NOISE * random.standard_normal(ROWS)).round(1)
x, y = height[:, None].astype("float32"), weight.astype("float32")
""",
}
