"""Folders of pictures as downloads have them: each gets a config that is valid, or a command that sorts them."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from mlpcli.data.load_data import load_data
from mlpcli.errors import DataError
from mlpcli.workflows.init import init
from mlpcli.workflows.validate import validate


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _part(folder: str, each: int, classes: str = "cat dog") -> None:
    for shade, name in enumerate(classes.split()):
        (Path(folder) / name).mkdir(parents=True, exist_ok=True)
        for index in range(each):
            Image.new("RGB", (4, 4), (60 * shade, index, 0)).save(Path(folder) / name / f"{index}.png")


def _flat(folder: str, names: list[str]) -> None:
    Path(folder).mkdir(parents=True, exist_ok=True)
    for name in names:
        Image.new("RGB", (4, 4)).save(Path(folder) / name)


NUMBERED = [f"{index}.png" for index in range(6)]


@pytest.mark.parametrize("test", ["photos/test", "photos/test/test", "photos/Testing/unlabeled"])
def test_unlabelled_test_pictures_are_left_out(test: str) -> None:
    _part("photos/train", 20)
    _flat(test, NUMBERED)
    result = init("photos")
    note = f"{test} holds pictures without class folders, which cannot be scored; mlpcli predict RUN {test} labels them"
    assert result.notes == (note,)
    checked = validate(result.config or "")
    assert (checked.facts.train_rows, checked.facts.validation_rows, checked.facts.test_rows) == (26, 6, 8)
    assert any("holds pictures without class folders" in text for text in checked.notes)


def test_parts_may_be_called_training_and_testing() -> None:
    _part("mri/Training", 20)
    _part("mri/Testing", 5)
    facts = validate(init("mri").config or "").facts
    assert (facts.train_rows, facts.validation_rows, facts.test_rows) == (32, 8, 10)


def test_the_folders_that_an_archive_adds() -> None:
    _part("xray/xray/train", 20)
    _part("xray/xray/test/test", 5)
    _part("xray/__MACOSX/xray/train", 1)
    _part("set/images/images", 20)
    facts = validate(init("xray").config or "").facts
    assert (facts.class_names, facts.train_rows, facts.test_rows) == (("cat", "dog"), 32, 10)
    assert validate(init("set").config or "").facts.class_names == ("cat", "dog")


def test_what_training_would_refuse_is_refused_at_once() -> None:
    _part("photos/train", 20)
    _part("photos/test", 5, "cat bird")
    with pytest.raises(DataError, match='the training pictures have no class "bird"'):
        init("photos")
    assert not Path("photos.yaml").exists()


def _follow(message: str) -> None:
    """Do what the message says, and see that the result is read."""
    command = shlex.split(message[message.index("python -c") :])
    subprocess.run([sys.executable, *command[1:]], check=True)
    assert validate(init("sorted").config or "").facts.class_names == ("cat", "dog")


@pytest.mark.parametrize("key", ["{}", "{}.png"])
def test_pictures_with_a_table_of_labels(key: str) -> None:
    _flat("photos/train", [f"a{index}.png" for index in range(20)])
    rows = "".join(f"{key.format(f'a{index}')},{('cat', 'dog')[index % 2]}\n" for index in range(20))
    Path("photos/labels.csv").write_text(f"id,breed\n{rows}", encoding="utf-8")
    with pytest.raises(DataError, match=r"photos: labels\.csv names the classes of the pictures in photos/train") as at:
        init("photos")
    config = Path("own.yaml")
    config.write_text("data: {source: photos, target: breed}", encoding="utf-8")
    with pytest.raises(DataError, match=r"labels\.csv names the classes"):
        validate(config)
    _follow(str(at.value))


@pytest.mark.parametrize("folder", ["pets/train", "pets"])
def test_pictures_that_are_called_by_their_classes(folder: str) -> None:
    _flat(folder, [f"{('cat', 'dog')[index % 2]}.{index}.png" for index in range(20)])
    with pytest.raises(DataError, match=rf"{re.escape(folder)}: its file names begin with 2 classes") as at:
        init("pets")
    _follow(str(at.value))


def test_a_table_beside_pictures_that_it_does_not_name_is_a_table() -> None:
    _flat("sales", ["plot.png"])
    Path("sales/a.csv").write_text("a,b\n" + "1,2\n2,3\n" * 10, encoding="utf-8")
    config = init("sales", target="b").config
    assert config is not None
    loaded = validate(config)
    assert load_data(loaded.config.data, 0).source.kind == "table"
