"""What a model file says of itself, as lines for people: its data, classes, scores, config and versions.

The metadata may be anybody's: whatever is not as mlpcli writes it is left out, and nothing of it is believed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from mlpcli.artifacts.file_origin import Origin, read_origin
from mlpcli.artifacts.printable import printable
from mlpcli.model.compilation import Compilation, compilation_of

Fact = tuple[str, str]
"""What it is about, and what the file says of it."""
MOST_NAMES = 12


def file_facts(file: Path, metadata: Mapping[str, Any] | None, architecture: Mapping[str, Any]) -> list[Fact]:
    """All that is known, in the order in which people ask for it; a file of stock Keras says little.

    Raises:
        ModelFileError: the file is damaged.
    """
    origin, known = read_origin(file), metadata or {}
    facts = [*_of_data(known), *_of_training(known), *_of_scores(known)]
    if metadata is None:
        facts += _of_compilation(*compilation_of(architecture))
    facts.append(("written by", ", ".join(_writers(known, origin))))
    if origin.saved:
        facts.append(("saved", origin.saved))
    if origin.keras_version and _newer(origin.keras_version, _installed("keras")):
        facts.append(("note", f"Keras {origin.keras_version} is newer than the {_installed('keras')} here"))
    return facts


def _of_data(metadata: Mapping[str, Any]) -> Iterator[Fact]:
    data, plan = _mapping(metadata, "data"), _mapping(metadata, "plan")
    source = _mapping(metadata, "config", "data").get("source")
    if source is not None:
        yield "data", printable(source, 200)
    rows = [f"{name} {count:,}" for name, count in _mapping(data, "rows").items() if type(count) is int and count > 0]
    if rows:
        yield "rows", printable(", ".join(rows[:5]), 200)
    stored = _mapping(data, "preprocessing").get("columns")
    named = [column.get("name") for column in stored if isinstance(column, dict)] if isinstance(stored, list) else []
    columns: Any = named or data.get("feature_names")
    if columns:
        yield "columns", _names(columns)
    if plan.get("class_names"):
        yield "classes", _names(plan["class_names"])


def _of_training(metadata: Mapping[str, Any]) -> Iterator[Fact]:
    plan, model, training = (
        _mapping(metadata, *keys) for keys in (("plan",), ("config", "model"), ("config", "training"))
    )
    if plan.get("task"):
        yield "task", f"{printable(plan['task'])}, loss {printable(plan.get('loss'))}"
    settings = {
        "hidden_units": model.get("hidden_units") if "layers" not in model else None,
        "activation": model.get("activation") if "layers" not in model else None,
        "optimizer": _mapping(training, "optimizer").get("name"),
        "learning_rate": _mapping(training, "optimizer").get("learning_rate"),
        "batch_size": training.get("batch_size"),
        "epochs": training.get("epochs"),
        "engine": training.get("engine"),
        "seed": _mapping(metadata, "config").get("seed"),
    }
    said = [f"{key} {_short_list(value)}" for key, value in settings.items() if value is not None]
    if said:
        yield "config", ", ".join(said)
    if type(metadata.get("kept_epoch")) is int:
        yield "weights", f"of epoch {metadata['kept_epoch']}"


def _of_scores(metadata: Mapping[str, Any]) -> Iterator[Fact]:
    for part, scores in list(_mapping(metadata, "scores").items())[:5]:
        if isinstance(scores, dict):
            named = sorted(scores.items(), key=lambda score: score[0] != "loss")
            said = [f"{printable(name)} {value:.4g}" for name, value in named if type(value) in (int, float)]
            yield printable(part), ", ".join(said[:MOST_NAMES])


def _of_compilation(compilation: Compilation | None, why_not: str | None) -> Iterator[Fact]:
    if compilation is None:
        yield "compiled", f"no, {why_not}"
        return
    optimizer = compilation.optimizer.component.tag if compilation.optimizer is not None else "an unknown optimizer"
    yield "compiled", f"with {optimizer}, loss {compilation.loss.component.tag}"


def _writers(metadata: Mapping[str, Any], origin: Origin) -> Iterator[str]:
    versions = _mapping(metadata, "versions")
    if metadata.get("version") is not None:
        yield f"mlpcli {printable(metadata['version'], 40)}"
    yield f"Keras {origin.keras_version or printable(versions.get('keras') or 'of unknown version', 40)}"
    for name in ("tensorflow", "python"):
        if name in versions:
            yield f"{name} {printable(versions[name], 40)}"


def _names(values: Any) -> str:
    if not isinstance(values, (list, tuple)):
        return printable(values)
    shown = ", ".join(printable(value, 40) for value in values[:MOST_NAMES])
    return f"{len(values):,}: {shown}{', ...' if len(values) > MOST_NAMES else ''}"


def _short_list(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(printable(entry, 20) for entry in value[:MOST_NAMES])}]"
    return printable(value, 40)


def _mapping(value: Any, *keys: str) -> dict[str, Any]:
    """What stands at `keys`, one in another; nothing where there is no mapping."""
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, dict) else {}


def _installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _newer(one: str, other: str | None) -> bool:
    """Whether a version comes after another by its first two numbers; what is no version comes after none."""
    try:
        first, second = ([int(part) for part in text.split(".")[:2]] for text in (one, other or one))
    except ValueError:
        return False
    return first > second
