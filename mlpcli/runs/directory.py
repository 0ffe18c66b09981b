"""The run directory: its name, its files, how it is created, and the folder of several seeds or folds."""

from __future__ import annotations

import os
import platform
import re
import shlex
import time
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from mlpcli import __version__
from mlpcli.errors import RunDirectoryError
from mlpcli.files import replace_file, write_json
from mlpcli.runs.run_file import check_run_file
from mlpcli.text import nearest

CONFIG = "config.yaml"
HISTORY = "history.csv"
METRICS = "metrics.json"
EVALUATION = "evaluation.json"
ENVIRONMENT = "environment.json"
SPLIT = "split.npz"
LAYERS = "layers.json"
GRADIENTS = "gradients.csv"
IMPORTANCE = "importance.json"
MISTAKES = "mistakes.json"
PLANE = "plane.npz"
SNAPSHOTS = "snapshots.npz"
TRACKERS = "trackers.json"
MODEL_NAMES = ("model.keras", "model.h5")
LONGEST_NAME_BYTES = 80
SECOND_TRY = 0.05
"""Seconds until a lock that somebody has is asked for once more."""
_WINDOWS_NAMES = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}


def folder_name(name: str) -> str:
    """The folder's name for a run's `name`: spaces become `-`; letters of any script, digits, `.`, `_`, `-` stay.

    Raises:
        ValueError: the name would leave the folder, hide, or break on some system; the text says what is allowed.
    """
    folder = re.sub(" +", "-", unicodedata.normalize("NFC", name.strip(" ")))
    for character in folder:
        if not (unicodedata.category(character)[0] in "LMN" or character in "._-"):
            raise ValueError(f"the character {character!r} is not allowed; use letters, digits, '.', '_', '-'")
    if not folder:
        raise ValueError("must not be empty")
    if folder[0] in ".-" or folder.split(".")[0].lower() in _WINDOWS_NAMES:
        raise ValueError("must start with a letter or a digit, and not be a reserved name such as con")
    if folder[-1] == ".":
        raise ValueError("must not end with a dot, which Windows drops; leave it out")
    if len(folder.encode("utf-8")) > LONGEST_NAME_BYTES:
        raise ValueError(f"is longer than {LONGEST_NAME_BYTES} bytes; shorten it")
    return folder


def create_run_directory(runs_dir: Path, name: str) -> Path:
    """Make `runs_dir/name`, or name-2, name-3 ..., whichever is free; exclusive, so that parallel runs never share one.

    Raises:
        RunDirectoryError: `runs_dir` is a file, or no folder can be created in it.
    """
    folder, number = folder_name(name), 1
    while True:
        path = runs_dir / (folder if number == 1 else f"{folder}-{number}")
        try:
            _make(path, "--runs-dir")
            return path.resolve()
        except FileExistsError:
            number += 1


def create_exact_directory(path: Path) -> Path:
    """Create the folder that the user named; an existing empty folder is used.

    Raises:
        RunDirectoryError: it is a file, or holds files already.
    """
    try:
        _make(path, "--run-dir")
    except FileExistsError:
        if not path.is_dir():
            raise RunDirectoryError(f"{path}: is a file, not a folder; choose another --run-dir") from None
        if any(path.iterdir()):
            raise RunDirectoryError(
                f"{path}: is not empty, and runs are never overwritten; choose another --run-dir"
            ) from None
    return path.resolve()


