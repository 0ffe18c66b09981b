"""ONNX: the network, and the preprocessing of a table before it, with class names and other facts as metadata.

Written from the layers' description, without Keras. Operators of 2021 are enough, so that older runtimes read it, too.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from mlpcli import __version__
from mlpcli.arrays import Array
from mlpcli.errors import UserError
from mlpcli.exporters.formats import Rows, facts
from mlpcli.exporters.network import check_float32, steps
from mlpcli.exporters.onnx_columns import add_columns, cells, takes_text
from mlpcli.exporters.onnx_graph import DOUBLE, FLOAT, ML, STRING, Graph
from mlpcli.exporters.onnx_layers import add_layer
from mlpcli.model.stack import INPUT_NAME
from mlpcli.modelfile.saved_model import SavedModel

OPERATORS, ML_OPERATORS, FILE_FORMAT = 17, 3, 8
"""Versions of what the file needs: onnxruntime has them from 1.12 (2022) on."""
BATCH = "rows"
"""The name of the first axis, whose length is free."""


def write(saved: SavedModel, path: Path) -> list[Path]:
    """Write the file.

    Returns:
        The files written.

    Raises:
        UserError: onnx is not installed, or the network does not compute in float32.
    """
    onnx = _package("onnx")
    check_float32(saved, "onnx")
    graph = Graph()
    preprocessing = saved.card.data.preprocessing
    x = INPUT_NAME if preprocessing is None else add_columns(graph, preprocessing)
    output = _free_name("output", [value.name for value in _inputs(saved)])
    last = _towers(graph, saved, x)
    graph.nodes.append(onnx.helper.make_node("Identity", [last], [output], "/output"))
    shape = saved.towers[0].layers[-1].size.output_shape if saved.towers[0].layers else saved.input_shape
    made = onnx.helper.make_graph(
        graph.nodes, "mlpcli", _inputs(saved), [_value(output, FLOAT, shape)], graph.constants
    )
    onnx.save(_model(saved, made), path)
    return [path]


def outputs(saved: SavedModel, path: Path, rows: Rows) -> Array:
    """What onnxruntime makes of the rows: (n, units) float32."""
    runtime = _package("onnxruntime")
    options = runtime.SessionOptions()
    options.log_severity_level = 3
    session = runtime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return np.concatenate([session.run(None, _feeds(saved, batch))[0] for batch in rows.batches()])


def runtime() -> str:
    """What loads the file, with its version.

    Raises:
        UserError: onnx or onnxruntime is not installed.
    """
    _package("onnx")
    return f"onnxruntime {_package('onnxruntime').__version__}"


def _package(name: str) -> Any:
    from importlib import import_module

    try:
        return import_module(name)
    except ImportError as error:
        raise UserError("--to onnx: needs onnx and onnxruntime; pip install 'mlpcli[onnx]'") from error


def _towers(graph: Graph, saved: SavedModel, x: str) -> str:
    """The network; of several the average."""
    found = []
    for tower in saved.towers:
        y = x
        for step in steps(saved, tower):
            graph.scope = step.layer.name
            y = add_layer(graph, step, y)
        found.append(y)
    if len(found) == 1:
        return found[0]
    graph.scope = "average"
    return graph.add("Mean", *found)


def _inputs(saved: SavedModel) -> list[Any]:
    preprocessing = saved.card.data.preprocessing
    if preprocessing is None:
        return [_value(INPUT_NAME, FLOAT, saved.input_shape)]
    return [_value(column.name, STRING if takes_text(column) else DOUBLE, (1,)) for column in preprocessing.columns]


def _value(name: str, kind: int, shape: tuple[int, ...]) -> Any:
    return _package("onnx").helper.make_tensor_value_info(name, kind, [BATCH, *shape])


def _free_name(name: str, taken: list[str]) -> str:
    """The name, with as many `_` as it needs to be no column's."""
    while name in taken:
        name += "_"
    return name


def _model(saved: SavedModel, graph: Any) -> Any:
    helper = _package("onnx").helper
    versions = [helper.make_opsetid("", OPERATORS), helper.make_opsetid(ML, ML_OPERATORS)]
    model = helper.make_model(
        graph, opset_imports=versions, ir_version=FILE_FORMAT, producer_name="mlpcli", producer_version=__version__
    )
    model.doc_string = f"{saved.card.name}: written by mlpcli export"
    helper.set_model_props(model, facts(saved))
    return model


def _feeds(saved: SavedModel, rows: Rows) -> dict[str, Array]:
    """The inputs by name."""
    preprocessing = saved.card.data.preprocessing
    if preprocessing is None or rows.table is None:
        return {INPUT_NAME: rows.x.astype(np.float32)}
    return {column.name: cells(column, rows.table) for column in preprocessing.columns}
