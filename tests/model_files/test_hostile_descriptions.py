"""Descriptions of models that ask for what no model file may have: each is refused in words, and nothing is done."""

from __future__ import annotations

import base64
import json
import marshal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Refused = Callable[[Path, str], None]
both = pytest.mark.parametrize("kind", ["keras", "h5"])


def layer(class_name: str, module: str | None = "keras.layers", /, **config: Any) -> dict[str, Any]:
    found = {"class_name": class_name, "config": config, "registered_name": None}
    return found if module is None else {"module": module, **found}


def function(name: Any, module: str = "builtins") -> dict[str, Any]:
    return {"module": module, "class_name": "function", "config": name, "registered_name": name}


CODE = {"class_name": "__lambda__", "config": {"value": "4wEAAAAAAAAAAAAAAAEAAAABAAAAQwAAAA==", "defaults": None}}
INNER = layer("Dense", name="inner", units=3)
STRANGE_LAYERS: dict[str, tuple[dict[str, Any], str]] = {
    "lambda": (layer("Lambda", name="l", function=CODE), "layer 1 is keras.layers.Lambda"),
    "lambda of Keras 2": (
        layer("Lambda", None, name="l", function=["4wEAAAA=", None, None], function_type="lambda", module="os"),
        "layer 1 is keras.layers.Lambda",
    ),
    "saved model": (layer("TFSMLayer", name="l", filepath="/tmp"), "layer 1 is keras.layers.TFSMLayer"),
    "file of words": (
        layer("StringLookup", name="l", vocabulary="/etc/passwd"), "layer 1 is keras.layers.StringLookup",
    ),
    "torch": (layer("TorchModuleWrapper", name="l", module="gASV"), "layer 1 is keras.layers.TorchModuleWrapper"),
    "wrapper": (layer("TimeDistributed", name="l", layer=layer("Lambda")), "layer 1 is keras.layers.TimeDistributed"),
    "wrapped dense": (layer("TimeDistributed", name="l", layer=INNER), "layer 1 is keras.layers.TimeDistributed"),
    "model in a model": (
        {"module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": [INNER]}},
        "layer 1 is keras.Sequential",
    ),
    "command": ({**layer("system", "os"), "registered_name": "system"}, "layer 1 is os.system"),
    "process": (layer("Popen", "subprocess", args=["touch"]), "layer 1 is subprocess.Popen"),
    "dense of another": (layer("Dense", "evil", name="l", units=3), "layer 1 is evil.Dense"),
    "registered": ({**INNER, "registered_name": "evil>Dense"}, "layer 1 is keras.layers.Dense"),
    "custom": (layer("Mine>Dense", None, name="l"), "layer 1 is keras.layers.Mine>Dense"),
    "escape codes": (layer("\x1b[2J\u202eesneD"), "layer 1 is keras.layers.?[2J?esneD"),
}  # fmt: skip


@both
@pytest.mark.parametrize(("strange", "message"), STRANGE_LAYERS.values(), ids=STRANGE_LAYERS.keys())
def test_layers_that_are_no_layers_of_ours(
    files: Any, refused: Refused, tmp_path: Path, kind: str, strange: dict[str, Any], message: str
) -> None:
    config = files.sequential(files.dense(), strange)
    refused(getattr(files, kind)(tmp_path / "model", config), f"{message}, which mlpcli does not open")


