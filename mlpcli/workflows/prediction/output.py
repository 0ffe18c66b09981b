"""`--output`: the rows with their answers, as CSV or Parquet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlpcli.artifacts.table_output import check_table_name
from mlpcli.config.data_folder import located
from mlpcli.errors import DataError, UserError, did_you_mean
from mlpcli.workflows.prediction.answers import Answers, Meaning
from mlpcli.workflows.prediction.inputs import PredictionInputs
from mlpcli.workflows.prediction.kinds import STDIN, Input

if TYPE_CHECKING:
    import pyarrow as pa


def check_output(path: Path, inputs: PredictionInputs, given: Sequence[Input], model: Path) -> None:
    """Refuse an output that would replace what is read, or that cannot hold the rows of all inputs.

    Raises:
        UserError: the name is of no known format, or that of an input or of the model.
        DataError: tables with different columns.
    """
    check_table_name("--output", path)
    for other in (model, *_files(given)):
        if path.exists() and other.exists() and path.samefile(other):
            raise UserError(f"--output {path}: is read here, too, and would be replaced; choose another name")
    tables = list(inputs.columns.items())
    for name, columns in tables[1:]:
        odd = sorted(set(columns) ^ set(tables[0][1]))
        if odd:
            has, lacks = (name, tables[0][0]) if odd[0] in columns else (tables[0][0], name)
            near = did_you_mean(odd[0], [column for column in dict(tables)[lacks] if column != odd[0]])
            raise DataError(
                f'{has}: has a column "{odd[0]}" that {lacks} lacks{near}; one --output needs the same columns:'
                " give the files one at a time"
            )


def _files(given: Sequence[Input]) -> list[Path]:
    """Every file that is read."""
    from mlpcli.data.tables.files import is_table_path, table_files

    paths = [located(item) for item in given if isinstance(item, (str, Path)) and str(item) != STDIN]
    return [file for path in paths for file in (table_files(path) if is_table_path(path) else [path])]


def answer_table(found: Answers, meaning: Meaning) -> pa.Table:
    """The columns of the input (or its name and the number of the row), and after them the answers.

    `predicted` and `probability`, with more classes asked for `predicted_2`, `probability_2` ...; several numbers are
    `predicted_1`, `predicted_2` ... A name that the input has already is written as `predicted (model)`.
    """
    import pyarrow as pa

    columns = _own_columns(found)
    for name, values in _answer_columns(found, meaning):
        columns[_free(name, columns)] = values
    return pa.table(columns)


def _own_columns(found: Answers) -> dict[str, Any]:
    import numpy as np
    import pyarrow as pa

    batch = found.batch
    if batch.table is not None:
        return {name: batch.table.columns[name] for name in batch.table.names}
    names = pa.array([batch.name(index) for index in range(len(found))], pa.string())
    if batch.first is None:
        return {"file": names}
    return {"file": names, "row": pa.array(np.arange(batch.first, batch.first + len(found)))}


def _answer_columns(found: Answers, meaning: Meaning) -> list[tuple[str, Any]]:
    import numpy as np
    import pyarrow as pa

    if found.classes is None or found.scores is None:
        width = found.outputs.shape[1]
        names = ["predicted"] if width == 1 else [f"predicted_{index + 1}" for index in range(width)]
        return [(name, pa.array(found.outputs[:, index])) for index, name in enumerate(names)]
    labels = np.array(meaning.class_names, dtype=object)
    columns: list[tuple[str, Any]] = []
    for rank in range(found.classes.shape[1]):
        end = f"_{rank + 1}" if rank else ""
        columns.append((f"predicted{end}", pa.array(labels[found.classes[:, rank]], pa.string())))
        columns.append((f"{meaning.score}{end}", pa.array(np.ascontiguousarray(found.scores[:, rank]))))
    return columns


def _free(name: str, taken: dict[str, Any]) -> str:
    free = name
    while free in taken:
        free += " (model)"
    return free
