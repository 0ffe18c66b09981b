"""Commands on a run that was killed: they use its best weights so far and say so, or say that there are none yet."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from mlpcli.training.progress import Silence
from tests.reliability.conftest import CONFIG


class CopiesIt(Silence):
    """Copies what a kill would leave: before the first epoch, and in the third one."""

    def __init__(self, run: Path) -> None:
        self.run, self.at_once, self.later = run, run.with_name("at-once"), run.with_name("later")

    def start(self, epochs: int, steps: int, rows: int) -> None:
        shutil.copytree(self.run, self.at_once)

    def step(self, step: int) -> None:
        if not self.later.exists() and (self.run / "checkpoint" / "last-000002.npz").exists():
            shutil.copytree(self.run, self.later)


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> CopiesIt:
    from mlpcli.training import keeper
    from mlpcli.workflows.train import train

    folder = tmp_path_factory.mktemp("killed")
    (folder / "moons.yaml").write_text(CONFIG, encoding="utf-8")
    (folder / "new.csv").write_text("x1,x2\n0.5,0.25\n-1,0.5\n", encoding="utf-8")
    copies = CopiesIt(folder / "run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keeper, "SHARE", 1e9)
        train(folder / "moons.yaml", run_dir=folder / "run", progress=copies)
    return copies


def test_after_some_epochs_they_use_the_best_so_far_and_say_which(killed: CopiesIt, mlpcli_here: Any) -> None:
    run = killed.later
    assert not (run / "metrics.json").exists()
    note = "note: training has not ended; these are the weights of epoch 1, the best so far"
    evaluated = mlpcli_here("evaluate", run)
    assert (evaluated.returncode, evaluated.stderr.splitlines()) == (0, [note])
    assert evaluated.stdout.startswith("moons: ")
    predicted = mlpcli_here("predict", run, run.parent / "new.csv")
    assert (predicted.returncode, note in predicted.stderr.splitlines()) == (0, True), predicted.stderr
    assert len(predicted.stdout.splitlines()) >= 2
    plotted = mlpcli_here("plot", run)
    assert plotted.returncode == 0
    assert plotted.stderr.splitlines()[0] == f"note: {run}: training has not ended; 2 epochs so far"
    summary = mlpcli_here("summary", run)
    assert (summary.returncode, summary.stderr) == (0, "")
    assert "of epoch 1, the best so far; training has not ended" in summary.stdout


@pytest.mark.parametrize("command", ["evaluate", "predict", "summary"])
def test_before_the_first_epoch_there_is_nothing_to_use(killed: CopiesIt, mlpcli_here: Any, command: str) -> None:
    run = killed.at_once
    more = [run.parent / "new.csv"] if command == "predict" else []
    done = mlpcli_here(command, run, *more)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"error: {run}: has no model.keras: no epoch has finished, so nothing was saved yet; if no mlpcli is training"
        f" in it, resume with: mlpcli train --resume {run}\n"
    )


def test_both_can_be_gone_on_with(killed: CopiesIt, tmp_path: Path, ends_like_undisturbed: Any) -> None:
    for run in (killed.at_once, killed.later):
        ends_like_undisturbed(Path(shutil.copytree(run, tmp_path / run.name)))
