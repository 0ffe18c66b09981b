"""layers.json: what is written is read back, and what is damaged is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlpcli.errors import RunDirectoryError
from mlpcli.runs.layer_file import LayerFile, LayerNumbers, UnitPictures, Values, read_layers, write_layers

VALUES = Values(-1.0, 1.0, (1, 0, 3), 0.5, None, 0.25)
LAYER = LayerNumbers("은닉", "relu", 4, False, VALUES, VALUES, dead=1)
PICTURES = UnitPictures.of("은닉", 9, [4], np.array([[[[0.5], [-1.0]]]]))


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    layers = LayerFile(7, (LAYER,), (LAYER, LAYER), 3, PICTURES)
    write_layers(tmp_path, layers)
    assert read_layers(tmp_path) == layers
    assert "은닉" in (tmp_path / "layers.json").read_text(encoding="utf-8")


def test_an_older_run_has_none(tmp_path: Path) -> None:
    assert read_layers(tmp_path) == LayerFile()


def test_weights_as_bytes() -> None:
    assert PICTURES.largest == (1.0,)
    np.testing.assert_allclose(PICTURES.weights, [[[[64 / 127], [-1.0]]]], rtol=1e-6)
    assert UnitPictures.of("a", 1, [0], np.zeros((1, 1, 1, 1))).weights.tolist() == [[[[0.0]]]]


def changed(**changes: Any) -> str:
    values = {"low": 0, "high": 1, "counts": [1], "mean": 0, "deviation": 0, "zeros": 0}
    layer = {
        "name": "a", "activation": None, "units": 1, "output": True, "dead": None, "saturated": None, "at_limit": None,
        "weights": {**values, **changes.pop("values", {})}, "outputs": values,
    }  # fmt: skip
    found = {"rows": 1, "start": [{**layer, **changes.pop("layer", {})}], "end": [], "left_out": 0, "first_layer": None}
    return json.dumps({**found, **changes})


PIXELS = {"layer": "a", "units": 1, "shown": [0], "shape": [1, 1, 1], "largest": [1.0], "pixels": "AA=="}


def test_the_file_that_is_changed_below_is_whole(tmp_path: Path) -> None:
    (tmp_path / "layers.json").write_text(changed(first_layer=PIXELS, new_key=1), encoding="utf-8")
    found = read_layers(tmp_path)
    assert found.start[0].name == "a" and found.first_layer is not None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is damaged: Expecting"),
        ("[]", "is damaged: "),
        ("{}", "is damaged: it lacks 'start'"),
        (changed(start=[7]), "is damaged: "),
        (changed(start=[{}] * 51), "a list of at most 50 entries was expected"),
        (changed(rows=-1), "a whole number was expected, not '-1'"),
        (changed(layer={"dead": 1.5}), "a whole number was expected, not '1.5'"),
        (changed(values={"mean": "x"}), "a number was expected, not 'x'"),
        (changed(values={"high": 10**400}), "is damaged: "),
        (changed(values={"low": 2}), "a histogram from 2.0 to 1.0"),
        (changed(values={"high": 0, "counts": [1, 1]}), "a histogram from 0.0 to 0.0"),
        (changed(values={"counts": [1] * 1001}), "a list of at most 1000 entries"),
        (changed(first_layer={**PIXELS, "pixels": "AAAA"}), "is damaged: cannot reshape"),
        (changed(first_layer={**PIXELS, "pixels": "!"}), "is damaged: "),
        (changed(first_layer={**PIXELS, "shape": [1, 1]}), "1 pictures of the shape"),
        (changed(first_layer={**PIXELS, "largest": [1.0, 2.0]}), "1 pictures of the shape"),
        (changed(first_layer={**PIXELS, "shown": [], "largest": [], "pixels": ""}), "0 pictures of the shape"),
    ],
)
def test_a_damaged_file_is_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "layers.json").write_text(text, encoding="utf-8")
    with pytest.raises(RunDirectoryError, match=message) as caught:
        read_layers(tmp_path)
    assert str(caught.value).startswith(f"{tmp_path / 'layers.json'}: is damaged: ")
    assert str(caught.value).endswith("; restore it or train again")
