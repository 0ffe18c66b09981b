"""A Python file that predicts with NumPy alone, to be read and taken anywhere; its weights are in an .npz beside it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import fill
from typing import Any

import numpy as np

from mlpcli import __version__
from mlpcli.arrays import Array
from mlpcli.errors import MlpcliError
from mlpcli.exporters import numpy_functions
from mlpcli.exporters.formats import Rows
from mlpcli.exporters.network import check_float32, steps
from mlpcli.exporters.numpy_layers import Code, add_layer
from mlpcli.files import write_text
from mlpcli.modelfile.saved_model import SavedModel
from mlpcli.tables.column_encoders import CategoryColumn, ColumnEncoder, ValueColumn
from mlpcli.tables.column_format import PLAIN_FORMAT
from mlpcli.tables.date_parts import DateParts
from mlpcli.tables.preprocessing import Preprocessing
from mlpcli.tables.values import FALSE, TRUE
from mlpcli.text import listed, plural


def write(saved: SavedModel, path: Path) -> list[Path]:
    """Write the file, and its weights beside it.

    Returns:
        Both.

    Raises:
        UserError: the network does not compute in float32.
    """
    check_float32(saved, "numpy")
    code = Code()
    body = [*_network(saved, code), _predict(saved)]
    if saved.card.data.preprocessing is not None:
        body.append(_encode(saved, code))
    if saved.meaning.class_names is not None:
        body.append(_classify(saved))
    functions = numpy_functions.sources(sorted(code.functions))
    head = _head(saved, path, "".join(functions))
    write_text(path, "\n\n\n".join([head, *reversed(body), *functions]) + "\n")
    weights = path.with_suffix(".npz")
    np.savez(weights, **code.arrays)  # type: ignore[arg-type]  # NumPy's stub takes the keywords for allow_pickle
    return [path, weights]


def _head(saved: SavedModel, path: Path, functions: str) -> str:
    """Docstring, imports and constants."""
    standard = [f"import {name}" for name in ("datetime", "math", "re") if f"{name}." in functions]
    lines = [_docstring(saved, path), "", *standard, "from pathlib import Path", "", "import numpy as np", ""]
    meaning, preprocessing = saved.meaning, saved.card.data.preprocessing
    if meaning.class_names is not None:
        lines.append(f"CLASSES = {_quoted_list(meaning.class_names)}")
    if meaning.task == "binary":
        lines.append(f"THRESHOLD = {meaning.decides_at!r}  # above it, the second class is predicted")
    if preprocessing is not None:
        lines += _constant_lines(preprocessing)
    lines += ["", 'with np.load(Path(__file__).with_suffix(".npz")) as file:', "    W = dict(file)  # the weights"]
    return "\n".join(lines)


def _docstring(saved: SavedModel, path: Path) -> str:
    meaning, card = saved.meaning, saved.card
    if meaning.class_names is not None:
        what = f"tells {plural(len(meaning.class_names), 'class', 'classes')} apart: {listed(meaning.class_names)}"
    else:
        what = f"predicts {listed(meaning.targets) if meaning.targets else 'numbers'}"
    call = "classify" if meaning.class_names is not None else "predict"
    about = f"Written by mlpcli {__version__} (mlpcli export). It needs NumPy alone, and {path.stem}.npz beside it:"
    lines = [
        fill(f"{card.name} {what}.", 115),
        "",
        about,
        "",
        f"    import {path.stem}",
        "",
        *_example(saved, f"{path.stem}.{call}"),
        "",
        *(["`classify` returns class names, and `predict` the numbers behind them."] * (call[0] == "c")),
    ]
    text = "\n".join(lines).rstrip().replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    return f'"""{text}\n"""'


def _example(saved: SavedModel, call: str) -> list[str]:
    preprocessing = saved.card.data.preprocessing
    if preprocessing is None:
        shape = ", ".join(map(str, ("n", *saved.input_shape)))
        return [f"    {call}(x)  # an array ({shape}) of raw values, as training had them"]
    names = preprocessing.source_names
    cells = ", ".join(f"{_quoted(name)}: ..." for name in names[:3])
    more = ", ..." if len(names) > 3 else ""
    return [
        f"    {call}([{{{cells}{more}}}])  # a dict for each row, as csv.DictReader gives them",
    ]


def _network(saved: SavedModel, code: Code) -> list[str]:
    """The functions of the network, the first one last."""
    several = len(saved.towers) > 1
    found = []
    for number, tower in enumerate(saved.towers, start=1):
        code.lines = []
        for step in steps(saved, tower):
            add_layer(code, step)
        found.append(_function(f"member_{number}" if several else "network", code.lines, saved, tower.layers))
    if several:
        calls = " + ".join(f"member_{number}(x)" for number in range(1, len(saved.towers) + 1))
        found.append(
            f'def network(x):\n    """The average of several networks."""\n    return ({calls}) / {len(found)}'
        )
    return found


def _function(name: str, lines: list[str], saved: SavedModel, layers: Sequence[Any]) -> str:
    before = _shape(saved.input_shape)
    after = _shape(layers[-1].size.output_shape if layers else saved.input_shape)
    body = "".join(f"    {line}\n" for line in lines)
    return f'def {name}(x):\n    """Outputs {after} for inputs {before}, both float32."""\n{body}    return x'


def _shape(shape: Sequence[int]) -> str:
    return f"({', '.join(map(str, ('n', *shape)))})"


def _predict(saved: SavedModel) -> str:
    meaning = saved.meaning
    made = "Probabilities" if meaning.score == "probability" and meaning.class_names is not None else "Outputs"
    of = (
        " of CLASSES"
        if meaning.task == "classification"
        else " of the second class"
        if meaning.task == "binary"
        else ""
    )
    inputs = "encode(rows)" if saved.card.data.preprocessing is not None else "np.asarray(rows, np.float32)"
    return (
        f"def predict(rows):\n"
        f'    """{made}{of} for each row: an array {_shape((meaning.outputs,))}."""\n'
        f"    x = {inputs}\n"
        f"    return np.concatenate([network(x[at : at + 100]) for at in range(0, max(len(x), 1), 100)])"
    )


def _classify(saved: SavedModel) -> str:
    head = 'def classify(rows):\n    """The name of the most probable class for each row."""\n'
    if saved.meaning.task == "binary":
        head = 'def classify(rows):\n    """The name of the class for each row."""\n'
        return f"{head}    return [CLASSES[int(p > THRESHOLD)] for p in predict(rows)[:, 0]]"
    return f"{head}    return [CLASSES[best] for best in predict(rows).argmax(axis=1)]"


def _encode(saved: SavedModel, code: Code) -> str:
    preprocessing = saved.card.data.preprocessing
    assert preprocessing is not None
    calls = "".join(f"        {_column_call(code, column, preprocessing)},\n" for column in preprocessing.columns)
    return (
        "def encode(rows):\n"
        f'    """The inputs of the network {_shape(saved.input_shape)} for rows, each a dict of cells."""\n'
        f"    columns = [\n{calls}    ]\n"
        "    return np.hstack(columns).astype(np.float32)"
    )


def _column_call(code: Code, column: ColumnEncoder, preprocessing: Preprocessing) -> str:
    """The call that makes a column's inputs of the rows."""
    first, gaps = ["rows", _quoted(column.name)], _gaps(column.name, preprocessing)
    if isinstance(column, CategoryColumn):
        last = len(column.categories)
        places = [f"others={last}"] if column.other else []
        places += [f"missing={last + column.other}"] if column.missing else []
        return code.call("category", *first, _quoted_list(column.categories), *places, *gaps)
    known: Any = column
    rest = [f"fill={known.fill!r}" if preprocessing.missing == "impute" else "fill=None"]
    rest += [*(["marks_gaps=True"] if known.indicator else []), *([f"edges={[*known.edges]}"] if known.edges else [])]
    if isinstance(column, DateParts):
        return code.call("date_parts", *first, _quoted_list(column.parts), f"first={column.low!r}", *rest, *gaps)
    return code.call(known.kind, *first, *rest, *gaps)


