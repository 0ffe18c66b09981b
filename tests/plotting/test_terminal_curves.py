"""Learning curves as text."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mlpcli.errors import UserError
from mlpcli.plotting.picture_options import PictureOptions
from mlpcli.plotting.terminal_curves import HEIGHT, NARROWEST, terminal_curves
from mlpcli.runs.read_run import RunCurves

EPOCHS = [float(epoch) for epoch in range(1, 21)]
FALLING = [2.0 / epoch for epoch in range(1, 21)]
FLAT = [1.0] * 20
DIGITS = RunCurves("digits", {"epoch": EPOCHS, "loss": FALLING, "val_loss": FLAT, "accuracy": [0.5] * 20}, 7)


def lines_of(text: str) -> list[str]:
    return text.splitlines()


def test_a_panel_for_each_metric_with_its_frame_best_epoch_and_ends() -> None:
    lines = lines_of(terminal_curves([DIGITS], width=60))
    assert lines[0] == "loss, from epoch to epoch"
    frame = [line for line in lines if line.startswith("│")]
    assert len(frame) == 2 * HEIGHT
    assert all(len(line) <= 60 for line in lines)
    assert "training ends at 0.1, validation ends at 1" in lines
    assert "best epoch 7: val_loss 1" in lines
    assert "accuracy, from epoch to epoch" in lines


def test_the_curve_falls_from_the_upper_left_to_the_lower_right() -> None:
    run = RunCurves("x", {"epoch": EPOCHS, "loss": EPOCHS[::-1]})
    text = terminal_curves([run], "loss", width=60, braille=False)
    rows = [line[1:47] for line in lines_of(text) if line.startswith("|")]
    assert len(rows) == HEIGHT
    marks = [next((place for place, letter in enumerate(row) if letter != " "), None) for row in rows]
    there = [place for place in marks if place is not None]
    assert there == sorted(there)
    assert there[0] < 5 < 35 < there[-1]


def test_without_braille_all_marks_are_ascii_and_named() -> None:
    text = terminal_curves([DIGITS], "loss", braille=False)
    assert text.isascii()
    assert "training" in text and "validation" in text


def test_several_runs_are_named_by_what_sets_them_apart() -> None:
    text = terminal_curves([DIGITS, RunCurves("학습률 0.1", {"epoch": EPOCHS, "loss": FALLING})], "loss")
    assert "digits ends at 1, 학습률 0.1 ends at 0.1" in text
    assert "digits: best epoch 7: val_loss 1" in text


@pytest.mark.parametrize("width", [1, NARROWEST])
def test_a_narrow_terminal_gets_the_narrowest_panel(width: int) -> None:
    assert terminal_curves([DIGITS], "loss", width=width) == terminal_curves([DIGITS], "loss", width=NARROWEST)


def test_one_epoch_gaps_and_no_value() -> None:
    nan = float("nan")
    assert "ends at 2" in terminal_curves([RunCurves("x", {"epoch": [1.0], "loss": [2.0]})])
    gap = RunCurves("x", {"epoch": [1.0, 2.0, 3.0], "loss": [2.0, nan, 1.0]})
    assert "ends at 1" in terminal_curves([gap])
    assert terminal_curves([RunCurves("x", {"epoch": [1.0], "loss": [nan]})]) == "loss: no finite value\n"


def test_options() -> None:
    assert terminal_curves([DIGITS], "loss", PictureOptions(scale="log")).startswith("loss (log scale)")
    assert terminal_curves([DIGITS], "loss", PictureOptions(ylim=(0.0, 1.5)))
    with pytest.raises(UserError, match="--ylim: no value of loss is between 5 and 6"):
        terminal_curves([DIGITS], "loss", PictureOptions(ylim=(5.0, 6.0)))
    with pytest.raises(UserError, match='metric "lss" is not in the history'):
        terminal_curves([DIGITS], "lss")


def test_colours_only_where_they_are_asked_for() -> None:
    assert "\x1b[" not in terminal_curves([DIGITS])
    assert "\x1b[" in terminal_curves([DIGITS], colour=True)


def test_without_uniplot_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name == "uniplot":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.delitem(sys.modules, "uniplot", raising=False)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UserError, match=r"--terminal: .* pip install 'mlpcli\[terminal\]'"):
        terminal_curves([DIGITS])


def test_the_command_works_while_a_run_goes_on(tmp_path: Path, mlpcli_here: Callable[..., Any]) -> None:
    run = tmp_path / "digits"
    run.mkdir()
    (run / "config.yaml").write_text("name: 숫자\n", encoding="utf-8")
    (run / "history.csv").write_text("epoch,loss,val_loss\n1,2.0,1.9\n2,1.5,1.6\n", encoding="utf-8")
    done = mlpcli_here("plot", run, "--terminal")
    assert (done.returncode, "\x1b" in done.stdout) == (0, False)
    assert "training ends at 1.5, validation ends at 1.6" in done.stdout
    assert "training has not ended; 2 epochs so far" in done.stderr
    assert not list(run.glob("*.png"))
    refused = mlpcli_here("plot", run, "--terminal", "--title", "x")
    assert refused.returncode == 2
    assert refused.stderr.startswith("error: --terminal: works only with --metric, --ylim and --scale")
