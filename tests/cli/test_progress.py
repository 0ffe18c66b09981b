"""Which display is chosen, and the plain one's lines."""

from __future__ import annotations

import io
import re
import sys

import pytest

from mlpcli.cli.progress_bars import LiveProgress, PlainProgress, choose_progress
from mlpcli.training.progress import Silence

ROW = {"epoch": 2.0, "seconds": 0.126, "learning_rate": 0.05, "loss": 0.5, "accuracy": 0.75, "val_loss": 1234.5}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "term", "quiet", "expected"),
    [
        (io.StringIO(), "xterm", False, PlainProgress),
        (Terminal(), "xterm", False, LiveProgress),
        (Terminal(), "dumb", False, PlainProgress),
        (Terminal(), "xterm", True, Silence),
        (None, "xterm", False, Silence),
    ],
)
def test_the_display_fits_where_it_is_shown(
    monkeypatch: pytest.MonkeyPatch, stream: io.StringIO | None, term: str, quiet: bool, expected: type
) -> None:
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", term)
    assert type(choose_progress(quiet)) is expected


def test_a_plain_line_has_the_epoch_the_scores_and_the_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    progress = PlainProgress()
    progress.start(epochs=60, steps=10, rows=320)
    progress.step(3)
    progress.epoch(ROW)
    progress.finish()
    assert capsys.readouterr().err == "epoch 2/60  loss 0.5000  accuracy 0.7500  val_loss 1234  0.13 s\n"


class Closed(Terminal):
    """A terminal whose window has been closed."""

    def write(self, text: str) -> int:
        raise OSError(5, "Input/output error")


def test_a_closed_terminal_ends_no_training(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    progress = LiveProgress()
    progress.start(epochs=3, steps=10, rows=320)
    progress.step(3)
    progress.console.file = Closed()
    progress.epoch(ROW)
    progress.note("a note")
    progress.finish()


def _shown(monkeypatch: pytest.MonkeyPatch, width: int, epochs: int, done: int, best: int) -> list[str]:
    """The lines that stay on a terminal of this width; cursor movements and the live bar are gone."""
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("TERM", "xterm")
    progress = LiveProgress()
    progress.start(epochs=epochs, steps=1, rows=32)
    for epoch in range(1, done + 1):
        progress.epoch({**ROW, "epoch": float(epoch), "val_accuracy": 0.5})
    progress.finish()
    progress.best(best)
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.getvalue())
    lines = [line.strip() for line in re.split(r"[\r\n]+", text)]
    assert not [line for line in lines if "…" in line]
    return [line for line in lines if " s" in line[-3:] and "rows/s" not in line]


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_the_first_some_the_last_and_the_best_epoch_stay_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    lines = _shown(monkeypatch, width, epochs=60, done=47, best=31)
    heads = [line.partition("  loss")[0] for line in lines]
    assert heads == ["epoch 1/60", "epoch 10/60", "epoch 20/60", "epoch 30/60", "epoch 40/60", "epoch 47/60",
                     "best: epoch 31/60"]  # fmt: skip
    assert lines[0] == "epoch 1/60  loss 0.5000  accuracy 0.7500  val_loss 1234  val_accuracy 0.5000  0.13 s"


def test_of_few_epochs_all_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = _shown(monkeypatch, 80, epochs=5, done=5, best=5)
    assert [line.partition("  ")[0] for line in lines] == [*(f"epoch {n}/5" for n in range(1, 6)), "best: epoch 5/5"]
