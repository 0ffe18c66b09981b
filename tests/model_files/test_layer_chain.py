"""Functional models that are chains, as versions of Keras write them, and those that are not."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from mlpcli.errors import ModelFileError
from mlpcli.modelfile.description import saved_layers

PATH = Path("model.keras")


def node(source: str, version: int = 3, **options: Any) -> list[Any]:
    if version == 2:
        return [[[source, 0, 0, options]]]
    tensor = {"class_name": "__keras_tensor__", "config": {"shape": [None, 4], "keras_history": [source, 0, 0]}}
    return [{"args": [tensor], "kwargs": options}]


def functional(*sources: str, version: int = 3, nested: bool = False, **changes: Any) -> dict[str, Any]:
    """Dense layers d0, d1 ... that take their inputs from `sources`."""
    layers = [{"class_name": "InputLayer", "config": {"batch_shape": [None, 4], "name": "i"}, "name": "i",
               "inbound_nodes": []}]  # fmt: skip
    for index, source in enumerate(sources):
        config = {"name": f"d{index}", "units": 4 + index}
        layers.append(
            {"class_name": "Dense", "config": config, "name": f"d{index}", "inbound_nodes": node(source, version)}
        )
    ends = (["i", 0, 0], [f"d{len(sources) - 1}", 0, 0])
    first, last = ([end] for end in ends) if nested else ends
    config = {"name": "f", "layers": layers, "input_layers": first, "output_layers": last, **changes}
    return {"class_name": "Functional", "module": "keras.src.models.functional", "config": config}


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("nested", [True, False])
def test_a_chain_is_followed(version: int, nested: bool) -> None:
    shape, layers = saved_layers(PATH, functional("i", "d0", "d1", version=version, nested=nested))
    assert shape == (4,)
    assert [(layer.name, layer.size.output_shape) for layer in layers] == [("d0", (4,)), ("d1", (5,)), ("d2", (6,))]


def test_the_order_in_the_file_does_not_matter() -> None:
    model = functional("i", *(f"d{index}" for index in range(8)))
    random.Random(1).shuffle(model["config"]["layers"])
    assert [layer.name for layer in saved_layers(PATH, model)[1]] == [f"d{index}" for index in range(9)]


def test_options_that_were_not_taken_are_none() -> None:
    model = functional("i", "d0")
    model["config"]["layers"][2]["inbound_nodes"] = node("d0", training=False, mask=None)
    assert len(saved_layers(PATH, model)[1]) == 2


def test_the_old_name_of_functional_models() -> None:
    model = {**functional("i", version=2), "class_name": "Model"}
    del model["module"]
    assert len(saved_layers(PATH, model)[1]) == 1


def with_nodes(nodes: Any) -> dict[str, Any]:
    model = functional("i", "d0", "d1")
    model["config"]["layers"][2]["inbound_nodes"] = nodes
    return model


NO_CHAINS = {
    "two take the same": functional("i", "d0", "d0"),
    "nobody gives": functional("i", "somebody"),
    "a ring": functional("d1", "d0"),
    "itself": functional("i", "d1"),
    "ends early": functional("i", "d0", output_layers=["d0", 0, 0]),
    "ends twice": functional("i", "d0", output_layers=[["d0", 0, 0], ["d1", 0, 0]]),
    "starts elsewhere": functional("i", "d0", input_layers=["d0", 0, 0]),
    "called twice": with_nodes([*node("d0"), *node("d0")]),
    "training": with_nodes(node("d0", training=True)),
    "two inputs": with_nodes([{"args": [node("d0")[0]["args"], node("i")[0]["args"]], "kwargs": {}}]),
    "second output": with_nodes([[["d0", 0, 1, {}]]]),
    "no nodes": with_nodes([]),
    "no list": with_nodes({"a": 1}),
    "numbers": with_nodes([[[1, 2, 3, 4]]]),
    "no input": {**functional("i"), "config": {"layers": functional("d0")["config"]["layers"][1:]}},
    "nothing": {**functional("i"), "config": {"layers": []}},
}  # fmt: skip


@pytest.mark.parametrize("model", NO_CHAINS.values(), ids=NO_CHAINS.keys())
def test_what_is_no_chain_is_refused(model: dict[str, Any]) -> None:
    with pytest.raises(ModelFileError, match=r"is a Functional model that branches or joins at layer .*; mlpcli opens"):
        saved_layers(PATH, model)
