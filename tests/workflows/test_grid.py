"""`mlpcli train --vary`: every combination is a run like any other, in one folder, and what stops can be resumed."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest

import mlpcli
from mlpcli.errors import ConfigError, RunDirectoryError, UserError
from mlpcli.modelfile.saved_model import open_model
from mlpcli.runs.run_summary import summaries
from mlpcli.training.progress import Progress, Silence
from mlpcli.workflows.grid import grid_cells, read_grid, resume_grid, train_grid

RATES = "training.optimizer.learning_rate=0.01,0.02"


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    text = (
        "name: flowers\ndata: {source: iris, test: 0.2}\nmodel: {hidden_units: [8]}\n"
        "training: {engine: numpy, epochs: 3, optimizer: sgd}\noutput: {plots: []}\n"
    )
    Path("c.yaml").write_text(text, encoding="utf-8")
    return "c.yaml"


@pytest.mark.parametrize(
    ("vary", "folders", "overrides"),
    [
        (["training.optimizer.name=sgd,adam"], ["optimizer-sgd", "optimizer-adam"], "training.optimizer.name=sgd"),
        (["model.hidden_units=[64, 32],[8]"], ["hidden_units-64-32", "hidden_units-8"], "model.hidden_units=[64, 32]"),
        (["training.loss={mse: {}}, 'mae'"], ["loss-mse", "loss-mae"], "training.loss={mse: {}}"),
        (["data.target=[a,b],[a-b]"], ["target-a-b", "target-a-b-2"], "data.target=[a,b]"),
        (["model.activation=" + "relu" * 30 + ",tanh"], ["run", "activation-tanh"], "model.activation=" + "relu" * 30),
    ],
)
def test_values_as_they_are_written(vary: list[str], folders: list[str], overrides: str) -> None:
    cells = grid_cells(vary)
    assert [cell.folder for cell in cells] == folders
    assert cells[0].overrides == (overrides,)


def test_a_grid_has_every_combination() -> None:
    cells = grid_cells(["training.epochs=1,2,3", "model.dropout=0,0.5"])
    assert [cell.told for cell in cells] == [
        *("epochs=1, dropout=0", "epochs=1, dropout=0.5", "epochs=2, dropout=0"),
        *("epochs=2, dropout=0.5", "epochs=3, dropout=0", "epochs=3, dropout=0.5"),
    ]


EXAMPLE = "such as training.optimizer.name=sgd,adam"


@pytest.mark.parametrize(
    ("vary", "message"),
    [
        (["sgd,adam"], f"--vary: sgd,adam is not KEY=A,B; give a key and its values, {EXAMPLE}"),
        (["=1,2"], f"--vary: =1,2 is not KEY=A,B; give a key and its values, {EXAMPLE}"),
        (["model.dropout="], f"model.dropout=: has no value; give two different values or more, {EXAMPLE}"),
        (["model.dropout=0.1"], "has only one value, which -s sets; give two different values or more"),
        (["model.dropout=0,0"], "has a value twice; give two different values or more"),
        (["model.hidden_units=[64],[8"], "the values cannot be read; put commas between them"),
        (["model.dropout=0,0.1", "model.dropout=0.2,0.3"], "--vary: model.dropout is given twice; join its values"),
        ([f"{key}={','.join(map(str, range(1, 12)))}" for key in "abc"], "makes more than 1,000 runs; leave out some"),
    ],
)
def test_what_cannot_be_varied(vary: list[str], message: str) -> None:
    with pytest.raises(UserError) as caught:
        grid_cells(vary)
    assert message in str(caught.value)


def test_all_combinations_are_checked_before_anything_is_written(config: str) -> None:
    with pytest.raises(ConfigError) as caught:
        train_grid(config, ["training.optimizer=sgd,adm", "model.dropout=0,2"])
    assert [problem.message.partition(";")[0] for problem in caught.value.problems] == [
        "must be less than 1 (got 2)",
        'unknown name "adm"',
    ]
    assert not Path("runs").exists()


def test_each_is_a_run_like_any_other(config: str, mlpcli_here: Any) -> None:
    done = mlpcli_here("train", config, "--vary", RATES, "-q")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert lines[0] == "scores on the test rows"
    assert lines[2].split() == ["run", "learning_rate", "accuracy", "loss", "best", "epoch", "seconds"]
    assert lines[-1] == f"runs   {Path('runs/flowers').resolve()}"
    assert sorted(path.name for path in Path("runs/flowers").iterdir()) == [
        *(
            "grid.json",
            "learning_rate-0.01",
            "learning_rate-0.01.yaml",
            "learning_rate-0.02",
            "learning_rate-0.02.yaml",
        ),
    ]
    alone = mlpcli.train(config, overrides=["training.optimizer.learning_rate=0.02"], runs_dir="alone")
    ours = open_model(Path("runs/flowers/learning_rate-0.02")).weights
    theirs = open_model(alone.run).weights
    assert {name: [array.tobytes() for array in arrays] for name, arrays in ours.items()} == {
        name: [array.tobytes() for array in arrays] for name, arrays in theirs.items()
    }
    listed = [run.path.relative_to("runs").as_posix() for run in summaries(Path("runs"))]
    assert listed == ["flowers/learning_rate-0.01", "flowers/learning_rate-0.02"]
    again = mlpcli_here("train", config, "--vary", RATES, "-q", "--json")
    found = json.loads(again.stdout)
    assert (Path(found["path"]).name, found["ranked_by"], found["failures"]) == ("flowers-2", "accuracy", {})


def test_data_that_is_not_there_leaves_nothing_behind(config: str, mlpcli_here: Any) -> None:
    done = mlpcli_here("train", config, "--vary", RATES, "-s", "data.source=none.csv", "-q")
    assert (done.returncode, done.stdout) == (2, "")
    assert "none.csv: not found; check the path" in done.stderr
    assert [*Path("runs").iterdir()] == []


def test_a_run_that_fails_stops_no_other(config: str, mlpcli_here: Any) -> None:
    done = mlpcli_here("train", config, "--vary", "training.optimizer.learning_rate=1e30,0.01", "-q")
    assert done.returncode == 1
    assert "learning_rate-0.01" in done.stdout
    said = done.stderr.splitlines()
    assert said[-2].startswith("error: learning_rate-1e30: ")
    assert said[-1] == f"resume with: mlpcli train --resume {Path('runs/flowers').resolve()}"


class Stops(Silence):
    """Ctrl-C in the second epoch of the second run."""

    def __init__(self) -> None:
        self.epochs = 0

    def epoch(self, row: Any) -> None:
        self.epochs += 1
        if self.epochs == 5:
            signal.raise_signal(signal.SIGINT)


def test_what_was_interrupted_goes_on_and_what_is_done_stays(config: str) -> None:
    straight = train_grid(config, [RATES.replace("0.02", "0.02,0.03")], runs_dir="straight")
    stops: Progress = Stops()
    broken = train_grid(config, [RATES.replace("0.02", "0.02,0.03")], progress=stops, resend_signals=False)
    assert broken.interrupted is not None and broken.interrupted.exit_code == 130
    assert [run.state for run in summaries(Path("runs"))] == ["done", "interrupted"]
    first = (broken.path / "learning_rate-0.01" / "metrics.json").stat().st_mtime_ns
    whole = resume_grid(broken.path)
    assert (broken.path / "learning_rate-0.01" / "metrics.json").stat().st_mtime_ns == first
    assert whole.comparison is not None and straight.comparison is not None
    assert [run.state for run in whole.comparison.runs] == ["done"] * 3
    scores = [
        {run.path.name: run.scores for run in result.comparison.runs}
        for result in (straight, whole)
        if result.comparison is not None
    ]
    assert scores[0] == scores[1]


def test_with_seeds_each_is_a_series(config: str, mlpcli_here: Any) -> None:
    done = mlpcli_here("train", config, "--vary", RATES, "--seeds", "2", "-q")
    assert done.returncode == 0
    assert done.stdout.splitlines()[-2].endswith("2 seeds in pairs)")
    assert (Path("runs/flowers/learning_rate-0.02") / "seed-778" / "model.keras").is_file()
    again = mlpcli_here("train", "--resume", "runs/flowers", "-q")  # nothing is left to be done
    assert (again.returncode, again.stdout) == (0, done.stdout)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["c.yaml", "--vary", RATES, "--baseline"], "--baseline is for one run; leave out --vary"),
        (["--resume", "grid", "--vary", RATES], "--resume continues a run with its own config; leave out --vary"),
        (["--resume", "grid", "--seeds", "2"], "--resume continues a run with its own config; leave out --seeds"),
        (
            ["--resume", "grid", "-s", "training.epochs=9"],
            "-s is for one run; leave it out, or resume",
        ),
    ],
)
def test_options_that_do_not_go_together(
    config: str, mlpcli_here: Any, arguments: list[str], message: str, tmp_path: Path
) -> None:
    (tmp_path / "grid").mkdir()
    (tmp_path / "grid" / "grid.json").write_text("{}", encoding="utf-8")
    done = mlpcli_here("train", *arguments)
    assert done.returncode == 2
    assert message in done.stderr


@pytest.mark.parametrize(
    "text",
    ["[", "[]", "{}", '{"seeds": null, "runs": [{"folder": "../x", "settings": ""}]}', '{"seeds": "a", "runs": []}'],
)
def test_a_damaged_list_of_runs(tmp_path: Path, text: str) -> None:
    (tmp_path / "grid.json").write_text(text, encoding="utf-8")
    with pytest.raises(RunDirectoryError, match=r"grid.json: is damaged: .*; restore it or train again"):
        read_grid(tmp_path)
