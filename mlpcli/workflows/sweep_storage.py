"""Where a sweep's trials are recorded: a journal in its folder, or a database that several machines share."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from mlpcli.errors import OutputError, RunDirectoryError, UserError
from mlpcli.files import cannot_write

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from optuna import Study
    from optuna.storages import BaseStorage

JOURNAL = "study.journal"
_DRIVERS = {
    "postgresql": ("psycopg2", "psycopg", "pip install 'psycopg[binary]'"),
    "mysql": ("mysqldb", "pymysql", "pip install pymysql"),
}
"""By the scheme of a URL: SQLAlchemy's own choice, the one that is taken where that is missing, and how to get it."""
_MODULES = {"mysqldb": "MySQLdb", "mysqlconnector": "mysql"}
"""What a driver is imported as, where that is not its name in a URL."""
RETRIES, RETRY_SECONDS = 3, 1.0
SQLITE_REASON = (
    "SQLite is for one worker only: Optuna advises against it for several, which block each other; leave out --storage"
    " for a journal file, or give postgresql://... or mysql://..."
)


def import_optuna() -> Any:
    """Optuna, which says nothing of its own.

    Raises:
        UserError: it is not installed.
    """
    try:
        import optuna
    except ImportError as error:
        raise UserError(
            f"mlpcli sweep needs a package that is not installed ({error.name}): pip install 'mlpcli[sweep]'"
        ) from error
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna


@contextmanager
def stored(url: str | None, folder: Path, workers: int = 1) -> Iterator[BaseStorage]:
    """A context with the storage that `--storage` names, by default the journal in the sweep's folder.

    Raises:
        UserError: the URL is of no database that is supported, or its driver is not installed.
        OutputError: the database cannot be reached, or the journal not be written, at the beginning or later; what is
            recorded stays.
        RunDirectoryError: the journal is damaged.
    """
    optuna = import_optuna()
    if url is None:
        from optuna.storages.journal import JournalStorage

        with _writing(folder / JOURNAL):
            backend = _journal(folder / JOURNAL)
        yield JournalStorage(backend)
        return
    check_url(url, workers)
    storage = _connected(url)
    try:
        yield storage
    except optuna.exceptions.StorageInternalError as error:
        raise _unreachable(url, error.__cause__ or error) from error
    finally:
        storage.remove_session()
        storage.engine.dispose()


def _connected(url: str) -> Any:
    """Optuna's storage in a database, whose tables are made where there are none.

    Of two processes that make them at the same moment one fails, as when all tasks of a cluster begin at once; it tries
    again, and finds them.
    """
    optuna = import_optuna()
    for left in range(RETRIES, -1, -1):
        try:
            return optuna.storages.RDBStorage(_with_driver(url))
        except Exception as error:  # of SQLAlchemy and of each driver
            if not left or not re.search("already exists|duplicate", str(error), re.IGNORECASE):
                raise _unreachable(url, error) from error
        time.sleep(RETRY_SECONDS)
    raise AssertionError


def check_url(url: str, workers: int) -> None:
    """What can be told of a URL without connecting (raises UserError)."""
    scheme, _, driver = urlsplit(url).scheme.partition("+")
    if scheme == "sqlite" and workers > 1:
        raise UserError(f"--storage: {SQLITE_REASON}")
    if scheme == "sqlite" and urlsplit(url).path.strip("/") in ("", ":memory:"):
        raise UserError("--storage: name the file, as in sqlite:///trials.db; memory alone forgets the trials")
    if scheme not in (*_DRIVERS, "sqlite"):
        raise UserError(
            f"--storage: {without_password(url)} is not the URL of a database; give"
            " postgresql://USER:PASSWORD@HOST/DATABASE or mysql://..., or leave it out for a file in the sweep's folder"
        )
    if scheme in _DRIVERS:
        *known, command = _DRIVERS[scheme]
        if not any(_is_installed(name) for name in ([driver] if driver else known)):
            raise UserError(
                f"--storage: the driver {driver} is not installed; {command}, and leave +{driver} out"
                if driver
                else f"--storage: {scheme} needs a driver that is not installed: {command}"
            )


