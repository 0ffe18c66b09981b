"""Lines and tables of names that files bring."""

from __future__ import annotations

import pytest

from mlpcli.cli.terminal import line, table

HOSTILE = "a\nb\x1b]0;title\x07\x1b[2J\u202e"
HARMLESS = r"a\nb\x1b]0;title\x07\x1b[2J\u202e"


def test_a_name_stays_in_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    line(f"task: {HOSTILE}")
    assert capsys.readouterr().out == f"task: {HARMLESS}\n"


def test_a_name_stays_in_its_cell(capsys: pytest.CaptureFixture[str]) -> None:
    table(HOSTILE, ["class", HOSTILE], [[HOSTILE, "1"], ["한글", "2"]])
    printed = capsys.readouterr().out
    assert printed.count(HARMLESS) == 3
    assert "\x1b" not in printed
    assert len(printed.split("한글")[0].splitlines()) == len(["title", "", "names", "rule", "first row", "this one"])


def test_a_path_can_be_copied(capsys: pytest.CaptureFixture[str]) -> None:
    """macOS writes a narrow no-break space into the names of screenshots."""
    line("run    /내 폴더/3.00.00\u202fPM\u3000x")
    assert capsys.readouterr().out == "run    /내 폴더/3.00.00\u202fPM\u3000x\n"
