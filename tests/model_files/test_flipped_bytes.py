"""A byte that a disk or a download spoiled: an error, or the same numbers; never others in silence."""

from __future__ import annotations

import contextlib
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlpcli.errors import ModelFileError
from mlpcli.modelfile.container import METADATA_FORMAT, add_metadata
from mlpcli.modelfile.description import saved_layers
from mlpcli.modelfile.weights import weights_digest
from tests.model_file_parts import read_architecture, read_metadata, read_weights

X = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
FLIPS = 120
"""Of each file, spread over all of it; a file has some 15,000 bytes."""


def model(files: Any, path: Path, kind: str, weights: dict[str, list[Any]]) -> Path:
    getattr(files, kind)(path)
    digest = weights_digest(array for arrays in weights.values() for array in arrays)
    plan = {"class_names": ["고양이", "개"], "task": "classification"}
    add_metadata(path, {"format": METADATA_FORMAT, "version": "0.1", "plan": plan, "weights": digest})
    return path


def read(files: Any, path: Path) -> tuple[Any, Any]:
    """Predictions, worked out here, and the names of the classes."""
    metadata, architecture = read_metadata(path), read_architecture(path)
    _, layers = saved_layers(path, architecture)
    activations = [getattr(layer.component, "activation", None) for layer in layers]
    assert activations == ["relu", "softmax"], "a flipped letter changed the function"
    return files.predict(read_weights(path, architecture), X), (metadata or {}).get("plan", {}).get("class_names")


@pytest.mark.parametrize("kind", ["keras", "h5"])
def test_every_flipped_byte_is_noticed_or_harmless(
    files: Any, tmp_path: Path, kind: str, weights: dict[str, list[Any]]
) -> None:
    path = model(files, tmp_path / f"model.{kind}", kind, weights)
    content, (expected, names) = path.read_bytes(), read(files, path)
    assert names == ["고양이", "개"]
    draw, refused = random.Random(kind), 0
    places = sorted(draw.sample(range(len(content)), FLIPS))
    for place in places:
        damaged = bytearray(content)
        damaged[place] ^= 1 << draw.randrange(8)
        path.write_bytes(damaged)
        with contextlib.suppress(ModelFileError):
            found, found_names = read(files, path)
            assert found_names == names, place
            assert np.array_equal(found, expected), place
            continue
        refused += 1
    assert refused > FLIPS / 20


@pytest.mark.parametrize("kind", ["keras", "h5"])
def test_each_byte_of_the_weights_is_held_to_the_digest(
    files: Any, tmp_path: Path, kind: str, weights: dict[str, list[Any]]
) -> None:
    path = model(files, tmp_path / f"model.{kind}", kind, weights)
    content, kernel = path.read_bytes(), weights["dense"][0].tobytes()
    start = content.index(kernel)
    for place in range(start, start + len(kernel)):
        damaged = bytearray(content)
        damaged[place] ^= 1
        path.write_bytes(damaged)
        with pytest.raises(
            ModelFileError, match=r"weights have changed since they were|the checksum of model\.weights\.h5"
        ):
            read(files, path)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("고양이".encode(), "고양일".encode()),
        (b'"relu"', b'"selu"'),
        (b'"units": 3', b'"units": 2'),
        (b'"version": "0.1"', b'"version": "0.2"'),
    ],
)
def test_words_of_an_h5_are_held_to_their_checksums(
    files: Any, tmp_path: Path, before: bytes, after: bytes, weights: dict[str, list[Any]]
) -> None:
    path = model(files, tmp_path / "model.h5", "h5", weights)
    content = path.read_bytes()
    assert before in content
    path.write_bytes(content.replace(before, after))
    with pytest.raises(ModelFileError, match=r"its metadata or description has changed since it was saved; restore it"):
        read(files, path)


def test_an_h5_that_lost_its_metadata_says_so(files: Any, tmp_path: Path, weights: dict[str, list[Any]]) -> None:
    import h5py

    path = model(files, tmp_path / "model.h5", "h5", weights)
    with h5py.File(path, "a") as file:
        file.move("mlpcli_metadata", "mlpcli_metadatb")
    with pytest.raises(ModelFileError, match=r"is damaged \('mlpcli_metadata'\)"):
        read_metadata(path)


def test_an_h5_without_checksums_is_read_as_before(files: Any, tmp_path: Path, weights: dict[str, list[Any]]) -> None:
    import h5py

    path = model(files, tmp_path / "model.h5", "h5", weights)
    with h5py.File(path, "a") as file:
        del file.attrs["mlpcli_checksums"]
    assert read(files, path)[1] == ["고양이", "개"]
