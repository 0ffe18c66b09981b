"""Which display is chosen, and the plain one's lines."""

from __future__ import annotations

import io
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
