"""What several networks in one cannot be made of, and where their layers stand."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlpcli.config.load_config import load_config
from mlpcli.errors import ConfigError
from mlpcli.model.memory import values_in_training
from mlpcli.model.plan import Plan
from mlpcli.workflows.prepare import prepare


def _plan(folder: Path, text: str) -> Plan:
    (folder / "my.yaml").write_text(text, encoding="utf-8")
    return prepare(load_config(folder / "my.yaml")).plan


def _layers(folder: Path, text: str) -> list[str]:
    return [layer.component.tag for layer in _plan(folder, text).layers]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "data: {source: digits}\nmodel: {members: 2, layers: [{conv2d: {filters: 2, kernel_size: 3}}]}",
            r"2 members need hidden layers that take rows of numbers, but model.layers\[0\] is conv2d",
        ),
        (
            "data: {source: iris}\nmodel: {members: 2, layers: [{dense: 4}, {layer_normalization: {axis: 1}}]}",
            r"model.layers\[1\] is layer_normalization along axis 1",
        ),
        (
            "data: {source: iris}\nmodel: {members: 2, layers: [{dense: 4}, prelu]}",
            r"model.layers\[1\] is prelu",
        ),
        (
            "data: {source: iris}\nmodel: {members: 3}\ntraining: {loss: dice}",
            "dice is one number for all outputs of a batch, so the 3 members have no losses of their own",
        ),
        (
            "data: {source: iris}\nmodel: {members: 3, output: {kernel_constraint: max_norm}}",
            "model.output.kernel_constraint: does not fit model.members: 3",
        ),
        ("data: {source: iris}\nmodel: {members: 0}", "model.members"),
    ],
)
def test_what_does_not_fit(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        _plan(tmp_path, text)


ENSEMBLE = ["dense", "einsum_dense", "global_average_pooling1d"]


@pytest.mark.parametrize(
    ("text", "front"),
    [
        ("data: {source: digits}\nmodel: {members: 2, hidden_units: [4]}", ["rescaling", "flatten"]),
        ("data: {source: digits}\nmodel: {members: 2, layers: [flatten, {dense: 4}]}", ["rescaling", "flatten"]),
        ("data: {source: iris, scaling: none}\nmodel: {members: 2, hidden_units: [4]}", []),
    ],
)
def test_rows_are_flattened_before_they_are_repeated(tmp_path: Path, text: str, front: list[str]) -> None:
    assert _layers(tmp_path, text) == [*front, "repeat_vector", "einsum_dense", *ENSEMBLE]


def test_one_member_is_the_network_without_the_key(tmp_path: Path) -> None:
    text = "data: {source: digits}\nmodel: {hidden_units: [4]}"
    assert _layers(tmp_path, text.replace("[4]", "[4], members: 1")) == _layers(tmp_path, text)


def test_the_values_of_all_members_need_memory(tmp_path: Path) -> None:
    """Kept are the inputs of the factors, of the hidden layer and of the outputs; the outputs come on top."""
    text = "data: {source: iris}\nmodel: {hidden_units: [8], members: 4}"
    plan = _plan(tmp_path, text)
    assert values_in_training(plan.input_shape, plan.layers) == 4 * 4 + 4 * 4 + 4 * 8 + 4 * 3
