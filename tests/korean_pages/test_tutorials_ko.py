"""docs/ko/tutorials.md: its numbers are the measured ones, its settings and commands are valid."""

from __future__ import annotations

import doctest
import re
import shlex
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from benchmarks.recipes.korean import COMPARISON, TOLD, with_stored_figures
from mlpcli.config.load_config import check_document, load_config
from mlpcli.config.yaml_reader import parse_yaml
from mlpcli.runs.directory import folder_name
from tests.markdown_parts import ROOT, blocks_of, command_in

PAGE = ROOT / "docs" / "ko" / "tutorials.md"
TEXT = PAGE.read_text(encoding="utf-8")
COMMANDS = [shlex.split(command) for line in TEXT.splitlines() if (command := command_in(line))]
MEASURED = [(ROOT / "docs" / f"{name}.md") for name in ("recipes", "optimizers", "initializers", "regularization")]


def test_its_tables_have_the_stored_figures() -> None:
    assert with_stored_figures(TEXT) == TEXT, "run python -m benchmarks.recipes.write"
    assert TEXT.count("\n| [") > 20 + len(TOLD)


def test_other_figures_are_replaced_by_the_stored_ones() -> None:
    wrong = TEXT.replace("0.8383 ± 0.0027", "0.9999").replace("| 0.9665 | 0.9741 | +0.0076 |", "| 0 | 0 | 0 |")
    assert wrong.count("0.9999") == TEXT.count("0.9999") + 1
    assert with_stored_figures(wrong) == TEXT


def test_a_row_that_is_not_of_its_tutorial_is_refused() -> None:
    head, _, tail = TEXT.partition(COMPARISON)
    with pytest.raises(LookupError, match="a row of mnist/zeros stands where TOLD has"):
        with_stored_figures(head + COMPARISON + tail.replace("[mnist/sigmoid_sgd]", "[mnist/zeros]"))


def test_every_other_score_was_measured_or_told() -> None:
    known = set(re.findall(r"\d\.\d{4}", "".join(page.read_text(encoding="utf-8") for page in MEASURED)))
    outside = re.sub(r"^```.*?^```$|^\| \[.*?$", "", TEXT, flags=re.M | re.S)
    assert set(re.findall(r"\d\.\d{4}", outside)) <= known | {"1.3133", "0.4834"}  # the two of the example by hand


def test_each_setting_beside_its_keras_is_valid() -> None:
    settings = re.findall(r"^\| [^|]+ \| `([^`]+)`[^|]* \|$", TEXT, re.M)
    assert len(settings) > 15
    for text in settings:
        values = {"data": {"source": "mnist"}, **yaml.safe_load(text)}
        values["data"] = {"source": "mnist", **values["data"]}
        check_document(parse_yaml(yaml.safe_dump(values), "a.yaml"), Path(), "a")


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_its_recipes_options_and_runs_exist(command: list[str]) -> None:
    name, first, *options = command
    overrides = [value for option, value in pairwise(options) if option == "-s"]
    if "--lr" in options:
        overrides.append(f"training.optimizer.learning_rate={options[options.index('--lr') + 1]}")
    if name in ("train", "summary", "trace", "gradcheck") and not first.startswith("runs/"):
        load_config(Path(first), overrides)
    runs = {Path(argument).parts[1] for argument in command if argument.startswith("runs/")}
    assert not runs or runs <= _trained()


@cache
def _trained() -> set[str]:
    """The run directories that the commands of the page make."""
    trained = [(command, load_config(Path(command[1])).config.name) for command in COMMANDS if command[0] == "train"]
    given = {Path(command[command.index("--run-dir") + 1]).name for command, _ in trained if "--run-dir" in command}
    return {folder_name(name) for _, name in trained} | given


def test_the_layers_by_hand_give_what_it_shows() -> None:
    (example,) = (block.text for block in blocks_of(PAGE, "python") if block.text.startswith(">>>"))
    parsed = doctest.DocTestParser().get_doctest(example, {}, PAGE.name, str(PAGE), 0)
    said: list[str] = []
    doctest.DocTestRunner().run(parsed, out=said.append)
    assert "".join(said) == ""
