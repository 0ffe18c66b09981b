"""A full disk, a folder that nobody may write in, a run that is removed: what was whole stays whole, and can go on."""

from __future__ import annotations

import errno
import json
import os
import resource
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from mlpcli import files
from mlpcli.cli import progress_bars
from mlpcli.modelfile.saved_model import open_model
from mlpcli.runs import history
from mlpcli.runs.checkpoint import Checkpoints
from mlpcli.training.progress import Silence
from tests.reliability.conftest import CONFIG

NOBODY = 65534


class AfterTwoEpochs(Silence):
    """Does something to a run when its second epoch is in the history."""

    def __init__(self, act: Callable[[], object]) -> None:
        self.act = act

    def epoch(self, row: Mapping[str, float]) -> None:
        if row["epoch"] == 2:
            self.act()


@pytest.fixture
def after_two_epochs(monkeypatch: pytest.MonkeyPatch, always_kept: None) -> Callable[[Callable[[], object]], None]:
    """Has the command line call something after the second epoch."""

    def listen(act: Callable[[], object]) -> None:
        monkeypatch.setattr(progress_bars, "choose_progress", lambda quiet: AfterTwoEpochs(act))

    return listen


@contextmanager
def _full(monkeypatch: pytest.MonkeyPatch, name: str, until: int) -> Iterator[None]:
    """Within it, files of this name do not get to the disk from the second on, as where space runs out; others do."""
    sync, count = files.sync, 0

    def fails(path: Path) -> None:
        nonlocal count
        if path.name.endswith(name):
            count += 1
            if count >= until:
                raise OSError(errno.ENOSPC, "No space left on device")
        sync(path)

    with monkeypatch.context() as patch:
        patch.setattr(files, "sync", fails)
        patch.setattr(history, "sync", fails)
        yield


def _is_whole(run: Path) -> None:
    """Every file with a name of its own can be read."""
    for path in run.glob("*.json"):
        json.loads(path.read_text(encoding="utf-8"))
    if (run / "model.keras").exists():
        assert open_model(run).weights
    Checkpoints(run).read(pytest.fail)
    assert not list(run.rglob(".tmp-*"))


@pytest.mark.parametrize(
    ("name", "until"),
    [
        ("history.csv", 2), ("model.keras", 1), ("model.keras", 2), ("best-000001.npz", 1), ("last-000001.npz", 1),
        ("last-000004.npz", 1), ("metrics.json", 1), ("evaluation.json", 1),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("always_kept")
def test_the_disk_is_full_at_some_file(
    tmp_path: Path,
    moons: Path,
    mlpcli_here: Any,
    monkeypatch: pytest.MonkeyPatch,
    ends_like_undisturbed: Callable[[Path], None],
    name: str,
    until: int,
) -> None:
    run = tmp_path / "runs" / "moons"
    with _full(monkeypatch, name, until):
        done = mlpcli_here("train", moons, "-q")
    error, advice = done.stderr.splitlines()
    assert done.returncode == 1
    assert error.startswith("error: ") and f"/{name}: cannot be written: No space left on device; free some" in error
    assert advice == f"resume with: mlpcli train --resume {run}"
    _is_whole(run)
    ends_like_undisturbed(run)


@pytest.mark.usefixtures("always_kept")
def test_a_file_that_may_not_grow_is_a_full_disk_to_the_system_too(
    tmp_path: Path, moons: Path, mlpcli_here: Any, ends_like_undisturbed: Callable[[Path], None]
) -> None:
    """The limit of a process on the size of its files; 4,000 bytes are enough for all but model and checkpoint."""
    run, (_, most) = tmp_path / "runs" / "moons", resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4000, most))
    try:
        done = mlpcli_here("train", moons, "-q")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    error, advice = done.stderr.splitlines()
    assert done.returncode == 1
    assert (
        error
        == f"error: {run / 'model.keras'}: cannot be written: File too large; free some space or choose another folder"
    )
    assert advice == f"resume with: mlpcli train --resume {run}"
    _is_whole(run)
    ends_like_undisturbed(run)


def test_a_run_that_is_removed_while_it_trains(
    tmp_path: Path, moons: Path, mlpcli_here: Any, after_two_epochs: Any
) -> None:
    run = tmp_path / "runs" / "moons"
    after_two_epochs(lambda: shutil.rmtree(run))
    done = mlpcli_here("train", moons)
    assert (done.returncode, run.exists()) == (1, False)
    (error,) = done.stderr.splitlines()  # there is nothing to go on with
    assert error.startswith(f"error: {run}/")
    assert error.endswith(": cannot be written: No such file or directory; its folder was removed")


@pytest.fixture
def not_root(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder in which the test is not root, who may write everywhere."""
    if os.name == "nt":
        pytest.skip("needs permissions of folders")
    folder = Path(tempfile.mkdtemp(prefix="mlpcli-not-root-"))
    root = os.geteuid() == 0
    if root:
        shutil.chown(folder, NOBODY)
        os.seteuid(NOBODY)
    try:
        if not os.access(files.__file__, os.R_OK, effective_ids=True):
            pytest.skip("another user may not read this checkout")
        monkeypatch.setenv("MLPCLI_CACHE", str(folder / "cache"))
        yield folder
    finally:
        if root:
            os.seteuid(0)
        for path in (folder, *folder.rglob("*")):
            if path.is_dir():
                path.chmod(0o700)
        shutil.rmtree(folder)


def test_a_folder_in_which_nobody_may_write(mlpcli_here: Any, not_root: Path) -> None:
    moons, locked = not_root / "moons.yaml", not_root / "locked"
    moons.write_text(CONFIG, encoding="utf-8")
    locked.mkdir(mode=0o500)
    for option, path in (("--runs-dir", locked), ("--run-dir", locked / "run")):
        done = mlpcli_here("train", moons, "-q", option, path)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(f"error: {locked}/") and "cannot be created: Permission denied" in done.stderr
        assert done.stderr.endswith(f"; choose another {option}\n")


def test_permission_lost_in_the_middle(
    mlpcli_here: Any,
    not_root: Path,
    after_two_epochs: Any,
    ends_like_undisturbed: Callable[[Path], None],
) -> None:
    moons, run = not_root / "moons.yaml", not_root / "run"
    moons.write_text(CONFIG, encoding="utf-8")
    after_two_epochs(lambda: run.chmod(0o500))
    done = mlpcli_here("train", moons, "--run-dir", run)
    error, advice = done.stderr.splitlines()
    assert done.returncode == 1
    assert error.startswith(f"error: {run}/model.keras: cannot be written: Permission denied; check the permissions")
    assert advice == f"resume with: mlpcli train --resume {run}"
    _is_whole(run)
    again = mlpcli_here("train", "--resume", run)
    assert (again.returncode, "Traceback" in again.stderr) == (1, False)
    assert again.stderr.startswith(f"error: {run}/") and "Permission denied; check the permissions" in again.stderr
    run.chmod(0o700)
    ends_like_undisturbed(run)
