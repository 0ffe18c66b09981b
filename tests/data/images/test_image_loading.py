"""A folder of class folders as a data set: rows, classes, parts, what is broken, and rows for testing."""

from __future__ import annotations

import re
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mlpcli.config.sections import DataConfig, ImageConfig
from mlpcli.data.dataset import ImageForm, Source
from mlpcli.data.images.load_images import load_image_folder, read_image_rows
from mlpcli.errors import DataError, SettingError

Write = Callable[..., Path]
FORM = ImageForm((6, 4), "grayscale", "stretch", 0.0)


def load(path: Path, image: dict[str, Any] | None = None, **settings: Any) -> Source:
    return load_image_folder(path, DataConfig(source=str(path), image=ImageConfig(**(image or {})), **settings))


def test_one_folder_of_class_folders(pets: Path) -> None:
    source = load(pets)
    assert (source.name, source.kind, source.pixel_max, source.test) == ("pets", "image", 255, None)
    assert source.class_names == ("cat", "강아지")
    assert source.train.x.shape == (6, 6, 4) and source.train.x.dtype == np.uint8
    assert source.train.x[:, 0, 0].tolist() == [11, 12, 13, 21, 22, 23]
    assert source.train.y.tolist() == [0, 0, 0, 1, 1, 1] and source.train.y.dtype == np.int64
    assert source.image == ImageForm((6, 4), "grayscale", "stretch", pytest.approx(17 / 255))
    assert source.notes == ()
    assert source.feature_names is None and source.preprocessing is None


def test_train_test_and_validation(pets: Path, picture: Write, tmp_path: Path) -> None:
    root = tmp_path / "all"
    shutil.copytree(pets, root / "train")
    picture("all/test/강아지/x.png", 99, (6, 4))
    picture("all/val/cat/y.png", 98, (6, 4))
    source = load(root)
    assert len(source.train) == 6
    assert source.test is not None
    assert source.test.y.tolist() == [1] and source.test.x[0, 0, 0] == 99
    assert source.notes == (
        f"{root / 'val'} holds pictures that are not used; to use them, set data.validation: {root / 'val'}",
    )
    assert load(root, validation=str(root / "val")).notes == ()


def test_size_and_color_are_made_alike(pets: Path, picture: Write) -> None:
    picture("pets/cat/9.jpg", (250, 0, 0), (50, 70))
    source = load(pets, {"size": [3, 5], "color": "rgb"})
    assert source.train.x.shape == (7, 3, 5, 3)
    assert source.image is not None and source.image.size == (3, 5) and source.image.color == "rgb"
    np.testing.assert_allclose(source.train.x[3], np.broadcast_to([250, 0, 0], (3, 5, 3)), atol=4)


def test_a_test_picture_of_another_size_is_not_stretched_in_silence(pets: Path, picture: Write, tmp_path: Path) -> None:
    shutil.copytree(pets, tmp_path / "all" / "train")
    picture("all/test/cat/x.png", 99, (6, 5))
    with pytest.raises(SettingError, match=r"2 sizes, from 6x4 .* to 6x5 \(cat/x\.png\)"):
        load(tmp_path / "all")


def break_some(pets: Path) -> None:
    (pets / "cat" / "2.png").write_bytes(b"")
    (pets / "cat" / "0.jpg").write_text("고양이", encoding="utf-8")


SETTINGS: list[dict[str, Any]] = [{}, {"size": [6, 4], "color": "grayscale"}]


@pytest.mark.parametrize("image", SETTINGS, ids=["found", "told"])
def test_broken_pictures_are_left_out_and_named(pets: Path, image: dict[str, Any]) -> None:
    break_some(pets)
    source = load(pets, image)
    assert source.train.x[:, 0, 0].tolist() == [11, 13, 21, 22, 23]
    assert source.train.y.tolist() == [0, 0, 1, 1, 1]
    assert source.notes == (
        "pictures that cannot be read are left out (2 of 7): cat/0.jpg is not a picture in the formats JPEG, PNG, BMP,"
        " GIF, WEBP, TIFF, or is truncated; cat/2.png is empty (0 bytes)",
    )


def test_only_the_first_five_are_named(pets: Path) -> None:
    for number in range(7):
        (pets / "cat" / f"broken{number}.png").write_bytes(b"")
    [note] = load(pets).notes
    assert note.startswith(
        "pictures that cannot be read are left out (7 of 13): cat/broken0.png is empty"
    ) and note.endswith("broken4.png is empty (0 bytes); ...")


@pytest.mark.parametrize("image", SETTINGS, ids=["found", "told"])
def test_strict_makes_a_broken_picture_an_error(pets: Path, image: dict[str, Any]) -> None:
    load(pets, image, strict=True)
    break_some(pets)
    load(pets, image)  # what is kept of this must not be taken for the strict one
    with pytest.raises(DataError, match=r"pets: 2 of 7 pictures cannot be read: cat/0\.jpg .*; replace or remove them"):
        load(pets, image, strict=True)


