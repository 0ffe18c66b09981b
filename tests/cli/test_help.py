"""Help pages, and what is said of commands and options that do not exist."""

from __future__ import annotations

import pytest

from mlpcli import __version__
from mlpcli.cli.main import COMMANDS, main


def _run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as exit_:
        main(arguments)
    captured = capsys.readouterr()
    return int(exit_.value.code or 0), captured.out, captured.err


def test_the_front_page_lists_every_command_with_a_whole_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = _run(capsys, "--help")
    assert (code, err) == (0, "")
    for command in COMMANDS:
        line = next(line for line in out.splitlines() if line.startswith(f"  {command} "))
        assert line.endswith("."), line
        assert not line.endswith("..."), line


@pytest.mark.parametrize("flag", ["-h", "--help"])
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_a_page_with_an_example(capsys: pytest.CaptureFixture[str], command: str, flag: str) -> None:
    code, out, err = _run(capsys, command, flag)
    assert (code, err) == (0, "")
    assert out.startswith(f"Usage: mlpcli {command} ")
    assert f"  $ mlpcli {command} " in out
    assert all(len(line) <= 80 for line in out.splitlines())


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(capsys, "--version") == (0, f"mlpcli, version {__version__}\n", "")


def test_without_a_command_the_front_page_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = _run(capsys)
    assert "Usage: mlpcli" in out + err
    assert code in (0, 2)  # click 8.1 and 8.2 differ


WRONG = [
    (["trian"], "error: No such command 'trian'; did you mean \"train\"?"),
    (["eval"], "error: No such command 'eval'; did you mean \"evaluate\"?"),
    (["frobnicate"], "error: No such command 'frobnicate'"),
    (["train"], "error: Missing argument 'CONFIG'; mlpcli init DATA writes one"),
    (["train", "a.yaml", "--epoch"], "error: No such option"),
    (["plot"], "error: Missing argument 'RUN_DIR...'; give one or more run directories"),
    (["plot", "a", "--format", "gif"], "error: Invalid value for '--format': 'gif' is not one of 'png', 'svg', 'pdf'."),
    (["evaluate", "a", "--split", "all"], "'all' is not one of 'test', 'validation', 'train'."),
]


@pytest.mark.parametrize(("arguments", "words"), WRONG)
def test_a_wrong_command_line_is_answered_on_standard_error(
    capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    code, out, err = _run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert err.startswith("Usage: mlpcli ")
    assert words in err
