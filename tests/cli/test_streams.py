"""Standard output and standard error, whatever has become of them."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mlpcli.cli import terminal as console
from mlpcli.cli.terminal import number

ROOT = Path(__file__).resolve().parents[2]
VALIDATE = ["validate", "숫자.yaml"]
LISTS = [["recipes"], ["recipes", "--json"]]
"""Commands with pages of output that start at once, as text and as JSON."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "숫자.yaml").write_text("name: 숫자 é\ndata: {source: digits}\n", encoding="utf-8")
    return tmp_path


def _run(folder: Path, arguments: list[str], **settings: Any) -> subprocess.CompletedProcess[bytes]:
    variables = {**os.environ, "PYTHONPATH": str(ROOT), **settings.pop("env", {})}
    given = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **settings}
    return subprocess.run([sys.executable, "-m", "mlpcli", *arguments], cwd=folder, env=variables, timeout=120, **given)


def _nobody_reads() -> int:
    """The writing end of a pipe whose reader has gone away, as in `mlpcli ... | true`."""
    read, write = os.pipe()
    os.close(read)
    return write


@pytest.mark.parametrize("arguments", LISTS)
def test_a_reader_that_goes_away_is_no_error(folder: Path, arguments: list[str]) -> None:
    done = _run(folder, arguments, stdout=_nobody_reads())
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("arguments", [["recipes", "show", "nope"], ["frobnicate"]])
def test_an_error_that_nobody_reads_keeps_its_exit_code(folder: Path, arguments: list[str]) -> None:
    done = _run(folder, arguments, stderr=_nobody_reads())
    assert (done.returncode, done.stdout) == (2, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, a disk that is always full")
@pytest.mark.parametrize("arguments", LISTS)
def test_a_full_disk_under_standard_output_is_an_error(folder: Path, arguments: list[str]) -> None:
    with open("/dev/full", "wb") as full:
        done = _run(folder, arguments, stdout=full)
    assert done.returncode == 1
    assert done.stderr == b"error: standard output: cannot be written: No space left on device\n"


def test_closed_streams_are_no_error(folder: Path) -> None:
    command = f"{sys.executable} -m mlpcli recipes"
    for closed, code in ((">&-", 0), ("2>&-", 0), (">&- 2>&-", 0)):
        done = subprocess.run(
            f"{command} {closed}", shell=True, cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=120,
            capture_output=True, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (code, b""), closed


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1", "cp949"])
def test_json_is_json_in_every_encoding(
    folder: Path, mlpcli_here: Any, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding=encoding))
    done = mlpcli_here(*VALIDATE, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(written.getvalue().decode(encoding))["config"]["name"] == "숫자 é"


def test_letters_that_the_output_lacks_are_escaped(folder: Path) -> None:
    done = _run(folder, [*VALIDATE, "-s", "data.source=moons"], env={"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0
    text = done.stdout.decode("ascii")
    assert r"\uc22b\uc790 \xe9, input (None, 2)" in text


PIPES = [{}, {"NO_COLOR": "1"}, {"COLUMNS": "1"}, {"COLUMNS": "nonsense"}, {"TERM": "dumb"}]


@pytest.mark.parametrize("variables", PIPES)
def test_a_pipe_gets_plain_lines_of_full_width(
    folder: Path, mlpcli_here: Any, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    done = mlpcli_here(*VALIDATE)
    assert done.returncode == 0
    assert "\x1b" not in done.stdout + done.stderr
    assert " \n" not in done.stdout
    layer = next(line for line in done.stdout.splitlines() if "(Rescaling)" in line)
    assert "(None, 8, 8)" in layer  # name and shape stand in one line


def test_a_backend_that_matplotlib_does_not_know_is_ignored(folder: Path) -> None:
    (folder / "history.csv").write_text("epoch,loss\n1,2.0\n2,1.0\n", encoding="utf-8")
    done = _run(folder, ["plot", "."], env={"MPLBACKEND": "bogus"})
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode().splitlines() == [str(folder / "history.png")]


NUMBERS = [
    (0.5, "0.5000"), (0, "0.0000"), (1, "1.0000"), (999.99996, "1000.0000"), (1234.5678, "1235"), (-0.25, "-0.2500"),
    (0.00012345, "0.0001234"), (1e-9, "1e-09"), (float("nan"), "nan"), (float("inf"), "inf"), ("Adam", "Adam"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "text"), NUMBERS)
def test_a_score_is_shown_with_four_decimals_or_four_digits(value: Any, text: str) -> None:
    assert number(value) == text


def test_json_has_null_for_what_is_no_number(capsys: pytest.CaptureFixture[str]) -> None:
    console.print_json({"r2": float("nan"), "loss": [float("inf"), 1.5]})
    assert json.loads(capsys.readouterr().out) == {"r2": None, "loss": [None, 1.5]}


def test_text_that_looks_like_markup_is_printed_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    console.line("[bold]x[/bold] :smile:")
    console.table("[red]t", ["[a]"], [["[/b]"]])
    out = capsys.readouterr().out
    assert "[bold]x[/bold] :smile:" in out
    assert "[red]t" in out and "[a]" in out and "[/b]" in out


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, a disk that is always full")
@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["train", "-h"], ["recipes", "show", "--help"]])
def test_help_on_a_full_disk_is_an_error_like_any_result(folder: Path, arguments: list[str]) -> None:
    with open("/dev/full", "wb") as full:
        done = _run(folder, arguments, stdout=full)
    assert done.returncode == 1
    assert done.stderr == b"error: standard output: cannot be written: No space left on device\n"
    done = _run(folder, arguments, stdout=_nobody_reads())
    assert (done.returncode, done.stderr) == (0, b"")
