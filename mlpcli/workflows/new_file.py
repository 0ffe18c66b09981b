"""Configs that commands write for people: a new file, and never one that is there already."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from mlpcli.errors import OutputError, UserError

STANDARD_OUTPUT = Path("-")
"""As `--output`: no file is written."""


def check_folder(folder: Path) -> None:
    """Raises UserError where there is no such folder."""
    if not folder.is_dir():
        raise UserError(f"{folder}: there is no such folder; make it first, or choose another --output")


def check_free(path: Path) -> None:
    """Raises UserError where something of that name is there, be it a link to nowhere."""
    if path.exists() or path.is_symlink():
        raise UserError(
            f"{path}: is there already and is not overwritten; choose another name with --output, or delete it"
        )


@contextlib.contextmanager
def new_file(path: Path, text: str) -> Iterator[None]:
    """A new UTF-8 file with this text, line ends as they are, which is removed again if what follows fails.

    Raises:
        UserError: the file is there.
        OutputError: it cannot be written; nothing is left of it.
    """
    try:
        with open(path, "x", encoding="utf-8", newline="") as file:
            file.write(text)
    except FileExistsError:
        check_free(path)
        raise
    except OSError as error:
        path.unlink(missing_ok=True)
        raise OutputError(f"{path}: cannot be written: {error.strerror}; choose another place with --output") from error
    try:
        yield
    except BaseException:
        path.unlink(missing_ok=True)
        raise
