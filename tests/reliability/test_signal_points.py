"""Ctrl-C, a polite kill and a closed terminal at every point of a run: what was best is kept, and one can go on."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from mlpcli.runs.history import HistoryWriter
from mlpcli.workflows import prepare as prepare_module
from mlpcli.workflows import run as run_module

pytestmark = pytest.mark.usefixtures("hears_hangup")

POINTS: dict[str, tuple[Any, str, int]] = {
    "in the first epoch": ("mlpcli.numpy_engine.numpy_epochs.NumpyEpochs", "epoch", 1),
    "in the middle of an epoch": ("mlpcli.numpy_engine.numpy_epochs.NumpyEpochs", "_chunks", 2),
    "while the validation rows are looked at": ("mlpcli.numpy_engine.numpy_epochs.NumpyEpochs", "_validate", 2),
    "while an epoch is recorded": (HistoryWriter, "append", 3),
    "while a checkpoint is written": ("mlpcli.runs.checkpoint.Checkpoints", "write", 2),
    "while the last epoch ends": (HistoryWriter, "append", 4),
    "while the model is scored": (run_module, "evaluate_part", 1),
    "while the model is saved": (run_module.Run, "_save", 1),
    "while the results are written": (run_module.Run, "_write_results", 1),
    "while pictures are drawn": (run_module.Run, "_draw", 1),
}
"""What is called there, and at which call the signal comes."""
CASES = [(point, signal.SIGINT, 130) for point in POINTS]
CASES += [("in the middle of an epoch", signal.SIGTERM, 143), ("in the middle of an epoch", signal.SIGHUP, 129)]
CASES += [("while the model is saved", signal.SIGTERM, 143), ("while pictures are drawn", signal.SIGHUP, 129)]


def _send_at(monkeypatch: pytest.MonkeyPatch, point: str, number: int) -> None:
    place, name, call = POINTS[point]
    target = f"{place}.{name}" if isinstance(place, str) else name
    module, _, attribute = target.rpartition(".")
    owner = _resolve(module) if module else place
    real, calls = getattr(owner, attribute), []

    def counted(*arguments: Any, **settings: Any) -> Any:
        calls.append(arguments)
        if len(calls) == call:
            os.kill(os.getpid(), number)
        return real(*arguments, **settings)

    monkeypatch.setattr(owner, attribute, counted)


def _resolve(name: str) -> Any:
    module, _, attribute = name.rpartition(".")
    return getattr(import_module(module), attribute)


@pytest.mark.parametrize(("point", "number", "code"), CASES)
@pytest.mark.usefixtures("always_kept")
def test_the_last_line_says_how_to_go_on_and_the_end_is_the_same(
    tmp_path: Path,
    moons: Path,
    mlpcli_here: Any,
    ends_like_undisturbed: Callable[[Path], None],
    point: str,
    number: signal.Signals,
    code: int,
) -> None:
    run = tmp_path / "runs" / "moons"
    with pytest.MonkeyPatch.context() as patch:
        _send_at(patch, point, number)
        done = mlpcli_here("train", moons)
    *_, what, advice = done.stderr.splitlines()
    assert done.returncode == code, done.stderr
    kept = "no epoch finished" if point == "in the first epoch" else "the weights of epoch "
    assert what.startswith(f"interrupted ({number.name}); {kept}")
    assert advice == f"resume with: mlpcli train --resume {run}"
    assert (run / "metrics.json").exists()
    assert (run / "model.keras").exists() == (point != "in the first epoch")
    ends_like_undisturbed(run)


TWICE = """
import os, signal
from mlpcli import files
def twice(path):
    if path.name.endswith({name!r}):
        os.kill(os.getpid(), signal.{first})
        os.kill(os.getpid(), signal.{second})
    sync(path)
sync, files.sync = files.sync, twice
"""


@pytest.mark.parametrize(
    ("name", "first", "second"), [("last-000002.npz", "SIGINT", "SIGINT"), ("model.keras", "SIGHUP", "SIGTERM")]
)
def test_a_second_one_ends_it_at_once_and_nothing_is_lost(
    tmp_path: Path,
    moons: Path,
    start: Any,
    ends_like_undisturbed: Callable[[Path], None],
    name: str,
    first: str,
    second: str,
) -> None:
    """In the middle of a file; the shell reports the signal as 130 or 143."""
    process = start("train", moons, "-q", before=TWICE.format(name=name, first=first, second=second))
    assert process.communicate() == ("", "")
    assert process.returncode == -getattr(signal, second)
    ends_like_undisturbed(tmp_path / "runs" / "moons")


def _press_ctrl_c(*arguments: Any, **settings: Any) -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_while_the_data_is_loaded_nothing_is_written(
    tmp_path: Path, moons: Path, mlpcli_here: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepare_module, "load_data", _press_ctrl_c)
    done = mlpcli_here("train", moons)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "interrupted\n")
    assert not (tmp_path / "runs").exists()


KILLED_WHILE_LOADING = """
import os, signal
from importlib import import_module
prepare = import_module("mlpcli.workflows.prepare")
prepare.load_data = lambda *arguments, **settings: os.kill(os.getpid(), signal.{name})
"""


def test_the_others_end_it_by_themselves_while_the_data_is_loaded(tmp_path: Path, moons: Path, start: Any) -> None:
    """By the signal, which the shell reports as 143 or 129."""
    names = ["SIGTERM", "SIGHUP"]
    processes = [start("train", moons, before=KILLED_WHILE_LOADING.format(name=name)) for name in names]
    assert [process.communicate() for process in processes] == [("", "")] * 2
    assert [process.returncode for process in processes] == [-getattr(signal, name) for name in names]
    assert not (tmp_path / "runs").exists()


@pytest.mark.usefixtures("always_kept")
def test_while_a_run_is_read_to_be_resumed_it_stays_as_it_was(
    tmp_path: Path, moons: Path, mlpcli_here: Any, ends_like_undisturbed: Callable[[Path], None]
) -> None:
    run = tmp_path / "runs" / "moons"
    with pytest.MonkeyPatch.context() as patch:
        _send_at(patch, "while a checkpoint is written", signal.SIGINT)
        assert mlpcli_here("train", moons).returncode == 130
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prepare_module, "load_data", _press_ctrl_c)
        done = mlpcli_here("train", "--resume", run)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "interrupted\n")
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before
    ends_like_undisturbed(run)
