"""On a terminal: a live bar on standard error, tables in the width there is."""

from __future__ import annotations

import contextlib
import io
import os
import pty
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.forks import COMMAND, Forks

NUMPY = ("-s", "training.engine=numpy", "-s", "data.source=moons", "-s", "output.plots=[]")
"""What starts in a second: asked for no plots on the command line, it does not begin to import matplotlib."""
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def _on_a_terminal(forks: Forks, folder: Path, *arguments: str, **variables: str) -> tuple[int, str]:
    """Exit code and everything that the terminal was sent."""
    master, slave = pty.openpty()
    colours = "import os; os.environ.pop('NO_COLOR', None)"
    process = forks.start(
        arguments, folder, {"TERM": "xterm-256color", **variables}, program=f"{colours}; {COMMAND}",
        stdin=slave, stdout=slave, stderr=slave,
    )  # fmt: skip
    os.close(slave)
    chunks = []
    with contextlib.suppress(OSError):  # Linux says so when the other side is closed
        while chunk := os.read(master, 65536):
            chunks.append(chunk)
    os.close(master)
    return process.wait(), b"".join(chunks).decode("utf-8", "replace")


def test_training_shows_a_live_bar_with_epoch_and_rate(tmp_path: Path, digits: Path, forks: Forks) -> None:
    code, screen = _on_a_terminal(
        forks, tmp_path, "train", "digits.yaml", *NUMPY, "-s", "training.epochs=30", COLUMNS="120"
    )
    assert code == 0, screen
    assert "\x1b[" in screen
    text = CONTROL.sub("", screen)
    assert re.search(r"epoch \d+/30", text)
    assert re.search(r"[\d,]+ rows/s", text)
    assert re.search(r"loss \d\.\d+/\d\.\d+  accuracy ", text)  # training/validation
    assert "saved  " in text and str(tmp_path / "runs") in text.replace("\r\n", "")


class Screen(io.StringIO):
    """Keeps what is printed, and calls itself a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.usefixtures("digits")
def test_a_dumb_terminal_gets_plain_lines(mlpcli_here: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen()
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "dumb")
    assert mlpcli_here("train", "digits.yaml", *NUMPY).returncode == 0
    assert "epoch 1/2  loss " in screen.getvalue()
    assert "saved  " in screen.getvalue()
    assert "\x1b" not in screen.getvalue()
    assert "best: " not in screen.getvalue()  # as the last line of a live bar would say


@pytest.mark.parametrize("columns", ["1", "400"])
@pytest.mark.usefixtures("digits")
def test_any_width_will_do(mlpcli_here: Any, monkeypatch: pytest.MonkeyPatch, columns: str) -> None:
    screen = Screen()
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", columns)
    assert mlpcli_here("validate", "digits.yaml").returncode == 0
    text = CONTROL.sub("", screen.getvalue())
    assert "total parameters: 1,210" in text
    assert ("rescaling (Rescaling)" in text) == (columns == "400")


@pytest.mark.parametrize("variable", ["NO_COLOR", "ANYTHING"])
@pytest.mark.usefixtures("digits")
def test_no_color_means_no_color(mlpcli_here: Any, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    """The bar of a training has colours where nobody asks for none."""
    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv(variable, "1")
    assert mlpcli_here("train", "digits.yaml", *NUMPY).returncode == 0
    coloured = re.search(r"\x1b\[(?:\d+;)*(?:3\d|4\d|9\d)m", screen.getvalue())
    assert (coloured is None) == (variable == "NO_COLOR")


ODD = "a\nerror: b\r"
SHOWN = "a\\nerror: b\\r"


@pytest.mark.parametrize(
    "arguments",
    [
        ("train", f"{ODD}.yaml"),
        ("train", "my.yaml", "--run-dir", f"{ODD}/file"),
        ("predict", ODD, "x.csv"),
        ("evaluate", ODD),
        ("summary", f"{ODD}.keras"),
        ("plot", ODD),
        ("validate", f"{ODD}-wrong.yaml"),
        ("nothing", ODD),
        ("train", "my.yaml", ODD),
    ],
)
def test_a_line_break_in_a_path_makes_no_second_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    from mlpcli.cli.main import main

    monkeypatch.chdir(tmp_path)
    Path("my.yaml").write_text("data: {source: iris}\ntraining: {engine: numpy}\n", encoding="utf-8")
    Path(ODD).touch()
    Path(f"{ODD}-wrong.yaml").write_text("data: {source: iris}\ntraining: {epoch: 1, batch: 2}\n", encoding="utf-8")
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    said = capsys.readouterr().err
    assert caught.value.code == 2
    assert SHOWN in said or "nothing" in arguments
    assert not any(line.startswith("error: b") for line in said.splitlines())
    assert "\r" not in said
