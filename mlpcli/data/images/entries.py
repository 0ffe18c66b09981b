"""What lies in a folder: pictures by their names, what is passed over in silence, and what is left out and said."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from mlpcli.artifacts.printable import escaped
from mlpcli.data.local_files import reading

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


def some_of(names: list[str]) -> str:
    """The first few, in one line."""
    return ", ".join(names[:MOST_NAMED]) + (", ..." if len(names) > MOST_NAMED else "")


@dataclass
class LeftOut:
    """Collects what is left out; names are relative to the folder that the user named."""

    links: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)

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
            else:
                self.other(root, path)
        return kept

    def other(self, root: Path, path: Path) -> None:
        """Note something that is no picture."""
        self.others.append(name_shown(str(path.relative_to(root))))

    def notes(self) -> tuple[str, ...]:
        """What people should know, one sentence each."""
        found = []
        if self.links:
            links = f"links that lead out of the folder or nowhere are left out ({len(self.links):,})"
            found.append(f"{links}: {some_of(self.links)}")
        if self.others:
            others = f"files and folders that are no pictures are left out ({len(self.others):,})"
            found.append(f"{others}: {some_of(self.others)}")
        return tuple(found)

    def hint(self) -> str:
        """The same for the middle of an error."""
        return "".join(f" ({note})" for note in self.notes())


def _leads_into(link: Path, real_root: str) -> bool:
    try:
        return os.path.commonpath([os.path.realpath(link, strict=True), real_root]) == real_root
    except (OSError, ValueError):  # a circle, nowhere, another drive of Windows
        return False
