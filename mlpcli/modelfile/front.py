"""The layers that stay out of a model file (`output.input`): written into its metadata, and put back when it is read.

The network that mlpcli trains begins with what scales and flattens its inputs. A file for those who go on in a
notebook can do without: it takes what the tutorials give, x / 255 in rows of 784. In mlpcli it is the whole network.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mlpcli.errors import ModelFileError
from mlpcli.model.shapes import SavedLayer, Shape
from mlpcli.modelfile.card import damaged_metadata
from mlpcli.modelfile.container import FRONT, METADATA_FORMAT, Metadata, front_of
from mlpcli.modelfile.description import saved_layers
from mlpcli.text import printable

FRONT_LAYERS = (
    *("Rescaling", "Normalization", "Flatten", "Reshape"),
    *("ZeroPadding2D", "GroupNormalization", "Cropping2D"),  # of the smooth clip
)
MOST_FRONT = 20


def with_front(
    path: Path, metadata: Metadata, input_shape: Shape, own: tuple[Shape, Sequence[SavedLayer]]
) -> tuple[list[SavedLayer], int]:
    """The layers of the whole network, and how many of the first of them are not in the file.

    Args:
        input_shape: of the network, as its card has it.
        own: what the model in the file takes, and its layers.

    Raises:
        ModelFileError: the layers are others than a training leaves out, or do not fit those in the file.
    """
    (file_shape, layers), described = own, front_of(metadata)
    if not described and metadata["format"] == METADATA_FORMAT:
        raise damaged_metadata(path, "is missing", FRONT)
    if not described:
        return [*layers], 0
    front = _checked(path, described, input_shape)
    made = front[-1].size.output_shape
    if made != file_shape:
        raise damaged_metadata(path, f"makes {made} of a row, but the model in the file takes {file_shape}", FRONT)
    if {layer.name for layer in front} & {layer.name for layer in layers}:
        raise damaged_metadata(path, "has a layer whose name is that of another", FRONT)
    return [*front, *layers], len(front)


def _checked(path: Path, described: Sequence[Any], input_shape: Shape) -> list[SavedLayer]:
    for index, layer in enumerate(described):
        kind = layer.get("class_name") if isinstance(layer, Mapping) else None
        if kind not in FRONT_LAYERS or index >= MOST_FRONT:
            raise damaged_metadata(path, f"{printable(kind, 40)} cannot stand before the model", f"{FRONT}[{index}]")
    config = {"layers": [*described], "build_input_shape": [None, *input_shape]}
    try:
        _, front = saved_layers(path, {"class_name": "Sequential", "config": config})
    except ModelFileError as error:
        found = str(error).removeprefix(f"{path}: ").partition(";")[0]
        raise damaged_metadata(path, found, FRONT) from error
    weighted = next((layer for layer in front if layer.weights), None)
    if weighted is not None:
        raise damaged_metadata(path, f"{printable(weighted.name, 40)} lacks its numbers", FRONT)
    return front