def _is_installed(driver: str) -> bool:
    return importlib.util.find_spec(_MODULES.get(driver, driver)) is not None


def _with_driver(url: str) -> str:
    """The URL with the driver that is installed: SQLAlchemy takes one of the two, unless it is named."""
    parts = urlsplit(url)
    if parts.scheme in _DRIVERS and not _is_installed(_DRIVERS[parts.scheme][0]):
        return urlunsplit(parts._replace(scheme=f"{parts.scheme}+{_DRIVERS[parts.scheme][1]}"))
    return url


def absolute(url: str) -> str:
    """The URL as it is meant in any folder: that of an SQLite file may be relative to the one of the moment.

    >>> absolute("sqlite:////srv/trials.db"), absolute("postgresql://host/sweeps")
    ('sqlite:////srv/trials.db', 'postgresql://host/sweeps')
    """
    parts = urlsplit(url)
    if parts.scheme.partition("+")[0] != "sqlite" or not parts.path.strip("/"):
        return url
    return f"{parts.scheme}:///{Path(parts.path[1:]).resolve()}" + (f"?{parts.query}" if parts.query else "")


def without_password(url: str) -> str:
    """The URL as it may be shown and kept."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{parts.username}:***@{place}"))


def _unreachable(url: str, error: BaseException) -> OutputError:
    reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return OutputError(f"--storage: {without_password(url)} cannot be used: {reason}")


def open_study(storage: BaseStorage, name: str, rising: bool) -> Study:
    """The study of this name, which is made where there is none."""
    optuna = import_optuna()
    found: Study = optuna.create_study(
        storage=storage, study_name=name, direction="maximize" if rising else "minimize", load_if_exists=True
    )
    return found


def _journal(path: Path) -> Any:
    """Optuna's journal, which a killed process leaves neither locked nor torn.

    Optuna's own locks are files: the one of a killed process holds up all others for 30 seconds. The kernel's goes with
    the process. It syncs each line to the disk as well, which takes longer than an epoch of a small network; without,
    only a power cut loses lines, and their trials are run again.
    """
    from optuna.storages.journal import JournalFileBackend

    class Journal(JournalFileBackend):
        def read_logs(self, log_number_from: int) -> Generator[dict[str, Any], None, None]:
            line = log_number_from + 1
            try:
                for log in super().read_logs(log_number_from):
                    yield log
                    line += 1
            except ValueError as error:
                raise RunDirectoryError(
                    f"{path}:{line}: is damaged; restore the file, or delete this line and those after it: their"
                    " trials are run again"
                ) from error

        def append_logs(self, logs: list[dict[str, Any]]) -> None:
            lines = "".join(json.dumps(log, separators=(",", ":")) + "\n" for log in logs)
            with _writing(path), open(path, "r+b") as file, _only_one(file.fileno()):
                end = file.seek(0, os.SEEK_END)
                file.truncate(_whole_lines(file, end))
                file.seek(0, os.SEEK_END)
                file.write(lines.encode())
                file.flush()

    try:
        import fcntl  # noqa: F401
    except ImportError:  # Windows
        from optuna.storages.journal import JournalFileOpenLock

        return JournalFileBackend(str(path), JournalFileOpenLock(str(path)))
    return Journal(str(path))


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """A context that turns an OSError into an OutputError: the disk is full, or the folder was removed."""
    try:
        yield
    except OSError as error:
        raise cannot_write(path, error) from error


def _whole_lines(file: Any, end: int) -> int:
    """Where the last whole line ends: a killed process may have written half a line behind it."""
    while end:
        begin = max(0, end - 4096)
        file.seek(begin)
        found = file.read(end - begin).rfind(b"\n")
        if found >= 0:
            return begin + int(found) + 1
        end = begin
    return 0


@contextmanager
def _only_one(descriptor: int) -> Iterator[None]:
    """A context that one process at a time is in; a process that ends leaves it, however it ends."""
    import fcntl

    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
