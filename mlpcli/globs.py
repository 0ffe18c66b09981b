"""Globs expanded within bounds: one may come with a stranger's model, or begin at the root of the disk."""

from __future__ import annotations

import fnmatch
import glob
import os
from collections.abc import Iterator
from pathlib import Path

from mlpcli.errors import DataError

MOST_ENTRIES = 100_000
"""Files and folders that are looked at for one pattern."""
MOST_FILES = 20_000
"""Paths that one pattern, or one folder of tables, may stand for."""
DEEPEST = 100
ANY_DEPTH = "**"


def matches(pattern: Path) -> list[Path]:
    """The paths that match, as `glob.glob` finds them with `recursive=True`, each once; unsorted.

    Raises:
        DataError: too many files and folders would have to be looked at, or too many match.
    """
    found = list(dict.fromkeys(_Search(pattern).found()))
    check_count(pattern, len(found))
    return [Path(path) for path in found]


def any_match(pattern: Path) -> bool:
    """Whether at least one path matches (raises as `matches`)."""
    return next(_Search(pattern).found(), None) is not None


def check_count(path: Path, count: int) -> None:
    """Refuse more files than one path may stand for.

    Raises:
        DataError: with the number found and the largest that is taken.
    """
    if count > MOST_FILES:
        raise DataError(
            f"{path}: matches {count:,} files, but at most {MOST_FILES:,} are read; merge them, or match fewer"
        )


class _Search:
    """One search, which counts what it looks at."""

    def __init__(self, pattern: Path) -> None:
        self.pattern = pattern
        self.looked_at = 0

    def found(self) -> Iterator[str]:
        """Paths that match; one may come twice where `**` stands twice."""
        anchor = self.pattern.anchor
        return self._below(anchor, self.pattern.parts[1 if anchor else 0 :])

    def _below(self, folder: str, parts: tuple[str, ...], depth: int = 0) -> Iterator[str]:
        if not parts:
            if os.path.lexists(folder):
                yield folder
            return
        if depth > DEEPEST:
            raise self._too_much(f"more than {DEEPEST} folders in each other")
        first, rest = parts[0], parts[1:]
        if first == ANY_DEPTH:
            yield from self._at_any_depth(folder, parts, depth)
        elif not glob.has_magic(first):
            yield from self._below(os.path.join(folder, first), rest, depth + 1)
        else:
            for entry in self._entries(folder, hidden=first.startswith(".")):
                if fnmatch.fnmatch(entry.name, first) and (not rest or _is_folder(entry)):
                    yield from self._below(os.path.join(folder, entry.name), rest, depth + 1)

    def _at_any_depth(
        self, folder: str, parts: tuple[str, ...], depth: int, links: tuple[str, ...] = ()
    ) -> Iterator[str]:
        """`links`: where those lead that were followed on the way here; none is followed twice, or up to its folder."""
        rest = parts[1:]
        if rest:
            yield from self._below(folder, rest, depth + 1)
        if depth > DEEPEST:
            raise self._too_much(f"more than {DEEPEST} folders in each other")
        for entry in self._entries(folder, hidden=False):
            inner, followed = os.path.join(folder, entry.name), links
            if not rest:
                yield inner
            if not _is_folder(entry):
                continue
            if entry.is_symlink():
                followed = (*links, os.path.realpath(inner))
                if followed[-1] in links or Path(os.path.realpath(folder)).is_relative_to(followed[-1]):
                    continue
            yield from self._at_any_depth(inner, parts, depth + 1, followed)

    def _entries(self, folder: str, hidden: bool) -> Iterator[os.DirEntry[str]]:
        """What is in a folder; of one that is none, or may not be read, nothing."""
        try:
            with os.scandir(folder or os.curdir) as entries:
                for entry in entries:
                    self.looked_at += 1
                    if self.looked_at > MOST_ENTRIES:
                        raise self._too_much(f"more than {MOST_ENTRIES:,} files and folders")
                    if hidden or not entry.name.startswith("."):
                        yield entry
        except OSError:
            return

    def _too_much(self, what: str) -> DataError:
        return DataError(f"{self.pattern}: {what} would have to be looked at; begin the pattern in a smaller folder")


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False
