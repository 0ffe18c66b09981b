"""First configs for built-in sets, arrays and pictures: each is valid as it is, and nothing is overwritten."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mlpcli.config.load_config import load_config
from mlpcli.data.catalog import CATALOG
from mlpcli.errors import DataError, SettingError, UserError
from mlpcli.workflows.init import init, starting_points
from mlpcli.workflows.validate import validate


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLPCLI_CACHE", str(tmp_path / "cache"))


def _pictures(folder: Path, sizes: dict[str, list[tuple[int, int]]], mode: str = "L") -> None:
    for name, found in sizes.items():
        (folder / name).mkdir(parents=True)
        for index, (height, width) in enumerate(found):
            Image.new(mode, (width, height), index).save(folder / name / f"{index}.png")


def test_there_are_starting_points() -> None:
    assert [built_in.name for built_in in starting_points()] == list(CATALOG)


@pytest.mark.parametrize("name", CATALOG)
def test_every_built_in_set_gets_a_config_that_is_valid(name: str) -> None:
    result = init(name)
    assert result.config == Path(f"{name}.yaml")
    assert result.config.read_text(encoding="utf-8") == result.text
    assert f"# mlpcli train {name}.yaml" in result.text.splitlines()
    checked = validate(result.config)
    assert checked.config.name == name
    assert checked.facts.test_rows is not None
    assert checked.config.training.early_stopping is not False
    standardized = checked.config.data.target_scaling == "standardize"
    assert standardized == (CATALOG[name].task == "regression")


def test_a_path_called_like_a_built_in_set_is_still_a_path(tmp_path: Path) -> None:
    (tmp_path / "iris").mkdir()
    with pytest.raises(DataError, match="iris: holds no tables"):
        init("./iris")
    _pictures(tmp_path / "iris", {"a": [(2, 2)] * 10, "b": [(2, 2)] * 10})
    result = init("./iris")
    assert "  source: ./iris\n" in result.text
    assert validate(result.config or "").facts.input_shape == (2, 2)


@pytest.mark.parametrize(
    ("y", "expected"),
    [
        ([0, 1] * 30, {"test": 0.2, "stratify": True, "validation": 0.2, "target_scaling": "none"}),
        ([0, 1] * 29 + [2, 2], {"test": 0.2, "stratify": False}),
        ([0.5, 1.5] * 30, {"test": 0.2, "target_scaling": "standardize"}),
        ([0, 1] * 4, {"test": None, "validation": 0.2}),
        ([0, 1] * 2, {"test": None, "validation": None}),
    ],
)
def test_arrays_of_any_size(y: list[float], expected: dict[str, Any]) -> None:
    folder = Path("내 자료")
    folder.mkdir()
    x = np.arange(len(y) * 3, dtype=np.float64).reshape(-1, 3) ** 0.5
    np.savez(folder / "값 = #1.npz", x=x, y=np.array(y))
    result = init(folder / "값 = #1.npz")
    assert result.config == Path("값-1.yaml")
    data = validate(result.config).config.data
    assert {key: getattr(data, key) for key in expected} == expected
    assert data.source == str((folder / "값 = #1.npz").resolve())
    assert "내 자료/값 = #1.npz" in result.text


def test_a_folder_of_idx_files(tmp_path: Path) -> None:
    folder = tmp_path / "숫자"
    folder.mkdir()
    for half, rows in (("train", 40), ("t10k", 20)):
        images = bytes([0, 0, 8, 3]) + struct.pack(">3I", rows, 2, 3) + bytes(rows * 6)
        labels = bytes([0, 0, 8, 1]) + struct.pack(">I", rows) + bytes(row % 10 for row in range(rows))
        (folder / f"{half}-images-idx3-ubyte.gz").write_bytes(gzip.compress(images))
        (folder / f"{half}-labels-idx1-ubyte").write_bytes(labels)
    checked = validate(init(folder).config or "")
    assert (checked.facts.train_rows, checked.facts.test_rows, checked.config.data.test) == (32, 20, None)


def test_class_folders_that_agree_in_size(tmp_path: Path) -> None:
    _pictures(tmp_path / "사진", {"개": [(8, 6)] * 10, "고양이": [(8, 6)] * 10})
    result = init("사진")
    assert "image: {size: [8, 6], color: grayscale}" in result.text
    assert result.found == "사진: 20 pictures in 2 class folders"
    facts = validate(result.config or "").facts
    assert (facts.input_shape, facts.class_names) == ((8, 6), ("개", "고양이"))


def test_class_folders_of_large_pictures_of_many_sizes(tmp_path: Path) -> None:
    """The middle is 300 high and 150 wide; 64 is the longest side."""
    sizes = [(300, 150), (200, 100), (400, 200)] * 4
    for part in ("train", "test", "val"):
        _pictures(tmp_path / "photos" / part, {"a": sizes, "b": sizes}, "RGB")
    result = init("photos/")
    assert "image: {size: [64, 32], color: rgb}" in result.text
    assert "scaling: standardize " in result.text
    assert "from 200x100 to 400x200" in result.text
    checked = validate(result.config or "")
    assert (checked.facts.train_rows, checked.facts.validation_rows, checked.facts.test_rows) == (24, 24, 24)
    assert checked.config.data.validation == str(tmp_path / "photos" / "val")


def test_pictures_that_are_all_broken_are_refused_in_words(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / "p" / name).mkdir(parents=True)
        (tmp_path / "p" / name / "1.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match="can be read"):
        init("p")


def test_paths_start_at_the_folder_of_the_config(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", x=np.eye(20), y=np.arange(20) % 2)
    (tmp_path / "설정").mkdir()
    result = init("x.npz", output=Path("설정/first (1).yaml"))
    assert "  source: ../x.npz\n" in result.text
    assert "name: first-1\n" in result.text
    assert load_config(tmp_path / "설정" / "first (1).yaml").config.data.source == str(tmp_path / "x.npz")


def test_standard_output_writes_no_file(tmp_path: Path) -> None:
    result = init("iris", output=Path("-"))
    assert result.config is None
    assert "source: iris" in result.text
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "iris.yaml").write_text("mine", encoding="utf-8")
    with pytest.raises(UserError, match=r"iris.yaml: already exists and is not overwritten; .* --output"):
        init("iris")
    assert (tmp_path / "iris.yaml").read_text(encoding="utf-8") == "mine"
    (tmp_path / "animals.csv").write_text("mine", encoding="utf-8")
    with pytest.raises(UserError, match=r"animals\.csv: already exists"):
        init(generate="animals")
    assert not (tmp_path / "animals.yaml").exists()
    assert (tmp_path / "animals.csv").read_text(encoding="utf-8") == "mine"


WRONG: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({}, UserError, "give either data or --generate NAME"),
    ({"data": "iris", "generate": "animals"}, UserError, "give either data or --generate NAME"),
    ({"generate": "animal"}, UserError, 'no generated set is called "animal"; .*; did you mean "animals"'),
    ({"generate": "iris"}, UserError, "choose from height_weight, animals, moons, spirals, blobs"),
    (
        {"data": "iris", "preset": "stong"},
        UserError,
        '--preset: no preset is called "stong"; .*; did you mean "strong"',
    ),
    ({"data": "irsi"}, DataError, 'irsi: not found; .*; did you mean "iris"'),
    ({"data": "iris", "target": "species"}, SettingError, "--target: is for tables, and iris brings its own target"),
    ({"data": "iris", "output": Path("no/such/x.yaml")}, UserError, "no/such: the folder does not exist"),
]


@pytest.mark.parametrize(("arguments", "kind", "message"), WRONG)
def test_what_is_wrong_is_said(arguments: dict[str, Any], kind: type[Exception], message: str, tmp_path: Path) -> None:
    with pytest.raises(kind, match=message):
        init(**arguments)
    assert list(tmp_path.iterdir()) == []
