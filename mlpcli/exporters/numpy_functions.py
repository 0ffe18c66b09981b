"""The functions that `mlpcli export --to numpy` copies into the file, as they stand here: those that a model needs.

They have no types, and those that are copied use nothing but NumPy, the standard library and each other.
"""

import ast
import datetime
import inspect
import math
import re
from collections.abc import Iterable

import numpy as np

GAPS, TRUE, FALSE = {""}, ["true"], ["false"]
"""The file has its own."""


def sources(names: Iterable[str]) -> list[str]:
    """The texts of these functions and of all that they call, in the order of this file."""
    here = {name: value for name, value in globals().items() if inspect.isfunction(value) and name != "sources"}
    wanted, found = list(names), {}
    while wanted:
        name = wanted.pop()
        if name not in found:
            found[name] = inspect.getsource(here[name]).rstrip()
            wanted += {node.id for node in ast.walk(ast.parse(found[name])) if isinstance(node, ast.Name)} & set(here)
    return [found[name] for name in here if name in found]


def relu(x):
    return np.maximum(x, 0)


def sigmoid(x):
    return 1 / (1 + np.exp(-np.maximum(x, -88)))  # exp overflows above 88


def softmax(x, axis=-1):
    y = np.exp(x - x.max(axis=axis, keepdims=True))
    return y / y.sum(axis=axis, keepdims=True)


def log_softmax(x):
    y = x - x.max(axis=-1, keepdims=True)
    return y - np.log(np.exp(y).sum(axis=-1, keepdims=True))


def softplus(x):
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def erf(x):
    """The error function, to within 2e-7 (Abramowitz and Stegun, 7.1.26)."""
    t = 1 / (1 + 0.3275911 * np.abs(x))
    series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    return np.copysign(1 - series * np.exp(-np.minimum(x * x, 87)), x)


def gelu(x):
    return x * (1 + erf(x * math.sqrt(0.5))) / 2


def elu(x, alpha=1.0):
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def selu(x):
    return 1.0507009873554805 * elu(x, 1.6732632423543772)


def silu(x):
    return x * sigmoid(x)


def leaky_relu(x, slope=0.2):
    return np.where(x > 0, x, slope * x)


def mish(x):
    return x * np.tanh(softplus(x))


def log_sigmoid(x):
    return -softplus(-x)


def hard_sigmoid(x):
    return np.clip(x / 6 + 0.5, 0, 1)


def hard_silu(x):
    return x * hard_sigmoid(x)


def hard_shrink(x):
    return np.where(np.abs(x) > 0.5, x, 0 * x)


def soft_shrink(x):
    return np.where(np.abs(x) > 0.5, x - np.copysign(np.float32(0.5), x), 0 * x)


def softsign(x):
    return x / (1 + np.abs(x))


def sparse_plus(x):
    return np.where(x < 1, ((np.clip(x, -1, 1) + 1) / 2) ** 2, x)


def squareplus(x):
    return (x + np.sqrt(x * x + 4)) / 2


def sparsemax(x):
    """Like softmax, with zeros for small values; with Keras's numbers, so that rows need not add up to 1."""
    ranked = -np.sort(-x, axis=-1)
    running = ranked.cumsum(axis=-1)
    counted = ranked > (running - 1) / np.arange(1, x.shape[-1] + 1, dtype=x.dtype)
    total = np.where(counted, running, 0).sum(axis=-1, keepdims=True)
    return np.maximum(x - (total - 1) / counted.sum(axis=-1, keepdims=True, dtype=x.dtype), 0)


def rectified(x, max_value=None, slope=0.0, threshold=0.0):
    """x from the threshold to max_value, slope * (x - threshold) below."""
    y = np.minimum(np.where(x > threshold, x, 0 * x), np.inf if max_value is None else max_value)
    return y - slope * np.maximum(threshold - x, 0)


