"""LiteRT (TensorFlow Lite), for phones and small devices: converted by TensorFlow from a SavedModel."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from mlpcli import backend
from mlpcli.arrays import Array
from mlpcli.config.layers import Activate, Flatten, Layer, Reshape
from mlpcli.errors import MlpcliError, UserError
from mlpcli.exporters import saved_model
from mlpcli.exporters.formats import Rows, facts
from mlpcli.exporters.network import Step, check_float32, steps
from mlpcli.model.layer_rules import layer_size
from mlpcli.model.members import EinsumDense
from mlpcli.model.shapes import SavedLayer
from mlpcli.modelfile.description import SavedRescaling
from mlpcli.modelfile.saved_model import SavedModel

LABELS, FACTS = "labels.txt", "mlpcli.json"


def write(saved: SavedModel, path: Path) -> list[Path]:
    """Write the file.

    Returns:
        The files written.

    Raises:
        UserError: the network does not compute in float32, or ai-edge-litert is not installed.
        MlpcliError: LiteRT lacks an operation; it is named. Or the converter fails on one; its words are given.
    """
    check_float32(saved, "litert")
    _interpreter_class()
    with TemporaryDirectory(prefix="mlpcli-") as folder:
        (source,) = saved_model.write(convertible(saved), Path(folder) / "model")
        path.write_bytes(converted(source))
    _add_facts(path, saved)
    return [path]


def convertible(saved: SavedModel) -> SavedModel:
    """The same network in layers that TensorFlow's converter takes."""
    weights, towers = {**saved.weights}, []
    for tower in saved.towers:
        layers: list[SavedLayer] = []
        for step in steps(saved, tower):
            if _has_vector_bias(step.layer.component):
                for layer, arrays in _vector_bias(step):
                    layers.append(layer)
                    weights[layer.name] = arrays
            else:
                layers.append(step.layer)
        towers.append(replace(tower, layers=layers))
    return replace(saved, towers=towers, weights=weights)


def _has_vector_bias(component: Layer) -> bool:
    """Whether each member of an ensemble has one output, with a bias of its own.

    Keras takes the bias of shape (members, 1) for a vector and adds it along axis 1 by `tf.nn.bias_add` with
    data_format NCHW (`add` in keras/src/backend/tensorflow/numpy.py). The converter takes what is NCHW for pictures and
    transposes four axes where there are three.
    """
    return isinstance(component, EinsumDense) and component.bias_axes is not None and component.output_shape[-1] == 1


def _vector_bias(step: Step) -> Iterator[tuple[SavedLayer, list[Array]]]:
    """The same outputs, with the bias as the offset of a Rescaling; each layer with its weights."""
    einsum: Any = step.layer.component
    shape = step.shape
    for component, arrays in (
        (einsum.model_copy(update={"bias_axes": None, "activation": None}), [step.weights["kernel"]]),
        (Flatten(), []),
        (SavedRescaling(scale=1.0, offset=step.weights["bias"].ravel().tolist()), []),
        (Reshape(target_shape=einsum.output_shape), []),
        (Activate(activation=einsum.activation or "linear"), []),
    ):
        size = layer_size(component.tag, component, shape)
        name = f"{step.layer.name}/{component.tag}"  # Keras has no / in the name of a layer: it is a new one
        yield replace(step.layer, name=name, keras_class=component.keras_class, size=size, component=component), arrays
        shape = size.output_shape


def converted(source: Path) -> bytes:
    """A SavedModel as a LiteRT model, with float32 weights.

    Raises:
        MlpcliError: LiteRT lacks an operation, or the converter fails.
    """
    converter = backend.tensorflow().lite.TFLiteConverter.from_saved_model(
        str(source), signature_keys=[saved_model.SIGNATURE]
    )
    try:
        with backend.filtered_stderr():
            return bytes(converter.convert())
    except Exception as error:  # the converter's own class is not exported
        raise MlpcliError(f"--to litert: {_reason(str(error))}; use --to onnx") from error


def _reason(message: str) -> str:
    """What the converter complains of: operations that LiteRT lacks, or else its own words, without places."""
    missing = sorted({*re.findall(r"'tf\.(\w+)' op is neither a custom op nor a flex op", message)})
    if missing:
        return f"LiteRT cannot run this network, since it has no {', '.join(missing)}"
    first = message.strip().partition("\n")[0]
    return f"TensorFlow's converter fails on this network: {first.rpartition('): ')[2][:300]}"


def _add_facts(path: Path, saved: SavedModel) -> None:
    """Append a zip, as TensorFlow Lite's metadata has its files: the runtime ignores it, and unzip reads it."""
    with zipfile.ZipFile(path, "a") as archive:
        if (names := saved.meaning.class_names) is not None:
            archive.writestr(LABELS, "".join(f"{name}\n" for name in names))
        archive.writestr(FACTS, json.dumps(facts(saved), ensure_ascii=False, indent=2))


def outputs(saved: SavedModel, path: Path, rows: Rows) -> Array:
    """What LiteRT makes of the rows: (n, units) float32."""
    with backend.filtered_stderr():
        interpreter = _interpreter_class()(model_path=str(path))
        return np.concatenate([_run(interpreter, batch.x.astype(np.float32)) for batch in rows.batches()])


def _run(interpreter: Any, x: Array) -> Array:
    (given,), (made,) = interpreter.get_input_details(), interpreter.get_output_details()
    interpreter.resize_tensor_input(given["index"], x.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(given["index"], x)
    interpreter.invoke()
    found: Array = interpreter.get_tensor(made["index"])
    return found


def runtime() -> str:
    """What loads the file, with its version.

    Raises:
        UserError: ai-edge-litert is not installed.
    """
    from importlib.metadata import version

    _interpreter_class()
    return f"LiteRT {version('ai-edge-litert')}"


def _interpreter_class() -> Any:
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError as error:
        raise UserError("--to litert: needs ai-edge-litert; pip install 'mlpcli[litert]'") from error
    return Interpreter
