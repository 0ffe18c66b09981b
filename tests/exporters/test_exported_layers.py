"""Every layer and activation of the schema in the formats that mlpcli writes itself, beside the engines' outputs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlpcli.config.layers import ACTIVATIONS, DENSE_LAYERS, IMAGE_LAYERS
from mlpcli.errors import MlpcliError
from mlpcli.exporters import litert, numpy_module, onnx
from mlpcli.exporters.formats import Rows
from mlpcli.model.members import MEMBER_LAYERS
from mlpcli.modelfile.saved_model import SavedModel
from mlpcli.scoring.predictor import EngineName
from tests.export_parts import chain, exported, imported, own_outputs

Layers = list[tuple[str, dict[str, Any]]]
IMAGE, ROW = (6, 7, 4), (6,)
IN_NUMPY: dict[str, tuple[tuple[int, ...], Layers]] = {
    "rectifiers": (
        ROW,
        [
            ("ReLU", {"max_value": 2.0, "threshold": 0.2}),
            *(("LeakyReLU", {}), ("ELU", {"alpha": 0.7}), ("PReLU", {}), ("ReLU", {"negative_slope": 0.5})),
            *(("Dense", {"units": 6, "activation": "tanh"}), ("ReLU", {}), ("ReLU", {"threshold": 0.1})),
        ],
    ),
    "normalizations": (
        ROW,
        [
            ("Rescaling", {"scale": [0.5, 1, 2, 1, 1, 3], "offset": 0.1}),
            *(("BatchNormalization", {}), ("LayerNormalization", {}), ("UnitNormalization", {}), ("Identity", {})),
            ("Normalization", {"mean": [0.1] * 6, "variance": [2.0] * 6}),
            ("BatchNormalization", {"center": False, "scale": False}),
        ],
    ),
    "shapes": (
        (3, 4),
        [("Permute", {"dims": [2, 1]}), ("Reshape", {"target_shape": [2, -1]}), ("Flatten", {}), ("Softmax", {})],
    ),
    "members": (
        ROW,
        [
            ("EinsumDense", {"equation": "bi,i->bi", "output_shape": [6]}),
            ("RepeatVector", {"n": 3}),
            ("EinsumDense", {"equation": "bki,ki->bki", "output_shape": [3, 6]}),
            ("Dense", {"units": 4, "activation": "relu"}),
            ("EinsumDense", {"equation": "bki,kio->bko", "output_shape": [3, 2], "bias_axes": "ko"}),
            ("GlobalAveragePooling1D", {}),
        ],
    ),
    "members with one output": (
        ROW,
        [
            ("RepeatVector", {"n": 3}),
            ("Dense", {"units": 4, "activation": "relu"}),
            (
                "EinsumDense",
                {
                    "equation": "bki,kio->bko",
                    "output_shape": [3, 1],
                    "bias_axes": "ko",
                    "activation": "sigmoid",
                },
            ),
            ("GlobalAveragePooling1D", {}),
        ],
    ),
    "pooling": (
        IMAGE,
        [
            ("ZeroPadding2D", {"padding": [[1, 0], [2, 1]]}),
            ("MaxPooling2D", {"pool_size": 3, "strides": 1, "padding": "same"}),
            ("AveragePooling2D", {"pool_size": 2, "strides": 2, "padding": "same"}),
            ("Cropping2D", {"cropping": [[1, 0], [0, 2]]}),
            ("UpSampling2D", {"size": [2, 3]}),
            ("Conv2D", {"filters": 4, "kernel_size": 2, "dilation_rate": 2, "padding": "same", "use_bias": False}),
            ("AveragePooling2D", {"pool_size": [2, 3]}),
            ("MaxPooling2D", {}),
            ("GlobalMaxPooling2D", {}),
        ],
    ),
    "mean image": (IMAGE, [("GlobalAveragePooling2D", {"keepdims": True}), ("Flatten", {})]),
    "noise": (
        IMAGE,
        [
            *((name, {"rate": 0.5}) for name in ("Dropout", "GaussianDropout", "AlphaDropout", "SpatialDropout2D")),
            *(("GaussianNoise", {"stddev": 1.0}), ("ActivityRegularization", {"l1": 0.1}), ("Flatten", {})),
        ],
    ),
}
"""The input shape and Keras's layers, in a chain."""
BY_KERAS: dict[str, tuple[tuple[int, ...], Layers]] = {
    "along other axes": (
        IMAGE,
        [
            ("ReLU", {"max_value": 2.0, "negative_slope": 0.1, "threshold": 0.2}),
            *(
                ("BatchNormalization", {"axis": 1}),
                ("LayerNormalization", {"axis": 2}),
                ("PReLU", {"shared_axes": [1]}),
            ),
            *(("GroupNormalization", {"groups": 2}), ("GroupNormalization", {"groups": -1, "axis": 1})),
            *(("UnitNormalization", {"axis": 1}), ("Softmax", {"axis": 2}), ("Normalization", {"axis": 2})),
            ("Normalization", {"mean": 0.1, "variance": 2.0, "axis": None, "invert": True}),
        ],
    ),
    "convolutions": (
        IMAGE,
        [
            ("Conv2D", {"filters": 6, "kernel_size": [3, 2], "padding": "same", "groups": 2, "activation": "tanh"}),
            ("DepthwiseConv2D", {"kernel_size": 3, "depth_multiplier": 2, "padding": "same"}),
            (
                "SeparableConv2D",
                {"filters": 5, "kernel_size": 3, "strides": 2, "padding": "same", "activation": "tanh"},
            ),
            ("UpSampling2D", {"size": [3, 2], "interpolation": "bilinear"}),
            ("Conv2D", {"filters": 3, "kernel_size": 2}),
        ],
    ),
}


