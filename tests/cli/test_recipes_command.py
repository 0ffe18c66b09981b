"""`mlpcli recipes` as it is typed: the list at any width, a recipe shown, a recipe copied, and what is refused."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import mlpcli as package
from mlpcli import recipes as shipped
from mlpcli.cli import recipes as recipes_report
from mlpcli.cli.recipes import fit
from mlpcli.recipes import shipped_recipes

Run = Callable[..., "subprocess.CompletedProcess[str]"]
CARD = """# {title}
# Shows something.
#
# data      rows
# score     {score}
# time      {time}
# command   mlpcli train {name}
data: {{source: {source}}}
model: {{hidden_units: [4]}}
"""
RECIPES = [
    ("digits", "Three hidden layers of relu units on handwritten digits", "test accuracy 0.9650 ± 0.0080, 3 seeds",
     "1.2 s, 2 cores", "digits"),
    ("표/붓꽃", "붓꽃 세 종류를 네 가지 길이로", "test mean_absolute_error 54,790.5 ± 0.0200, 3 seeds",
     "1 min 2 s", "mnist"),
    ("표/relu", "relu", "validation accuracy 0.9, one seed", "2 s", "titanic.csv"),
]  # fmt: skip

OF_MNIST = "mnist: downloaded, unless data.path or MLPCLI_DATA points to its folder"


@pytest.fixture
def three(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A package with three recipes; their texts."""
    texts = []
    for name, title, score, time, source in RECIPES:
        path = tmp_path / "package" / "configs" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        texts.append(CARD.format(name=name, title=title, score=score, time=time, source=source))
        path.write_text(texts[-1], encoding="utf-8")
    monkeypatch.setattr(shipped, "_PACKAGE", tmp_path / "package")
    return texts


def test_the_list_in_a_pipe(mlpcli_here: Run, three: list[str]) -> None:
    done = mlpcli_here("recipes")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "name     title                                                    score                    time",
        "digits   Three hidden layers of relu units on handwritten digits  0.9650 ± 0.0080          1.2 s",
        "",
        "표/relu  relu                                                     validation accuracy 0.9  2 s",
        "표/붓꽃  붓꽃 세 종류를 네 가지 길이로                            mae 54,790.5 ± 0.0200    1 min 2 s",
        "",
        "scores: test accuracy unless a metric is named, mean ± spread over seeds",
        "mlpcli recipes show NAME   prints one",
        "mlpcli recipes copy NAME   writes it here, as a config of your own",
    ]


def test_on_a_terminal_of_60_columns_the_time_goes_and_titles_are_cut(
    mlpcli_here: Run, three: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipes_report, "_width", lambda: 60)
    assert mlpcli_here("recipes").stdout.splitlines()[:5] == [
        "name     title                       score",
        "digits   Three hidden layers of re…  0.9650",
        "",
        "표/relu  relu                        validation accuracy 0.9",
        "표/붓꽃  붓꽃 세 종류를 네 가지 길…  mae 54,790.5",
    ]


@pytest.mark.parametrize(
    ("width", "line"),
    [
        (100, "ab/cd  a title of letters  0.9650 ± 0.0080  1.2 s"),
        (49, "ab/cd  a title of letters  0.9650 ± 0.0080  1.2 s"),
        (48, "ab/cd  a title of letters  0.9650 ± 0.0080"),
        (41, "ab/cd  a title of letters  0.9650"),
        (32, "ab/cd  a title of lette…  0.9650"),
        (27, "ab/cd  a title of…   0.9650"),
        (26, "ab/cd  0.9650"),
        (1, "ab/cd  0.9650"),
    ],
)
def test_what_fits(width: int, line: str) -> None:
    fitted = fit([("ab/cd", "a title of letters", "0.9650 ± 0.0080", "1.2 s")], width)
    assert fitted == [line]


@pytest.mark.parametrize("columns", ["20", "80", "200"])
def test_the_true_list_on_a_true_terminal(columns: str, tmp_path: Path) -> None:
    if shutil.which("script") is None:
        pytest.skip("no script(1) to be a terminal")
    root = Path(__file__).resolve().parents[2]
    environment = {**os.environ, "COLUMNS": columns, "TERM": "dumb", "PYTHONPATH": str(root)}
    command = ["script", "-qec", f"{shlex.quote(sys.executable)} -m mlpcli recipes", "/dev/null"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, encoding="utf-8", timeout=300)
    assert done.returncode == 0, done.stdout
    listed = [line for line in done.stdout.splitlines() if line]
    assert columns != "80" or max(map(len, listed)) <= 80
    for recipe in shipped_recipes():
        assert any(line.split()[0] == recipe.name for line in listed), recipe.name


def test_the_list_as_json(mlpcli_here: Run, three: list[str]) -> None:
    listed = json.loads(mlpcli_here("recipes", "--json").stdout)
    assert [entry["name"] for entry in listed] == ["digits", "표/relu", "표/붓꽃"]
    assert list(listed[0]) == ["name", "title", "shows", "facts"]
    assert listed[0]["shows"] == "Shows something."
    assert list(listed[0]["facts"]) == ["data", "score", "time", "command"]


@pytest.mark.parametrize("name", ["표/붓꽃", "붓꽃"])
def test_a_recipe_is_shown_to_the_byte(mlpcli_here: Run, three: list[str], name: str) -> None:
    assert mlpcli_here("recipes", "show", name).stdout == three[1]


