"""What a killed process leaves half written goes: with --resume its own, with a new run that of all runs beside it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from mlpcli.runs import directory, leftovers
from mlpcli.runs.directory import held_again
from mlpcli.runs.leftovers import remove_abandoned, remove_leftovers
from tests.reliability.conftest import KILL_AT_REPLACE

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs locks on folders")


@pytest.fixture(scope="module")
def dead() -> int:
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def _run(folder: Path, *names: str) -> list[Path]:
    """A run directory with empty files of these names; returns them."""
    (folder / "checkpoint").mkdir(parents=True)
    paths = [folder / name for name in ("config.yaml", *names)]
    for path in paths:
        path.touch()
    return paths[1:]


def test_those_of_dead_processes_go_and_nothing_else(tmp_path: Path, dead: int) -> None:
    gone = _run(tmp_path / "a", f".tmp-{dead}-model.keras", f"checkpoint/.tmp-{dead}-last-000003.npz")
    kept = _run(
        tmp_path / "b", f".tmp-{os.getpid()}-model.keras", f"checkpoint/.tmp-{os.getpid()}-last-000001.npz",
        ".tmp-mine", f".tmp-{dead}", f"tmp-{dead}-x", f"x.tmp-{dead}-x", ".tmp-12x-y", "model.keras", "notes.txt",
    )  # fmt: skip
    (tmp_path / "b" / f".tmp-{dead}-folder").mkdir()
    (tmp_path / "b" / f".tmp-{dead}-link").symlink_to(tmp_path / "b" / "notes.txt")
    (tmp_path / "b" / "deeper").mkdir()
    deep = tmp_path / "b" / "deeper" / f".tmp-{dead}-x"
    deep.touch()
    remove_abandoned(tmp_path)
    assert not [path for path in gone if path.exists()]
    assert all(path.exists() for path in [*kept, deep])
    assert (tmp_path / "b" / f".tmp-{dead}-folder").is_dir()
    assert (tmp_path / "b" / f".tmp-{dead}-link").is_symlink()


def test_a_folder_that_is_no_run_is_left_alone(tmp_path: Path, dead: int) -> None:
    (tmp_path / "somebody's").mkdir()
    files = [tmp_path / f".tmp-{dead}-x", tmp_path / "somebody's" / f".tmp-{dead}-x"]
    for file in files:
        file.touch()
    remove_abandoned(tmp_path)
    remove_abandoned(tmp_path / "nowhere")
    remove_abandoned(files[0])
    assert all(file.exists() for file in files)


def test_where_a_run_is_held_nothing_is_removed(tmp_path: Path, dead: int) -> None:
    (left,) = _run(tmp_path / "a", f".tmp-{dead}-model.keras")
    with held_again(tmp_path / "a"):
        remove_abandoned(tmp_path)
        assert left.exists()
    remove_abandoned(tmp_path)
    assert not left.exists()


def test_a_run_that_is_being_cleaned_can_be_resumed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lock is free again before it is asked for a second time."""
    _run(tmp_path / "a")
    with ExitStack() as cleaning:
        cleaning.enter_context(held_again(tmp_path / "a"))
        monkeypatch.setattr(directory.time, "sleep", lambda seconds: cleaning.close())
        with held_again(tmp_path / "a"):
            pass


def test_the_seeds_of_a_series_are_looked_at_too(tmp_path: Path, dead: int) -> None:
    (left,) = _run(tmp_path / "series" / "seed-3", f".tmp-{dead}-model.keras")
    (tmp_path / "series" / "seeds.json").touch()
    remove_abandoned(tmp_path)
    assert not left.exists()


def test_of_very_many_runs_only_so_many_are_looked_at(
    tmp_path: Path, dead: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leftovers, "MOST_RUNS", 2)
    files = [path for name in "abc" for path in _run(tmp_path / name, f".tmp-{dead}-x")]
    remove_abandoned(tmp_path)
    assert [file.exists() for file in files] == [False, False, True]


def test_whoever_resumes_removes_those_of_living_processes_too(tmp_path: Path) -> None:
    """In a container, every process may have the number of the one that was killed."""
    left = _run(tmp_path / "a", f".tmp-{os.getpid()}-x", f"checkpoint/.tmp-{os.getpid()}-last-000003.npz")
    remove_leftovers(tmp_path / "a")
    assert not [path for path in left if path.exists()]


@pytest.mark.parametrize("name", ["last-000002.npz", "model.keras"])
def test_after_a_kill_while_a_file_is_written(
    tmp_path: Path, moons: Path, start: Any, mlpcli_here: Any, ends_like_undisturbed: Callable[[Path], None], name: str
) -> None:
    process = start("train", moons, before=KILL_AT_REPLACE.format(name=name))
    assert process.communicate()[1].count("epoch ") <= 2
    assert process.returncode == -signal.SIGKILL
    run = tmp_path / "runs" / "moons"
    (left,) = run.rglob(".tmp-*")
    assert left.name == f".tmp-{process.pid}-{name}"
    done = mlpcli_here("train", moons, "-q", "-s", "training.epochs=1")
    assert (done.returncode, done.stderr) == (0, "")
    assert not left.exists()
    ends_like_undisturbed(run)