def standardized(x, axes, epsilon):
    """(x - mean) / sqrt(variance + epsilon), over these axes."""
    y = x - x.mean(axis=axes, keepdims=True)
    return y / np.sqrt((y * y).mean(axis=axes, keepdims=True) + np.float32(epsilon))


def unit_length(x, axis):
    """x divided by its length along an axis."""
    return x / np.maximum(np.sqrt((x * x).sum(axis=axis, keepdims=True)), 1e-12)


def windows(x, size, step=(1, 1), spread=(1, 1)):
    """Every window of images (n, height, width, channels): (n, rows, columns, channels, *size), without a copy."""
    reach = [gap * (length - 1) + 1 for length, gap in zip(size, spread, strict=True)]
    every = np.lib.stride_tricks.sliding_window_view(x, reach, axis=(1, 2))
    return every[:, :: step[0], :: step[1], :, :: spread[0], :: spread[1]]


def margins(x, rows, columns, value=0.0):
    """Images with so many rows above and below, columns left and right."""
    return np.pad(x, ((0, 0), rows, columns, (0, 0)), constant_values=value)


def convolved(x, kernel, step=(1, 1), spread=(1, 1)):
    """Each window times the kernel (height, width, channels, filters)."""
    return np.tensordot(windows(x, kernel.shape[:2], step, spread), kernel, ((4, 5, 3), (0, 1, 2)))


def convolved_in_groups(x, kernel, groups, step=(1, 1), spread=(1, 1)):
    """The same for groups of channels, each with its own filters."""
    channels, filters = np.split(x, groups, axis=-1), np.split(kernel, groups, axis=-1)
    return np.concatenate([convolved(*pair, step, spread) for pair in zip(channels, filters, strict=True)], axis=-1)


def convolved_by_channel(x, kernel, step=(1, 1), spread=(1, 1)):
    """Each channel by itself: kernel (height, width, channels, filters of a channel)."""
    y = np.einsum("nrcdhw,hwdm->nrcdm", windows(x, kernel.shape[:2], step, spread), kernel, optimize=True)
    return y.reshape(*y.shape[:3], -1)


def largest(x, size, step):
    """The largest value of each window."""
    return windows(x, size, step).max(axis=(4, 5))


def mean(x, size, step, rows=(0, 0), columns=(0, 0)):
    """The mean of each window; margins do not count."""
    inside = margins(np.ones_like(x[:1]), rows, columns)
    total = windows(margins(x, rows, columns), size, step).sum(axis=(4, 5))
    return total / windows(inside, size, step).sum(axis=(4, 5))


def enlarged(x, times, axis):
    """Images so many times as long along an axis, with values between the pixels."""
    side = x.shape[axis]
    at = np.clip((np.arange(side * times) + 0.5) / times - 0.5, 0, side - 1)
    low = np.floor(at).astype(int)
    shape = [-1 if place == axis else 1 for place in range(x.ndim)]
    share = (at - low).astype(x.dtype).reshape(shape)
    return x.take(low, axis) * (1 - share) + x.take(np.minimum(low + 1, side - 1), axis) * share


def text(value):
    """A cell as text: 3.0 as "3", True as "true", and "" for None and NaN."""
    if value is None or value != value:
        return ""
    words = str(value).strip()
    whole = re.fullmatch(r"([+-]?[0-9]+)\.0+", words)
    return whole[1] if whole else words.lower() if words.lower() in ("true", "false") else words


def category(rows, name, categories, others=None, missing=None, gaps=GAPS):
    """A column of 0 and 1 for each category; others, missing: the columns of unseen texts and of gaps, if any."""
    places = {word: place for place, word in enumerate(categories)}
    x = np.zeros((len(rows), len(categories) + (others is not None) + (missing is not None)))
    for at, row in enumerate(rows):
        word = text(row[name])
        place = places.get(word, missing if word in gaps and missing is not None else others)
        if place is not None:
            x[at, place] = 1
    return x