@pytest.mark.parametrize(
    ("recipe", "arguments", "file", "said"),
    [
        (0, ["digits"], "digits.yaml", ["wrote     digits.yaml", "next      mlpcli train digits.yaml"]),
        (1, ["표/붓꽃", "--output", "my own.yaml"], "my own.yaml",
         ["wrote     my own.yaml",
          f"data      {OF_MNIST}",
          "next      mlpcli train 'my own.yaml'"]),
        (2, ["relu"], "relu.yaml",
         ["wrote     relu.yaml",
          "data      titanic.csv: set data.source to its path, or MLPCLI_DATA to the folder that holds it",
          "next      mlpcli train relu.yaml"]),
        (0, ["digits", "--output", "-foo.yaml"], "-foo.yaml",
         ["wrote     -foo.yaml", "next      mlpcli train ./-foo.yaml"]),
    ],
)  # fmt: skip
def test_a_copy(
    mlpcli_here: Run, three: list[str], tmp_path: Path, recipe: int, arguments: list[str], file: str, said: list[str]
) -> None:
    done = mlpcli_here("recipes", "copy", *arguments)
    assert (done.returncode, done.stderr, done.stdout.splitlines()) == (0, "", said)
    command = said[-1].removeprefix("next      ")
    expected = three[recipe].replace(f"mlpcli train {RECIPES[recipe][0]}", command)
    assert (tmp_path / file).read_bytes().decode() == expected


def test_a_copy_on_standard_output(mlpcli_here: Run, three: list[str], tmp_path: Path) -> None:
    before = list(tmp_path.iterdir())
    done = mlpcli_here("recipes", "copy", "붓꽃", "--output", "-")
    assert done.stdout == three[1].replace("train 표/붓꽃", "train '붓꽃.yaml'")
    assert done.stderr == f"data      {OF_MNIST}\n"
    assert list(tmp_path.iterdir()) == before


WRONG = [
    (["relu"], "error: No such command 'relu'; did you mean mlpcli recipes show 표/relu?\n"),
    (["shwo"], "error: No such command 'shwo'; did you mean \"show\"?\n"),
    (["xyz"], "error: No such command 'xyz'; available: show and copy; unknown recipe \"xyz\"; mlpcli recipes"),
    (["show"], "error: Missing argument 'NAME'.\n"),
    (["--json", "show", "relu"], "error: --json works only without a subcommand, for the list\n"),
    (["show", "../../x"], 'error: unknown recipe "../../x"; mlpcli recipes lists them\n'),
    (["copy", "digit"], 'error: unknown recipe "digit"; mlpcli recipes lists them; did you mean "digits"?\n'),
    (["copy", "digits", "--output", "no/x.yaml"], "error: no: the folder does not exist; create it first, or choose"),
    (["copy", "digits", "--output", "there.yaml"], "error: there.yaml: already exists and is not overwritten; "),
    (["copy", "digits", "--output", "package"], "error: package: already exists and is not overwritten; "),
]


@pytest.mark.parametrize(("arguments", "words"), WRONG)
def test_what_is_refused(mlpcli_here: Run, three: list[str], tmp_path: Path, arguments: list[str], words: str) -> None:
    (tmp_path / "there.yaml").write_text("mine", encoding="utf-8")
    before = sorted(tmp_path.rglob("*"))
    done = mlpcli_here("recipes", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr
    assert sorted(tmp_path.rglob("*")) == before
    assert (tmp_path / "there.yaml").read_text(encoding="utf-8") == "mine"


def test_a_folder_that_takes_no_files(mlpcli_here: Run, three: list[str]) -> None:
    if not Path("/proc/self").is_dir():
        pytest.skip("no /proc")
    done = mlpcli_here("recipes", "copy", "digits", "--output", f"/proc/{os.getpid()}/x.yaml")
    assert (done.returncode, done.stdout) == (1, "")
    assert "cannot be written: " in done.stderr and "choose another place with --output" in done.stderr


def test_an_installation_without_recipes(mlpcli_here: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shipped, "_PACKAGE", tmp_path)
    (tmp_path / "configs" / "mnist").mkdir(parents=True)  # empty, as a broken installation leaves it
    done = mlpcli_here("recipes")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.endswith("configs: the recipes are missing from this installation; install mlpcli again\n")


@pytest.mark.parametrize("verb", ["train", "validate"])
def test_a_config_that_is_not_there_but_is_a_recipe(mlpcli_here: Run, three: list[str], verb: str) -> None:
    done = mlpcli_here(verb, "relu.yaml")
    assert done.returncode == 2
    assert done.stderr == (
        "error: relu.yaml: does not exist; there is a recipe of that name: mlpcli train 표/relu runs it,"
        " mlpcli recipes copy 표/relu makes it yours\n"
    )


def test_the_python_api_can_be_called_again_and_again(
    three: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        assert [recipe.name for recipe in package.list_recipes()] == ["digits", "표/relu", "표/붓꽃"]
    assert package.list_recipes()[0].text == three[0] == package.show_recipe("digits")
    assert package.copy_recipe("digits") == Path("digits.yaml")
    assert package.copy_recipe("digits", "my.yaml").read_text(encoding="utf-8").endswith(three[0][-40:])
