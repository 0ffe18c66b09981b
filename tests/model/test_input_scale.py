"""model.input_scale: a learnt factor for each input, as layers, and as NumPy learns it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mlpcli.config.optimizers import Adam
from mlpcli.config.schema import Config
from mlpcli.data.dataset import DataFacts
from mlpcli.data.scaling import Scaling
from mlpcli.errors import SettingError
from mlpcli.model.layer_rules import layer_size
from mlpcli.model.members import EinsumDense
from mlpcli.model.plan import make_plan, planned_layers
from mlpcli.model.shapes import PlannedLayer, ShapeError
from mlpcli.numpy_engine.network import Network
from mlpcli.numpy_engine.optimizers import FlatParameters, Optimizer


def plan_of(model: dict[str, Any], shape: tuple[int, ...] = (3,)) -> Any:
    facts = DataFacts("s", "table", shape, "regression", None, None, None, 1, 30, 5, 5, "here")
    config = Config.model_validate({"name": "n", "data": {"source": "iris", "scaling": "none"}, "model": model})
    return make_plan(config, facts)


def kinds(layers: tuple[PlannedLayer, ...]) -> list[str]:
    return [layer.component.tag for layer in layers]


def test_the_factors_come_before_everything_that_learns() -> None:
    layers = plan_of({"hidden_units": [2], "input_scale": 4}).layers
    assert kinds(layers) == ["einsum_dense", "rescaling", "dense", "dense"]
    assert layers[0].size.weights == {"kernel": (3,)}
    assert layers[0].size.output_shape == (3,)
    assert kinds(plan_of({"hidden_units": [2]}).layers) == ["dense", "dense"]


def test_members_share_the_factors() -> None:
    layers = plan_of({"hidden_units": [2], "input_scale": 4, "members": 2}).layers
    assert kinds(layers)[:4] == ["einsum_dense", "rescaling", "repeat_vector", "einsum_dense"]
    assert layers[0].size.weights == {"kernel": (3,)}


def test_images_are_flattened_before() -> None:
    for hidden in ({"hidden_units": [2]}, {"layers": ["flatten", {"dense": 2}]}):
        layers = plan_of({**hidden, "input_scale": 4}, (2, 3)).layers
        assert kinds(layers)[:3] == ["flatten", "einsum_dense", "rescaling"]
        assert layers[1].size.weights == {"kernel": (6,)}


def test_layers_that_need_images_are_refused() -> None:
    with pytest.raises(
        SettingError, match=r"model.layers\[0\] takes inputs of shape \(4, 4\); set it to null"
    ) as found:
        plan_of({"layers": [{"conv2d": {"filters": 2, "kernel_size": 3}}], "input_scale": 6}, (4, 4))
    assert found.value.key == "model.input_scale"


def test_a_step_of_adam_moves_the_factors_so_many_times_as_far() -> None:
    plan = plan_of({"hidden_units": [], "input_scale": 4})
    network = Network.of((3,), planned_layers(plan, Scaling("none")), dtype=np.float64)
    factors, kernel, bias = network.weights()
    np.testing.assert_array_equal(factors, [0.25, 0.25, 0.25])
    kernel[...] = [[1.0], [-2.0], [0.5]]
    before = kernel.copy()
    optimizer = Optimizer(Adam(learning_rate=0.01), FlatParameters(network))
    x = np.array([[1.0, 1.0, -3.0]])
    assert network.forward(x, training=True) == pytest.approx(1 - 2 - 1.5)
    network.backward((np.ones((1, 1)), None))
    optimizer.step()  # the first step of Adam is the sign of each slope times the rate
    after, kernel, bias = network.weights()
    np.testing.assert_allclose(4 * after, [0.96, 1.04, 1.04], rtol=1e-5)
    np.testing.assert_allclose(kernel - before, [[-0.01], [-0.01], [0.01]], rtol=1e-5)
    assert bias == pytest.approx(-0.01, rel=1e-5)


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        ({"equation": "bi,i->bi", "output_shape": [3]}, (2, 3)),
        ({"equation": "bi,i->bi", "output_shape": [4]}, (3,)),
        ({"equation": "bi,i->bi", "output_shape": [3, 3]}, (3,)),
        ({"equation": "bki,ki->bki", "output_shape": [3]}, (2, 3)),
        ({"equation": "bi,i->bi", "output_shape": [3], "bias_axes": "ko"}, (3,)),
        ({"equation": "bki,ki->bki", "output_shape": [2, 3], "bias_axes": "ko"}, (2, 3)),
    ],
)
def test_damaged_layers_of_a_file_are_refused(layer: dict[str, Any], shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError):
        layer_size("einsum_dense", EinsumDense.model_validate(layer), shape)


@pytest.mark.parametrize("value", [0, -1, 1001, "x", True])
def test_wrong_values_are_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="input_scale"):
        Config.model_validate({"data": {"source": "iris"}, "model": {"input_scale": value}})
