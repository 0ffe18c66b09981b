"""Which layer is the output: the last of model.layers where it can be, else one behind them, or a refusal."""

from __future__ import annotations

from typing import Any

import pytest

from mlpcli.config.data_words import Task
from mlpcli.config.schema import Config
from mlpcli.data.dataset import DataFacts
from mlpcli.errors import SettingError
from mlpcli.model.plan import Plan, make_plan

CLASSES = {"classification": ("a", "b", "c"), "binary": ("no", "yes"), "regression": None}
RELU_8 = {"dense": {"units": 8, "activation": "relu"}}


def planned(task: Task, layers: list[Any], targets: int = 1, output: Any = "auto", **training: Any) -> Plan:
    facts = DataFacts("s", "table", (4,), task, CLASSES[task], None, None, targets, 30, 5, 5, "here")
    model = {"layers": layers, "output": output}
    return make_plan(
        Config.model_validate({"name": "n", "data": {"source": "iris"}, "model": model, "training": training}), facts
    )


def dense(units: int, activation: str | None = None, **arguments: Any) -> dict[str, Any]:
    return {"dense": {"units": units, "activation": activation, **arguments}}


def ends(plan: Plan) -> list[tuple[int, str | None]]:
    """Units and activation of each dense layer."""
    found: list[Any] = [layer.component for layer in plan.layers if layer.component.tag == "dense"]
    return [(layer.units, layer.activation) for layer in found]


@pytest.mark.parametrize(
    ("task", "last", "training", "expected"),
    [
        ("classification", [dense(3, "softmax")], {}, (3, "softmax")),
        ("classification", [dense(3), {"activation": "softmax"}], {}, (3, "softmax")),
        ("classification", [{"dense": 3}, "softmax"], {}, (3, "softmax")),
        ("classification", [dense(3, "sigmoid")], {"loss": "binary_crossentropy"}, (3, "sigmoid")),
        ("classification", [dense(3, "linear")], {"loss": "categorical_hinge"}, (3, "linear")),
        ("classification", [dense(3)], {"loss": "mse"}, (3, "linear")),
        ("binary", [dense(1, "sigmoid")], {}, (1, "sigmoid")),
        ("binary", [dense(2, "softmax")], {}, (2, "softmax")),
        ("binary", [dense(1, "tanh")], {"loss": "hinge"}, (1, "tanh")),
        ("regression", [dense(1)], {}, (1, "linear")),
        ("regression", [dense(1, "linear")], {}, (1, "linear")),
        ("regression", [dense(1, "relu")], {}, (1, "relu")),
        ("regression", [dense(1, "exponential")], {"loss": "poisson"}, (1, "exponential")),
    ],
)
def test_the_last_layer_is_the_output(task: Task, last: list[Any], training: dict[str, Any], expected: Any) -> None:
    plan = planned(task, [RELU_8, *last], **training)
    assert ends(plan) == [(8, "relu"), expected]
    assert [layer.component.tag for layer in plan.layers] == ["normalization", "dense", "dense"]
    assert plan.notes == ()


def test_its_arguments_and_its_name_are_kept() -> None:
    layers = [RELU_8, dense(3, "softmax", kernel_initializer="he_normal", use_bias=False, name="answer")]
    output: Any = planned("classification", layers).output
    assert (output.name, output.component.kernel_initializer.tag) == ("answer", "he_normal")
    assert (output.component.use_bias, output.size.parameters) == (False, 24)


def test_it_may_be_the_only_layer() -> None:
    assert ends(planned("classification", [dense(3, "softmax")])) == [(3, "softmax")]


LOGITS = (
    "model.layers[1] is the output, with {} added after it: the model gives probabilities, and the loss is that of"
    " Keras's from_logits=True"
)


@pytest.mark.parametrize(
    ("task", "units", "expected"),
    [
        ("classification", 3, (3, "softmax")),
        ("binary", 1, (1, "sigmoid")),
        ("binary", 2, (2, "softmax")),
    ],
)
@pytest.mark.parametrize("activation", [None, "linear"])
def test_logits_become_probabilities(task: Task, units: int, activation: Any, expected: tuple[int, str]) -> None:
    plan = planned(task, [RELU_8, dense(units, activation)])
    assert ends(plan) == [(8, "relu"), expected]
    assert plan.notes == (LOGITS.format(expected[1]),)


