"""docs/ko/data.md: what it says of values, options and keys is so."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mlpcli.cli.predict import predict
from mlpcli.config.load_config import check_document
from mlpcli.config.yaml_reader import parse_yaml
from tests.markdown_parts import ROOT, blocks_of

PAGE = ROOT / "docs" / "ko" / "data.md"
TEXT = PAGE.read_text(encoding="utf-8")
KINDS: list[tuple[str, str]] = re.findall(r"^\| (`.*?) \| `(\w+)` \|", TEXT, re.M)
"""The examples of a row of the table, and the kind that the page gives to such a column."""


def _varied(examples: list[str], row: int) -> str:
    """One of the examples; another number of the same form for each row, where there is but one."""
    text = examples[row % len(examples)]
    if re.search(r"[1-9]", text) and not text.startswith("0"):
        return re.sub(r"\d(?=\D*$)", str(row % 8 + 1), re.sub(r"^(\D*)5", rf"\g<1>{row % 8 + 1}", text))
    return text


@pytest.mark.parametrize(("shown", "kind"), KINDS)
def test_a_column_is_of_the_kind_that_the_page_says(
    shown: str, kind: str, tmp_path: Path, mlpcli_here: Callable[..., Any]
) -> None:
    examples = re.findall(r"`(.*?)`", shown)
    rows = "".join(f'"{_varied(examples, row)}",{row * row % 17 + 0.5},{"OX"[row % 2]}\n' for row in range(48))
    (tmp_path / "a.csv").write_text("열,수,답\n" + rows, encoding="utf-8")
    done = mlpcli_here("init", "a.csv", "--target", "답", "--output", "-")
    assert done.returncode == 0, done.stderr
    assert re.search(r"^  #   열 +(\w+)", done.stdout, re.M)[1] == kind, done.stdout


def test_the_kinds_are_all_that_there_are() -> None:
    assert {kind for _, kind in KINDS} == {"number", "date", "boolean", "category"}
    assert len(KINDS) == 10


@pytest.mark.parametrize("block", blocks_of(PAGE, "yaml"), ids=lambda block: f"line {block.line}")
def test_its_configs_are_valid(block: Any) -> None:
    check_document(parse_yaml(block.text, "a.yaml"), Path(), "a")


def test_its_options_exist() -> None:
    known = {option for parameter in predict.params for option in (*parameter.opts, *parameter.secondary_opts)}
    shown = {option for cell in re.findall(r"^\| (`--.*?) \|", TEXT, re.M) for option in re.findall(r"--[\w-]+", cell)}
    assert len(shown) == 9
    assert shown <= known