def _gaps(name: str, preprocessing: Preprocessing) -> list[str]:
    """The argument for the texts that stand for a gap in this column, where they are other ones than everywhere."""
    form = (preprocessing.options.formats or {}).get(name, PLAIN_FORMAT)
    more = f" | {{{_quoted_list(form.gaps)[1:-1]}}}" if form.gaps else ""
    less = f" - {{{_quoted_list(form.values)[1:-1]}}}" if form.values else ""
    return [f"gaps=GAPS{more}{less}"] if more or less else []


def _constant_lines(preprocessing: Preprocessing) -> list[str]:
    """The constants that the lines of columns name."""
    words = sorted({"", *preprocessing.options.gap_words})
    rows = [f"    {_quoted_list(words[at : at + 10])[1:-1]}," for at in range(0, len(words), 10)]
    lines = ["GAPS = {  # texts that stand for a missing value", *rows, "}"]
    if any(isinstance(column, ValueColumn) and column.kind == "boolean" for column in preprocessing.columns):
        lines += [f"TRUE = {_quoted_list(TRUE)}", f"FALSE = {_quoted_list(FALSE)}"]
    return lines


def _quoted(text: str) -> str:
    """A text as Python writes it; half a surrogate pair, which no file can hold, is escaped."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(text)
    return json.dumps(text, ensure_ascii=False)


def _quoted_list(texts: Sequence[str]) -> str:
    """A list of them."""
    return f"[{', '.join(map(_quoted, texts))}]"


_RUN = """
import sys
before = set(sys.modules)
import datetime, importlib, json
import numpy as np
sys.path.insert(0, sys.argv[1])
module = importlib.import_module(sys.argv[2])
loaded = {name.partition(".")[0] for name in set(sys.modules) - before}
others = loaded - sys.stdlib_module_names - {"numpy", sys.argv[2]}
assert not others, f"it imports {sorted(others)}"
with open(sys.argv[3], encoding="utf-8") as file:
    rows = json.load(file)