STRANGE_ARGUMENTS: dict[str, tuple[dict[str, Any], str]] = {
    "evaluation": ({"activation": function("eval")}, "it names builtins.eval"),
    "setting": ({"activation": function("set_floatx", "keras.config")}, "it names keras.config.set_floatx"),
    "download": ({"activation": function("get_file", "keras.utils")}, "it names keras.utils.get_file"),
    "function of TensorFlow": ({"activation": function("read_file", "tensorflow.io")}, "names tensorflow.io.read_file"),
    "code": ({"activation": CODE}, "it names keras.__lambda__"),
    "a layer": ({"activation": layer("ReLU", name="r")}, "its activation is not a known activation"),
    "not a word": ({"activation": ["relu"]}, "its activation is not a known activation"),
    "another word": ({"activation": "os.system"}, "its activation is not a known activation"),
    "initializer": ({"kernel_initializer": layer("Popen", "subprocess")}, "it names subprocess.Popen"),
    "initializer without a module": ({"kernel_initializer": layer("Popen", None)}, "it names keras.Popen"),
    "initializer of another kind": (
        {"kernel_initializer": layer("L2", "keras.regularizers")}, "its kernel_initializer is not supported",
    ),
    "regularizer": ({"kernel_regularizer": function("l1", "keras.regularizers")}, "it names keras.regularizers.l1"),
    "weight of a regularizer": (
        {"kernel_regularizer": layer("L2", "keras.regularizers", l2=-1.0)}, "l2: input should be greater than",
    ),
    "constraint": ({"kernel_constraint": layer("MaxNorm", "evil")}, "it names evil.MaxNorm"),
    "precision": ({"dtype": "int8"}, "its dtype int8 is not supported; save the model in float32"),
    "quantized": ({"dtype": layer("QuantizedDTypePolicy", "keras")}, "it names keras.QuantizedDTypePolicy"),
    "low rank": ({"lora_rank": 4}, "its argument lora_rank is not supported; a newer mlpcli may support it"),
    "deep inside": ({"anything": [[{"x": [layer("Lambda")]}]]}, "it names keras.layers.Lambda"),
    "unknown": ({"mystery": 1}, "its argument mystery is not supported; a newer mlpcli may support it"),
}  # fmt: skip


@both
def test_code_in_a_file_does_not_run(files: Any, refused: Refused, tmp_path: Path, kind: str) -> None:
    canary = tmp_path / "canary"
    code = eval(f"lambda x: open({str(canary)!r}, 'w').close()").__code__
    words = base64.b64encode(marshal.dumps(code)).decode("ascii")
    value = {"class_name": "__lambda__", "config": {"code": words, "value": words, "defaults": None, "closure": None}}
    forms = [
        layer("Lambda", name="l", function=value, arguments={}, output_shape=[3]),
        layer("Lambda", None, name="l", function=[words, None, None], function_type="lambda", output_shape=[3]),
        layer("Activation", name="l", activation=value),
        layer("Dense", name="l", units=3, kernel_initializer=value),
    ]
    for number, form in enumerate(forms):
        refused(getattr(files, kind)(tmp_path / f"model{number}", files.sequential(form)), "which mlpcli does not open")
    assert not canary.exists()
    eval(f"lambda x: open({str(canary)!r}, 'w').close()")(1)
    assert canary.exists()


@both
@pytest.mark.parametrize(("arguments", "message"), STRANGE_ARGUMENTS.values(), ids=STRANGE_ARGUMENTS.keys())
def test_arguments_that_are_none_of_ours(
    files: Any, refused: Refused, tmp_path: Path, kind: str, arguments: dict[str, Any], message: str
) -> None:
    config = files.sequential({**files.dense(), "config": {**files.dense()["config"], **arguments}})
    refused(getattr(files, kind)(tmp_path / "model", config), message)


