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
from mlpcli.text import number
from tests.forks import COMMAND, Forks

ROOT = Path(__file__).resolve().parents[2]
VALIDATE = ["validate", "숫자.yaml"]
LISTS = [["recipes"], ["recipes", "--json"]]
"""Commands with pages of output that start at once, as text and as JSON."""
HELP = [["--help"], ["--version"], ["train", "-h"], ["recipes", "show", "--help"]]
FULL = "error: standard output: cannot be written: No space left on device\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "숫자.yaml").write_text("name: 숫자 é\ndata: {source: digits}\n", encoding="utf-8")
    return tmp_path


def _anew(folder: Path, arguments: list[str], **settings: Any) -> subprocess.CompletedProcess[bytes]:
    """Run a command as a new Python, for what happens when one starts."""
    variables = {**os.environ, "PYTHONPATH": str(ROOT), **settings.pop("env", {})}
    given = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **settings}
    return subprocess.run([sys.executable, "-m", "mlpcli", *arguments], cwd=folder, env=variables, timeout=120, **given)


def _nobody_reads() -> int:
    """The writing end of a pipe whose reader has gone away, as in `mlpcli ... | true`."""
    read, write = os.pipe()
    os.close(read)
    return write


@pytest.mark.parametrize("arguments", [*LISTS, *HELP])
def test_a_reader_that_goes_away_is_no_error(folder: Path, forks: Forks, arguments: list[str]) -> None:
    done = forks.run(arguments, folder, stdout=_nobody_reads())
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("arguments", [["recipes", "show", "nope"], ["frobnicate"]])
def test_an_error_that_nobody_reads_keeps_its_exit_code(folder: Path, forks: Forks, arguments: list[str]) -> None:
    done = forks.run(arguments, folder, stderr=_nobody_reads())
    assert (done.returncode, done.stdout) == (2, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, a disk that is always full")
@pytest.mark.parametrize("arguments", [*LISTS, *HELP])
def test_a_full_disk_under_standard_output_is_an_error(folder: Path, forks: Forks, arguments: list[str]) -> None:
    with open("/dev/full", "wb") as full:
        done = forks.run(arguments, folder, stdout=full.fileno())
    assert (done.returncode, done.stderr) == (1, FULL)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, a disk that is always full")
def test_and_at_the_end_of_python_too(folder: Path) -> None:
    """Python itself flushes what is left in its buffer, and would end with 120."""
    with open("/dev/full", "wb") as full:
        done = _anew(folder, ["--help"], stdout=full)
    assert (done.returncode, done.stderr.decode()) == (1, FULL)
    assert _anew(folder, ["--help"], stdout=_nobody_reads(), stderr=_nobody_reads()).returncode == 0


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


@pytest.mark.usefixtures("folder")
def test_letters_that_the_output_lacks_are_escaped(mlpcli_here: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii"))  # as by PYTHONIOENCODING
    assert mlpcli_here(*VALIDATE, "-s", "data.source=moons").returncode == 0
    text = written.getvalue().decode("ascii")
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


def test_a_backend_that_matplotlib_does_not_know_is_ignored(folder: Path, forks: Forks) -> None:
    (folder / "history.csv").write_text("epoch,loss\n1,2.0\n2,1.0\n", encoding="utf-8")
    done = forks.run(["plot", "."], folder, {"MPLBACKEND": "bogus"})
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [str(folder / "history.png")]


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


def test_hangul_in_a_locale_that_knows_only_ascii(folder: Path) -> None:
    plain = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    train = ["train", "숫자.yaml", "-s", "data.source=moons", "-s", "training.engine=numpy", "-s", "training.epochs=1"]
    done = _anew(folder, [*train, "--run-dir", "결과", "-s", "output.plots=[]", "--json"], env=plain)
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False)
    result = json.loads(done.stdout.decode("utf-8"))
    assert result["run"] == str(folder / "결과")
    assert result["name"] == "숫자 é"
    done = _anew(folder, ["summary", "없음"], env=plain)
    assert (done.returncode, done.stderr.decode("utf-8")[:10]) == (2, "error: 없음:")


def test_a_name_that_is_not_utf_8_is_kept_in_what_a_run_writes(
    folder: Path, mlpcli_here: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    if sys.platform != "linux":
        pytest.skip("other systems take no file names that are not UTF-8")
    train = ["train", "숫자.yaml", "-s", "data.source=moons", "-s", "training.engine=numpy", "-s", "training.epochs=1"]
    train += ["--run-dir", "x\udcff", "-s", "output.plots=[]", "--json"]
    monkeypatch.setattr(sys, "argv", ["mlpcli", *train])  # where Python puts such a name of a command line
    done = mlpcli_here(*train)
    assert done.returncode == 0
    assert json.loads(done.stdout)["run"] == str(folder / "x\udcff")
    written = json.loads((folder / "x\udcff" / "environment.json").read_text(encoding="utf-8"))
    assert "x\udcff" in written["command"]


LIMITED = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)); {COMMAND}"


