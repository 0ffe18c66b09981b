"""out_of_fold.csv: what each row was predicted to be by the run that held it out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mlpcli.arrays import Array
from mlpcli.files import replace_file
from mlpcli.modelfile.card import Meaning
from mlpcli.scoring.mistakes import place_of
from mlpcli.tables.table_writer import CsvOutput, guarded
from mlpcli.workflows.input_batches import InputBatch
from mlpcli.workflows.predict_output import answer_columns, answers, class_columns, numbered, to_utf8

if TYPE_CHECKING:
    import pyarrow as pa

    from mlpcli.data.dataset import Part
    from mlpcli.workflows.run import Run
    from mlpcli.workflows.series import Member


def held_out_rows_of(member: Member, run: Run, model: Path) -> pa.Table:
    """The answers of a run that has just been trained for the rows that it held out; see `_table`."""
    from mlpcli.modelfile.saved_model import open_model

    test = run.prepared.splits.test
    assert test is not None
    return _table(member, open_model(model).meaning, test, run.engine.predictor().predict(test))


def held_out_rows(member: Member, run: Path) -> pa.Table:
    """The same of a run that was trained earlier, whose rows are loaded again.

    Raises:
        DataError: they are gone.
    """
    from mlpcli.modelfile.saved_model import open_model
    from mlpcli.scoring.predictor import load_predictor
    from mlpcli.workflows.evaluate import choose_rows

    model = open_model(run)
    test = choose_rows(model, None, "test").part
    return _table(member, model.meaning, test, load_predictor(model, rows=len(test)).predict(test))


def _table(member: Member, meaning: Meaning, part: Part, outputs: Array) -> pa.Table:
    """A row for each held-out row: `row` (from 0, as in split.npz), where it stands, `fold`, `seed` of several, the
    target and the predictions, which are named as `predict --probabilities` names them."""
    import pyarrow as pa

    found = answers(InputBatch(part.x, (member.folder,), 0), outputs, meaning, 1)
    columns: dict[str, Any] = {"row": pa.array(part.indices), **_places(part)}
    columns["fold"] = pa.array(np.full(len(part), member.fold))
    if not member.alone:
        columns["seed"] = pa.array(np.full(len(part), member.seed))
    columns |= _truth(meaning, part.y[part.indices])
    for name, values in [*answer_columns(found, meaning, guarded), *class_columns(found, meaning)]:
        columns[name if name not in columns else f"{name} (class)"] = values
    return pa.table(columns)


def _places(part: Part) -> dict[str, Any]:
    """`file` and `line` of rows that stand on lines, else `place`; nothing where they have no other name than `row`."""
    if part.place is None:
        return {}
    places = [place_of(part, int(row)) for row in part.indices]
    lines = [re.fullmatch(r"(.+):([0-9]+)", place, re.DOTALL) for place in places]
    if all(lines):
        return {
            "file": [to_utf8(found[1]) for found in lines if found],
            "line": [int(found[2]) for found in lines if found],
        }
    return {"place": [to_utf8(place) for place in places]}


def _truth(meaning: Meaning, y: Array) -> dict[str, Any]:
    if meaning.class_names is not None:
        names = np.array([guarded(to_utf8(name)) for name in meaning.class_names], dtype=object)
        return {"truth": names[y].tolist()}
    return dict(zip(numbered("truth", meaning), y.reshape(len(y), -1).T, strict=True))


def write_out_of_fold(path: Path, tables: Sequence[pa.Table]) -> None:
    """Write the rows of all runs below each other, by row and then by fold and seed.

    Raises:
        OutputError: the file cannot be written.
    """
    import pyarrow as pa

    rows = pa.concat_tables(tables).combine_chunks()
    keys = [(name, "ascending") for name in ("row", "seed", "fold") if name in rows.column_names]
    replace_file(path, lambda temporary: _write(temporary, rows.sort_by(keys)))


def _write(path: Path, rows: pa.Table) -> None:
    output = CsvOutput(path)
    try:
        output.write(rows)
    finally:
        output.close()