def check_exact_directory(path: Path) -> None:
    """Refuse early what `create_exact_directory` would refuse after the data was read (see there)."""
    if path.exists():
        create_exact_directory(path)


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold an empty folder, made by one of the above, as long as the run lasts: no other run gets it meanwhile.

    Raises:
        RunDirectoryError: another process or thread holds it, or has just written into it.
    """
    with _locked(path, _taken(path)):
        if any(path.iterdir()):
            raise _taken(path)
        yield


@contextmanager
def held_again(path: Path) -> Iterator[None]:
    """Hold the folder of an earlier run, to resume it.

    Raises:
        RunDirectoryError: another process or thread holds it.
    """
    message = f"{path}: another mlpcli is training in it; wait until it finishes, or stop it, then resume"
    with _locked(path, RunDirectoryError(message)):
        yield


def is_held(path: Path) -> bool:
    """Whether a process trains in the folder now; always False where there are no locks."""
    try:
        with held_again(path):
            return False
    except RunDirectoryError:
        return os.access(path, os.R_OK)  # else it could not be opened, and nothing is known


@contextmanager
def _locked(path: Path, taken: RunDirectoryError) -> Iterator[None]:
    """Lock a folder. The lock is the kernel's, and goes when the process does, however it ends.

    Where there is none (Windows, some network disks), nothing is locked.
    """
    descriptor = None
    try:
        with suppress(ImportError):
            import fcntl  # noqa: F401

            try:
                descriptor = os.open(path, os.O_RDONLY)
            except OSError as error:
                raise RunDirectoryError(f"{path}: cannot be opened: {error.strerror}") from error
            try:
                _flock(descriptor)
            except BlockingIOError:
                raise taken from None
            except OSError:
                pass
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _flock(descriptor: int) -> None:
    """Lock it; asks twice, because `leftovers.remove_abandoned` holds another's run for the time of a few removals."""
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        time.sleep(SECOND_TRY)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def removed_if_failed(path: Path, made: bool) -> Iterator[None]:
    """Within it the first files are written into a folder that is held; if that fails, they go, and the folder, too.

    made: whether the folder was made for this run; what somebody else made stays, and so do other files in it.
    """
    try:
        yield
    except BaseException:
        for name in (CONFIG, ENVIRONMENT, SPLIT, SEEDS, FOLDS):
            with suppress(OSError):
                (path / name).unlink(missing_ok=True)
        if made:
            with suppress(OSError):
                path.rmdir()
        raise


def _taken(path: Path) -> RunDirectoryError:
    return RunDirectoryError(f"{path}: another run has just begun in it; choose another --run-dir")


def find_file(run: Path, name: str) -> Path:
    """The path of one of a run's files.

    Raises:
        RunDirectoryError: `run` is not a run directory or does not have the file.
    """
    if not run.is_dir():
        found = "is a file" if run.exists() else "does not exist"
        raise RunDirectoryError(f"{run}: {found}; give a run directory such as runs/digits{near_run(run)}")
    path = run / name
    if not path.is_file():
        _refuse_series(run)
        if path.exists():
            check_run_file(path, path.stat())
        if (run / CONFIG).is_file() and name != CONFIG:
            raise RunDirectoryError(
                f"{run}: has no {name}: no epoch has finished, so nothing was saved yet; if no mlpcli is training in"
                f" it, resume with: {resume_command(run)}"
            )
        raise RunDirectoryError(f"{run}: has no {name}, so it is not a run directory; give one such as runs/digits")
    return path


def resume_command(run: Path) -> str:
    """What to type to resume a run."""
    return f"mlpcli train --resume {shlex.quote(str(run))}"


def run_directories(folder: Path) -> list[Path]:
    """The runs, and series of several seeds or folds, in a folder such as runs/, sorted by name."""
    with suppress(OSError):
        return sorted(inner for inner in folder.iterdir() if (inner / CONFIG).is_file() or holds_series(inner))
    return []


def runs_of_grids(folder: Path) -> list[Path]:
    """The runs in those of the folder's folders that `train --vary` made."""
    with suppress(OSError):
        grids = [inner for inner in folder.iterdir() if (inner / GRID).is_file()]
        return [run for grid in grids for run in run_directories(grid)]
    return []


def sweeps(folder: Path) -> list[Path]:
    """The sweeps in a folder such as runs/, sorted by name."""
    with suppress(OSError):
        return sorted(inner for inner in folder.iterdir() if holds_sweep(inner))
    return []


def near_run(missing: Path) -> str:
    """`; did you mean runs/digits?`: a run of a similar name beside a missing one, or in runs/; "" if there is none."""
    for folder in (missing.parent, Path("runs")):
        near = nearest(missing.name, [run.name for run in run_directories(folder)])
        if near and folder / near != missing:
            return f"; did you mean {folder / near}?"
    return ""


