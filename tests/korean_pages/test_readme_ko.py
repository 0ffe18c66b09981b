"""README.ko.md shows what README.md shows, and what the commands print."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from mlpcli.cli.main import COMMANDS
from mlpcli.config.load_config import load_config
from mlpcli.data.dataset import ImageForm
from mlpcli.data.images.photo import Thing
from mlpcli.workflows import picture_batches
from tests.markdown_parts import ROOT, blocks_of, check_command, command_in

KOREAN, ENGLISH = ROOT / "README.ko.md", ROOT / "README.md"
PAGES = [KOREAN, *sorted((ROOT / "docs" / "ko").glob("*.md"))]
NUMPY = ("-s", "training.engine=numpy", "-s", "output.plots=[]")
"""Without TensorFlow and pictures."""


def _block_with(page: Path, text: str) -> str:
    (found,) = (block.text for block in blocks_of(page) if text in block.text)
    return found


@pytest.mark.parametrize("command", ["$ mlpcli train configs/digits.yaml", "$ mlpcli validate my.yaml"])
def test_what_a_command_prints_is_that_of_the_english_page(command: str) -> None:
    shown = _block_with(KOREAN, command)
    assert shown.count("\n") > 3
    assert _block_with(ENGLISH, command).startswith(shown)


def test_the_configs_are_those_of_the_english_page() -> None:
    """But for data.path, which says the same as MLPCLI_DATA."""
    korean, english = ([yaml.safe_load(block.text) for block in blocks_of(page, "yaml")] for page in (KOREAN, ENGLISH))
    del english[0]["data"]["path"]
    assert korean == english


def test_it_lists_every_command_and_every_file_of_a_run() -> None:
    korean, english = (page.read_text(encoding="utf-8") for page in (KOREAN, ENGLISH))
    assert set(re.findall(r"^\| `mlpcli (\w+)", korean, re.M)) == set(COMMANDS)
    files = set(re.findall(r"^ {6}(\w+\.\w+) ", korean, re.M))
    assert files == {*re.findall(r"^ {6}(\w+\.\w+) ", english, re.M), "confusion_matrix.png"}


def test_extras_and_targets_of_make_exist() -> None:
    text = KOREAN.read_text(encoding="utf-8")
    project, makefile = ((ROOT / name).read_text(encoding="utf-8") for name in ("pyproject.toml", "Makefile"))
    for extra in re.findall(r'pip install "\.\[(\w+)\]"', text):
        assert re.search(rf"^{extra} = \[", project, re.M), extra
    for target in re.findall(r"`make (\w+)`", text):
        assert f"\n{target}: " in makefile, target


def test_values_with_commas_are_quoted_for_powershell() -> None:
    """It makes two arguments of `a,b`, and sets no store by single quotes of cmd."""
    for page in PAGES:
        commands = filter(None, map(command_in, page.read_text(encoding="utf-8").splitlines()))
        assert [command for command in commands if re.search(r"['\[,{]", re.sub(r'"[^"]*"', "", command))] == []


def test_commands_within_sentences_can_be_typed() -> None:
    lines = [line for page in PAGES for line in page.read_text(encoding="utf-8").splitlines()]
    inline = re.findall(r"`mlpcli (\w+ (?!--help)[^`]+)`", "\n".join(line for line in lines if line[:1] != "|"))
    assert len(inline) > 5
    for command in inline:
        check_command(command)


def test_the_notes_on_the_orders_are_what_is_printed(mlpcli_here: Callable[..., Any], tmp_path: Path) -> None:
    names, *rows = _block_with(KOREAN, "A0001,").splitlines()
    many = [re.sub(r"￦..", f"￦{20 + n}", f"A{n:04}{row[5:]}") for n, row in enumerate(rows * 20)]
    (tmp_path / "주문.csv").write_bytes("\n".join([names, *many]).encode("cp949"))
    assert mlpcli_here("init", "주문.csv", "--target", "재구매").returncode == 0
    done = mlpcli_here("train", "주문.yaml", "--epochs", "1", *NUMPY)
    assert done.returncode == 0
    notes = _block_with(KOREAN, "note: ")
    assert notes.count("\n") == 3
    assert done.stderr.replace(str(tmp_path), "/home/me").startswith(notes)


def test_the_note_on_the_photo_is_what_is_printed() -> None:
    nothing = np.zeros((2, 2))
    thing = Thing(nothing, nothing, nothing, (0, 1, 0, 1), dark=True, even=True)
    form = ImageForm((28, 28), "grayscale", "pad", border=0.0)
    note = picture_batches._cut_out(thing, form, None)
    assert f"내손글씨.jpg: {note}\n" in _block_with(KOREAN, "--save-input")


def test_the_recipes_named_exist() -> None:
    commands = filter(None, map(command_in, KOREAN.read_text(encoding="utf-8").splitlines()))
    trained = [command.split()[1] for command in commands if command.startswith("train ")]
    for name in (name for name in trained if not name.endswith(".yaml")):
        assert load_config(Path(name)).config.data.source
