"""What a model file says of the rows it takes, as the data rooms understand it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mlpcli.data.dataset import ImageForm, Source
from mlpcli.data.other_rows import Layout
from mlpcli.data.streaming.disk_rows import on_disk
from mlpcli.data.tables.preprocessing import Preprocessing
from mlpcli.errors import ModelFileError


def layout_metadata(source: Source) -> dict[str, Any]:
    """The part of the metadata that `stored_layout` reads."""
    image = source.image
    return {
        "kind": source.kind,
        "streamed": on_disk(source.train.x),
        "feature_names": source.feature_names,
        "pixel_max": source.pixel_max,
        "preprocessing": source.preprocessing.as_json() if source.preprocessing is not None else None,
        "image": {**vars(image), "size": list(image.size)} if image is not None else None,
    }


def stored_layout(file: Path, metadata: dict[str, Any]) -> Layout:
    """The layout of a model's rows; `file` opens the message.

    Raises:
        ModelFileError: what the file says makes no sense.
    """
    plan, data = metadata["plan"], metadata["data"]
    try:
        classes = tuple(plan["class_names"]) if plan["class_names"] is not None else None
        names = tuple(data["feature_names"]) if data["feature_names"] else None
        shape = tuple(int(size) for size in plan["input_shape"])
        stored, image = data.get("preprocessing"), data.get("image")
        return Layout(
            shape,
            classes,
            names,
            int(plan.get("targets", 1)),
            Preprocessing.from_json(stored) if stored is not None else None,
            _image(image) if image is not None else None,
            data.get("pixel_max"),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ModelFileError(
            f"{file}: its mlpcli metadata is damaged ({error}); restore the file or train again"
        ) from error


def _image(value: dict[str, Any]) -> ImageForm:
    height, width = (int(side) for side in value["size"])
    if not (0 < height <= 4096 and 0 < width <= 4096):
        raise ValueError(f"pictures of {height} x {width}")
    if value["color"] not in ("grayscale", "rgb") or value["fit"] not in ("stretch", "pad"):
        raise ValueError(f"pictures that are {value['color']} and {value['fit']}")
    return ImageForm((height, width), value["color"], value["fit"], float(value["border"]))
