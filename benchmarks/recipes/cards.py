"""The card of each recipe, written from its config and its stored results."""

from __future__ import annotations

from typing import Any

from benchmarks.recipes.figures import figure, is_timed, shown
from benchmarks.recipes.jobs import CONFIGS, content_of, recipe_names
from benchmarks.recipes.results import Entry, finished, metric_of
from mlpcli.recipes import COMMAND, SCORE, TIME, with_facts

NOT_MEASURED = "not measured: its data was not available"


def write_cards() -> None:
    """Replace the facts on the card of every recipe."""
    for name in recipe_names():
        path = CONFIGS / f"{name}.yaml"
        text = path.read_text(encoding="utf-8")
        path.write_text(with_facts(text, facts_of(name)), encoding="utf-8")


def facts_of(name: str) -> dict[str, str]:
    """What the card says, key by key."""
    config, first = content_of(name), next(iter(finished(name)), None)
    return {
        "data": _data(config["data"], first),
        "network": _network(config["model"], first),
        "training": _training(config["training"]),
        SCORE: _score(name, first),
        TIME: _time(name, first),
        COMMAND: f"mlpcli train {name}",
    }


def _data(data: dict[str, Any], entry: Entry | None) -> str:
    if entry is None:
        return str(data["source"])
    rows = ", ".join(f"{count:,} {part}" for part, count in entry["rows"].items())
    same = ", the test rows for validation" if data.get("validation") == "test" else ""
    return f"{data['source']}: {rows} rows{same}"


def _time(name: str, entry: Entry | None) -> str:
    if entry is None or not is_timed(name):
        return "not measured"
    return f"{figure('seconds', name).mean:.0f} s, the whole command on {entry['versions']['cores']} cores"


def _score(name: str, entry: Entry | None) -> str:
    if entry is None:
        return NOT_MEASURED
    found = figure("test", name)
    seeds = f"{found.seeds} seeds" if found.seeds > 1 else "one seed"
    return f"test {metric_of(entry)} {shown(found)}, {seeds}"


def _network(model: dict[str, Any], entry: Entry | None) -> str:
    words = [_layer(layer) for layer in model["layers"]] if "layers" in model else _short_form(model)
    if entry is not None:
        output = f"{entry['chosen']['output']['units']} {entry['chosen']['output']['activation']}"
        if words[-1] == f"dense {output}":  # the layers have it themselves
            words.pop()
        words.append(output)
        words[-1] += f"; {sum(entry['parameters'].values()):,} parameters"
    return ", ".join(words)


def _short_form(model: dict[str, Any]) -> list[str]:
    units = model["hidden_units"]
    if not units:
        return ["no hidden layer"]
    words = [f"{'-'.join(map(str, units))} {model.get('activation', 'relu')}"]
    if "kernel_initializer" in model:
        words.append(_component(model["kernel_initializer"]))
    words += ["BatchNorm"] if model.get("batch_normalization") else []
    words += [f"Dropout {model['dropout']}"] if model.get("dropout") else []
    return words + ([f"L2 {model['kernel_regularizer']['l2']}"] if model.get("kernel_regularizer") else [])


def _layer(layer: Any) -> str:
    """A layer of the long form in a few words: its name, then what matters of its arguments."""
    if isinstance(layer, str):
        return layer
    ((name, arguments),) = layer.items()
    if not isinstance(arguments, dict):
        return f"{name} {arguments}"
    size = arguments.get("units") or f"{arguments['filters']} of {arguments['kernel_size']}x{arguments['kernel_size']}"
    return f"{name} {size} {arguments.get('activation', 'linear')}"


def _component(value: Any) -> str:
    """`{random_normal: {mean: 0.0, stddev: 0.05}}` as `random_normal stddev 0.05`."""
    if isinstance(value, str):
        return value
    ((name, arguments),) = value.items()
    return " ".join([name, *(f"{key} {number:g}" for key, number in arguments.items() if key != "mean")])


def _training(training: dict[str, Any]) -> str:
    optimizer = training["optimizer"]
    stopping = training.get("early_stopping")
    words = [optimizer if isinstance(optimizer, str) else _optimizer(optimizer)]
    words += [f"{'at most ' if stopping else ''}{training['epochs']} epochs", f"batches of {training['batch_size']}"]
    words += [f"early stopping on {stopping['monitor']}"] if stopping else []
    return ", ".join(words + (["or when the accuracies meet"] if training.get("stop_when_equal") else []))


def _optimizer(optimizer: dict[str, Any]) -> str:
    arguments = [
        f"{key.replace('_', ' ')} {value}" for key, value in optimizer.items() if key not in ("name", "nesterov")
    ]
    return " ".join([optimizer["name"], *(["Nesterov"] if optimizer.get("nesterov") else []), *arguments])
