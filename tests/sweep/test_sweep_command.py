"""The command `mlpcli sweep`: exit codes, what is printed, and workers in processes of their own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import mlpcli
from mlpcli.cli.main import main
from tests.sweep.conftest import CONFIG

ROOT = str(Path(mlpcli.__file__).parents[1])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    from mlpcli.workflows import sweep_results

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sweep_results, "SEEDS", 1)
    (tmp_path / "flowers.yaml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """`run("sweep", ...)` gives the exit code, and what was printed to either stream."""

    def call(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        code = ended.value.code
        assert isinstance(code, int)
        return code, *capsys.readouterr()

    return call


def test_it_tells_of_each_trial_and_of_the_best(run: Callable[..., Any]) -> None:
    code, out, err = run("sweep", "flowers.yaml", "-s", "sweep.trials=2", "-s", "output.plots=[svg]")
    assert code == 0
    assert out.startswith("flowers: 2 trials: 2 done\n")
    assert [line[:8] for line in err.splitlines() if line.startswith("trial ")][:2] == ["trial 0:", "trial 1:"]
    assert "(2 of 2)" in err
    assert "the best, trained with 1 seed, mean" in out
    for name in ("history", "parallel_coordinates", "parameter_importance", "slices"):
        assert f"runs/flowers/{name}.svg\n" in out
    code, out, _ = run("sweep", "--resume", "runs/flowers", "-q", "--json")
    assert code == 0
    assert [trial["state"] for trial in json.loads(out)["trials"]] == ["done", "done"]


def test_failed_trials_are_listed(run: Callable[..., Any], folder: Path) -> None:
    bad = CONFIG.replace("{log_uniform: [0.001, 0.5]}", "{choices: [1.0e+30, 2.0e+30]}")
    (folder / "flowers.yaml").write_text(bad, encoding="utf-8")
    code, out, err = run("sweep", "flowers.yaml", "-s", "sweep.trials=1", "-q")
    assert code == 1
    assert out.startswith("flowers: 1 trial: 1 failed\n")
    assert "trial 0 failed: " in err
    assert err.endswith("error: no trial was trained to the end\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "error: give either a CONFIG or --resume with the folder of a sweep"),
        (["flowers.yaml", "--resume", "runs"], "error: give either a CONFIG or --resume with the folder of a sweep"),
        (["--resume", ".", "-s", "seed=1"], "error: --resume uses the sweep's own config; leave out -s"),
        (["--resume", "."], "error: .: has no sweep.json, so it is not the folder of a sweep; give the folder that"),
        (["flowers.yaml", "--trials", "0"], "error: --trials: must be a whole number from 1 to 10,000, or +20 for"),
    ],
)
def test_wrong_input_ends_with_2(run: Callable[..., Any], arguments: list[str], message: str) -> None:
    code, _, err = run("sweep", *arguments)
    assert code == 2
    assert message in err


def test_the_password_is_kept_nowhere(run: Callable[..., Any], folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mlpcli.cli.sweep import _without_secrets
    from mlpcli.workflows import sweep as workflow
    from mlpcli.workflows.sweep_folder import make_folder, read_folder

    url = "postgresql://me:secret@host/sweeps"
    assert _without_secrets(["--storage", url]) == ["--storage", "postgresql://me:***@host/sweeps"]
    loaded = workflow.read_config(folder / "flowers.yaml")
    made = make_folder(folder / "runs", loaded, url, rising=False)
    assert "secret" not in "".join(file.read_text(encoding="utf-8") for file in made.path.iterdir())
    code, _, err = run("sweep", "--resume", "runs/flowers")
    assert code == 2
    assert "--storage: give postgresql://me:***@host/sweeps again, with its password, which is not kept" in err
    assert read_folder(made.path).with_storage(url).storage == url


def test_two_workers_end_on_a_signal_and_go_on(folder: Path) -> None:
    settings = ["-s", "training.epochs=400", "-s", "training.early_stopping=false", "-s", "sweep.trials=4"]
    command = [
        sys.executable,
        "-m",
        "mlpcli",
        "sweep",
        "flowers.yaml",
        *settings,
        "--trials",
        "4",
        "--workers",
        "2",
        "-q",
    ]
    environment = {**os.environ, "PYTHONPATH": ROOT}
    process = subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.PIPE, encoding="utf-8")
    try:
        while not list(folder.glob("runs/flowers/trials/*/history.csv")) and process.poll() is None:
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate()
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 143, err
    assert "interrupted (SIGTERM); " in err
    assert f"continue with: mlpcli sweep --resume {folder / 'runs' / 'flowers'} --trials 4\n" in err
    found = mlpcli.sweep(folder / "flowers.yaml", settings[1::2], folder / "runs", resend_signals=False)
    assert found.counted() == "4 trials: 4 done"
    assert not (found.path / "workers.log").exists()


def test_the_folder_is_listed_compared_and_reported(run: Callable[..., Any], folder: Path, mlpcli_here: Any) -> None:
    run("sweep", "flowers.yaml", "-q", "-s", "sweep.trials=4")
    (listed,) = json.loads(mlpcli_here("runs", "runs", "--json").stdout)
    best = json.loads(Path("runs/flowers/best/seeds.json").read_text(encoding="utf-8"))
    assert (listed["run"], listed["name"], listed["state"], listed["trials"]) == ("runs/flowers", "flowers", "done", 4)
    assert listed["scores"]["test"]["accuracy"]["mean"] == pytest.approx(best["scores"]["test"]["accuracy"]["mean"])
    assert " flowers   iris   4 trials" in mlpcli_here("runs", "runs").stdout
    compared = json.loads(mlpcli_here("compare", "runs/flowers", "--json").stdout)
    assert sorted(trial["run"] for trial in compared["runs"]) == [f"runs/flowers/trials/{n}" for n in range(4)]
    page = mlpcli_here("report", "runs/flowers", "--markdown").stdout
    assert page.index("# flowers: the sweep\n\n4 trials: done 4\n") < page.index("# flowers\n")
    refused = mlpcli_here("evaluate", "runs/flowers")
    assert (refused.returncode, refused.stderr.splitlines()[-1]) == (
        2,
        "error: runs/flowers: is a sweep; give one of its runs, such as runs/flowers/best/seed-777",
    )
    refused = mlpcli_here("train", "--resume", "runs/flowers")
    assert "runs/flowers: is a sweep; continue it with mlpcli sweep --resume runs/flowers" in refused.stderr
    sweep_json = Path("runs/flowers/sweep.json")
    begun = json.loads(sweep_json.read_text(encoding="utf-8"))
    sweep_json.write_text(json.dumps({key: begun[key] for key in ("name", "study")}), encoding="utf-8")
    (killed,) = json.loads(mlpcli_here("runs", "runs", "--json").stdout)
    assert (killed["state"], killed["trials"]) == ("killed", 4)
