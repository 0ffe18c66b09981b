"""From outputs to labels, probabilities and numbers; and model files that cannot be asked."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mlpcli.errors import ModelFileError, UserError
from mlpcli.modelfile.card import Meaning
from mlpcli.scoring.probabilities import predicted_classes
from mlpcli.workflows.input_batches import InputBatch
from mlpcli.workflows.predict import predict
from mlpcli.workflows.predict_output import answers

ROW = np.zeros((1, 2))


def _entry(result: Any) -> dict[str, Any]:
    return {key: value for key, value in result.predictions[0].items() if key not in ("input", "row")}


@pytest.mark.parametrize(("top", "expected"), [
    (1, {"label": "c", "probability": 0.625}),
    (2, {"label": "c", "probability": 0.625, "top": [
        {"label": "c", "probability": 0.625}, {"label": "a", "probability": 0.25}]}),
    (9, {"label": "c", "probability": 0.625, "top": [
        {"label": "c", "probability": 0.625}, {"label": "a", "probability": 0.25},
        {"label": "b", "probability": 0.125}]}),
])  # fmt: skip
def test_classes(model: Any, top: int, expected: dict[str, Any]) -> None:
    path, _ = model((2,), answer=lambda x: [[0.25, 0.125, 0.625]])
    assert _entry(predict(path, ROW, top=top)) == expected


@pytest.mark.parametrize(("output", "plan", "activation", "expected"), [
    (0.75, {}, None, [("yes", 0.75), ("no", 0.25)]),
    (0.25, {}, None, [("no", 0.75), ("yes", 0.25)]),
    (0.5, {}, None, [("no", 0.5), ("yes", 0.5)]),
    (0.25, {"threshold": 0.0}, "tanh", [("yes", 0.25), ("no", -0.25)]),
    (-0.5, {"threshold": 0.0}, "tanh", [("no", 0.5), ("yes", -0.5)]),
])  # fmt: skip
def test_two_classes_and_one_output(
    model: Any, output: float, plan: dict[str, float], activation: str | None, expected: list[tuple[str, float]]
) -> None:
    path, _ = model((2,), ["no", "yes"], lambda x: [[output]], activation, plan)
    word = "score" if activation else "probability"
    found = _entry(predict(path, ROW, top=2))
    assert [(one["label"], one[word]) for one in found["top"]] == expected


def test_numbers(model: Any) -> None:
    path, _ = model((2,), None, lambda x: [[171.5]])
    assert _entry(predict(path, ROW)) == {"value": 171.5}
    path, _ = model((2,), None, lambda x: [[1.5, -2.0]], plan={"targets": 2})
    assert _entry(predict(path, ROW)) == {"values": [1.5, -2.0]}


OUTPUTS = arrays.arrays(np.float32, st.tuples(st.integers(1, 5), st.just(4)), elements=st.floats(0, 1, width=32))


@given(OUTPUTS, st.integers(1, 4))
def test_the_first_class_is_the_one_that_is_scored(outputs: np.ndarray, top: int) -> None:
    meaning = Meaning("classification", ("a", "b", "c", "d"), 0.5, 4, "probability", ())
    found = answers(InputBatch(np.zeros((len(outputs), 1)), ("x",), 0), outputs, meaning, top)
    assert found.classes is not None and found.scores is not None
    assert found.classes[:, 0].tolist() == predicted_classes(outputs, 0.5).tolist()
    assert np.array_equal(found.scores, -np.sort(-outputs, axis=1)[:, :top])


@given(
    arrays.arrays(np.float32, (6, 1), elements=st.floats(-1, 1, width=32) | st.floats(0.4375, 0.5625, width=32)),
    st.sampled_from([0.0, 0.5]),
)
def test_the_first_of_two_as_well(outputs: np.ndarray, threshold: float) -> None:
    meaning = Meaning("binary", ("no", "yes"), threshold, 1, "score", ())
    found = answers(InputBatch(np.zeros((6, 1)), ("x",), 0), outputs, meaning, 1)
    assert found.classes is not None
    assert np.array_equal(found.classes[:, 0], predicted_classes(outputs, threshold))


def test_top_has_limits(model: Any) -> None:
    path, _ = model((2,))
    with pytest.raises(UserError, match=r"--top 0: must be at least 1"):
        predict(path, ROW, top=0)
    path, _ = model((2,), None)
    with pytest.raises(UserError, match=r"--top: works only with classes, but this model predicts a number"):
        predict(path, ROW, top=3)


def _changed(path: Path, change: Any) -> None:
    """The same file with other metadata (a function of the old)."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    metadata = json.loads(members["metadata.json"])
    change(metadata["mlpcli"])
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in {**members, "metadata.json": json.dumps(metadata).encode()}.items():
            archive.writestr(name, content)


DAMAGED = [
    lambda known: known["plan"].pop("task"),
    lambda known: known["plan"].pop("class_names"),
    lambda known: known["plan"].update(task="binary"),
    lambda known: known["plan"].update(task="regression"),
    lambda known: known["plan"].update(threshold="high"),
    lambda known: known["plan"].update(input_shape=None),
    lambda known: known["data"].update(preprocessing=[]),
    lambda known: known["data"].update(image={"size": [10**9, 1]}),
    lambda known: known.pop("plan"),
    lambda known: known["plan"].update(class_names=["a", "b"]),
    lambda known: known["plan"].update(input_shape=[3]),
]


@pytest.mark.parametrize("change", DAMAGED, ids=range(len(DAMAGED)))
def test_damaged_metadata_is_named(model: Any, change: Any) -> None:
    path, _ = model((2,), answer=lambda x: np.ones((len(x), 3)))
    _changed(path, change)
    with pytest.raises(ModelFileError, match=r"model\.keras: its mlpcli metadata is damaged.*train again"):
        predict(path, np.zeros((1, 3)) if change is DAMAGED[-1] else ROW)


def test_a_run_directory_or_nothing(model: Any, tmp_path: Path) -> None:
    path, _ = model((2,), None, lambda x: [[1.0]])
    assert predict(tmp_path, ROW).model == path
    with pytest.raises(ModelFileError, match=r"gone: does not exist; give a model file or a run directory"):
        predict(tmp_path / "gone", ROW)
