"""What is wrong: exit code 2, one message that names the file and the way out, and nothing written."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

CONFIG = "data: {source: data.npz}\n"


def _idx(folder: Path, magic: int = 0x803, rows: int = 10, labels: list[int] | None = None, cut: int = 0) -> None:
    """A folder like MNIST's, of 10 images of 2 x 2 pixels; with something wrong."""
    folder.mkdir()
    values = list(range(10)) if labels is None else labels
    for half in ("train", "t10k"):
        images = struct.pack(">IIII", magic, rows, 2, 2) + bytes(range(4 * rows))
        (folder / f"{half}-images-idx3-ubyte").write_bytes(images[: len(images) - cut])
        (folder / f"{half}-labels-idx1-ubyte").write_bytes(struct.pack(">II", 0x801, len(values)) + bytes(values))


def _npz(x: Any = None, y: Any = None) -> Callable[[Path], None]:
    x = np.random.default_rng(0).random((20, 3)) if x is None else x
    return lambda folder: np.savez(folder / "data.npz", x=x, y=np.arange(20) % 2 if y is None else y)


def _with_nan() -> np.ndarray:
    x = np.ones((20, 3))
    x[7, 1] = np.nan
    return x


def _truncated_npz(folder: Path) -> None:
    _npz()(folder)
    content = (folder / "data.npz").read_bytes()
    (folder / "data.npz").write_bytes(content[: len(content) // 2])


MNIST = "data: {source: mnist, path: idx}\n"
WRONG: list[tuple[str, str | None, Callable[[Path], Any], list[str]]] = [
    ("config missing", None, lambda folder: (folder / "my2.yaml").touch(), ["my.yaml: does not exist", '"my2.yaml"']),
    (
        "config a folder",
        None,
        lambda folder: (folder / "my.yaml").mkdir(),
        ["my.yaml: is a folder; give the path of a YAML file"],
    ),
    ("config empty", "", _npz(), ["my.yaml:1:1: expected a mapping with data, model and training, but found nothing"]),
    ("config a list", "- data\n- model\n", _npz(), ["my.yaml:1:1: expected a mapping", "found a list"]),
    ("config a binary", "\0\1\2", _npz(), ["my.yaml"]),
    (
        "unknown keys",
        CONFIG + "model: {unis: 3}\ntrainin: {}\n",
        _npz(),
        ["my.yaml:2:9", "my.yaml:3:1", "did you mean"],
    ),
    ("wrong type", CONFIG + "training: {epochs: true}\n", _npz(), ["my.yaml:2:12: training.epochs"]),
    ("data missing", CONFIG, lambda folder: None, ["data.npz: not found; give a path, or a built-in name"]),
    ("npz truncated", CONFIG, _truncated_npz, ["data.npz"]),
    ("npz with NaN", CONFIG, _npz(x=_with_nan()), ["data.npz: x: 1 value is not finite", "row 7"]),
    ("lengths differ", CONFIG, _npz(y=np.arange(19) % 2), ["data.npz", "20", "19"]),
    ("one class", CONFIG, _npz(y=np.zeros(20, int)), ["data.npz", "at least two classes"]),
    ("IDX magic", MNIST, lambda folder: _idx(folder / "idx", magic=0x1234), ["train-images-idx3-ubyte"]),
    ("IDX truncated", MNIST, lambda folder: _idx(folder / "idx", cut=3), ["train-images-idx3-ubyte"]),
    ("IDX lengths", MNIST, lambda folder: _idx(folder / "idx", labels=[0, 1]), ["10", "2"]),
    ("IDX labels", MNIST, lambda folder: _idx(folder / "idx", labels=[*range(9), 10]), ["10", "labels"]),
    ("IDX folder empty", MNIST, lambda folder: (folder / "idx").mkdir(), ["idx", "train-images-idx3-ubyte"]),
]


@pytest.mark.parametrize(("config", "prepare", "words"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
@pytest.mark.parametrize("command", ["train", "validate"])
def test_a_config_or_its_data(
    mlpcli_here: Any,
    tmp_path: Path,
    nothing_written: Any,
    command: str,
    config: str | None,
    prepare: Any,
    words: list[str],
) -> None:
    prepare(tmp_path)
    if config is not None:
        (tmp_path / "my.yaml").write_text(config, encoding="utf-8")
    with nothing_written(tmp_path):
        done = mlpcli_here(command, "my.yaml")
    _is_refused(done, words)


def _is_refused(done: Any, words: list[str]) -> None:
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert done.stderr.startswith("error: ")
    assert [word for word in words if word not in done.stderr] == [], done.stderr
    assert not [noise for noise in ("Traceback", "tensorflow", "\x1b", "pydantic") if noise in done.stderr]
    assert len(done.stderr.splitlines()) <= 8


MODELS: list[tuple[str, Callable[[Path, bytes], Any], list[str]]] = [
    ("missing", lambda path, content: None, ["model.keras: does not exist; give a model file or a run directory"]),
    ("empty", lambda path, content: path.touch(), ["model.keras: is empty"]),
    ("truncated", lambda path, content: path.write_bytes(content[:-100]), ["model.keras: is damaged"]),
    ("no model", lambda path, content: path.write_text("weights"), ["model.keras: is not a model file"]),
    ("a zip", lambda path, content: path.write_bytes(b"PK\x05\x06" + bytes(18)), ["model.keras"]),
    ("a folder", lambda path, content: path.mkdir(), ["model.keras: has no model.keras, so it is not a run directory"]),
]


@pytest.mark.parametrize(("make", "words"), [row[1:] for row in MODELS], ids=[row[0] for row in MODELS])
@pytest.mark.parametrize("command", ["evaluate", "summary"])
def test_a_model_file(
    mlpcli_here: Any, tmp_path: Path, finished: Any, nothing_written: Any, command: str, make: Any, words: list[str]
) -> None:
    make(tmp_path / "model.keras", (finished[0] / "model.keras").read_bytes())
    with nothing_written(tmp_path):
        done = mlpcli_here(command, "model.keras")
    _is_refused(done, words)


PLACES: list[tuple[list[str], list[str]]] = [
    (["plot", "."], [".: has no history.csv, so it is not a run directory"]),
    (["plot", "nowhere"], ["nowhere: does not exist; give a run directory such as runs/digits"]),
    (["plot", "my.yaml"], ["my.yaml: is a file; give a run directory"]),
    (["evaluate", "."], [".: has no model.keras, so it is not a run directory", "give one such as runs/digits"]),
    (["evaluate", "my.yaml"], ["my.yaml: is not a model file; expected a .keras or .h5 file"]),
    (["summary", "nowhere.yaml"], ["nowhere.yaml: does not exist"]),
    (["validate", "my.yaml", "-s", "epochs"], ["-s epochs: expected key=value, such as -s training.epochs=5"]),
    (["validate", "my.yaml", "-s", "training.epoch=5"], ["training.epoch", 'did you mean "epochs"']),
]


@pytest.mark.parametrize(("arguments", "words"), PLACES, ids=lambda value: " ".join(value) if value else "")
def test_a_place_or_an_override(
    mlpcli_here: Any, tmp_path: Path, nothing_written: Any, arguments: list[str], words: list[str]
) -> None:
    (tmp_path / "my.yaml").write_text("data: {source: iris}\n", encoding="utf-8")
    with nothing_written(tmp_path):
        done = mlpcli_here(*arguments)
    _is_refused(done, words)
