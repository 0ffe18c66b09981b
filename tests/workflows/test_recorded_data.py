"""What the file of a model says of its data: one's own run is evaluated wherever it is, a stranger's steers nothing."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest

from mlpcli import globs
from mlpcli.errors import DataError
from mlpcli.workflows.evaluate import evaluate
from mlpcli.workflows.train import train

ROWS = [f"{n},{n * n % 7},{'ab'[n % 2]}\n" for n in range(60)]
CONFIG = """
data: {{source: "{source}", target: y, validation: 0.5}}
model: {{hidden_units: [2]}}
training: {{epochs: 1, engine: numpy}}
output: {{plots: []}}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two tables, in data/ and in data/more/."""
    for name, rows in (("data/one.csv", ROWS[:30]), ("data/more/two.csv", ROWS[30:])):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("u,v,y\n" + "".join(rows))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def trained(source: str) -> Path:
    Path("my.yaml").write_text(CONFIG.format(source=source), encoding="utf-8")
    return Path(train("my.yaml", run_dir="run").run)


def changed(run: Path, **data: Any) -> Path:
    """The run, with other values in the data section that its model records."""
    model = run / "model.keras"
    with zipfile.ZipFile(model) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    about = json.loads(members["metadata.json"])
    about["mlpcli"]["config"]["data"] |= data
    with zipfile.ZipFile(model, "w") as archive:
        for name, content in {**members, "metadata.json": json.dumps(about)}.items():
            archive.writestr(name, content)
    return run


def test_one_s_own_run_is_evaluated_from_anywhere(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = trained("data/one.csv")
    for folder in (project, project / "data", Path("/")):
        monkeypatch.chdir(folder)
        result = evaluate(run)
        assert (result.evaluation["rows"], result.notes) == (15, [])


def test_one_s_own_glob_is_expanded_and_its_files_are_said(project: Path) -> None:
    result = evaluate(trained("data/**/*.csv"))
    assert result.evaluation["rows"] == 30
    assert result.notes == [
        f"note: data.source of the model, {project}/data/**/*.csv, stands for 2 files: two.csv, one.csv"
    ]


@pytest.mark.parametrize("key", ["source", "validation", "test"])
def test_a_glob_does_not_walk_the_disk(project: Path, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    run = changed(trained("data/one.csv"), **{key: "/**/*.csv"})
    monkeypatch.setattr(globs, "MOST_ENTRIES", 50)
    with pytest.raises(DataError) as caught:
        evaluate(run)
    assert "/**/*.csv: more than 50 files and folders would have to be looked at" in str(caught.value)
    assert str(caught.value).endswith("or give other rows with --data")
    assert evaluate(run, data="data/more/two.csv").evaluation["rows"] == 30


def test_a_relative_path_starts_at_the_model(project: Path) -> None:
    """So a folder can be handed on with its data in it; what lies in the current folder is not meant."""
    run = changed(trained("data/one.csv"), source="one.csv")
    shutil.copy("data/more/two.csv", "one.csv")
    with pytest.raises(DataError, match=f"{run}/one.csv: not found"):
        evaluate(run)
    shutil.copy("data/one.csv", run)
    assert evaluate(run).notes == []


@pytest.mark.parametrize("source", ["../data/one.csv", "a/../../data/one.csv", "link.csv", "linked/one.csv", "li*.csv"])
def test_a_relative_path_does_not_lead_out(project: Path, source: str) -> None:
    run = changed(trained("data/one.csv"), source=source)
    (run / "link.csv").symlink_to(project / "data" / "one.csv")
    (run / "linked").symlink_to(project / "data")
    with pytest.raises(DataError) as caught:
        evaluate(run)
    assert f"which leads out of the model's folder, {run}; it is not opened" in str(caught.value)


def test_rows_are_not_generated_without_end(project: Path) -> None:
    settings = {"target": None, "streaming": "auto", "source": "moons"}
    run = changed(trained("data/one.csv"), **settings, generate={"rows": 10_000_000, "noise": None, "seed": 0})
    with pytest.raises(DataError, match=r"data\.generate\.rows is 10,000,000, but at most 1,000,000 are generated"):
        evaluate(run)


@pytest.mark.parametrize("source", ["/dev/zero", "/", "/etc/passwd"])
def test_what_is_no_data_is_not_read(project: Path, source: str) -> None:
    with pytest.raises(DataError, match="or give other rows with --data"):
        evaluate(changed(trained("data/one.csv"), source=source))
