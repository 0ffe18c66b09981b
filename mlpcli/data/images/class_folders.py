"""Class folders: which folder holds classes, which files are pictures, what is left out. Opens no file."""

from __future__ import annotations

import os
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from mlpcli.arrays import Array
from mlpcli.errors import DataError
from mlpcli.files import reading
from mlpcli.text import did_you_mean, escaped, listed

TRAIN, TEST, VALIDATION = ("train", "training"), ("test", "testing"), ("validation", "val", "valid")
OF_PARTS = (*TRAIN, *TEST, *VALIDATION)
WITHOUT_CLASSES = (*OF_PARTS, "images", "unknown", "unlabeled", "unlabelled")
"""Names of a folder that stands alone in test/ and is no class: test/test/1.jpg."""
DEEPEST = 5


@dataclass(frozen=True)
class Parts:
    """The folders whose folders are classes; test and validation stand beside train/, or are None.

    beside: folders with pictures that stand beside train/, too, and belong to no part. unlabelled: folders of pictures
    that have no class, in the place of test or validation pictures.
    """

    train: Path
    test: Path | None = None
    validation: Path | None = None
    beside: tuple[Path, ...] = ()
    unlabelled: tuple[Path, ...] = ()


@dataclass(frozen=True, eq=False)
class ClassFiles:
    """The pictures of one part, by class and then by name (in code-point order).

    class_names: sorted, NFC. files: (n,) paths. labels: (n,) int64, indices into class_names.
    """

    folder: Path
    class_names: tuple[str, ...]
    files: tuple[Path, ...]
    labels: Array


def is_class_folder(path: Path) -> bool:
    """Whether folders in this folder, or in its train/, hold pictures (told by their names)."""
    if not path.is_dir():
        return False
    path = unwrapped(path)
    return has_pictures(path) or any(has_pictures(part) for part in _named(path, TRAIN))


def unwrapped(path: Path) -> Path:
    """The folder itself, or the one in it that holds everything, as archives are unpacked: photos/photos/train."""
    for _ in range(DEEPEST):
        if holds_pictures(path) or has_pictures(path) or _named(path, OF_PARTS):
            break
        inner = _folders(path)
        if len(inner) != 1 or inner[0].is_symlink():
            break
        path = inner[0]
    return path


def find_parts(path: Path) -> Parts:
    """Where training pictures are: in train/ (with test/ and validation/, val/ or valid/ beside it) or in path itself.

    A class may be called "train": then that folder holds pictures itself, beside other classes.
    """
    path = unwrapped(path)
    train = _named(path, TRAIN)
    if not train:
        return Parts(path)
    others = [folder for folder in _folders(path) if folder.name.lower() not in OF_PARTS]
    beside = tuple(folder for folder in others if holds_pictures(folder))
    if beside and not has_pictures(train[0]):
        return Parts(path)
    parts = [_part(_named(path, names), train[0]) for names in (TEST, VALIDATION)]
    (test, of_test), (validation, of_validation) = parts
    return Parts(train[0], test, validation, beside, tuple(folder for folder in (of_test, of_validation) if folder))


def _part(folders: list[Path], train: Path) -> tuple[Path | None, Path | None]:
    """The folder of class folders in such a part, and the folder of its pictures where these have no classes."""
    if not folders:
        return None, None
    part, classes = folders[0], {_class_name(folder) for folder in _folders(train)}
    inner = _folders(part)
    if not inner and holds_pictures(part):
        return None, part
    if len(inner) == 1 and inner[0].name.lower() in WITHOUT_CLASSES and _class_name(inner[0]) not in classes:
        return (None, inner[0]) if holds_pictures(inner[0]) else (inner[0], None)
    return part, None


def _folders(path: Path) -> list[Path]:
    return [folder for folder in visible(path) if folder.is_dir()]


def training_files(root: Path, folder: Path, left_out: LeftOut) -> ClassFiles:
    """Classes and pictures of the folder `folder`, which is `root` or inside it; nothing outside root is looked at.

    Raises:
        DataError: fewer than two classes, a class without pictures, names that are not text.
    """
    found = _classes(root, folder, left_out)
    empty = [folder / name for name, files in found.items() if not files]
    if empty:
        raise DataError(
            f"{empty[0]}: holds no pictures{left_out.hint()}; add some or remove the folder; {_layout(root)}"
        )
    if len(found) < 2:
        what = f'one class only ("{next(iter(found))}")' if found else "no class folders with pictures"
        raise DataError(f"{folder}: holds {what}{left_out.hint()}; {_layout(root)}")
    return _class_files(folder, found, tuple(sorted(found)))


def other_files(root: Path, folder: Path, class_names: tuple[str, ...], left_out: LeftOut) -> ClassFiles:
    """Pictures of a test or validation folder in the classes of training, of which some may be missing.

    Raises:
        DataError: no pictures, or a class that training does not know.
    """
    found = {name: files for name, files in _classes(root, folder, left_out).items() if files}
    if not found:
        raise DataError(f"{folder}: holds no class folders with pictures{left_out.hint()}; {_layout(root)}")
    for name in found:
        if name not in class_names:
            known = listed([f'"{other}"' for other in class_names], 20)
            raise DataError(
                f'{folder / name}: the training pictures have no class "{name_shown(name)}"; their classes are {known};'
                f" rename the folder, or add training pictures{did_you_mean(name, class_names)}"
            )
    return _class_files(folder, found, class_names)


