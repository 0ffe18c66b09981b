"""The tutorials' exercises of docs/recipes.md: each command can be typed, and each figure is what was stored."""

from __future__ import annotations

import json
import re
import shlex
import statistics
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from benchmarks.recipes.exercises import BY_HAND, TRAINED, Exercise, Sum
from benchmarks.recipes.jobs import ROOT, recipe_names
from mlpcli.cli.main import cli

PAGE = (ROOT / "docs" / "recipes.md").read_text(encoding="utf-8")
RESULTS = ROOT / "benchmarks" / "results" / "recipes"
EXERCISES = [exercise for exercises in TRAINED.values() for exercise in exercises]
ROW = re.compile(r"^\| ([^|]+) \| `(mlpcli train [^`]+)` \| ([^|]+) \| ([^|]+) \| ([^|]+) \| \[([\w/]+)\]", re.M)
SHORT = ("training.epochs=1", "training.engine=numpy", "output.plots=[]", "data.limit=100")


@pytest.fixture
def stranger(stand_in_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, with stand-ins for the data where MLPCLI_DATA says."""
    monkeypatch.setenv("MLPCLI_DATA", str(stand_in_data))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def typed(command: str, *overrides: str) -> str:
    """What the command prints; it must succeed."""
    _, *arguments = shlex.split(command)
    done = CliRunner().invoke(cli, [*arguments, *(part for override in overrides for part in ("-s", override))])
    assert done.exit_code == 0, done.output
    return done.stdout


def commands_of(verb: str) -> set[str]:
    """The page's commands of the table of exercises that begin with this verb."""
    return set(re.findall(rf"^\| [^|]+ \| `(mlpcli {verb} [^`]+)` \|", PAGE, re.M))


def test_a_command_trains_a_recipe_and_test_shipped_configs_trains_each_of_them() -> None:
    plain = [exercise for exercise in EXERCISES if exercise.variant is None]
    assert {exercise.recipe for exercise in EXERCISES} <= set(recipe_names())
    assert all(exercise.command == f"mlpcli train {exercise.recipe}" for exercise in plain)
    assert {exercise.command for exercise in EXERCISES} == commands_of("train")


@pytest.mark.usefixtures("stranger")
@pytest.mark.parametrize("exercise", [one for one in EXERCISES if one.variant], ids=lambda one: one.variant)
def test_a_changed_recipe_is_trained_as_it_is_typed(exercise: Exercise) -> None:
    assert "test" in typed(exercise.command, *SHORT)


def test_a_photo_is_labelled_by_the_model_that_the_page_says(stranger: Path) -> None:
    page = np.full((120, 160, 3), 235, np.uint8)
    page[30:90, 70:78] = 40  # a one
    Image.fromarray(page).save(stranger / "photo.jpg")
    typed("mlpcli train mnist", *SHORT)
    (command,) = commands_of("predict")
    assert re.fullmatch(r"photo\.jpg\t\d\t[01]\.\d{4}\n", typed(command))


@pytest.mark.parametrize("each", BY_HAND, ids=lambda each: each.title)
def test_a_sum_prints_its_answer(each: Sum, capsys: pytest.CaptureFixture[str]) -> None:
    _, _, code = shlex.split(each.command)
    exec(code, {})
    assert capsys.readouterr().out.strip() == each.answer
    assert f"| `{each.command}` | not given | `{each.answer}` |" in PAGE


def test_a_sum_can_be_typed_in_any_folder(tmp_path: Path) -> None:
    _, *arguments = shlex.split(BY_HAND[0].command)
    done = subprocess.run([sys.executable, *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert (done.stdout.strip(), done.stderr) == (BY_HAND[0].answer, "")


def test_the_answers_are_those_of_a_pencil() -> None:
    """W has the rows 1 3 5 and 2 4 6, b is 1 1 1, x is 2 3, and 2 2 1 comes back."""
    forward = [2 * 1 + 3 * 2 + 1, 2 * 3 + 3 * 4 + 1, 2 * 5 + 3 * 6 + 1]
    back = [2 * 1 + 2 * 3 + 1 * 5, 2 * 2 + 2 * 4 + 1 * 6]
    kernel = [[2 * 2, 2 * 2, 2 * 1], [3 * 2, 3 * 2, 3 * 1]]
    relu = [[1, 0], [0, 3]]
    shown = [numbers(value) for value in ([forward], [back, *kernel], relu, [0.5], [np.log(1 + np.e).round(4)])]
    assert [numbers_in(each.answer) for each in BY_HAND] == shown


def numbers(value: object) -> list[float]:
    """All numbers of nested lists, one after the other."""
    return [inner for one in value for inner in numbers(one)] if isinstance(value, list) else [float(str(value))]


def numbers_in(text: str) -> list[float]:
    return [float(found) for found in re.findall(r"\d+\.?\d*", text)]


def test_the_network_that_is_traced_is_that_of_the_page_by_hand() -> None:
    (command,) = commands_of("trace")
    assert f"$ {command}\n" in (ROOT / "docs" / "by-hand.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("row", ROW.findall(PAGE), ids=lambda row: f"{row[5]} {row[2]}")
def test_a_test_score_is_the_mean_of_the_stored_seeds(row: tuple[str, ...]) -> None:
    title, _, figure, _, ours, recipe = row
    (exercise,) = (one for one in EXERCISES if (one.title, one.recipe) == (title, recipe))
    path = RESULTS / f"{exercise.group}.json"
    if not path.is_file():
        assert ours == "not measured"
    elif figure.startswith("test "):
        scores = [entry["scores"]["test"] for entry in json.loads(path.read_text(encoding="utf-8"))]
        metric = figure[5:].replace(" ", "_")
        values = [score["acc"] if metric == "accuracy" and "acc" in score else score[metric] for score in scores]
        alone = f"{values[0]:.4f} (one seed)"
        several = f"{statistics.mean(values):.4f} ± {statistics.stdev(values):.4f}" if len(values) > 1 else alone
        assert ours == several


def test_a_tutorials_figure_stands_there_or_is_not_given() -> None:
    told = [one for exercise in EXERCISES for one in exercise.told]
    rows = ROW.findall(PAGE)
    assert {(one.name, float(one.theirs)) for one in told} == {
        (row[2], float(row[3])) for row in rows if row[3] != "not given"
    }
    assert len(rows) == sum(max(1, len(exercise.told)) for exercise in EXERCISES)