NUMBERS: dict[str, tuple[dict[str, Any], str]] = {
    "negative units": (layer("Dense", name="d", units=-3), "layer d does not fit: units: input should be greater"),
    "units without end": (layer("Dense", name="d", units=10**12), "units: input should be less than or equal"),
    "half a unit": (layer("Dense", name="d", units=2.5), "units: input should be a valid integer"),
    "a true unit": (layer("Dense", name="d", units=True), "units: input should be a valid integer"),
    "units in a text": (layer("Dense", name="d", units="3"), "units: input should be a valid integer"),
    "more than the file holds": (
        layer("Dense", name="d", units=900_000), "names 4,500,000 parameters but is too small to hold them",
    ),
    "rate": (layer("Dropout", name="d", rate=1.5), "rate: input should be less than 1"),
    "not a number": (layer("Dropout", name="d", rate=float("nan")), "rate: input should be a finite number"),
    "infinite": (layer("Rescaling", name="d", scale=float("inf")), "scale"),
    "epsilon": (layer("BatchNormalization", name="d", epsilon=-1.0), "epsilon: input should be greater than 0"),
    "axis": (layer("BatchNormalization", name="d", axis=7), "axis 7 does not exist in inputs of shape (4,)"),
    "two axes": (layer("LayerNormalization", name="d", axis=[1, 2]), "axis: input should be a valid integer"),
    "shape": (layer("Reshape", name="d", target_shape=[10**6] * 6), "(4,) has 4 values and cannot become"),
    "nothing left": (layer("Reshape", name="d", target_shape=[0, -1]), "(4,) has 4 values and cannot become (0, -1)"),
    "dims": (layer("Permute", name="d", dims=[3]), "dims must name each of 1..1 once"),
    "images": (layer("UpSampling2D", name="d", size=10_000), "needs images of shape (height, width, channels)"),
    "no name": (layer("Dropout", rate=0.5), "has a Dropout layer without a name"),
    "half the statistics": (layer("Normalization", name="d", mean=[1.0] * 4), "mean and variance must be given"),
    "channels first": (layer("Flatten", name="d", data_format="channels_first"), "images are channels_first; only"),
}  # fmt: skip


@pytest.mark.parametrize(("bad", "message"), NUMBERS.values(), ids=NUMBERS.keys())
def test_numbers_out_of_range(files: Any, refused: Refused, tmp_path: Path, bad: dict[str, Any], message: str) -> None:
    refused(files.keras(tmp_path / "model.keras", files.sequential(bad)), message)


IMAGES: dict[str, tuple[list[dict[str, Any]], str]] = {
    "memory without end": (
        [layer("UpSampling2D", name="u", size=9000), layer("UpSampling2D", name="v", size=9000)],
        "layer u does not fit: it makes 5,184,000,000 values from one row",
    ),
    "strides": ([layer("Conv2D", name="c", filters=1, kernel_size=3, strides=0)], "strides"),
    "window": ([layer("MaxPooling2D", name="p", pool_size=[2, 10**9])], "pool_size"),
    "window of three": ([layer("MaxPooling2D", name="p", pool_size=[2, 2, 2])], "pool_size"),
    "margins": ([layer("ZeroPadding2D", name="z", padding=[[1, 1], [1, -1]])], "padding"),
    "all cut": ([layer("Cropping2D", name="z", cropping=[[4, 4], [0, 0]])], "crops away all of an input"),
    "groups": ([layer("Conv2D", name="c", filters=3, kernel_size=1, groups=2)], "groups 2 must divide"),
    "no groups": ([layer("Conv2D", name="c", filters=3, kernel_size=1, groups=0)], "groups"),
}


@pytest.mark.parametrize(("bad", "message"), IMAGES.values(), ids=IMAGES.keys())
def test_image_layers_out_of_range(
    files: Any, refused: Refused, tmp_path: Path, bad: list[dict[str, Any]], message: str
) -> None:
    refused(files.keras(tmp_path / "model.keras", files.sequential(*bad, shape=(None, 8, 8, 1))), message)


def many(files: Any, count: int) -> Any:
    return files.sequential(*(files.dense(f"d{index}", 4) for index in range(count)))