def _classes(root: Path, folder: Path, left_out: LeftOut) -> dict[str, list[Path]]:
    """Class name to its pictures, none where a folder holds other things only; empty folders are no classes."""
    found: dict[str, list[Path]] = {}
    for place in left_out.inside(root, visible(folder)):
        if not place.is_dir():
            left_out.other(root, place)
            continue
        name, inside = _class_name(place), visible(place)
        if not inside:
            left_out.empty.append(name_shown(str(place.relative_to(root))))
            continue
        if name in found:
            raise DataError(
                f'{place}: a second folder for the class "{name}", spelled with other characters; merge the two folders'
            )
        found[name] = left_out.pictures(root, left_out.inside(root, inside))
    return found


def _class_files(folder: Path, found: dict[str, list[Path]], class_names: tuple[str, ...]) -> ClassFiles:
    position = {name: index for index, name in enumerate(class_names)}
    order = sorted(found)
    labels = np.repeat([position[name] for name in order], [len(found[name]) for name in order]).astype(np.int64)
    return ClassFiles(folder, class_names, tuple(path for name in order for path in found[name]), labels)


def _class_name(folder: Path) -> str:
    """NFC, because macOS stores the Hangul of names in pieces."""
    name = unicodedata.normalize("NFC", folder.name)
    if any(0xD800 <= ord(character) <= 0xDFFF for character in name):
        raise DataError(f"{folder.parent / name_shown(name)}: this folder's name is not UTF-8; rename it")
    return name


def _named(path: Path, names: tuple[str, ...]) -> list[Path]:
    """The folders in `path` of these names, in any case; those that come first among the names first."""
    found = [folder for folder in visible(path) if folder.name.lower() in names and folder.is_dir()]
    return sorted(found, key=lambda folder: names.index(folder.name.lower()))


def _layout(root: Path) -> str:
    name = root.resolve().name or "pictures"
    return (
        f"expected one folder per class, {name}/cat/1.jpg {name}/dog/2.jpg,"
        f" or {name}/train/cat/1.jpg {name}/train/dog/2.jpg {name}/test/cat/3.jpg"
    )


PICTURE_ENDS = (".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff")
PASSED_OVER = ("thumbs.db", "desktop.ini", "__macosx")
MOST_NAMED = 5


def is_picture_name(name: str) -> bool:
    """Whether a file's name ends as those of pictures do."""
    return name.lower().endswith(PICTURE_ENDS)


def visible(folder: Path) -> list[Path]:
    """What lies in a folder, in code-point order, without what systems put there (hidden files, Thumbs.db ...).

    Raises:
        DataError: the folder cannot be read.
    """
    with reading(folder):
        names = sorted(os.listdir(folder))
    return [folder / name for name in names if not name.startswith(".") and name.lower() not in PASSED_OVER]


def holds_pictures(folder: Path) -> bool:
    """Whether there are pictures in the folder itself."""
    return any(is_picture_name(path.name) for path in visible(folder))


def has_pictures(folder: Path) -> bool:
    """Whether there are pictures in any of the folders in this folder."""
    return any(inner.is_dir() and holds_pictures(inner) for inner in visible(folder))


def name_shown(name: str) -> str:
    """A file's name as one line of text: what cannot be printed is written as an escape."""
    return escaped(name)


@dataclass
class LeftOut:
    """Collects what is left out; names are relative to the folder that the user named."""

    links: list[str] = field(default_factory=list)
    loose: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)
    nested: list[str] = field(default_factory=list)

    def inside(self, root: Path, paths: list[Path]) -> list[Path]:
        """The paths without links that lead out of `root`, in circles, or nowhere."""
        real_root, kept = os.path.realpath(root), []
        for path in paths:
            if path.is_symlink() and not _leads_into(path, real_root):
                self.links.append(name_shown(str(path.relative_to(root))))
            else:
                kept.append(path)
        return kept

    def pictures(self, root: Path, paths: list[Path]) -> list[Path]:
        """The regular files that have a picture's name; pipes and devices might never end."""
        kept = []
        for path in paths:
            if is_picture_name(path.name) and path.is_file():
                kept.append(path)
            elif path.is_dir() and not path.is_symlink() and holds_pictures(path):
                self.nested.append(name_shown(str(path.relative_to(root))))
            else:
                self.other(root, path)
        return kept

    def other(self, root: Path, path: Path) -> None:
        """Note a file or folder that belongs to no class: a picture beside the class folders, or no picture."""
        where = self.loose if is_picture_name(path.name) and path.is_file() else self.others
        where.append(name_shown(str(path.relative_to(root))))

    def notes(self) -> tuple[str, ...]:
        """What people should know, one sentence each."""
        found = []
        if self.links:
            links = f"links that lead out of the folder or nowhere are left out ({len(self.links):,})"
            found.append(f"{links}: {listed(self.links, MOST_NAMED)}")
        if self.loose:
            loose = f"pictures outside the class folders are left out ({len(self.loose):,})"
            found.append(f"{loose}: {listed(self.loose, MOST_NAMED)}")
        if self.others:
            others = f"files and folders that are not pictures are left out ({len(self.others):,})"
            found.append(f"{others}: {listed(self.others, MOST_NAMED)}")
        if self.empty:
            found.append(f"empty folders are left out ({len(self.empty):,}): {listed(self.empty, MOST_NAMED)}")
        if self.nested:
            nested = f"pictures in folders inside a class are not read ({len(self.nested):,})"
            found.append(
                f"{nested}: {listed(self.nested, MOST_NAMED)}; move them up to the other pictures of the class"
            )
        return tuple(found)

    def hint(self) -> str:
        """The same for the middle of an error."""
        return "".join(f" ({note})" for note in self.notes())


def _leads_into(link: Path, real_root: str) -> bool:
    try:
        return os.path.commonpath([os.path.realpath(link, strict=True), real_root]) == real_root
    except (OSError, ValueError):  # a circle, nowhere, another drive of Windows
        return False