@pytest.mark.skipif(os.name == "nt", reason="needs limits of processes")
@pytest.mark.parametrize(
    ("arguments", "code"), [(["recipes", "show", "nope"], 2), (["frobnicate"], 2), (["plot", "없음"], 2), (LISTS[0], 0)]
)
def test_messages_into_a_file_that_may_not_grow_keep_the_exit_code(
    folder: Path, forks: Forks, arguments: list[str], code: int
) -> None:
    """The other stream is a pipe, which may."""
    reads, writes = os.pipe()
    with open(reads, encoding="utf-8") as said, open(folder / "it.txt", "ab") as file:
        assert forks.run(arguments, folder, program=LIMITED, stdout=writes, stderr=file.fileno()).returncode == code
        done = forks.run(arguments, folder, program=LIMITED, stdout=file.fileno(), stderr=writes)
        os.close(writes)
        assert done.returncode == (code or 1)
        assert code or said.read().endswith("\nerror: standard output: cannot be written: File too large\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, a disk that is always full")
@pytest.mark.parametrize("arguments", [["recipes", "show", "nope"], ["frobnicate"], ["plot", "없음"]])
def test_a_full_disk_under_standard_error_keeps_the_exit_code(folder: Path, forks: Forks, arguments: list[str]) -> None:
    with open("/dev/full", "wb") as file:
        full = file.fileno()
        assert forks.run(arguments, folder, stderr=full).returncode == 2
        assert forks.run(arguments, folder, stdout=full, stderr=full).returncode == 2


def test_a_file_never_gets_the_number_of_a_closed_stream() -> None:
    """TensorFlow's chatter would be written into it."""
    code = (
        "import os; os.close(2); os.close(1); from mlpcli.cli.terminal import prepare_streams; prepare_streams();"
        "raise SystemExit(os.open(os.devnull, os.O_RDONLY) < 3)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    assert subprocess.run([sys.executable, "-c", code], env=environment, timeout=300).returncode == 0


def test_ctrl_c_while_the_first_modules_are_imported(folder: Path) -> None:
    (folder / "early").mkdir()
    (folder / "early" / "click.py").write_text("raise KeyboardInterrupt\n", encoding="utf-8")
    path = os.pathsep.join([str(folder / "early"), str(ROOT)])
    done = _anew(folder, ["recipes"], env={"PYTHONPATH": path})
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"interrupted\n")


def test_ctrl_c_while_a_dataclass_is_made_ends_with_the_exit_code_and_not_with_the_signal(folder: Path) -> None:
    (folder / "early").mkdir()
    (folder / "early" / "pydantic.py").write_text("exec('raise KeyboardInterrupt')\n", encoding="utf-8")
    path = os.pathsep.join([str(folder / "early"), str(ROOT)])
    done = _anew(folder, VALIDATE, env={"PYTHONPATH": path})
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"interrupted\n")


def test_a_bug_keeps_its_traceback_without_control_characters(folder: Path) -> None:
    (folder / "early").mkdir()
    (folder / "early" / "click.py").write_text("raise ZeroDivisionError('a\\x1b[2J')\n", encoding="utf-8")
    code = "import sys; from mlpcli.cli.terminal import say_traceback as hook; sys.excepthook = hook; import click"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder / "early"), str(ROOT)])}
    done = subprocess.run([sys.executable, "-c", code], env=environment, stderr=subprocess.PIPE, timeout=300)
    assert done.returncode == 1
    assert done.stderr.endswith(b"ZeroDivisionError: a\\x1b[2J\n")
