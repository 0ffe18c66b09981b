"""What a model file says of the rows it takes, as the data rooms understand it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlpcli.data.dataset import ImageForm, Layout, Source
from mlpcli.data.streaming.disk_rows import on_disk
from mlpcli.errors import ModelFileError, UserError
from mlpcli.tables.preprocessing import Preprocessing

if TYPE_CHECKING:
    from mlpcli.arrays import Array


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


@dataclass(frozen=True)
class Told:
    """What people say of a model that mlpcli has not written.

    class_names: in the order of its outputs. divide_by: what its inputs were divided by in training, as in x / 255.
    """

    class_names: tuple[str, ...] | None = None
    divide_by: float = 1.0

    def divided(self, x: Array) -> Array:
        """Raw rows (n, ...) as the model takes them: float32 where they are divided."""
        return x if self.divide_by == 1 else (x / self.divide_by).astype("float32")


def read_model_metadata(file: Path) -> dict[str, Any] | None:
    """What the file says of its task, its classes and its data; None where mlpcli has not written it.

    Raises:
        ModelFileError: the file is missing or damaged.
    """
    from mlpcli.modelfile.container import read_metadata

    metadata = read_metadata(file)
    if metadata is None:
        return None
    if not all(isinstance(metadata.get(key), dict) for key in ("config", "plan", "data")) or "name" not in metadata:
        raise ModelFileError(f"{file}: its mlpcli metadata is damaged; restore the file or train again")
    return metadata


PROBABILITIES = ("softmax", "sparsemax", "sigmoid", "hard_sigmoid")
"""Output activations between 0 and 1; what others give to classes is called a score."""


@dataclass(frozen=True)
class Meaning:
    """What the outputs of a model stand for.

    class_names: None where it predicts numbers. threshold: binary, above it is the second class. outputs: how many
    there are for each row. score: "probability", or "score" where the outputs are none. target: the column it learnt.
    """

    task: str
    class_names: tuple[str, ...] | None
    threshold: float
    outputs: int
    score: str
    target: str | None

    def check_top(self, top: int) -> int:
        """How many classes are named for each row: `top`, or all where there are fewer.

        Raises:
            UserError: fewer than one, or several where there are no classes.
        """
        if top < 1:
            raise UserError(f"--top {top}: must be at least 1")
        if self.class_names is None and top > 1:
            raise UserError("--top: is for classes, and this model predicts a number; leave it out")
        return min(top, len(self.class_names or (None,)))


def meaning_of(file: Path, metadata: dict[str, Any]) -> Meaning:
    """What the outputs mean, from the file's metadata and the activation of its last layer.

    Raises:
        ModelFileError: the file is damaged.
    """
    from mlpcli.modelfile.container import read_architecture

    plan = metadata["plan"]
    try:
        layers = read_architecture(file)["config"]["layers"]
        activation = layers[-1]["config"].get("activation")
        names = None if plan["class_names"] is None else tuple(str(name) for name in plan["class_names"])
        outputs = 1 if plan["task"] == "binary" else int(plan.get("targets", 1)) if names is None else len(names)
        if (names is None) != (plan["task"] == "regression") or (plan["task"] == "binary" and len(names or ()) != 2):
            raise ValueError("task and classes do not agree")
        target = metadata["config"].get("data", {}).get("target")
        score = "probability" if activation in PROBABILITIES else "score"
        return Meaning(str(plan["task"]), names, float(plan["threshold"]), outputs, score, target)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise ModelFileError(
            f"{file}: its mlpcli metadata is damaged ({error}); restore the file or train again"
        ) from error