np.save(sys.argv[4], module.predict(rows if rows is not None else np.load(sys.argv[5])))
"""


def outputs(saved: SavedModel, path: Path, rows: Rows) -> Array:
    """What a new Python, with NumPy alone, makes of the rows: (n, units) float32.

    Raises:
        MlpcliError: it fails; the last line of its traceback is told.
    """
    with TemporaryDirectory(prefix="mlpcli-") as name:
        folder = Path(name)
        (folder / "rows.json").write_text(json.dumps(cells(saved, rows)), encoding="utf-8")
        np.save(folder / "x.npy", rows.x)
        files = [str(folder / file) for file in ("rows.json", "made.npy", "x.npy")]
        command = [sys.executable, "-I", "-c", _RUN, str(path.parent), path.stem, *files]
        done = subprocess.run(command, capture_output=True, encoding="utf-8", env=_environment(), check=False)
        if done.returncode != 0:
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise MlpcliError(f"{path.name}: fails in a new Python: {last}; use --to onnx, and please report this")
        return np.asarray(np.load(folder / "made.npy"))


def _environment() -> dict[str, str]:
    """No compiled file is left beside the module."""
    return {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONIOENCODING": "utf-8"}


def cells(saved: SavedModel, rows: Rows) -> list[dict[str, Any]] | None:
    """The rows of a table as dicts of what JSON can hold: dates as texts."""
    preprocessing = saved.card.data.preprocessing
    if rows.table is None or preprocessing is None:
        return None
    names = list(preprocessing.source_names)
    found: list[dict[str, Any]] = rows.table.columns.select(names).to_pylist()
    plain = (str, int, float, bool, type(None))
    return [{name: cell if isinstance(cell, plain) else str(cell) for name, cell in row.items()} for row in found]


def runtime() -> str:
    """What loads the file, with its version."""
    return f"NumPy {np.__version__} in a Python of its own"
