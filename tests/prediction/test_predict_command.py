"""`mlpcli predict` on the command line: what stands on standard output, and what beside it."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from mlpcli.cli.main import cli
from mlpcli.cli.terminal import ResultStream
from mlpcli.errors import UserError
from tests.forks import Forks


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Standard output is a terminal without colours."""
    monkeypatch.setattr(ResultStream, "isatty", lambda self: True)
    monkeypatch.setenv("TERM", "dumb")


def _run(*arguments: str | Path, stdin: str | None = None) -> Result:
    # Before click 8.2 the two streams were one, unless asked for.
    apart = {"mix_stderr": False} if "mix_stderr" in inspect.signature(CliRunner).parameters else {}
    result = CliRunner(**apart).invoke(cli, ["predict", *map(str, arguments)], input=stdin)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def _halves(x: np.ndarray) -> np.ndarray:
    return np.tile([0.25, 0.625, 0.125], (len(x), 1))


@pytest.fixture
def pictures(model: Any, digits_form: Any, picture: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    monkeypatch.chdir(tmp_path)
    picture("3.png"), picture("사진.png", 255)
    return model((4, 4), ["일", "two\tthree", "x"], _halves, **digits_form)[0].name


def test_a_line_for_each_picture(pictures: str, terminal: None) -> None:
    done = _run(pictures, "3.png", "사진.png")
    assert done.stdout == "3.png  two\\tthree  0.6250\n사진.png  two\\tthree  0.6250\n"
    assert done.stderr == (
        "사진.png: light background, but the model was trained on dark ones: inverted; --no-invert prevents that\n"
    )
    assert _run(pictures, "사진.png", "--no-invert").stderr == ""


def test_columns_in_a_pipe(pictures: str) -> None:
    assert _run(pictures, "3.png", "--top", "2").stdout == "3.png\ttwo\\tthree\t0.6250\t일\t0.2500\n"


def test_json_of_pictures(pictures: str) -> None:
    found = json.loads(_run(pictures, "3.png", "--json", "--top", "2").stdout)
    assert found == {
        "model": str(Path(pictures).resolve()),
        "task": "classification",
        "target": None,
        "predictions": [
            {
                "input": "3.png",
                "label": "two\tthree",
                "probability": 0.625,
                "top": [{"label": "two\tthree", "probability": 0.625}, {"label": "일", "probability": 0.25}],
            }
        ],
    }


def test_what_is_written_is_said_on_standard_error(pictures: str, tmp_path: Path) -> None:
    done = _run(pictures, "3.png", "--output", "p.csv", "--save-input", "saw")
    assert done.stdout == "3.png\ttwo\\tthree\t0.6250\n"
    assert done.stderr == f"written to {tmp_path / 'p.csv'}\ninputs as the network saw them: {tmp_path / 'saw'}\n"
    assert (tmp_path / "saw" / "3.png").is_file()


@pytest.fixture
def rows(model: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """A model of the column a; its answer "yes" has the probability a / 100."""
    monkeypatch.chdir(tmp_path)
    return model((1,), ["no", "yes"], lambda x: x / 100, feature_names=["a"], target="good")[0].name


def _csv(rows: int, name: str = "new.csv") -> str:
    Path(name).write_text("a\n" + "".join(f"{n % 100}\n" for n in range(rows)), encoding="utf-8")
    return name


def test_rows_in_a_pipe_are_all_printed(rows: str) -> None:
    lines = _run(rows, _csv(100)).stdout.splitlines()
    assert (lines[0], lines[99], len(lines)) == ("new.csv\t0\tno\t1.0000", "new.csv\t99\tyes\t0.9900", 100)


def test_few_rows_on_a_terminal(rows: str, terminal: None) -> None:
    out = _run(rows, _csv(20)).stdout
    assert out.splitlines()[1].split() == ["row", "predicted", "probability"]
    assert out.split()[-3:] == ["19", "no", "0.8100"]
    assert "more rows" not in out


def test_many_rows_on_a_terminal(rows: str, terminal: None) -> None:
    out = _run(rows, _csv(1100)).stdout
    assert "... and 1,080 more rows" in out
    assert ["no", "561", "51.0", "%"] in [line.split() for line in out.splitlines()]
    assert ["yes", "539", "49.0", "%"] in [line.split() for line in out.splitlines()]
    assert "--output answers.csv writes all of them" in out
    assert "--output" not in _run(rows, "new.csv", "--output", "p.csv").stdout


def test_several_files_on_a_terminal(rows: str, terminal: None) -> None:
    out = _run(rows, _csv(1), _csv(1, "b.csv"), "--top", "2").stdout
    assert [line.split() for line in out.splitlines() if line.strip() and "─" not in line] == [
        ["input", "row", "predicted", "probability", "predicted", "2", "probability", "2"],
        ["new.csv", "0", "no", "1.0000", "yes", "0.0000"],
        ["b.csv", "0", "no", "1.0000", "yes", "0.0000"],
    ]


def test_numbers_on_a_terminal_and_in_a_pipe(
    model: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, terminal: None
) -> None:
    monkeypatch.chdir(tmp_path)
    path = model((1,), None, lambda x: x / 4, feature_names=["a"], target="kg")[0].name
    out = _run(path, _csv(30)).stdout
    assert out.splitlines()[1].split() == ["row", "predicted", "kg"]
    assert "from 0.0000 to 7.2500, 3.6250 on average" in out
    monkeypatch.setattr(ResultStream, "isatty", lambda self: False)
    assert _run(path, "new.csv").stdout.splitlines()[1] == "new.csv\t1\t0.25"
    assert json.loads(_run(path, "new.csv", "--json").stdout)["predictions"][1] == {
        "input": "new.csv", "row": 1, "value": 0.25}  # fmt: skip


def test_standard_input(rows: str) -> None:
    assert _run(rows, "-", stdin="a\n90\n").stdout == "standard input\t0\tyes\t0.9000\n"


def test_json_comes_in_pieces(rows: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from mlpcli.cli import predict as prediction_report
    from mlpcli.workflows import input_batches as tables

    monkeypatch.setattr(tables, "BATCH_ROWS", 100)
    written: list[str] = []
    monkeypatch.setattr(prediction_report, "write_result", written.append)
    _run(rows, _csv(1000), "--json")
    assert max(map(len, written)) < 0.15 * sum(map(len, written))
    found = json.loads("".join(written))
    assert (found["task"], found["target"], len(found["predictions"])) == ("binary", "good", 1000)
    assert found["predictions"][999] == {"input": "new.csv", "row": 999, "label": "yes", "probability": 0.99}


def test_json_is_escaped_where_the_output_lacks_letters(pictures: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ResultStream, "encoding", "ascii")
    out = _run(pictures, "3.png", "--top", "3", "--json").stdout
    assert out.isascii() and json.loads(out)["predictions"][0]["top"][1]["label"] == "일"


def test_nothing_is_printed_where_an_input_is_wrong(rows: str) -> None:
    Path("bad.csv").write_text("a\n1\nx\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"bad\.csv:3: a"):
        _run(rows, _csv(10), "bad.csv", "--json", "--strict")


def test_an_input_must_be_given(rows: str) -> None:
    done = _run(rows)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "Missing argument 'INPUT...'" in done.stderr


def test_a_mistake_is_found_before_tensorflow_is_imported(rows: str, forks: Forks) -> None:
    Path("bad.csv").write_text("a\n1\nx\n", encoding="utf-8")
    code = (
        "import sys\nfrom mlpcli.__main__ import main\ntry:\n    main()\nexcept SystemExit as done:\n"
        "    print(done.code, *{'tensorflow', 'keras', 'sklearn', 'pandas', 'matplotlib'} & set(sys.modules))"
    )
    done = forks.run(["predict", rows, "bad.csv", "--strict"], Path.cwd(), program=code)
    assert done.stdout == "2\n"
    assert done.stderr.startswith("error: bad.csv:3: a: ")
