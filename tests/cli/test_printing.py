"""One file prints, and what it prints cannot steer a terminal."""

from __future__ import annotations

import ast
import json
import re
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mlpcli.cli import terminal
from mlpcli.cli.progress_bars import LiveProgress
from mlpcli.files import json_text, read_json, write_json
from mlpcli.text import visible

PACKAGE = Path(__file__).resolve().parents[2] / "mlpcli"
PRINTS = {"cli/terminal.py"}
OWN_PROCESS = {"noise_filter.py"}
"""Passes on what TensorFlow says, as a program of its own."""
HOSTILE = "a\x1b[2J\x07b\u202ec\x9b31m\x85d\u2066e\udcff한글"
"""Clears the screen, rings, turns the reading direction, C1 controls, half a surrogate pair."""
HARMLESS = r"a\x1b[2J\x07b\u202ec\x9b31m\x85d\u2066e\udcff한글"
REFUSED = {"Cc", "Cf", "Cs", "Zl", "Zp"}

MAY_PRINT = re.compile(r"(?:print|echo|echo_via_pager|prompt|confirm|Console|write|writelines)\s*\(")
"""The last words of what `_prints` looks for: most files have none, and need not be parsed."""


def _prints(call: ast.Call) -> bool:
    """print(), click.echo(), Console(), sys.stderr.write() and the like."""
    name = ast.unparse(call.func)
    last = name.rpartition(".")[2]
    if (
        name == "print"
        or name == "os.write"
        or last in ("echo", "secho", "echo_via_pager", "prompt", "confirm", "Console")
    ):
        return True
    return last in ("write", "writelines") and name.startswith(("sys.std", "sys.__std"))


def _places() -> Iterator[str]:
    for path in sorted(PACKAGE.rglob("*.py")):
        relative, source = path.relative_to(PACKAGE).as_posix(), path.read_text(encoding="utf-8")
        if relative in PRINTS | OWN_PROCESS or not MAY_PRINT.search(source):
            continue
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Call) and _prints(node):
                yield f"{relative}:{node.lineno}: {ast.unparse(node.func)}"


def test_nobody_prints_past_the_one_place() -> None:
    assert list(_places()) == []


def test_what_is_not_the_terminals_own_is_escaped() -> None:
    assert visible(f"{HOSTILE}\n\tx\u3000y") == f"{HARMLESS}\n\tx\u3000y"


@pytest.mark.parametrize("say", [terminal.say, terminal.line, lambda text: terminal.write_result(f"{text}\n")])
def test_every_way_to_print_escapes(capsys: pytest.CaptureFixture[str], say: Any) -> None:
    say(HOSTILE)
    out, err = capsys.readouterr()
    assert out + err == f"{HARMLESS}\n"


