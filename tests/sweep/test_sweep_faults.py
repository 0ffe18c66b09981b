"""What a sweep makes of faults: a kill, a journal that cannot be written, data and settings that have changed."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from mlpcli.errors import DataError, OutputError
from mlpcli.workflows import sweep_worker
from tests.sweep.conftest import CONFIG

Begin = Callable[..., Any]


def test_a_kill_before_the_first_seed_is_made_good(begin: Begin) -> None:
    found = begin("sweep.trials=1")
    shutil.rmtree(found.path / "best" / "seed-777")
    (found.path / ".tmp-4194305-sweep.json").write_text("{", encoding="utf-8")  # of no process: Linux has 2**22 at most
    again = begin("sweep.trials=1")
    assert again.final is not None
    assert (found.path / "best" / "seed-777" / "model.keras").is_file()
    assert not [*found.path.glob(".tmp-*")]


def test_keep_may_change(begin: Begin) -> None:
    begin("sweep.timeout=0.000001s")
    found = begin("sweep.keep=3")
    kept = {int(model.parent.name) for model in found.path.glob("trials/*/model.keras")}
    assert kept == {trial.trial for trial in found.record.ranked[:3]}
    begin()
    assert [model.parent.name for model in found.path.glob("trials/*/model.keras")] == [
        str(found.record.ranked[0].trial)
    ]


def test_a_value_that_is_no_number_fails_the_trial(begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    epoch = sweep_worker._Listener.epoch

    def undefined(self: Any, row: Mapping[str, float]) -> None:
        epoch(self, row if self.trial.user_attrs["slot"] else {**row, "val_loss": math.nan})

    monkeypatch.setattr(sweep_worker._Listener, "epoch", undefined)
    found = begin("sweep.trials=2", "sweep.pruner=median", "output.keep=last")
    assert found.counted() == "2 trials: 1 done, 1 failed"
    assert found.failures == {0: "its val_loss is nan at epoch 3, which is kept"}


def test_other_data_than_before_is_refused(begin: Begin, tmp_path: Path) -> None:
    rows = [f"{n},{n % 7},{n % 2}\n" for n in range(40)]
    (tmp_path / "a.csv").write_text("a,b,y\n" + "".join(rows), encoding="utf-8")
    text = CONFIG.replace("source: iris", "source: a.csv, target: y")
    begin("sweep.trials=1", text=text)
    (tmp_path / "a.csv").write_text("a,b,y\n" + "".join(rows[:-1]), encoding="utf-8")
    with pytest.raises(DataError, match=r"a.csv: its rows have changed since the first trials, so new trials"):
        begin("sweep.trials=2", text=text)
    (tmp_path / "a.csv").write_text("a,b,y\n" + "".join(rows), encoding="utf-8")
    assert begin("sweep.trials=2", text=text).counted() == "2 trials: 2 done"


def test_a_journal_that_cannot_be_written_ends_the_sweep_and_no_trial(
    begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    epoch = sweep_worker._Listener.epoch
    journal = Path("runs/flowers/study.journal")

    def remove_it(self: Any, row: Mapping[str, float]) -> None:
        if row["epoch"] == 2 and not Path("elsewhere").exists():
            journal.rename("elsewhere")
        epoch(self, row)

    monkeypatch.setattr(sweep_worker._Listener, "epoch", remove_it)
    with pytest.raises(OutputError, match=r"study.journal: cannot be written: No such file or directory; its folder"):
        begin("sweep.trials=2", "sweep.pruner=median")
    Path("elsewhere").rename(journal)
    Path("elsewhere").touch()
    assert begin("sweep.trials=2", "sweep.pruner=median").counted() == "2 trials: 2 done"