def number(rows, name, fill, marks_gaps=False, edges=(), gaps=GAPS):
    """A column of numbers; see `filled`."""
    cells = [row[name] for row in rows]
    values = np.array([np.nan if text(cell) in gaps else float(cell) for cell in cells], float)
    return filled(name, values, fill, marks_gaps, edges)


def boolean(rows, name, fill, marks_gaps=False, gaps=GAPS):
    """A column of true and false as 1 and 0; see `filled`."""
    known = {**dict.fromkeys(TRUE, 1.0), **dict.fromkeys(FALSE, 0.0), **dict.fromkeys(gaps, np.nan)}
    words = [text(row[name]) for row in rows]
    values = [known[word if word in gaps else word.lower()] for word in words]
    return filled(name, np.array(values, float), fill, marks_gaps)


def days(rows, name, gaps=GAPS):
    """Dates as days since 1970-01-01, from texts such as 2024-01-31 and 2024-01-31 15:30, or Python's dates."""
    return np.array([np.nan if text(row[name]) in gaps else days_of(row[name]) for row in rows], float)


def days_of(value):
    """One date as days since 1970-01-01; in UTC, if it has a zone."""
    if not isinstance(value, datetime.date):
        value = datetime.datetime.fromisoformat(str(value).strip())
    if isinstance(value, datetime.datetime) and value.tzinfo is not None:
        value = value.astimezone(datetime.timezone.utc).replace(tzinfo=None)
    return (np.datetime64(value, "us") - np.datetime64(0, "us")) / np.timedelta64(1, "D")


def date(rows, name, fill, marks_gaps=False, edges=(), gaps=GAPS):
    """A column of dates as days since 1970-01-01; see `filled`."""
    return filled(name, days(rows, name, gaps), fill, marks_gaps, edges)


def date_parts(rows, name, parts, first, fill, marks_gaps=False, edges=(), gaps=GAPS):
    """A column for each part of the dates: the year, places on circles, and the trend, days since the first date."""
    whole = filled(name, days(rows, name, gaps), fill, True)
    values, missing = np.clip(whole[:, 0], -1e8, 1e8), whole[:, 1:]
    columns = [part_of(values, part) - (first if part == "trend" else 0) for part in parts]
    since = filled(name, values - first, 0, False, edges)[:, 1:]
    return np.column_stack([*columns, *([missing] if marks_gaps else []), since])


def part_of(values, part):
    """One part of dates, given in days since 1970-01-01."""
    if part == "trend":
        return values
    day = np.floor(values).astype(int).astype("M8[D]")
    year = day.astype("M8[Y]")
    if part == "year":
        return year.astype(int) + 1970.0
    circle, _, side = part.rpartition(" ")
    if circle == "month":
        turn = day.astype("M8[M]").astype(int) % 12 / 12
    elif circle == "day of year":
        turn = (day - year.astype("M8[D]")) / ((year + 1).astype("M8[D]") - year.astype("M8[D]"))
    elif circle == "weekday":
        turn = (np.floor(values) + 3) % 7 / 7  # 1970-01-01 was a Thursday
    else:
        turn = values - np.floor(values)
    return np.sin(2 * np.pi * turn) if side == "sin" else np.cos(2 * np.pi * turn)


def filled(name, values, fill, marks_gaps=False, edges=()):
    """Numbers with `fill` for gaps; then, if asked for, 1 where a gap was, and how much of each bin lies below."""
    missing = np.isnan(values)
    if fill is None and missing.any():
        raise ValueError(f"{name}: row {missing.argmax()} (from 0) has no value, and the model takes no gaps")
    values = np.where(missing, fill, values)[:, np.newaxis] if fill is not None else values[:, np.newaxis]
    low, width = np.array(edges[:-1]), np.diff(edges)
    bins = [np.clip((values - low) / width, 0, 1)] if len(edges) else []
    return np.hstack([values, *([missing[:, np.newaxis]] if marks_gaps else []), *bins])