def test_a_class_whose_pictures_are_all_broken_is_an_error(pets: Path) -> None:
    for path in (pets / "강아지").iterdir():
        path.write_bytes(b"broken")
    for _ in range(2):  # the second time from the cache
        with pytest.raises(
            DataError, match=r"강아지: none of its pictures can be read, the first is 1\.png; save them"
        ):
            load(pets)


def test_nothing_but_broken_pictures_is_an_error(pets: Path) -> None:
    for path in pets.glob("*/*"):
        path.write_bytes(b"")
    with pytest.raises(DataError, match=r"none of the 6 pictures can be read: cat/1\.png is empty"):
        load(pets)


def test_notes_of_what_was_left_out(pets: Path, tmp_path: Path, picture: Write) -> None:
    picture("secret/1.png", 5)
    (pets / "cat" / "link.png").symlink_to(tmp_path / "secret" / "1.png")
    (pets / "cat" / "notes.txt").write_text("x", encoding="utf-8")
    assert load(pets).notes == (
        "links that lead out of the folder or nowhere are left out (1): cat/link.png",
        "files and folders that are not pictures are left out (1): cat/notes.txt",
    )


def test_folders_with_pictures_beside_train_are_said(pets: Path, tmp_path: Path, picture: Write) -> None:
    shutil.copytree(pets, tmp_path / "all" / "train")
    picture("all/more/1.png", 5)
    assert load(tmp_path / "all").notes == ("files and folders that are not pictures are left out (1): more",)


def test_other_rows_come_in_form_and_classes_of_training(picture: Write, tmp_path: Path) -> None:
    picture("new/강아지/a.png", (255, 255, 255), (60, 40))
    rows = read_image_rows("--data", tmp_path / "new", FORM, ("cat", "강아지"))
    assert rows.x.shape == (1, 6, 4) and (rows.x == 255).all()
    assert rows.y.tolist() == [1]
    with pytest.raises(DataError, match='no class "강아지"'):
        read_image_rows("--data", tmp_path / "new", FORM, ("cat", "dog"))


def test_of_a_whole_set_the_part_that_is_meant_is_read(picture: Write, tmp_path: Path) -> None:
    for part, value in (("train", 1), ("test", 2), ("valid", 3)):
        picture(f"all/{part}/cat/a.png", value)
    for key, value in (("data.test", 2), ("--data", 2), ("data.validation", 3)):
        assert read_image_rows(key, tmp_path / "all", FORM, ("cat", "dog")).x[0, 0, 0] == value
    shutil.rmtree(tmp_path / "all" / "test")
    with pytest.raises(SettingError, match=r"data\.test: .*all: holds train/ .* such as .*train"):
        read_image_rows("data.test", tmp_path / "all", FORM, ("cat", "dog"))


def test_broken_pictures_in_other_rows_are_an_error_unless_someone_listens(picture: Write, tmp_path: Path) -> None:
    picture("new/cat/a.png", 5)
    (tmp_path / "new" / "cat" / "b.png").write_bytes(b"")
    with pytest.raises(DataError, match=re.escape("1 of 2 pictures cannot be read: cat/b.png is empty")):
        read_image_rows("--data", tmp_path / "new", FORM, ("cat", "dog"))
    notes: list[str] = []
    assert len(read_image_rows("--data", tmp_path / "new", FORM, ("cat", "dog"), notes)) == 1
    assert notes == ["pictures that cannot be read are left out (1 of 2): cat/b.png is empty (0 bytes)"]


def test_real_photos(shared_data: Path, tmp_path: Path) -> None:
    with tarfile.open(shared_data / "cifar10-jpg.tar.gz") as archive:
        chosen = [m for m in archive.getmembers() if re.search(r"(cat|ship)/00[0-3]\d\.jpg$", m.name)]
        for member in chosen:
            member.name = member.name.removeprefix("cifar10-jpg/")
            archive.extract(member, tmp_path / "photos")
    told: list[tuple[str, int, int]] = []
    data = DataConfig(source="photos")
    source = load_image_folder(tmp_path / "photos", data, lambda *report: told.append(report))
    assert source.class_names == ("cat", "ship")
    assert source.input_shape == (32, 32, 3)
    assert source.test is not None and (len(source.train), len(source.test)) == (80, 80)
    assert np.bincount(source.train.y).tolist() == [40, 40]
    with Image.open(tmp_path / "photos" / "train" / "ship" / "0007.jpg") as image:
        np.testing.assert_array_equal(source.train.x[47], np.asarray(image))
    assert told[0] == ("looking at pictures", 0, 160) and told[-1] == ("decoding pictures", 160, 160)
