"""Which folders hold classes of pictures, what is read of them, and what is left out."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

from mlpcli.data.images.class_folders import LeftOut, find_parts, is_class_folder, other_files, training_files
from mlpcli.errors import DataError

Write = Callable[..., Path]


def touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    return path


def made(root: Path, *names: str) -> Path:
    for name in names:
        touch(root / name)
    return root


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("cat/1.jpg", "dog/1.PNG"), True),
        (("train/cat/1.jpeg", "test/cat/2.tiff"), True),
        (("Train/cat/1.webp",), True),
        (("1.jpg", "2.jpg"), False),
        (("train/1.jpg",), True),  # a class that is called train
        (("cat/notes.txt", "people.csv"), False),
        (("a/b/c/1.jpg",), True),  # as archives are unpacked: all is in a/b
        (("a/b/c/1.jpg", "d/b/c/1.jpg"), False),
        ((".cache/1.jpg", "__MACOSX/1.jpg", "cat/.1.jpg"), False),
    ],
)
def test_a_class_folder_is_told_by_names(tmp_path: Path, names: tuple[str, ...], expected: bool) -> None:
    assert is_class_folder(made(tmp_path / "root", *names)) is expected


def test_a_file_or_nothing_is_no_class_folder(tmp_path: Path) -> None:
    assert not is_class_folder(touch(tmp_path / "a.jpg"))
    assert not is_class_folder(tmp_path / "missing")


@pytest.mark.parametrize(
    ("names", "train", "test", "validation", "beside"),
    [
        (("cat/1.jpg", "dog/1.jpg"), ".", None, None, []),
        (("train/cat/1.jpg", "test/cat/1.jpg", "valid/cat/1.jpg"), "train", "test", "valid", []),
        (("TRAIN/cat/1.jpg", "Validation/cat/1.jpg", "val/cat/1.jpg"), "TRAIN", None, "Validation", []),
        (("train/cat/1.jpg", "extra/1.jpg", "docs/a.txt"), "train", None, None, ["extra"]),
        (("train/1.jpg", "car/1.jpg", "test/1.jpg"), ".", None, None, []),  # vehicles: "train" is a class
        (("train/1.jpg", "test/1.jpg"), "train", None, None, []),  # pictures without classes: an error, later
    ],
)
def test_parts(
    tmp_path: Path, names: tuple[str, ...], train: str, test: str | None, validation: str | None, beside: list[str]
) -> None:
    parts = find_parts(made(tmp_path / "root", *names))
    assert parts.train == tmp_path / "root" / train
    assert (parts.test and parts.test.name) == test
    assert (parts.validation and parts.validation.name) == validation
    assert [folder.name for folder in parts.beside] == beside


def test_pictures_are_ordered_by_class_and_then_by_name(tmp_path: Path) -> None:
    root = made(tmp_path / "root", "b/2.jpg", "b/10.jpg", "B/z.jpg", "고양이/1.JPG", "a/1.bmp")
    found = training_files(root, root, LeftOut())
    assert found.class_names == ("B", "a", "b", "고양이")
    assert [str(path.relative_to(root)) for path in found.files] == [
        "B/z.jpg",
        "a/1.bmp",
        "b/10.jpg",
        "b/2.jpg",
        "고양이/1.JPG",
    ]
    assert found.labels.tolist() == [0, 1, 2, 2, 3]
    assert found.labels.dtype.name == "int64"


def test_hangul_in_pieces_as_macos_stores_it_is_the_same_class(tmp_path: Path) -> None:
    whole, pieces = "강아지", unicodedata.normalize("NFD", "강아지")
    train = made(tmp_path / "train", f"{pieces}/1.jpg", "cat/1.jpg")
    assert training_files(train, train, LeftOut()).class_names == ("cat", whole)
    test = made(tmp_path / "test", f"{whole}/1.jpg")
    assert other_files(test, test, ("cat", whole), LeftOut()).labels.tolist() == [1]
    both = made(tmp_path / "both", f"{pieces}/1.jpg", f"{whole}/1.jpg")
    if len(os.listdir(both)) == 2:  # macOS itself would not make two
        with pytest.raises(DataError, match="a second folder for the class"):
            training_files(both, both, LeftOut())


def test_a_class_may_have_any_name(tmp_path: Path) -> None:
    names = {'a, "b"', "=1+1", "two\nlines", "'", "%s"}
    root = made(tmp_path / "root", *(f"{name}/1.jpg" for name in names))
    assert set(training_files(root, root, LeftOut()).class_names) == names


def test_a_name_that_is_no_utf8_is_refused(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    try:
        os.mkdir(os.fsencode(root) + b"/\xb0\xad")
    except OSError:
        pytest.skip("this file system holds UTF-8 names only")
    with pytest.raises(DataError, match=r"\\udcb0\\udcad: this folder's name is not UTF-8; rename it"):
        training_files(root, root, LeftOut())


def test_what_is_no_picture_is_said_and_what_systems_leave_behind_is_not(tmp_path: Path) -> None:
    root = made(tmp_path / "root", "a/1.jpg", "a/Thumbs.db", "a/.DS_Store", "a/._1.jpg", "b/1.jpg", ".git/1.jpg")
    made(root, "README.md", "a/more/1.jpg", "b/clip.mp4", "b/new\nline.txt", "desktop.ini")
    left_out = LeftOut()
    assert len(training_files(root, root, left_out).files) == 2
    assert left_out.notes() == (
        "files and folders that are not pictures are left out (3): README.md, b/clip.mp4, b/new\\nline.txt",
        "pictures in folders inside a class are not read (1): a/more; move them up to the other pictures of the class",
    )


def test_empty_folders_are_no_classes(tmp_path: Path) -> None:
    root = made(tmp_path / "root", "a/1.jpg", "b/1.jpg", "c/.DS_Store")
    (root / "new folder").mkdir()
    left_out = LeftOut()
    assert training_files(root, root, left_out).class_names == ("a", "b")
    assert left_out.notes() == ("empty folders are left out (2): c, new folder",)


def test_pipes_are_never_opened(tmp_path: Path) -> None:
    root = made(tmp_path / "root", "a/1.jpg", "b/1.jpg")
    os.mkfifo(root / "a" / "pipe.jpg")
    left_out = LeftOut()
    assert len(training_files(root, root, left_out).files) == 2
    assert left_out.others == ["a/pipe.jpg"]


def test_links_that_lead_out_in_circles_or_nowhere_are_left_out(tmp_path: Path) -> None:
    root = made(tmp_path / "root", "a/1.jpg", "b/1.jpg")
    made(tmp_path / "root-secret", "1.jpg")
    (root / "a" / "out.jpg").symlink_to(tmp_path / "root-secret" / "1.jpg")
    (root / "a" / "circle.jpg").symlink_to(root / "a" / "circle.jpg")
    (root / "b" / "gone.jpg").symlink_to(root / "b" / "missing.jpg")
    (root / "b" / "inside.jpg").symlink_to(root / "a" / "1.jpg")
    (root / "c").symlink_to(tmp_path / "root-secret")
    left_out = LeftOut()
    found = training_files(root, root, left_out)
    assert found.class_names == ("a", "b")
    assert [path.name for path in found.files] == ["1.jpg", "1.jpg", "inside.jpg"]
    assert left_out.notes() == (
        "links that lead out of the folder or nowhere are left out (4): c, a/circle.jpg, a/out.jpg, b/gone.jpg",
    )


def test_a_link_to_the_folder_itself_is_no_endless_tree(tmp_path: Path) -> None:
    root = made(tmp_path / "root", "a/1.jpg", "b/1.jpg")
    (root / "a" / "again").symlink_to(root)
    left_out = LeftOut()
    assert len(training_files(root, root, left_out).files) == 2
    assert left_out.others == ["a/again"]


LAYOUT = "expected one folder per class, root/cat/1.jpg root/dog/2.jpg, or root/train/cat/1.jpg"


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (
            ("1.jpg", "2.jpg"),
            "with pictures (pictures outside the class folders are left out (2): 1.jpg, 2.jpg)",
        ),
        (("a/1.jpg",), 'holds one class only ("a")'),
        (("a/1.jpg", "b/1.jpg", "c/notes.txt"), "c: holds no pictures"),
    ],
)
def test_what_is_no_set_of_classes_is_told_what_is_expected(
    tmp_path: Path, names: tuple[str, ...], message: str
) -> None:
    root = made(tmp_path / "root", *names)
    with pytest.raises(DataError, match=re.escape(message)) as caught:
        training_files(root, root, LeftOut())
    assert LAYOUT in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_test_folder_may_lack_classes_but_not_bring_new_ones(tmp_path: Path) -> None:
    test = made(tmp_path / "root", "dog/1.jpg", "dog/2.jpg", "empty/notes.txt")
    assert other_files(test, test, ("cat", "dog"), LeftOut()).labels.tolist() == [1, 1]
    made(test, "cats/1.jpg")
    with pytest.raises(
        DataError, match=r'cats: .* no class "cats"; their classes are "cat", "dog"; .*; did you mean "cat"\?'
    ):
        other_files(test, test, ("cat", "dog"), LeftOut())


def test_a_test_folder_without_pictures_is_an_error(tmp_path: Path) -> None:
    root = made(tmp_path / "root", "cat/notes.txt")
    with pytest.raises(DataError, match=r"holds no class folders with pictures .*cat/notes\.txt"):
        other_files(root, root, ("cat", "dog"), LeftOut())
