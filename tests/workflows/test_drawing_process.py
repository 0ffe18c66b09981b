"""Pictures drawn by another process: those of a process that draws itself, and what happens where one fails or dies."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mlpcli.plotting import drawing_process, run_plots
from mlpcli.workflows.grid import train_grid
from mlpcli.workflows.train import train_seeds
from tests.notes import Notes

NUMPY = "training.engine=numpy"
NO_FONT = "name=ሰላም"


@pytest.fixture
def of_a_command(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This process is a command's own, with two processors and enough memory, whatever the machine has."""
    monkeypatch.setattr(drawing_process, "owns_process", lambda: True)
    monkeypatch.setattr(drawing_process, "processors", lambda: 2)
    monkeypatch.setattr(drawing_process, "available_memory", lambda: 8 << 30)
    yield
    assert drawing_process._process is None


@pytest.fixture
def nothing_is_drawn_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process."""

    def fail(*arguments: Any, **keywords: Any) -> None:
        raise AssertionError(f"{arguments} are to be drawn here")

    monkeypatch.setattr(run_plots, "draw_run", fail)
    monkeypatch.setattr(run_plots, "draw_series", fail)


def _pictures(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.png")}


@pytest.fixture(scope="module")
def drawn_here(train_in: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, bytes], list[str]]:
    """The pictures of a run, and what is said, where no other process draws."""
    notes = Notes()
    result = train_in(tmp_path_factory.mktemp("here"), DIGITS, NUMPY, NO_FONT, progress=notes)
    assert [path.stem for path in result.pictures] == ["history", "confusion_matrix", "mistakes"]
    return _pictures(result.run), notes.notes


DIGITS = """
name: digits
data: {source: digits, validation: 0.2, test: 0.2, limit: 600}
model: {hidden_units: [16]}
training: {epochs: 1}
"""


@pytest.mark.usefixtures("of_a_command", "nothing_is_drawn_here")
def test_a_run_has_the_same_pictures_and_notes(train: Any, drawn_here: Any) -> None:
    notes = Notes()
    result = train(NUMPY, NO_FONT, text=DIGITS, progress=notes)
    assert (_pictures(result.run), notes.notes) == drawn_here
    assert "no installed font has" in notes.notes[-1]
    assert [path.stem for path in result.pictures] == ["history", "confusion_matrix", "mistakes"]
    assert all(path.parent == result.run for path in result.pictures)


@pytest.mark.usefixtures("of_a_command", "nothing_is_drawn_here")
def test_of_several_runs_too(tmp_path: Path, drawn_here: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two networks, and two seeds, of which one may wait; the first run is that of the other tests."""
    monkeypatch.setattr(drawing_process, "MOST_WAITING", 1)
    config, notes = tmp_path / "my.yaml", Notes()
    config.write_text(DIGITS, encoding="utf-8")
    grid = train_grid(config, ["model.hidden_units=[16],[4]"], [NUMPY, NO_FONT], run_dir=tmp_path / "grid")
    assert _pictures(tmp_path / "grid" / "hidden_units-16") == drawn_here[0]
    assert [len(_pictures(run)) for run in sorted((tmp_path / "grid").iterdir()) if run.is_dir()] == [3, 3]
    assert grid.failures == {}
    seeds = train_seeds(config, 2, [NUMPY, NO_FONT], run_dir=tmp_path / "seeds", progress=notes)
    assert _pictures(tmp_path / "seeds" / "seed-777") == drawn_here[0]
    assert len(_pictures(seeds.path)) == 2 * 3 + 1
    assert [path.name for path in seeds.pictures] == ["history.png"]
    assert sum("no installed font has" in note for note in notes.notes) == 1


@pytest.mark.usefixtures("of_a_command")
def test_what_a_dead_process_does_not_draw_is_drawn_here(train: Any, drawn_here: Any) -> None:
    class Kills(Notes):
        def best(self, epoch: int) -> None:
            assert drawing_process._process is not None
            os.kill(drawing_process._process._process.pid, signal.SIGKILL)

    notes = Kills()
    result = train(NUMPY, NO_FONT, text=DIGITS, progress=notes)
    assert (_pictures(result.run), notes.notes) == drawn_here


@pytest.mark.usefixtures("of_a_command")
def test_what_they_cannot_draw_is_said_as_ever(train: Any) -> None:
    class InTheWay(Notes):
        run = Path()

        def best(self, epoch: int) -> None:
            (self.run / "mistakes.png").mkdir()

    notes = InTheWay()
    notes.run = Path(train(NUMPY, "output.plots=[]", text=DIGITS).run).with_name("digits-2")
    result = train(NUMPY, text=DIGITS, progress=notes)
    failed = f"{result.run / 'mistakes.png'}: cannot be written: Is a directory; free some space"
    assert [note for note in notes.notes if "plots" in note] == [
        f"warning: the plots could not be drawn: {failed} or choose another folder; try mlpcli plot {result.run}"
    ]
    assert not list(Path(result.run).glob(".tmp-*"))


@pytest.mark.parametrize(
    ("change", "drawn"),
    [("drawing._by_forks = drawing._by_itself", True), ("drawing._draw = lambda *_: os._exit(9)", False)],
)
def test_without_forks_it_draws_itself_and_of_dead_forks_it_says_null(train: Any, change: str, drawn: bool) -> None:
    run = train(NUMPY, "output.plots=[]", text=DIGITS).run
    program = f"import os; import mlpcli.plotting.drawing_process as drawing; {change}; drawing.draw_what_is_asked()"
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps([str(run), ["png"], 2]).encode() + b"\n")
        process.stdin.flush()
        answer = json.loads(process.stdout.readline())
        process.stdin.close()
        assert process.stdout.read() == b""
    assert process.returncode == 0
    names = ("history", "confusion_matrix", "mistakes")
    assert answer == ({"paths": [str(run / f"{name}.png") for name in names], "notes": []} if drawn else None)


@pytest.mark.parametrize("change", [{"owns_process": bool}, {"processors": lambda: 1}, {"available_memory": int}])
def test_elsewhere_none_is_started(of_a_command: None, monkeypatch: pytest.MonkeyPatch, change: Any) -> None:
    """In a notebook, on one processor, and where memory is scarce."""
    for name, value in change.items():
        monkeypatch.setattr(drawing_process, name, value)
    with drawing_process.other_process_draws(["png"]):
        assert drawing_process._process is None
