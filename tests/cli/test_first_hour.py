"""What people type in their first hour: names instead of paths, short options, nothing, almost the right name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mlpcli.cli.main import main
from mlpcli.config.load_config import load_config
from mlpcli.errors import ConfigError
from tests.forks import Forks

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as exit_:
        main(arguments)
    captured = capsys.readouterr()
    return int(exit_.value.code or 0), captured.out, captured.err


@pytest.mark.parametrize("typed", [["help"], ["help", "train"]])
def test_help_is_a_command_too(typed: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = _run(capsys, *typed)
    assert (code, out) == (0, _run(capsys, *typed[1:], "--help")[1])


def test_the_version_has_a_short_option(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(capsys, "-V") == _run(capsys, "--version")


def test_a_recipe_is_trained_by_its_name(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = _run(capsys, "train", "digits", "--epochs", "1", "-s", "training.engine=numpy", "--json")
    assert code == 0
    note = f"note: digits: the recipe of that name ({ROOT / 'configs' / 'digits.yaml'}); mlpcli recipes copy digits"
    assert err.startswith(note)
    assert json.loads(out)["run"] == str(here / "runs" / "digits")


@pytest.mark.parametrize(
    "command", [["summary", "digits"], ["trace", "digits"], ["gradcheck", "digits", "--rows", "2"]]
)
def test_other_commands_know_recipes_by_name_too(
    command: list[str], here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(ROOT / "configs" / "digits.yaml")
    more = ["--engine", "numpy"] if command[0] == "gradcheck" else []
    by_name = _run(capsys, *command, *more)
    assert by_name[0] == 0
    assert by_name[1] == _run(capsys, command[0], path, *command[2:], *more)[1]


def test_a_file_of_that_name_comes_first(here: Path) -> None:
    (here / "digits").write_text("data: {source: iris}\n", encoding="utf-8")
    assert load_config(Path("digits")).config.data.source == "iris"


def test_a_recipe_reads_its_table_from_the_current_folder(here: Path) -> None:
    (loaded,) = [load_config(Path("tables/titanic"))]
    written, start = loaded.paths.texts["source"]
    assert Path(loaded.config.data.source) == here / written
    assert start == Path()


def test_short_options_are_the_overrides_that_they_stand_for(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    short = _run(capsys, "validate", "digits", "--epochs", "7", "--batch-size", "16", "--lr", "0.3", "--json")
    long = _run(
        capsys, "validate", "digits", "-s", "training.epochs=7", "-s", "training.batch_size=16",
        "-s", "training.optimizer.learning_rate=0.3", "--json",
    )  # fmt: skip
    assert short == long and short[0] == 0
    assert (
        "learning rate 0.3, batches of 16, at most 7 epochs"
        in _run(capsys, "validate", "digits", "--epochs", "7", "--batch-size", "16", "--lr", "0.3")[1]
    )
    assert (
        "-s training.epochs=0: training.epochs: must be greater than 0 (got 0)"
        in _run(capsys, "validate", "digits", "--epochs", "0")[2]
    )


def test_the_learning_rate_of_an_optimizer_that_is_a_name_alone(here: Path) -> None:
    (here / "a.yaml").write_text("data: {source: iris}\ntraining: {optimizer: sgd}\n", encoding="utf-8")
    (here / "b.yaml").write_text("data: {source: iris}\n", encoding="utf-8")
    for file, tag in (("a.yaml", "sgd"), ("b.yaml", "adam")):
        optimizer = load_config(Path(file), ["training.optimizer.learning_rate=0.3"]).config.training.optimizer
        assert (optimizer.tag, optimizer.learning_rate) == (tag, 0.3)


MISSING = [
    (["train"], "mlpcli init DATA writes one for your data; or name one of mlpcli recipes: mlpcli train digits"),
    (["validate"], "or name one of mlpcli recipes: mlpcli validate digits"),
    (["summary"], "give a config, a model file or a run directory: mlpcli summary runs/digits"),
    (["evaluate"], "give a model file or a run directory: mlpcli evaluate runs/digits"),
    (["predict"], "give a model file or a run directory: mlpcli predict runs/digits"),
    (["plot"], "give one or more run directories: mlpcli plot runs/digits"),
]


@pytest.mark.parametrize(("arguments", "advice"), MISSING)
def test_a_missing_argument_is_explained(arguments: list[str], advice: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = _run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert err.startswith(f"Usage: mlpcli {arguments[0]} ")
    assert err.endswith(f"; {advice}\n")


NO_RUN = "does not exist; give a model file or a run directory"
ALMOST = [
    (["train", "digit"], 'error: digit: does not exist; did you mean the recipe "digits"?'),
    (["train", "nope.yaml"], "error: nope.yaml: does not exist; mlpcli init writes one, mlpcli recipes lists some"),
    (["train", "nine.yaml"], 'error: nine.yaml: does not exist; did you mean "mine.yaml"?'),
    (["evaluate", "first"], f"error: first: {NO_RUN}; did you mean runs/first?"),
    (["evaluate", "runs/frist"], f"error: runs/frist: {NO_RUN}; did you mean runs/first?"),
    (["evaluate", "runs/other"], "error: runs/other: does not exist; give a model file"),
    (
        ["plot", "runs/frist"],
        "error: runs/frist: does not exist; give a run directory such as runs/digits; did you mean runs/first?",
    ),
]


@pytest.mark.parametrize(("arguments", "message"), ALMOST)
def test_only_a_similar_name_is_suggested(
    arguments: list[str], message: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "mine.yaml").write_text("", encoding="utf-8")
    (here / "runs" / "first").mkdir(parents=True)
    (here / "runs" / "first" / "config.yaml").write_text("", encoding="utf-8")
    code, _, err = _run(capsys, *arguments)
    assert code == 2
    assert err.startswith(message)


def test_a_run_directory_that_is_taken_is_refused_before_the_data_is_read(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "taken").mkdir()
    (here / "taken" / "mine.txt").write_text("", encoding="utf-8")
    (here / "a.yaml").write_text("data: {source: nowhere.csv, target: y}\n", encoding="utf-8")
    for seeds in ([], ["--seeds", "2"]):
        code, _, err = _run(capsys, "train", "a.yaml", "--run-dir", "taken", *seeds)
        assert (code, err) == (
            2,
            "error: taken: is not empty, and runs are never overwritten; choose another --run-dir\n",
        )


def test_a_config_in_cp949_is_read_as_a_table_is(here: Path) -> None:
    (here / "a.yaml").write_bytes("# 설정\nname: 숫자\ndata: {source: iris}\n".encode("cp949"))
    loaded = load_config(Path("a.yaml"))
    assert loaded.config.name == "숫자"
    assert loaded.notes == ("a.yaml: read as cp949 (line 1 is not UTF-8)",)


def test_a_config_in_latin_1_is_not_taken_for_korean(here: Path) -> None:
    (here / "a.yaml").write_bytes("name: 20 °C\ndata: {source: iris}\n".encode("latin-1"))
    with pytest.raises(ConfigError, match=r"a\.yaml:1:1: invalid UTF-8 at byte 9; save the file as UTF-8"):
        load_config(Path("a.yaml"))


def _completed(forks: Forks, words: str, folder: Path) -> list[str]:
    variables = {"_MLPCLI_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(len(words.split()) - 1)}
    done = forks.run([], folder, variables)
    assert done.stderr == ""
    return done.stdout.split()


def test_a_shell_completes_recipes_and_runs(here: Path, forks: Forks) -> None:
    (here / "runs" / "digits-2").mkdir(parents=True)
    (here / "runs" / "digits-2" / "config.yaml").write_text("", encoding="utf-8")
    assert "plain,digits" in _completed(forks, "mlpcli train dig", here)
    assert _completed(forks, "mlpcli recipes show fashion_mnist/rel", here) == ["plain,fashion_mnist/relu"]
    assert _completed(forks, "mlpcli evaluate runs/d", here) == ["plain,runs/digits-2"]
    assert "plain,optimizers" in _completed(forks, "mlpcli list opt", here)