def check(saved: SavedModel, x: np.ndarray, folder: Path, engine: EngineName = "numpy") -> None:
    """Both formats give the outputs of the model's own engine."""
    expected = own_outputs(saved, x, engine)
    assert expected.std() > 1e-4, "outputs that are all alike would hide a fault"
    close = 3e-6 * max(1, np.abs(expected).max())
    onnx.write(saved, folder / "model.onnx")
    numpy_module.write(saved, folder / "model.py")
    np.testing.assert_allclose(onnx.outputs(saved, folder / "model.onnx", Rows(x)), expected, rtol=0, atol=close)
    np.testing.assert_allclose(imported(folder / "model.py").network(x), expected, rtol=0, atol=close)


def test_every_layer_of_the_schema_is_in_a_case() -> None:
    used = {name for _, layers in (*IN_NUMPY.values(), *BY_KERAS.values()) for name, _ in layers}
    known = {layer.keras_class for layer in (*DENSE_LAYERS, *IMAGE_LAYERS, *MEMBER_LAYERS)}
    assert used | {"Activation"} == known | {"Normalization"}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(name: str, tmp_path: Path) -> None:
    saved = chain(tmp_path / "model.keras", ROW, [("Activation", {"activation": name})])
    check(saved, np.linspace(-7, 7, 600, dtype=np.float32).reshape(-1, 6), tmp_path)


@pytest.mark.parametrize("case", IN_NUMPY)
def test_layers(case: str, tmp_path: Path) -> None:
    shape, layers = IN_NUMPY[case]
    check(chain(tmp_path / "model.keras", shape, layers), rows_of(shape), tmp_path)


@pytest.mark.tf
@pytest.mark.parametrize("case", BY_KERAS)
def test_layers_that_keras_alone_has(case: str, tmp_path: Path) -> None:
    shape, layers = BY_KERAS[case]
    check(chain(tmp_path / "model.keras", shape, layers), rows_of(shape), tmp_path, "keras")


@pytest.mark.tf
def test_one_output_of_each_member_by_tensorflow(tmp_path: Path) -> None:
    shape, layers = IN_NUMPY["members with one output"]
    saved, x = chain(tmp_path / "model.keras", shape, layers), rows_of(shape)
    expected = own_outputs(saved, x, "keras")
    np.testing.assert_allclose(exported(saved, "litert", tmp_path, Rows(x)), expected, rtol=0, atol=1e-6)
    np.testing.assert_allclose(exported(saved, "savedmodel", tmp_path, Rows(x)), expected, rtol=0, atol=1e-6)
    # If this no longer fails, `litert.convertible` has nothing left to do.
    with pytest.raises(
        MlpcliError, match=r"converter fails on this network: 'tf\.Transpose' op x should be of the same"
    ):
        litert.converted(tmp_path / "model_saved_model")


def rows_of(shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(1).normal(0, 1, (20, *shape)).astype(np.float32)
