"""What a file of any format tells of the model in it."""

from __future__ import annotations

import json

from mlpcli import __version__
from mlpcli.modelfile.saved_model import SavedModel


def facts(saved: SavedModel) -> dict[str, str]:
    """What a program should know of the model; lists are JSON."""
    card, meaning = saved.card, saved.meaning
    found = {"name": card.name, "task": meaning.task, "mlpcli_version": __version__}
    if meaning.class_names is not None:
        found["class_names"] = json.dumps(meaning.class_names, ensure_ascii=False)
        found["output"] = meaning.score
    if meaning.task == "binary":
        found["threshold"] = repr(meaning.decides_at)
    if meaning.targets:
        found["targets"] = json.dumps(meaning.targets, ensure_ascii=False)
    preprocessing = card.data.preprocessing
    features = preprocessing.feature_names if preprocessing is not None else card.data.feature_names
    if features:
        found["feature_names"] = json.dumps(features, ensure_ascii=False)
    if card.data.pixel_max is not None:
        found["pixel_max"] = f"{card.data.pixel_max:g}"
    return found
