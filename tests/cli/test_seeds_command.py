"""`mlpcli train --seeds` as a user types it, and the other commands on the folder that it makes."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mlpcli.cli.train_results import report_series as report
from mlpcli.plotting.style import Drawn
from mlpcli.workflows.seeds import SeedsResult
from tests.forks import Forks

pytestmark = pytest.mark.usefixtures("hangul_font")

CONFIG = """
name: 숫자
data: {source: moons, validation: 0.2, test: 0.2, limit: 300}
model: {hidden_units: [8]}
training: {engine: numpy, epochs: 2, batch_size: 16}
output: {plots: [png, svg]}
"""


@pytest.fixture
def small(write_config: Callable[..., Path]) -> Path:
    return write_config(CONFIG, "digits.yaml")


def test_what_is_said_while_it_runs_and_at_the_end(
    mlpcli_here: Any, small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "mlpcli.plotting.run_plots.draw_run", lambda *arguments, **keywords: Drawn()
    )  # which takes seconds
    done = mlpcli_here("train", small, "--seeds", 3)
    assert done.returncode == 0
    heads = [line for line in done.stderr.splitlines() if not line.startswith("epoch ")]
    assert heads == ["seed 777 (1 of 3)", "seed 778 (2 of 3)", "seed 779 (3 of 3)"]
    assert done.stderr.count("epoch 2/2") == 3
    folder = tmp_path / "runs" / "숫자"
    found = json.loads((folder / "seeds.json").read_text(encoding="utf-8"))
    accuracy = found["scores"]["test"]["accuracy"]
    lines = [line.strip() for line in done.stdout.splitlines()]
    assert lines[0] == "숫자: 3 seeds, mean ± standard deviation"
    means = next(line for line in lines if line.startswith("accuracy "))
    assert means.endswith(f"{accuracy['mean']:.4f} ± {accuracy['standard_deviation']:.4f}")
    assert "each seed, scores on the test rows" in lines
    for seed, score in zip((777, 778, 779), accuracy["values"], strict=True):
        row = next(line for line in lines if line.startswith(f"{seed} ")).split()
        assert (row[2:4], row[-1]) == (["of", "2"], f"{score:.4f}")
    assert lines[-4:] == [
        f"seeds  {folder / 'seeds.json'}", f"plot   {folder / 'history.png'}", f"plot   {folder / 'history.svg'}",
        f"runs   {folder}",
    ]  # fmt: skip
    assert "not counted" not in done.stdout
    assert max(len(line) for line in done.stdout.splitlines() if str(folder) not in line) <= 80


def test_json_is_one_object(mlpcli_here: Any, small: Path, tmp_path: Path) -> None:
    done = mlpcli_here("train", small, "--seeds", 2, "-q", "--json", "-s", "output.plots=[]")
    folder = tmp_path / "runs" / "숫자"
    written = json.loads((folder / "seeds.json").read_text(encoding="utf-8"))
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {"path": str(folder), **written}


def test_seeds_that_fail_are_exit_1(mlpcli_here: Any, small: Path, tmp_path: Path) -> None:
    done = mlpcli_here(
        "train", small, "-q", "--seeds", 7, "-s", "training.optimizer={name: sgd, learning_rate: 1e30}",
        "-s", "output.plots=[]",
    )  # fmt: skip
    assert done.returncode == 1
    assert "숫자: no seed finished, so there are no means" in done.stdout
    errors = done.stderr.splitlines()
    assert [line[:16] for line in errors[:5]] == [f"error: seed {seed}:" for seed in range(777, 782)]
    assert "lower training.optimizer.learning_rate" in errors[0]
    folder = tmp_path / "runs" / "숫자"
    assert errors[5:] == [
        f"error: and 2 more seeds; {folder / 'seeds.json'} lists all of them",
        f"resume with: mlpcli train --resume '{folder}'",
    ]


def test_one_of_three_that_fails_is_named_and_not_in_the_mean(capsys: pytest.CaptureFixture[str]) -> None:
    scores = {"test": {"loss": {"mean": 0.5, "standard_deviation": 0.25}}}
    run = {"outcome": "finished", "epochs": 9, "kept_epoch": 8, "seconds": 1.25, "scores": {"test": {"loss": 0.75}}}
    failed = {"seed": 2, "outcome": "failed", "epochs": 0, "kept_epoch": None, "seconds": None, "scores": {}}
    runs = [{"seed": 1, **run}, failed, {"seed": 3, **run}, {"seed": 4, **run, "outcome": "interrupted"}]
    summary = {
        "name": "a", "seeds_asked_for": [1, 2, 3, 4], "seeds_done": [1, 3], "scores": scores,
        "runs": runs, "test_chose_the_epoch": True, "total_seconds": 3.0,
        "failures": [{"seed": 2, "message": "loss is nan"}],
    }  # fmt: skip
    assert report(SeedsResult(Path("runs/a"), summary), as_json=False) == 1
    out, err = capsys.readouterr()
    assert out.startswith("a: 2 of 4 seeds, mean ± standard deviation\n")
    assert "loss   0.5000 ± 0.2500" in out
    rows = [" ".join(line.split()) for line in out.splitlines() if line.strip()[:2] in ("1 ", "2 ", "3 ", "4 ")]
    assert rows == [
        "1 8 of 9 0.7500", "2 none of 0 - failed, not counted", "3 8 of 9 0.7500",
        "4 8 of 9 0.7500 interrupted, not counted",
    ]  # fmt: skip
    assert "the best epoch was chosen on the test rows (data.validation: test), so the test score is optimistic" in out
    assert err == "error: seed 2: loss is nan\nresume with: mlpcli train --resume runs/a\n"


@pytest.mark.parametrize("seeds", ["0", "1001", "x", "1.5", "-1", "9" * 5000, "²", "1_0"])
def test_no_number_of_seeds(mlpcli_here: Any, small: Path, tmp_path: Path, seeds: str) -> None:
    done = mlpcli_here("train", small, "--seeds", seeds)
    assert done.returncode == 2
    message = (
        f"Invalid value for '--seeds': {seeds} is not a valid number of seeds; give a whole number from 1 to 1000\n"
    )
    assert done.stderr.endswith(message)
    assert not (tmp_path / "runs").exists()


def test_a_mistake_in_the_data_is_said_without_a_word_of_seeds(mlpcli_here: Any, small: Path, tmp_path: Path) -> None:
    done = mlpcli_here("train", small, "--seeds", 2, "-s", "data.source=nowhere.csv")
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert "seed" not in done.stderr
    assert not (tmp_path / "runs").exists()


def test_other_commands_on_the_folder(mlpcli_here: Any, small: Path, tmp_path: Path) -> None:
    mlpcli_here("train", small, "--seeds", 2, "-q", "-s", "output.plots=[]")
    folder = Path("runs") / "숫자"
    message = f"error: {folder}: contains 2 seeds; give one of them, such as {folder / 'seed-777'}\n"
    for command in (["evaluate", folder], ["summary", folder], ["predict", folder, small], ["gradcheck", folder]):
        done = mlpcli_here(*command)
        assert (done.returncode, done.stdout, done.stderr) == (2, "", message), command
    assert mlpcli_here("evaluate", folder / "seed-778").returncode == 0
    done = mlpcli_here("plot", folder)
    assert (done.returncode, done.stdout) == (0, f"{tmp_path / folder / 'history.png'}\n")


def test_resume(mlpcli_here: Any, small: Path, tmp_path: Path) -> None:
    folder = Path("runs") / "숫자"
    assert mlpcli_here("train", small, "--seeds", 1, "-q", "-s", "output.plots=[]").returncode == 0
    done = mlpcli_here("train", "--resume", folder, "--seeds", 2)
    assert done.returncode == 0
    heads = [line for line in done.stderr.splitlines() if not line.startswith("epoch ")]
    assert heads == ["note: 1 of 2 seeds is finished", "seed 778 (2 of 2)"]
    assert done.stdout.startswith("숫자: 2 seeds, mean ± standard deviation\n")
    done = mlpcli_here("train", "--resume", folder, "--seeds", 1)
    message = f"error: seeds: 1 are fewer than the 2 of {tmp_path / folder}; leave it out, or give 2 or more\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", message)
    done = mlpcli_here("train", "--resume", folder / "seed-777", "--seeds", 2)
    assert done.returncode == 2
    assert done.stderr.endswith("error: --resume continues a run with its own config; leave out --seeds\n")


def test_a_signal(small: Path, tmp_path: Path, forks: Forks) -> None:
    """One of those that tests/cli/test_signals.py sends to a single run."""
    number, code = signal.SIGTERM, 143
    endless = ("-s", "training.epochs=1000000", "-s", "training.early_stopping=false", "-s", "output.plots=[]")
    process = forks.start(["train", small, "--seeds", "3", *endless], tmp_path)
    folder = tmp_path / "runs" / "숫자"
    history = folder / "seed-777" / "history.csv"
    deadline = time.monotonic() + 300
    while not (history.is_file() and history.read_text(encoding="utf-8").count("\n") > 2):
        assert process.poll() is None and time.monotonic() < deadline, process.communicate()
        time.sleep(0.05)
    process.send_signal(number)
    out, err = process.communicate(timeout=300)
    assert process.returncode == code, err
    assert err.splitlines()[-2:] == [
        f"interrupted ({number.name}); 0 of 3 seeds finished; results are in {folder}",
        f"resume with: mlpcli train --resume '{folder}'",
    ]
    assert "no seed finished" in out
    found = json.loads((folder / "seeds.json").read_text(encoding="utf-8"))
    assert (found["seeds_done"], [run["seed"] for run in found["runs"]]) == ([], [777])
    assert found["runs"][0]["stopped"] == f"interrupted ({number.name})"
    assert found["runs"][0]["outcome"] == "interrupted"
    assert "interrupted, not counted" in out
    assert (folder / "seed-777" / "model.keras").is_file()
    assert not (folder / "seed-778").exists()