def test_a_table_escapes_title_columns_and_cells(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.table(HOSTILE, [HOSTILE], [[HOSTILE]])
    assert capsys.readouterr().out.count(HARMLESS) == 3


def test_a_note_beside_a_live_bar_is_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    LiveProgress().note(HOSTILE)
    assert capsys.readouterr().err == f"{HARMLESS}\n"


ODD = ["\x00", "\x7f", "\x9b", "\u2028", "\ue000", "\U000e0041", "\udc80", "\ud83d"]


@pytest.mark.parametrize("indent", [None, 2])
def test_json_escapes_what_a_terminal_would_obey_and_keeps_hangul(indent: int | None) -> None:
    value = {HOSTILE: [HOSTILE, "숫자\u3000é", *ODD]}
    text = json_text(value, indent)
    assert json.loads(text) == value
    assert "한글" in text and "숫자\u3000é" in text
    assert {unicodedata.category(letter) for letter in text.replace("\n", "")} & REFUSED == set()


def test_json_files_hold_names_that_are_not_utf_8(tmp_path: Path) -> None:
    write_json(tmp_path / "x.json", {"name": HOSTILE})
    assert read_json(tmp_path / "x.json") == {"name": HOSTILE}


ARGUMENTS = [
    ["train", f"{HOSTILE}.yaml"], [HOSTILE], ["train", "x.yaml", f"--{HOSTILE}"], ["predict", HOSTILE, HOSTILE],
    ["plot", HOSTILE], ["recipes", "show", HOSTILE], ["recipes", HOSTILE], ["evaluate", HOSTILE], ["init", HOSTILE],
    ["validate", "숫자.yaml", "-s", f"data.source={HOSTILE}"], ["validate", "숫자.yaml", "-s", HOSTILE],
    ["init", "--generate", HOSTILE], ["evaluate", "숫자.yaml", "--divide-by", HOSTILE],
]  # fmt: skip


@pytest.mark.parametrize("arguments", ARGUMENTS)
def test_an_argument_in_an_error_cannot_steer_the_terminal(
    tmp_path: Path, mlpcli_here: Any, arguments: list[str]
) -> None:
    (tmp_path / "숫자.yaml").write_text("data: {source: digits}\n", encoding="utf-8")
    done = mlpcli_here(*arguments)
    assert done.returncode == 2
    assert done.stderr
    assert {unicodedata.category(letter) for letter in (done.stdout + done.stderr).replace("\n", "")} & REFUSED == set()


def test_a_table_with_hostile_names_is_read_trained_and_asked_without_a_raw_control(
    tmp_path: Path, mlpcli_here: Any
) -> None:
    name, value = "a\x1b[2J\u202e나이", "x\x9b\u202ey"
    rows = "".join(f"{row},{value if row % 2 else '하나'}\n" for row in range(60))
    (tmp_path / "t.csv").write_text(f"{name},class\n{rows}", encoding="utf-8")
    (tmp_path / "t.yaml").write_text(
        "data: {source: t.csv, target: class}\ntraining: {engine: numpy, epochs: 1}\noutput: {plots: []}\n",
        encoding="utf-8",
    )
    for arguments in (
        ["validate", "t.yaml"], ["validate", "t.yaml", "--json"], ["train", "t.yaml", "--run-dir", "r"],
        ["train", "t.yaml", "--run-dir", "r2", "--json"], ["summary", "r"], ["summary", "r", "--json"],
        ["evaluate", "r"], ["evaluate", "r", "--json"], ["predict", "r", "t.csv"], ["predict", "r", "t.csv", "--json"],
        ["init", "t.csv", "--target", "class", "--output", "-"], ["init", "t.csv", "--target", name],
    ):  # fmt: skip
        done = mlpcli_here(*arguments)
        assert done.returncode == 0 or arguments[-1] == name, done.stderr
        raw = {letter for letter in done.stdout + done.stderr if unicodedata.category(letter) in REFUSED} - {"\n", "\t"}
        assert raw == set(), arguments


def test_lines_of_a_real_terminal_keep_their_styles(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.cli.test_terminal import Screen

    screen = Screen()
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    terminal.line(HOSTILE, "bold")
    assert screen.getvalue() == f"\x1b[1m{HARMLESS}\x1b[0m\n"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems take no file names that are not UTF-8")
def test_a_picture_whose_name_is_not_utf_8_is_labelled_and_written(tmp_path: Path, mlpcli_here: Any) -> None:
    import csv

    from PIL import Image

    for name in ("light", "dark"):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        for number in range(12):
            shade = 20 * number % 100 + (100 if name == "light" else 0)
            Image.new("L", (4, 4), shade).save(tmp_path / "pictures" / name / f"{number}.png")
    (tmp_path / "p.yaml").write_text(
        "data: {source: pictures}\ntraining: {engine: numpy, epochs: 1}\noutput: {plots: []}\n", encoding="utf-8"
    )
    Image.new("L", (4, 4)).save(tmp_path / "x\udcff\x1b.png")
    assert mlpcli_here("train", "p.yaml", "--run-dir", "r").returncode == 0
    done = mlpcli_here("predict", "r", "x\udcff\x1b.png", "--json")
    assert json.loads(done.stdout)["predictions"][0]["input"] == "x\udcff\x1b.png"
    assert mlpcli_here("predict", "r", "x\udcff\x1b.png", "--output", "o.csv").returncode == 0
    with open(tmp_path / "o.csv", encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file))[1][0] == "x\\udcff\x1b.png"