@pytest.mark.parametrize(
    ("task", "last", "note"),
    [
        (
            "classification",
            dense(3, "relu"),
            "model.layers[1] (dense, 3 units, relu) is a hidden layer; the output after it is dense, 3 units, softmax",
        ),
        ("classification", dense(3, "sigmoid"), "model.layers[1] (dense, 3 units, sigmoid) is a hidden layer; the"),
        ("classification", dense(5), "model.layers[1] (dense, 5 units, linear) is a hidden layer; the output after"),
        (
            "regression",
            dense(5),
            "model.layers[1] (dense, 5 units, linear) is a hidden layer; the output after it is dense, 1 unit, linear",
        ),
    ],
)
def test_an_output_behind_a_layer_that_may_have_been_meant_is_said(task: Task, last: Any, note: str) -> None:
    plan = planned(task, [RELU_8, last])
    assert len(ends(plan)) == 3
    (said,) = plan.notes
    assert said.startswith(note)


@pytest.mark.parametrize(
    "layers", [[RELU_8], [RELU_8, "relu"], [dense(3, "softmax"), {"dropout": 0.2}], ["identity"], [dense(2, "relu")]]
)
def test_other_ends_get_an_output_as_ever(layers: list[Any]) -> None:
    plan = planned("classification", layers)
    assert ends(plan)[-1] == (3, "softmax")
    assert len(ends(plan)) == 1 + sum("dense" in layer for layer in layers)
    assert plan.notes == ()


def test_an_output_that_is_given_stands_behind_the_layers() -> None:
    plan = planned("classification", [dense(3, "softmax")], output={"activation": "softmax"})
    assert ends(plan) == [(3, "softmax"), (3, "softmax")]


UNITS, ACTIVATION = "model.layers[1].dense.units", "model.layers[1].dense.activation"


@pytest.mark.parametrize(
    ("task", "last", "training", "key", "message"),
    [
        (
            "classification",
            [dense(10, "softmax")],
            {},
            UNITS,
            "must be one per class, 3 (got 10); correct it, or set mod",
        ),
        ("classification", [dense(1, "sigmoid")], {}, UNITS, "must be one per class, 3 (got 1)"),
        ("binary", [dense(10, "softmax")], {}, UNITS, "must be one per class, 2 (got 10)"),
        ("regression", [dense(10, "softmax")], {}, UNITS, "must be one per target, 1 (got 10)"),
        ("binary", [dense(1, "softmax")], {}, ACTIVATION, "softmax over one unit is always 1; use sigmoid"),
        ("binary", [dense(1, "relu")], {}, ACTIVATION, "needs probabilities, which relu does not give; use sigmoid"),
        ("classification", [dense(3, "log_softmax")], {}, ACTIVATION, "which log_softmax does not give; use softmax"),
        ("regression", [dense(1)], {"loss": "poisson"}, ACTIVATION, "but linear gives others, too; use softplus"),
        (
            "classification",
            ["batch_normalization", "softmax"],
            {},
            "model.layers[2]",
            "softmax is for the output, which is a dense layer; end in `dense: {units: ..., activation: softmax}`",
        ),
        ("classification", [{"activation": "softmax"}], {}, "model.layers[1]", "softmax is for the output"),
    ],
)
def test_an_output_that_does_not_fit_is_refused(
    task: Task, last: list[Any], training: dict[str, Any], key: str, message: str
) -> None:
    with pytest.raises(SettingError) as caught:
        planned(task, [RELU_8, *last], **training)
    assert caught.value.key == key
    assert message in caught.value.message


@pytest.mark.parametrize("given", [[4], 4, "(4,)", [4, 1]])
@pytest.mark.parametrize("key", ["input_shape", "input_dim"])
def test_an_input_shape_that_agrees_is_accepted_in_the_first_layer(key: str, given: Any) -> None:
    plan = planned("classification", [dense(8, "relu", **{key: given}), dense(3, "softmax")])
    assert (plan.input_shape, ends(plan)) == ((4,), [(8, "relu"), (3, "softmax")])


@pytest.mark.parametrize("given", [[784], "(28, 28)", 5])
def test_one_that_does_not_is_explained(given: Any) -> None:
    with pytest.raises(
        SettingError, match=r"input_shape is \(.*\), but a row of the data has the shape \(4,\)"
    ) as caught:
        planned("classification", [dense(8, "relu", input_shape=given), dense(3, "softmax")])
    assert caught.value.key == "model.layers[0]"


def test_a_config_keeps_the_shape_and_is_silent_without_one() -> None:
    data = {"data": {"source": "iris"}}
    layers = [dense(8, "relu", input_shape=[4])]
    assert Config.model_validate({**data, "model": {"layers": layers}}).model_dump()["model"]["input_shape"] == [4]
    assert "input_shape" not in Config.model_validate(data).model_dump()["model"]