TEXTS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "nested": (lambda files: "[" * 100_000 + "]" * 100_000, "its config.json is damaged (RecursionError)"),
    "nested mappings": (lambda files: '{"a":' * 100_000 + "1" + "}" * 100_000, "damaged (RecursionError)"),
    "nested layers": (
        lambda files: json.dumps(files.sequential(layer("Dense", name="d", units=3, x="X"))).replace(
            '"X"', '{"y":' * 900 + "1" + "}" * 900
        ),
        "",
    ),
    "half": (lambda files: json.dumps(files.model())[:-40], "its config.json is damaged (JSONDecodeError)"),
    "long number": (lambda files: '{"class_name": ' + "9" * 100_000 + "}", "its config.json is damaged (ValueError)"),
    "a list": (lambda files: "[1, 2]", "its config.json does not describe a model"),
    "values without end": (lambda files: "[" + "[]," * 2_000_000 + "1]", "lists far too many values for a model"),
    "1,500 layers": (lambda files: many(files, 1500), "has 1,501 layers, and mlpcli opens models of up to 1,000"),
    "same names": (lambda files: files.sequential(files.dense(), files.dense()), "has two layers called dense"),
    "no input": (lambda files: files.sequential(files.dense(), shape=(None, None)), "does not say what input it takes"),
    "huge input": (lambda files: files.sequential(files.dense(), shape=(None, 9**7, 9**7)), "values per row"),
    "zero input": (lambda files: files.sequential(files.dense(), shape=(None, 0)), "does not say what input it takes"),
    "subclass": (lambda files: {**files.model(), "class_name": "Mine"}, "is a Mine model; mlpcli opens Sequential"),
    "stranger": (lambda files: {**files.model(), "module": "evil"}, "it names evil.None"),
    "registered": (lambda files: {**files.model(), "registered_name": "x>Sequential"}, "it names keras.x>Sequential"),
}


@pytest.mark.parametrize(("make", "message"), TEXTS.values(), ids=TEXTS.keys())
def test_texts_that_are_no_model(
    files: Any, refused: Refused, tmp_path: Path, make: Callable[[Any], Any], message: str
) -> None:
    refused(files.keras(tmp_path / "model.keras", make(files)), message)


def test_a_thousand_layers_are_opened(files: Any, box: Any, tmp_path: Path) -> None:
    import numpy as np

    weights = {"dense" if i == 0 else f"dense_{i}": [np.eye(4, dtype=np.float32), np.zeros(4, np.float32)]
               for i in range(1000)}  # fmt: skip
    found = box(files.keras(tmp_path / "deep.keras", many(files, 1000), files.weights(weights)))
    assert found.kind == "opened" and len(json.loads(found.text)) == 1000
    assert found.megabytes < 100


COMPILED = [
    ({"loss": layer("Evil", "evil.losses")}, "it names evil.losses.Evil"),
    ({"loss": function("system", "os")}, "it names os.system"),
    ({"metrics": [[layer("Evil", None)]]}, "it names keras.Evil"),
    ({"optimizer": layer("Adam", "evil")}, "it names evil.Adam"),
    ({"optimizer": layer("Adam", "keras.optimizers", learning_rate=layer("Lambda"))}, "it names keras.layers.Lambda"),
]


@pytest.mark.parametrize(("compiled", "message"), COMPILED)
def test_what_it_was_compiled_with_is_looked_at(
    files: Any, refused: Refused, tmp_path: Path, compiled: dict[str, Any], message: str
) -> None:
    refused(files.keras(tmp_path / "model.keras", files.model(compile_config=compiled)), message)
    refused(files.h5(tmp_path / "model.h5", training=compiled), message)


def test_the_box_sees_what_is_done(files: Any, box: Any, tmp_path: Path) -> None:
    good = box(files.h5(tmp_path / "model.h5"))
    assert (
        good.kind == "opened"
        and good.done == []
        and json.loads(good.text)["dense_1"][0][0] == pytest.approx([-0.4, -0.2])
    )
    assert box(tmp_path / "missing").text.endswith("does not exist; give a model file or a run directory")
    assert "'w'" in box(tmp_path / "sings").done[0]
