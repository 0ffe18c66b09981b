"""`.tmp-PID-name`, what a killed process leaves half written beside the file that it was writing, and its removal."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

from mlpcli.errors import RunDirectoryError
from mlpcli.files import TEMPORARY_PREFIX
from mlpcli.runs.checkpoint import FOLDER
from mlpcli.runs.directory import held_again, member_folders, run_directories

MOST_RUNS = 1000
"""So many runs are looked at when a new one begins: hundredths of a second."""
_NAME = re.compile(rf"{re.escape(TEMPORARY_PREFIX)}([0-9]+)-.+", re.DOTALL)


def remove_leftovers(run: Path) -> None:
    """Remove those of a run that this process holds, so that nobody else writes there now."""
    for path, _ in _leftovers(run):
        with suppress(OSError):
            path.unlink()


def remove_abandoned(runs_dir: Path) -> None:
    """Remove those of the runs in a folder, where nobody trains and the process that was writing is dead."""
    if os.name == "nt":  # there are no locks, and asking for a process would end it
        return
    for run in islice(_runs(runs_dir), MOST_RUNS):
        if any(_is_dead(writer) for _, writer in _leftovers(run)):
            with suppress(RunDirectoryError, OSError), held_again(run):
                for path, writer in _leftovers(run):
                    if _is_dead(writer):
                        path.unlink(missing_ok=True)


def _runs(runs_dir: Path) -> Iterator[Path]:
    for run in run_directories(runs_dir):
        yield run
        with suppress(OSError):
            yield from member_folders(run)


def _leftovers(run: Path) -> list[tuple[Path, int]]:
    """The regular files of such a name, each with the process that wrote it."""
    found = []
    for folder in (run, run / FOLDER):
        with suppress(OSError), os.scandir(folder) as entries:
            for entry in entries:
                if (match := _NAME.fullmatch(entry.name)) and entry.is_file(follow_symlinks=False):
                    found.append((Path(entry.path), int(match[1])))
    return found


def _is_dead(process: int) -> bool:
    """Whether there is no process of this number; one that cannot be asked, as another user's, lives."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False
