"""LiteRT (TensorFlow Lite), for phones and small devices: converted by TensorFlow from a SavedModel."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from mlpcli import backend
from mlpcli.arrays import Array
from mlpcli.errors import MlpcliError, UserError
from mlpcli.exporters import saved_model
from mlpcli.exporters.formats import Rows, facts
from mlpcli.modelfile.saved_model import SavedModel

LABELS, FACTS = "labels.txt", "mlpcli.json"


def write(saved: SavedModel, path: Path) -> list[Path]:
    """Write the file.

    Returns:
        The files written.

    Raises:
        UserError: ai-edge-litert is not installed.
        MlpcliError: LiteRT lacks an operation; it is named.
    """
    _interpreter_class()
    with TemporaryDirectory(prefix="mlpcli-") as folder:
        (source,) = saved_model.write(saved, Path(folder) / "model")
        path.write_bytes(converted(source))
    _add_facts(path, saved)
    return [path]


def converted(source: Path) -> bytes:
    """A SavedModel as a LiteRT model, with float32 weights.

    Raises:
        MlpcliError: LiteRT lacks an operation.
    """
    converter = backend.tensorflow().lite.TFLiteConverter.from_saved_model(
        str(source), signature_keys=[saved_model.SIGNATURE]
    )
    try:
        with backend.filtered_stderr():
            return bytes(converter.convert())
    except Exception as error:  # the converter's own class is not exported
        missing = sorted({*re.findall(r"tf\.(\w+)", str(error))})
        reason = f"it has no {', '.join(missing)}" if missing else str(error).strip().partition("\n")[0][:300]
        raise MlpcliError(f"--to litert: LiteRT cannot run this network: {reason}; use --to onnx") from error


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