def find_model(run: Path) -> Path:
    """The model file of a run directory (see `find_file` for what is raised)."""
    for name in MODEL_NAMES:
        if (run / name).is_file():
            return run / name
    return find_file(run, MODEL_NAMES[0])


def _refuse_series(run: Path) -> None:
    """Refuse a sweep, or a folder of several seeds or folds, where one run is expected."""
    if holds_sweep(run):
        inner = [member for best in run_directories(run) for member in member_folders(best)]
        inner += run_directories(run / TRIALS)
        example = f"; give one of its runs, such as {inner[0]}" if inner else ", and no trial has begun yet"
        raise RunDirectoryError(f"{run}: is a sweep{example}")
    members = member_folders(run)
    if members:
        count = f"{len(members)} {member_word(run)}{'s' if len(members) > 1 else ''}"
        raise RunDirectoryError(f"{run}: contains {count}; give one of them, such as {members[0]}")


def _make(path: Path, option: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise RunDirectoryError(f"{path.parent}: is a file, not a folder; choose another {option}") from None
    except OSError as error:
        raise RunDirectoryError(
            f"{path.parent}: cannot be created: {error.strerror}; choose another {option}"
        ) from None
    try:
        path.mkdir()
    except FileExistsError:
        raise
    except OSError as error:
        raise RunDirectoryError(f"{path}: cannot be created: {error.strerror}; choose another {option}") from None


SEEDS = "seeds.json"
FOLDS = "folds.json"
OUT_OF_FOLD = "out_of_fold.csv"
"""Beside folds.json: what each row was predicted to be by the runs that held it out."""
GRID = "grid.json"
"""Of a folder that holds the runs of `train --vary`."""
SWEEP = "sweep.json"
"""Of a folder that holds the trials of `sweep`, and its best."""
TRIALS = "trials"
"""The folder of a sweep's trials, each called by its number."""
_FOLDERS = {
    SEEDS: re.compile(r"(?P<fold>)seed-(?P<seed>[0-9]{1,10})"),
    FOLDS: re.compile(r"fold-(?P<fold>[0-9]{1,4})(-seed-(?P<seed>[0-9]{1,10}))?"),
}


def seed_folder(seed: int) -> str:
    """The name of the run directory of one seed."""
    return f"seed-{seed}"


def fold_folder(fold: int, seed: int | None = None) -> str:
    """The name of the run directory that holds out one fold, from 1; seed: where there are several."""
    return f"fold-{fold}" if seed is None else f"fold-{fold}-{seed_folder(seed)}"


def outermost_series(run: Path) -> Path:
    """The folder of a series, of `train --vary` or of a sweep that the run belongs to; else the run itself."""
    run = sweep_of(run) or run
    while holds_series(run.parent) or any((run.parent / file).is_file() for file in (GRID, SWEEP)):
        run = run.parent
    return run


def sweep_of(run: Path) -> Path | None:
    """The sweep of which the run is a trial."""
    folder = run.parent.parent
    return folder if run.parent.name == TRIALS and holds_sweep(folder) else None


def holds_seeds(folder: Path) -> bool:
    """Whether it is the folder of a series, as `train --seeds` makes it, and not of one run."""
    return (folder / SEEDS).is_file()


def holds_sweep(folder: Path) -> bool:
    """Whether it is the folder of `sweep`, with its trials, and not of one run."""
    return (folder / SWEEP).is_file()


def fold_and_seed(name: str) -> tuple[int, int | None]:
    """What the name of a run directory of a series of folds says; 0 where it is no such name."""
    match = _FOLDERS[FOLDS].fullmatch(name)
    return (int(match["fold"]), int(match["seed"]) if match["seed"] else None) if match else (0, None)


def member_folders(folder: Path) -> list[Path]:
    """The run directories of a series, by seed and fold; empty if it has neither seeds.json nor folds.json."""
    for file, name in _FOLDERS.items():
        if (folder / file).is_file():
            found = [(match, path) for path in folder.iterdir() if (match := name.fullmatch(path.name))]
            return [path for _, path in sorted(found, key=_by_number) if path.is_dir()]
    return []


def _by_number(entry: tuple[re.Match[str], Path]) -> tuple[int, int, str]:
    match, path = entry
    return int(match["seed"] or 0), int(match["fold"] or 0), path.name


def holds_series(folder: Path) -> bool:
    """Whether it is the folder of a series, as `train --seeds` and `--folds` make it, and not of one run."""
    return (folder / SEEDS).is_file() or holds_folds(folder)


def holds_folds(folder: Path) -> bool:
    """Whether it is the folder of `train --folds`."""
    return (folder / FOLDS).is_file()


def member_word(folder: Path) -> str:
    """What the runs of a series are: `seed` or `fold`."""
    return "fold" if holds_folds(folder) else "seed"


def write_seeds(folder: Path, summary: dict[str, Any]) -> None:
    """Replace seeds.json in one piece.

    Raises:
        OutputError: it cannot be written; the earlier file is unchanged.
    """
    write_json(folder / SEEDS, summary)


class _Splits(Protocol):
    @property
    def train(self) -> Any: ...
    @property
    def validation(self) -> Any: ...
    @property
    def test(self) -> Any: ...


def write_split(path: Path, splits: _Splits) -> None:
    """Write the row indices of each part, or its number of rows; parts that do not exist are left out."""
    import numpy as np

    parts = {"train": splits.train, "validation": splits.validation, "test": splits.test}
    known: dict[str, Any] = {}
    for name, part in parts.items():
        if part is not None and isinstance(part.indices, np.ndarray):
            known[name] = part.indices
        elif part is not None:
            known[f"{name}_rows"] = np.int64(len(part.indices))
    replace_file(path, lambda temporary: np.savez_compressed(temporary, **known))


PACKAGES = ("tensorflow", "keras", "numpy", "scikit-learn", "matplotlib", "pydantic", "h5py", "pyarrow", "pillow")
VARIABLES = ("TF_ENABLE_ONEDNN_OPTS", "TF_XLA_FLAGS", "XLA_FLAGS", "OMP_NUM_THREADS", "CUDA_VISIBLE_DEVICES")
"""Environment variables that may change results."""


def describe_environment(command: Sequence[str], devices: Sequence[str], fingerprint: str) -> dict[str, Any]:
    """Versions, machine, command line and the fingerprint of the data."""
    return {
        "started": now(),
        "command": list(command),
        "folder": os.getcwd(),
        "versions": {"mlpcli": __version__, "python": platform.python_version()} | _versions(PACKAGES),
        "machine": {"system": platform.platform(), "cpu": _cpu(), "cores": os.cpu_count(), "devices": list(devices)},
        "variables": {name: os.environ[name] for name in VARIABLES if name in os.environ},
        "data_fingerprint": fingerprint,
    }


def now() -> str:
    """The time in UTC, to the second, as files have it."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def environment_differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """What differs between two environments and may change results, each as a few words."""
    for group, names in (("versions", ("mlpcli", "python", "tensorflow", "keras", "numpy")), ("machine", ("cpu",))):
        old, new = before.get(group, {}), now[group]
        for name in names:
            if name in old and old[name] != new.get(name):
                yield f"{name} was {old[name]}, and is {new.get(name)} now"
    old, new = before.get("variables", {}), now["variables"]
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            yield f"the variable {name} was {old.get(name, 'not set')}, and is {new.get(name, 'not set')} now"


@cache
def _versions(packages: tuple[str, ...]) -> dict[str, str]:
    """Read once in a process: the metadata takes a fifth of the time of a small run."""
    from importlib.metadata import PackageNotFoundError, version  # with Python's e-mail, a tenth of `mlpcli --help`

    found = {}
    for name in packages:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _cpu() -> str:
    """The processor's name; results are bitwise reproducible only on the same type."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            names = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    except OSError:
        names = []
    return names[0] if names else platform.processor() or platform.machine()
