from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mlpcli.errors import OutputError, RunDirectoryError, UserError
from mlpcli.workflows.plot import plot
from tests.forks import Forks

HEADER = "epoch,seconds,learning_rate,loss,val_loss\n"


def make_run(folder: Path, learning_rate: float = 0.01, epochs: int = 3) -> Path:
    folder.mkdir(parents=True)
    rows = "".join(f"{epoch},0.1,{learning_rate},{2 / epoch},{2.1 / epoch}\n" for epoch in range(1, epochs + 1))
    (folder / "history.csv").write_text(HEADER + rows, encoding="utf-8")
    config = f"name: {folder.name}\ntraining:\n  optimizer: {{name: sgd, learning_rate: {learning_rate}}}\n"
    (folder / "config.yaml").write_text(config, encoding="utf-8")
    return folder


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_one_run_into_its_own_folder(tmp_path: Path) -> None:
    run = make_run(tmp_path / "digits")
    assert plot([run], format="SVG").paths == [run / "history.svg"]
    assert files_in(run) == ["config.yaml", "history.csv", "history.svg"]


def test_one_metric_does_not_replace_the_whole_picture(tmp_path: Path) -> None:
    run = make_run(tmp_path / "digits")
    assert plot([run], metric="val_loss").paths == [run / "val_loss.png"]


def test_several_runs_into_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    runs = [make_run(tmp_path / name, rate) for name, rate in (("a", 0.1), ("b", 0.2))]
    assert plot(runs, format="pdf").paths == [Path("comparison.pdf")]
    assert files_in(tmp_path) == ["a", "b", "comparison.pdf"]


def test_labels_of_several_runs_are_in_the_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mlpcli.plotting.run_plots import overlaid_curves

    runs = [make_run(tmp_path / name, rate) for name, rate in (("a", 0.1), ("b", 0.2))]
    labels = [text.get_text() for text in overlaid_curves(runs).legends[0].get_texts()]
    assert labels == ["learning_rate=0.1", "learning_rate=0.2", "training", "validation"]


@pytest.mark.parametrize("count", [1, 2])
def test_output_decides_the_format(count: int, tmp_path: Path) -> None:
    runs = [make_run(tmp_path / str(number)) for number in range(count)]
    output = tmp_path / "그림.svg"
    assert plot(runs, output=output, format="png").paths == [output]
    assert output.read_text(encoding="utf-8").startswith("<?xml")
    assert files_in(runs[0]) == ["config.yaml", "history.csv"]


def test_no_run() -> None:
    with pytest.raises(UserError, match="no run directory given"):
        plot([])


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("x.gif", r'x\.gif: the format must be one of png, svg, pdf \(got "gif"\)'),
        ("x", r"x: the format must be one of png, svg, pdf \(got nothing\)"),
        ("missing/x.png", r"missing/x\.png: the folder .*missing does not exist; make it first or choose another"),
        ("digits/history.csv/x.png", r"the folder .*history\.csv does not exist"),
        ("digits", r"digits: is a folder; give a file in it, such as .*digits/history\.png"),
    ],
)
def test_output_that_cannot_be(output: str, message: str, tmp_path: Path) -> None:
    run = make_run(tmp_path / "digits")
    with pytest.raises(UserError, match=message):
        plot([run], output=tmp_path / output)
    assert files_in(tmp_path) == ["digits"]
    assert files_in(run) == ["config.yaml", "history.csv"]


def test_unknown_format_and_metric(tmp_path: Path) -> None:
    run = make_run(tmp_path / "digits")
    with pytest.raises(UserError, match=r'format: the format must be one of png, svg, pdf \(got "jpeg"\)'):
        plot([run], format="jpeg")
    with pytest.raises(UserError, match=r'metric "los" is not .* available: loss, .*; did you mean "loss"\?'):
        plot([run], metric="los")
    assert files_in(run) == ["config.yaml", "history.csv"]


def test_no_run_directory(tmp_path: Path) -> None:
    run = make_run(tmp_path / "digits")
    (tmp_path / "empty").mkdir()
    for bad, message in [
        (tmp_path / "none", "does not exist"),
        (run / "history.csv", "is a file"),
        (tmp_path / "empty", r"has no history\.csv"),
    ]:
        with pytest.raises(RunDirectoryError, match=message):
            plot([bad])
        with pytest.raises(RunDirectoryError, match=message):
            plot([run, bad], output=tmp_path / "x.png")


def test_no_finished_epoch(tmp_path: Path) -> None:
    run = make_run(tmp_path / "digits", epochs=0)
    with pytest.raises(RunDirectoryError, match=r"history\.csv: no epoch has finished yet; plot again after the first"):
        plot([run])


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write to any folder")
def test_read_only_folder(tmp_path: Path) -> None:
    run = make_run(tmp_path / "digits")
    run.chmod(0o500)
    try:
        with pytest.raises(OutputError, match=r"history\.png: cannot be written: Permission denied"):
            plot([run])
    finally:
        run.chmod(0o700)


def test_whatever_the_environment_says_and_without_heavy_imports(tmp_path: Path) -> None:
    run = make_run(tmp_path / "digits")
    code = (
        "import sys, pathlib, mlpcli.workflows.plot as workflow\n"
        "light = [name for name in ('numpy', 'matplotlib', 'yaml') if name in sys.modules]\n"
        f"workflow.plot([pathlib.Path({str(run)!r})])\n"
        "heavy = ('tensorflow', 'keras', 'sklearn', 'pydantic', 'pyarrow', 'matplotlib.pyplot')\n"
        "print(light, [name for name in heavy if name in sys.modules])\n"
    )
    environment = os.environ | {"MPLBACKEND": "bogus", "MPLCONFIGDIR": str(tmp_path / "config")}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("[] []\n", "", 0)
    assert (run / "history.png").is_file()


@pytest.mark.parametrize(("chosen", "backend"), [("svg", "svg"), ("bogus", None)])
def test_a_backend_chosen_by_the_user_stays(chosen: str, backend: str | None, tmp_path: Path, forks: Forks) -> None:
    code = (
        "import os; from mlpcli.plotting.style import import_matplotlib; import_matplotlib(); import matplotlib\n"
        "print(os.environ['MPLBACKEND'], matplotlib.get_backend(auto_select=False))\n"
    )
    done = forks.run([], tmp_path, {"MPLBACKEND": chosen}, program=code)
    assert done.stdout.split() == [chosen, str(backend)]
